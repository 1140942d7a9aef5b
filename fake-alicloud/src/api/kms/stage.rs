//! `UpdateSecretVersionStage`.

use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{authorize, find_writable},
    argument, error,
};
use crate::state::{
    State,
    secret::Kind,
    versions::{StageChange, StageError},
};

/// `UpdateSecretVersionStage`: moves a stage of a generic secret, or takes a custom one away.
pub(super) fn update_secret_version_stage(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::secret(call)?;
    authorize(call, state, &arn)?;
    let label = argument::version_stage(argument::required(call, "VersionStage")?)?;
    let from = argument::parsed(call, "RemoveFromVersion")?;
    let to = argument::parsed(call, "MoveToVersion")?;
    let change = match (from, to) {
        (None, None) => return Err(error::missing_parameter("MoveToVersion")),
        (None, Some(to)) => StageChange::Attach { to },
        (Some(from), None) => StageChange::Detach { from },
        (Some(from), Some(to)) if from == to => return Err(error::mismatch()),
        (Some(from), Some(to)) => StageChange::Move { from, to },
    };
    let secret = find_writable(state, call, &arn)?;
    if let Kind::Managed(_) = secret.kind {
        return Err(error::unsupported_operation());
    }
    secret.versions.change_stage(label, &change).map_err(|error| match error {
        StageError::NotFound => error::not_found(),
        StageError::NotThere => error::mismatch(),
        StageError::BuiltIn => error::missing_parameter("MoveToVersion"),
        StageError::CurrentAsPrevious => error::wrong_stages(),
        StageError::TooMany => error::limit_exceeded(),
    })?;
    secret.updated = call.now;
    Ok(json!({ "SecretName": arn.name.as_ref() }))
}
