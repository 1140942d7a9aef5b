//! What clients that are no part of the suite make of its Kubernetes API: the real Helm engine, and `kubectl` where it is. Where one of them
//! cannot be had, a test says so and has nothing to look at.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]
#![expect(clippy::print_stdout, reason = "why there is nothing to look at has to be said")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_conformance");

/// The exit code of `scripts/helm-render` where it has no Python, or no way to its packages.
const CANNOT_RUN: i32 = 77;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// What Helm makes of a chart; none where it cannot be had, which is said.
fn render(options: &[&str], files: &[&Path]) -> Option<Output> {
    let mut command = Command::new(root().join("scripts/helm-render"));
    let output = command.args(["--conformance", BINARY]).args(options).args(files).output().unwrap();
    if output.status.code() == Some(CANNOT_RUN) {
        println!("skipped: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    Some(output)
}

fn chart(template: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir(folder.path().join("templates")).unwrap();
    write(
        "Chart.yaml",
        "{ apiVersion: v2, name: tiny, version: 1.0.0, dependencies: [{ name: absent, version: ^2.1.0 }] }",
    );
    write("values.yaml", "{ color: green, size: { width: 1, height: 2 } }");
    write("templates/objects.yaml", template);
    folder
}

#[test]
fn helm_installs_a_chart_and_the_api_holds_its_rendering() {
    let chart = chart(concat!(
        "{ apiVersion: v1, kind: ConfigMap, metadata: { name: colors }, data: { color: '{{ .Values.color }}', ",
        "size: '{{ .Values.size.width }}x{{ .Values.size.height }}', release: '{{ .Capabilities.KubeVersion }}' } }\n",
        "---\n",
        "{ apiVersion: v1, kind: Pod, metadata: { name: later, annotations: { helm.sh/hook: test } } }\n",
    ));
    let values = chart.path().join("mine.yaml");
    fs::write(&values, "{ color: blue, size: { width: 3 } }").unwrap();

    let Some(output) = render(&["--minor", "31", "--namespace", "paint"], &[chart.path(), &values]) else {
        return;
    };

    let (text, words) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{words}");
    for expected in ["color: blue", "size: 3x2", "release: v1.31.0", "namespace: paint", "name: later"] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    assert!(!text.contains("resourceVersion") && !text.contains("uid"), "{text}");
    assert!(words.contains("an empty chart stands in for absent"), "{words}");
}

#[test]
fn what_the_api_does_not_know_helm_refuses_by_name() {
    let chart = chart("{ apiVersion: example.com/v1, kind: Gadget, metadata: { name: one } }");

    let Some(output) = render(&[], &[chart.path()]) else { return };

    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("no matches for kind \"Gadget\" in version \"example.com/v1\""), "{words}");
}

#[test]
fn the_providers_chart_is_accepted_whole() {
    let chart = root().join("charts/csi-secrets-store-provider-alibabacloud");
    let values = chart.join("ci/everything-values.yaml");
    let definitions = root().join("scripts/helm-render.d/podmonitors.yaml");

    let Some(output) = render(&["--definitions", definitions.to_str().unwrap()], &[&chart, &values]) else {
        return;
    };

    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for kind in ["DaemonSet", "ServiceAccount", "ClusterRole", "PodMonitor"] {
        assert!(text.contains(&format!("kind: {kind}\n")), "there is no {kind} in\n{text}");
    }
}

/// A running API with the real `kubectl`.
struct Kubectl {
    api: Child,
    folder: TempDir,
}

impl Kubectl {
    /// None where there is no `kubectl`, which is said.
    async fn start() -> Option<Self> {
        let version = Command::new("kubectl").args(["version", "--client"]).output();
        if !version.is_ok_and(|output| output.status.success()) {
            println!("skipped: there is no kubectl on the PATH");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        let mut command = Command::new(BINARY);
        command.arg("kubernetes").arg("--kubeconfig").arg(&kubeconfig).stderr(Stdio::null());
        let kubectl = Self { api: command.spawn().unwrap(), folder };
        conformance::patience::until("the API is ready", async || kubeconfig.exists().then_some(()))
            .await
            .unwrap();
        Some(kubectl)
    }

    /// What a command line says.
    fn say(&self, line: &str) -> String {
        let mut command = Command::new("kubectl");
        command.arg("--kubeconfig").arg(self.folder.path().join("kubeconfig"));
        let output = command
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path())
            .args(line.split(' '))
            .output()
            .unwrap();
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat()
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.folder.path().join(file), text).unwrap();
    }
}

impl Drop for Kubectl {
    fn drop(&mut self) {
        let _ = self.api.kill();
        let _ = self.api.wait();
    }
}

#[tokio::test]
async fn kubectl_finds_applies_patches_waits_and_deletes() {
    let Some(kubectl) = Kubectl::start().await else { return };
    let map = |data: Value| {
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" }, "data": data })
            .to_string()
    };

    assert!(kubectl.say("version").contains("Server Version: v1.30.0"));
    assert!(kubectl.say("api-resources").contains("customresourcedefinitions"));
    kubectl.write("map.json", &map(json!({ "x": "1" })));
    assert_eq!(kubectl.say("apply -f map.json"), "configmap/a created\n");
    kubectl.write("map.json", &map(json!({ "z": "2" })));
    assert_eq!(kubectl.say("apply -f map.json"), "configmap/a configured\n");
    assert_eq!(kubectl.say("apply -f map.json"), "configmap/a unchanged\n");
    assert_eq!(kubectl.say("patch cm a -p {\"data\":{\"w\":\"3\"}}"), "configmap/a patched\n");
    assert_eq!(kubectl.say("get cm a -o jsonpath={.data}"), r#"{"w":"3","z":"2"}"#);
    // A deletion waits for its end by a watch.
    assert!(kubectl.say("delete cm a").starts_with("configmap \"a\" deleted"));
    assert_eq!(kubectl.say("get cm a"), "Error from server (NotFound): configmaps \"a\" not found\n");
}

#[tokio::test]
async fn kubectl_defines_a_kind_and_uses_it_at_once() {
    let Some(kubectl) = Kubectl::start().await else { return };
    kubectl.write(
        "definition.yaml",
        &fs::read_to_string(root().join("scripts/helm-render.d/podmonitors.yaml")).unwrap(),
    );
    let one = json!({ "apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor", "metadata": { "name": "one" } });
    kubectl.write("one.json", &one.to_string());

    kubectl.say("apply -f definition.yaml");
    let waited = kubectl.say("wait --for=condition=Established crd/podmonitors.monitoring.coreos.com");
    let applied = kubectl.say("apply -f one.json");

    assert!(waited.contains("condition met"), "{waited}");
    assert_eq!(applied, "podmonitor.monitoring.coreos.com/one created\n");
    assert_eq!(kubectl.say("get podmonitor -o name"), "podmonitor.monitoring.coreos.com/one\n");
}
