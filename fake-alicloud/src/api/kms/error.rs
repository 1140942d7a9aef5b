//! KMS's own refusals, from its "Common error codes" page and the error tables of the operations.

use http::StatusCode;

use super::super::ApiError;
use crate::state::key::KeyState;

fn refused(status: StatusCode, code: &str, message: impl Into<String>) -> ApiError {
    ApiError::product(status, code, message)
}

// The request itself.

pub(super) fn invalid_parameter(name: &str) -> ApiError {
    let message = format!("The specified parameter \"{name}\" is not valid.");
    refused(StatusCode::BAD_REQUEST, "InvalidParameter", message)
}

/// A parameter that only other parameters make necessary; those that always are, the gateway looks for.
pub(super) fn missing_parameter(name: &str) -> ApiError {
    let message = format!("The parameter \"{name}\" is needed but not provided.");
    refused(StatusCode::BAD_REQUEST, "MissingParameter", message)
}

pub(super) fn unsupported_operation() -> ApiError {
    refused(StatusCode::BAD_REQUEST, "UnsupportedOperation", "This action is not supported.")
}

/// Parameters that are right alone and wrong together with the secret's stages.
pub(super) fn mismatch() -> ApiError {
    refused(StatusCode::BAD_REQUEST, "Rejected.InvalidRequest", "param mismatch")
}

// `DryRun` never succeeds; this is how it says what would have been.

pub(super) fn dry_run(outcome: &Result<serde_json::Value, ApiError>) -> ApiError {
    match outcome {
        Ok(_) => {
            let message = "The request is validated but not executed because DryRun is true.";
            refused(StatusCode::BAD_REQUEST, "DryRunOperationError", message)
        }
        Err(error) if error.status == StatusCode::FORBIDDEN => {
            refused(StatusCode::FORBIDDEN, "AccessDeniedError", error.message.clone())
        }
        Err(error) => refused(StatusCode::BAD_REQUEST, "ValidationError", error.message.clone()),
    }
}

// Who may not.

pub(super) fn no_permission(resource: &str) -> ApiError {
    let message = format!("This operation for {resource} is forbidden by permission system.");
    refused(StatusCode::FORBIDDEN, "Forbidden.NoPermission", message)
}

// What is not there, or not in a state for it.

pub(super) fn not_found() -> ApiError {
    refused(StatusCode::NOT_FOUND, "Forbidden.ResourceNotFound", "Resource not found.")
}

pub(super) fn key_not_found() -> ApiError {
    refused(StatusCode::NOT_FOUND, "Forbidden.KeyNotFound", "The specified Key is not found.")
}

pub(super) fn alias_not_found() -> ApiError {
    refused(StatusCode::NOT_FOUND, "Forbidden.AliasNotFound", "The specified Alias is not found.")
}

/// The refusal of a key in that state; none if it may be used.
pub(super) fn key_state(state: KeyState) -> Option<ApiError> {
    let (code, words) = match state {
        KeyState::Enabled => return None,
        KeyState::Disabled => ("Rejected.Disabled", "disabled"),
        KeyState::PendingDeletion => ("Rejected.PendingDeletion", "pending deletion"),
        KeyState::PendingImport => ("Rejected.PendingImport", "pending import"),
    };
    let message = format!("The request was rejected because the key state is {words}.");
    Some(refused(StatusCode::CONFLICT, code, message))
}

pub(super) fn instance_not_found() -> ApiError {
    let message = "The specified DKMS instance is not found.";
    refused(StatusCode::FORBIDDEN, "Forbidden.DKMSInstanceNotFound", message)
}

pub(super) fn instance_state() -> ApiError {
    let message = "The DKMS instance is not in a valid state.";
    refused(StatusCode::FORBIDDEN, "Forbidden.DKMSInstanceStateInvalid", message)
}

pub(super) fn already_exists() -> ApiError {
    refused(StatusCode::CONFLICT, "Rejected.ResourceExist", "The resource already exists.")
}

pub(super) fn in_deletion_window() -> ApiError {
    let message = "The secret is planned to be deleted.";
    refused(StatusCode::CONFLICT, "Rejected.ResourceInDeleteWindow", message)
}

/// Restoring what was never deleted.
pub(super) fn in_use() -> ApiError {
    refused(StatusCode::CONFLICT, "Rejected.ResourceInUse", "restore normal secret")
}

/// A stage where it cannot be.
pub(super) fn wrong_stages() -> ApiError {
    let message = "secret stages in unnormal status";
    refused(StatusCode::BAD_REQUEST, "Rejected.UnsupportedOperation", message)
}

// Limits.

pub(super) fn limit_exceeded() -> ApiError {
    refused(StatusCode::BAD_REQUEST, "Rejected.LimitExceeded", "exceed secret limits error")
}

pub(super) fn throttled() -> ApiError {
    refused(StatusCode::TOO_MANY_REQUESTS, "Rejected.Throttling", "QPS Limit Exceeded")
}
