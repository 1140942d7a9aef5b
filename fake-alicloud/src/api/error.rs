//! What the cloud says when it refuses: code, status, message, and which of its layers speaks.
//!
//! The codes and texts of the gateway, which stands before every product, are here, one constructor each; a product's own
//! are in its room. From the "Error codes" page of the API gateway and the common error tables of ECS and STS.

use http::StatusCode;

use crate::policy::Refusal;

/// A refused call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) origin: Origin,
    /// The decision of the policies that it comes from, which the gateway tells beside the message.
    pub(crate) refusal: Option<Box<Refusal>>,
}

/// The layer that refused; the two word their answers differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The shared gateway: request syntax, signatures, flow control.
    Gateway,
    /// The product behind it.
    Product,
}

impl ApiError {
    pub(crate) fn gateway(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), origin: Origin::Gateway, refusal: None }
    }

    pub(crate) fn product(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), origin: Origin::Product, refusal: None }
    }

    /// Tells the decision of the policies that it comes from.
    pub(crate) fn because(mut self, refusal: Box<Refusal>) -> Self {
        self.refusal = Some(refusal);
        self
    }

    /// How every product but KMS words a refusal by policies.
    pub(crate) fn no_permission(refusal: Box<Refusal>) -> Self {
        let message = "You are not authorized to do this action. You should be authorized by RAM.";
        Self::gateway(StatusCode::FORBIDDEN, "NoPermission", message).because(refusal)
    }

    // Which product, which operation.

    pub(crate) fn unknown_domain() -> Self {
        let message = "Cannot find product according to your specified domain.";
        Self::gateway(StatusCode::NOT_FOUND, "InvalidProduct.NotFound", message)
    }

    pub(crate) fn unknown_path() -> Self {
        Self::gateway(StatusCode::NOT_FOUND, "InvalidApi.NotFound", API_NOT_FOUND)
    }

    pub(crate) fn unknown_action() -> Self {
        Self::gateway(StatusCode::NOT_FOUND, "InvalidAction.NotFound", API_NOT_FOUND)
    }

    pub(crate) fn unknown_action_or_version() -> Self {
        Self::gateway(
            StatusCode::BAD_REQUEST,
            "InvalidParameter",
            "The specified parameter \"Action or Version\" is not valid.",
        )
    }

    pub(crate) fn wrong_version() -> Self {
        let message = "Specified parameter Version is not valid.";
        Self::gateway(StatusCode::BAD_REQUEST, "InvalidVersion", message)
    }

    pub(crate) fn wrong_format() -> Self {
        let message = "Specified parameter Format is not valid.";
        Self::gateway(StatusCode::BAD_REQUEST, "InvalidParameter.Format", message)
    }

    pub(crate) fn wrong_method() -> Self {
        let message = "This http method is not supported.";
        Self::gateway(StatusCode::FORBIDDEN, "UnsupportedHTTPMethod", message)
    }

    pub(crate) fn body_too_large() -> Self {
        let message = "The request body is larger than 10 MB.";
        Self::gateway(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message)
    }

    pub(crate) fn unreadable_body() -> Self {
        let message = "The request body ended before its announced length.";
        Self::gateway(StatusCode::BAD_REQUEST, "IncompleteBody", message)
    }

    pub(crate) fn late_body() -> Self {
        let message = "The request body did not arrive in time.";
        Self::gateway(StatusCode::BAD_REQUEST, "IncompleteBody", message)
    }

    /// The published tables disagree about the status: 400 in one, 404 in another.
    pub(crate) fn needs_https() -> Self {
        let message = "Your request is denied as lack of ssl protect.";
        Self::gateway(StatusCode::BAD_REQUEST, "InvalidProtocol.NeedSsl", message)
    }

    /// A required parameter that the gateway looks for, by the name it has on the wire.
    pub(crate) fn missing(parameter: &str) -> Self {
        Self::gateway(
            StatusCode::BAD_REQUEST,
            format!("Missing{parameter}"),
            format!("{parameter} is mandatory for this action."),
        )
    }

    pub(crate) fn invalid_gateway_parameter(parameter: &str) -> Self {
        Self::gateway(
            StatusCode::BAD_REQUEST,
            "InvalidParameter",
            format!("The specified parameter \"{parameter}\" is not valid."),
        )
    }

    // Who calls, and whether it is really they.

    /// A required header of a V3 signature. The real code is not published.
    pub(crate) fn missing_header(header: &str) -> Self {
        Self::gateway(
            StatusCode::BAD_REQUEST,
            "MissingParameter",
            format!("The parameter \"{header}\" is needed but not provided."),
        )
    }

    pub(crate) fn incomplete_signature(reason: &str) -> Self {
        Self::gateway(
            StatusCode::BAD_REQUEST,
            "IncompleteSignature",
            format!("The request signature does not conform to Aliyun standards. {reason}"),
        )
    }

    pub(crate) fn unsupported_signature_method(method: &str) -> Self {
        Self::gateway(
            StatusCode::BAD_REQUEST,
            "InvalidSignatureMethod",
            format!("Specified signature method is not supported: expected {method}."),
        )
    }

    /// Repeats what the server signed, as the gateway does: the caller can compare, and learns nothing it did not send.
    pub(crate) fn signature_mismatch(server_string: &str) -> Self {
        Self::gateway(
            StatusCode::BAD_REQUEST,
            "SignatureDoesNotMatch",
            format!(
                "Specified signature is not matched with our calculation. server string to sign is:{server_string}"
            ),
        )
    }

    pub(crate) fn payload_hash_mismatch() -> Self {
        Self::gateway(
            StatusCode::BAD_REQUEST,
            "SignatureDoesNotMatch",
            "Specified signature is not matched with our calculation. \
             x-acs-content-sha256 is not the SHA-256 of the body that was received.",
        )
    }

    pub(crate) fn unknown_access_key() -> Self {
        let message = "Specified access key is not found.";
        Self::gateway(StatusCode::NOT_FOUND, "InvalidAccessKeyId.NotFound", message)
    }

    pub(crate) fn inactive_access_key() -> Self {
        let message = "Specified access key is disabled.";
        Self::gateway(StatusCode::BAD_REQUEST, "InvalidAccessKeyId.Inactive", message)
    }

    pub(crate) fn malformed_security_token() -> Self {
        let message = "Specified SecurityToken is malformed.";
        Self::gateway(StatusCode::BAD_REQUEST, "InvalidSecurityToken.Malformed", message)
    }

    pub(crate) fn mismatched_security_token() -> Self {
        let message = "Specified SecurityToken mismatch with the AccessKey.";
        Self::gateway(StatusCode::BAD_REQUEST, "InvalidSecurityToken.MismatchWithAccessKey", message)
    }

    /// One product documents 403; the gateway's table 400.
    pub(crate) fn expired_security_token() -> Self {
        let message = "Specified SecurityToken is expired.";
        Self::gateway(StatusCode::BAD_REQUEST, "InvalidSecurityToken.Expired", message)
    }

    pub(crate) fn malformed_time() -> Self {
        let message = "Specified time stamp or date value is not well formatted.";
        Self::gateway(StatusCode::BAD_REQUEST, "InvalidTimeStamp.Format", message)
    }

    pub(crate) fn expired_time() -> Self {
        let message = "Specified time stamp or date value is expired.";
        Self::gateway(StatusCode::BAD_REQUEST, "InvalidTimeStamp.Expired", message)
    }

    pub(crate) fn used_nonce() -> Self {
        let message = "Specified signature nonce was used already.";
        Self::gateway(StatusCode::BAD_REQUEST, "SignatureNonceUsed", message)
    }
}

const API_NOT_FOUND: &str = "Specified api is not found, please check your url and method.";
