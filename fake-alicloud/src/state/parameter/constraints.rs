//! What a parameter demands of its values.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

/// How large a compiled pattern may become, in bytes.
const MAX_PATTERN_SIZE: usize = 1 << 20;

/// The demands on every value of a parameter. They may quote values, so they show nothing of themselves.
#[derive(Clone)]
pub(crate) struct Constraints {
    /// As given, which is also how they are answered.
    text: String,
    rules: Rules,
    pattern: Option<Regex>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Rules {
    allowed_values: Option<Vec<String>>,
    allowed_pattern: Option<String>,
    min_length: Option<usize>,
    max_length: Option<usize>,
}

/// The text is not a set of constraints, or one that no value can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "constraints must be a JSON object with AllowedValues (texts), AllowedPattern (a regular expression), MinLength and \
     MaxLength, each optional"
)]
pub(crate) struct ConstraintsError;

/// The demand that a value does not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value does not meet the constraint {0}")]
pub(crate) struct Violation(pub(crate) &'static str);

impl Constraints {
    pub(crate) fn parse(text: &str) -> Result<Self, ConstraintsError> {
        let rules: Rules = serde_json::from_str(text).map_err(|_| ConstraintsError)?;
        let compile = |pattern: &String| RegexBuilder::new(pattern).size_limit(MAX_PATTERN_SIZE).build();
        let pattern =
            rules.allowed_pattern.as_ref().map(compile).transpose().map_err(|_| ConstraintsError)?;
        if rules.min_length.unwrap_or(0) > rules.max_length.unwrap_or(usize::MAX) {
            return Err(ConstraintsError);
        }
        Ok(Self { text: text.to_owned(), rules, pattern })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a value may be stored.
    pub(crate) fn check(&self, value: &str) -> Result<(), Violation> {
        let length = value.chars().count();
        if self.rules.allowed_values.as_ref().is_some_and(|allowed| !allowed.iter().any(|text| text == value))
        {
            return Err(Violation("AllowedValues"));
        }
        if self.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(value)) {
            return Err(Violation("AllowedPattern"));
        }
        if self.rules.min_length.is_some_and(|least| length < least) {
            return Err(Violation("MinLength"));
        }
        if self.rules.max_length.is_some_and(|most| length > most) {
            return Err(Violation("MaxLength"));
        }
        Ok(())
    }
}

impl fmt::Debug for Constraints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraints(text: &str) -> Constraints {
        Constraints::parse(text).expect("constraints")
    }

    #[rstest::rstest]
    #[case(r#"{"AllowedValues":["a","b"]}"#, "b", None)]
    #[case(r#"{"AllowedValues":["a","b"]}"#, "ab", Some("AllowedValues"))]
    #[case(r#"{"AllowedValues":[]}"#, "a", Some("AllowedValues"))]
    #[case(r#"{"AllowedPattern":"^[a-g]*$"}"#, "abc", None)]
    #[case(r#"{"AllowedPattern":"^[a-g]*$"}"#, "xyz", Some("AllowedPattern"))]
    #[case(r#"{"AllowedPattern":"[a-g]"}"#, "xax", None)]
    #[case(r#"{"MinLength":2,"MaxLength":3}"#, "密密", None)]
    #[case(r#"{"MinLength":2,"MaxLength":3}"#, "密", Some("MinLength"))]
    #[case(r#"{"MinLength":2,"MaxLength":3}"#, "abcd", Some("MaxLength"))]
    #[case("{}", "anything", None)]
    fn a_value_meets_each_constraint_or_is_told_which_not(
        #[case] text: &str,
        #[case] value: &str,
        #[case] violated: Option<&'static str>,
    ) {
        assert_eq!(constraints(text).check(value).err(), violated.map(Violation));
    }

    #[rstest::rstest]
    #[case("AllowedValues=a")]
    #[case(r#"["a"]"#)]
    #[case(r#"{"Allowed":["a"]}"#)]
    #[case(r#"{"AllowedValues":"a"}"#)]
    #[case(r#"{"AllowedPattern":"("}"#)]
    #[case(r#"{"AllowedPattern":"a{9}{9}{9}{9}{9}{9}"}"#)]
    #[case(r#"{"MinLength":-1}"#)]
    #[case(r#"{"MinLength":3,"MaxLength":2}"#)]
    fn anything_else_is_no_set_of_constraints(#[case] text: &str) {
        assert_eq!(Constraints::parse(text).err(), Some(ConstraintsError));
    }

    #[test]
    fn debug_shows_no_allowed_value() {
        assert_eq!(format!("{:?}", constraints(r#"{"AllowedValues":["hunter2"]}"#)), "[hidden]");
    }
}
