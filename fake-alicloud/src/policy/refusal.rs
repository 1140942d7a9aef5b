//! Refusals by policies, with what a caller is told about them.

use crate::{
    auth::Caller,
    state::{
        State,
        account::{Identity, Principal},
    },
};

/// The caller may not do that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Whether a statement says so; otherwise none says that it may.
    pub(crate) explicit: bool,
    /// The kind of policy that says so, or should have said that it may.
    pub(crate) policy: PolicyType,
    /// Such as `kms:GetSecretValue`.
    pub(crate) action: String,
    /// Who was refused.
    pub(crate) principal: Principal,
    /// The same as a short name: a user's id, a role with its session, an account's id.
    pub(crate) display_name: String,
}

/// The kinds of policies, by the names that refusals have for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyType {
    /// Attached to the identity.
    Identity,
    /// Of the resource.
    Resource,
    /// Given when the session began.
    Session,
    /// Of the role that was to be assumed.
    AssumeRole,
}

impl PolicyType {
    /// The word on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "AccountLevelIdentityBasedPolicy",
            Self::Resource => "ResourceBasedPolicy",
            Self::Session => "SessionPolicy",
            Self::AssumeRole => "AssumeRolePolicy",
        }
    }
}

impl Refusal {
    /// A refusal to that caller.
    pub(crate) fn new(
        state: &State,
        caller: &Caller,
        action: &str,
        policy: PolicyType,
        explicit: bool,
    ) -> Self {
        let principal = caller.principal.clone();
        let display_name = display_name(state, &principal);
        Self { explicit, policy, action: action.to_owned(), principal, display_name }
    }
}

fn display_name(state: &State, principal: &Principal) -> String {
    match &principal.identity {
        Identity::Root => principal.account.to_string(),
        Identity::User(name) => {
            let user = state.accounts.get(&principal.account).and_then(|account| account.users.get(name));
            user.map(|user| user.id.clone()).unwrap_or_default()
        }
        Identity::AssumedRole(role, session) => format!("{role}:{session}"),
    }
}
