//! The routes about issuers and their tokens, and what they speak of.

use axum::{Json, extract::State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Refusal, Shared, Text, read, seed::NewIssuer, text};
use crate::{
    cloud::Cloud,
    oidc::{Algorithm, PublicKey, ServiceAccountToken, SigningKey},
    state::{
        issuer::{Issuers, Keys},
        name::IssuerUrl,
    },
};

/// An issuer as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IssuerReading {
    /// The `iss` of its tokens.
    pub url: String,
    /// Whether the fake only knows its keys and cannot sign for it.
    pub foreign: bool,
    /// SHA-1 of the root certificate of its site, in hex, for the provider in IMS.
    pub fingerprint: String,
    /// The public keys that it publishes, oldest first, as a JSON Web Key Set has them. The last of a played one signs.
    pub keys: Vec<Value>,
}

impl IssuerReading {
    /// The issuer of that URL.
    pub(crate) fn of(issuers: &Issuers, url: &IssuerUrl) -> Option<Self> {
        let (url, issuer) = issuers.find(url.as_ref())?;
        Some(Self {
            url: url.as_ref().to_owned(),
            foreign: matches!(issuer.keys, Keys::Foreign(_)),
            fingerprint: issuers.fingerprint(issuer).to_owned(),
            keys: issuer.public_keys().into_iter().map(PublicKey::jwk).collect(),
        })
    }
}

/// A change of an issuer's keys. In JSON, only the issuer must be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRotation {
    /// The issuer, by its URL.
    pub issuer: String,
    /// How the new key signs; by default as the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<Algorithm>,
    /// Whether the keys before it are withdrawn, so that tokens of theirs are refused.
    #[serde(default)]
    pub withdraw_old: bool,
}

impl KeyRotation {
    /// A new key like the last, beside those there are.
    pub fn of(issuer: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), algorithm: None, withdraw_old: false }
    }

    /// Withdraws the keys before.
    #[must_use]
    pub fn withdrawing_old(self) -> Self {
        Self { withdraw_old: true, ..self }
    }
}

/// An issuer that cannot do what is asked of it. The message says what can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// No issuer has that URL: add it, or name one that is there.
    #[error("there is no issuer {url}; there are {known}")]
    Unknown {
        /// The URL that was given.
        url: String,
        /// Those that are there.
        known: String,
    },
    /// The fake plays none or several, so one must be named.
    #[error("name the issuer: the fake plays {known}")]
    Unnamed {
        /// Those that it plays.
        known: String,
    },
    /// The fake has no private key of it.
    #[error("the issuer {url} is foreign: the fake knows its public keys alone")]
    Foreign {
        /// Its URL.
        url: String,
    },
    /// The issuer does not have that key, or not any more.
    #[error("the issuer {url} has no key {key_id}; it has {known}")]
    UnknownKey {
        /// Its URL.
        url: String,
        /// The key that was named.
        key_id: String,
        /// The keys that it has.
        known: String,
    },
}

impl From<IssuerError> for Refusal {
    fn from(error: IssuerError) -> Self {
        let status = match &error {
            IssuerError::Unknown { .. } | IssuerError::UnknownKey { .. } => StatusCode::NOT_FOUND,
            IssuerError::Unnamed { .. } | IssuerError::Foreign { .. } => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.to_string())
    }
}

impl Cloud {
    /// All issuers, by their URLs.
    pub(crate) fn issuers(&self) -> Vec<IssuerReading> {
        let state = self.state();
        state.issuers.iter().filter_map(|(url, _)| IssuerReading::of(&state.issuers, url)).collect()
    }

    pub(crate) fn rotate_keys(&self, rotation: &KeyRotation) -> Result<IssuerReading, IssuerError> {
        let KeyRotation { issuer: url, algorithm, withdraw_old } = rotation;
        let state = &mut *self.state();
        let known = listed(state.issuers.iter().map(|(url, _)| url.as_ref()));
        let unknown = || IssuerError::Unknown { url: url.clone(), known: known.clone() };
        if !state.issuers.find_mut(url).ok_or_else(unknown)?.rotate(*algorithm, *withdraw_old) {
            return Err(IssuerError::Foreign { url: url.clone() });
        }
        let (url, _) = state.issuers.find(url).ok_or_else(unknown)?;
        IssuerReading::of(&state.issuers, url).ok_or_else(unknown)
    }

    pub(crate) fn mint_token(&self, token: &ServiceAccountToken) -> Result<String, IssuerError> {
        let (url, key) = signer(&self.state().issuers, token)?;
        // Signing takes a while; the state is free again.
        Ok(token.sign(url.as_ref(), &key, self.clock.now()))
    }
}

/// Who signs a token, and with which key.
fn signer(issuers: &Issuers, token: &ServiceAccountToken) -> Result<(IssuerUrl, SigningKey), IssuerError> {
    let (url, keys) = if let Some(named) = &token.issuer {
        let known = || listed(issuers.iter().map(|(url, _)| url.as_ref()));
        let unknown = || IssuerError::Unknown { url: named.clone(), known: known() };
        let (url, issuer) = issuers.find(named).ok_or_else(unknown)?;
        let Keys::Own(keys) = &issuer.keys else { return Err(IssuerError::Foreign { url: named.clone() }) };
        (url, keys.as_slice())
    } else {
        let mut played = issuers.played();
        let (Some(only), None) = (played.next(), played.next()) else {
            let known = listed(issuers.played().map(|(url, _)| url.as_ref()));
            return Err(IssuerError::Unnamed { known });
        };
        only
    };
    let key = match &token.key_id {
        Some(id) => keys.iter().find(|key| key.id() == id),
        None => keys.last(),
    };
    let unknown = || IssuerError::UnknownKey {
        url: url.as_ref().to_owned(),
        key_id: token.key_id.clone().unwrap_or_default(),
        known: listed(keys.iter().map(SigningKey::id)),
    };
    Ok((url.clone(), key.ok_or_else(unknown)?.clone()))
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

pub(super) async fn issuers(State(cloud): Shared) -> Json<Vec<IssuerReading>> {
    Json(cloud.issuers())
}

pub(super) async fn add_issuer(State(cloud): Shared, body: Text) -> Result<Json<IssuerReading>, Refusal> {
    let issuer = NewIssuer::from_yaml(&text("the issuer", body)?)?;
    let reading = cloud.add_issuer(&issuer)?;
    Ok(Json(reading))
}

pub(super) async fn rotate_keys(State(cloud): Shared, body: Text) -> Result<Json<IssuerReading>, Refusal> {
    Ok(Json(cloud.rotate_keys(&read("the rotation", body)?)?))
}

pub(super) async fn mint_token(State(cloud): Shared, body: Text) -> Result<Json<Value>, Refusal> {
    let token = cloud.mint_token(&read("what the token shall say", body)?)?;
    Ok(Json(json!({ "token": token })))
}
