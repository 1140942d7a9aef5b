//! The interpreter. Every visit of a node, every element and every byte that it makes is paid for before it is made, so
//! time and memory end where the purse does, whatever expression meets whatever document.

use std::cmp::Ordering;
use std::sync::Arc;

use jmespath::Variable;
use jmespath::ast::{Ast, Comparator};

use super::json::{Json, Shared};
use crate::sensitive::Sensitive;

/// What one search may cost, in bytes of memory or steps of about a nanosecond.
const PURSE: usize = 4 * 1024 * 1024;
/// A visit of a node, with the one value that it may make.
const VISIT: usize = 64;
/// An element of a list or an object.
const ELEMENT: usize = 16;

/// One search under way.
pub(super) struct Evaluation {
    left: usize,
}

impl Evaluation {
    pub(super) fn new() -> Self {
        Self { left: PURSE }
    }

    /// Pays, or ends the search.
    pub(super) fn spend(&mut self, cost: usize) -> Result<(), Failure> {
        self.left = self.left.checked_sub(cost).ok_or(Failure::TooMuch)?;
        Ok(())
    }

    /// The file that a result becomes.
    pub(super) fn contents(&mut self, found: &Json) -> Result<Sensitive<Vec<u8>>, Failure> {
        match found {
            Json::Null => mutate!(NothingFoundIsEmpty, Err(Failure::Nothing), Ok(Vec::new().into())),
            Json::Text(text) => Ok(text.expose().clone().into_bytes().into()),
            _ if mutate!(OnlyTextFound, false, true) => Err(Failure::Nothing),
            other => Ok(self.json_text(other)?.into_exposed().into_bytes().into()),
        }
    }

    /// The text is counted first: a buffer that grows would leave copies of itself behind.
    pub(super) fn json_text(&mut self, json: &Json) -> Result<Sensitive<String>, Failure> {
        let mut length = 0;
        json.write(&mut |piece| {
            length += piece.len();
            self.spend(1 + piece.len())
        })?;
        let mut text = Sensitive::from(String::with_capacity(length));
        json.write(&mut |piece| {
            text.expose_mut().push_str(piece);
            Ok::<_, Failure>(())
        })?;
        Ok(text)
    }

