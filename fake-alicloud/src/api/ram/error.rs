//! RAM's refusals, in the gateway's words (`HostId`, `Recommend`).
//!
//! Codes and texts are from the "Error messages" page of the RAM API reference; those that it lacks follow its pattern and
//! are listed under "Limits" in the crate's README.

use http::StatusCode;

use super::super::ApiError;

fn refused(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> ApiError {
    ApiError::gateway(status, code, message)
}

// The request itself.

/// A parameter with letters that it must not have.
pub(super) fn invalid_chars(parameter: &str) -> ApiError {
    let message = format!("The parameter - \"{parameter}\" contains invalid chars.");
    refused(StatusCode::BAD_REQUEST, format!("InvalidParameter.{parameter}.InvalidChars"), message)
}

pub(super) fn too_long(parameter: &str) -> ApiError {
    let message = format!("The parameter - \"{parameter}\" beyond the length limit.");
    refused(StatusCode::BAD_REQUEST, format!("InvalidParameter.{parameter}.Length"), message)
}

/// A parameter whose form is known and not this.
pub(super) fn wrong_format(parameter: &str) -> ApiError {
    let message = format!("The format of the parameter - \"{parameter}\" is incorrect.");
    refused(StatusCode::BAD_REQUEST, format!("InvalidParameter.{parameter}.Format"), message)
}

/// A parameter that is none of a set, or out of its range.
pub(super) fn incorrect(parameter: &str) -> ApiError {
    let message = format!("The parameter - \"{parameter}\" is incorrect.");
    refused(StatusCode::BAD_REQUEST, format!("InvalidParameter.{parameter}"), message)
}

pub(super) fn malformed_document(problem: impl Into<String>) -> ApiError {
    refused(StatusCode::BAD_REQUEST, "MalformedPolicyDocument", problem)
}

// What is not there.

pub(super) fn no_user() -> ApiError {
    refused(StatusCode::NOT_FOUND, "EntityNotExist.User", "The user does not exist.")
}

pub(super) fn no_access_key() -> ApiError {
    let message = "The user access key does not exist.";
    refused(StatusCode::NOT_FOUND, "EntityNotExist.User.AccessKey", message)
}

pub(super) fn no_role() -> ApiError {
    refused(StatusCode::NOT_FOUND, "EntityNotExist.Role", "The role does not exist.")
}

pub(super) fn no_policy() -> ApiError {
    refused(StatusCode::NOT_FOUND, "EntityNotExist.Policy", "The policy does not exist.")
}

pub(super) fn no_version() -> ApiError {
    refused(StatusCode::NOT_FOUND, "EntityNotExist.Policy.Version", "The policy version does not exist.")
}

/// A policy that a user or role (`holder`) does not have.
pub(super) fn not_attached(holder: &str) -> ApiError {
    let message = format!("The indicate policy of the {} does not exist.", holder.to_lowercase());
    refused(StatusCode::NOT_FOUND, format!("EntityNotExist.{holder}.Policy"), message)
}

// What is there already.

/// A user, role or policy (`entity`).
pub(super) fn already_exists(entity: &str) -> ApiError {
    let message = format!("The {} does already EXIST.", entity.to_lowercase());
    refused(StatusCode::CONFLICT, format!("EntityAlreadyExists.{entity}"), message)
}

/// A policy that a user or role (`holder`) has.
pub(super) fn already_attached(holder: &str) -> ApiError {
    let message = format!("The {} has already been attached this policy.", holder.to_lowercase());
    refused(StatusCode::CONFLICT, format!("EntityAlreadyExists.{holder}.Policy"), message)
}

// What stands in the way of a deletion.

/// A user or role (`holder`) that has policies.
pub(super) fn has_policies(holder: &str) -> ApiError {
    let entity = holder.to_lowercase();
    let message = format!("The {entity} CAN NOT has any attached policy while deleting the {entity}.");
    refused(StatusCode::CONFLICT, format!("DeleteConflict.{holder}.Policy"), message)
}

pub(super) fn has_access_keys() -> ApiError {
    let message = "The user CAN NOT has any access key while deleting the user.";
    refused(StatusCode::CONFLICT, "DeleteConflict.User.AccessKey", message)
}

/// A policy that a user or role (`holder`) has.
pub(super) fn is_attached(holder: &str) -> ApiError {
    let entity = holder.to_lowercase();
    let message = format!("The policy CAN NOT been attached to any {entity} while deleting the policy.");
    refused(StatusCode::CONFLICT, format!("DeleteConflict.Policy.{holder}"), message)
}

pub(super) fn has_versions() -> ApiError {
    let message = "The policy CAN NOT has any version except the default version.";
    refused(StatusCode::CONFLICT, "DeleteConflict.Policy.Version", message)
}

pub(super) fn is_default() -> ApiError {
    let message = "The default policy version CAN NOT been deleted directly.";
    refused(StatusCode::CONFLICT, "DeleteConflict.Policy.Version.Default", message)
}

// Limits.

/// One too many of something, such as `User` or `Policy.Version`, which the page calls `things`.
pub(super) fn limit_exceeded(what: &str, things: &str) -> ApiError {
    let message = format!("The count of {things} beyond the current limits.");
    refused(StatusCode::CONFLICT, format!("LimitExceeded.{what}"), message)
}
