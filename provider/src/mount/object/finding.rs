//! What is wrong with `objects`, or odd. The author of the class must change it.

use std::fmt;

use super::super::excerpt::Excerpt;
use super::super::extract::ExpressionError;
use super::super::path::{self, FilePath};
use super::super::yaml::{self, Place};
use super::{LONGEST_FIELD, LONGEST_TEXT, Label, MOST_FILES, MOST_OBJECTS};
use crate::alicloud::{Endpoint, Region, endpoint};

/// More of them would not be read in the event of a pod.
const MOST_SHOWN: usize = 3;

/// A mistake or a warning, and its place.
#[derive(Debug)]
pub struct Finding {
    /// Which object; none if it concerns the list.
    pub label: Option<Label>,
    /// Where it stands within `objects`.
    pub place: Place,
    /// What it is.
    pub problem: Problem,
}

impl Finding {
    pub(super) fn of_all(place: Place, problem: Problem) -> Self {
        Self { label: None, place, problem }
    }

    /// Whether a mount goes on in spite of it.
    pub fn is_warning(&self) -> bool {
        matches!(self.problem, Problem::UnknownField { .. } | Problem::NoEffect { .. })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.label {
            Some(label) => write!(f, "{label} (line {}): {}", self.place.line, self.problem),
            None => self.problem.fmt(f),
        }
    }
}

/// All that is wrong with `objects`, at least one mistake, and the warnings that may explain it.
#[derive(Debug)]
pub struct Error(Vec<Finding>);

impl Error {
    /// The warnings back, if there is nothing worse among them.
    pub(super) fn of(findings: Vec<Finding>) -> Result<Vec<Finding>, Self> {
        if findings.iter().all(Finding::is_warning) { Ok(findings) } else { Err(Self(findings)) }
    }

    /// Everything that was found, by place.
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (warnings, mistakes): (Vec<_>, Vec<_>) = self.0.iter().partition(|finding| finding.is_warning());
        for (index, finding) in mistakes.iter().chain(&warnings).take(MOST_SHOWN).enumerate() {
            write!(f, "{}{finding}", if index == 0 { "" } else { "; " })?;
        }
        match self.0.len().saturating_sub(MOST_SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for Error {}

/// What is wrong, or odd.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// `objects` is absent, empty, or an empty list.
    #[error(
        "objects is missing or empty; it must be a YAML list with at least one entry such as '- objectName: my-secret'"
    )]
    NoObjects,
    /// `objects` is not readable at all.
    #[error("objects is no valid YAML: {0}")]
    Yaml(yaml::Error),
    /// `objects` is something other than a list.
    #[error("objects: found {found}, expected a YAML list of entries such as '- objectName: my-secret'")]
    NotAList {
        /// What it is.
        found: &'static str,
    },
    /// `objects` is longer than a class can be.
    #[error("objects has {size} bytes, the most is {LONGEST_TEXT}; spread the entries over several classes")]
    TextTooLong {
        /// How long it is.
        size: usize,
    },
    /// More objects than a mount can serve.
    #[error("objects has {count} entries, the most is {MOST_OBJECTS}; spread them over several classes")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// More files than a mount can serve.
    #[error("objects would become {count} files, the most is {MOST_FILES}; spread them over several classes")]
    TooManyFiles {
        /// How many there would be.
        count: usize,
    },
    /// An entry is null, text or a list.
    #[error("found {found}, expected a mapping with {required}")]
    NotAMapping {
        /// What it is.
        found: &'static str,
        /// The field that it must have.
        required: &'static str,
    },
    /// A required field is absent or empty.
    #[error("{field} is missing or empty; expected {expected}")]
    Missing {
        /// Which.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A field of the wrong kind.
    #[error("{field}: found {found}, expected {expected}")]
    Kind {
        /// Which.
        field: &'static str,
        /// What it is.
        found: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A field with a text that means nothing there.
    #[error("{field}: found {}, expected {expected}", Excerpt(found))]
    Value {
        /// Which.
        field: &'static str,
        /// What was written.
        found: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A field beyond what any value needs.
    #[error("{field} has {size} bytes, the most is {LONGEST_FIELD}")]
    FieldTooLong {
        /// Which.
        field: &'static str,
        /// How long it is.
        size: usize,
    },
    /// A field for another store. Leaving it out would mount something else than was asked for.
    #[error("{field} is for objectType kms; an OOS parameter is pinned by its number in objectVersion")]
    OnlyKms {
        /// Which.
        field: &'static str,
    },
    /// The secret is elsewhere.
    #[error(
        "objectName is in region {named}, but the class reads in region {read}; secrets are read in one region: replicate the secret, or change the parameter region"
    )]
    OtherRegion {
        /// The region in the name.
        named: Region,
        /// The region of the class.
        read: Region,
    },
    /// The endpoint is none.
    #[error("kmsEndpoint: {0}")]
    EndpointForm(endpoint::ParseError),
    /// The endpoint could be anybody's.
    #[error(
        "kmsEndpoint: {} is no KMS host of the cloud (kms.<region>.aliyuncs.com, kms-vpc.<region>.aliyuncs.com, <instance>.cryptoservice.kms.aliyuncs.com); an operator can allow it with --allowed-endpoint",
        Excerpt(&found.to_string())
    )]
    EndpointNotAllowed {
        /// What was named.
        found: Endpoint,
    },
    /// The expression is none.
    #[error("path is no JMESPath expression that can be used: {0}")]
    Expression(ExpressionError),
    /// The name or alias makes no file.
    #[error("{} makes no file name: {reason}; give it an objectAlias that does", Excerpt(name))]
    Path {
        /// The alias, or the name where there is none.
        name: String,
        /// Which rule it breaks.
        reason: path::Error,
    },
    /// Two files cannot both exist.
    #[error(
        "its file {} and the file {} of {first} stand in each other's way; give one of them another objectAlias",
        Excerpt(path.as_str()),
        Excerpt(first_path.as_str())
    )]
    Conflict {
        /// The file of the later entry.
        path: FilePath,
        /// The earlier entry.
        first: Label,
        /// Its file.
        first_path: FilePath,
    },
    /// A warning: nobody reads this field.
    #[error(
        "{} is no field and has no effect; {}",
        Excerpt(field),
        guess.map_or_else(|| format!("the fields are {}", known.join(", ")), |guess| format!("{guess} may be meant"))
    )]
    UnknownField {
        /// What was written.
        field: String,
        /// What was probably meant.
        guess: Option<&'static str>,
        /// What could have been.
        known: &'static [&'static str],
    },
    /// A warning: the field means nothing here.
    #[error("{field} has no effect on an OOS parameter")]
    NoEffect {
        /// Which.
        field: &'static str,
    },
}
