//! The policies of an account's own, with their versions.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::Timestamp;

use crate::policy::IdentityPolicy;

/// How many versions a policy can have.
pub(crate) const MAX_VERSIONS: usize = 5;

/// The number of a version, written `v1`, `v2`, ….
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VersionNumber(pub(crate) u32);

impl fmt::Display for VersionNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "v{}", self.0)
    }
}

/// The text is not the id of a version.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a policy version must be v and a number from 1, such as v1")]
pub(crate) struct VersionIdError;

impl FromStr for VersionNumber {
    type Err = VersionIdError;

    fn from_str(text: &str) -> Result<Self, VersionIdError> {
        let digits = text.strip_prefix('v').ok_or(VersionIdError)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        digits.parse().ok().filter(|_| plain).map(Self).ok_or(VersionIdError)
    }
}

/// A policy of an account's own. It has a version that holds, always.
#[derive(Clone, Debug)]
pub(crate) struct CustomPolicy {
    pub(crate) description: String,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// By number; written `v1`, `v2`, ….
    pub(crate) versions: BTreeMap<u32, PolicyVersion>,
    /// The number of the version that holds.
    pub(crate) default_version: u32,
    /// The number of the last version that was made, kept or not.
    pub(crate) last_version: u32,
}

/// One version of a policy.
#[derive(Clone, Debug)]
pub(crate) struct PolicyVersion {
    pub(crate) document: IdentityPolicy,
    pub(crate) created: Timestamp,
}

/// What becomes of the oldest version when there is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// It stays, and the new one is refused.
    None,
    /// The oldest that does not hold makes room.
    DeleteOldestNonDefault,
}

/// Why versions cannot be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionError {
    /// There are as many as there can be.
    TooMany,
    /// There is none of that number.
    NotThere,
    /// It is the one that holds.
    Default,
}

impl CustomPolicy {
    /// A policy with its first version.
    pub(crate) fn new(description: String, document: IdentityPolicy, now: Timestamp) -> Self {
        Self {
            description,
            created: now,
            updated: now,
            versions: BTreeMap::from([(1, PolicyVersion { document, created: now })]),
            default_version: 1,
            last_version: 1,
        }
    }

    pub(crate) fn version(&self, VersionNumber(number): VersionNumber) -> Option<&PolicyVersion> {
        self.versions.get(&number)
    }

    /// Adds a version, which is to hold or not.
    pub(crate) fn add_version(
        &mut self,
        document: IdentityPolicy,
        set_default: bool,
        rotation: Rotation,
        now: Timestamp,
    ) -> Result<VersionNumber, VersionError> {
        if self.versions.len() >= MAX_VERSIONS {
            let oldest = self.versions.keys().copied().find(|number| *number != self.default_version);
            match (rotation, oldest) {
                (Rotation::DeleteOldestNonDefault, Some(oldest)) => self.versions.remove(&oldest),
                (Rotation::DeleteOldestNonDefault, None) | (Rotation::None, _) => {
                    return Err(VersionError::TooMany);
                }
            };
        }
        self.last_version += 1;
        self.versions.insert(self.last_version, PolicyVersion { document, created: now });
        if set_default {
            self.default_version = self.last_version;
        }
        self.updated = now;
        Ok(VersionNumber(self.last_version))
    }

    /// Makes a version the one that holds.
    pub(crate) fn set_default(&mut self, number: VersionNumber, now: Timestamp) -> Result<(), VersionError> {
        if self.version(number).is_none() {
            return Err(VersionError::NotThere);
        }
        self.default_version = number.0;
        self.updated = now;
        Ok(())
    }

    pub(crate) fn remove_version(
        &mut self,
        number: VersionNumber,
        now: Timestamp,
    ) -> Result<(), VersionError> {
        if number.0 == self.default_version {
            return Err(VersionError::Default);
        }
        self.versions.remove(&number.0).ok_or(VersionError::NotThere)?;
        self.updated = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn document() -> IdentityPolicy {
        let text = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}"#;
        IdentityPolicy::try_from(text.to_owned()).expect("a policy")
    }

    fn full(default: u32) -> CustomPolicy {
        let mut policy = CustomPolicy::new(String::new(), document(), NOW);
        for _ in 1..MAX_VERSIONS {
            policy.add_version(document(), false, Rotation::None, NOW).expect("room");
        }
        policy.set_default(VersionNumber(default), NOW).expect("a version");
        policy
    }

    #[rstest::rstest]
    #[case(1, 2)]
    #[case(3, 1)]
    fn rotation_makes_room_at_the_oldest_that_does_not_hold(#[case] default: u32, #[case] removed: u32) {
        let mut policy = full(default);
        assert_eq!(policy.add_version(document(), false, Rotation::None, NOW), Err(VersionError::TooMany));
        let added = policy.add_version(document(), false, Rotation::DeleteOldestNonDefault, NOW);
        assert_eq!(added, Ok(VersionNumber(6)));
        assert!(!policy.versions.contains_key(&removed) && policy.versions.len() == MAX_VERSIONS);
    }

    #[test]
    fn a_number_is_never_given_twice() {
        let mut policy = full(1);
        policy.remove_version(VersionNumber(5), NOW).expect("a version");
        assert_eq!(policy.add_version(document(), true, Rotation::None, NOW), Ok(VersionNumber(6)));
        assert_eq!(policy.remove_version(VersionNumber(6), NOW), Err(VersionError::Default));
        assert_eq!(policy.remove_version(VersionNumber(5), NOW), Err(VersionError::NotThere));
    }

    #[rstest::rstest]
    #[case("v1", Some(1))]
    #[case("v12", Some(12))]
    #[case("v0", None)]
    #[case("v01", None)]
    #[case("v+1", None)]
    #[case("v", None)]
    #[case("1", None)]
    #[case("V1", None)]
    #[case("v99999999999", None)]
    fn version_ids_are_v_and_a_number(#[case] text: &str, #[case] number: Option<u32>) {
        assert_eq!(text.parse::<VersionNumber>().ok().map(|VersionNumber(number)| number), number);
    }
}
