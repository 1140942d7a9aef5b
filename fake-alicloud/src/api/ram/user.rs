//! RAM users.

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
        account::{Identity, Principal},
        name::UserName,
        ram::{MAX_REMARK_CHARACTERS, User},
    },
};

/// How many users an account can have.
const MAX_USERS: usize = 1000;

/// `CreateUser`: a user without any rights.
pub(super) fn create(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::user_name(call)?;
    authorize(call, state, "user", &name)?;
    let mut user = User::new(call.now);
    describe_user(call, "", &mut user)?;
    let users = &mut account(call, state).users;
    if users.contains_key(&name) {
        return Err(error::already_exists("User"));
    }
    if users.len() >= MAX_USERS {
        return Err(error::limit_exceeded("User", "users"));
    }
    let mut shown = answer(&name, &user);
    users.insert(name, user);
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("UpdateDate");
    }
    Ok(json!({ "User": shown }))
}

/// `GetUser`.
pub(super) fn describe(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::user_name(call)?;
    authorize(call, state, "user", &name)?;
    let user = account(call, state).users.get(&name).ok_or_else(error::no_user)?;
    let mut shown = answer(&name, user);
    // Nobody logs in here.
    shown["LastLoginDate"] = json!("");
    Ok(json!({ "User": shown }))
}

/// `UpdateUser`: other properties, another name among them. Keys and policies go with the user.
pub(super) fn update(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::user_name(call)?;
    authorize(call, state, "user", &name)?;
    let new_name = argument::new_user_name(call)?.unwrap_or_else(|| name.clone());
    let users = &mut account(call, state).users;
    let mut user = users.get(&name).cloned().ok_or_else(error::no_user)?;
    if new_name != name && users.contains_key(&new_name) {
        return Err(error::already_exists("User"));
    }
    describe_user(call, "New", &mut user)?;
    user.updated = call.now;
    let shown = answer(&new_name, &user);
    users.remove(&name);
    users.insert(new_name.clone(), user);
    let (old, new) = (owner(call, name), owner(call, new_name));
    for key in state.access_keys.values_mut().filter(|key| key.owner == old) {
        key.owner = new.clone();
    }
    Ok(json!({ "User": shown }))
}

/// `ListUsers`, by name.
pub(super) fn list(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    authorize(call, state, "user", "*")?;
    let window = Window::read(call, 1..=1000)?;
    let users = account(call, state).users.iter();
    let keyed = users.map(|entry| (entry.0.to_string(), entry));
    Ok(window.answer("Users", "User", keyed, |(name, user)| answer(name, user)))
}

/// `DeleteUser`, which must have neither access keys nor policies.
pub(super) fn delete(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::user_name(call)?;
    authorize(call, state, "user", &name)?;
    let has_keys = state.access_keys_of(&owner(call, name.clone())).next().is_some();
    let users = &mut account(call, state).users;
    let user = users.get(&name).ok_or_else(error::no_user)?;
    if has_keys {
        return Err(error::has_access_keys());
    }
    if !user.policies.is_empty() {
        return Err(error::has_policies("User"));
    }
    users.remove(&name);
    Ok(json!({}))
}

/// A user of the caller's account as the owner of keys.
pub(super) fn owner(call: &Call<'_>, name: UserName) -> Principal {
    Principal { account: call.caller.principal.account.clone(), identity: Identity::User(name) }
}

/// Sets what the parameters say, whose names begin with `New` where there is something already.
fn describe_user(call: &Call<'_>, prefix: &str, user: &mut User) -> Result<(), ApiError> {
    let remark = |name: &str| argument::text(call, &format!("{prefix}{name}"), MAX_REMARK_CHARACTERS);
    let given = [
        (remark("DisplayName")?, &mut user.display_name),
        (remark("Comments")?, &mut user.comments),
        (argument::email(call, &format!("{prefix}Email"))?, &mut user.email),
        (argument::mobile_phone(call, &format!("{prefix}MobilePhone"))?, &mut user.mobile_phone),
    ];
    for (text, field) in given {
        if let Some(text) = text {
            *field = text;
        }
    }
    Ok(())
}

fn answer(name: &UserName, user: &User) -> Value {
    json!({
        "UserId": user.id,
        "UserName": name.as_ref(),
        "DisplayName": user.display_name,
        "Comments": user.comments,
        "Email": user.email,
        "MobilePhone": user.mobile_phone,
        "CreateDate": wire_time(user.created),
        "UpdateDate": wire_time(user.updated),
    })
}
