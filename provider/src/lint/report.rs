//! What a check found, for people and for programs.

use std::fmt;

use serde::Serialize;

/// All that a check found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// By file and place.
    pub findings: Vec<Finding>,
    /// In the order of the input.
    pub classes: Vec<Class>,
}

/// A mistake or a warning.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// As it was named on the command line.
    pub file: String,
    /// Counted from 1; 0 if the whole file is meant.
    pub line: u64,
    /// Counted from 1, in characters; 0 if it is not known.
    pub column: u64,
    /// How bad it is.
    pub severity: Severity,
    /// What it is, and what to do.
    pub message: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A mount would fail, or do something else than was meant.
    Error,
    /// It would work, and there is something to know about it.
    Warning,
}

/// A class and the files that it would mount.
#[derive(Debug, Serialize)]
pub struct Class {
    /// Its namespace, if the manifest names one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether nothing in it has to be changed.
    pub valid: bool,
    /// In the order of the class.
    pub files: Vec<MountedFile>,
}

/// A file that would appear.
#[derive(Debug, Serialize)]
pub struct MountedFile {
    /// Relative to the mount.
    pub path: String,
    /// Its own permission, if it has one.
    pub mode: Option<String>,
    /// The entry of the class that it comes from.
    pub source: String,
    /// Whether the pod starts without it when the secret does not exist.
    pub optional: bool,
}

impl Report {
    /// Whether anything has to be changed.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// One line per finding, then the files of each class.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        for class in &self.classes {
            let namespace =
                class.namespace.as_ref().map_or_else(String::new, |namespace| format!("{namespace}/"));
            let name = format!("{namespace}{}", class.name);
            let count = class.files.len();
            let noun = if count == 1 { "file" } else { "files" };
            let verb =
                if class.valid { "mounts" } else { "has mistakes; as far as it is understood, it mounts" };
            writeln!(f, "SecretProviderClass {} {verb} {count} {noun}", name.escape_debug())?;
            let width =
                class.files.iter().map(|file| file.path.escape_debug().count()).max().unwrap_or(0).min(60);
            for file in &class.files {
                let path = file.path.escape_debug().to_string();
                let mode = file.mode.as_ref().map_or_else(String::new, |mode| format!(", mode {mode}"));
                let optional = if file.optional { ", optional" } else { "" };
                writeln!(f, "  {path:width$}  from {}{mode}{optional}", file.source)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        match (self.line, self.column) {
            (0, _) => write!(f, "{}: {severity}: {}", self.file, self.message),
            (line, column) => write!(f, "{}:{line}:{column}: {severity}: {}", self.file, self.message),
        }
    }
}
