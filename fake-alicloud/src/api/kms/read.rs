//! `GetSecretValue` and `BatchGetSecretValue`: the data of secrets.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{self, authorize_as, find},
    argument, describe, error,
    list::stages_value,
};
use crate::{
    behaviour::{ReadInDeletionWindow, VersionMismatch},
    clock::wire_time,
    state::{
        State,
        secret::{Kind, Secret},
        versions::{SelectError, Version, VersionSelector, VersionStage},
    },
};

const MAX_BATCH: usize = 20;

/// Which value of which secret.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Wanted {
    secret_name: String,
    version_id: Option<String>,
    version_stage: Option<String>,
    #[serde(default, deserialize_with = "boolean")]
    fetch_extended_config: bool,
}

/// `GetSecretValue`: the data of one version.
pub(super) fn secret_value(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let text = |name| call.parameters.text(name).map(str::to_owned);
    let wanted = Wanted {
        secret_name: argument::required(call, "SecretName")?.to_owned(),
        version_id: text("VersionId"),
        version_stage: text("VersionStage"),
        fetch_extended_config: argument::flag(call, "FetchExtendedConfig")?,
    };
    let dry_run = argument::flag(call, "DryRun")?;
    if call.parameters.text("Recipient").is_some() {
        return Err(error::unsupported_operation());
    }
    let outcome = read(call, state, &wanted);
    if dry_run { Err(error::dry_run(&outcome)) } else { outcome }
}

/// `BatchGetSecretValue`: up to 20 secrets, each found or refused on its own.
pub(super) fn batch_secret_values(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let list: Vec<Wanted> = argument::json(call, "SecretsList")?.unwrap_or_default();
    let names: BTreeSet<_> = list.iter().map(|wanted| &wanted.secret_name).collect();
    if !(1..=MAX_BATCH).contains(&list.len()) || names.len() != list.len() {
        return Err(error::invalid_parameter("SecretsList"));
    }
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for wanted in &list {
        match read(call, state, wanted) {
            Ok(value) => values.push(value),
            Err(error) => errors.push(json!({
                "SecretName": wanted.secret_name,
                "Code": error.code,
                "HttpStatus": error.status.as_u16(),
                "Message": error.message,
            })),
        }
    }
    Ok(json!({ "SecretValues": values, "Errors": errors }))
}

fn read(call: &Call<'_>, state: &State, wanted: &Wanted) -> Result<Value, ApiError> {
    let arn = argument::secret_named(call, &wanted.secret_name)?;
    // However it is called, so that whoever may read a secret may read it among others.
    authorize_as("GetSecretValue", call, state, &arn)?;
    let selector = argument::version_selector(wanted.version_id.as_deref(), wanted.version_stage.as_deref())?;
    let secret = find(state, call, &arn)?;
    if secret.planned_deletion.is_some() {
        return Err(match state.behaviour.read_in_deletion_window {
            ReadInDeletionWindow::Rejected => error::in_deletion_window(),
            ReadInDeletionWindow::NotFound => error::not_found(),
        });
    }
    access::reach(call, state, secret.instance.as_ref())?;
    if let Some(key) = &secret.encryption_key_id {
        access::authorize_encryption("Decrypt", call, state, key)?;
        access::usable_key(state, key)?;
    }
    let version = select(secret, selector, state.behaviour.version_mismatch)?;
    let mut answer = json!({
        "SecretName": arn.name.as_ref(),
        "SecretType": secret.kind.as_str(),
        "SecretData": version.value.data.expose(),
        "SecretDataType": version.value.data_type.as_str(),
        "VersionId": version.id.as_ref(),
        "VersionStages": stages_value(&secret.versions.stages_of(&version.id)),
        "CreateTime": wire_time(version.created),
    });
    describe::add_managed_fields(&mut answer, secret, wanted.fetch_extended_config);
    Ok(answer)
}

fn select(
    secret: &Secret,
    selector: VersionSelector,
    mismatch: VersionMismatch,
) -> Result<&Version, ApiError> {
    let selector = match secret.kind {
        Kind::Generic => selector,
        Kind::Managed(_) => of_managed(selector)?,
    };
    secret.versions.select(&selector).map_err(|error| match (error, mismatch) {
        (SelectError::StageMismatch, VersionMismatch::InvalidParameter) => {
            error::invalid_parameter("VersionStage")
        }
        (SelectError::NotFound, _) | (_, VersionMismatch::NotFound) => error::not_found(),
    })
}

/// Of managed secrets only what is current or was just before can be read, and ids are ignored.
fn of_managed(selector: VersionSelector) -> Result<VersionSelector, ApiError> {
    match selector {
        VersionSelector::Stage(stage) | VersionSelector::IdAtStage(_, stage) => match stage {
            VersionStage::Current | VersionStage::Previous => Ok(VersionSelector::Stage(stage)),
            VersionStage::Custom(_) => Err(error::invalid_parameter("VersionStage")),
        },
        VersionSelector::Id(_) => Ok(VersionSelector::Stage(VersionStage::Current)),
    }
}

/// A boolean of JSON, or the word for it, as some clients write it.
fn boolean<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Boolean {
        Plain(bool),
        Word(String),
    }
    match Boolean::deserialize(deserializer)? {
        Boolean::Plain(value) => Ok(value),
        Boolean::Word(word) if word.eq_ignore_ascii_case("true") => Ok(true),
        Boolean::Word(word) if word.eq_ignore_ascii_case("false") => Ok(false),
        Boolean::Word(_) => Err(serde::de::Error::custom("neither true nor false")),
    }
}
