//! The parameters that both ways to a session have in common.

use super::{
    super::{ApiError, Asked},
    error,
};
use crate::{
    policy::IdentityPolicy,
    state::{arn::RoleArn, name::RoleSessionName},
};

const MIN_SECONDS: u32 = 900;
/// What roles start with; the message of a duration names it as long as no role is known.
const USUAL_LIMIT: u32 = 3600;
const MAX_POLICY_CHARACTERS: usize = 2048;

/// The session that a caller wants.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) role: RoleArn,
    pub(super) session_name: RoleSessionName,
    pub(super) seconds: Option<u32>,
    pub(super) policy: Option<IdentityPolicy>,
}

impl Wish {
    pub(super) fn read(asked: &Asked<'_>) -> Result<Self, ApiError> {
        let text = |name| asked.parameters.text(name);
        let role = text("RoleArn").unwrap_or_default().parse().map_err(|_| error::role_arn())?;
        let session_name = text("RoleSessionName").unwrap_or_default();
        let session_name = session_name.parse().map_err(|_| error::session_name())?;
        let seconds = text("DurationSeconds")
            .map(|text| text.parse().ok().filter(|seconds| *seconds >= MIN_SECONDS))
            .map(|seconds| seconds.ok_or_else(|| error::duration(USUAL_LIMIT)))
            .transpose()?;
        let policy = text("Policy").map(policy).transpose()?;
        Ok(Self { role, session_name, seconds, policy })
    }
}

fn policy(text: &str) -> Result<IdentityPolicy, ApiError> {
    if text.chars().count() > MAX_POLICY_CHARACTERS {
        return Err(error::policy_size());
    }
    IdentityPolicy::try_from(text.to_owned()).map_err(|_| error::policy_grammar())
}

/// What a third party was given to call the role by.
pub(super) fn external_id<'a>(asked: &Asked<'a>) -> Result<Option<&'a str>, ApiError> {
    let Some(id) = asked.parameters.text("ExternalId") else { return Ok(None) };
    let fits = (2..=1224).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte));
    if fits { Ok(Some(id)) } else { Err(error::external_id()) }
}
