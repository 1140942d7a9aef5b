//! `DescribeSecret` and `UpdateSecret`: what is known about a secret except its data.

use serde_json::{Map, Value, json};

use super::{
    super::{ApiError, Call},
    access::{authorize, find, find_writable},
    argument, error,
};
use crate::{
    clock::wire_time,
    state::{
        State,
        rotation::AutomaticRotation,
        secret::{Kind, Secret},
    },
};

/// `DescribeSecret`: all about a secret except its data.
pub(super) fn describe_secret(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::secret(call)?;
    authorize(call, state, &arn)?;
    let fetch_tags = argument::flag(call, "FetchTags")?;
    let secret = find(state, call, &arn)?;
    let mut answer = json!({
        "Arn": arn.to_string(),
        "SecretName": arn.name.as_ref(),
        "SecretType": secret.kind.as_str(),
        "Description": secret.description,
        "CreateTime": wire_time(secret.created),
        "UpdateTime": wire_time(secret.updated),
    });
    if let Some(key) = &secret.encryption_key_id {
        answer["EncryptionKeyId"] = json!(key.as_ref());
    }
    if let Some(instance) = &secret.instance {
        answer["DKMSInstanceId"] = json!(instance.as_ref());
    }
    if let Some(time) = secret.planned_deletion {
        answer["PlannedDeleteTime"] = json!(wire_time(time));
    }
    if fetch_tags {
        answer["Tags"] = tags(secret);
    }
    add_managed_fields(&mut answer, secret, true);
    Ok(answer)
}

/// `UpdateSecret`: the description, and of managed secrets the custom data of their configuration.
pub(super) fn update_secret(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::secret(call)?;
    authorize(call, state, &arn)?;
    let description = call.parameters.text("Description");
    let custom_data = custom_data(call)?;
    let secret = find_writable(state, call, &arn)?;
    if let Some(custom_data) = custom_data {
        let replaced = match &mut secret.kind {
            Kind::Managed(managed) => managed.config.replace_custom_data(custom_data),
            Kind::Generic => false,
        };
        if !replaced {
            return Err(error::invalid_parameter("ExtendedConfig.CustomData"));
        }
    }
    if let Some(description) = description {
        description.clone_into(&mut secret.description);
    }
    secret.updated = call.now;
    Ok(json!({ "SecretName": arn.name.as_ref() }))
}

/// The custom data, as a parameter of its own or, as official clients send it, within `ExtendedConfig`.
fn custom_data(call: &Call<'_>) -> Result<Option<Value>, ApiError> {
    if let Some(custom_data) = argument::json(call, "ExtendedConfig.CustomData")? {
        return Ok(Some(custom_data));
    }
    let config: Option<Map<String, Value>> = argument::json(call, "ExtendedConfig")?;
    Ok(config.and_then(|mut config| config.remove("CustomData")))
}

pub(super) fn tags(secret: &Secret) -> Value {
    let tags = secret.tags.iter().map(|(key, value)| json!({ "TagKey": key, "TagValue": value }));
    json!({ "Tag": tags.collect::<Vec<_>>() })
}

/// Adds what only managed secrets have: their rotation, and if it is wanted their configuration.
pub(super) fn add_managed_fields(answer: &mut Value, secret: &Secret, with_config: bool) {
    let Kind::Managed(managed) = &secret.kind else { return };
    answer["AutomaticRotation"] = json!(match &managed.rotation.automatic {
        AutomaticRotation::Disabled => "Disabled",
        AutomaticRotation::Enabled { .. } => "Enabled",
        AutomaticRotation::Invalid => "Invalid",
    });
    if let AutomaticRotation::Enabled { interval, next } = &managed.rotation.automatic {
        answer["RotationInterval"] = json!(interval.to_string());
        answer["NextRotationDate"] = json!(wire_time(*next));
    }
    if let Some(last) = managed.rotation.last {
        answer["LastRotationDate"] = json!(wire_time(last));
    }
    if with_config {
        answer["ExtendedConfig"] = json!(managed.config.to_text());
    }
}
