//! Users, roles and policies: what RAM keeps of them.

mod attachments;
mod custom_policy;

use std::ops::RangeInclusive;

use jiff::Timestamp;

pub(crate) use self::{
    attachments::{AttachError, AttachedPolicy, Attachments, MAX_CUSTOM, MAX_SYSTEM},
    custom_policy::{CustomPolicy, MAX_VERSIONS, PolicyVersion, Rotation, VersionError, VersionNumber},
};
use crate::{policy::TrustPolicy, random};

/// How long the longest session of a role may be.
pub(crate) const SESSION_SECONDS: RangeInclusive<u32> = 3600..=43200;
/// How long a policy or trust policy may be.
pub(crate) const MAX_DOCUMENT_CHARACTERS: usize = 4096;
/// How long the description of a role or policy may be.
pub(crate) const MAX_DESCRIPTION_CHARACTERS: usize = 1024;
/// How long the display name of a user, or the comments on one, may be.
pub(crate) const MAX_REMARK_CHARACTERS: usize = 128;

/// A RAM user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// The number that names it for ever.
    pub(crate) id: String,
    pub(crate) display_name: String,
    pub(crate) comments: String,
    pub(crate) email: String,
    pub(crate) mobile_phone: String,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) policies: Attachments,
}

impl User {
    /// A user without any rights.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            id: fresh_number(),
            display_name: String::new(),
            comments: String::new(),
            email: String::new(),
            mobile_phone: String::new(),
            created: now,
            updated: now,
            policies: Attachments::default(),
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
    /// The longest session, within [`SESSION_SECONDS`].
    pub(crate) max_session_seconds: u32,
    pub(crate) trust: TrustPolicy,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) policies: Attachments,
}
