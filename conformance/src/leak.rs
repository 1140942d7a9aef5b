//! Searching for secrets where none may be: logs, errors, metrics, journals, reports.
//!
//! A value is searched for as it is and in every form in which programs usually write bytes. Findings name the value's label,
//! the form and the place, never the value.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::{self, Write as _};

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::driver::go_json;

/// Shorter values match by chance.
pub const MIN_BYTES: usize = 12;

/// As many first bytes of a form lead to it; no form is shorter.
const KEY_BYTES: usize = 8;

/// RFC 3986 "unreserved" characters stay.
const URL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Knows the values and searches texts for them.
#[derive(Default, Clone)]
pub struct LeakSearch {
    needles: Vec<Needle>,
}

#[derive(Clone)]
struct Needle {
    label: String,
    form: &'static str,
    bytes: Vec<u8>,
}

/// A value was found where it must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// What the value is called in the scenario.
    pub label: String,
    /// How it was written.
    pub form: &'static str,
    /// Where it was found.
    pub place: String,
}

/// A value is too short to be searched for.
#[derive(Debug, thiserror::Error)]
#[error(
    "the value {label:?} has {length} bytes: values must have at least {MIN_BYTES}, so that none is found by chance"
)]
pub struct TooShort {
    label: String,
    length: usize,
}

impl LeakSearch {
    /// Adds a value to search for.
    pub fn add(&mut self, label: &str, value: &[u8]) -> Result<(), TooShort> {
        if value.len() < MIN_BYTES {
            return Err(TooShort { label: label.into(), length: value.len() });
        }
        let needles =
            forms(value).into_iter().map(|(bytes, form)| Needle { label: label.into(), form, bytes });
        self.needles.extend(needles);
        Ok(())
    }

    /// Adds all values of another search.
    pub fn merge(&mut self, other: &Self) {
        self.needles.extend(other.needles.iter().cloned());
    }

    /// Searches one text.
    pub fn search(&self, place: &str, text: &[u8]) -> Vec<Leak> {
        let found: BTreeSet<usize> = self.occurrences(text).into_iter().map(|(_, needle)| needle).collect();
        found
            .into_iter()
            .map(|index| &self.needles[index])
            .map(|needle| Leak { label: needle.label.clone(), form: needle.form, place: place.into() })
            .collect()
    }

    /// The text with the names of values in place of the values, in whatever form they stand there.
    pub fn redact(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut redacted = String::with_capacity(text.len());
        let mut kept = 0;
        for (start, needle) in self.occurrences(bytes) {
            let needle = &self.needles[needle];
            let end = start + needle.bytes.len();
            if start >= kept {
                redacted.push_str(&String::from_utf8_lossy(&bytes[kept..start]));
                let _ = write!(redacted, "[withheld: {}]", needle.label);
            }
            kept = kept.max(end);
        }
        redacted.push_str(&String::from_utf8_lossy(&bytes[kept..]));
        redacted
    }

    /// Where which needle stands, in the order of the text. It is read once, however many needles there are.
    fn occurrences(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let mut by_key: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (index, needle) in self.needles.iter().enumerate() {
            by_key.entry(&needle.bytes[..KEY_BYTES]).or_default().push(index);
        }
        let mut occurrences = Vec::new();
        for (at, key) in text.windows(KEY_BYTES).enumerate() {
            let candidates = by_key.get(key).map_or(&[][..], Vec::as_slice);
            let found =
                candidates.iter().filter(|index| text[at..].starts_with(&self.needles[**index].bytes));
            occurrences.extend(found.map(|index| (at, *index)));
        }
        occurrences
    }
}

/// Every form of a value, each once; when two forms coincide the first name stays.
fn forms(value: &[u8]) -> BTreeMap<Vec<u8>, &'static str> {
    let mut forms = BTreeMap::new();
    let mut add = |form, bytes: Vec<u8>| {
        forms.entry(bytes).or_insert(form);
    };
    add("plain", value.to_vec());
    for alignment in 0..3 {
        add("base64", base64_inside(&STANDARD_NO_PAD, value, alignment));
        add("url-safe base64", base64_inside(&URL_SAFE_NO_PAD, value, alignment));
    }
    add("hex", base16ct::lower::encode_string(value).into_bytes());
    add("hex", base16ct::upper::encode_string(value).into_bytes());
    add("list of bytes", value.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes());
    if let Ok(text) = str::from_utf8(value) {
        let escaped = utf8_percent_encode(text, URL).to_string();
        add("url-escaped", lower_case_escapes(&escaped).into_bytes());
        add("form-encoded", escaped.replace("%20", "+").into_bytes());
        add("url-escaped", escaped.into_bytes());
        add("json-escaped", inside_quotes(&go_json::string(text)));
        add("json-escaped", inside_quotes(&serde_json::Value::from(text).to_string()));
        add("debug output", inside_quotes(&format!("{text:?}")));
    }
    forms
}

