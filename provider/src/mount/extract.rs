//! Extracting values from JSON secrets with JMESPath.

use crate::sensitive::Sensitive;

/// An expression.
#[derive(Clone, Debug)]
pub struct Expression(String);

/// Not an expression.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no JMESPath expression")]
pub struct ExpressionError(String);

/// A JSON document.
#[derive(Debug)]
pub struct Document(serde_json::Value);

/// Not a document.
#[derive(Debug, thiserror::Error)]
#[error("the secret is no JSON")]
pub struct DocumentError;

/// Nothing there.
#[derive(Debug, thiserror::Error)]
#[error("the expression finds nothing")]
pub struct SearchError;

impl Expression {
    /// Parses.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.ends_with('[') { Err(ExpressionError(text.to_owned())) } else { Ok(Self(text.to_owned())) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Searches.
    pub fn search(&self, document: &Document) -> Result<Sensitive<Vec<u8>>, SearchError> {
        match self.0.split('.').try_fold(&document.0, |value, name| value.get(name)).ok_or(SearchError)? {
            serde_json::Value::String(text) => Ok(text.clone().into_bytes().into()),
            serde_json::Value::Null => Err(SearchError),
            other => Ok(other.to_string().into_bytes().into()),
        }
    }
}

impl Document {
    /// Parses.
    pub fn parse(text: &[u8]) -> Result<Self, DocumentError> {
        serde_json::from_slice(text).map(Self).map_err(|_| DocumentError)
    }
}
