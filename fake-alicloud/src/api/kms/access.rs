//! The ways to secrets, keys and instances: who may, whether they are there, and whether they can be reached from here.

use super::{
    super::{ApiError, Call},
    error,
};
use crate::{
    policy::{self, Context, Question, ResourcePolicy},
    state::{
        State,
        arn::SecretArn,
        instance::{Instance, InstanceState},
        key::{KeyName, KeyReference},
        name::{AccountId, InstanceId, KeyId, Region},
        secret::Secret,
        secret_policy::SecretPolicy,
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

/// Decides whether the caller may do what was called with that secret, there or not.
pub(super) fn authorize(call: &Call<'_>, state: &State, secret: &SecretArn) -> Result<(), ApiError> {
    authorize_as(call.action, call, state, secret)
}

/// The same for an operation that may be another than the one called.
pub(super) fn authorize_as(
    operation: &str,
    call: &Call<'_>,
    state: &State,
    secret: &SecretArn,
) -> Result<(), ApiError> {
    let found = state.secret(secret);
    let mut context = call.context.clone();
    for (key, value) in found.iter().flat_map(|secret| &secret.tags) {
        context.set(format!("kms:tag/{key}"), value);
    }
    // Only in an instance does a secret have a policy; the default one decides nothing that RAM would not decide alone.
    let policy = found.and_then(|secret| secret.policy.as_ref()).map(SecretPolicy::rules);
    decide(operation, call, state, &secret.account, &secret.to_string(), policy, &context)
}

/// Decides whether the caller may work on the secrets of its account at this endpoint as a whole.
pub(super) fn authorize_all(call: &Call<'_>, state: &State) -> Result<(), ApiError> {
    let account = &call.caller.principal.account;
    let arn = format!("acs:kms:{}:{account}:secret", call.region);
    decide(call.action, call, state, account, &arn, None, call.context)
}

/// Decides whether the caller may use that key for an operation, called or made necessary by the one that was.
pub(super) fn authorize_key(
    operation: &str,
    call: &Call<'_>,
    state: &State,
    owner: &AccountId,
    arn: &str,
) -> Result<(), ApiError> {
    decide(operation, call, state, owner, arn, None, call.context)
}

/// Decides whether the caller may use the key that encrypts a secret.
pub(super) fn authorize_encryption(
    operation: &str,
    call: &Call<'_>,
    state: &State,
    id: &KeyId,
) -> Result<(), ApiError> {
    // A key that is gone has no owner to ask; whoever needs it will be told that it is gone.
    let Some(key) = state.key(id) else { return Ok(()) };
    authorize_key(operation, call, state, &key.account, &key_arn(&key.region, &key.account, id))
}

pub(super) fn key_arn(region: &Region, account: &AccountId, id: &KeyId) -> String {
    format!("acs:kms:{region}:{account}:key/{id}")
}

fn decide(
    operation: &str,
    call: &Call<'_>,
    state: &State,
    owner: &AccountId,
    resource: &str,
    resource_policy: Option<&ResourcePolicy>,
    context: &Context,
) -> Result<(), ApiError> {
    let action = format!("kms:{operation}");
    let question =
        Question { caller: call.caller, action: &action, resource, owner, resource_policy, context };
    policy::authorize(state, &question).map_err(|refusal| error::no_permission(resource).because(refusal))
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
    operation: &str,
    call: &Call<'_>,
    state: &State,
    reference: &KeyReference,
) -> Result<Option<KeyId>, ApiError> {
    let own = (call.region.clone(), call.caller.principal.account.clone());
    let (region, account) = reference.place.as_ref().unwrap_or(&own);
    let found = state.named_key(account, region, &reference.name).map(|(id, _)| id.clone());
    // What an alias stands for is asked about; an alias of nothing is asked about itself.
    let arn = match (&found, &reference.name) {
        (Some(id), _) | (None, KeyName::Id(id)) => key_arn(region, account, id),
        (None, KeyName::Alias(alias)) => format!("acs:kms:{region}:{account}:{alias}"),
    };
    authorize_key(operation, call, state, account, &arn).map_err(|refused| {
        // In the words of the caller, for whom it may be news what an alias stands for.
        let name = match &reference.name {
            KeyName::Id(id) => key_arn(region, account, id),
            KeyName::Alias(alias) => format!("acs:kms:{region}:{account}:{alias}"),
        };
        ApiError { refusal: refused.refusal, ..error::no_permission(&name) }
    })?;
    Ok(found.filter(|_| region == call.region))
}

/// Makes sure that a key is there and may be used.
pub(super) fn usable_key(state: &State, id: &KeyId) -> Result<(), ApiError> {
    let key = state.key(id).ok_or_else(error::key_not_found)?;
    error::key_state(key.state).map_or(Ok(()), Err)
}
