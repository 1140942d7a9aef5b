//! KMS's own refusals, from its "Common error codes" page and the error tables of the operations.

use http::StatusCode;

use super::super::ApiError;

pub(super) fn invalid_parameter(name: &str) -> ApiError {
    ApiError::product(
        StatusCode::BAD_REQUEST,
        "InvalidParameter",
        format!("The specified parameter \"{name}\" is not valid."),
    )
}

pub(super) fn unsupported_operation() -> ApiError {
    ApiError::product(StatusCode::BAD_REQUEST, "UnsupportedOperation", "This action is not supported.")
}

/// `DryRun` never succeeds; this is how it says that the call would have.
pub(super) fn dry_run() -> ApiError {
    ApiError::product(
        StatusCode::BAD_REQUEST,
        "DryRunOperationError",
        "The request is validated but not executed because DryRun is true.",
    )
}

pub(super) fn not_found() -> ApiError {
    ApiError::product(StatusCode::NOT_FOUND, "Forbidden.ResourceNotFound", "Resource not found.")
}

pub(super) fn instance_not_found() -> ApiError {
    let message = "The specified DKMS instance is not found.";
    ApiError::product(StatusCode::FORBIDDEN, "Forbidden.DKMSInstanceNotFound", message)
}

pub(super) fn no_permission(resource: &str) -> ApiError {
    ApiError::product(
        StatusCode::FORBIDDEN,
        "Forbidden.NoPermission",
        format!("This operation for {resource} is forbidden by permission system."),
    )
}

pub(super) fn already_exists() -> ApiError {
    ApiError::product(StatusCode::CONFLICT, "Rejected.ResourceExist", "The resource already exists.")
}
