//! `PutSecretValue`.

use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{self, authorize, find_writable},
    argument, error,
    list::stages_value,
};
use crate::state::{
    State,
    secret::Kind,
    versions::{PutError, Stored, Version},
};

/// `PutSecretValue`: a further version of a generic secret.
pub(super) fn put_secret_value(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::secret(call)?;
    authorize(call, state, &arn)?;
    let id = argument::version_id(call)?;
    let version = Version { id: id.clone(), value: argument::secret_value(call)?, created: call.now };
    let stages = argument::version_stages(call)?;
    let eviction = state.behaviour.eviction;
    let secret = find_writable(state, call, &arn)?;
    if let Kind::Managed(_) = secret.kind {
        return Err(error::unsupported_operation());
    }
    if let Some(key) = secret.encryption_key_id.clone() {
        access::authorize_encryption("GenerateDataKey", call, state, &key)?;
        access::usable_key(state, &key)?;
    }
    let secret = find_writable(state, call, &arn)?;
    let stored = secret.versions.put(version, stages, eviction).map_err(|error| match error {
        PutError::VersionTaken => error::already_exists(),
        PutError::TooManyStages => error::limit_exceeded(),
    })?;
    if stored == Stored::Now {
        secret.updated = call.now;
    }
    Ok(json!({
        "SecretName": arn.name.as_ref(),
        "VersionId": id.as_ref(),
        "VersionStages": stages_value(&secret.versions.stages_of(&id)),
    }))
}
