//! Choices that the public documentation leaves open, made switchable: a client should stand either answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a fake answers where the documentation is silent. The default of each field is the safer or stricter reading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Behaviour {
    /// What `GetSecretValue` says when `VersionId` and `VersionStage` name two versions. The page of the instance gateway
    /// speaks of a parameter error, the page of the shared gateway of nothing.
    pub version_mismatch: VersionMismatch,
    /// What reading a secret says between its deletion and its end. The documentation gives both codes, for the writing
    /// operations and for absent secrets, and none for this case.
    pub read_in_deletion_window: ReadInDeletionWindow,
    /// Which version falls out when an eleventh is stored. Two pages disagree.
    pub eviction: Eviction,
    /// What a negative condition of a policy, such as `StringNotEquals`, comes to when the call has nothing to compare. The
    /// pages on policies say for positive ones only that they do not hold.
    pub absent_key: AbsentKey,
}

/// The answer to a version id and a stage that disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum VersionMismatch {
    /// 400 `InvalidParameter`.
    #[default]
    InvalidParameter,
    /// 404 `Forbidden.ResourceNotFound`.
    NotFound,
}

/// The answer to reading a secret that waits for its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReadInDeletionWindow {
    /// 409 `Rejected.ResourceInDeleteWindow`.
    #[default]
    Rejected,
    /// 404 `Forbidden.ResourceNotFound`.
    NotFound,
}

/// The version that makes room for a new one. It is never the one that is `ACSCurrent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Eviction {
    /// The oldest without a stage, else the oldest.
    #[default]
    OldestWithoutStage,
    /// The oldest, whatever its stages.
    Oldest,
}

/// A negative condition on what a call does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AbsentKey {
    /// It holds: what is not there is not equal.
    #[default]
    SatisfiesNegation,
    /// It does not hold, as if it were positive.
    FailsNegation,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_are_not_named_keep_their_default() {
        let behaviour: Behaviour = serde_json::from_str(r#"{"eviction":"oldest"}"#).expect("a behaviour");
        assert_eq!(behaviour, Behaviour { eviction: Eviction::Oldest, ..Behaviour::default() });
        assert_eq!(behaviour.version_mismatch, VersionMismatch::InvalidParameter);
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        assert!(serde_json::from_str::<Behaviour>(r#"{"evictions":"oldest"}"#).is_err());
    }
}
