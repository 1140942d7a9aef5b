//! OIDC providers as wholes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    super::{
        ApiError, Call,
        ram::{
            access::{account, authorize},
            page::Window,
        },
    },
    argument,
    error::{self, Member},
};
use crate::{
    clock::wire_time,
    state::{
        State,
        name::{AccountId, OidcProviderName},
        oidc::{DEFAULT_ISSUANCE_LIMIT_HOURS, MAX_PROVIDERS, OidcProvider},
    },
};

/// The kind of resource in ARNs and policies.
pub(super) const KIND: &str = "oidc-provider";

/// `CreateOIDCProvider`. No two of an account have the same issuer.
pub(super) fn create(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::name(call)?;
    authorize(call, state, KIND, &name)?;
    let provider = OidcProvider {
        issuer_url: argument::issuer_url(call)?.to_string(),
        client_ids: argument::members(call, Member::ClientId)?.unwrap_or_default(),
        fingerprints: argument::members(call, Member::Fingerprint)?.unwrap_or_default(),
        description: argument::description(call, "Description")?.unwrap_or_default(),
        issuance_limit_hours: argument::issuance_limit_hours(call)?.unwrap_or(DEFAULT_ISSUANCE_LIMIT_HOURS),
        created: call.now,
        updated: call.now,
    };
    let providers = &mut account(call, state).oidc_providers;
    if providers.contains_key(&name) {
        return Err(error::name_taken());
    }
    if providers.values().any(|other| other.issuer_url == provider.issuer_url) {
        return Err(error::issuer_taken());
    }
    if providers.len() >= MAX_PROVIDERS {
        return Err(error::too_many_providers());
    }
    let shown = answer(&call.caller.principal.account, &name, &provider);
    providers.insert(name, provider);
    Ok(json!({ "OIDCProvider": shown }))
}

/// `GetOIDCProvider`.
pub(super) fn describe(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::name(call)?;
    authorize(call, state, KIND, &name)?;
    let provider = account(call, state).oidc_providers.get(&name).ok_or_else(error::no_provider)?;
    Ok(json!({ "OIDCProvider": answer(&call.caller.principal.account, &name, provider) }))
}

/// `ListOIDCProviders`, by name.
pub(super) fn list(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    authorize(call, state, KIND, "*")?;
    let window = Window::read(call, 1..=100)?;
    let providers = account(call, state).oidc_providers.iter();
    let keyed = providers.map(|entry| (entry.0.to_string(), entry));
    let show = |(name, provider)| answer(&call.caller.principal.account, name, provider);
    Ok(window.answer("OIDCProviders", "OIDCProvider", keyed, show))
}

/// `UpdateOIDCProvider`: all but the issuer and the fingerprints.
pub(super) fn update(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::name(call)?;
    authorize(call, state, KIND, &name)?;
    let client_ids = argument::members(call, Member::ClientId)?;
    let description = argument::description(call, "NewDescription")?;
    let issuance_limit_hours = argument::issuance_limit_hours(call)?;
    let provider = account(call, state).oidc_providers.get_mut(&name).ok_or_else(error::no_provider)?;
    if let Some(client_ids) = client_ids {
        provider.client_ids = client_ids;
    }
    if let Some(description) = description {
        provider.description = description;
    }
    if let Some(hours) = issuance_limit_hours {
        provider.issuance_limit_hours = hours;
    }
    provider.updated = call.now;
    Ok(json!({ "OIDCProvider": answer(&call.caller.principal.account, &name, provider) }))
}

/// `DeleteOIDCProvider`. Roles that name it stay, and nobody can become them by it.
pub(super) fn delete(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::name(call)?;
    authorize(call, state, KIND, &name)?;
    account(call, state).oidc_providers.remove(&name).ok_or_else(error::no_provider)?;
    Ok(json!({}))
}

/// A provider, whose dates come in two forms.
pub(super) fn answer(owner: &AccountId, name: &OidcProviderName, provider: &OidcProvider) -> Value {
    let joined =
        |members: &BTreeSet<String>| members.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    json!({
        "OIDCProviderName": name.as_ref(),
        "Arn": format!("acs:ram::{owner}:{KIND}/{name}"),
        "IssuerUrl": provider.issuer_url,
        "ClientIds": joined(&provider.client_ids),
        "Fingerprints": joined(&provider.fingerprints),
        "Description": provider.description,
        "IssuanceLimitTime": provider.issuance_limit_hours,
        "CreateDate": wire_time(provider.created),
        "UpdateDate": wire_time(provider.updated),
        "GmtCreate": provider.created.as_millisecond().to_string(),
        "GmtModified": provider.updated.as_millisecond().to_string(),
    })
}
