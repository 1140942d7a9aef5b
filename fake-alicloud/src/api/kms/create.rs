//! `CreateSecret`.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{self, authorize},
    argument, describe, error,
};
use crate::state::{
    State,
    arn::SecretArn,
    key::KeyReference,
    kms::fresh_version_id,
    managed::{ExtendedConfig, Managed, Service},
    name::{InstanceId, KeyId, SecretName},
    rotation::{AutomaticRotation, Rotation, RotationInterval},
    secret::{DataType, Kind, MAX_TAGS, Secret, SecretValue, is_tag},
    versions::{Version, VersionStage, Versions},
};

/// `CreateSecret`: a new secret with its first version.
pub(super) fn create_secret(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let kind = kind(call)?;
    let arn = new_secret(call, &kind)?;
    authorize(call, state, &arn)?;
    access::authorize_all(call, state)?;
    let versions = versions(call, &kind)?;
    let instance = instance(call, state)?;
    let secret = Secret {
        created: call.now,
        updated: call.now,
        description: call.parameters.text("Description").unwrap_or_default().to_owned(),
        encryption_key_id: encryption_key(call, state, instance.as_ref())?,
        policy: match call.parameters.text("Policy") {
            Some(_) if instance.is_none() => return Err(error::unsupported_operation()),
            policy => policy.map(argument::secret_policy).transpose()?,
        },
        instance,
        tags: tags(call)?,
        planned_deletion: None,
        kind,
        versions,
    };
    match state.secret(&arn) {
        Some(existing) if existing.planned_deletion.is_some() => return Err(error::in_deletion_window()),
        Some(_) => return Err(error::already_exists()),
        None => {}
    }
    let mut answer = json!({
        "Arn": arn.to_string(),
        "SecretName": arn.name.as_ref(),
        "SecretType": secret.kind.as_str(),
        "VersionId": argument::required(call, "VersionId")?,
    });
    if let Some(instance) = &secret.instance {
        answer["DKMSInstanceId"] = json!(instance.as_ref());
    }
    describe::add_managed_fields(&mut answer, &secret, true);
    state.insert_secret(&arn, secret);
    Ok(answer)
}

/// `SecretType` with the parameters that only managed types have.
fn kind(call: &Call<'_>) -> Result<Kind, ApiError> {
    let service = match call.parameters.text("SecretType") {
        None | Some("Generic") => None,
        Some(text) => Some(Service::read(text).ok_or_else(|| error::invalid_parameter("SecretType"))?),
    };
    let automatic = argument::flag(call, "EnableAutomaticRotation")?;
    let Some(service) = service else {
        // An extended configuration is documented to be ignored here, rotation to be impossible.
        return if automatic {
            Err(error::invalid_parameter("EnableAutomaticRotation"))
        } else {
            Ok(Kind::Generic)
        };
    };
    let text = call.parameters.text("ExtendedConfig");
    let text = text.ok_or_else(|| error::missing_parameter("ExtendedConfig"))?;
    let config =
        ExtendedConfig::read(service, text).ok_or_else(|| error::invalid_parameter("ExtendedConfig"))?;
    let rotation = Rotation { automatic: automatic_rotation(call, automatic)?, last: None };
    Ok(Kind::Managed(Box::new(Managed { service, config, rotation })))
}

/// `RotationInterval`, which is needed if the clock shall rotate, and ignored if not.
pub(super) fn automatic_rotation(call: &Call<'_>, enabled: bool) -> Result<AutomaticRotation, ApiError> {
    if !enabled {
        return Ok(AutomaticRotation::Disabled);
    }
    let interval: Option<RotationInterval> = argument::parsed(call, "RotationInterval")?;
    let interval = interval.ok_or_else(|| error::missing_parameter("RotationInterval"))?;
    Ok(Rotation::enabled(interval, call.now))
}

