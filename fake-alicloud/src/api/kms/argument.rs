//! The parameters of KMS operations as types that cannot be wrong.

use std::{ops::RangeInclusive, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::de::DeserializeOwned;

use super::{
    super::{ApiError, Call, parameters::NotBoolean},
    error,
};
use crate::state::{
    arn::SecretArn,
    hidden::Hidden,
    key::KeyReference,
    name::{SecretName, VersionId},
    secret::{DataType, MAX_DATA_BYTES, SecretValue},
    secret_policy::SecretPolicy,
    versions::{VersionSelector, VersionStage},
};

impl From<NotBoolean> for ApiError {
    fn from(NotBoolean(name): NotBoolean) -> Self {
        error::invalid_parameter(name)
    }
}

// Of any kind.

/// A parameter that the gateway has made sure of.
pub(super) fn required<'a>(call: &Call<'a>, name: &str) -> Result<&'a str, ApiError> {
    call.parameters.text(name).ok_or_else(|| ApiError::missing(name))
}

/// A parameter of a type that knows its rule.
pub(super) fn parsed<T: FromStr>(call: &Call<'_>, name: &str) -> Result<Option<T>, ApiError> {
    call.parameters
        .text(name)
        .map(|text| text.parse().map_err(|_| error::invalid_parameter(name)))
        .transpose()
}

/// A parameter in JSON.
pub(super) fn json<T: DeserializeOwned>(call: &Call<'_>, name: &str) -> Result<Option<T>, ApiError> {
    let read = |text| serde_json::from_str(text).map_err(|_| error::invalid_parameter(name));
    call.parameters.text(name).map(read).transpose()
}

/// A boolean that is false if it is absent.
pub(super) fn flag(call: &Call<'_>, name: &'static str) -> Result<bool, ApiError> {
    Ok(call.parameters.boolean(name)?.unwrap_or(false))
}

/// A whole number within a range.
pub(super) fn number(
    call: &Call<'_>,
    name: &str,
    range: RangeInclusive<usize>,
) -> Result<Option<usize>, ApiError> {
    let number = parsed(call, name)?;
    if number.is_some_and(|number| !range.contains(&number)) {
        return Err(error::invalid_parameter(name));
    }
    Ok(number)
}

/// Bytes in Base64.
pub(super) fn bytes(call: &Call<'_>, name: &str) -> Result<Vec<u8>, ApiError> {
    STANDARD.decode(required(call, name)?).map_err(|_| error::invalid_parameter(name))
}

// Secrets and what is in them.

/// The secret meant by `SecretName`.
pub(super) fn secret(call: &Call<'_>) -> Result<SecretArn, ApiError> {
    secret_named(call, required(call, "SecretName")?)
}

/// The secret meant by a plain name, which is looked for at the caller's own account, or by an ARN.
pub(super) fn secret_named(call: &Call<'_>, text: &str) -> Result<SecretArn, ApiError> {
    let invalid = || error::invalid_parameter("SecretName");
    if text.starts_with("acs:") {
        text.parse().map_err(|_| invalid())
    } else {
        Ok(own(call, text.parse().map_err(|_| invalid())?))
    }
}

/// A secret of the caller's account at the endpoint that was called.
pub(super) fn own(call: &Call<'_>, name: SecretName) -> SecretArn {
    SecretArn { region: call.region.clone(), account: call.caller.principal.account.clone(), name }
}

pub(super) fn version_id(call: &Call<'_>) -> Result<VersionId, ApiError> {
    required(call, "VersionId")?.parse().map_err(|_| error::invalid_parameter("VersionId"))
}

pub(super) fn version_stage(text: &str) -> Result<VersionStage, ApiError> {
    VersionStage::try_from(text.to_owned()).map_err(|_| error::invalid_parameter("VersionStage"))
}

/// A version id and a stage, each optional; without either, what is current.
pub(super) fn version_selector(id: Option<&str>, stage: Option<&str>) -> Result<VersionSelector, ApiError> {
    let id = id.map(str::parse).transpose().map_err(|_| error::invalid_parameter("VersionId"))?;
    let stage = stage.map(version_stage).transpose()?;
    Ok(match (id, stage) {
        (Some(id), Some(stage)) => VersionSelector::IdAtStage(id, stage),
        (Some(id), None) => VersionSelector::Id(id),
        (None, stage) => VersionSelector::Stage(stage.unwrap_or(VersionStage::Current)),
    })
}

/// The stages for a new version, a JSON array. `ACSPrevious` follows from `ACSCurrent` and cannot be claimed.
pub(super) fn version_stages(call: &Call<'_>) -> Result<Vec<VersionStage>, ApiError> {
    let Some(stages) = json::<Vec<VersionStage>>(call, "VersionStages")? else {
        return Ok(vec![VersionStage::Current]);
    };
    if stages.is_empty() || stages.contains(&VersionStage::Previous) {
        return Err(error::invalid_parameter("VersionStages"));
    }
    Ok(stages)
}

/// `SecretData` and `SecretDataType`.
pub(super) fn secret_value(call: &Call<'_>) -> Result<SecretValue, ApiError> {
    let data = required(call, "SecretData")?;
    if data.len() > MAX_DATA_BYTES {
        return Err(error::invalid_parameter("SecretData"));
    }
    let data_type = match call.parameters.text("SecretDataType") {
        None | Some("text") => DataType::Text,
        Some("binary") => DataType::Binary,
        Some(_) => return Err(error::invalid_parameter("SecretDataType")),
    };
    Ok(SecretValue { data: Hidden::from(data.to_owned()), data_type })
}

/// `Policy` of a secret.
pub(super) fn secret_policy(text: &str) -> Result<SecretPolicy, ApiError> {
    SecretPolicy::try_from(text.to_owned()).map_err(|_| error::invalid_parameter("Policy"))
}

// Keys.

/// A key by id, alias or ARN; the caller's own at this endpoint unless the ARN says otherwise.
pub(super) fn key(call: &Call<'_>, name: &str) -> Result<Option<KeyReference>, ApiError> {
    parsed(call, name)
}
