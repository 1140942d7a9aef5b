//! The OIDC providers of a seed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_yaml::Spanned;

use super::{SeedError, placeless, taken, within, wrong};
use crate::state::{
    State,
    name::{AccountId, ClientId, Fingerprint, IssuerUrl, OidcProviderName},
    oidc::{
        DEFAULT_ISSUANCE_LIMIT_HOURS, ISSUANCE_LIMIT_HOURS, MAX_CLIENT_IDS, MAX_DESCRIPTION_CHARACTERS,
        MAX_FINGERPRINTS, MAX_PROVIDERS, OidcProvider,
    },
};

/// An OIDC issuer that the account trusts.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::control) struct OidcProviderSeed {
    /// Its name, unique in the account.
    #[schemars(with = "OidcProviderName")]
    name: Spanned<OidcProviderName>,
    /// The `iss` of the tokens; no two providers of an account have the same.
    issuer_url: IssuerUrl,
    /// Whom the tokens must be for, one of their `aud`.
    #[serde(default)]
    client_ids: Vec<ClientId>,
    /// SHA-1 of the root certificate of the issuer's site, in hex.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fingerprints: Vec<Fingerprint>,
    /// How many hours ago a token may have been issued, from 1 to 168.
    #[serde(default = "usual_limit")]
    #[schemars(with = "u32", range(min = 1, max = 168))]
    issuance_limit_hours: Spanned<u32>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    /// When it was created; the time of seeding by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    create_time: Option<Timestamp>,
    /// When it last changed; `createTime` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    update_time: Option<Timestamp>,
}

fn usual_limit() -> Spanned<u32> {
    placeless(DEFAULT_ISSUANCE_LIMIT_HOURS)
}

impl OidcProviderSeed {
    /// The rules that the form alone does not tell.
    pub(super) fn check(&self) -> Result<(), SeedError> {
        let place = self.name.referenced;
        within("description", &self.description, MAX_DESCRIPTION_CHARACTERS)
            .map_err(|problem| wrong(place, problem))?;
        if !ISSUANCE_LIMIT_HOURS.contains(&self.issuance_limit_hours.value) {
            let problem = "the issuance limit of a provider is 1 to 168 hours";
            return Err(wrong(self.issuance_limit_hours.referenced, problem));
        }
        if self.client_ids.len() > MAX_CLIENT_IDS || self.fingerprints.len() > MAX_FINGERPRINTS {
            let problem = format!(
                "a provider has at most {MAX_CLIENT_IDS} client ids and {MAX_FINGERPRINTS} fingerprints"
            );
            return Err(wrong(place, problem));
        }
        Ok(())
    }

    /// Adds the provider to an account.
    pub(super) fn apply(
        &self,
        state: &mut State,
        account: &AccountId,
        now: Timestamp,
    ) -> Result<(), SeedError> {
        let name = &self.name.value;
        let providers = &mut state.accounts.entry(account.clone()).or_default().oidc_providers;
        if providers.contains_key(name) {
            let what = format!("the OIDC provider acs:ram::{account}:oidc-provider/{name}");
            return Err(taken(&self.name, what));
        }
        let issuer_url = self.issuer_url.to_string();
        if let Some((other, _)) = providers.iter().find(|(_, provider)| provider.issuer_url == issuer_url) {
            let what = format!("a provider of account {account} for {issuer_url}, {other},");
            return Err(taken(&self.name, what));
        }
        if providers.len() >= MAX_PROVIDERS {
            let problem = format!("an account has at most {MAX_PROVIDERS} OIDC providers");
            return Err(wrong(self.name.referenced, problem));
        }
        let created = self.create_time.unwrap_or(now);
        let provider = OidcProvider {
            issuer_url,
            client_ids: self.client_ids.iter().map(ToString::to_string).collect(),
            fingerprints: self.fingerprints.iter().map(ToString::to_string).collect(),
            description: self.description.clone(),
            issuance_limit_hours: self.issuance_limit_hours.value,
            created,
            updated: self.update_time.unwrap_or(created),
        };
        providers.insert(name.clone(), provider);
        Ok(())
    }

    /// The way back: the seed that makes this provider.
    pub(in crate::control) fn of(name: &OidcProviderName, provider: &OidcProvider) -> Self {
        let parsed = "checked when it was created";
        Self {
            name: placeless(name.clone()),
            issuer_url: provider.issuer_url.parse().expect(parsed),
            client_ids: provider.client_ids.iter().map(|id| id.parse().expect(parsed)).collect(),
            fingerprints: provider.fingerprints.iter().map(|one| one.parse().expect(parsed)).collect(),
            issuance_limit_hours: placeless(provider.issuance_limit_hours),
            description: provider.description.clone(),
            create_time: Some(provider.created),
            update_time: Some(provider.updated),
        }
    }
}
