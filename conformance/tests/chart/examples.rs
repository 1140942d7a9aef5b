//! The examples can be applied as they are: Kubernetes takes them, `lint` has nothing to say, their values render, and their policies
//! let the provider read what their classes name, no more.

mod cloud;

use std::fs;
use std::path::{Path, PathBuf};

use csi_secrets_store_provider_alibabacloud::lint::input::Input;
use csi_secrets_store_provider_alibabacloud::lint::lint;
use csi_secrets_store_provider_alibabacloud::mount::settings::Settings;
use rstest::rstest;
use serde_json::{Value, json};

use super::container::word;
use super::engine::{Checker, Engine, Rendering, chart, documents, read};
use super::kinds::RELEASES;
use cloud::{Example, Policies};

/// Kinds that others define.
const OF_OTHERS: [&str; 2] = ["SecretProviderClass", "PrometheusRule"];

/// All files below `examples/` with this ending.
fn files(ending: &str) -> Vec<PathBuf> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { collect(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    collect(&chart().join("examples"), &mut found);
    found.retain(|path| path.to_str().unwrap().ends_with(ending));
    found.sort();
    found
}

fn is_values(path: &Path) -> bool {
    path.ends_with("values.yaml") || path.parent().is_some_and(|folder| folder.ends_with("values"))
}

fn manifests() -> Vec<Value> {
    let files = files(".yaml").into_iter().filter(|path| !is_values(path));
    files.flat_map(|path| documents(&fs::read_to_string(path).unwrap())).collect()
}

fn image() -> Value {
    json!({ "linux": { "image": { "repository": "registry.example.com/csi-secrets-store-provider-alibabacloud" } } })
}

#[test]
fn the_values_of_each_example_install_the_chart() {
    let Some(engine) = Engine::find() else { return };
    let files: Vec<_> = files(".yaml").into_iter().filter(|path| is_values(path)).collect();
    let renderings: Vec<_> = files.iter().map(|path| Rendering::new([image(), read(path)])).collect();

    for (path, outcome) in files.iter().zip(engine.render_all(&renderings)) {
        assert!(outcome.is_ok(), "{}: {}", path.display(), outcome.unwrap_err());
    }
}

#[test]
fn kubernetes_takes_the_manifests_of_each_example() {
    let Some(checker) = Checker::find() else { return };
    let (others, objects): (Vec<_>, Vec<_>) =
        manifests().into_iter().partition(|object| OF_OTHERS.contains(&word(&object["kind"])));

    assert_eq!(checker.mistakes(&RELEASES, &objects), Vec::<String>::new());
    for class in others.iter().filter(|object| object["kind"] == "SecretProviderClass") {
        assert_eq!(class["apiVersion"], "secrets-store.csi.x-k8s.io/v1");
    }
}

#[test]
fn lint_has_nothing_to_say_of_the_examples() {
    for path in files(".yaml")
        .into_iter()
        .filter(|path| path.file_name().unwrap() != "alerts.yaml" && !is_values(path))
    {
        let text = fs::read_to_string(&path).unwrap();
        let input = Input { name: path.display().to_string(), text };
        // What holds neither class nor pod is no input.
        if let Ok(report) = lint(&[input], &Settings::default()) {
            assert!(report.findings.is_empty(), "{report}");
            assert!(report.classes.iter().all(|class| class.valid));
        }
    }
}

/// Alike what `examples/` holds, so that an example that is added is looked at.
#[rstest]
#[case::access_key("access-key", "access-key")]
#[case::cross_account("cross-account", "cross-account")]
#[case::node_publish_secret("node-publish-secret", "node-publish-secret")]
#[case::oos("oos", "access-key")]
#[case::pod_service_account("pod-service-account", "pod-service-account")]
#[case::ram_role("ram-role", "ram-role")]
#[case::rrsa("rrsa", "rrsa")]
#[case::worker_role("worker-role", "worker-role")]
#[tokio::test]
async fn an_example_reads_its_secret_with_its_policies_and_not_without(
    #[case] example: &str,
    #[case] method: &str,
) {
    let Some(engine) = Engine::find() else { return };
    let example = Example::new(example, method);
    let objects = engine.render(&Rendering::new([image(), example.values()])).unwrap();
    let pod =
        &objects.iter().find(|object| object["kind"] == "DaemonSet").unwrap()["spec"]["template"]["spec"];

    let read = example.mount(pod, Policies::AsTheyAre).await;
    let refused = example.mount(pod, Policies::OfAnotherSecret).await;

    assert_eq!(read.unwrap(), ["the value"]);
    let refusal = refused.unwrap_err();
    assert!(refusal.contains("NoPermission"), "{refusal}");
}

#[test]
fn each_example_with_a_policy_is_read_from() {
    let with_policy = files("/policy.json")
        .into_iter()
        .map(|path| path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned());

    assert_eq!(
        with_policy.collect::<Vec<_>>(),
        [
            "access-key",
            "cross-account",
            "node-publish-secret",
            "oos",
            "pod-service-account",
            "ram-role",
            "rrsa",
            "worker-role"
        ]
    );
}
