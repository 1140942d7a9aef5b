//! The versions of policies. Those of the cloud have one each, which nobody changes.

use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{account, authorize, authorize_policy},
    argument, error,
    policy::{Found, SYSTEM_DATE, SYSTEM_VERSION},
};
use crate::{
    clock::wire_time,
    policy::SystemPolicy,
    state::{
        State,
        name::PolicyName,
        ram::{CustomPolicy, VersionError, VersionNumber},
    },
};

/// `CreatePolicyVersion`, which makes it hold if `SetAsDefault` says so.
pub(super) fn create(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = authorized(call, state)?;
    let document = argument::required_document(call, "PolicyDocument")?;
    let set_default = argument::flag(call, "SetAsDefault")?;
    let rotation = argument::rotation(call)?;
    let policy = find(call, state, &name)?;
    let number = policy.add_version(document, set_default, rotation, call.now).map_err(refusal_of_version)?;
    Ok(json!({ "PolicyVersion": answer(policy, number)? }))
}

/// `GetPolicyVersion`.
pub(super) fn describe(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let wanted = argument::policy(call)?;
    authorize_policy(call, state, &wanted)?;
    let number = argument::version_number(call)?;
    let version = match Found::find(account(call, state), &wanted)? {
        Found::System(policy) if number == SYSTEM_VERSION => system(policy),
        Found::System(_) => return Err(error::no_version()),
        Found::Custom(_, policy) => answer(policy, number)?,
    };
    Ok(json!({ "PolicyVersion": version }))
}

/// `ListPolicyVersions`, oldest first.
pub(super) fn list(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let wanted = argument::policy(call)?;
    authorize_policy(call, state, &wanted)?;
    let versions = match Found::find(account(call, state), &wanted)? {
        Found::System(policy) => vec![system(policy)],
        Found::Custom(_, policy) => {
            let numbers = policy.versions.keys().map(|number| VersionNumber(*number));
            numbers.map(|number| answer(policy, number)).collect::<Result<_, _>>()?
        }
    };
    Ok(json!({ "PolicyVersions": { "PolicyVersion": versions } }))
}

/// `SetDefaultPolicyVersion`.
pub(super) fn set_default(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = authorized(call, state)?;
    let number = argument::version_number(call)?;
    find(call, state, &name)?.set_default(number, call.now).map_err(refusal_of_version)?;
    Ok(json!({}))
}

/// `DeletePolicyVersion`, which must not be the one that holds.
pub(super) fn delete(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = authorized(call, state)?;
    let number = argument::version_number(call)?;
    find(call, state, &name)?.remove_version(number, call.now).map_err(refusal_of_version)?;
    Ok(json!({}))
}

fn authorized(call: &Call<'_>, state: &State) -> Result<PolicyName, ApiError> {
    let name = argument::policy_name(call)?;
    authorize(call, state, "policy", &name)?;
    Ok(name)
}

fn find<'a>(
    call: &Call<'_>,
    state: &'a mut State,
    name: &PolicyName,
) -> Result<&'a mut CustomPolicy, ApiError> {
    account(call, state).policies.get_mut(name).ok_or_else(error::no_policy)
}

fn refusal_of_version(error: VersionError) -> ApiError {
    match error {
        VersionError::TooMany => error::limit_exceeded("Policy.Version", "policy version"),
        VersionError::NotThere => error::no_version(),
        VersionError::Default => error::is_default(),
    }
}

pub(super) fn answer(policy: &CustomPolicy, number: VersionNumber) -> Result<Value, ApiError> {
    let version = policy.version(number).ok_or_else(error::no_version)?;
    Ok(json!({
        "VersionId": number.to_string(),
        "IsDefaultVersion": number.0 == policy.default_version,
        "PolicyDocument": version.document.as_ref(),
        "CreateDate": wire_time(version.created),
    }))
}

/// The version of one of the cloud's.
pub(super) fn system(policy: &SystemPolicy) -> Value {
    json!({
        "VersionId": SYSTEM_VERSION.to_string(),
        "IsDefaultVersion": true,
        "PolicyDocument": policy.document.as_ref(),
        "CreateDate": SYSTEM_DATE,
    })
}
