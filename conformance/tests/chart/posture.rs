//! What the chart's objects may and what they must not, in every row.

use serde_json::{Value, json};

use super::container::{items, word};
use super::engine::{Engine, Rendering, chart, read};
use super::rows::rows;

/// The name that trust policies know.
const ACCOUNT: &str = "csi-secrets-store-provider-alibabacloud";

#[test]
fn the_provider_has_no_rights_on_its_node_but_a_folder_of_sockets() {
    let Some(engine) = Engine::find() else { return };
    for row in rows(engine) {
        let mut expected = json!({
            "runAsUser": 0,
            "runAsGroup": 0,
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
            "seccompProfile": { "type": "RuntimeDefault" },
        });
        if let Some(options) = row.value("/linux/seLinuxOptions").as_object() {
            expected["seLinuxOptions"] = options.clone().into();
        }
        let pods = row.of_kind("Pod").map(|pod| &pod["spec"]).filter(|pod| pod["hostNetwork"] == true);
        for pod in pods.chain([row.pod()]) {
            assert_eq!(items(&pod["containers"]).len(), 1, "row {}", row.name);
            assert_eq!(pod["containers"][0]["securityContext"], expected, "row {}", row.name);
            for name in ["hostPID", "hostIPC", "initContainers", "shareProcessNamespace"] {
                assert!(pod.get(name).is_none(), "row {}: {name}", row.name);
            }
        }
        let of_node = items(&row.pod()["volumes"]).iter().filter(|volume| volume.get("hostPath").is_some());
        assert_eq!(of_node.map(|volume| word(&volume["name"])).collect::<Vec<_>>(), ["provider-vol"]);
    }
}

#[test]
fn the_provider_may_get_service_accounts_and_nothing_else() {
    let Some(engine) = Engine::find() else { return };
    for row in rows(engine) {
        let is_allowed = row.value("/podIdentity/enabled") != false;
        let rules: Vec<_> = row.of_kind("ClusterRole").flat_map(|role| items(&role["rules"])).collect();
        let rule = json!({ "apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get"] });

        assert_eq!(rules, if is_allowed { vec![&rule] } else { vec![] }, "row {}", row.name);
        assert_eq!(row.of_kind("ClusterRoleBinding").count(), usize::from(is_allowed));
        assert_eq!(row.of_kind("Role").count() + row.of_kind("RoleBinding").count(), 0);
        assert_eq!(row.pod()["automountServiceAccountToken"], is_allowed, "row {}", row.name);
        // Values come from the cloud and go to pods: a release has none.
        assert_eq!(row.of_kind("Secret").count(), 0);
    }
}

#[test]
fn the_provider_is_on_every_node_where_the_driver_is() {
    let Some(engine) = Engine::find() else { return };
    let everywhere = json!([{ "operator": "Exists" }]);
    for row in rows(engine) {
        let own = row.value("/linux/tolerations");
        let drivers = row.value("/secrets-store-csi-driver/linux/tolerations");
        let expected = [own, drivers].into_iter().find(|tolerations| tolerations.is_array());

        // An operator's empty list is none, as with the vendor's chart.
        let expected = items(expected.unwrap_or(&everywhere));
        assert_eq!(items(&row.pod()["tolerations"]), expected, "row {}", row.name);
        assert_eq!(row.pod()["nodeSelector"]["kubernetes.io/os"], "linux");
        assert!(row.pod()["nodeSelector"].as_object().unwrap().len() == 1 || row.name == "everything");
    }
}

#[test]
fn a_rollout_goes_on_when_the_new_pod_serves() {
    let Some(engine) = Engine::find() else { return };
    for row in rows(engine) {
        let readiness = &row.container()["readinessProbe"];
        assert_eq!(readiness["httpGet"]["path"], "/readyz", "row {}", row.name);
        // A pod that stopped to serve is not ready at once.
        assert_eq!(readiness["failureThreshold"], 1);
        let strategy = &row.daemon_set()["spec"]["updateStrategy"];
        let at_once = strategy["rollingUpdate"]["maxUnavailable"].as_u64().unwrap_or_default();
        assert!(at_once <= 1, "row {}: {strategy}", row.name);
    }
}

#[test]
fn services_and_monitors_find_the_provider_and_no_pod_of_a_test() {
    let Some(engine) = Engine::find() else { return };
    let row = rows(engine).iter().find(|row| row.name == "everything").unwrap();
    let service = &row.of_kind("Service").next().unwrap()["spec"];
    let monitor = &row.of_kind("PodMonitor").next().unwrap()["spec"];
    let selectors = [
        &row.daemon_set()["spec"]["selector"]["matchLabels"],
        &service["selector"],
        &monitor["selector"]["matchLabels"],
    ];
    let carries = |labels: &Value, selector: &Value| {
        let wanted = selector.as_object().unwrap();
        wanted.iter().all(|(name, value)| labels.get(name) == Some(value))
    };

    for selector in selectors {
        assert_eq!(selector.as_object().unwrap().len(), 1, "{selector}");
        assert!(carries(&row.daemon_set()["spec"]["template"]["metadata"]["labels"], selector));
        for pod in row.of_kind("Pod") {
            assert!(!carries(&pod["metadata"]["labels"], selector), "{pod}");
        }
    }
    let port = &row.container()["ports"][0]["name"];
    assert_eq!(&service["ports"][0]["targetPort"], port);
    assert_eq!(&monitor["podMetricsEndpoints"][0]["port"], port);
}

/// Whatever the release is called, `oidc:sub` of trust policies keeps its last part.
#[test]
fn other_releases_and_namespaces_keep_the_service_account() {
    let Some(engine) = Engine::find() else { return };
    let values = read(&chart().join("ci/rrsa-values.yaml"));
    let names = json!({ "nameOverride": "n".repeat(70), "fullnameOverride": "" });
    let rendering =
        Rendering { release: "other", namespace: "secrets", ..Rendering::new([values]).with(names) };

    let objects = engine.render(&rendering).unwrap();

    let of_kind = |kind: &str| objects.iter().find(|object| object["kind"] == kind).unwrap();
    assert_eq!(of_kind("ServiceAccount")["metadata"]["name"], ACCOUNT);
    assert_eq!(of_kind("DaemonSet")["spec"]["template"]["spec"]["serviceAccountName"], ACCOUNT);
    let subject = json!([{ "kind": "ServiceAccount", "name": ACCOUNT, "namespace": "secrets" }]);
    assert_eq!(of_kind("ClusterRoleBinding")["subjects"], subject);
    for object in &objects {
        let metadata = &object["metadata"];
        assert!(word(&metadata["name"]).len() <= 63, "{metadata}");
        let is_of_cluster = word(&object["kind"]).starts_with("ClusterRole") || object["kind"] == "Namespace";
        assert!(is_of_cluster || metadata["namespace"] == "secrets", "{metadata}");
    }
}
