//! The built-in functions of JMESPath. Arithmetic refuses numbers that floating point would alter.

use std::cmp::Ordering;
use std::sync::Arc;

use jmespath::ast::Ast;
use serde_json::value::RawValue;

use super::Problem;
use super::evaluate::{Evaluation, Failure, float, null};
use super::json::{Json, Shared};
use crate::mount::guess::guess;
use crate::sensitive::Sensitive;

/// Where a function takes an expression rather than a value.
#[derive(Clone, Copy)]
pub(super) enum Reference {
    None,
    At(usize),
}

/// Name, fewest and most arguments, and which of them is an expression.
const FUNCTIONS: [(&str, usize, usize, Reference); 26] = [
    ("abs", 1, 1, Reference::None),
    ("avg", 1, 1, Reference::None),
    ("ceil", 1, 1, Reference::None),
    ("contains", 2, 2, Reference::None),
    ("ends_with", 2, 2, Reference::None),
    ("floor", 1, 1, Reference::None),
    ("join", 2, 2, Reference::None),
    ("keys", 1, 1, Reference::None),
    ("length", 1, 1, Reference::None),
    ("map", 2, 2, Reference::At(0)),
    ("max", 1, 1, Reference::None),
    ("max_by", 2, 2, Reference::At(1)),
    ("merge", 1, usize::MAX, Reference::None),
    ("min", 1, 1, Reference::None),
    ("min_by", 2, 2, Reference::At(1)),
    ("not_null", 1, usize::MAX, Reference::None),
    ("reverse", 1, 1, Reference::None),
    ("sort", 1, 1, Reference::None),
    ("sort_by", 2, 2, Reference::At(1)),
    ("starts_with", 2, 2, Reference::None),
    ("sum", 1, 1, Reference::None),
    ("to_array", 1, 1, Reference::None),
    ("to_number", 1, 1, Reference::None),
    ("to_string", 1, 1, Reference::None),
    ("type", 1, 1, Reference::None),
    ("values", 1, 1, Reference::None),
];

/// What to write in place of a name that is none.
pub(super) fn suggest(name: &str) -> String {
    let known = FUNCTIONS.map(|(known, ..)| known);
    match guess(name, &known) {
        Some(known) => format!("did you mean {known}?"),
        None => format!("the functions are {}", known.join(", ")),
    }
}

/// Whether there is such a function with so many arguments.
pub(super) fn check(name: &str, arguments: usize) -> Result<Reference, Problem> {
    let Some(&(_, fewest, most, reference)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
        return Err(Problem::UnknownFunction { name: name.to_owned() });
    };
    if (fewest..=most).contains(&arguments) {
        return Ok(reference);
    }
    let noun = if fewest == 1 { "argument" } else { "arguments" };
    let expected =
        if most == usize::MAX { format!("at least {fewest} {noun}") } else { format!("{fewest} {noun}") };
    Err(Problem::Arity { function: name.to_owned(), expected, found: arguments })
}

/// What is named in a complaint about an argument.
struct Call<'a> {
    function: &'a str,
    arguments: Vec<Shared>,
}

impl Evaluation {
    /// `name` and the number of arguments were checked when the expression was parsed.
    pub(super) fn call(&mut self, name: &str, nodes: &[Ast], data: &Shared) -> Result<Shared, Failure> {
        let mut reference = None;
        let mut arguments = Vec::new();
        for node in nodes {
            match node {
                Ast::Expref { ast, .. } => {
                    reference = Some(&**ast);
                    arguments.push(null());
                }
                node => arguments.push(self.evaluate(node, data)?),
            }
        }
        self.spend(arguments.iter().map(|argument| weight(argument)).sum())?;
        let call = Call { function: name, arguments };
        match reference {
            Some(reference) => self.call_by(&call, reference),
            None => self.call_plain(&call),
        }
    }

    fn call_by(&mut self, call: &Call<'_>, reference: &Ast) -> Result<Shared, Failure> {
        let items = call.list(usize::from(call.function == "map"))?;
        let mut keys = Vec::with_capacity(items.len());
        for item in items {
            keys.push(self.evaluate(reference, item)?);
        }
        if call.function == "map" {
            return Ok(Arc::new(Json::List(keys)));
        }
        self.pay_for_sorting(call, 1, &keys)?;
        let mut pairs: Vec<_> = keys.into_iter().zip(items.iter().cloned()).collect();
        pairs.sort_by(|(one, _), (other, _)| order(one, other));
        match call.function {
            "sort_by" => self.list(pairs.into_iter().map(|(_, item)| Ok(item))),
            "min_by" => Ok(pairs.into_iter().next().map_or_else(null, |(_, item)| item)),
            // Of equal ones the first, as for min_by.
            _ => {
                let last = pairs.last().map(|(key, _)| key.clone());
                let greatest =
                    last.and_then(|last| pairs.into_iter().find(|(key, _)| order(key, &last).is_eq()));
                Ok(greatest.map_or_else(null, |(_, item)| item))
            }
        }
    }

