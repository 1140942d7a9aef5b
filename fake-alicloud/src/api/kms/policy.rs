//! `GetSecretPolicy` and `SetSecretPolicy`: the policies of secrets in instances.

use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{authorize, find, find_writable},
    argument, error,
};
use crate::state::{State, secret_policy::SecretPolicy};

/// `GetSecretPolicy`: what was set, else what holds for every secret.
pub(super) fn secret_policy(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::secret(call)?;
    authorize(call, state, &arn)?;
    check_policy_name(call)?;
    let secret = find(state, call, &arn)?;
    if secret.instance.is_none() {
        return Err(error::unsupported_operation());
    }
    let policy = secret.policy.clone().unwrap_or_else(|| SecretPolicy::of_account(&arn.account));
    Ok(json!({ "Policy": policy.as_ref() }))
}

/// `SetSecretPolicy`, by POST alone.
pub(super) fn set_secret_policy(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    if !call.parameters.posted() {
        return Err(ApiError::wrong_method());
    }
    let arn = argument::secret(call)?;
    authorize(call, state, &arn)?;
    check_policy_name(call)?;
    let policy = argument::secret_policy(argument::required(call, "Policy")?)?;
    let secret = find_writable(state, call, &arn)?;
    if secret.instance.is_none() {
        return Err(error::unsupported_operation());
    }
    secret.policy = Some(policy);
    secret.updated = call.now;
    Ok(json!({}))
}

fn check_policy_name(call: &Call<'_>) -> Result<(), ApiError> {
    match call.parameters.text("PolicyName") {
        None | Some("default") => Ok(()),
        Some(_) => Err(error::invalid_parameter("PolicyName")),
    }
}
