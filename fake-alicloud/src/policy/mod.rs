//! Who may do what, by the grammar of RAM policies. Knows no HTTP.
//!
//! Every operation asks here before it does anything. From "Policy structure and syntax", "Basic elements of a permission
//! policy" and "Policy evaluation" of the RAM documentation.

mod context;
mod document;
mod system;

pub(crate) use self::{
    context::Context,
    document::{Assumer, IdentityPolicy, PolicyError, ResourcePolicy, TrustPolicy},
    system::{SystemPolicy, system_policies, system_policy},
};
use crate::{
    auth::Caller,
    state::{State, name::AccountId},
};

/// What a caller wants to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) caller: &'a Caller,
    /// Such as `kms:GetSecretValue`.
    pub(crate) action: &'a str,
    /// The ARN of what is to be worked on, without wildcards.
    pub(crate) resource: &'a str,
    /// Whose that is.
    pub(crate) owner: &'a AccountId,
    /// The policy that the resource itself has.
    pub(crate) resource_policy: Option<&'a ResourcePolicy>,
    pub(crate) context: &'a Context,
}

/// The caller may not do that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Whether a statement says so; otherwise none says that it may.
    pub(crate) explicit: bool,
}

/// Decides whether the caller may.
pub(crate) fn authorize(_state: &State, question: &Question<'_>) -> Result<(), Refusal> {
    if question.caller.principal.account == *question.owner {
        Ok(())
    } else {
        Err(Refusal { explicit: false })
    }
}

/// The one rule that held before there were policies. TO BE REPLACED by [`authorize`] in every operation.
pub(crate) fn of_own_account(caller: &Caller, owner: &AccountId) -> Result<(), Refusal> {
    if caller.principal.account == *owner { Ok(()) } else { Err(Refusal { explicit: false }) }
}
