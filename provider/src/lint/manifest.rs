//! Kubernetes manifests in files: documents, lists of manifests, and the places of what stands in them.

use std::sync::Arc;

use super::input::Input;
use super::position;
use super::report::{Finding, Severity};
use crate::mount::excerpt::Excerpt;
use crate::mount::guess::guess;
use crate::mount::yaml::{self, Entry, Node, Place, Value};

/// A `CronJob` with affinity rules, in a list.
const DEEPEST: usize = 32;

/// One manifest.
#[derive(Debug)]
pub(super) struct Manifest {
    document: Arc<Document>,
    pub(super) root: Node,
}

/// The part of a file between two `---`.
#[derive(Debug)]
struct Document {
    file: String,
    lines_before: u64,
    text: String,
}

/// Reads all manifests of a file, and notes what cannot be read.
pub(super) fn read(input: &Input, manifests: &mut Vec<Manifest>, findings: &mut Vec<Finding>) {
    for (lines_before, text) in documents(&input.text) {
        let document = Arc::new(Document { file: input.name.clone(), lines_before, text: text.to_owned() });
        match yaml::parse_within(text, DEEPEST) {
            Ok(root) => add(document, root, manifests, findings),
            Err(error) => {
                let hint = if text.contains("{{") {
                    "; it looks like a template: check what it renders, such as helm template CHART | … lint"
                } else {
                    ""
                };
                let message = format!("no valid YAML: {}{hint}", error.reason);
                findings.push(document.finding(Severity::Error, error.place, message));
            }
        }
    }
}

fn add(document: Arc<Document>, root: Node, manifests: &mut Vec<Manifest>, findings: &mut Vec<Finding>) {
    let is_list = root.get("kind").and_then(Node::text) == Some("List");
    let place = root.place;
    match root.value {
        Value::Null => {}
        Value::Mapping(entries) if is_list => {
            for entry in entries {
                if let ("items", Value::List(items)) = (entry.key.as_str(), entry.node.value) {
                    for item in items {
                        add(Arc::clone(&document), item, manifests, findings);
                    }
                }
            }
        }
        value @ Value::Mapping(_) => manifests.push(Manifest { document, root: Node { value, place } }),
        other => {
            let message = format!("found {}, expected a Kubernetes manifest", other.kind());
            findings.push(document.finding(Severity::Error, place, message));
        }
    }
}

/// The documents of a file with the number of lines before each. No scalar can hold a line that begins with `---`.
fn documents(text: &str) -> Vec<(u64, &str)> {
    let is_marker = |line: &str| {
        let rest = line.strip_prefix("---");
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    let mut starts = vec![(0, 0)];
    let lines = (0..).zip(position::line_starts(text));
    starts.extend(lines.filter(|(_, at)| *at > 0 && is_marker(&text[*at..])));
    let ends = starts.iter().skip(1).map(|(_, at)| *at).chain([text.len()]);
    starts.iter().zip(ends).map(|((line, at), end)| (*line, &text[*at..end])).collect()
}

impl Document {
    fn finding(&self, severity: Severity, place: Place, message: String) -> Finding {
        mutate!(LintWithoutLines: place = Place::default());
        let line = if place.line == 0 { 0 } else { place.line + self.lines_before };
        Finding { file: self.file.clone(), line, column: place.column, severity, message }
    }
}

impl Manifest {
    pub(super) fn kind(&self) -> &str {
        self.root.get("kind").and_then(Node::text).unwrap_or_default()
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.root.get("metadata")?.get("name")?.text()
    }

    pub(super) fn namespace(&self) -> Option<&str> {
        self.root.get("metadata")?.get("namespace")?.text()
    }

    /// Whether the two can meet: a manifest that names no namespace goes wherever it is applied.
    pub(super) fn shares_namespace(&self, other: &Self) -> bool {
        match (self.namespace(), other.namespace()) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }

    pub(super) fn error(&self, node: &Node, message: impl Into<String>) -> Finding {
        self.document.finding(Severity::Error, node.place, message.into())
    }

    pub(super) fn warning(&self, node: &Node, message: impl Into<String>) -> Finding {
        self.document.finding(Severity::Warning, node.place, message.into())
    }

    /// A mistake at a place within the value of `scalar`.
    pub(super) fn error_within(&self, scalar: &Node, inner: Place, message: String) -> Finding {
        let place = match scalar.text() {
            // An alias is written elsewhere.
            Some(text) if inner.line > 0 && !self.source_at(scalar).starts_with('*') => {
                position::outer(&self.document.text, scalar.place, text, inner)
            }
            _ => scalar.place,
        };
        self.document.finding(Severity::Error, place, message)
    }

    /// What Kubernetes takes a scalar for, if not for text: it has the types of YAML 1.1.
    pub(super) fn other_type(&self, scalar: &Node) -> Option<&'static str> {
        let Value::Scalar(text) = &scalar.value else { return None };
        if position::style(&self.document.text, scalar.place) != position::Style::Plain
            || self.source_at(scalar).starts_with(['*', '&', '!'])
        {
            return None;
        }
        let is_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
            && (text.parse::<f64>().is_ok() || text.starts_with("0x") || text.starts_with("0o"));
        match text.to_ascii_lowercase().as_str() {
            "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" => Some("a boolean"),
            _ if is_number => Some("a number"),
            _ => None,
        }
    }

    fn source_at(&self, node: &Node) -> &str {
        position::at(&self.document.text, node.place)
    }

    /// Notes what is no field. Kubernetes drops it without a word.
    pub(super) fn note_unknown(
        &self,
        entries: &[Entry],
        known: &[&str],
        owner: &str,
        findings: &mut Vec<Finding>,
    ) {
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let guess = guess(&entry.key, known).map_or_else(
                || format!("its fields are {}", known.join(", ")),
                |guess| format!("{guess} may be meant"),
            );
            let message = format!("{} is no field of {owner}; {guess}", Excerpt(&entry.key));
            findings.push(self.document.finding(Severity::Error, entry.place, message));
        }
    }

    pub(super) fn error_at(&self, place: Place, message: impl Into<String>) -> Finding {
        self.document.finding(Severity::Error, place, message.into())
    }
}