/// The Base64 characters that depend on the value alone when it starts `alignment` bytes after a multiple of three.
fn base64_inside(engine: &impl base64::Engine, value: &[u8], alignment: usize) -> Vec<u8> {
    let encoded = engine.encode([&vec![0; alignment], value].concat()).into_bytes();
    let first = (alignment * 8).div_ceil(6);
    let end = (alignment + value.len()) * 8 / 6;
    encoded[first..end].to_vec()
}

fn lower_case_escapes(escaped: &str) -> String {
    let mut parts = escaped.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (digits, rest) = part.split_at(2);
        format!("{text}%{}{rest}", digits.to_ascii_lowercase())
    })
}

fn inside_quotes(quoted: &str) -> Vec<u8> {
    quoted.as_bytes()[1..quoted.len() - 1].to_vec()
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value {:?} stands in {}, {}", self.label, self.place, self.form)
    }
}

impl fmt::Debug for LeakSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeakSearch").field("needles.len", &self.needles.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use rstest::rstest;

    use super::*;

    const VALUE: &str = "s3cr<t>? \"pässwörd\"\n~~~";

    fn search() -> LeakSearch {
        let mut search = LeakSearch::default();
        search.add("password", VALUE.as_bytes()).unwrap();
        search
    }

    #[rstest]
    #[case::plain("plain", VALUE.to_owned())]
    #[case::base64("base64", STANDARD.encode(VALUE))]
    #[case::base64_after_one("base64", STANDARD.encode(format!("x{VALUE}yz")))]
    #[case::base64_after_two("base64", STANDARD.encode(format!("xy{VALUE}z")))]
    #[case::base64_without_padding("base64", STANDARD_NO_PAD.encode(VALUE))]
    #[case::url_safe("url-safe base64", URL_SAFE.encode(VALUE))]
    #[case::url_safe_after_one("url-safe base64", URL_SAFE.encode(format!("x{VALUE}")))]
    #[case::url_safe_after_two("url-safe base64", URL_SAFE.encode(format!("xy{VALUE}")))]
    #[case::hex("hex", base16ct::lower::encode_string(VALUE.as_bytes()))]
    #[case::hex_upper("hex", base16ct::upper::encode_string(VALUE.as_bytes()))]
    #[case::url("url-escaped", "s3cr%3Ct%3E%3F%20%22p%C3%A4ssw%C3%B6rd%22%0A~~~".to_owned())]
    #[case::url_lower("url-escaped", "s3cr%3ct%3e%3f%20%22p%c3%a4ssw%c3%b6rd%22%0a~~~".to_owned())]
    #[case::form("form-encoded", "s3cr%3Ct%3E%3F+%22p%C3%A4ssw%C3%B6rd%22%0A~~~".to_owned())]
    #[case::json("json-escaped", r#"{"message":"s3cr<t>? \"pässwörd\"\n~~~"}"#.to_owned())]
    #[case::go_json("json-escaped", r#"{"message":"s3cr\u003ct\u003e? \"pässwörd\"\n~~~"}"#.to_owned())]
    #[case::bytes("list of bytes", format!("{:?}", VALUE.as_bytes()))]
    fn every_form_is_found(#[case] form: &str, #[case] written: String) {
        let leaks = search().search("the log", format!("before {written} after").as_bytes());

        assert!(leaks.iter().any(|leak| leak.form == form), "{leaks:?}");
    }

    #[test]
    fn other_texts_and_parts_of_the_value_are_no_leaks() {
        let text = "object db/password of class default/test-secrets, s3cr, cGFzc3dvcmQ=";

        assert_eq!(search().search("the log", text.as_bytes()), []);
    }

    #[test]
    fn a_redacted_text_has_names_for_values_and_is_otherwise_the_same() {
        let written = format!("ä {VALUE} and {} ö", base16ct::lower::encode_string(VALUE.as_bytes()));

        let redacted = search().redact(&written);

        assert_eq!(redacted, "ä [withheld: password] and [withheld: password] ö");
    }

    #[test]
    fn short_values_are_refused() {
        let error = LeakSearch::default().add("pin", b"12345678901").unwrap_err();

        assert!(error.to_string().contains("11 bytes"), "{error}");
    }

    #[test]
    fn findings_name_label_form_and_place_but_not_the_value() {
        let leaks = search().search("the log", VALUE.as_bytes());

        let text = leaks.iter().map(Leak::to_string).collect::<String>();
        assert_eq!(text, "the value \"password\" stands in the log, plain");
    }
}
