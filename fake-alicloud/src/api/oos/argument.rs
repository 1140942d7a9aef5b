//! The parameters of OOS operations as types that cannot be wrong.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{
    super::{ApiError, Call, parameters::NotBoolean},
    error::invalid_parameter,
};
use crate::state::{
    account::Identity,
    parameter::{
        ParameterType, ParameterValue, VersionNumber,
        constraints::Constraints,
        name::{ClientToken, Depth, Family, ParameterName, ParameterPath},
    },
    secret::{MAX_TAGS, is_tag},
};

const MAX_NAMES: usize = 10;
const MAX_DESCRIPTION_CHARACTERS: usize = 200;

/// What makes two requests to create a parameter the same.
const CREATION: [&str; 9] = [
    "Constraints",
    "DKMSInstanceId",
    "Description",
    "KeyId",
    "Name",
    "ResourceGroupId",
    "Tags",
    "Type",
    "Value",
];

/// A parameter that the gateway has made sure of.
fn required<'a>(call: &Call<'a>, name: &str) -> Result<&'a str, ApiError> {
    call.parameters.text(name).ok_or_else(|| ApiError::missing(name))
}

/// Reads a parameter that may be absent; whatever is wrong with it, it is named.
fn optional<T, E>(
    call: &Call<'_>,
    name: &str,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, ApiError> {
    call.parameters.text(name).map(read).transpose().map_err(|_| invalid_parameter(name))
}

pub(super) fn name(call: &Call<'_>, family: Family) -> Result<ParameterName, ApiError> {
    ParameterName::parse(required(call, "Name")?, family).map_err(|_| invalid_parameter("Name"))
}

/// A name that a user may give.
pub(super) fn new_name(call: &Call<'_>, family: Family) -> Result<ParameterName, ApiError> {
    let name = name(call, family)?;
    if name.is_reserved() { Err(invalid_parameter("Name")) } else { Ok(name) }
}

/// `Names`, a JSON array of 1 to 10, each as given: a name of wrong form is answered as invalid, not refused.
pub(super) fn names(call: &Call<'_>) -> Result<Vec<String>, ApiError> {
    let names: Vec<String> =
        serde_json::from_str(required(call, "Names")?).map_err(|_| invalid_parameter("Names"))?;
    if (1..=MAX_NAMES).contains(&names.len()) { Ok(names) } else { Err(invalid_parameter("Names")) }
}

pub(super) fn value(call: &Call<'_>) -> Result<ParameterValue, ApiError> {
    ParameterValue::parse(required(call, "Value")?).map_err(|_| invalid_parameter("Value"))
}

pub(super) fn description(call: &Call<'_>) -> Result<Option<String>, ApiError> {
    let read = |text: &str| {
        if text.chars().count() <= MAX_DESCRIPTION_CHARACTERS { Ok(text.to_owned()) } else { Err(()) }
    };
    optional(call, "Description", read)
}

pub(super) fn constraints(call: &Call<'_>) -> Result<Option<Constraints>, ApiError> {
    optional(call, "Constraints", Constraints::parse)
}

pub(super) fn client_token(call: &Call<'_>) -> Result<Option<ClientToken>, ApiError> {
    optional(call, "ClientToken", ClientToken::parse)
}

/// `Type`, which has one value in the secret family and must be named in the other.
pub(super) fn parameter_type(call: &Call<'_>, family: Family) -> Result<ParameterType, ApiError> {
    match (family, call.parameters.text("Type")) {
        (Family::Secret, None | Some("Secret")) => Ok(ParameterType::Secret),
        (Family::Common, Some("String")) => Ok(ParameterType::String),
        (Family::Common, Some("StringList")) => Ok(ParameterType::StringList),
        _ => Err(invalid_parameter("Type")),
    }
}

/// `Type` as a filter on plain parameters.
pub(super) fn type_filter(call: &Call<'_>) -> Result<Option<ParameterType>, ApiError> {
    match call.parameters.text("Type") {
        None => Ok(None),
        Some(_) => parameter_type(call, Family::Common).map(Some),
    }
}

/// `Tags`, a JSON object of texts.
pub(super) fn tags(call: &Call<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let read = |text: &str| serde_json::from_str::<BTreeMap<String, String>>(text);
    let tags = optional(call, "Tags", read)?.unwrap_or_default();
    if tags.len() <= MAX_TAGS && tags.iter().all(|(key, value)| is_tag(key, value)) {
        Ok(tags)
    } else {
        Err(invalid_parameter("Tags"))
    }
}

pub(super) fn version_number(call: &Call<'_>) -> Result<Option<VersionNumber>, ApiError> {
    let read = |text: &str| text.parse().ok().and_then(VersionNumber::new).ok_or(());
    optional(call, "ParameterVersion", read)
}

pub(super) fn path(call: &Call<'_>) -> Result<Option<ParameterPath>, ApiError> {
    optional(call, "Path", ParameterPath::parse)
}

/// `Recursive`, which is false unless it is said.
pub(super) fn depth(call: &Call<'_>) -> Result<Depth, ApiError> {
    Ok(if flag(call, "Recursive")? { Depth::Descendants } else { Depth::Children })
}

/// A boolean that is false unless it is said.
pub(super) fn flag(call: &Call<'_>, name: &'static str) -> Result<bool, ApiError> {
    match call.parameters.boolean(name) {
        Ok(value) => Ok(value.unwrap_or(false)),
        Err(NotBoolean(name)) => Err(invalid_parameter(name)),
    }
}

/// Whether the caller asks for parameters that the cloud shares with everybody. None are played.
pub(super) fn asks_for_public(call: &Call<'_>) -> Result<bool, ApiError> {
    match call.parameters.text("ShareType") {
        None | Some("Private") => Ok(false),
        Some("Public") => Ok(true),
        Some(_) => Err(invalid_parameter("ShareType")),
    }
}

/// The caller as the fields `CreatedBy` and `UpdatedBy` name it: `root(<account>)`, `<user>(<account>)`.
pub(super) fn signature(call: &Call<'_>) -> String {
    let principal = &call.caller.principal;
    match &principal.identity {
        Identity::Root => format!("root({})", principal.account),
        Identity::User(name) => format!("{name}({})", principal.account),
        Identity::AssumedRole(role, session) => format!("{role}/{session}({})", principal.account),
    }
}

/// Tells requests to create a parameter apart, and nothing of their values.
pub(super) fn fingerprint(call: &Call<'_>) -> [u8; 32] {
    let texts: Vec<_> = CREATION.iter().map(|name| call.parameters.text(name)).collect();
    Sha256::digest(serde_json::json!(texts).to_string()).into()
}
