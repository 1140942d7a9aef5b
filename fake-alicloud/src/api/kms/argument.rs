//! The parameters of KMS operations as types that cannot be wrong.

use serde::Deserialize;

use super::{
    super::{ApiError, Call, parameters::NotBoolean},
    error,
};
use crate::state::{
    arn::SecretArn,
    hidden::Hidden,
    name::{SecretName, VersionId},
    secret::{DataType, MAX_DATA_BYTES, SecretValue, VersionSelector, VersionStage},
};

const MAX_TAGS: usize = 20;
const MAX_TAG_CHARACTERS: usize = 128;

impl From<NotBoolean> for ApiError {
    fn from(NotBoolean(name): NotBoolean) -> Self {
        error::invalid_parameter(name)
    }
}

/// A parameter that the gateway has made sure of.
fn required<'a>(call: &Call<'a>, name: &str) -> Result<&'a str, ApiError> {
    call.parameters.text(name).ok_or_else(|| ApiError::missing(name))
}

/// The name for a secret to be: a plain name outside of the part reserved for managed secrets.
pub(super) fn new_secret(call: &Call<'_>) -> Result<SecretArn, ApiError> {
    let name: SecretName =
        required(call, "SecretName")?.parse().map_err(|_| error::invalid_parameter("SecretName"))?;
    if name.as_ref().starts_with("acs/") {
        return Err(error::invalid_parameter("SecretName"));
    }
    Ok(own(call, name))
}

/// The secret meant by a plain name, which is looked for at the caller's own account, or by an ARN.
pub(super) fn secret(call: &Call<'_>) -> Result<SecretArn, ApiError> {
    let text = required(call, "SecretName")?;
    let invalid = || error::invalid_parameter("SecretName");
    if text.starts_with("acs:") {
        text.parse().map_err(|_| invalid())
    } else {
        Ok(own(call, text.parse().map_err(|_| invalid())?))
    }
}

fn own(call: &Call<'_>, name: SecretName) -> SecretArn {
    SecretArn { region: call.region.clone(), account: call.caller.principal.account.clone(), name }
}

pub(super) fn version_id(call: &Call<'_>) -> Result<VersionId, ApiError> {
    required(call, "VersionId")?.parse().map_err(|_| error::invalid_parameter("VersionId"))
}

/// `VersionId` and `VersionStage`, each optional; without either, what is current.
pub(super) fn version_selector(call: &Call<'_>) -> Result<VersionSelector, ApiError> {
    let id = match call.parameters.text("VersionId") {
        None => None,
        Some(_) => Some(version_id(call)?),
    };
    let stage = call
        .parameters
        .text("VersionStage")
        .map(|text| VersionStage::try_from(text.to_owned()))
        .transpose()
        .map_err(|_| error::invalid_parameter("VersionStage"))?;
    Ok(match (id, stage) {
        (Some(id), Some(stage)) => VersionSelector::IdAtStage(id, stage),
        (Some(id), None) => VersionSelector::Id(id),
        (None, stage) => VersionSelector::Stage(stage.unwrap_or(VersionStage::Current)),
    })
}

/// The stages for a new version, a JSON array. `ACSPrevious` follows from `ACSCurrent` and cannot be claimed.
pub(super) fn version_stages(call: &Call<'_>) -> Result<Vec<VersionStage>, ApiError> {
    let Some(text) = call.parameters.text("VersionStages") else { return Ok(vec![VersionStage::Current]) };
    let stages: Vec<VersionStage> =
        serde_json::from_str(text).map_err(|_| error::invalid_parameter("VersionStages"))?;
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

/// `Tags`, a JSON array of `{"TagKey","TagValue"}`.
pub(super) fn tags(call: &Call<'_>) -> Result<Vec<(String, String)>, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Tag {
        tag_key: String,
        #[serde(default)]
        tag_value: String,
    }
    let Some(text) = call.parameters.text("Tags") else { return Ok(Vec::new()) };
    let tags: Vec<Tag> = serde_json::from_str(text).map_err(|_| error::invalid_parameter("Tags"))?;
    let fits = |text: &str| text.chars().count() <= MAX_TAG_CHARACTERS;
    let allowed = |tag: &Tag| {
        let key = &tag.tag_key;
        let reserved = key.starts_with("aliyun") || key.starts_with("acs:");
        !key.is_empty() && !reserved && fits(key) && fits(&tag.tag_value)
    };
    if tags.len() > MAX_TAGS || !tags.iter().all(allowed) {
        return Err(error::invalid_parameter("Tags"));
    }
    Ok(tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect())
}

/// Refuses what belongs to managed secrets and to instances, of which the fake has none.
pub(super) fn only_generic(call: &Call<'_>) -> Result<(), ApiError> {
    match call.parameters.text("SecretType") {
        None | Some("Generic") => {}
        Some("Rds" | "Redis" | "RAMCredentials" | "ECS" | "PolarDB") => {
            return Err(error::unsupported_operation());
        }
        Some(_) => return Err(error::invalid_parameter("SecretType")),
    }
    if call.parameters.boolean("EnableAutomaticRotation")? == Some(true) {
        return Err(error::invalid_parameter("EnableAutomaticRotation"));
    }
    for name in ["RotationInterval", "ExtendedConfig"] {
        if call.parameters.text(name).is_some() {
            return Err(error::invalid_parameter(name));
        }
    }
    if call.parameters.text("DKMSInstanceId").is_some() {
        return Err(error::instance_not_found());
    }
    if call.parameters.text("Policy").is_some() {
        return Err(error::unsupported_operation());
    }
    Ok(())
}
