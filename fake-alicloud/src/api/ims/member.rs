//! The client ids and fingerprints of a provider, one at a time.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    super::{
        ApiError, Call,
        ram::access::{account, authorize},
    },
    argument,
    error::{self, Member},
    provider,
};
use crate::state::{State, oidc::OidcProvider};

/// `AddClientIdToOIDCProvider`.
pub(super) fn add_client_id(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    change(call, state, Member::ClientId, add)
}

/// `RemoveClientIdFromOIDCProvider`.
pub(super) fn remove_client_id(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    change(call, state, Member::ClientId, remove)
}

/// `AddFingerprintToOIDCProvider`.
pub(super) fn add_fingerprint(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    change(call, state, Member::Fingerprint, add)
}

/// `RemoveFingerprintFromOIDCProvider`.
pub(super) fn remove_fingerprint(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    change(call, state, Member::Fingerprint, remove)
}

fn change(
    call: &Call<'_>,
    state: &mut State,
    member: Member,
    change: fn(&mut BTreeSet<String>, String, Member) -> Result<(), ApiError>,
) -> Result<Value, ApiError> {
    let name = argument::name(call)?;
    authorize(call, state, provider::KIND, &name)?;
    let text = argument::member(call, member)?;
    let provider = account(call, state).oidc_providers.get_mut(&name).ok_or_else(error::no_provider)?;
    change(members_of(provider, member), text, member)?;
    provider.updated = call.now;
    Ok(json!({ "OIDCProvider": provider::answer(&call.caller.principal.account, &name, provider) }))
}

fn members_of(provider: &mut OidcProvider, member: Member) -> &mut BTreeSet<String> {
    match member {
        Member::ClientId => &mut provider.client_ids,
        Member::Fingerprint => &mut provider.fingerprints,
    }
}

fn add(members: &mut BTreeSet<String>, text: String, member: Member) -> Result<(), ApiError> {
    if members.contains(&text) {
        return Err(error::member_taken(member));
    }
    if members.len() >= argument::limit(member) {
        return Err(error::too_many_members(member));
    }
    members.insert(text);
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "adding keeps the text")]
fn remove(members: &mut BTreeSet<String>, text: String, member: Member) -> Result<(), ApiError> {
    if members.remove(&text) { Ok(()) } else { Err(error::no_member(member)) }
}
