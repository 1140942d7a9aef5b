//! RAM roles.

use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{account, authorize},
    argument, error,
    page::Window,
};
use crate::{
    clock::wire_time,
    state::{
        State,
        name::{AccountId, RoleName},
        ram::{Attachments, MAX_DESCRIPTION_CHARACTERS, Role, SESSION_SECONDS, fresh_number},
    },
};

/// How many roles an account can have.
const MAX_ROLES: usize = 1000;

/// `CreateRole`: a role without any rights.
pub(super) fn create(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::role_name(call)?;
    authorize(call, state, "role", &name)?;
    let role = Role {
        id: fresh_number(),
        description: argument::text(call, "Description", MAX_DESCRIPTION_CHARACTERS)?.unwrap_or_default(),
        max_session_seconds: argument::session_seconds(call, "MaxSessionDuration")?
            .unwrap_or(*SESSION_SECONDS.start()),
        trust: argument::required_document(call, "AssumeRolePolicyDocument")?,
        created: call.now,
        updated: call.now,
        policies: Attachments::default(),
    };
    let roles = &mut account(call, state).roles;
    if roles.contains_key(&name) {
        return Err(error::already_exists("Role"));
    }
    if roles.len() >= MAX_ROLES {
        return Err(error::limit_exceeded("Role", "roles"));
    }
    let shown = without(answer(call, &name, &role), "UpdateDate");
    roles.insert(name, role);
    Ok(json!({ "Role": shown }))
}

/// `GetRole`.
pub(super) fn describe(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::role_name(call)?;
    authorize(call, state, "role", &name)?;
    let role = account(call, state).roles.get(&name).ok_or_else(error::no_role)?;
    let mut shown = answer(call, &name, role);
    let owner = &call.caller.principal.account;
    shown["RolePrincipalName"] = json!(format!("{name}@role.{owner}.onaliyunservice.com"));
    shown["IsServiceLinkedRole"] = json!(false);
    Ok(json!({ "Role": shown }))
}

/// `UpdateRole`. Live sessions go on as they are.
pub(super) fn update(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::role_name(call)?;
    authorize(call, state, "role", &name)?;
    let trust = argument::document(call, "NewAssumeRolePolicyDocument")?;
    let description = argument::text(call, "NewDescription", MAX_DESCRIPTION_CHARACTERS)?;
    let max_session_seconds = argument::session_seconds(call, "NewMaxSessionDuration")?;
    let role = account(call, state).roles.get_mut(&name).ok_or_else(error::no_role)?;
    if let Some(trust) = trust {
        role.trust = trust;
    }
    if let Some(description) = description {
        role.description = description;
    }
    if let Some(seconds) = max_session_seconds {
        role.max_session_seconds = seconds;
    }
    role.updated = call.now;
    Ok(json!({ "Role": answer(call, &name, role) }))
}

/// `ListRoles`, by name and without their trust policies.
pub(super) fn list(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    authorize(call, state, "role", "*")?;
    let window = Window::read(call, 1..=1000)?;
    let roles = account(call, state).roles.iter();
    let keyed = roles.map(|entry| (entry.0.to_string(), entry));
    let show = |(name, role)| without(answer(call, name, role), "AssumeRolePolicyDocument");
    Ok(window.answer("Roles", "Role", keyed, show))
}

/// `DeleteRole`, which must have no policies.
pub(super) fn delete(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::role_name(call)?;
    authorize(call, state, "role", &name)?;
    let roles = &mut account(call, state).roles;
    let role = roles.get(&name).ok_or_else(error::no_role)?;
    if !role.policies.is_empty() {
        return Err(error::has_policies("Role"));
    }
    roles.remove(&name);
    Ok(json!({}))
}

pub(super) fn arn(owner: &AccountId, name: &RoleName) -> String {
    format!("acs:ram::{owner}:role/{name}")
}

fn answer(call: &Call<'_>, name: &RoleName, role: &Role) -> Value {
    json!({
        "RoleId": role.id,
        "RoleName": name.as_ref(),
        "Arn": arn(&call.caller.principal.account, name),
        "Description": role.description,
        "AssumeRolePolicyDocument": role.trust.as_ref(),
        "MaxSessionDuration": role.max_session_seconds,
        "CreateDate": wire_time(role.created),
        "UpdateDate": wire_time(role.updated),
    })
}

fn without(mut answer: Value, field: &str) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        fields.remove(field);
    }
    answer
}
