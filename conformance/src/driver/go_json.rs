//! JSON text exactly as Go's `encoding/json` writes it, because that is what the driver sends.
//!
//! Differences from most encoders: keys are sorted by bytes, and `<`, `>`, `&`, U+2028 and U+2029 are escaped so that the
//! text may stand inside HTML ("json.Marshal" in the Go standard library documentation; `\b` and `\f` since Go 1.22).

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The JSON object of a Go `map[string]string`; the literal `null` stands for a nil map and is the caller's business.
pub fn object(map: &BTreeMap<String, String>) -> String {
    raw_object(map.iter().map(|(key, value)| (key.as_str(), string(value))))
}

/// A JSON object of members whose values are JSON text already, in the given order.
pub(super) fn raw_object<'a>(members: impl Iterator<Item = (&'a str, String)>) -> String {
    let members: Vec<_> = members.map(|(key, value)| format!("{}:{value}", string(key))).collect();
    format!("{{{}}}", members.join(","))
}

/// A JSON string.
pub fn string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str(r#"\""#),
            '\\' => json.push_str(r"\\"),
            '\u{8}' => json.push_str(r"\b"),
            '\u{c}' => json.push_str(r"\f"),
            '\n' => json.push_str(r"\n"),
            '\r' => json.push_str(r"\r"),
            '\t' => json.push_str(r"\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                write!(json, r"\u{:04x}", u32::from(character)).expect("writing to a string does not fail");
            }
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("kms", r#""kms""#)]
    #[case::quotes_and_backslashes(r#"a"b\c"#, r#""a\"b\\c""#)]
    #[case::html("<a href='x'>&</a>", r#""\u003ca href='x'\u003e\u0026\u003c/a\u003e""#)]
    #[case::line_breaks("- objectName: a\r\n\t- b", r#""- objectName: a\r\n\t- b""#)]
    #[case::short_control_escapes("\u{8}\u{c}", r#""\b\f""#)]
    #[case::other_controls("\0\u{1}\u{1f}", r#""\u0000\u0001\u001f""#)]
    #[case::delete_stays("\u{7f}", "\"\u{7f}\"")]
    #[case::javascript_line_separators("\u{2028}\u{2029}", r#""\u2028\u2029""#)]
    #[case::other_letters_stay("密码/é😀", "\"密码/é😀\"")]
    fn strings_are_escaped_as_go_does(#[case] text: &str, #[case] json: &str) {
        assert_eq!(string(text), json);
        assert_eq!(serde_json::from_str::<String>(json).unwrap(), text);
    }

    #[test]
    fn keys_are_sorted_by_bytes_and_nothing_is_spaced() {
        let map = ["objects", "Region", "csi.storage.k8s.io/pod.uid", "é"]
            .map(|key| (key.to_owned(), "1".to_owned()));

        let json = object(&map.into());

        assert_eq!(json, r#"{"Region":"1","csi.storage.k8s.io/pod.uid":"1","objects":"1","é":"1"}"#);
    }

    #[test]
    fn an_empty_map_is_an_empty_object() {
        assert_eq!(object(&BTreeMap::new()), "{}");
    }
}
