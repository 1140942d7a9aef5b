//! From one entry of `objects` to a [`SecretObject`], field by field.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use super::super::extract::Expression;
use super::super::file::{Encoding, FileMode, FileSpec};
use super::super::guess::guess;
use super::super::path::FilePath;
use super::super::yaml::{Node, Place, Value};
use super::{Finding, LONGEST_FIELD, Label, Problem, Rules, SecretObject};
use crate::alicloud::{Endpoint, RoleArn, SecretArn};
use crate::store::{Selection, kms, oos};

/// The fields that an entry may have.
pub(super) const FIELDS: &[&str] = &[
    "objectName",
    "objectType",
    "objectAlias",
    "objectVersion",
    "objectVersionLabel",
    "jmesPath",
    "kmsEndpoint",
    "crossAccountRoleArn",
    "filePermission",
    "objectEncoding",
    "optional",
];

/// The fields that an entry of `jmesPath` may have.
pub(super) const EXTRACT_FIELDS: &[&str] = &["path", "objectAlias", "filePermission", "objectEncoding"];

/// A class with more of them is beyond help.
const MOST_WARNINGS: usize = 100;

const SECRET_NAME: &str = "the name of a secret, or its ARN acs:kms:<region>:<account>:secret/<name>";

/// Reads an entry as far as it can be understood, and notes what is wrong with it.
pub(super) fn read_object(
    index: usize,
    node: Node,
    rules: &Rules<'_>,
    findings: &mut Vec<Finding>,
) -> Option<SecretObject> {
    let place = node.place;
    let label = Label::object(index, scalar(&node, "objectName"));
    let mut fields = Fields::open(label, node, "objectName", FIELDS, findings)?;
    let name = fields.required("objectName", SECRET_NAME);
    let selection = name.as_ref().and_then(|(name, at)| read_selection(&mut fields, name, *at, rules));
    let alias = mutate!(AliasIgnored, fields.text("objectAlias"), None);
    let aliased = alias.is_some();
    let naming = mutate!(AliasNotTranslated, *rules, rules.keeping_slashes(aliased));
    let alias = alias.or_else(|| name.clone());
    let (mode, encoding) = fields.mode_and_encoding();
    let path = alias.and_then(|(name, at)| fields.path(&name, at, &naming));
    let whole = path.map(|(path, place)| FileSpec {
        label: fields.label.clone(),
        place,
        path,
        aliased,
        expression: None,
        encoding,
        mode,
    });
    let kms_endpoint = read_endpoint(&mut fields, selection.as_ref(), rules);
    let cross_account_role =
        fields.parsed::<RoleArn>("crossAccountRoleArn", "the ARN of a role, acs:ram::<account>:role/<name>");
    let optional = fields.parsed::<Flag>("optional", "true or false").is_some_and(|Flag(value)| value);
    let extracts = fields.list("jmesPath", "a list of mappings with path");
    let label = fields.label;
    let extracts = extracts.into_iter().enumerate().filter_map(|(index, node)| {
        read_extract(label.extract(index, scalar(&node, "path")), node, mode, rules, findings)
    });
    let files = whole.into_iter().chain(extracts).collect();
    let selection = selection?;
    Some(SecretObject { label, place, selection, files, kms_endpoint, cross_account_role, optional })
}

