//! From a class and a pod to the request that the driver really sends (driver v1.6.0, `pkg/secrets-store/nodeserver.go`).

use super::class::SecretProviderClass;
use super::go_json;
use super::node_publish::PublishRequest;
use super::pod::TOKENS_KEY;
use super::protocol::MountRequest;

/// 0644 as a decimal JSON number: the driver knows no other.
pub const PERMISSION: &str = "420";

/// The driver's request to the provider for what the kubelet wants published.
///
/// The volume's context wins over the class's parameters, so a pod's author can override a parameter.
pub fn mount_request(class: &SecretProviderClass, publish: &PublishRequest) -> MountRequest {
    let PublishRequest { context, secrets, target_path, .. } = publish;
    // An empty token text counts as none.
    let places = if publish.copies_tokens { [Some(secrets), Some(context)] } else { [None, Some(context)] };
    let tokens = places
        .into_iter()
        .flatten()
        .filter_map(|map| map.get(TOKENS_KEY))
        .find(|tokens| !tokens.is_empty())
        .cloned();
    let mut attributes = class.parameters.clone();
    attributes.extend(context.clone());
    attributes.extend(tokens.map(|tokens| (TOKENS_KEY.to_owned(), tokens)));
    MountRequest {
        attributes: go_json::object(&attributes),
        secrets: if secrets.is_empty() { "null".into() } else { go_json::object(secrets) },
        target_path: target_path.to_string_lossy().into_owned(),
        permission: PERMISSION.into(),
        current_object_version: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::pod::{Pod, ServiceAccountToken, TokenDelivery, Tokens};
    use super::*;

    fn class() -> SecretProviderClass {
        let manifest = r#"
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: { name: test-secrets }
spec:
  provider: alibabacloud
  parameters: { region: cn-hangzhou, objects: "- objectName: \"a&b\"\n" }
"#;
        manifest.parse().unwrap()
    }

    fn pod() -> Pod {
        Pod { uid: "6e1d".into(), ..Pod::mounting("test-secrets") }
    }

    fn tokens(delivery: TokenDelivery) -> Tokens {
        let token = ServiceAccountToken {
            token: "ey.token".into(),
            expiration_timestamp: "2026-01-01T00:00:00Z".into(),
        };
        Tokens { by_audience: BTreeMap::from([("sts.aliyuncs.com".into(), token)]), delivery }
    }

    fn request(pod: &Pod) -> MountRequest {
        let target = "/var/lib/kubelet/pods/6e1d/volumes/kubernetes.io~csi/secrets-store/mount";
        mount_request(&class(), &PublishRequest::of(pod, target.into()))
    }

    #[test]
    fn a_plain_pod_is_described_byte_for_byte_as_the_driver_does() {
        let request = request(&pod());

        assert_eq!(
            request.attributes,
            concat!(
                r#"{"csi.storage.k8s.io/ephemeral":"true","csi.storage.k8s.io/pod.name":"web-0","#,
                r#""csi.storage.k8s.io/pod.namespace":"default","csi.storage.k8s.io/pod.uid":"6e1d","#,
                r#""csi.storage.k8s.io/serviceAccount.name":"default","#,
                r#""objects":"- objectName: \"a\u0026b\"\n","region":"cn-hangzhou","secretProviderClass":"test-secrets"}"#,
            )
        );
        assert_eq!((request.secrets.as_str(), request.permission.as_str()), ("null", "420"));
        assert!(request.current_object_version.is_empty());
    }

    #[test]
    fn the_pods_attributes_win_over_parameters_and_lose_against_the_kubelet() {
        let mut pod = pod();
        let own = [("region", "cn-beijing"), ("csi.storage.k8s.io/pod.name", "somebody-else")];
        pod.volume.attributes.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));

        let attributes: BTreeMap<String, String> = serde_json::from_str(&request(&pod).attributes).unwrap();

        assert_eq!(attributes["region"], "cn-beijing");
        assert_eq!(attributes["csi.storage.k8s.io/pod.name"], "web-0");
    }

    #[test]
    fn the_node_publish_secret_travels_in_secrets_only() {
        let mut pod = pod();
        pod.volume.node_publish_secret = BTreeMap::from([("access_key".into(), "id".into())]);

        let request = request(&pod);

        assert_eq!(request.secrets, r#"{"access_key":"id"}"#);
        assert!(!request.attributes.contains("access_key"));
    }

    #[test]
    fn tokens_in_the_context_reach_the_attributes_only() {
        let mut pod = pod();
        pod.volume.tokens = Some(tokens(TokenDelivery::Context));

        let request = request(&pod);

        let attributes: BTreeMap<String, String> = serde_json::from_str(&request.attributes).unwrap();
        assert_eq!(
            attributes[TOKENS_KEY],
            r#"{"sts.aliyuncs.com":{"token":"ey.token","expirationTimestamp":"2026-01-01T00:00:00Z"}}"#
        );
        assert_eq!(request.secrets, "null");
    }

    #[test]
    fn tokens_that_are_not_copied_stay_in_the_secrets() {
        let mut pod = pod();
        pod.volume.tokens = Some(tokens(TokenDelivery::SecretsOnly));

        let request = request(&pod);

        assert!(request.secrets.contains(TOKENS_KEY) && !request.attributes.contains(TOKENS_KEY));
    }

    #[test]
    fn tokens_in_the_secrets_reach_both_fields() {
        let mut pod = pod();
        pod.volume.tokens = Some(tokens(TokenDelivery::Secrets));

        let request = request(&pod);

        let attributes: BTreeMap<String, String> = serde_json::from_str(&request.attributes).unwrap();
        let secrets: BTreeMap<String, String> = serde_json::from_str(&request.secrets).unwrap();
        assert_eq!(attributes[TOKENS_KEY], secrets[TOKENS_KEY]);
    }
}
