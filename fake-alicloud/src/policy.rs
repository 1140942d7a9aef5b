//! Who may do what. Knows no HTTP.
//!
//! The grammar of RAM policies, conditions and trust will live here, and every operation already asks here first. Until
//! then one rule of the cloud is enough: an account's keys may use all that is the account's, and nothing of another's.

use crate::{auth::Caller, state::name::AccountId};

/// The caller may not do that.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// Decides whether the caller may use a resource of that owner.
pub(crate) fn authorize(caller: &Caller, owner: &AccountId) -> Result<(), Refused> {
    if caller.principal.account == *owner { Ok(()) } else { Err(Refused) }
}