    fn call_plain(&mut self, call: &Call<'_>) -> Result<Shared, Failure> {
        let first = &call.arguments[0];
        Ok(match call.function {
            "abs" => call.number(f64::abs)?,
            "ceil" => call.number(f64::ceil)?,
            "floor" => call.number(f64::floor)?,
            "sum" => call.arithmetic(call.numbers()?.iter().sum())?,
            "avg" => match call.numbers()? {
                numbers if numbers.is_empty() => null(),
                #[expect(clippy::cast_precision_loss, reason = "no list here has 2^53 items")]
                numbers => call.arithmetic(numbers.iter().sum::<f64>() / numbers.len() as f64)?,
            },
            "contains" => Arc::new(Json::Bool(self.contains(call)?)),
            "ends_with" => Arc::new(Json::Bool(call.text(0)?.ends_with(call.text(1)?))),
            "starts_with" => Arc::new(Json::Bool(call.text(0)?.starts_with(call.text(1)?))),
            "join" => {
                let (glue, items) = (call.text(0)?, call.list(1)?);
                let texts = items.iter().map(|item| match &**item {
                    Json::Text(text) => Ok(text.expose().as_str()),
                    _ => Err(call.refuse(1, "an array of strings")),
                });
                let texts: Vec<_> = texts.collect::<Result<_, _>>()?;
                self.spend(texts.iter().map(|text| text.len() + glue.len() + 16).sum())?;
                Arc::new(Json::text(texts.join(glue)))
            }
            "keys" => {
                let entries = call.object(0)?;
                self.spend(entries.len() * 64)?;
                self.list(entries.iter().map(|(key, _)| Ok(Arc::new(Json::text(key.as_str())))))?
            }
            "values" => self.list(call.object(0)?.iter().map(|(_, value)| Ok(value.clone())))?,
            "length" => {
                let length = match &**first {
                    Json::Text(text) => text.expose().chars().count(),
                    Json::List(items) => items.len(),
                    Json::Object(entries) => entries.len(),
                    _ => return Err(call.refuse(0, "a string, an array or an object")),
                };
                Arc::new(Json::Number(length.to_string().into()))
            }
            "max" | "min" | "sort" => {
                let mut items = call.list(0)?.to_vec();
                self.pay_for_sorting(call, 0, &items)?;
                items.sort_by(|one, other| order(one, other));
                match call.function {
                    "sort" => Arc::new(Json::List(items)),
                    "min" => items.first().cloned().unwrap_or_else(null),
                    _ => items.last().cloned().unwrap_or_else(null),
                }
            }
            "merge" => {
                let mut entries = Vec::new();
                for position in 0..call.arguments.len() {
                    for (key, value) in call.object(position)? {
                        self.spend(64 + 2 * key.len())?;
                        entries.push((key.clone(), value.clone()));
                    }
                }
                Arc::new(Json::object(entries))
            }
            "not_null" => {
                let found = call.arguments.iter().find(|argument| !matches!(***argument, Json::Null));
                found.cloned().unwrap_or_else(null)
            }
            "reverse" => match &**first {
                Json::Text(text) => {
                    let mut reversed = Sensitive::from(String::with_capacity(text.expose().len()));
                    reversed.expose_mut().extend(text.expose().chars().rev());
                    Arc::new(Json::Text(reversed))
                }
                Json::List(items) => self.list(items.iter().rev().cloned().map(Ok))?,
                _ => return Err(call.refuse(0, "an array or a string")),
            },
            "to_array" if matches!(**first, Json::List(_)) => first.clone(),
            "to_array" => Arc::new(Json::List(vec![first.clone()])),
            "to_number" => match &**first {
                Json::Number(_) => first.clone(),
                Json::Text(text) => {
                    let text = text.expose();
                    let is_number = text.starts_with(|start: char| start == '-' || start.is_ascii_digit())
                        && serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text);
                    if is_number { Arc::new(Json::Number(text.as_str().into())) } else { null() }
                }
                _ => null(),
            },
            "to_string" if matches!(**first, Json::Text(_)) => first.clone(),
            "to_string" => Arc::new(Json::Text(self.json_text(first)?)),
            "type" => Arc::new(Json::text(first.kind())),
            _ => unreachable!("an expression with another function was refused when it was parsed"),
        })
    }

    fn contains(&mut self, call: &Call<'_>) -> Result<bool, Failure> {
        let needle = &call.arguments[1];
        match (&*call.arguments[0], &**needle) {
            (Json::Text(text), Json::Text(part)) => Ok(text.expose().contains(part.expose().as_str())),
            (Json::Text(_), _) => Ok(false),
            (Json::List(items), _) => {
                for item in items {
                    if self.equal(item, needle)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => Err(call.refuse(0, "an array or a string")),
        }
    }

    /// All strings or all numbers, and paid for: n log n comparisons, each at worst of the longest.
    fn pay_for_sorting(&mut self, call: &Call<'_>, position: usize, keys: &[Shared]) -> Result<(), Failure> {
        let length = |key: &Json| match key {
            Json::Text(text) | Json::Number(text) => Some(text.expose().len()),
            _ => None,
        };
        let mut longest = 0;
        for key in keys {
            let is_comparable = key.kind() == keys[0].kind();
            let length = length(key).filter(|_| is_comparable);
            longest = longest.max(length.ok_or_else(|| Failure::Argument {
                function: call.function.to_owned(),
                position: position + 1,
                expected: "only strings or only numbers",
                found: key.kind(),
            })?);
        }
        let comparisons = keys.len() * (1 + keys.len().checked_ilog2().unwrap_or(0) as usize);
        self.spend(comparisons.saturating_mul(16 + longest))
    }
}

/// What looking at an argument costs, and a copy of it; more than enough for most functions, which do less.
fn weight(argument: &Json) -> usize {
    match argument {
        Json::Null | Json::Bool(_) => 0,
        Json::Text(text) | Json::Number(text) => text.expose().len(),
        Json::List(items) => items.iter().map(|item| 16 + scalar_weight(item)).sum(),
        Json::Object(entries) => entries.iter().map(|(key, _)| 16 + key.len()).sum(),
    }
}

fn scalar_weight(item: &Json) -> usize {
    if matches!(item, Json::List(_) | Json::Object(_)) { 0 } else { weight(item) }
}

/// A total order over what `pay_for_sorting` lets through.
fn order(one: &Json, other: &Json) -> Ordering {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => float(one.expose()).total_cmp(&float(other.expose())),
        (Json::Text(one), Json::Text(other)) => one.expose().cmp(other.expose()),
        _ => Ordering::Equal,
    }
}

