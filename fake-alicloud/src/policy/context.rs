//! What conditions can ask about a call.

use std::collections::BTreeMap;

/// Condition keys with their values, none of which is a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// Sets a key to one value.
    pub(crate) fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.insert(key.into(), vec![value.into()]);
    }

    /// Sets a key to several values, such as the audiences of a token.
    pub(crate) fn set_all(&mut self, key: impl Into<String>, values: impl IntoIterator<Item = String>) {
        self.0.insert(key.into(), values.into_iter().collect());
    }

    /// The values of a key; none if it is absent.
    pub(crate) fn values(&self, key: &str) -> Option<&[String]> {
        self.0.get(key).map(Vec::as_slice)
    }
}
