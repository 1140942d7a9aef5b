//! A secret: what is known of it as a whole.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    hidden::Hidden,
    managed::Managed,
    name::{InstanceId, KeyId, VersionId},
    secret_policy::SecretPolicy,
    versions::{Version, VersionSelector, VersionStage, Versions},
};
use crate::behaviour::Eviction;

/// How much data a version holds.
pub(crate) const MAX_DATA_BYTES: usize = 30_720;
/// How many tags a secret has.
pub(crate) const MAX_TAGS: usize = 20;
const MAX_TAG_CHARACTERS: usize = 128;

/// One secret of one account in one region.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) description: String,
    /// The key that encrypts it, which may be gone by now.
    pub(crate) encryption_key_id: Option<KeyId>,
    /// The instance that it lives in, which may be gone by now.
    pub(crate) instance: Option<InstanceId>,
    /// Key and value, in the order given.
    pub(crate) tags: Vec<(String, String)>,
    /// Who may do what with it, if that was said.
    pub(crate) policy: Option<SecretPolicy>,
    /// When it will be gone, if it was deleted.
    pub(crate) planned_deletion: Option<Timestamp>,
    pub(crate) kind: Kind,
    pub(crate) versions: Versions,
}

/// Who makes the values.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Their owner.
    Generic,
    /// The cloud.
    Managed(Box<Managed>),
}

impl Kind {
    /// The word on the wire.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Generic => "Generic",
            Self::Managed(managed) => managed.service.as_str(),
        }
    }
}

/// What one version holds.
#[derive(Clone, Debug)]
pub(crate) struct SecretValue {
    pub(crate) data: Hidden,
    pub(crate) data_type: DataType,
}

impl SecretValue {
    pub(crate) fn text(data: Hidden) -> Self {
        Self { data, data_type: DataType::Text }
    }
}

/// What the data claims to be; the service stores the text as given in either case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DataType {
    /// Plain text.
    #[default]
    Text,
    /// Bytes, in Base64 by convention.
    Binary,
}

impl DataType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
        }
    }
}

/// The cloud makes no values for this secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotManaged;

impl Secret {
    /// Gives a managed secret its next value, under an id that is new to it.
    pub(crate) fn rotate(
        &mut self,
        id: VersionId,
        now: Timestamp,
        eviction: Eviction,
    ) -> Result<(), NotManaged> {
        let Kind::Managed(managed) = &mut self.kind else { return Err(NotManaged) };
        let at = |stage| {
            self.versions.select(&VersionSelector::Stage(stage)).ok().map(|version| &version.value.data)
        };
        let current = at(VersionStage::Current).expect("one version is current always");
        let data = managed.config.next_value(current, at(VersionStage::Previous), now);
        let version = Version { id, value: SecretValue::text(data), created: now };
        self.versions
            .put(version, [VersionStage::Current], eviction)
            .expect("a new id, and managed secrets have two stages");
        managed.rotation.rotated(now);
        self.updated = now;
        Ok(())
    }

    /// When the clock alone will change it next.
    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        self.planned_deletion.or_else(|| match &self.kind {
            Kind::Generic => None,
            Kind::Managed(managed) => managed.rotation.next(),
        })
    }

    /// When the clock should have rotated it, if that has passed.
    pub(crate) fn due_rotation(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.kind {
            Kind::Managed(managed) if self.planned_deletion.is_none() => managed.rotation.due(now),
            Kind::Generic | Kind::Managed(_) => None,
        }
    }
}

/// Whether a tag obeys the published rule.
pub(crate) fn is_tag(key: &str, value: &str) -> bool {
    let fits = |text: &str| {
        let allowed = |c: char| c.is_alphanumeric() || " /\\_-.+=:@".contains(c);
        text.chars().count() <= MAX_TAG_CHARACTERS && text.chars().all(allowed)
    };
    !key.is_empty() && !key.starts_with("aliyun") && !key.starts_with("acs:") && fits(key) && fits(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("team", "payments", true)]
    #[case("团队", "a/b\\c_d-e.f+g=h:i@j", true)]
    #[case("team", "", true)]
    #[case("", "payments", false)]
    #[case("aliyun-team", "payments", false)]
    #[case("acs:team", "payments", false)]
    #[case("team", "pay;ments", false)]
    #[case("team", &"v".repeat(129), false)]
    fn tags_follow_the_published_rule(#[case] key: &str, #[case] value: &str, #[case] allowed: bool) {
        assert_eq!(is_tag(key, value), allowed);
    }
}
