//! The access keys of users. Who calls may leave out its own name.

use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{account, authorize},
    argument, error,
    user::owner,
};
use crate::{
    clock::wire_time,
    random,
    state::{
        State,
        account::{AccessKey, Principal},
        hidden::Hidden,
        name::AccessKeyId,
    },
};

/// How many access keys a user can have.
const MAX_ACCESS_KEYS: usize = 2;

const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// `CreateAccessKey`: a pair that works at once. Its secret is told here and never again.
pub(super) fn create(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let owner = authorized(call, state)?;
    if state.access_keys_of(&owner).count() >= MAX_ACCESS_KEYS {
        return Err(error::limit_exceeded("User.AccessKey", "access keys of the user"));
    }
    let id: AccessKeyId =
        format!("LTAI5t{}", random::text(18, ALPHANUMERIC)).parse().expect("letters and digits");
    let secret = random::text(30, ALPHANUMERIC);
    let key = AccessKey { secret: Hidden::from(secret), owner, active: true, created: call.now };
    let mut shown = answer(&id, &key);
    shown["AccessKeySecret"] = json!(key.secret.expose());
    state.access_keys.insert(id, key);
    Ok(json!({ "AccessKey": shown }))
}

/// `ListAccessKeys`, without their secrets.
pub(super) fn list(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let owner = authorized(call, state)?;
    let keys: Vec<_> = state.access_keys_of(&owner).map(|(id, key)| answer(id, key)).collect();
    Ok(json!({ "AccessKeys": { "AccessKey": keys } }))
}

/// `UpdateAccessKey`: whether the key may be used.
pub(super) fn update(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let owner = authorized(call, state)?;
    let active = match call.parameters.text("Status") {
        Some("Active") => true,
        Some("Inactive") => false,
        Some(_) | None => return Err(error::incorrect("Status")),
    };
    let id = own_key(call, state, &owner)?;
    let key = state.access_keys.get_mut(&id).ok_or_else(error::no_access_key)?;
    key.active = active;
    Ok(json!({}))
}

/// `DeleteAccessKey`.
pub(super) fn delete(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let owner = authorized(call, state)?;
    let id = own_key(call, state, &owner)?;
    state.access_keys.remove(&id);
    Ok(json!({}))
}

/// The user whose keys the operation may work on.
fn authorized(call: &Call<'_>, state: &mut State) -> Result<Principal, ApiError> {
    let name = argument::user_name_or_own(call)?;
    authorize(call, state, "user", &name)?;
    if account(call, state).users.contains_key(&name) { Ok(owner(call, name)) } else { Err(error::no_user()) }
}

/// `UserAccessKeyId`, if the user has such a key; another's is not there.
fn own_key(call: &Call<'_>, state: &State, owner: &Principal) -> Result<AccessKeyId, ApiError> {
    let id = call.parameters.text("UserAccessKeyId").and_then(|text| text.parse().ok());
    id.filter(|id| state.access_keys.get(id).is_some_and(|key| key.owner == *owner))
        .ok_or_else(error::no_access_key)
}

fn answer(id: &AccessKeyId, key: &AccessKey) -> Value {
    json!({
        "AccessKeyId": id.as_ref(),
        "Status": if key.active { "Active" } else { "Inactive" },
        "CreateDate": wire_time(key.created),
    })
}
