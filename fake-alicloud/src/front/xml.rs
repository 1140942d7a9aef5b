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
    text.extend(["<", name, ">"]);
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| element(text, name, value)),
        Value::String(content) => escape(text, content),
        Value::Null | Value::Array(_) => {}
        Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
    }
    text.extend(["</", name, ">"]);
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

    #[test]
    fn content_cannot_become_markup() {
        let text = document("R", &json!("</R><&\r\u{1}"));
        assert!(text.ends_with("<R>&lt;/R&gt;&lt;&amp;&#13;\u{fffd}</R>"), "{text}");
    }
}
