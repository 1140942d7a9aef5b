//! The parameters of IMS operations as types that cannot be wrong.

use std::collections::BTreeSet;

use super::{
    super::{ApiError, Call},
    error::{self, Member},
};
use crate::state::{
    name::{ClientId, Fingerprint, IssuerUrl, OidcProviderName},
    oidc::{ISSUANCE_LIMIT_HOURS, MAX_CLIENT_IDS, MAX_DESCRIPTION_CHARACTERS, MAX_FINGERPRINTS},
};

const MAX_NAME: usize = 128;

pub(super) fn name(call: &Call<'_>) -> Result<OidcProviderName, ApiError> {
    let parameter = "OIDCProviderName";
    let text = call.parameters.text(parameter).ok_or_else(|| ApiError::missing(parameter))?;
    if text.chars().count() > MAX_NAME {
        return Err(error::too_long(parameter));
    }
    text.parse().map_err(|_| error::invalid_chars(parameter))
}

pub(super) fn issuer_url(call: &Call<'_>) -> Result<IssuerUrl, ApiError> {
    let text = call.parameters.text("IssuerUrl").ok_or_else(|| ApiError::missing("IssuerUrl"))?;
    text.parse().map_err(|_| error::invalid("IssuerUrl"))
}

/// `Description` or `NewDescription`.
pub(super) fn description(call: &Call<'_>, parameter: &str) -> Result<Option<String>, ApiError> {
    match call.parameters.text(parameter) {
        Some(text) if text.chars().count() > MAX_DESCRIPTION_CHARACTERS => Err(error::too_long(parameter)),
        text => Ok(text.map(str::to_owned)),
    }
}

pub(super) fn issuance_limit_hours(call: &Call<'_>) -> Result<Option<u32>, ApiError> {
    let read = |text: &str| text.parse().ok().filter(|hours| ISSUANCE_LIMIT_HOURS.contains(hours));
    let text = call.parameters.text("IssuanceLimitTime");
    text.map(|text| read(text).ok_or_else(|| error::invalid("IssuanceLimitTime"))).transpose()
}

/// `ClientIds` or `Fingerprints`, with commas between them. What is named twice is there once.
pub(super) fn members(call: &Call<'_>, member: Member) -> Result<Option<BTreeSet<String>>, ApiError> {
    let parameter = format!("{}s", member.name());
    let Some(text) = call.parameters.text(&parameter) else { return Ok(None) };
    let members: BTreeSet<String> = text.split(',').map(str::to_owned).collect();
    if !members.iter().all(|text| is_member(member, text)) {
        return Err(error::invalid(&parameter));
    }
    if members.len() > limit(member) { Err(error::too_many_members(member)) } else { Ok(Some(members)) }
}

/// `ClientId` or `Fingerprint`.
pub(super) fn member(call: &Call<'_>, member: Member) -> Result<String, ApiError> {
    let parameter = member.name();
    let text = call.parameters.text(parameter).ok_or_else(|| ApiError::missing(parameter))?;
    if is_member(member, text) { Ok(text.to_owned()) } else { Err(error::invalid(parameter)) }
}

pub(super) fn limit(member: Member) -> usize {
    match member {
        Member::ClientId => MAX_CLIENT_IDS,
        Member::Fingerprint => MAX_FINGERPRINTS,
    }
}

fn is_member(member: Member, text: &str) -> bool {
    match member {
        Member::ClientId => text.parse::<ClientId>().is_ok(),
        Member::Fingerprint => text.parse::<Fingerprint>().is_ok(),
    }
}
