//! The pod that mounts a volume, as far as the kubelet tells the driver about it.

use std::collections::BTreeMap;
use std::{fmt, iter};

use serde_json::{Value, json};

use super::go_json;

/// The name of the CSI driver in a pod's volume.
pub(super) const DRIVER_NAME: &str = "secrets-store.csi.k8s.io";

/// The key under which service account tokens travel.
pub const TOKENS_KEY: &str = "csi.storage.k8s.io/serviceAccount.tokens";

/// A pod with one CSI inline volume of our driver.
#[derive(Debug, Clone)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its namespace, where its class and its node publish secret live too.
    pub namespace: String,
    /// Its unique id.
    pub uid: String,
    /// The name of its service account.
    pub service_account: String,
    /// The volume.
    pub volume: Volume,
    /// Its other volumes of our driver, if it mounts several classes.
    pub more_volumes: Vec<Volume>,
}

/// The CSI inline volume of a pod.
#[derive(Clone)]
pub struct Volume {
    /// The volume's name in the pod.
    pub name: String,
    /// `csi.readOnly`; the driver insists on it.
    pub read_only: bool,
    /// `csi.volumeAttributes`, among them `secretProviderClass`.
    pub attributes: BTreeMap<String, String>,
    /// The decoded data of the Secret that `csi.nodePublishSecretRef` names.
    pub node_publish_secret: BTreeMap<String, String>,
    /// `csi.nodePublishSecretRef`: the kubelet reads this Secret anew before every publication.
    pub node_publish_secret_ref: Option<String>,
    /// The tokens that the kubelet adds when the driver asks for some (`tokenRequests`).
    pub tokens: Option<Tokens>,
}

/// Service account tokens, by audience.
#[derive(Clone)]
pub struct Tokens {
    /// Audience, then the token made for it.
    pub by_audience: BTreeMap<String, ServiceAccountToken>,
    /// How the kubelet hands them to the driver.
    pub delivery: TokenDelivery,
}

/// One token as the `TokenRequest` API answers it.
#[derive(Clone)]
pub struct ServiceAccountToken {
    /// The signed token.
    pub token: String,
    /// RFC 3339.
    pub expiration_timestamp: String,
}

/// Where the kubelet puts the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenDelivery {
    /// Into the volume's context: the default.
    Context,
    /// Among the secrets (`serviceAccountTokenInSecrets: true`); the driver copies them into the attributes as well.
    Secrets,
    /// Among the secrets and nowhere else, as a driver would hand them on that does not copy them.
    SecretsOnly,
}

impl Pod {
    /// A pod in namespace `default` that mounts the class read-only, as the documented example does.
    pub fn mounting(class: &str) -> Self {
        Self {
            name: "web-0".into(),
            namespace: "default".into(),
            uid: uuid::Uuid::new_v4().to_string(),
            service_account: "default".into(),
            volume: Volume::of("secrets-store", class),
            more_volumes: Vec::new(),
        }
    }

    /// One pod per volume, each as the driver is told of it: the driver knows nothing of a pod's other volumes.
    pub(super) fn by_volume(&self) -> impl Iterator<Item = Self> {
        let volumes = iter::once(&self.volume).chain(&self.more_volumes);
        volumes.map(|volume| Self { volume: volume.clone(), more_volumes: Vec::new(), ..self.clone() })
    }

    /// The object that the API server holds.
    pub(super) fn to_object(&self, owners: &[Value]) -> Value {
        let volumes = iter::once(&self.volume).chain(&self.more_volumes).map(|volume| {
            let mut csi = json!({
                "driver": DRIVER_NAME,
                "readOnly": volume.read_only,
                "volumeAttributes": volume.attributes,
            });
            if let Some(name) = &volume.node_publish_secret_ref {
                csi["nodePublishSecretRef"] = json!({ "name": name });
            }
            json!({ "name": volume.name, "csi": csi })
        });
        json!({
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "uid": self.uid,
                "ownerReferences": owners,
            },
            "spec": { "serviceAccountName": self.service_account, "volumes": volumes.collect::<Vec<_>>() },
            "status": { "phase": "Pending" },
        })
    }

    /// What the kubelet sends as volume context: the pod's attributes, overwritten by what the kubelet knows (`podInfoOnMount`).
    pub(super) fn volume_context(&self) -> BTreeMap<String, String> {
        let mut context = self.volume.attributes.clone();
        let known = [
            ("csi.storage.k8s.io/pod.name", self.name.as_str()),
            ("csi.storage.k8s.io/pod.namespace", &self.namespace),
            ("csi.storage.k8s.io/pod.uid", &self.uid),
            ("csi.storage.k8s.io/serviceAccount.name", &self.service_account),
            ("csi.storage.k8s.io/ephemeral", "true"),
        ];
        context.extend(known.map(|(key, value)| (key.to_owned(), value.to_owned())));
        context.extend(self.tokens_for(TokenDelivery::Context));
        context
    }

    /// What the kubelet sends as secrets.
    pub(super) fn secrets(&self) -> BTreeMap<String, String> {
        let mut secrets = self.volume.node_publish_secret.clone();
        secrets.extend(self.tokens_for(TokenDelivery::Secrets));
        secrets.extend(self.tokens_for(TokenDelivery::SecretsOnly));
        secrets
    }

    fn tokens_for(&self, delivery: TokenDelivery) -> Option<(String, String)> {
        let tokens = self.volume.tokens.as_ref().filter(|tokens| tokens.delivery == delivery)?;
        Some((TOKENS_KEY.to_owned(), tokens.to_json()))
    }
}

impl Volume {
    /// A read-only volume of a class.
    pub fn of(name: &str, class: &str) -> Self {
        Self {
            name: name.into(),
            read_only: true,
            attributes: BTreeMap::from([("secretProviderClass".into(), class.into())]),
            node_publish_secret: BTreeMap::new(),
            node_publish_secret_ref: None,
            tokens: None,
        }
    }

    /// The class that it names.
    pub fn class(&self) -> &str {
        self.attributes.get("secretProviderClass").map_or("", String::as_str)
    }
}

impl Tokens {
    pub(super) fn to_json(&self) -> String {
        go_json::raw_object(self.by_audience.iter().map(|(audience, token)| {
            let members = [("token", &token.token), ("expirationTimestamp", &token.expiration_timestamp)];
            (
                audience.as_str(),
                go_json::raw_object(members.map(|(key, text)| (key, go_json::string(text))).into_iter()),
            )
        }))
    }
}

impl fmt::Debug for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Volume")
            .field("name", &self.name)
            .field("read_only", &self.read_only)
            .field("attributes", &self.attributes)
            .field("node_publish_secret", &self.node_publish_secret.keys())
            .field("node_publish_secret_ref", &self.node_publish_secret_ref)
            .field("tokens", &self.tokens)
            .finish()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("audiences", &self.by_audience.keys())
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ServiceAccountToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccountToken")
            .field("expiration_timestamp", &self.expiration_timestamp)
            .finish_non_exhaustive()
    }
}
