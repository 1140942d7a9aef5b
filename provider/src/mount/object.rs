//! The entries of a class's `objects`: which secret becomes which files.

mod finding;
mod reader;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub use finding::{Error, Finding, Problem};
use reader::read_object;

use super::excerpt::Excerpt;
use super::file::FileSpec;
use super::path::Translation;
use super::yaml::{self, Place, Value};
use crate::alicloud::{Endpoint, Region, RoleArn};
use crate::store::Selection;

/// A class beyond this is a mistake, and a mount of it would never end in time.
const MOST_OBJECTS: usize = 1_000;
/// The same, for the files of all objects together.
const MOST_FILES: usize = 5_000;
/// The API server keeps little more than that of a whole class.
const LONGEST_TEXT: usize = 1 << 20;
/// No field needs more; what is longer is refused before anybody looks at it.
const LONGEST_FIELD: usize = 4096;

/// One entry: a secret and the files that it becomes.
#[derive(Debug)]
pub struct SecretObject {
    /// How messages call it.
    pub label: Label,
    /// Where the entry stands within `objects`.
    pub place: Place,
    /// Which version of which secret.
    pub selection: Selection,
    /// The whole secret first, then what is extracted from it.
    pub files: Vec<FileSpec>,
    /// The object's own KMS endpoint, one of those that are allowed.
    pub kms_endpoint: Option<Endpoint>,
    /// The role, of another account as a rule, that reads it.
    pub cross_account_role: Option<RoleArn>,
    /// Whether the pod starts without its files when the secret does not exist.
    pub optional: bool,
}

/// `objects[1] "db/password"`: the place in the list, from 0 as in Kubernetes' field paths, and the name if there is one. What
/// is extracted has its own place and name: `objects[1] "db/password" jmesPath[0] "user"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(Arc<Names>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Names {
    object: Item,
    extract: Option<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    index: usize,
    name: Option<Arc<str>>,
}

impl Label {
    fn object(index: usize, name: Option<Arc<str>>) -> Self {
        Self(Arc::new(Names { object: Item { index, name }, extract: None }))
    }

    fn extract(&self, index: usize, name: Option<Arc<str>>) -> Self {
        Self(Arc::new(Names { object: self.0.object.clone(), extract: Some(Item { index, name }) }))
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut item = |list: &str, Item { index, name }: &Item| {
            write!(f, "{list}[{index}]")?;
            name.as_ref().map_or(Ok(()), |name| write!(f, " {}", Excerpt(name)))
        };
        item("objects", &self.0.object)?;
        self.0.extract.as_ref().map_or(Ok(()), |extract| item(" jmesPath", extract))
    }
}

/// What else decides about a class than its `objects`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules<'a> {
    /// The class's `pathTranslation`.
    pub translation: Translation,
    /// Where its secrets are read, as far as it is known.
    pub region: Option<&'a Region>,
    /// What `kmsEndpoint` may name beside the cloud's own hosts.
    pub allowed_endpoints: &'a [Endpoint],
}

/// Reads `objects`, a YAML list as text. No two files of the result stand in each other's way. Beside them come the warnings.
pub fn parse_objects(text: &str, rules: &Rules<'_>) -> Result<(Vec<SecretObject>, Vec<Finding>), Error> {
    let (objects, findings) = check_objects(text, rules);
    match Error::of(findings) {
        Ok(warnings) => Ok((objects, warnings)),
        Err(error) => Err(error),
    }
}

/// The same, with everything that is wrong at once. An object with a mistake is there as far as it is understood.
pub fn check_objects(text: &str, rules: &Rules<'_>) -> (Vec<SecretObject>, Vec<Finding>) {
    let mut findings = Vec::new();
    let items = read_list(text).unwrap_or_else(|(place, problem)| {
        findings.push(Finding::of_all(place, problem));
        Vec::new()
    });
    let read = |(index, node)| read_object(index, node, rules, &mut findings);
    let objects: Vec<_> = items.into_iter().enumerate().filter_map(read).collect();
    let count = objects.iter().map(|object| object.files.len()).sum();
    if count > MOST_FILES {
        findings.push(Finding::of_all(Place::default(), Problem::TooManyFiles { count }));
    }
    mutate!(DuplicatePath, note_conflicts(&objects, &mut findings), ());
    findings.sort_by_key(|finding| finding.place);
    (objects, findings)
}

fn read_list(text: &str) -> Result<Vec<yaml::Node>, (Place, Problem)> {
    if text.len() > LONGEST_TEXT {
        return Err((Place::default(), Problem::TextTooLong { size: text.len() }));
    }
    let tree = yaml::parse(text).map_err(|error| (error.place, Problem::Yaml(error)))?;
    let problem = match tree.value {
        Value::Null => Problem::NoObjects,
        Value::List(items) if items.is_empty() => Problem::NoObjects,
        Value::List(items) if items.len() > MOST_OBJECTS => Problem::TooMany { count: items.len() },
        Value::List(items) => return Ok(items),
        other => Problem::NotAList { found: other.kind() },
    };
    Err((tree.place, problem))
}

/// Sorted by elements, a path is followed at once by all that it stands in the way of.
fn note_conflicts(objects: &[SecretObject], findings: &mut Vec<Finding>) {
    let mut sorted: Vec<_> = objects.iter().flat_map(|object| &object.files).enumerate().collect();
    sorted.sort_by(|(_, one), (_, other)| one.path.elements().cmp(other.path.elements()));
    let mut sorted = sorted.into_iter();
    let Some(mut holder) = sorted.next() else { return };
    for next in sorted {
        if !holder.1.path.conflicts_with(&next.1.path) {
            holder = next;
            continue;
        }
        // The later entry of the class is the one that is told to make way.
        let (first, second) = if holder.0 < next.0 { (holder.1, next.1) } else { (next.1, holder.1) };
        findings.push(Finding {
            label: Some(second.label.clone()),
            place: second.place,
            problem: Problem::Conflict {
                path: second.path.clone(),
                first: first.label.clone(),
                first_path: first.path.clone(),
            },
        });
    }
}