/// The name for a secret to be. Its type decides where in the common space of names it may be.
fn new_secret(call: &Call<'_>, kind: &Kind) -> Result<SecretArn, ApiError> {
    let text = argument::required(call, "SecretName")?;
    let invalid = || error::invalid_parameter("SecretName");
    let name: SecretName = match kind {
        Kind::Managed(managed) if managed.service == Service::RamCredentials => {
            let prefix = managed.service.name_prefix().unwrap_or_default();
            let user = managed.config.user_name().filter(|_| text == "$Auto").ok_or_else(invalid)?;
            format!("{prefix}{user}").parse()
        }
        _ => text.parse(),
    }
    .map_err(|_| invalid())?;
    let prefix = match kind {
        Kind::Generic => None,
        Kind::Managed(managed) => managed.service.name_prefix(),
    };
    let fits = match prefix {
        None => !name.as_ref().starts_with("acs/"),
        Some(prefix) => name.as_ref().strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()),
    };
    if fits { Ok(argument::own(call, name)) } else { Err(invalid()) }
}

/// The first version, made of `VersionId` and `SecretData`. A pair of accounts begins with one version for each.
fn versions(call: &Call<'_>, kind: &Kind) -> Result<Versions, ApiError> {
    let id = argument::version_id(call)?;
    let value = argument::secret_value(call)?;
    let Kind::Managed(managed) = kind else {
        return Ok(Versions::first(Version { id, value, created: call.now }, []));
    };
    if value.data_type != DataType::Text {
        return Err(error::invalid_parameter("SecretDataType"));
    }
    let values = managed.config.first_values(value.data.expose(), call.now);
    let values = values.ok_or_else(|| error::invalid_parameter("SecretData"))?;
    let current = Version { id, value: SecretValue::text(values.current), created: call.now };
    let Some(previous) = values.previous else { return Ok(Versions::first(current, [])) };
    let previous = Version { id: fresh_version_id(), value: SecretValue::text(previous), created: call.now };
    let list = vec![(previous, vec![VersionStage::Previous]), (current, vec![VersionStage::Current])];
    Ok(Versions::restore(list).expect("one fresh id, and each stage once"))
}

/// `DKMSInstanceId`.
fn instance(call: &Call<'_>, state: &State) -> Result<Option<InstanceId>, ApiError> {
    let Some(text) = call.parameters.text("DKMSInstanceId") else { return Ok(None) };
    let id: InstanceId = text.parse().map_err(|_| error::instance_not_found())?;
    access::connected(access::own_instance(call, state, &id)?)?;
    Ok(Some(id))
}

/// `EncryptionKeyId`: a usable key of the same instance, or of none if the secret is in none.
fn encryption_key(
    call: &Call<'_>,
    state: &State,
    instance: Option<&InstanceId>,
) -> Result<Option<KeyId>, ApiError> {
    let reference: Option<KeyReference> = argument::key(call, "EncryptionKeyId")?;
    let Some(reference) = reference else { return Ok(None) };
    let id = access::find_key("GenerateDataKey", call, state, &reference)?.ok_or_else(error::not_found)?;
    access::usable_key(state, &id)?;
    if state.key(&id).and_then(|key| key.instance.as_ref()) != instance {
        return Err(error::invalid_parameter("EncryptionKeyId"));
    }
    Ok(Some(id))
}

/// `Tags`, a JSON array of `{"TagKey","TagValue"}`.
fn tags(call: &Call<'_>) -> Result<Vec<(String, String)>, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Tag {
        tag_key: String,
        #[serde(default)]
        tag_value: String,
    }
    let tags: Vec<Tag> = argument::json(call, "Tags")?.unwrap_or_default();
    let keys: BTreeSet<_> = tags.iter().map(|tag| &tag.tag_key).collect();
    let fits = tags.len() <= MAX_TAGS && keys.len() == tags.len();
    if !fits || !tags.iter().all(|tag| is_tag(&tag.tag_key, &tag.tag_value)) {
        return Err(error::invalid_parameter("Tags"));
    }
    Ok(tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect())
}
