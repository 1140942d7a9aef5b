//! STS 2015-04-01: sessions of roles, for callers with a key and for bearers of OIDC tokens.
//!
//! From the STS API reference with its "Error codes" page, and "STS common errors and troubleshooting".

mod argument;
mod assume;
mod error;
mod federate;
mod identity;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::argument::Wish;
use super::{ApiError, Operation, Run};
use crate::{clock::wire_time, state::State};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        action: "AssumeRole",
        required: &["RoleArn", "RoleSessionName"],
        run: Run::Signed(assume::assume_role),
    },
    Operation {
        action: "AssumeRoleWithOIDC",
        // The token too, but its absence is told by the operation itself.
        required: &["OIDCProviderArn", "RoleArn", "RoleSessionName"],
        run: Run::Unsigned(federate::assume_role_with_oidc),
    },
    Operation { action: "GetCallerIdentity", required: &[], run: Run::Signed(identity::get_caller_identity) },
];

/// The longest session if the caller does not say how long.
const DEFAULT_SECONDS: u32 = 3600;

/// Opens the session that was wished for; whether the caller may is settled.
fn open(state: &mut State, wish: Wish, now: Timestamp) -> Result<Value, ApiError> {
    let Wish { role, session_name, seconds, policy } = wish;
    let limit = state.role(&role).ok_or_else(error::role_not_found)?.max_session_seconds;
    if seconds.is_some_and(|seconds| seconds > limit) {
        return Err(error::duration(limit));
    }
    let seconds = seconds.unwrap_or(DEFAULT_SECONDS).into();
    let issued =
        state.open_session(&role, &session_name, seconds, policy, now).ok_or_else(error::role_not_found)?;
    Ok(json!({
        "AssumedRoleUser": {
            "Arn": format!("{role}/{session_name}"),
            "AssumedRoleId": format!("{}:{session_name}", issued.role_id),
        },
        "Credentials": {
            "AccessKeyId": issued.access_key_id,
            "AccessKeySecret": issued.secret.expose(),
            "Expiration": wire_time(issued.expires),
            "SecurityToken": issued.security_token.expose(),
        },
    }))
}
