//! Sessions: who has become a role, and until when.

use jiff::Timestamp;

use super::{account::Principal, hidden::Hidden};
use crate::policy::IdentityPolicy;

/// What a temporary access key id (the map's key) stands for.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) secret: Hidden,
    pub(crate) security_token: Hidden,
    /// Always an assumed role.
    pub(crate) principal: Principal,
    /// The role of that name may be another by now.
    pub(crate) role_id: String,
    pub(crate) expires: Timestamp,
    /// What the session may do at most.
    pub(crate) policy: Option<IdentityPolicy>,
}
