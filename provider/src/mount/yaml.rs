//! YAML as a tree that remembers where each node stands and how each scalar was written.
//!
//! Deriving the objects' types directly would lose both: a plain `007` or `on` would arrive as a number or a boolean, and a
//! type error would not know which object it belongs to.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Location, Spanned};

use super::excerpt::Excerpt;

/// A place in a text, counted from 1; zeros if it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line within the text.
    pub line: u64,
    /// Column within the line, in characters.
    pub column: u64,
}

/// A node and its place.
#[derive(Debug)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
}

/// A key of a mapping and what stands under it.
#[derive(Debug)]
pub struct Entry {
    /// The key, as text.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// What stands under it.
    pub node: Node,
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
    Mapping(Vec<Entry>),
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

impl Node {
    /// What stands under a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        if let Value::Mapping(entries) = &self.value { entries } else { &[] }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// A scalar that is not empty.
    pub fn text(&self) -> Option<&str> {
        if let Value::Scalar(text) = &self.value { Some(text).filter(|text| !text.is_empty()) } else { None }
            .map(String::as_str)
    }
}

/// How deep a text may nest that holds no more than a list of mappings.
const DEEPEST: usize = 16;

/// Reads one document. Aliases, depth and size are bounded, so that a small text cannot become a large tree.
pub fn parse(text: &str) -> Result<Node, Error> {
    parse_within(text, DEEPEST)
}

/// The same, for texts that nest deeper.
pub fn parse_within(text: &str, deepest: usize) -> Result<Node, Error> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: deepest,
            max_documents: 1,
            max_nodes: 24_000,
            max_events: 90_000,
        },
        // They are names here, like any other scalar.
        non_finite_float_policy: serde_yaml::options::NonFiniteFloatPolicy::PassThrough,
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: 20_000 },
    };
    let tree: Spanned<Tree> = serde_yaml::from_str_with_options(text, options).map_err(|error| {
        let place = error.location().map_or_else(Place::default, |at| Place::from(&at));
        Error { reason: reason(error.without_snippet()), place }
    })?;
    Ok(tree_to_node(tree, text))
}

/// What the reader says, without its place, and in words for an author where its own are for a programmer.
fn reason(error: &serde_yaml::Error) -> String {
    use serde_yaml::Error as Yaml;
    match error {
        Yaml::Budget { breach: serde_yaml::budget::BudgetBreach::Documents { .. }, .. }
        | Yaml::MultipleDocuments { .. } => "it holds more than one document".to_owned(),
        Yaml::Budget { .. } => "it is larger or deeper than any class needs to be".to_owned(),
        Yaml::AliasReplayLimitExceeded { .. }
        | Yaml::AliasExpansionLimitExceeded { .. }
        | Yaml::AliasReplayStackDepthExceeded { .. } => "its aliases repeat too much".to_owned(),
        Yaml::RecursiveReferencesRequireWeakTypes { .. } => {
            "an alias stands within its own anchor".to_owned()
        }
        Yaml::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the field {} is there twice", Excerpt(key))
        }
        Yaml::AliasError { error, .. } => reason(error.without_snippet()),
        other => {
            let text = other.to_string();
            text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
        }
    }
}

/// The text is no YAML, or more of it than is accepted.
#[derive(Debug, thiserror::Error)]
#[error("{reason}, at line {}, column {}", place.line, place.column)]
pub struct Error {
    /// What is wrong, without its place.
    pub reason: String,
    /// Where the reading ended.
    pub place: Place,
}

impl From<&Location> for Place {
    fn from(at: &Location) -> Self {
        Self { line: at.line(), column: at.column() }
    }
}

/// What serde sees. Plain scalars that resolve to numbers or booleans are replaced by their text afterwards.
enum Tree {
    Null,
    Text(String),
    Plain(String),
    List(Vec<Spanned<Tree>>),
    Mapping(Vec<(Spanned<String>, Spanned<Tree>)>),
}

fn tree_to_node(tree: Spanned<Tree>, source: &str) -> Node {
    let place = Place::from(&tree.referenced);
    let value = match tree.value {
        Tree::Null => Value::Null,
        Tree::Text(text) => Value::Scalar(text),
        Tree::Plain(resolved) => Value::Scalar(written(&tree.defined, source).unwrap_or(resolved)),
        Tree::List(items) => Value::List(items.into_iter().map(|item| tree_to_node(item, source)).collect()),
        Tree::Mapping(entries) => {
            let entry = |(key, value): (Spanned<String>, _)| Entry {
                place: Place::from(&key.referenced),
                key: key.value,
                node: tree_to_node(value, source),
            };
            Value::Mapping(entries.into_iter().map(entry).collect())
        }
    };
    Node { value, place }
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
        let entry = &entries[1];
        assert_eq!((entry.key.as_str(), entry.place), ("c", Place { line: 3, column: 3 }));
        assert_eq!(entry.node.place, Place { line: 3, column: 6 });
    }

    #[test]
    fn a_key_that_comes_twice_is_an_error() {
        let error = parse("a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!(error.to_string(), "the field \"a\" is there twice, at line 3, column 1");
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

    #[rstest]
    #[case("- a\n---\n- b\n", "it holds more than one document")]
    #[case("&a [*a]", "an alias stands within its own anchor")]
    #[case(&"- a\n".repeat(40_000), "it is larger or deeper than any class needs to be")]
    #[case(&format!("- &a [{}]\n{}", "x,".repeat(100), "- *a\n".repeat(300)), "its aliases repeat too much")]
    fn what_is_refused_is_told_in_an_authors_words(#[case] yaml: &str, #[case] expected: &str) {
        let message = parse(yaml).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
