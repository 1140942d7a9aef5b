//! The policies that a user or a role has.

use std::collections::{BTreeMap, btree_map::Keys};

use jiff::Timestamp;

use super::super::name::PolicyName;

/// How many policies of the cloud's own one identity can have.
pub(crate) const MAX_SYSTEM: usize = 20;
/// How many policies of the account's own one identity can have.
pub(crate) const MAX_CUSTOM: usize = 5;

/// A policy that somebody has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AttachedPolicy {
    /// One of the cloud's own.
    System(PolicyName),
    /// One of the account's own.
    Custom(PolicyName),
}

impl AttachedPolicy {
    pub(crate) fn name(&self) -> &PolicyName {
        match self {
            Self::System(name) | Self::Custom(name) => name,
        }
    }

    /// The value of `PolicyType`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::System(_) => "System",
            Self::Custom(_) => "Custom",
        }
    }
}

/// The policies of one identity, with the times at which it got them. Reading goes over the policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attachments(BTreeMap<AttachedPolicy, Timestamp>);

/// Why a policy cannot be attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttachError {
    /// It is attached.
    Already,
    /// There are as many of its kind as there can be.
    TooMany,
}

impl Attachments {
    pub(crate) fn attach(&mut self, policy: AttachedPolicy, now: Timestamp) -> Result<(), AttachError> {
        if self.0.contains_key(&policy) {
            return Err(AttachError::Already);
        }
        let limit = match &policy {
            AttachedPolicy::System(_) => MAX_SYSTEM,
            AttachedPolicy::Custom(_) => MAX_CUSTOM,
        };
        if self.iter().filter(|one| one.kind() == policy.kind()).count() >= limit {
            return Err(AttachError::TooMany);
        }
        self.0.insert(policy, now);
        Ok(())
    }

    /// Takes a policy away, and tells whether it was there.
    pub(crate) fn detach(&mut self, policy: &AttachedPolicy) -> bool {
        self.0.remove(policy).is_some()
    }

    pub(crate) fn iter(&self) -> Keys<'_, AttachedPolicy, Timestamp> {
        self.0.keys()
    }

    /// The policies and when they were attached.
    pub(crate) fn dated(&self) -> impl Iterator<Item = (&AttachedPolicy, Timestamp)> {
        self.0.iter().map(|(policy, time)| (policy, *time))
    }

    /// When a policy was attached, if it is.
    pub(crate) fn since(&self, policy: &AttachedPolicy) -> Option<Timestamp> {
        self.0.get(policy).copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Attachments {
    type Item = &'a AttachedPolicy;
    type IntoIter = Keys<'a, AttachedPolicy, Timestamp>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(number: usize) -> AttachedPolicy {
        AttachedPolicy::Custom(format!("own-{number}").parse().expect("a name"))
    }

    fn system(number: usize) -> AttachedPolicy {
        AttachedPolicy::System(format!("cloud-{number}").parse().expect("a name"))
    }

    #[test]
    fn each_kind_has_a_limit_of_its_own() {
        let mut attachments = Attachments::default();
        let mut attach = |policy| attachments.attach(policy, Timestamp::UNIX_EPOCH);
        assert!(
            (0..MAX_CUSTOM).map(custom).chain((0..MAX_SYSTEM).map(system)).all(|one| attach(one).is_ok())
        );
        assert_eq!(attach(custom(MAX_CUSTOM)), Err(AttachError::TooMany));
        assert_eq!(attach(system(MAX_SYSTEM)), Err(AttachError::TooMany));
    }

    #[test]
    fn a_policy_is_attached_once_and_detached_once() {
        let mut attachments = Attachments::default();
        assert_eq!(attachments.attach(custom(1), Timestamp::UNIX_EPOCH), Ok(()));
        assert_eq!(attachments.attach(custom(1), Timestamp::MAX), Err(AttachError::Already));
        assert_eq!(attachments.since(&custom(1)), Some(Timestamp::UNIX_EPOCH));
        assert!(attachments.detach(&custom(1)));
        assert!(!attachments.detach(&custom(1)));
    }
}