fn read_selection(fields: &mut Fields<'_>, name: &str, at: Place, rules: &Rules<'_>) -> Option<Selection> {
    let kind = fields.text("objectType");
    let store = kind.as_ref().map_or("kms", |(kind, _)| kind.as_str());
    match mutate!(OddTypeTakenForKms, store, if store == "oos" { store } else { "kms" }) {
        "kms" => {
            let arn = name.starts_with("acs:").then(|| name.parse::<SecretArn>());
            mutate!(BrokenArnTaken: arn = arn.filter(Result::is_ok));
            match arn {
                Some(Err(_)) => fields.refuse(at, "objectName", name, SECRET_NAME),
                Some(Ok(arn)) => {
                    let read = rules.region.filter(|read| *read != arn.region());
                    if let Some(read) = mutate!(OtherRegionServed, read, None) {
                        let (named, read) = (arn.region().clone(), read.clone());
                        fields.note(at, Problem::OtherRegion { named, read });
                    }
                }
                None => {}
            }
            let version_id =
                fields.parsed::<kms::VersionId>("objectVersion", "a version id of at most 64 characters");
            let version_stage = fields.text("objectVersionLabel").map(|(stage, _)| stage);
            Some(kms::Selection { secret_name: name.to_owned(), version_id, version_stage }.into())
        }
        "oos" => {
            if name.starts_with("acs:") {
                fields.refuse(at, "objectName", name, "the name of an OOS parameter, which has no ARN here");
            }
            if let Some((_, at)) = fields.text("objectVersionLabel") {
                fields.note(at, Problem::OnlyKms { field: "objectVersionLabel" });
            }
            let version =
                fields.parsed::<oos::ParameterVersion>("objectVersion", "a whole number from 1 to 100");
            Some(oos::Selection { name: name.to_owned(), version }.into())
        }
        _ => {
            let (found, at) = kind?;
            fields.refuse(at, "objectType", &found, "kms or oos");
            None
        }
    }
}

/// Only a host that the cloud or the operator vouches for: requests carry credentials.
fn read_endpoint(
    fields: &mut Fields<'_>,
    selection: Option<&Selection>,
    rules: &Rules<'_>,
) -> Option<Endpoint> {
    let (text, at) = fields.text("kmsEndpoint")?;
    if matches!(selection, Some(Selection::Oos(_))) {
        fields.warn(at, || Problem::NoEffect { field: "kmsEndpoint" });
        return None;
    }
    match text.parse::<Endpoint>() {
        Ok(named) => {
            // The operator's own spelling counts, so that a class cannot turn HTTPS off.
            let allowed = rules.allowed_endpoints.iter().find(|allowed| allowed.host() == named.host());
            let endpoint = allowed
                .or_else(|| Some(&named).filter(|named| mutate!(AnyHost, named.is_the_clouds_kms(), true)))
                .cloned();
            if endpoint.is_none() {
                fields.note(at, Problem::EndpointNotAllowed { found: named });
            }
            endpoint
        }
        Err(error) => {
            fields.note(at, Problem::EndpointForm(error));
            None
        }
    }
}

/// Without a permission of its own, what is extracted is as well kept as the whole.
fn read_extract(
    label: Label,
    node: Node,
    mode_of_whole: Option<FileMode>,
    rules: &Rules<'_>,
    findings: &mut Vec<Finding>,
) -> Option<FileSpec> {
    let mut fields = Fields::open(label, node, "path", EXTRACT_FIELDS, findings)?;
    let (text, at) = fields.required("path", "a JMESPath expression such as username")?;
    let expression = Expression::parse(&text);
    let (mode, encoding) = fields.mode_and_encoding();
    let alias = mutate!(ExtractAliasIgnored, fields.text("objectAlias"), None);
    let aliased = alias.is_some();
    let (name, named_at) = alias.unwrap_or_else(|| (text.clone(), at));
    let path = fields.path(&name, named_at, rules);
    match expression {
        Ok(expression) => {
            let (path, place) = path?;
            let mode = mode.or(mode_of_whole);
            let expression = Some(expression);
            Some(FileSpec { label: fields.label, place, path, aliased, expression, encoding, mode })
        }
        Err(reason) => {
            fields.note(at, Problem::Expression(reason));
            None
        }
    }
}

/// The text under a key, for the label; whether it is wanted there is somebody else's question.
fn scalar(node: &Node, key: &str) -> Option<Arc<str>> {
    let Value::Mapping(entries) = &node.value else { return None };
    entries.iter().find_map(|entry| match &entry.node.value {
        Value::Scalar(text) if entry.key == key => Some(text.as_str().into()),
        _ => None,
    })
}

