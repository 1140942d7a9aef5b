//! The entries of a class's `objects`: which secret becomes which file.

use std::fmt;

use super::excerpt::Excerpt;
use super::path::{self, FilePath, Translation};
use super::yaml::{self, Node, Value};

/// A class beyond this is a mistake, and a mount of it would never end in time.
const MOST_OBJECTS: usize = 1_000;

/// The fields that an entry may have.
const FIELDS: [&str; 3] = ["objectName", "objectAlias", "objectType"];

/// One entry: a secret and the file it becomes.
#[derive(Debug)]
pub struct SecretObject {
    /// How messages call it.
    pub label: Label,
    /// The secret's name in the store.
    pub secret_name: String,
    /// Its alias, or its name, translated.
    pub file_path: FilePath,
}

/// `objects[1] "db/password"`: the place in the list, from 0 as in Kubernetes' field paths, and the name if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    index: usize,
    name: Option<String>,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "objects[{}]", self.index)?;
        self.name.as_ref().map_or(Ok(()), |name| write!(f, " {}", Excerpt(name)))
    }
}

/// Reads `objects`, a YAML list as text. No two of the result stand in each other's way.
pub fn parse_objects(text: &str, translation: Translation) -> Result<Vec<SecretObject>, Error> {
    let tree = yaml::parse(text)?;
    let items = match tree.value {
        Value::Null => return Err(Error::Missing),
        Value::List(items) if items.is_empty() => return Err(Error::Missing),
        Value::List(items) if items.len() > MOST_OBJECTS => {
            return Err(Error::TooMany { count: items.len() });
        }
        Value::List(items) => items,
        other => return Err(Error::NotAList { found: other.kind() }),
    };
    let objects: Vec<_> = items
        .into_iter()
        .enumerate()
        .map(|(index, node)| parse_object(index, node, translation))
        .collect::<Result<_, _>>()?;
    refuse_conflicts(&objects)?;
    Ok(objects)
}

fn parse_object(index: usize, node: Node, translation: Translation) -> Result<SecretObject, Error> {
    let line = node.line;
    let fields = match node.value {
        Value::Mapping(fields) => fields,
        other => {
            let problem = Problem::NotAMapping { found: other.kind() };
            return Err(Error::Object { label: Label { index, name: None }, line, problem });
        }
    };
    let name = fields.iter().find_map(|(field, node)| match &node.value {
        Value::Scalar(text) if field == "objectName" => Some(text.clone()),
        _ => None,
    });
    let label = Label { index, name };
    let refuse = |line, problem| Error::Object { label: label.clone(), line, problem };

    let (mut secret_name, mut alias) = (None, None);
    for (field, node) in fields {
        let line = node.line;
        let Some(&field) = FIELDS.iter().find(|known| **known == field) else {
            return Err(refuse(line, Problem::Unsupported { field }));
        };
        let text = match node.value {
            Value::Null => continue,
            Value::Scalar(text) => text,
            other => return Err(refuse(line, Problem::Type { field, found: other.kind() })),
        };
        match field {
            "objectName" => secret_name = Some(text),
            "objectAlias" => alias = Some(text),
            _ if text == "kms" || text.is_empty() => {}
            _ => return Err(refuse(line, Problem::Store { found: text })),
        }
    }
    let secret_name = secret_name
        .filter(|name| !name.is_empty())
        .ok_or_else(|| refuse(line, Problem::Missing { field: "objectName" }))?;
    let file_name = alias.filter(|alias| !alias.is_empty()).unwrap_or_else(|| secret_name.clone());
    let file_path = translation
        .apply(&file_name)
        .map_err(|reason| refuse(line, Problem::Path { name: file_name.clone(), reason }))?;
    Ok(SecretObject { label, secret_name, file_path })
}

/// Sorted by elements, a path is followed at once by whatever stands in its way.
fn refuse_conflicts(objects: &[SecretObject]) -> Result<(), Error> {
    let mut sorted: Vec<_> = objects.iter().collect();
    sorted.sort_by(|one, other| one.file_path.elements().cmp(other.file_path.elements()));
    for pair in sorted.windows(2) {
        let [one, other] = pair else { continue };
        if one.file_path.conflicts_with(&other.file_path) {
            let (first, second) =
                if one.label.index < other.label.index { (one, other) } else { (other, one) };
            return Err(Error::Conflict {
                first: first.label.clone(),
                first_path: first.file_path.clone(),
                second: second.label.clone(),
                second_path: second.file_path.clone(),
            });
        }
    }
    Ok(())
}

