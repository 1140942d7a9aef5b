//! The driver's real chart, as this chart installs it.
//!
//! It is no part of the repository. Where it does not lie in the chart's `charts` folder it is fetched into a copy, which needs a
//! `helm` and its repository; where that fails, each test says so and has nothing to look at.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::container::{items, word};
use super::engine::{Checker, Engine, Rendering, chart, documents, found, read, root};
use super::kinds::RELEASES;

const NAME: &str = "secrets-store-csi-driver";

/// A chart that has the driver's in it.
#[derive(Debug)]
struct Bundle {
    chart: PathBuf,
    /// What is fetched is kept until the tests end.
    _copy: Option<TempDir>,
}

static BUNDLE: LazyLock<Result<Bundle, String>> = LazyLock::new(|| {
    if archive(&chart()).exists() {
        return Ok(Bundle { chart: chart(), _copy: None });
    }
    fetched()
});

/// Where Helm puts the driver's chart, in the version of the lock.
fn archive(chart: &Path) -> PathBuf {
    let lock = read(&chart.join("Chart.lock"));
    let [version] = items(&lock["dependencies"]) else { panic!("one dependency: {lock}") };
    chart.join(format!("charts/{NAME}-{}.tgz", word(&version["version"])))
}

/// `scripts/driver-chart`, in a copy of what it works on.
fn fetched() -> Result<Bundle, String> {
    let copy = TempDir::new().unwrap();
    for place in ["scripts/driver-chart", "charts/csi-secrets-store-provider-alibabacloud"] {
        let to = copy.path().join(place);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let done = Command::new("cp").arg("-r").arg(root().join(place)).arg(to).status().unwrap();
        assert!(done.success());
    }
    let output = Command::new(copy.path().join("scripts/driver-chart")).output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let chart = copy.path().join("charts/csi-secrets-store-provider-alibabacloud");
    Ok(Bundle { chart, _copy: Some(copy) })
}

/// None where one of the two cannot be had, which is said.
fn find() -> Option<(&'static Engine, &'static Bundle)> {
    Some((Engine::find()?, found(&BUNDLE)?))
}

impl Bundle {
    /// The objects of a row, with the driver's.
    fn render(&self, engine: &Engine, row: &str) -> Vec<Value> {
        engine.render(&self.rendering(row)).unwrap_or_else(|words| panic!("row {row}: {words}"))
    }

    fn rendering(&self, row: &str) -> Rendering {
        let values = read(&chart().join(format!("ci/{row}-values.yaml")));
        Rendering { with_driver: Some(self.chart.clone()), ..Rendering::new([values]) }
    }

    /// A file of the driver's chart.
    fn file(&self, name: &str) -> String {
        let output = Command::new("tar")
            .args(["--extract", "--to-stdout", "--file"])
            .arg(archive(&self.chart))
            .arg(format!("{NAME}/{name}"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn named<'a>(objects: &'a [Value], kind: &str, name: &str) -> Option<&'a Value> {
    objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
}

fn pod<'a>(objects: &'a [Value], daemon_set: &str) -> &'a Value {
    let daemon_set = named(objects, "DaemonSet", daemon_set);
    &daemon_set.unwrap_or_else(|| panic!("{objects:?}"))["spec"]["template"]["spec"]
}

/// Arguments of the containers of the driver's pod, or of the provider's.
fn arguments(objects: &[Value], daemon_set: &str) -> BTreeSet<String> {
    let containers = items(&pod(objects, daemon_set)["containers"]);
    let arguments = containers.iter().flat_map(|container| items(&container["args"]));
    arguments.map(|argument| word(argument).to_owned()).collect()
}

fn providers_folder(objects: &[Value], daemon_set: &str) -> BTreeSet<String> {
    let folders = items(&pod(objects, daemon_set)["volumes"]).iter().filter_map(|volume| {
        volume["hostPath"]["path"].as_str().filter(|path| path.contains("secrets-store-csi-providers"))
    });
    folders.map(str::to_owned).collect()
}

const PROVIDER: &str = "csi-secrets-store-provider-alibabacloud";

#[test]
fn the_driver_and_the_provider_find_each_other_on_every_node() {
    let Some((engine, bundle)) = find() else { return };

    let objects = bundle.render(engine, "vendor-defaults");

    assert!(named(&objects, "CSIDriver", "secrets-store.csi.k8s.io").is_some());
    assert!(providers_folder(&objects, PROVIDER).is_subset(&providers_folder(&objects, NAME)));
    let [driver, provider] = [NAME, PROVIDER].map(|name| pod(&objects, name));
    assert_eq!(provider["tolerations"], driver["tolerations"]);
    assert_eq!(provider["affinity"], driver["affinity"]);
    assert_eq!(provider["nodeSelector"], driver["nodeSelector"]);
}

