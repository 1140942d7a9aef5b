//! Pages of long answers, by `Marker` and `MaxItems`, in RAM and IMS.
//!
//! A marker says after which entry the next page begins, not how many came before: what is added or removed in between
//! neither repeats an entry nor skips one.

use std::ops::RangeInclusive;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    error,
};

/// Which page is asked for.
pub(in crate::api) struct Window {
    max_items: usize,
    after: Option<String>,
}

impl Window {
    /// Reads the two parameters. There are 100 entries on a page unless the caller wants another number.
    pub(in crate::api) fn read(call: &Call<'_>, allowed: RangeInclusive<usize>) -> Result<Self, ApiError> {
        let max_items = match call.parameters.text("MaxItems") {
            None => 100,
            Some(text) => {
                let number = text.parse().ok().filter(|number| allowed.contains(number));
                number.ok_or_else(|| error::incorrect("MaxItems"))?
            }
        };
        let marker = call.parameters.text("Marker");
        let after = marker.map(|text| decode(text).ok_or_else(|| error::incorrect("Marker"))).transpose()?;
        Ok(Self { max_items, after })
    }

    /// The page of all entries, each with the key that gives its place, as `{ plural: { singular: [..] } }`.
    pub(in crate::api) fn answer<T>(
        &self,
        plural: &str,
        singular: &str,
        entries: impl Iterator<Item = (String, T)>,
        show: impl Fn(T) -> Value,
    ) -> Value {
        let mut entries: Vec<_> =
            entries.filter(|(key, _)| self.after.as_ref().is_none_or(|after| key > after)).collect();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        let is_truncated = entries.len() > self.max_items;
        entries.truncate(self.max_items);
        let marker = entries.last().filter(|_| is_truncated).map(|(key, _)| URL_SAFE_NO_PAD.encode(key));
        let shown: Vec<_> = entries.into_iter().map(|(_, entry)| show(entry)).collect();
        let mut answer = json!({ plural: { singular: shown }, "IsTruncated": is_truncated });
        if let Some(marker) = marker {
            answer["Marker"] = json!(marker);
        }
        answer
    }
}

fn decode(marker: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(marker).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(max_items: usize, marker: Option<&str>, keys: &[&str]) -> Value {
        let window = Window { max_items, after: marker.map(|marker| decode(marker).expect("a marker")) };
        let entries = keys.iter().map(|key| ((*key).to_owned(), *key));
        window.answer("Keys", "Key", entries, |key| json!(key))
    }

    #[test]
    fn a_change_between_pages_neither_repeats_nor_skips() {
        let first = page(2, None, &["d", "b", "c", "a"]);
        assert_eq!((&first["Keys"]["Key"], &first["IsTruncated"]), (&json!(["a", "b"]), &json!(true)));
        let next = page(2, first["Marker"].as_str(), &["a", "aa", "c", "d"]);
        assert_eq!(next, json!({ "Keys": { "Key": ["c", "d"] }, "IsTruncated": false }));
    }
}