/// What is wrong with `objects`. The author of the class must change it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Absent, empty, or an empty list.
    #[error(
        "objects is missing or empty; it must be a YAML list with at least one entry such as '- objectName: my-secret'"
    )]
    Missing,
    /// Not readable at all.
    #[error("objects is no valid YAML: {0}")]
    Yaml(#[from] yaml::Error),
    /// Something other than a list.
    #[error("objects: found {found}, expected a YAML list of entries such as '- objectName: my-secret'")]
    NotAList {
        /// What it is.
        found: &'static str,
    },
    /// More than a mount can serve.
    #[error("objects has {count} entries, the most is {MOST_OBJECTS}; spread them over several classes")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// One entry is wrong.
    #[error("{label} (line {line}): {problem}")]
    Object {
        /// Which.
        label: Label,
        /// Line within `objects`.
        line: u64,
        /// What is wrong with it.
        problem: Problem,
    },
    /// Two files cannot both exist.
    #[error(
        "{first} and {second} stand in each other's way: files {first_path} and {second_path}; give one of them another objectAlias"
    )]
    Conflict {
        /// The earlier entry.
        first: Label,
        /// Its file.
        first_path: FilePath,
        /// The later entry.
        second: Label,
        /// Its file.
        second_path: FilePath,
    },
}

/// What is wrong with one entry.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Null, text or a list.
    #[error("found {found}, expected a mapping with objectName")]
    NotAMapping {
        /// What it is.
        found: &'static str,
    },
    /// A required field is absent or empty.
    #[error("{field} is missing or empty; expected the name of a secret")]
    Missing {
        /// Which.
        field: &'static str,
    },
    /// A field of the wrong kind.
    #[error("{field}: found {found}, expected text")]
    Type {
        /// Which.
        field: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A field that would change what is mounted, if it were understood.
    #[error("{} is not supported; known fields are {}", Excerpt(field), FIELDS.join(", "))]
    Unsupported {
        /// Which.
        field: String,
    },
    /// A store that this version cannot read.
    #[error("objectType: found {}, expected kms", Excerpt(found))]
    Store {
        /// What was named.
        found: String,
    },
    /// The name or alias makes no file.
    #[error("{} makes no file name: {reason}", Excerpt(name))]
    Path {
        /// The alias, or the name where there is none.
        name: String,
        /// Which rule it breaks.
        reason: path::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn parse(text: &str) -> Result<Vec<SecretObject>, Error> {
        parse_objects(text, Translation::default())
    }

    #[test]
    fn a_name_alone_names_secret_and_file() {
        let objects = parse("- objectName: My/Path/Secret\n").unwrap();
        assert_eq!(objects[0].secret_name, "My/Path/Secret");
        assert_eq!(objects[0].file_path.as_str(), "My_Path_Secret");
    }

    #[test]
    fn an_alias_names_the_file_and_is_translated_too() {
        let objects = parse("- objectName: db\n  objectAlias: conf/db\n").unwrap();
        assert_eq!((objects[0].secret_name.as_str(), objects[0].file_path.as_str()), ("db", "conf_db"));
    }

    #[test]
    fn names_that_look_like_numbers_stay_as_written() {
        let objects = parse("- objectName: 007\n- objectName: on\n  objectAlias: ~\n").unwrap();
        let names: Vec<_> = objects.iter().map(|object| object.secret_name.as_str()).collect();
        assert_eq!(names, ["007", "on"]);
    }

    #[rstest]
    #[case::empty("", "objects is missing or empty")]
    #[case::empty_list("[]", "objects is missing or empty")]
    #[case::no_yaml("- objectName: 'x", "objects is no valid YAML")]
    #[case::text("just text", "objects: found a single value, expected a YAML list")]
    #[case::mapping("objectName: x", "objects: found a mapping, expected a YAML list")]
    #[case::null_item("- objectName: a\n-\n", "objects[1] (line 2): found nothing, expected a mapping")]
    #[case::text_item("- a", "objects[0] (line 1): found a single value, expected a mapping")]
    #[case::no_name("- objectAlias: a", "objects[0] (line 1): objectName is missing or empty")]
    #[case::null_name("- objectName:", "objects[0] (line 1): objectName is missing or empty")]
    #[case::list_alias(
        "- objectName: a\n- objectName: db\n  objectAlias: [x]",
        "objects[1] \"db\" (line 3): objectAlias: found a list, expected text"
    )]
    #[case::unknown(
        "- objectName: db\n  objectVersions: v1",
        "objects[0] \"db\" (line 2): \"objectVersions\" is not supported; known fields are objectName, objectAlias"
    )]
    #[case::store("- objectName: db\n  objectType: vault", "objectType: found \"vault\", expected kms")]
    #[case::traversal(
        "- objectName: ..",
        "objects[0] \"..\" (line 1): \"..\" makes no file name: it leads out"
    )]
    #[case::twice(
        "- objectName: a/b\n- objectName: a_b",
        "objects[0] \"a/b\" and objects[1] \"a_b\" stand in each other's way: files a_b and a_b"
    )]
    fn mistakes_are_named_by_place_field_and_expectation(#[case] text: &str, #[case] expected: &str) {
        let message = parse(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn a_file_and_a_directory_of_one_name_are_refused() {
        let text = "- objectName: a/b\n- objectName: a-b\n- objectName: a\n";
        let message = parse_objects(text, Translation::Keep).unwrap_err().to_string();
        assert!(message.contains("objects[0] \"a/b\" and objects[2] \"a\""), "{message}");
    }

    #[test]
    fn a_thousand_and_one_objects_are_too_many() {
        let message = parse(&"- objectName: a\n".repeat(1_001)).unwrap_err().to_string();
        assert!(message.contains("1001 entries, the most is 1000"), "{message}");
    }
}
