//! IMS's refusals, in the gateway's words (`HostId`, `Recommend`).
//!
//! Public are `EntityNotExist.OIDCProvider`, through the code of `terraform-provider-alicloud`, and
//! `EntityAlreadyExists.OIDCProvider.Url`, through reports of users. The rest follows the pattern of RAM's codes and is
//! listed under "Limits" in the crate's README.

use http::StatusCode;

use super::super::ApiError;

/// What a provider has several of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    ClientId,
    Fingerprint,
}

impl Member {
    /// Its name in parameters and codes.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ClientId => "ClientId",
            Self::Fingerprint => "Fingerprint",
        }
    }
}

pub(super) fn invalid(parameter: &str) -> ApiError {
    let message = format!("The parameter - \"{parameter}\" is incorrect.");
    ApiError::gateway(StatusCode::BAD_REQUEST, format!("InvalidParameter.{parameter}"), message)
}

pub(super) fn too_long(parameter: &str) -> ApiError {
    let message = format!("The parameter - \"{parameter}\" beyond the length limit.");
    ApiError::gateway(StatusCode::BAD_REQUEST, format!("InvalidParameter.{parameter}.Length"), message)
}

pub(super) fn invalid_chars(parameter: &str) -> ApiError {
    let message = format!("The parameter - \"{parameter}\" contains invalid chars.");
    ApiError::gateway(StatusCode::BAD_REQUEST, format!("InvalidParameter.{parameter}.InvalidChars"), message)
}

pub(super) fn no_provider() -> ApiError {
    let message = "The OIDC provider does not exist.";
    ApiError::gateway(StatusCode::NOT_FOUND, "EntityNotExist.OIDCProvider", message)
}

pub(super) fn no_member(member: Member) -> ApiError {
    let name = member.name();
    let message = format!("The {name} of the OIDC provider does not exist.");
    ApiError::gateway(StatusCode::NOT_FOUND, format!("EntityNotExist.OIDCProvider.{name}"), message)
}

pub(super) fn name_taken() -> ApiError {
    let message = "The OIDC provider does already EXIST.";
    ApiError::gateway(StatusCode::CONFLICT, "EntityAlreadyExists.OIDCProvider", message)
}

pub(super) fn issuer_taken() -> ApiError {
    let message = "The issuer URL of the OIDC provider does already EXIST.";
    ApiError::gateway(StatusCode::CONFLICT, "EntityAlreadyExists.OIDCProvider.Url", message)
}

pub(super) fn member_taken(member: Member) -> ApiError {
    let name = member.name();
    let message = format!("The {name} of the OIDC provider does already EXIST.");
    ApiError::gateway(StatusCode::CONFLICT, format!("EntityAlreadyExists.OIDCProvider.{name}"), message)
}

pub(super) fn too_many_providers() -> ApiError {
    let message = "The count of OIDC providers beyond the current limits.";
    ApiError::gateway(StatusCode::CONFLICT, "LimitExceeded.OIDCProvider", message)
}

pub(super) fn too_many_members(member: Member) -> ApiError {
    let name = member.name();
    let message = format!("The count of the {name} of the OIDC provider beyond the current limits.");
    ApiError::gateway(StatusCode::CONFLICT, format!("LimitExceeded.OIDCProvider.{name}"), message)
}
