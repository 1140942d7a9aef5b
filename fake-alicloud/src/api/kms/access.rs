//! The ways to secrets, keys and instances: who may, whether they are there, and whether they can be reached from here.

use super::{
    super::{ApiError, Call},
    error,
};
use crate::{
    policy,
    state::{
        State,
        arn::SecretArn,
        instance::{Instance, InstanceState},
        key::{KeyName, KeyReference},
        name::{AccountId, InstanceId, KeyId},
        secret::Secret,
    },
};

/// What the gateway of an instance offers. All else is the shared gateway's.
const AT_INSTANCES: &[&str] =
    &["Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GetSecretValue"];

/// Lets a call in at the gateway of an instance, if it came by there.
pub(in crate::api) fn enter(call: &Call<'_>, action: &str, state: &State) -> Result<(), ApiError> {
    let Some(id) = call.instance else { return Ok(()) };
    let instance = connected(own_instance(call, state, id)?)?;
    if !instance.speaks_open_api() {
        // What images say that know nothing but their own protocol, with its spelling of the header.
        return Err(error::missing_parameter("x-kms-acccesskeyid"));
    }
    if AT_INSTANCES.contains(&action) { Ok(()) } else { Err(error::unsupported_operation()) }
}

/// An instance of the caller's account at this endpoint.
pub(super) fn own_instance<'a>(
    call: &Call<'_>,
    state: &'a State,
    id: &InstanceId,
) -> Result<&'a Instance, ApiError> {
    let instance = state.instance(id).ok_or_else(error::instance_not_found)?;
    let own = instance.account == call.caller.principal.account && instance.region == *call.region;
    if own { Ok(instance) } else { Err(error::instance_not_found()) }
}

pub(super) fn connected(instance: &Instance) -> Result<&Instance, ApiError> {
    if instance.state == InstanceState::Connected { Ok(instance) } else { Err(error::instance_state()) }
}

/// Whether what lives in that instance, or in none, can be used through the gateway that was called.
pub(super) fn reach(call: &Call<'_>, state: &State, home: Option<&InstanceId>) -> Result<(), ApiError> {
    match (call.instance, home) {
        (None, None) => Ok(()),
        (Some(gateway), home) if home == Some(gateway) => Ok(()),
        (Some(_), _) => Err(error::not_found()),
        (None, Some(home)) => {
            let instance = connected(state.instance(home).ok_or_else(error::instance_not_found)?)?;
            if instance.internet_access { Ok(()) } else { Err(error::unsupported_operation()) }
        }
    }
}

pub(super) fn authorize(call: &Call<'_>, secret: &SecretArn) -> Result<(), ApiError> {
    policy::of_own_account(call.caller, &secret.account)
        .map_err(|_| error::no_permission(&secret.to_string()))
}

/// Finds a secret at the endpoint that was called; another region's secrets are not there, even by their ARN.
pub(super) fn find<'a>(state: &'a State, call: &Call<'_>, arn: &SecretArn) -> Result<&'a Secret, ApiError> {
    if arn.region != *call.region {
        return Err(error::not_found());
    }
    state.secret(arn).ok_or_else(error::not_found)
}

/// Finds a secret to be changed, which those that wait for their end cannot be.
pub(super) fn find_writable<'a>(
    state: &'a mut State,
    call: &Call<'_>,
    arn: &SecretArn,
) -> Result<&'a mut Secret, ApiError> {
    if find(state, call, arn)?.planned_deletion.is_some() {
        return Err(error::in_deletion_window());
    }
    state.secret_mut(arn).ok_or_else(error::not_found)
}

/// Finds a key that the caller named, and may use.
pub(super) fn find_key(
    call: &Call<'_>,
    state: &State,
    reference: &KeyReference,
) -> Result<Option<KeyId>, ApiError> {
    let own = (call.region.clone(), call.caller.principal.account.clone());
    let (region, account) = reference.place.as_ref().unwrap_or(&own);
    let name = match &reference.name {
        KeyName::Id(id) => format!("key/{id}"),
        KeyName::Alias(alias) => alias.to_string(),
    };
    authorize_key(call, account, &format!("acs:kms:{region}:{account}:{name}"))?;
    if region != call.region {
        return Ok(None);
    }
    Ok(state.named_key(account, region, &reference.name).map(|(id, _)| id.clone()))
}

pub(super) fn authorize_key(call: &Call<'_>, owner: &AccountId, arn: &str) -> Result<(), ApiError> {
    policy::of_own_account(call.caller, owner).map_err(|_| error::no_permission(arn))
}

/// Makes sure that a key is there and may be used.
pub(super) fn usable_key(state: &State, id: &KeyId) -> Result<(), ApiError> {
    let key = state.key(id).ok_or_else(error::key_not_found)?;
    error::key_state(key.state).map_or(Ok(()), Err)
}
