//! Texts of a target file with placeholders in braces.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_yaml::{Location, Spanned};

use super::file::TargetError;

/// A text with placeholders, and where it stands in its file.
#[derive(Debug, Clone)]
pub(super) struct Template {
    text: String,
    place: Location,
}

impl Template {
    /// A text that stands within a tree, whose places are not kept.
    pub(super) fn within(text: &str) -> Self {
        Self { text: text.to_owned(), place: Location::UNKNOWN }
    }

    /// Only these placeholders, each with its value at a start, are known here.
    pub(super) fn check(&self, known: &[&str]) -> Result<(), TargetError> {
        let wrong = |problem| TargetError::wrong(self.place, problem);
        let mut rest = self.text.as_str();
        while let Some((_, after)) = rest.split_once('{') {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| wrong(format!("{:?} has a brace that is not closed", self.text)))?;
            if !known.contains(&name) {
                return Err(wrong(unknown(name, known)));
            }
            rest = after;
        }
        Ok(())
    }

    /// The text with the values in place of the placeholders.
    pub(super) fn render(&self, values: &[(&str, &str)]) -> String {
        let mut rendered = String::new();
        let mut rest = self.text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').expect("checked when the file was read");
            let value = values.iter().find(|(known, _)| *known == name);
            let (_, value) = value.expect("checked when the file was read");
            rendered.extend([before, value]);
            rest = after;
        }
        rendered + rest
    }
}

fn unknown(name: &str, known: &[&str]) -> String {
    let known: Vec<_> = known.iter().map(|name| format!("{{{name}}}")).collect();
    match known.as_slice() {
        [] => format!("{{{name}}} is not known here, and nothing is"),
        _ => format!("{{{name}}} is not known here, expected {}", known.join(", ")),
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value: text, referenced: place, .. } = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { text, place })
    }
}

impl JsonSchema for Template {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}
