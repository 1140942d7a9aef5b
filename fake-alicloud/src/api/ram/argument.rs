//! The parameters of RAM operations as types that cannot be wrong.

use std::str::FromStr;

use super::{
    super::{ApiError, Call, parameters::NotBoolean},
    error,
};
use crate::{
    policy::PolicyError,
    state::{
        account::Identity,
        name::{PolicyName, RoleName, UserName},
        ram::{AttachedPolicy, MAX_DOCUMENT_CHARACTERS, Rotation, SESSION_SECONDS, VersionNumber},
    },
};

const MAX_IDENTITY_NAME: usize = 64;
const MAX_POLICY_NAME: usize = 128;

/// A parameter that the gateway has made sure of.
fn required<'a>(call: &Call<'a>, parameter: &str) -> Result<&'a str, ApiError> {
    call.parameters.text(parameter).ok_or_else(|| ApiError::missing(parameter))
}

/// A name, which can be too long or have letters that it must not have.
fn name<T: FromStr>(text: &str, parameter: &str, limit: usize) -> Result<T, ApiError> {
    if text.chars().count() > limit {
        return Err(error::too_long(parameter));
    }
    text.parse().map_err(|_| error::invalid_chars(parameter))
}

pub(super) fn user_name(call: &Call<'_>) -> Result<UserName, ApiError> {
    name(required(call, "UserName")?, "UserName", MAX_IDENTITY_NAME)
}

pub(super) fn new_user_name(call: &Call<'_>) -> Result<Option<UserName>, ApiError> {
    let text = call.parameters.text("NewUserName");
    text.map(|text| name(text, "NewUserName", MAX_IDENTITY_NAME)).transpose()
}

/// The user who is named, or else the one who calls.
pub(super) fn user_name_or_own(call: &Call<'_>) -> Result<UserName, ApiError> {
    match (call.parameters.text("UserName"), &call.caller.principal.identity) {
        (None, Identity::User(own)) => Ok(own.clone()),
        (Some(_) | None, _) => user_name(call),
    }
}

pub(super) fn role_name(call: &Call<'_>) -> Result<RoleName, ApiError> {
    name(required(call, "RoleName")?, "RoleName", MAX_IDENTITY_NAME)
}

pub(super) fn policy_name(call: &Call<'_>) -> Result<PolicyName, ApiError> {
    name(required(call, "PolicyName")?, "PolicyName", MAX_POLICY_NAME)
}

/// `PolicyType` and `PolicyName`.
pub(super) fn policy(call: &Call<'_>) -> Result<AttachedPolicy, ApiError> {
    match policy_type(call)? {
        Some(PolicyType::System) => Ok(AttachedPolicy::System(policy_name(call)?)),
        Some(PolicyType::Custom) => Ok(AttachedPolicy::Custom(policy_name(call)?)),
        None => Err(ApiError::missing("PolicyType")),
    }
}

/// Whose a policy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PolicyType {
    System,
    Custom,
}

pub(super) fn policy_type(call: &Call<'_>) -> Result<Option<PolicyType>, ApiError> {
    match call.parameters.text("PolicyType") {
        None => Ok(None),
        Some("System") => Ok(Some(PolicyType::System)),
        Some("Custom") => Ok(Some(PolicyType::Custom)),
        Some(_) => Err(error::incorrect("PolicyType")),
    }
}

pub(super) fn version_number(call: &Call<'_>) -> Result<VersionNumber, ApiError> {
    required(call, "VersionId")?.parse().map_err(|_| error::wrong_format("VersionId"))
}

pub(super) fn rotation(call: &Call<'_>) -> Result<Rotation, ApiError> {
    match call.parameters.text("RotateStrategy") {
        None | Some("None") => Ok(Rotation::None),
        Some("DeleteOldestNonDefaultVersionWhenLimitExceeded") => Ok(Rotation::DeleteOldestNonDefault),
        Some(_) => Err(error::incorrect("RotateStrategy")),
    }
}

/// A text of limited length.
pub(super) fn text(
    call: &Call<'_>,
    parameter: &str,
    max_characters: usize,
) -> Result<Option<String>, ApiError> {
    match call.parameters.text(parameter) {
        Some(text) if text.chars().count() > max_characters => Err(error::too_long(parameter)),
        text => Ok(text.map(str::to_owned)),
    }
}

/// A mail address, as far as the form goes.
pub(super) fn email(call: &Call<'_>, parameter: &str) -> Result<Option<String>, ApiError> {
    let is_address = |text: &str| {
        let halves = text.split_once('@');
        halves.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
            && !text.contains(char::is_whitespace)
    };
    formatted(call, parameter, is_address)
}

/// A telephone number, with a country code before a hyphen or without one.
pub(super) fn mobile_phone(call: &Call<'_>, parameter: &str) -> Result<Option<String>, ApiError> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = |text: &str| {
        let (country, number) = text.split_once('-').unwrap_or(("86", text));
        digits(country) && digits(number)
    };
    formatted(call, parameter, is_number)
}

fn formatted(
    call: &Call<'_>,
    parameter: &str,
    is_right: impl Fn(&str) -> bool,
) -> Result<Option<String>, ApiError> {
    match call.parameters.text(parameter) {
        Some(text) if !is_right(text) => Err(error::wrong_format(parameter)),
        text => Ok(text.map(str::to_owned)),
    }
}

pub(super) fn flag(call: &Call<'_>, parameter: &'static str) -> Result<bool, ApiError> {
    let value = call.parameters.boolean(parameter);
    Ok(value.map_err(|NotBoolean(name)| error::incorrect(name))?.unwrap_or_default())
}

/// `MaxSessionDuration` or `NewMaxSessionDuration`.
pub(super) fn session_seconds(call: &Call<'_>, parameter: &str) -> Result<Option<u32>, ApiError> {
    let read = |text: &str| text.parse().ok().filter(|seconds| SESSION_SECONDS.contains(seconds));
    let text = call.parameters.text(parameter);
    text.map(|text| read(text).ok_or_else(|| error::incorrect(parameter))).transpose()
}

/// A document of a policy or trust policy, by its grammar.
pub(super) fn document<P: TryFrom<String, Error = PolicyError>>(
    call: &Call<'_>,
    parameter: &str,
) -> Result<Option<P>, ApiError> {
    let Some(text) = text(call, parameter, MAX_DOCUMENT_CHARACTERS)? else { return Ok(None) };
    P::try_from(text).map(Some).map_err(|problem| error::malformed_document(problem.to_string()))
}

/// The same where it must be there.
pub(super) fn required_document<P: TryFrom<String, Error = PolicyError>>(
    call: &Call<'_>,
    parameter: &str,
) -> Result<P, ApiError> {
    document(call, parameter)?.ok_or_else(|| ApiError::missing(parameter))
}
