//! The secret values of one scenario.
//!
//! A scenario writes `first`; the cloud holds `first` with a random ending. So a value is long enough to be searched for, is new
//! in every run, and cannot stand in a report only because the scenario's text does.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};

use crate::leak::LeakSearch;

/// Values by the name that the scenario gives them.
#[derive(Debug)]
pub struct Values {
    ending: String,
    by_label: BTreeMap<String, Value>,
    search: LeakSearch,
}

struct Value(Vec<u8>);

impl Values {
    /// No values yet, and an ending of their own.
    pub fn new() -> Self {
        let ending = uuid::Uuid::new_v4().simple().to_string();
        Self { ending, by_label: BTreeMap::new(), search: LeakSearch::default() }
    }

    /// The value behind a label, made when first asked for.
    pub fn seal(&mut self, label: &str) -> anyhow::Result<String> {
        let value = format!("{label}-{}", self.ending);
        self.register(label, value)
    }

    /// A value with everything in it that is easily mangled on the way.
    pub fn seal_awkward(&mut self, label: &str) -> anyhow::Result<String> {
        let awkward = format!(
            "{}\n\r\n\t\"'\\ <a href=\"x\">&amp;</a> %2B+/=~ ümläut 密码 😀 \u{2028}\u{7f}\n\n",
            self.ending
        );
        self.register(label, awkward)
    }

    /// A value of bytes that are no text.
    pub fn seal_bytes(&mut self, label: &str) -> anyhow::Result<Vec<u8>> {
        let value = [b"\x00\xff\xfe", self.ending.as_bytes(), b"\x80\n"].concat();
        self.register_bytes(label, value)
    }

    /// A value of so many bytes.
    pub fn seal_long(&mut self, label: &str, length: usize) -> anyhow::Result<String> {
        let value: String = self.ending.chars().cycle().take(length).collect();
        self.register(label, value)
    }

    /// A JSON text, written with labels in place of its strings: `{"user": "alice"}`. Keys, numbers and white space stay as
    /// they are.
    pub fn seal_json(&mut self, json: &str) -> anyhow::Result<String> {
        ensure!(!json.contains('\\'), "escapes within the strings of a scenario's JSON are not understood");
        let mut sealed = String::new();
        let mut parts = json.split('"').peekable();
        while let Some(between) = parts.next() {
            sealed.push_str(between);
            let Some(string) = parts.next() else { break };
            let is_key = parts.peek().is_some_and(|rest| rest.trim_start().starts_with(':'));
            let text = if is_key { string.to_owned() } else { self.seal(string)? };
            sealed.extend(["\"", &text, "\""]);
        }
        Ok(sealed)
    }

    /// The same as a value of its own.
    pub fn seal_json_as(&mut self, label: &str, json: &str) -> anyhow::Result<String> {
        let sealed = self.seal_json(json)?;
        self.register(label, sealed)
    }

    /// Remembers a value that somebody else made, such as a token.
    pub fn keep(&mut self, label: &str, value: &str) -> anyhow::Result<()> {
        self.register(label, value.to_owned()).map(drop)
    }

    /// The value behind a label that the scenario has used already.
    pub fn value(&self, label: &str) -> anyhow::Result<&[u8]> {
        let value = self
            .by_label
            .get(label)
            .with_context(|| format!("no value of this scenario is called {label:?}"))?;
        Ok(&value.0)
    }

    /// What a content is called, for messages that must not show it.
    pub fn describe(&self, content: &[u8]) -> String {
        match self.by_label.iter().find(|(_, value)| value.0 == content) {
            Some((label, _)) => format!("the value {label:?}"),
            None => format!("{} bytes that are no value of this scenario", content.len()),
        }
    }

    /// Finds the values.
    pub fn search(&self) -> &LeakSearch {
        &self.search
    }

    fn register(&mut self, label: &str, value: String) -> anyhow::Result<String> {
        Ok(String::from_utf8(self.register_bytes(label, value.into_bytes())?)?)
    }

    fn register_bytes(&mut self, label: &str, value: Vec<u8>) -> anyhow::Result<Vec<u8>> {
        if !self.by_label.contains_key(label) {
            self.search.add(label, &value)?;
        }
        Ok(self.by_label.entry(label.to_owned()).or_insert(Value(value)).0.clone())
    }
}

impl Default for Values {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}
