//! Choosing calls from the journal.

use std::{convert::Infallible, fmt, str::FromStr};

use super::JournalEntry;

/// Which calls are meant. The default means all; each field narrows it.
///
/// ```
/// use fake_alicloud::{CallFilter, Outcome};
///
/// let reads = CallFilter::action("GetSecretValue");
/// let refused_reads = CallFilter { outcome: Some(Outcome::Failure), ..reads };
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Calls to that product, by its short name, such as `kms`.
    pub product: Option<String>,
    /// Calls of that action.
    pub action: Option<String>,
    /// Calls that ended so.
    pub outcome: Option<Outcome>,
    /// Calls that presented that access key id.
    pub access_key_id: Option<String>,
    /// Calls that met that planned fault.
    pub fault: Option<String>,
    /// Calls with a higher number: those after one that is known.
    pub after: Option<u64>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer.
    Success,
    /// With any error, or without an answer.
    Failure,
    /// With the error of that code.
    Code(String),
}

/// A filter that cannot be read from a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// There is no such field: correct its name.
    #[error(
        "no calls can be chosen by `{name}`, only by product, action, outcome, accessKeyId, fault and after"
    )]
    Unknown {
        /// The name that was given.
        name: String,
    },
    /// The number is none: give the `sequence` of an entry.
    #[error("cannot read `after`: expected the sequence number of an entry")]
    After,
}

impl CallFilter {
    /// All calls of an action.
    pub fn action(name: impl Into<String>) -> Self {
        Self { action: Some(name.into()), ..Self::default() }
    }

    /// Whether the call is meant.
    pub fn matches(&self, call: &JournalEntry) -> bool {
        let is =
            |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        let ended = match &self.outcome {
            None => true,
            Some(Outcome::Success) => call.status < 400 && call.status != 0,
            Some(Outcome::Failure) => call.status >= 400 || call.status == 0,
            Some(Outcome::Code(code)) => call.code.as_ref() == Some(code),
        };
        ended
            && is(&self.product, &call.product)
            && is(&self.action, &call.action)
            && (self.access_key_id.is_none() || self.access_key_id == call.access_key_id)
            && (self.fault.is_none() || self.fault == call.fault)
            && Some(call.sequence) > self.after
    }

    /// Takes one field as a query has it.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), FilterError> {
        match name {
            "product" => self.product = Some(value.to_owned()),
            "action" => self.action = Some(value.to_owned()),
            "outcome" => self.outcome = value.parse().ok(),
            "accessKeyId" => self.access_key_id = Some(value.to_owned()),
            "fault" => self.fault = Some(value.to_owned()),
            "after" => self.after = Some(value.parse().map_err(|_| FilterError::After)?),
            _ => return Err(FilterError::Unknown { name: name.to_owned() }),
        }
        Ok(())
    }

    /// The fields as a query has them.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        let pairs = [
            ("product", self.product.clone()),
            ("action", self.action.clone()),
            ("outcome", self.outcome.as_ref().map(ToString::to_string)),
            ("accessKeyId", self.access_key_id.clone()),
            ("fault", self.fault.clone()),
            ("after", self.after.map(|number| number.to_string())),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Code(code) => code,
        })
    }
}

impl FromStr for Outcome {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "success" => Self::Success,
            "failure" => Self::Failure,
            code => Self::Code(code.to_owned()),
        })
    }
}