    pub(super) fn evaluate(&mut self, node: &Ast, data: &Shared) -> Result<Shared, Failure> {
        self.spend(VISIT)?;
        Ok(match node {
            Ast::Identity { .. } => data.clone(),
            Ast::Literal { value, .. } => self.literal(value)?,
            Ast::Field { name, .. } => self.field(data, name)?,
            Ast::Index { idx, .. } => {
                let item = list(data).and_then(|items| items.get(place(*idx, items.len())?));
                item.cloned().unwrap_or_else(null)
            }
            Ast::Slice { start, stop: end, step: stride, .. } => match list(data) {
                Some(items) => {
                    let places = slice(items.len(), *start, *end, *stride);
                    self.list(places.filter_map(|place| items.get(place).cloned().map(Ok)))?
                }
                None => null(),
            },
            Ast::Subexpr { lhs, rhs, .. } => {
                let left = self.evaluate(lhs, data)?;
                self.evaluate(rhs, &left)?
            }
            Ast::Or { lhs, rhs, .. } => match self.evaluate(lhs, data)? {
                left if left.is_truthy() => left,
                _ => self.evaluate(rhs, data)?,
            },
            Ast::And { lhs, rhs, .. } => match self.evaluate(lhs, data)? {
                left if left.is_truthy() => self.evaluate(rhs, data)?,
                left => left,
            },
            Ast::Condition { predicate, then, .. } => {
                if self.evaluate(predicate, data)?.is_truthy() {
                    self.evaluate(then, data)?
                } else {
                    null()
                }
            }
            Ast::Not { node, .. } => Arc::new(Json::Bool(!self.evaluate(node, data)?.is_truthy())),
            Ast::Comparison { comparator, lhs, rhs, .. } => {
                let (left, right) = (self.evaluate(lhs, data)?, self.evaluate(rhs, data)?);
                self.compare(comparator, &left, &right)?
                    .map_or_else(null, |holds| Arc::new(Json::Bool(holds)))
            }
            Ast::ObjectValues { node, .. } => match &*self.evaluate(node, data)? {
                Json::Object(entries) => self.list(entries.iter().map(|(_, value)| Ok(value.clone())))?,
                _ => null(),
            },
            Ast::Projection { lhs, rhs, .. } => {
                let left = self.evaluate(lhs, data)?;
                let Some(items) = list(&left) else { return Ok(null()) };
                let mut found = Vec::new();
                for item in items {
                    let value = self.evaluate(rhs, item)?;
                    if !matches!(*value, Json::Null) {
                        self.spend(ELEMENT)?;
                        found.push(value);
                    }
                }
                Arc::new(Json::List(found))
            }
            Ast::Flatten { node, .. } => {
                let nested = self.evaluate(node, data)?;
                let Some(items) = list(&nested) else { return Ok(null()) };
                let flat = items.iter().flat_map(|item| match &**item {
                    Json::List(inner) => inner.as_slice(),
                    _ => std::slice::from_ref(item),
                });
                self.list(flat.cloned().map(Ok))?
            }
            Ast::MultiList { .. } | Ast::MultiHash { .. } if matches!(**data, Json::Null) => null(),
            Ast::MultiList { elements, .. } => {
                let items = elements.iter().map(|element| self.evaluate(element, data));
                Arc::new(Json::List(items.collect::<Result<_, _>>()?))
            }
            Ast::MultiHash { elements, .. } => {
                let entries = elements.iter().map(|pair| {
                    self.spend(2 * pair.key.len())?;
                    Ok((pair.key.clone(), self.evaluate(&pair.value, data)?))
                });
                Arc::new(Json::object(entries.collect::<Result<Vec<_>, _>>()?))
            }
            Ast::Function { name, args, .. } => self.call(name, args, data)?,
            Ast::Expref { .. } => {
                unreachable!("an expression with it anywhere else was refused when it was parsed")
            }
        })
    }

    /// A list of values that exist already.
    pub(super) fn list(
        &mut self,
        items: impl Iterator<Item = Result<Shared, Failure>>,
    ) -> Result<Shared, Failure> {
        let mut list = Vec::new();
        for item in items {
            self.spend(ELEMENT)?;
            list.push(item?);
        }
        Ok(Arc::new(Json::List(list)))
    }

    fn field(&mut self, data: &Json, name: &str) -> Result<Shared, Failure> {
        let Json::Object(entries) = data else { return Ok(null()) };
        self.spend(entries.len())?;
        let found = entries.iter().find(|(key, _)| key == name);
        Ok(found.map_or_else(null, |(_, value)| value.clone()))
    }

