//! `RotateSecret` and `UpdateSecretRotationPolicy`: how managed secrets get their next value.

use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{authorize, find_writable},
    argument, create, error,
};
use crate::state::{State, secret::Kind, versions::VersionSelector};

/// `RotateSecret`: the next value at once. An id that exists already makes it a success without effect.
pub(super) fn rotate_secret(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::secret(call)?;
    authorize(call, state, &arn)?;
    let id = argument::version_id(call)?;
    let eviction = state.behaviour.eviction;
    let secret = find_writable(state, call, &arn)?;
    if let Kind::Generic = secret.kind {
        return Err(error::unsupported_operation());
    }
    let exists = secret.versions.select(&VersionSelector::Id(id.clone())).is_ok();
    if !state.count_rotation(&call.caller.principal.account, call.region, call.now) {
        return Err(error::throttled());
    }
    if !exists {
        let secret = find_writable(state, call, &arn)?;
        secret.rotate(id.clone(), call.now, eviction).map_err(|_| error::unsupported_operation())?;
        let change = secret.next_change();
        state.expect_change(change);
    }
    Ok(json!({ "Arn": arn.to_string(), "SecretName": arn.name.as_ref(), "VersionId": id.as_ref() }))
}

/// `UpdateSecretRotationPolicy`: whether the clock rotates, and how often.
pub(super) fn update_secret_rotation_policy(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::secret(call)?;
    authorize(call, state, &arn)?;
    let enabled = argument::flag(call, "EnableAutomaticRotation")?;
    let automatic = create::automatic_rotation(call, enabled)?;
    let secret = find_writable(state, call, &arn)?;
    let Kind::Managed(managed) = &mut secret.kind else { return Err(error::unsupported_operation()) };
    managed.rotation.automatic = automatic;
    secret.updated = call.now;
    let change = secret.next_change();
    state.expect_change(change);
    Ok(json!({ "SecretName": arn.name.as_ref() }))
}
