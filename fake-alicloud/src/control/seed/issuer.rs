//! Issuers of OIDC tokens, in a seed or added alone.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::{Value, json};
use serde_yaml::{Location, Spanned};

use super::{SeedError, placeless, wrong};
use crate::{
    oidc::{Algorithm, PublicKey, SigningKey},
    state::{
        State,
        issuer::{Issuer, Issuers, Keys},
        name::IssuerUrl,
    },
};

/// An issuer of OIDC tokens, such as a cluster: played by the fake, or a foreign one by its keys.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewIssuer {
    /// The `iss` of its tokens; no two have the same.
    #[schemars(with = "IssuerUrl")]
    url: Spanned<IssuerUrl>,
    /// How the fake signs for it; RS256 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<Algorithm>,
    /// Its private keys, oldest first; the last one signs. The fake makes one by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    private_keys: Vec<PrivateKey>,
    /// The public keys of a foreign issuer, as a JSON Web Key Set; then the fake cannot sign for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks: Option<KeySet>,
    /// SHA-1 of the root certificate of its site, in hex; that of the fake's own authority by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

/// A private key of an issuer.
#[derive(Clone, Debug)]
struct PrivateKey(SigningKey);

/// The public keys of an issuer.
#[derive(Clone, Debug)]
struct KeySet(Vec<PublicKey>);

impl<'de> Deserialize<'de> for PrivateKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pem = String::deserialize(deserializer)?;
        SigningKey::from_pem(&pem).map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for PrivateKey {
    /// An export is for seeding another fake, so here the key comes out.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_pem())
    }
}

impl JsonSchema for PrivateKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PrivateKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let description = "a private key: PEM with PKCS #8, of RSA with 2048 bits or more, or of P-256";
        json_schema!({ "type": "string", "description": description })
    }
}

impl<'de> Deserialize<'de> for KeySet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let set = Value::deserialize(deserializer)?;
        PublicKey::set(&set).map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for KeySet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys: Vec<_> = self.0.iter().map(PublicKey::jwk).collect();
        json!({ "keys": keys }).serialize(serializer)
    }
}

impl JsonSchema for KeySet {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KeySet".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "a JSON Web Key Set with keys of RSA or P-256",
            "required": ["keys"],
            "properties": { "keys": { "type": "array", "minItems": 1, "items": { "type": "object" } } },
        })
    }
}

impl NewIssuer {
    /// One that the fake plays.
    pub(crate) fn played(url: &str, algorithm: Algorithm) -> Result<Self, SeedError> {
        let url = url.parse().map_err(|error| wrong(Location::UNKNOWN, error))?;
        let url = placeless(url);
        Ok(Self { url, algorithm: Some(algorithm), private_keys: Vec::new(), jwks: None, fingerprint: None })
    }

    /// Reads one from YAML, of which JSON is a part.
    pub(in crate::control) fn from_yaml(text: &str) -> Result<Self, SeedError> {
        let issuer: Self = serde_yaml::from_str(text).map_err(|error| super::unreadable(&error))?;
        issuer.check()?;
        Ok(issuer)
    }

    pub(crate) fn url(&self) -> &IssuerUrl {
        &self.url.value
    }

    pub(super) fn check(&self) -> Result<(), SeedError> {
        let problem = match (&self.jwks, self.private_keys.is_empty(), self.algorithm) {
            (Some(_), true, None) | (None, true, _) | (None, false, None) => return Ok(()),
            (Some(_), ..) => {
                "a foreign issuer is known by its `jwks` alone: take `algorithm` and `privateKeys` out"
            }
            (None, false, Some(_)) => "the algorithm follows from `privateKeys`: take `algorithm` out",
        };
        Err(wrong(self.url.referenced, problem))
    }

    /// Adds it to a state, unless there is one of that URL.
    pub(crate) fn apply(&self, state: &mut State) -> Result<(), SeedError> {
        let url = self.url.value.clone();
        let taken = || {
            let what = format!("the issuer {}", self.url.value.as_ref());
            SeedError::Taken { place: self.url.referenced.into(), what }
        };
        if state.issuers.find(url.as_ref()).is_some() {
            return Err(taken());
        }
        let keys = match &self.jwks {
            Some(KeySet(keys)) => Keys::Foreign(keys.clone()),
            None if self.private_keys.is_empty() => {
                Keys::Own(vec![SigningKey::generate(self.algorithm.unwrap_or_default())])
            }
            None => Keys::Own(self.private_keys.iter().map(|PrivateKey(key)| key.clone()).collect()),
        };
        state.issuers.add(url, Issuer { keys, fingerprint: self.fingerprint.clone() });
        Ok(())
    }

    /// All of a state.
    pub(in crate::control) fn all_of(issuers: &Issuers) -> Vec<Self> {
        let of = |(url, issuer): (&IssuerUrl, &Issuer)| {
            let (private_keys, jwks) = match &issuer.keys {
                Keys::Own(keys) => (keys.iter().cloned().map(PrivateKey).collect(), None),
                Keys::Foreign(keys) => (Vec::new(), Some(KeySet(keys.clone()))),
            };
            let fingerprint = issuer.fingerprint.clone();
            Self { url: placeless(url.clone()), algorithm: None, private_keys, jwks, fingerprint }
        };
        issuers.iter().map(of).collect()
    }
}