    fn literal(&mut self, value: &Variable) -> Result<Shared, Failure> {
        self.spend(VISIT)?;
        Ok(Arc::new(match value {
            Variable::Null | Variable::Expref(_) => Json::Null,
            Variable::Bool(value) => Json::Bool(*value),
            Variable::Number(number) => Json::Number(number.to_string().into()),
            Variable::String(text) => {
                self.spend(text.len())?;
                Json::text(text.as_str())
            }
            Variable::Array(items) => {
                Json::List(items.iter().map(|item| self.literal(item)).collect::<Result<_, _>>()?)
            }
            Variable::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| Ok((key.clone(), self.literal(value)?)));
                Json::object(entries.collect::<Result<Vec<_>, _>>()?)
            }
        }))
    }

    /// Only numbers have an order; anything else compares to null.
    fn compare(
        &mut self,
        comparator: &Comparator,
        left: &Json,
        right: &Json,
    ) -> Result<Option<bool>, Failure> {
        let order = match (left, right) {
            (Json::Number(left), Json::Number(right)) => {
                self.spend(left.expose().len() + right.expose().len())?;
                float(left.expose()).partial_cmp(&float(right.expose()))
            }
            _ => None,
        };
        Ok(match comparator {
            Comparator::Equal => Some(self.equal(left, right)?),
            Comparator::NotEqual => Some(!self.equal(left, right)?),
            Comparator::LessThan => order.map(Ordering::is_lt),
            Comparator::LessThanEqual => order.map(Ordering::is_le),
            Comparator::GreaterThan => order.map(Ordering::is_gt),
            Comparator::GreaterThanEqual => order.map(Ordering::is_ge),
        })
    }

    pub(super) fn equal(&mut self, left: &Json, right: &Json) -> Result<bool, Failure> {
        self.spend(ELEMENT)?;
        Ok(match (left, right) {
            (Json::Null, Json::Null) => true,
            (Json::Bool(left), Json::Bool(right)) => left == right,
            (Json::Text(left), Json::Text(right)) => {
                self.spend(left.expose().len().min(right.expose().len()))?;
                left.expose() == right.expose()
            }
            (Json::Number(left), Json::Number(right)) => {
                let (left, right) = (left.expose(), right.expose());
                self.spend(left.len() + right.len())?;
                // Beyond the precision of floating point, neighbours would be taken for equal.
                match (left.parse::<i128>(), right.parse::<i128>()) {
                    (Ok(left), Ok(right)) => left == right,
                    _ => left == right || float(left).total_cmp(&float(right)).is_eq(),
                }
            }
            (Json::List(left), Json::List(right)) if left.len() == right.len() => {
                for (left, right) in left.iter().zip(right) {
                    if !self.equal(left, right)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Json::Object(entries), Json::Object(others)) if entries.len() == others.len() => {
                for (key, value) in entries {
                    self.spend(others.len())?;
                    let other = others.iter().find(|(other, _)| other == key);
                    if !other.map_or(Ok(false), |(_, other)| self.equal(value, other))? {
                        return Ok(false);
                    }
                }
                true
            }
            _ => false,
        })
    }
}

/// Why a search gives nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("finds nothing or null")]
    Nothing,
    #[error("takes too many steps or makes too much of the secret; simplify it")]
    TooMuch,
    #[error("fails: {function}() takes {expected}, found {found} (argument {position})")]
    Argument { function: String, position: usize, expected: &'static str, found: &'static str },
    #[error("fails: {function}() would alter a number that has more digits than floating point holds")]
    Inexact { function: String },
}

pub(super) fn null() -> Shared {
    Arc::new(Json::Null)
}

fn list(data: &Json) -> Option<&[Shared]> {
    match data {
        Json::List(items) => Some(items),
        _ => None,
    }
}

/// A JSON number as floating point; infinite beyond its range.
pub(super) fn float(digits: &str) -> f64 {
    digits.parse().expect("Rust reads every JSON number")
}

/// Negative indices count from the end.
fn place(index: i32, length: usize) -> Option<usize> {
    let distance = usize::try_from(index.unsigned_abs()).ok()?;
    if index < 0 { length.checked_sub(distance) } else { Some(distance) }
}

/// The places that a slice selects, in its order.
fn slice(length: usize, start: Option<i32>, end: Option<i32>, stride: i32) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let stride = i64::from(stride);
    let backwards = stride < 0;
    let (lowest, highest) = if backwards { (-1, length - 1) } else { (0, length) };
    let bound = |given: Option<i32>, default: i64| {
        let place = given.map_or(default, |place| i64::from(place) + if place < 0 { length } else { 0 });
        place.clamp(lowest, highest)
    };
    let (first, last) = if backwards {
        (bound(start, highest), bound(end, lowest))
    } else {
        (bound(start, lowest), bound(end, highest))
    };
    std::iter::successors(Some(first), move |place| place.checked_add(stride))
        .take_while(move |place| if backwards { *place > last } else { *place < last })
        .map_while(|place| usize::try_from(place).ok())
}
