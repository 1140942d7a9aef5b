//! Policy documents in seeds, as objects of YAML or as texts of JSON.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_yaml::Spanned;

use super::{SeedError, placeless, wrong};
use crate::{policy::PolicyError, state::ram::MAX_DOCUMENT_CHARACTERS};

/// A document, not yet read. A text is kept as it is; an object without a `Version` gets `"1"`, the only one there is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct DocumentSeed(Spanned<Value>);

impl JsonSchema for DocumentSeed {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DocumentSeed".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["object", "string"] })
    }
}

impl DocumentSeed {
    /// The document as one of its kind.
    pub(super) fn read<P: TryFrom<String, Error = PolicyError>>(&self) -> Result<P, SeedError> {
        let Spanned { value, referenced, .. } = &self.0;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Object(fields) => {
                let mut fields = fields.clone();
                fields.entry("Version").or_insert_with(|| "1".into());
                Value::Object(fields).to_string()
            }
            _ => return Err(wrong(*referenced, "a policy is an object, or the text of one in JSON")),
        };
        if text.chars().count() > MAX_DOCUMENT_CHARACTERS {
            let problem = format!("a policy has at most {MAX_DOCUMENT_CHARACTERS} characters");
            return Err(wrong(*referenced, problem));
        }
        P::try_from(text).map_err(|error| wrong(*referenced, error))
    }

    /// The way back: the text of a document.
    pub(super) fn of(document: &impl AsRef<str>) -> Self {
        Self(placeless(Value::from(document.as_ref())))
    }
}
