//! The kubelet's request to publish a volume, as the driver gets it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::pod::{Pod, TokenDelivery};

/// `NodePublishVolumeRequest`. The kubelet fills every field; a test may leave one out.
#[derive(Clone, PartialEq, Eq)]
pub struct PublishRequest {
    /// Whether a volume capability is there; its content does not matter here.
    pub has_capability: bool,
    /// `volume_id`
    pub volume_id: String,
    /// `target_path`
    pub target_path: PathBuf,
    /// `volume_context`
    pub context: BTreeMap<String, String>,
    /// `secrets`
    pub secrets: BTreeMap<String, String>,
    /// `readonly`
    pub read_only: bool,
    /// No field of the kubelet's: whether the driver copies tokens from the secrets into the attributes, as v1.6.0 does.
    pub copies_tokens: bool,
}

impl PublishRequest {
    /// What the kubelet asks for a pod's volume.
    pub fn of(pod: &Pod, target_path: PathBuf) -> Self {
        Self {
            has_capability: true,
            volume_id: format!("csi-{}-{}", pod.uid, pod.volume.name),
            target_path,
            context: pod.volume_context(),
            secrets: pod.secrets(),
            read_only: pod.volume.read_only,
            copies_tokens: pod
                .volume
                .tokens
                .as_ref()
                .is_none_or(|t| t.delivery != TokenDelivery::SecretsOnly),
        }
    }

    /// The first mandatory field that is missing, in the driver's words and order.
    pub(super) fn missing_field(&self) -> Option<&'static str> {
        [
            (self.has_capability, "Volume capability"),
            (!self.volume_id.is_empty(), "Volume ID"),
            (!self.target_path.as_os_str().is_empty(), "Target path"),
            (!self.context.is_empty(), "Volume attributes"),
        ]
        .into_iter()
        .find_map(|(is_there, what)| (!is_there).then_some(what))
    }

    /// Name, namespace and unique id of the pod, as the kubelet wrote them into the context.
    pub(super) fn pod(&self) -> [&str; 3] {
        ["name", "namespace", "uid"].map(|field| self.attribute(&format!("csi.storage.k8s.io/pod.{field}")))
    }

    /// The name of the class; empty if the pod names none.
    pub(super) fn class(&self) -> &str {
        self.attribute("secretProviderClass")
    }

    /// Driver tests of other people name this provider to be left alone.
    pub(super) fn is_for_mock_provider(&self) -> bool {
        self.attribute("providerName").eq_ignore_ascii_case("mock_provider")
    }

    fn attribute(&self, key: &str) -> &str {
        self.context.get(key).map_or("", String::as_str)
    }
}

/// Keys only: context and secrets may hold tokens and passwords.
impl fmt::Debug for PublishRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublishRequest")
            .field("volume_id", &self.volume_id)
            .field("target_path", &self.target_path)
            .field("context", &self.context.keys())
            .field("secrets", &self.secrets.keys())
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}