impl Call<'_> {
    fn refuse(&self, index: usize, expected: &'static str) -> Failure {
        let found = self.arguments[index].kind();
        Failure::Argument { function: self.function.to_owned(), position: index + 1, expected, found }
    }

    fn text(&self, index: usize) -> Result<&str, Failure> {
        match &*self.arguments[index] {
            Json::Text(text) => Ok(text.expose()),
            _ => Err(self.refuse(index, "a string")),
        }
    }

    fn list(&self, index: usize) -> Result<&[Shared], Failure> {
        match &*self.arguments[index] {
            Json::List(items) => Ok(items),
            _ => Err(self.refuse(index, "an array")),
        }
    }

    fn object(&self, index: usize) -> Result<&[(String, Shared)], Failure> {
        match &*self.arguments[index] {
            Json::Object(entries) => Ok(entries),
            _ => Err(self.refuse(index, "an object")),
        }
    }

    fn number(&self, change: impl Fn(f64) -> f64) -> Result<Shared, Failure> {
        match &*self.arguments[0] {
            Json::Number(digits) => self.arithmetic(change(self.exact(digits.expose())?)),
            _ => Err(self.refuse(0, "a number")),
        }
    }

    fn numbers(&self) -> Result<Vec<f64>, Failure> {
        let numbers = self.list(0)?.iter().map(|item| match &**item {
            Json::Number(digits) => self.exact(digits.expose()),
            _ => Err(self.refuse(0, "an array of numbers")),
        });
        numbers.collect()
    }

    /// Up to 15 significant digits survive the way through floating point.
    fn exact(&self, digits: &str) -> Result<f64, Failure> {
        let mantissa = digits.split(['e', 'E']).next().unwrap_or_default();
        let significant =
            mantissa.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
        let value = float(digits);
        // Zero stays zero; anything else that becomes zero or infinite was out of range.
        if significant <= 15 && value.is_finite() && (value != 0.0 || significant == 0) {
            Ok(value)
        } else {
            Err(Failure::Inexact { function: self.function.to_owned() })
        }
    }

    /// Whole numbers are written as such.
    fn arithmetic(&self, value: f64) -> Result<Shared, Failure> {
        const WHOLE: f64 = 9_007_199_254_740_992.0;
        if !value.is_finite() || value.abs() > WHOLE {
            return Err(Failure::Inexact { function: self.function.to_owned() });
        }
        Ok(Arc::new(Json::Number(format!("{}", value + 0.0).into())))
    }
}
