//! OOS's own refusals. They come in the gateway's words (`HostId`, `Recommend`), unlike those of KMS.
//!
//! Only `EntityNotExists.Parameter` is public, through the code of `terraform-provider-alicloud`. The other codes and all
//! texts are assumed after the cloud's habits; "Limits" in the crate's README lists them.

use http::StatusCode;

use super::super::ApiError;
use crate::state::parameter::{constraints::Violation, name::ParameterName};

pub(super) fn invalid_parameter(name: &str) -> ApiError {
    ApiError::invalid_gateway_parameter(name)
}

pub(super) fn violation(Violation(constraint): Violation) -> ApiError {
    ApiError::gateway(
        StatusCode::BAD_REQUEST,
        "InvalidParameter",
        format!(
            "The specified parameter \"Value\" is not valid: it does not meet the constraint {constraint}."
        ),
    )
}

pub(super) fn not_found(name: &ParameterName) -> ApiError {
    let message = format!("The specified parameter {name} does not exist.");
    ApiError::gateway(StatusCode::NOT_FOUND, "EntityNotExists.Parameter", message)
}

pub(super) fn already_exists(name: &ParameterName) -> ApiError {
    let message = format!("The specified parameter {name} already exists.");
    ApiError::gateway(StatusCode::CONFLICT, "EntityAlreadyExists.Parameter", message)
}

pub(super) fn too_many_versions(name: &ParameterName) -> ApiError {
    let message = format!("The parameter {name} has 100 versions, which is the maximum.");
    ApiError::gateway(StatusCode::BAD_REQUEST, "LimitExceeded.ParameterVersion", message)
}

pub(super) fn other_request_of_that_token() -> ApiError {
    let message = "The request uses the same client token as a previous, but non-identical request.";
    ApiError::gateway(StatusCode::BAD_REQUEST, "IdempotentParameterMismatch", message)
}
