//! The XML form of an answer: an object is an element with children, an array is its element repeated.

use std::borrow::Cow;

use serde_json::Value;

/// A whole document with one root.
pub(super) fn document(root: &str, value: &Value) -> String {
    let mut text = String::from("<?xml version='1.0' encoding='UTF-8'?>");
    element(&mut text, root, value);
    text
}

fn element(text: &mut String, name: &str, value: &Value) {
    if let Value::Array(items) = value {
        for item in items {
            element(text, name, item);
        }
        return;
    }
    let name = &element_name(name);
    text.extend(["<", name, ">"]);
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| element(text, name, value)),
        Value::String(content) => escape(text, content),
        Value::Null | Value::Array(_) => {}
        Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
    }
    text.extend(["</", name, ">"]);
}

/// The name, with underscores for what an element's name cannot have: some objects have keys of the user's.
fn element_name(name: &str) -> Cow<'_, str> {
    if name.starts_with(is_name_start) && name.chars().all(is_name_character) {
        return Cow::Borrowed(name);
    }
    let bent: String = name.chars().map(|c| if is_name_character(c) { c } else { '_' }).collect();
    Cow::Owned(if bent.starts_with(is_name_start) { bent } else { format!("_{bent}") })
}

/// `NameStartChar` of XML 1.0 without the colon, which would be a namespace's.
fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '_'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// `NameChar` of XML 1.0 without the colon.
fn is_name_character(c: char) -> bool {
    let further =
        |c| matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}');
    is_name_start(c) || further(c)
}

fn escape(text: &mut String, content: &str) {
    for character in content.chars() {
        text.push_str(&match character {
            '&' => Cow::Borrowed("&amp;"),
            '<' => Cow::Borrowed("&lt;"),
            '>' => Cow::Borrowed("&gt;"),
            // A parser would turn a bare carriage return into a line feed.
            '\r' => Cow::Borrowed("&#13;"),
            // XML 1.0 has no way to write these.
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                Cow::Borrowed("\u{fffd}")
            }
            other => Cow::Owned(other.to_string()),
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arrays_repeat_their_element() {
        let value = json!({ "VersionStages": { "VersionStage": ["ACSCurrent", "canary"] }, "N": 1 });
        assert_eq!(
            document("R", &value),
            "<?xml version='1.0' encoding='UTF-8'?><R><N>1</N><VersionStages>\
             <VersionStage>ACSCurrent</VersionStage><VersionStage>canary</VersionStage></VersionStages></R>"
        );
    }

    /// The tags of a parameter are answered as an object, and their keys are the user's.
    #[rstest::rstest]
    #[case("k1", "k1")]
    #[case("团队", "团队")]
    #[case("a b/", "a_b_")]
    #[case("acs:a>", "acs_a_")]
    #[case("1st", "_1st")]
    #[case("", "_")]
    fn a_name_that_no_element_can_have_is_bent(#[case] key: &str, #[case] name: &str) {
        let text = document("R", &json!({ key: "v" }));
        assert!(text.ends_with(&format!("<R><{name}>v</{name}></R>")), "{text}");
    }

    #[test]
    fn content_cannot_become_markup() {
        let text = document("R", &json!("</R><&\r\u{1}"));
        assert!(text.ends_with("<R>&lt;/R&gt;&lt;&amp;&#13;\u{fffd}</R>"), "{text}");
    }
}