/// The fields of one mapping. What is wrong with one is noted and the field taken for absent, so that the others are looked
/// at too.
struct Fields<'a> {
    label: Label,
    nodes: BTreeMap<&'static str, Node>,
    place: Place,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Fields<'a> {
    /// Fails on what is no mapping.
    fn open(
        label: Label,
        node: Node,
        required: &'static str,
        known: &'static [&'static str],
        findings: &'a mut Vec<Finding>,
    ) -> Option<Self> {
        let place = node.place;
        let mut fields = Self { label, nodes: BTreeMap::new(), place, findings };
        let entries = match node.value {
            Value::Mapping(entries) => entries,
            other => {
                fields.note(place, Problem::NotAMapping { found: other.kind(), required });
                return None;
            }
        };
        for entry in entries {
            if let Some(name) = known.iter().find(|name| **name == entry.key) {
                fields.nodes.insert(name, entry.node);
            } else {
                fields.warn(entry.place, || {
                    let guess = guess(&entry.key, known);
                    Problem::UnknownField { field: entry.key, guess, known }
                });
            }
        }
        Some(fields)
    }

    fn note(&mut self, place: Place, problem: Problem) {
        self.findings.push(Finding { label: Some(self.label.clone()), place, problem });
    }

    /// Mistakes are never dropped; of warnings, the first are enough.
    fn warn(&mut self, place: Place, problem: impl FnOnce() -> Problem) {
        if self.findings.len() < MOST_WARNINGS {
            self.note(place, problem());
        }
    }

    fn refuse(&mut self, at: Place, field: &'static str, found: &str, expected: &'static str) {
        self.note(at, Problem::Value { field, found: found.to_owned(), expected });
    }

    /// Null and the empty text are as good as no field.
    fn text(&mut self, field: &'static str) -> Option<(String, Place)> {
        let node = self.nodes.remove(field)?;
        match node.value {
            Value::Null => None,
            Value::Scalar(text) if text.is_empty() => None,
            Value::Scalar(text) if text.len() > LONGEST_FIELD => {
                self.note(node.place, Problem::FieldTooLong { field, size: text.len() });
                None
            }
            Value::Scalar(text) => Some((text, node.place)),
            other => {
                let (found, expected) = (other.kind(), "text");
                self.note(node.place, Problem::Kind { field, found, expected });
                None
            }
        }
    }

    fn required(&mut self, field: &'static str, expected: &'static str) -> Option<(String, Place)> {
        let mistakes = self.findings.len();
        let text = self.text(field);
        mutate!(NamelessLeftOut => return text);
        if text.is_none() && self.findings.len() == mistakes {
            self.note(self.place, Problem::Missing { field, expected });
        }
        text
    }

    fn parsed<T: FromStr>(&mut self, field: &'static str, expected: &'static str) -> Option<T> {
        let (text, place) = self.text(field)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.refuse(place, field, &text, expected);
        }
        value
    }

    fn list(&mut self, field: &'static str, expected: &'static str) -> Vec<Node> {
        let Some(node) = self.nodes.remove(field) else { return Vec::new() };
        match node.value {
            Value::Null => Vec::new(),
            Value::List(items) => items,
            other => {
                self.note(node.place, Problem::Kind { field, found: other.kind(), expected });
                Vec::new()
            }
        }
    }

    fn mode_and_encoding(&mut self) -> (Option<FileMode>, Encoding) {
        let mode = self.parsed("filePermission", "an octal mode from 0000 to 0777 such as \"0400\"");
        let encoding = self.parsed("objectEncoding", "utf-8, base64 or hex");
        (mode, encoding.unwrap_or_default())
    }

    fn path(&mut self, name: &str, at: Place, rules: &Rules<'_>) -> Option<(FilePath, Place)> {
        match rules.translation.apply(name) {
            Ok(path) => Some((path, at)),
            Err(reason) => {
                self.note(at, Problem::Path { name: name.to_owned(), reason });
                None
            }
        }
    }
}

/// `true` or `false`, as YAML's other words for them are read differently by different tools.
struct Flag(bool);

impl FromStr for Flag {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            _ if text.eq_ignore_ascii_case("true") => Ok(Self(true)),
            _ if text.eq_ignore_ascii_case("false") => Ok(Self(false)),
            _ => Err(()),
        }
    }
}
