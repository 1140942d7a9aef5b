//! The refusals of STS. All come in the gateway's words, with `HostId`.

use http::StatusCode;

use super::super::ApiError;
use crate::{oidc::TokenError, state::arn::RoleArn};

fn invalid(parameter: &str, message: impl Into<String>) -> ApiError {
    ApiError::gateway(StatusCode::BAD_REQUEST, format!("InvalidParameter.{parameter}"), message)
}

/// The text is not published.
pub(super) fn role_arn() -> ApiError {
    invalid("RoleArn", "The parameter RoleArn is wrongly formed.")
}

pub(super) fn session_name() -> ApiError {
    invalid("RoleSessionName", "The parameter RoleSessionName is wrongly formed.")
}

/// Neither code nor text are published.
pub(super) fn provider_arn() -> ApiError {
    invalid("OIDCProviderArn", "The parameter OIDCProviderArn is wrongly formed.")
}

/// Neither code nor text are published.
pub(super) fn external_id() -> ApiError {
    invalid("ExternalId", "The parameter ExternalId is wrongly formed.")
}

/// The published text is that of roles with sessions of up to an hour.
pub(super) fn duration(limit_seconds: u32) -> ApiError {
    let limit = match (limit_seconds / 3600, limit_seconds % 3600) {
        (hours, 0) => format!("{hours}hr"),
        _ => format!("{}min", limit_seconds / 60),
    };
    invalid("DurationSeconds", format!("The Min/Max value of DurationSeconds is 15min/{limit}."))
}

pub(super) fn policy_grammar() -> ApiError {
    invalid("PolicyGrammar", "The parameter Policy has not passed grammar check.")
}

/// The text is not published.
pub(super) fn policy_size() -> ApiError {
    invalid("PolicySize", "The size of Policy must be smaller than 2048 characters.")
}

pub(super) fn root_may_not() -> ApiError {
    let message = "Roles may not be assumed by root accounts.";
    ApiError::gateway(StatusCode::FORBIDDEN, "NoPermission", message)
}

pub(super) fn role_not_found() -> ApiError {
    ApiError::gateway(StatusCode::NOT_FOUND, "EntityNotExist.Role", "The specified Role not exists.")
}

// Of AssumeRoleWithOIDC.

/// It names the role, unlike that of `AssumeRole`.
pub(super) fn federated_role_not_found(role: &RoleArn) -> ApiError {
    ApiError::gateway(StatusCode::NOT_FOUND, "EntityNotExist.Role", format!("The role not exists: {role}."))
}

fn authentication_failed(reason: &str, message: impl Into<String>) -> ApiError {
    ApiError::gateway(StatusCode::UNAUTHORIZED, format!("AuthenticationFail.{reason}"), message)
}

pub(super) fn provider_not_found() -> ApiError {
    authentication_failed("NoPermission", "No such OIDC Provider registered.")
}

pub(super) fn not_trusted() -> ApiError {
    authentication_failed("NoPermission", "There is no permission")
}

pub(super) fn token(problem: &TokenError) -> ApiError {
    let (reason, message) = match problem {
        TokenError::Empty => ("Invalid", "The OIDCToken can not empty."),
        TokenError::Parts => ("Invalid", "The number of Jwt field should be divided into 3 parts with '.' ."),
        // Published is that there is a text about Base64, not which.
        TokenError::Encoding => ("Invalid", "The Jwt content is not encoded by base64url."),
        TokenError::Content => ("Invalid", "The Jwt content is invalid that cannot be recognized."),
        TokenError::Algorithm(name) => {
            let message = format!("The algorithm {name} that be specified in Jwt header is unknown.");
            return authentication_failed("OIDCToken.Invalid", message);
        }
        TokenError::Issuer => {
            ("IssuerNotMatch", "The issuer in the OIDC Token doesn't match the OIDC Provider registered.")
        }
        // The texts of these two are not published.
        TokenError::IssuerUnknown => {
            ("IssuerConfigurationBroken", "The public keys of the issuer could not be fetched.")
        }
        TokenError::Fingerprint => (
            "PublicKeyFingerprintMismatch",
            "The fingerprint of the issuer's root certificate doesn't match the OIDC Provider registered.",
        ),
        TokenError::Signature => ("InvalidSignature", "OIDC token validate failed: invalid signature."),
        // A token that is too old by the provider's limit has no code of its own.
        TokenError::Expired | TokenError::TooOld => ("Expired", "This JsonWebToken is expired."),
        // Nor has one that comes too early.
        TokenError::NotYet => ("Invalid", "This JsonWebToken is not valid yet."),
        TokenError::Audience => ("AudienceNotMatch", "Invalid audience."),
    };
    authentication_failed(&format!("OIDCToken.{reason}"), message)
}
