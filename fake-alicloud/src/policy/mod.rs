//! Who may do what, by the grammar of RAM policies. Knows no HTTP.
//!
//! Every operation asks here before it does anything. From "Policy structure and syntax", "Basic elements of a permission
//! policy" and "Policy evaluation" of the RAM documentation, and "Overview of secret policies" of that of KMS.

mod condition;
mod context;
mod document;
mod network;
mod principal;
mod refusal;
mod statement;
mod system;
mod text;

#[cfg(test)]
mod naive_tests;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use self::{
    context::Context,
    document::{Assumer, IdentityPolicy, PolicyError, ResourcePolicy, ResourceStatement, TrustPolicy},
    refusal::{PolicyType, Refusal},
    system::{SystemPolicy, system_policies, system_policy},
};
use self::{
    document::{Verdict, join},
    principal::Mention,
};
use crate::{
    auth::Caller,
    state::{
        State,
        account::{Identity, Principal},
        name::AccountId,
        ram::AttachedPolicy,
    },
};

/// What a caller wants to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) caller: &'a Caller,
    /// Such as `kms:GetSecretValue`.
    pub(crate) action: &'a str,
    /// The ARN of what is to be worked on, without wildcards: of what has no region, with nothing in its place.
    pub(crate) resource: &'a str,
    /// Whose that is.
    pub(crate) owner: &'a AccountId,
    /// The policy that the resource itself has.
    pub(crate) resource_policy: Option<&'a ResourcePolicy>,
    pub(crate) context: &'a Context,
}

/// Decides whether the caller may.
///
/// A statement that denies wins, wherever it is. A session's policy must allow beside the others. Within the account of the
/// resource, one of the two sides must allow: the policies of the identity, or the resource's, which must name the identity
/// itself. Naming the account only passes the decision on to the account's own policies, as the default policy of secrets
/// does. Across accounts both sides must allow, and then naming the account is enough. An account itself may do everything
/// with what is its own, and on its side everything elsewhere.
pub(crate) fn authorize(state: &State, question: &Question<'_>) -> Result<(), Box<Refusal>> {
    let Question { caller, action, resource, owner, resource_policy, context } = *question;
    let refuse = |policy, explicit| Err(Box::new(Refusal::new(state, caller, action, policy, explicit)));

    let session = caller.session_policy.as_ref().map(|policy| policy.verdict(action, resource, context));
    let own =
        join(policies_of(state, &caller.principal).map(|policy| policy.verdict(action, resource, context)));
    let (theirs, mention) = resource_policy.map_or((Verdict::Silent, None), |policy| {
        policy.verdict(&caller.principal, action, resource, context)
    });
    let sides = [
        (session, PolicyType::Session),
        (Some(own), PolicyType::Identity),
        (Some(theirs), PolicyType::Resource),
    ];
    if let Some((_, policy)) = sides.iter().find(|(verdict, _)| *verdict == Some(Verdict::Denied)) {
        return refuse(*policy, true);
    }

    if session == Some(Verdict::Silent) {
        return refuse(PolicyType::Session, false);
    }
    let own_allows = caller.principal.identity == Identity::Root || own == Verdict::Allowed;
    if caller.principal.account == *owner {
        if own_allows || mention == Some(Mention::InPerson) {
            Ok(())
        } else {
            refuse(PolicyType::Identity, false)
        }
    } else if mention.is_none() {
        refuse(PolicyType::Resource, false)
    } else if own_allows {
        Ok(())
    } else {
        refuse(PolicyType::Identity, false)
    }
}

/// The policies that an identity has. An account has none, since it may do everything.
fn policies_of<'a>(state: &'a State, principal: &Principal) -> impl Iterator<Item = &'a IdentityPolicy> {
    let account = state.accounts.get(&principal.account);
    let attached = account.and_then(|account| match &principal.identity {
        Identity::Root => None,
        Identity::User(name) => account.users.get(name).map(|user| &user.policies),
        Identity::AssumedRole(role, _) => account.roles.get(role).map(|role| &role.policies),
    });
    attached.into_iter().flatten().filter_map(move |attached| match attached {
        AttachedPolicy::System(name) => system_policy(name.as_ref()).map(|policy| &policy.document),
        AttachedPolicy::Custom(name) => {
            let policy = account?.policies.get(name)?;
            policy.versions.get(&policy.default_version).map(|version| &version.document)
        }
    })
}
