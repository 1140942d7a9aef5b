//! JSON as it was written: numbers keep their digits, objects the order of their keys.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::mount::excerpt::Excerpt;
use crate::sensitive::Sensitive;

/// Twice what KMS stores. What a document is parsed into takes some fifty times its size at worst.
const LARGEST: usize = 64 * 1024;
/// Deeper than documents that people write.
const DEEPEST: usize = 64;

/// A JSON secret.
#[derive(Debug)]
pub struct Document {
    pub(super) root: Shared,
}

impl Document {
    /// Reads `contents` as JSON.
    pub fn parse(contents: &[u8]) -> Result<Self, DocumentError> {
        if contents.len() > LARGEST {
            return Err(DocumentError::TooLarge { size: contents.len() });
        }
        let text = str::from_utf8(contents).map_err(|_| DocumentError::NotText { size: contents.len() })?;
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| DocumentError::NotJson {
            line: error.line(),
            column: error.column(),
            size: contents.len(),
        })?;
        Ok(Self { root: read(raw, 0)? })
    }
}

/// The shape: keys and types, no values.
impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut places = MOST_PLACES;
        write_shape(f, &self.root, SHOWN_LEVELS, &mut places)
    }
}

/// Why nothing can be extracted from a secret. Its author must change it, or the author of the class the object.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Text that is no JSON.
    #[error(
        "the secret is no JSON (line {line}, column {column} of its {size} bytes), so jmesPath finds nothing in it"
    )]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// Of the secret.
        size: usize,
    },
    /// Bytes that are no text.
    #[error("the secret is {size} bytes that are no UTF-8 text")]
    NotText {
        /// Of the secret.
        size: usize,
    },
    /// JSON with a character that does not exist.
    #[error("the secret is JSON with a \\u escape that stands for no character")]
    Escape,
    /// Beyond what is parsed.
    #[error("the secret has {size} bytes, the most that is read as JSON is {LARGEST}")]
    TooLarge {
        /// Of the secret.
        size: usize,
    },
    /// Beyond what is parsed.
    #[error("the secret is JSON that nests deeper than {DEEPEST} levels")]
    TooDeep,
}

pub(super) type Shared = Arc<Json>;

/// A value of a document or of an evaluation.
#[derive(Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As written.
    Number(Sensitive<String>),
    Text(Sensitive<String>),
    List(Vec<Shared>),
    Object(Vec<(String, Shared)>),
}

impl Json {
    pub(super) fn text(text: impl Into<Sensitive<String>>) -> Self {
        Self::Text(text.into())
    }

    /// Of repeated keys the last counts, as everywhere in JSON.
    pub(super) fn object(entries: impl IntoIterator<Item = (String, Shared)>) -> Self {
        let mut places = HashMap::new();
        let mut kept: Vec<(String, Shared)> = Vec::new();
        for (key, value) in entries {
            let place = *places.entry(key.clone()).or_insert(kept.len());
            match kept.get_mut(place) {
                Some(earlier) => earlier.1 = value,
                None => kept.push((key, value)),
            }
        }
        Self::Object(kept)
    }

    /// As JMESPath calls it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Object(_) => "object",
        }
    }

    pub(super) fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(_) => true,
            Self::Text(text) => !text.expose().is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Object(entries) => !entries.is_empty(),
        }
    }

    /// Hands the JSON text over, piece by piece.
    pub(super) fn write<E>(&self, out: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        match self {
            Self::Null => out("null"),
            Self::Bool(value) => out(if *value { "true" } else { "false" }),
            Self::Number(digits) => out(digits.expose()),
            Self::Text(text) => write_text(text.expose(), out),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    out(if index == 0 { "[" } else { "," })?;
                    item.write(out)?;
                }
                out(if items.is_empty() { "[]" } else { "]" })
            }
            Self::Object(entries) => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    out(if index == 0 { "{" } else { "," })?;
                    write_text(key, out)?;
                    out(":")?;
                    value.write(out)?;
                }
                out(if entries.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

fn write_text<E>(text: &str, out: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    let must_be_escaped = |character: char| matches!(character, '"' | '\\' | '\0'..='\x1f');
    out("\"")?;
    for piece in text.split_inclusive(must_be_escaped) {
        let plain = piece.trim_end_matches(must_be_escaped);
        out(plain)?;
        match piece[plain.len()..].chars().next() {
            None => {}
            Some('"') => out("\\\"")?,
            Some('\\') => out("\\\\")?,
            Some('\n') => out("\\n")?,
            Some('\r') => out("\\r")?,
            Some('\t') => out("\\t")?,
            Some(control) => out(&format!("\\u{:04x}", u32::from(control)))?,
        }
    }
    out("\"")
}

/// `raw` is valid JSON but for its escapes.
fn read(raw: &RawValue, depth: usize) -> Result<Shared, DocumentError> {
    if depth > DEEPEST {
        return Err(DocumentError::TooDeep);
    }
    let text = raw.get();
    let escape = |_| DocumentError::Escape;
    Ok(Arc::new(match text.as_bytes().first() {
        Some(b'{') => {
            let Entries(entries) = serde_json::from_str(text).map_err(escape)?;
            let entries: Result<Vec<_>, _> =
                entries.into_iter().map(|(key, value)| Ok((key, read(value, depth + 1)?))).collect();
            Json::object(entries?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(escape)?;
            Json::List(items.into_iter().map(|item| read(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Json::Text(serde_json::from_str(text).map_err(escape)?),
        Some(b't') => Json::Bool(true),
        Some(b'f') => Json::Bool(false),
        Some(b'n') => Json::Null,
        _ => Json::Number(text.into()),
    }))
}

/// An object's entries, in order.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyObject;

        impl<'de> Visitor<'de> for AnyObject {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(AnyObject)
    }
}

/// Levels of a shape that are shown; what lies below is an ellipsis.
const SHOWN_LEVELS: usize = 3;
/// Keys and items that are shown, over all levels.
const MOST_PLACES: usize = 20;

fn write_shape(f: &mut fmt::Formatter<'_>, json: &Json, levels: usize, places: &mut usize) -> fmt::Result {
    match json {
        Json::List(items) if items.is_empty() => f.write_str("[]"),
        Json::Object(entries) if entries.is_empty() => f.write_str("{}"),
        Json::List(_) if levels == 0 => f.write_str("[…]"),
        Json::Object(_) if levels == 0 => f.write_str("{…}"),
        Json::List(items) => {
            // The first stands for all: lists are mostly of one kind.
            f.write_str("[")?;
            write_shape(f, &items[0], levels - 1, places)?;
            if items.len() > 1 {
                write!(f, ", … ({} items)", items.len())?;
            }
            f.write_str("]")
        }
        Json::Object(entries) => {
            for (index, (key, value)) in entries.iter().enumerate() {
                f.write_str(if index == 0 { "{" } else { ", " })?;
                if *places == 0 {
                    f.write_str("…")?;
                    break;
                }
                *places -= 1;
                write!(f, "{}: ", Excerpt(key))?;
                write_shape(f, value, levels - 1, places)?;
            }
            f.write_str("}")
        }
        scalar => f.write_str(scalar.kind()),
    }
}
