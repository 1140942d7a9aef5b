//! What was called, by whom, and how it ended: one entry per call to the API door, refused ones included.

use std::{collections::BTreeMap, sync::Mutex};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cloud::lock;

/// Parameters whose values may be read by anybody. All others are withheld: a list of the secret ones would miss the
/// misspelt and the new.
const PUBLIC_PARAMETERS: &[&str] = &[
    "AccessKeyId",
    "Action",
    "DKMSInstanceId",
    "Description",
    "DryRun",
    "EnableAutomaticRotation",
    "EncryptionKeyId",
    "FetchExtendedConfig",
    "FetchTags",
    "Format",
    "RegionId",
    "RotationInterval",
    "SecretDataType",
    "SecretName",
    "SecretType",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureVersion",
    "Tags",
    "Timestamp",
    "Version",
    "VersionId",
    "VersionStage",
    "VersionStages",
];

/// Stands for a value that the journal does not keep.
const WITHHELD: &str = "[withheld]";

/// One call to the API door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct JournalEntry {
    /// Counts the calls, from 1; [`reset`](crate::FakeAlicloud::reset) starts over.
    pub sequence: u64,
    /// When the call arrived, by the fake's clock.
    pub time: Timestamp,
    /// The product's short name, such as `kms`; empty if none was recognised.
    pub product: String,
    /// The action that was asked for, known or not.
    pub action: String,
    /// The API version that was asked for.
    pub version: String,
    /// The HTTP method.
    pub method: String,
    /// The host that the client meant, as sent.
    pub host: String,
    /// The region that the call was for; empty if it could not be told.
    pub region: String,
    /// Which signature the call presented, valid or not.
    pub signature: SignatureKind,
    /// The access key id that the call presented, valid or not.
    pub access_key_id: Option<String>,
    /// The account of the caller, if the signature held.
    pub account: Option<String>,
    /// The ARN of the caller, if the signature held.
    pub caller_arn: Option<String>,
    /// Parameters of query and form. Values that could be secret read `[withheld]`.
    pub parameters: BTreeMap<String, String>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The error code of the answer, if it was an error.
    pub code: Option<String>,
    /// The request id of the answer.
    pub request_id: String,
}

/// The signature methods of the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignatureKind {
    /// HMAC-SHA1 over the parameters.
    V1,
    /// ACS3-HMAC-SHA256 over a canonical request.
    V3,
    /// None at all.
    #[serde(rename = "none")]
    Unsigned,
}

/// All calls since the start or the last reset.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Vec<JournalEntry>>);

impl Journal {
    /// Adds an entry and gives it its number.
    pub(crate) fn record(&self, mut entry: JournalEntry) {
        let mut entries = lock(&self.0);
        entry.sequence = entries.last().map_or(1, |last| last.sequence + 1);
        entries.push(entry);
    }

    pub(crate) fn entries(&self) -> Vec<JournalEntry> {
        lock(&self.0).clone()
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }
}

/// The parameters as the journal may keep them.
pub(crate) fn readable<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    let readable = |(name, value): (&str, &str)| {
        let value = if PUBLIC_PARAMETERS.contains(&name) { value } else { WITHHELD };
        (name.to_owned(), value.to_owned())
    };
    let mut parameters = BTreeMap::new();
    for (name, value) in pairs.map(readable) {
        // The first of a name is the one that counted.
        parameters.entry(name).or_insert(value);
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("SecretData")]
    #[case("SecurityToken")]
    #[case("Signature")]
    #[case("secretdata")]
    #[case("OIDCToken")]
    fn what_could_be_secret_is_withheld(#[case] name: &str) {
        let kept = readable([(name, "value"), ("SecretName", "db")].into_iter());
        assert_eq!(kept[name], "[withheld]");
        assert_eq!(kept["SecretName"], "db");
    }
}
