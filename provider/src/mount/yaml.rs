//! YAML as a tree that remembers where each node stands and how each scalar was written.
//!
//! Deriving the objects' types directly would lose both: a plain `007` or `on` would arrive as a number or a boolean, and a
//! type error would not know which object it belongs to.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Location, Spanned};

/// A node and its place, counted from 1.
#[derive(Debug)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Line within the text.
    pub line: u64,
    /// Column within the line.
    pub column: u64,
}

/// What a node is.
#[derive(Debug)]
pub enum Value {
    /// `null`, `~`, or nothing at all.
    Null,
    /// Any other scalar, as written for plain ones and unescaped for quoted ones.
    Scalar(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the text.
    Mapping(Vec<(String, Node)>),
}

impl Value {
    /// For "found …, expected …".
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Scalar(_) => "a single value",
            Self::List(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

/// Reads one document. Aliases, depth and size are bounded, so that a small text cannot become a large tree.
pub fn parse(text: &str) -> Result<Node, Error> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: 16,
            max_documents: 1,
            max_nodes: 100_000,
            max_events: 300_000,
        },
        // They are names here, like any other scalar.
        non_finite_float_policy: serde_yaml::options::NonFiniteFloatPolicy::PassThrough,
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: 100_000 },
    };
    let tree: Spanned<Tree> = serde_yaml::from_str_with_options(text, options).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
        Error { reason: error.without_snippet().to_string(), line, column }
    })?;
    Ok(tree_to_node(tree, text))
}

/// The text is no YAML, or more of it than is accepted.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Error {
    reason: String,
    /// Counted from 1; 0 if unknown.
    pub line: u64,
    /// Counted from 1; 0 if unknown.
    pub column: u64,
}

/// What serde sees. Plain scalars that resolve to numbers or booleans are replaced by their text afterwards.
enum Tree {
    Null,
    Text(String),
    Plain(String),
    List(Vec<Spanned<Tree>>),
    Mapping(Vec<(String, Spanned<Tree>)>),
}

fn tree_to_node(tree: Spanned<Tree>, source: &str) -> Node {
    let at = tree.referenced;
    let value = match tree.value {
        Tree::Null => Value::Null,
        Tree::Text(text) => Value::Scalar(text),
        Tree::Plain(resolved) => Value::Scalar(written(&tree.defined, source).unwrap_or(resolved)),
        Tree::List(items) => Value::List(items.into_iter().map(|item| tree_to_node(item, source)).collect()),
        Tree::Mapping(entries) => Value::Mapping(
            entries.into_iter().map(|(key, value)| (key, tree_to_node(value, source))).collect(),
        ),
    };
    Node { value, line: at.line(), column: at.column() }
}

/// The text of a plain scalar as it stands in the source.
fn written(at: &Location, source: &str) -> Option<String> {
    let start = usize::try_from(at.span().byte_offset()?).ok()?;
    let length = usize::try_from(at.span().byte_len()?).ok()?;
    let text = source.get(start..start.checked_add(length)?)?.trim();
    (!text.is_empty() && !text.contains(char::is_whitespace)).then(|| text.to_owned())
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNode;

        impl<'de> Visitor<'de> for AnyNode {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any YAML")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }

            fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Tree, E> {
                Ok(Tree::Text(text))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Plain(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Plain(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Plain(value.to_string()))
            }

            fn visit_i128<E>(self, value: i128) -> Result<Tree, E> {
                Ok(Tree::Plain(value.to_string()))
            }

            fn visit_u128<E>(self, value: u128) -> Result<Tree, E> {
                Ok(Tree::Plain(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Plain(value.to_string()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Tree::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
                let mut mapping = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    mapping.push(entry);
                }
                Ok(Tree::Mapping(mapping))
            }
        }

        deserializer.deserialize_any(AnyNode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn scalar(text: &str) -> String {
        match parse(text).unwrap().value {
            Value::Scalar(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[rstest]
    #[case("007", "007")]
    #[case("0x1F", "0x1F")]
    #[case("1.50", "1.50")]
    #[case("on", "on")]
    #[case("True", "True")]
    #[case("123456789012345678901234567890", "123456789012345678901234567890")]
    #[case(".nan", ".nan")]
    #[case("\"a\\tb\"", "a\tb")]
    #[case("'it''s'", "it's")]
    #[case("\"007\"", "007")]
    fn a_scalar_keeps_the_text_it_was_written_with(#[case] yaml: &str, #[case] expected: &str) {
        assert_eq!(scalar(yaml), expected);
    }

    #[test]
    fn nodes_know_their_place() {
        let tree = parse("- a\n- b: 1\n  c: [x]\n").unwrap();
        let Value::List(items) = tree.value else { panic!("{tree:?}") };
        let Value::Mapping(entries) = &items[1].value else { panic!("{items:?}") };
        assert_eq!((entries[1].0.as_str(), entries[1].1.line, entries[1].1.column), ("c", 3, 6));
    }

    #[rstest]
    #[case("")]
    #[case("# nothing\n")]
    #[case("~")]
    fn an_empty_text_is_null(#[case] yaml: &str) {
        assert!(matches!(parse(yaml).unwrap().value, Value::Null));
    }

    #[test]
    fn a_bomb_ends_in_an_error() {
        let levels = (1..9).map(|level| {
            let references = format!("*a{},", level - 1).repeat(9);
            format!("a{level}: &a{level} [{references}]\n")
        });
        let bomb = format!("a0: &a0 [x,x,x,x,x,x,x,x,x]\n{}", levels.collect::<String>());
        assert!(parse(&bomb).is_err());
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