#[test]
fn pods_get_tokens_for_the_cloud() {
    let Some((engine, bundle)) = find() else { return };

    let objects = bundle.render(engine, "vendor-defaults");

    let driver = &named(&objects, "CSIDriver", "secrets-store.csi.k8s.io").unwrap()["spec"];
    assert_eq!(driver["tokenRequests"], json!([{ "audience": "sts.aliyuncs.com" }]));
}

#[test]
fn rotation_is_off_until_it_is_asked_for_and_both_go_by_one_interval() {
    let Some((engine, bundle)) = find() else { return };
    let [without, with] = ["vendor-defaults", "rotation"].map(|row| bundle.render(engine, row));
    let republishes = |objects: &[Value]| {
        named(objects, "CSIDriver", "secrets-store.csi.k8s.io").unwrap()["spec"]["requiresRepublish"].clone()
    };

    assert_eq!([republishes(&without), republishes(&with)], [json!(false), json!(true)]);
    let rotates = "--enable-secret-rotation=true";
    assert!(!arguments(&without, NAME).contains(rotates) && arguments(&with, NAME).contains(rotates));
    assert!(arguments(&with, NAME).contains("--rotation-poll-interval=120s"));
    assert!(arguments(&with, PROVIDER).contains("--rotation-interval=120s"));
}

#[test]
fn the_driver_writes_secrets_only_where_synchronization_is_on() {
    let Some((engine, bundle)) = find() else { return };
    let [without, with] = ["vendor-defaults", "sync"].map(|row| bundle.render(engine, row));
    let role = |objects: &[Value]| named(objects, "ClusterRole", "secretprovidersyncing-role").cloned();

    assert_eq!(role(&without), None);
    assert_eq!(role(&with).unwrap()["rules"][0]["resources"], json!(["secrets"]));
    assert!(named(&with, "ClusterRoleBinding", "secretprovidersyncing-rolebinding").is_some());
}

#[test]
fn an_answer_may_be_as_large_as_the_driver_takes() {
    let Some((engine, bundle)) = find() else { return };

    let objects = bundle.render(engine, "everything");

    assert!(arguments(&objects, NAME).contains("--max-call-recv-msg-size=8388608"));
    assert!(arguments(&objects, "provider-alibabacloud").contains("--max-response-bytes=8388608"));
}

#[test]
fn objects_of_both_fit_the_schemas_of_the_releases_that_the_driver_runs_on() {
    let (Some((engine, bundle)), Some(checker)) = (find(), Checker::find()) else { return };
    let releases = &RELEASES[1..];
    assert_eq!(releases[0], "1.30");

    let renderings = releases.iter().map(|release| {
        let minor = release.strip_prefix("1.").unwrap().parse().unwrap();
        bundle.rendering("everything").at(minor)
    });
    let outcomes = engine.render_all(&renderings.collect::<Vec<_>>());

    for (release, outcome) in releases.iter().zip(outcomes) {
        let mut objects = outcome.unwrap();
        objects.retain(|object| !["PodMonitor", "SecretProviderClass"].contains(&word(&object["kind"])));
        assert_eq!(checker.mistakes(&[release], &objects), Vec::<String>::new());
    }
}

#[test]
fn the_driver_is_refused_by_name_where_it_does_not_run() {
    let Some((engine, bundle)) = find() else { return };

    let words = engine.render(&bundle.rendering("vendor-defaults").at(29)).unwrap_err();

    assert!(words.contains("secrets-store-csi-driver.install") && words.contains("1.30"), "{words}");
}

/// A value that the driver's chart does not have would be set in vain.
#[test]
fn every_value_for_the_driver_is_one_that_its_chart_has() {
    let Some(bundle) = found(&BUNDLE) else { return };
    let known = documents(&bundle.file("values.yaml")).remove(0);
    let mut unknown = Vec::new();

    for file in ["values.yaml", "ci/everything-values.yaml", "examples/values/mirrors.yaml"] {
        let values = read(&chart().join(file));
        let in_vain = paths(&values[NAME], "").into_iter().filter(|path| known.pointer(path).is_none());
        unknown.extend(in_vain.map(|path| format!("{file}: {path}")));
    }

    // One is read without a default, the other is this chart's condition.
    assert!(bundle.file("templates/_helpers.tpl").contains(".Values.fullnameOverride"));
    unknown.retain(|it| !it.ends_with(": /fullnameOverride") && !it.ends_with(": /install"));
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// Paths of all values, such as `/linux/image/tag`; lists are values.
fn paths(value: &Value, path: &str) -> Vec<String> {
    match value.as_object() {
        Some(map) => map.iter().flat_map(|(name, value)| paths(value, &format!("{path}/{name}"))).collect(),
        None => vec![path.to_owned()],
    }
}
