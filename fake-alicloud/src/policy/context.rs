//! What conditions can ask about a call.

use std::collections::BTreeMap;

use crate::behaviour::AbsentKey;

/// Condition keys with their values, none of which is a secret. The case of a key matters, as that of a tag in it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Context {
    values: BTreeMap<String, Vec<String>>,
    absent_key: AbsentKey,
}

impl Context {
    /// Nothing known yet, and how negative conditions take that.
    pub(crate) fn new(absent_key: AbsentKey) -> Self {
        Self { values: BTreeMap::new(), absent_key }
    }

    /// Sets a key to one value.
    pub(crate) fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.values.insert(key.into(), vec![value.into()]);
    }

    /// Sets a key to several values, such as the audiences of a token. Without any it is absent.
    pub(crate) fn set_all(&mut self, key: impl Into<String>, values: impl IntoIterator<Item = String>) {
        self.values.insert(key.into(), values.into_iter().collect());
    }

    /// The values of a key; none if it is absent.
    pub(crate) fn values(&self, key: &str) -> Option<&[String]> {
        self.values.get(key).map(Vec::as_slice).filter(|values| !values.is_empty())
    }

    /// What a negative condition on an absent key comes to.
    pub(super) fn absent_satisfies_negation(&self) -> bool {
        self.absent_key == AbsentKey::SatisfiesNegation
    }
}
