//! Users, roles and policies: what RAM keeps of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::name::PolicyName;
use crate::{
    policy::{IdentityPolicy, TrustPolicy},
    random,
};

/// A RAM user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// The number that names it for ever.
    pub(crate) id: String,
    pub(crate) display_name: String,
    pub(crate) comments: String,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) policies: BTreeSet<AttachedPolicy>,
}

impl User {
    /// A user without any rights.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            id: fresh_number(),
            display_name: String::new(),
            comments: String::new(),
            created: now,
            updated: now,
            policies: BTreeSet::new(),
        }
    }
}

/// An id for a user or a role: 18 digits, the first not zero.
pub(crate) fn fresh_number() -> String {
    let mut bytes = [0; 8];
    random::fill(&mut bytes);
    (100_000_000_000_000_000 + u64::from_le_bytes(bytes) % 900_000_000_000_000_000).to_string()
}

/// A role, which others may become.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    /// The number that names it for ever; another role of the same name has another.
    pub(crate) id: String,
    pub(crate) description: String,
    /// The longest session, from 3600 to 43200.
    pub(crate) max_session_seconds: u32,
    pub(crate) trust: TrustPolicy,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) policies: BTreeSet<AttachedPolicy>,
}

/// A policy that somebody has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AttachedPolicy {
    /// One of the cloud's own.
    System(PolicyName),
    /// One of the account's own.
    Custom(PolicyName),
}

/// A policy of an account's own, with its versions.
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
