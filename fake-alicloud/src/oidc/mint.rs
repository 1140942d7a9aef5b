//! Tokens as a cluster makes them for its pods.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::key::SigningKey;

/// What a token for a service account of a cluster shall say. In JSON, all fields may be missing.
///
/// ```
/// # use fake_alicloud::ServiceAccountToken;
/// # use std::time::Duration;
/// let token = ServiceAccountToken::new("shop", "reader").expires_in(Duration::from_secs(600));
/// let stolen = ServiceAccountToken::new("shop", "reader").claim("iss", "https://elsewhere.example");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ServiceAccountToken {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_id: Option<String>,
    namespace: String,
    service_account: String,
    audiences: Vec<String>,
    expires_in: SignedDuration,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<Pod>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    claims: Map<String, Value>,
}

/// The pod that a token is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
}

impl Default for ServiceAccountToken {
    fn default() -> Self {
        Self {
            issuer: None,
            key_id: None,
            namespace: "default".to_owned(),
            service_account: "default".to_owned(),
            audiences: vec!["sts.aliyuncs.com".to_owned()],
            expires_in: SignedDuration::from_hours(1),
            issued_at: None,
            pod: None,
            claims: Map::new(),
        }
    }
}

impl ServiceAccountToken {
    /// A token for that service account, good for the audience `sts.aliyuncs.com` and an hour from now.
    pub fn new(namespace: impl Into<String>, service_account: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), service_account: service_account.into(), ..Self::default() }
    }

    /// The issuer, by its URL; needed if the fake plays several.
    #[must_use]
    pub fn issuer(mut self, url: impl Into<String>) -> Self {
        self.issuer = Some(url.into());
        self
    }

    /// The key to sign with; by default the issuer's newest.
    #[must_use]
    pub fn key_id(mut self, id: impl Into<String>) -> Self {
        self.key_id = Some(id.into());
        self
    }

    /// Whom it is for.
    #[must_use]
    pub fn audiences<S: Into<String>>(mut self, audiences: impl IntoIterator<Item = S>) -> Self {
        self.audiences = audiences.into_iter().map(Into::into).collect();
        self
    }

    /// How long it is good after it was issued; negative for one that ended before.
    #[must_use]
    pub fn expires_in(mut self, life: impl TryInto<SignedDuration>) -> Self {
        self.expires_in = life.try_into().unwrap_or(SignedDuration::MAX);
        self
    }

    /// When it was issued; by default now, by the fake's clock.
    #[must_use]
    pub fn issued_at(mut self, time: Timestamp) -> Self {
        self.issued_at = Some(time);
        self
    }

    /// The pod that it is bound to.
    #[must_use]
    pub fn pod(mut self, name: impl Into<String>, uid: impl Into<String>) -> Self {
        self.pod = Some(Pod { name: name.into(), uid: uid.into() });
        self
    }

    /// A claim of the test's own, also in place of one that would be there; `null` leaves it out.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// The token, signed. Its claims are those of Kubernetes.
    pub(crate) fn sign(&self, issuer: &str, key: &SigningKey, now: Timestamp) -> String {
        let start = self.issued_at.unwrap_or(now);
        let expires = start.checked_add(self.expires_in).unwrap_or(Timestamp::MAX);
        let (namespace, name) = (&self.namespace, &self.service_account);
        let mut cluster = json!({
            "namespace": namespace,
            "serviceaccount": { "name": name, "uid": uid(&[issuer, namespace, name]) },
        });
        if let Some(pod) = &self.pod {
            cluster["pod"] = json!(pod);
        }
        let mut claims = json!({
            "aud": self.audiences,
            "exp": expires.as_second(),
            "iat": start.as_second(),
            "iss": issuer,
            "jti": Uuid::new_v4().to_string(),
            "kubernetes.io": cluster,
            "nbf": start.as_second(),
            "sub": format!("system:serviceaccount:{namespace}:{name}"),
        });
        let object = claims.as_object_mut().expect("made as one");
        object.extend(self.claims.clone());
        object.retain(|_, value| !value.is_null());
        let header = json!({ "alg": key.algorithm().name(), "kid": key.id() });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// The same for the same service account of the same cluster.
fn uid(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n"));
    let bytes = std::array::from_fn(|place| digest[place]);
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}
