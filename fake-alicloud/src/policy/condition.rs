//! Conditions: what must be so for a statement to count.

use std::{cmp::Ordering, net::IpAddr};

use jiff::Timestamp;

use super::{Context, network::Network};
use crate::pattern::Pattern;

/// One operator on one key. All conditions of a statement must hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    key: String,
    /// Whether it holds when the test fails.
    negative: bool,
    test: Test,
}

/// What is asked of a value of the call. Any of the operands will do.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    Equals(Vec<String>),
    /// The operands are in lower case.
    EqualsIgnoringCase(Vec<String>),
    Like(Vec<Pattern>),
    Number(Relation, Vec<f64>),
    Date(Relation, Vec<Timestamp>),
    Bool(Vec<bool>),
    Address(Vec<Network>),
}

/// How a value of the call lies to an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Condition {
    /// Reads one, or says what is wrong with it.
    pub(super) fn read(operator: &str, key: &str, operands: &[String]) -> Result<Self, String> {
        if !key.contains(':') {
            return Err(format!(
                "{key} is no condition key: write a service or acs before it, as in acs:SourceIp"
            ));
        }
        if operands.is_empty() {
            return Err("there is no value to compare with".to_owned());
        }
        let (test, negative) = Test::read(operator, operands)?;
        Ok(Self { key: key.to_owned(), negative, test })
    }

    pub(super) fn holds(&self, context: &Context) -> bool {
        match context.values(&self.key) {
            None => self.negative && context.absent_satisfies_negation(),
            // Several values of one key: any of them makes the positive hold, and none may for the negative.
            Some(values) => values.iter().any(|value| self.test.passes(value)) != self.negative,
        }
    }
}

impl Test {
    /// Reads the operator and its operands; tells too whether it is a negation.
    fn read(operator: &str, operands: &[String]) -> Result<(Self, bool), String> {
        let texts = || operands.to_vec();
        Ok(match operator {
            "StringEquals" => (Self::Equals(texts()), false),
            "StringNotEquals" => (Self::Equals(texts()), true),
            "StringEqualsIgnoreCase" => (Self::EqualsIgnoringCase(lower(operands)), false),
            "StringNotEqualsIgnoreCase" => (Self::EqualsIgnoringCase(lower(operands)), true),
            "StringLike" => (Self::Like(patterns(operands)), false),
            "StringNotLike" => (Self::Like(patterns(operands)), true),
            "Bool" => (Self::Bool(all(operands, "true or false", truth)?), false),
            "IpAddress" => (Self::Address(all(operands, ADDRESS_RULE, |text| text.parse().ok())?), false),
            "NotIpAddress" => (Self::Address(all(operands, ADDRESS_RULE, |text| text.parse().ok())?), true),
            _ => {
                if let Some((relation, negative)) = operator.strip_prefix("Numeric").and_then(Relation::read)
                {
                    (Self::Number(relation, all(operands, "a number", number)?), negative)
                } else if let Some((relation, negative)) =
                    operator.strip_prefix("Date").and_then(Relation::read)
                {
                    (Self::Date(relation, all(operands, DATE_RULE, date)?), negative)
                } else {
                    return Err("no such operator: those are String…, Numeric…, Date…, Bool, IpAddress and \
                                NotIpAddress"
                        .to_owned());
                }
            }
        })
    }

    fn passes(&self, value: &str) -> bool {
        match self {
            Self::Equals(operands) => operands.iter().any(|operand| operand == value),
            Self::EqualsIgnoringCase(operands) => operands.contains(&value.to_lowercase()),
            Self::Like(operands) => operands.iter().any(|operand| operand.matches(value)),
            Self::Bool(operands) => truth(value).is_some_and(|value| operands.contains(&value)),
            Self::Number(relation, operands) => number(value).is_some_and(|value| {
                operands
                    .iter()
                    .any(|operand| value.partial_cmp(operand).is_some_and(|order| relation.admits(order)))
            }),
            Self::Date(relation, operands) => date(value)
                .is_some_and(|value| operands.iter().any(|operand| relation.admits(value.cmp(operand)))),
            Self::Address(operands) => value
                .parse::<IpAddr>()
                .is_ok_and(|value| operands.iter().any(|operand| operand.contains(value))),
        }
    }
}

impl Relation {
    /// Reads what follows `Numeric` or `Date`; tells too whether it is a negation.
    fn read(text: &str) -> Option<(Self, bool)> {
        Some(match text {
            "Equals" => (Self::Equal, false),
            "NotEquals" => (Self::Equal, true),
            "LessThan" => (Self::Less, false),
            "LessThanEquals" => (Self::LessOrEqual, false),
            "GreaterThan" => (Self::Greater, false),
            "GreaterThanEquals" => (Self::GreaterOrEqual, false),
            _ => return None,
        })
    }

    fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

const ADDRESS_RULE: &str = "an address or a range such as 10.0.0.0/8";
const DATE_RULE: &str = "a time with its offset such as 2026-01-31T00:00:00Z";

fn all<T>(operands: &[String], rule: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    let checked = operands.iter().map(|text| read(text).ok_or_else(|| format!("{text:?} is not {rule}")));
    checked.collect()
}

fn lower(operands: &[String]) -> Vec<String> {
    operands.iter().map(|text| text.to_lowercase()).collect()
}

fn patterns(operands: &[String]) -> Vec<Pattern> {
    operands.iter().map(|text| Pattern::new(text)).collect()
}

fn truth(text: &str) -> Option<bool> {
    text.parse().ok()
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn date(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
