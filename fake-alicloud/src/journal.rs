//! What was called, by whom, and how it ended: one entry per call to the API door, refused ones included.

mod filter;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use self::filter::{CallFilter, FilterError, Outcome};
use crate::{cloud::lock, request::Scheme};

/// Parameters whose values may be read by anybody. All others are withheld: a list of the secret ones would miss the
/// misspelt and the new.
const PUBLIC_PARAMETERS: &[&str] = &[
    "AccessKeyId",
    "Action",
    "AssumeRolePolicyDocument",
    "CascadingDelete",
    "ClientId",
    "ClientIds",
    "Comments",
    "DKMSInstanceId",
    "Description",
    "DisplayName",
    "DryRun",
    "DurationSeconds",
    "EnableAutomaticRotation",
    "EncryptionKeyId",
    "ExcludeLowercase",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "FetchExtendedConfig",
    "FetchTags",
    "Filters",
    "Fingerprint",
    "Fingerprints",
    "ForceDeleteWithoutRecovery",
    "Format",
    "IncludeDeprecated",
    "IssuanceLimitTime",
    "IssuerUrl",
    "KeyId",
    "KeySpec",
    "Marker",
    "MaxItems",
    "MaxResults",
    "MaxSessionDuration",
    "MoveToVersion",
    "Name",
    "Names",
    "NewAssumeRolePolicyDocument",
    "NewComments",
    "NewDescription",
    "NewDisplayName",
    "NewMaxSessionDuration",
    "NewUserName",
    "NextToken",
    "NumberOfBytes",
    "OIDCProviderArn",
    "OIDCProviderName",
    "PageNumber",
    "PageSize",
    "ParameterVersion",
    "PasswordLength",
    "Path",
    "Policy",
    "PolicyDocument",
    "PolicyName",
    "PolicyType",
    "RecoveryWindowInDays",
    "Recursive",
    "RegionId",
    "RemoveFromVersion",
    "RequireEachIncludedType",
    "ResourceGroupId",
    "RoleArn",
    "RoleName",
    "RoleSessionName",
    "RotateStrategy",
    "RotationInterval",
    "SecretDataType",
    "SecretName",
    "SecretType",
    "SecretsList",
    "SetAsDefault",
    "ShareType",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureVersion",
    "SortField",
    "SortOrder",
    "Status",
    "Tags",
    "Timestamp",
    "Type",
    "UserAccessKeyId",
    "UserName",
    "Version",
    "VersionId",
    "VersionStage",
    "VersionStages",
    "WithDecryption",
];

/// Stands for a value that the journal does not keep.
pub(crate) const WITHHELD: &str = "[withheld]";

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
    /// Whether the call came over HTTP or HTTPS.
    pub scheme: Scheme,
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
    /// The HTTP status of the answer; 0 if the client left before there was one.
    pub status: u16,
    /// The error code of the answer, if it was an error.
    pub code: Option<String>,
    /// The request id of the answer.
    pub request_id: String,
    /// The planned fault that met the call; the last one, if there were several.
    #[serde(default)]
    pub fault: Option<String>,
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

/// A call whose answer takes its time: it enters the journal when its client leaves.
pub(crate) struct Unanswered<'a> {
    journal: &'a Journal,
    entry: Option<JournalEntry>,
}

impl<'a> Unanswered<'a> {
    pub(crate) fn new(journal: &'a Journal, entry: &JournalEntry, fault: Option<&str>) -> Self {
        let fault = fault.map(str::to_owned);
        Self { journal, entry: Some(JournalEntry { fault, ..entry.clone() }) }
    }

    /// The call is answered after all.
    pub(crate) fn forget(mut self) {
        self.entry = None;
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.journal.record(entry);
        }
    }
}

/// The newest calls since the start or the last reset.
#[derive(Debug)]
pub(crate) struct Journal {
    entries: Mutex<Entries>,
    /// Changes with every call and every reset, to wake those who wait.
    changed: watch::Sender<()>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Entries {
    newest: VecDeque<JournalEntry>,
    /// The number of the last entry, kept or not.
    last: u64,
}

impl Journal {
    /// A journal that keeps so many calls.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: Mutex::default(), changed: watch::Sender::new(()), capacity }
    }

    /// Adds an entry and gives it its number.
    pub(crate) fn record(&self, mut entry: JournalEntry) {
        let mut entries = lock(&self.entries);
        entries.last += 1;
        entry.sequence = entries.last;
        let spent = if entries.newest.len() >= self.capacity { entries.newest.pop_front() } else { None };
        if self.capacity > 0 {
            entries.newest.push_back(entry);
        }
        // What takes time is done after the lock is given back.
        drop(entries);
        drop(spent);
        self.changed.send_replace(());
    }

    /// All calls that are kept, oldest first.
    pub(crate) fn entries(&self) -> Vec<JournalEntry> {
        lock(&self.entries).newest.iter().cloned().collect()
    }

    /// Those of them that the filter lets through.
    pub(crate) fn select(&self, filter: &CallFilter) -> Vec<JournalEntry> {
        lock(&self.entries).after(filter).filter(|entry| filter.matches(entry)).cloned().collect()
    }

    /// How many of them the filter lets through.
    pub(crate) fn count(&self, filter: &CallFilter) -> usize {
        lock(&self.entries).after(filter).filter(|entry| filter.matches(entry)).count()
    }

    /// Waits until so many calls pass the filter, and tells whether they came in time. The wait is in real time, whatever
    /// the fake's clock says.
    pub(crate) async fn wait(&self, filter: &CallFilter, count: usize, patience: Duration) -> bool {
        let mut changed = self.changed.subscribe();
        let enough = async {
            while self.count(filter) < count {
                // The sender lives as long as the journal.
                let _ = changed.changed().await;
            }
        };
        tokio::time::timeout(patience, enough).await.is_ok()
    }

    pub(crate) fn clear(&self) {
        *lock(&self.entries) = Entries::default();
        self.changed.send_replace(());
    }
}

impl Entries {
    /// The entries after the filter's `after`, which is where the numbers make looking cheap.
    fn after(&self, filter: &CallFilter) -> impl Iterator<Item = &JournalEntry> {
        let start = self.newest.partition_point(|entry| Some(entry.sequence) <= filter.after);
        self.newest.range(start..)
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
#[path = "journal/tests.rs"]
mod tests;
