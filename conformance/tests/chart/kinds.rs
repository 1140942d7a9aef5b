//! What is rendered is what releases of Kubernetes serve.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::engine::{Checker, Engine};
use super::rows::rows;

/// Releases whose schemas are looked into: the oldest that the checker knows, the bundled driver's, and the current ones.
pub(crate) const RELEASES: [&str; 4] = ["1.25", "1.30", "1.36", "1.37"];

/// What 1.20 and 1.22 serve of the kinds that are rendered. Both serve the same of these: they stand in the API references of
/// v1.20 and v1.22, and no schemas of those releases are to be had.
const SERVED_BY_OLD_RELEASES: [(&str, &str); 7] = [
    ("apps/v1", "DaemonSet"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("v1", "ConfigMap"),
    ("v1", "Pod"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
];

/// Kinds that others define: the driver, the Prometheus operator.
const DEFINED_BY_OTHERS: [(&str, &str); 2] =
    [("monitoring.coreos.com/v1", "PodMonitor"), ("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass")];

fn all_objects(engine: &Engine) -> Vec<Value> {
    // Many rows make the same.
    let objects = rows(engine).iter().flat_map(|row| &row.objects);
    let by_text: BTreeMap<String, &Value> = objects.map(|object| (object.to_string(), object)).collect();
    by_text.into_values().cloned().collect()
}

#[test]
fn old_releases_serve_every_kind_but_those_of_others() {
    let Some(engine) = Engine::find() else { return };
    let rendered: BTreeSet<_> = all_objects(engine)
        .iter()
        .map(|object| ["apiVersion", "kind"].map(|name| object[name].as_str().unwrap().to_owned()))
        .collect();
    let known = SERVED_BY_OLD_RELEASES.iter().chain(&DEFINED_BY_OTHERS);

    assert_eq!(
        rendered,
        known.map(|(version, kind)| [version, kind].map(|word| (*word).to_owned())).collect()
    );
}

#[test]
fn objects_fit_the_schemas_of_each_release() {
    let (Some(engine), Some(checker)) = (Engine::find(), Checker::find()) else { return };
    let (others, objects): (Vec<_>, Vec<_>) = all_objects(engine).into_iter().partition(|object| {
        DEFINED_BY_OTHERS
            .iter()
            .any(|(version, kind)| object["apiVersion"] == *version && object["kind"] == *kind)
    });

    assert_eq!(checker.mistakes(&RELEASES, &objects), Vec::<String>::new());
    let unknown = checker.mistakes(&["1.30"], &others);
    assert!(unknown.iter().all(|mistake| mistake.ends_with(": no schema")), "{unknown:?}");
}

/// Without this the test above could pass because nothing is looked at.
#[test]
fn a_slip_in_an_object_is_found_by_its_place() {
    let (Some(engine), Some(checker)) = (Engine::find(), Checker::find()) else { return };
    let mut object = rows(engine)[0].daemon_set().clone();
    object["spec"]["template"]["spec"]["hostNetwrok"] = true.into();

    let mistakes = checker.mistakes(&RELEASES, &[object]);

    assert_eq!(mistakes.len(), RELEASES.len(), "{mistakes:?}");
    assert!(
        mistakes[0].contains("spec.template.spec") && mistakes[0].contains("hostNetwrok"),
        "{mistakes:?}"
    );
}
