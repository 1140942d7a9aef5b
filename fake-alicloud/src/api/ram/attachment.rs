//! Which users and roles have which policies.

use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{account, authorize, authorize_policy},
    argument, error,
    policy::Found,
    role,
};
use crate::{
    clock::wire_time,
    state::{
        State,
        account::Account,
        ram::{AttachError, AttachedPolicy, Attachments},
    },
};

const USER: &str = "User";
const ROLE: &str = "Role";

/// `AttachPolicyToUser`.
pub(super) fn attach_to_user(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let policy = authorized_for_user(call, state)?;
    attach(call, user_policies(call, state)?, policy, USER)
}

/// `AttachPolicyToRole`.
pub(super) fn attach_to_role(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let policy = authorized_for_role(call, state)?;
    attach(call, role_policies(call, state)?, policy, ROLE)
}

/// `DetachPolicyFromUser`.
pub(super) fn detach_from_user(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let policy = authorized_for_user(call, state)?;
    detach(user_policies(call, state)?, &policy, USER)
}

/// `DetachPolicyFromRole`.
pub(super) fn detach_from_role(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let policy = authorized_for_role(call, state)?;
    detach(role_policies(call, state)?, &policy, ROLE)
}

/// `ListPoliciesForUser`.
pub(super) fn of_user(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    authorize(call, state, "user", argument::user_name(call)?)?;
    let policies = user_policies(call, state)?.clone();
    policies_of(account(call, state), &policies)
}

/// `ListPoliciesForRole`.
pub(super) fn of_role(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    authorize(call, state, "role", argument::role_name(call)?)?;
    let policies = role_policies(call, state)?.clone();
    policies_of(account(call, state), &policies)
}

/// `ListEntitiesForPolicy`: the users and roles of the account that have it. There are no groups.
pub(super) fn entities(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let policy = argument::policy(call)?;
    authorize_policy(call, state, &policy)?;
    let account = account(call, state);
    Found::find(account, &policy)?;
    let users = account.users.iter().filter_map(|(name, user)| {
        Some(json!({
            "UserId": user.id,
            "UserName": name.as_ref(),
            "DisplayName": user.display_name,
            "AttachDate": wire_time(user.policies.since(&policy)?),
        }))
    });
    let roles = account.roles.iter().filter_map(|(name, role)| {
        Some(json!({
            "RoleId": role.id,
            "RoleName": name.as_ref(),
            "Arn": role::arn(&call.caller.principal.account, name),
            "Description": role.description,
            "AttachDate": wire_time(role.policies.since(&policy)?),
        }))
    });
    Ok(json!({
        "Users": { "User": users.collect::<Vec<_>>() },
        "Groups": { "Group": [] },
        "Roles": { "Role": roles.collect::<Vec<_>>() },
    }))
}

/// The policy, which the caller must be allowed to give as well as the user to get it.
fn authorized_for_user(call: &Call<'_>, state: &State) -> Result<AttachedPolicy, ApiError> {
    let (policy, user) = (argument::policy(call)?, argument::user_name(call)?);
    authorize(call, state, "user", user)?;
    authorize_policy(call, state, &policy)?;
    Ok(policy)
}

fn authorized_for_role(call: &Call<'_>, state: &State) -> Result<AttachedPolicy, ApiError> {
    let (policy, role) = (argument::policy(call)?, argument::role_name(call)?);
    authorize(call, state, "role", role)?;
    authorize_policy(call, state, &policy)?;
    Ok(policy)
}

/// The policies of the user that is named, if the policy that is named is there too.
fn user_policies<'a>(call: &Call<'_>, state: &'a mut State) -> Result<&'a mut Attachments, ApiError> {
    let name = argument::user_name(call)?;
    let account = account(call, state);
    if !account.users.contains_key(&name) {
        return Err(error::no_user());
    }
    named_policy_exists(call, account)?;
    account.users.get_mut(&name).map(|user| &mut user.policies).ok_or_else(error::no_user)
}

fn role_policies<'a>(call: &Call<'_>, state: &'a mut State) -> Result<&'a mut Attachments, ApiError> {
    let name = argument::role_name(call)?;
    let account = account(call, state);
    if !account.roles.contains_key(&name) {
        return Err(error::no_role());
    }
    named_policy_exists(call, account)?;
    account.roles.get_mut(&name).map(|role| &mut role.policies).ok_or_else(error::no_role)
}

/// The listing operations name none.
fn named_policy_exists(call: &Call<'_>, account: &Account) -> Result<(), ApiError> {
    match call.parameters.text("PolicyName") {
        None => Ok(()),
        Some(_) => Found::find(account, &argument::policy(call)?).map(|_| ()),
    }
}

fn attach(
    call: &Call<'_>,
    policies: &mut Attachments,
    policy: AttachedPolicy,
    holder: &str,
) -> Result<Value, ApiError> {
    match policies.attach(policy, call.now) {
        Ok(()) => Ok(json!({})),
        Err(AttachError::Already) => Err(error::already_attached(holder)),
        Err(AttachError::TooMany) => {
            let things = format!("policies attached to the {}", holder.to_lowercase());
            Err(error::limit_exceeded(&format!("{holder}.Policy"), &things))
        }
    }
}

fn detach(policies: &mut Attachments, policy: &AttachedPolicy, holder: &str) -> Result<Value, ApiError> {
    if policies.detach(policy) { Ok(json!({})) } else { Err(error::not_attached(holder)) }
}

fn policies_of(account: &Account, policies: &Attachments) -> Result<Value, ApiError> {
    let shown = policies.dated().map(|(policy, time)| {
        let mut shown = Found::find(account, policy)?.answer();
        shown["AttachDate"] = json!(wire_time(time));
        Ok(shown)
    });
    Ok(json!({ "Policies": { "Policy": shown.collect::<Result<Vec<_>, ApiError>>()? } }))
}
