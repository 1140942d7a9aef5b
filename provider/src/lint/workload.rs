//! Pods, and what makes pods: whether their volumes name a class that exists, as the driver wants it.

use super::class::Class;
use super::manifest::Manifest;
use super::report::Finding;
use crate::mount::excerpt::Excerpt;
use crate::mount::guess::guess;
use crate::mount::yaml::{Node, Value};

const DRIVER: &str = "secrets-store.csi.k8s.io";

/// The pod that a manifest describes.
pub(super) fn pod_spec(manifest: &Manifest) -> Option<&Node> {
    let path: &[&str] = match manifest.kind() {
        "Pod" => &["spec"],
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => {
            &["spec", "template", "spec"]
        }
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return None,
    };
    path.iter().try_fold(&manifest.root, |node, key| node.get(key))
}

/// Checks one pod against the classes and Secrets of the input.
pub(super) fn check(
    manifest: &Manifest,
    pod: &Node,
    classes: &[Class<'_>],
    secrets: &[&Manifest],
    findings: &mut Vec<Finding>,
) {
    let mut mounted = Vec::new();
    for volume in pod.get("volumes").map_or(&[][..], Node::items) {
        let Some(csi) = volume.get("csi") else { continue };
        let name = csi.get("volumeAttributes").and_then(|attributes| attributes.get("secretProviderClass"));
        let driver = csi.get("driver").and_then(Node::text).unwrap_or_default();
        if driver != DRIVER {
            if name.is_some() || guess(driver, &[DRIVER]).is_some() {
                let message = format!("csi.driver: found {}, expected {DRIVER}", Excerpt(driver));
                findings.push(manifest.error(csi.get("driver").unwrap_or(csi), message));
            }
            continue;
        }
        if csi.get("readOnly").and_then(Node::text) != Some("true") {
            let message = "csi.readOnly must be true, or the driver refuses the volume";
            findings.push(manifest.error(csi.get("readOnly").unwrap_or(csi), message));
        }
        check_reference(manifest, csi, secrets, findings);
        match name.and_then(|node| Some((node, node.text()?))) {
            None => findings.push(manifest.error(
                name.or(csi.get("volumeAttributes")).unwrap_or(csi),
                "csi.volumeAttributes.secretProviderClass is missing or empty; expected the name of a class",
            )),
            Some((node, name)) => {
                mounted.push(name);
                findings.extend(check_class(manifest, node, name, classes));
            }
        }
    }
    for list in ["initContainers", "containers"] {
        for container in pod.get(list).map_or(&[][..], Node::items) {
            note_variables(manifest, container, classes, &mounted, findings);
        }
    }
}

fn check_class(manifest: &Manifest, node: &Node, name: &str, classes: &[Class<'_>]) -> Option<Finding> {
    if classes.is_empty() {
        let message =
            format!("SecretProviderClass {} is not in the input, so it was not checked", Excerpt(name));
        return Some(manifest.warning(node, message));
    }
    let namesakes = || classes.iter().filter(|class| class.manifest.name() == Some(name));
    if namesakes().any(|class| class.manifest.shares_namespace(manifest)) {
        return None;
    }
    let names: Vec<_> = classes.iter().filter_map(|class| class.manifest.name()).collect();
    let elsewhere = namesakes().find_map(|class| class.manifest.namespace());
    let hint = match (elsewhere, guess(name, &names)) {
        (Some(namespace), _) => {
            format!(
                "one of that name is in namespace {}, and a pod uses those of its own",
                Excerpt(namespace)
            )
        }
        (None, Some(guess)) => format!("{guess} may be meant"),
        (None, None) => format!("the classes of the input are {}", Excerpt(&names.join(", "))),
    };
    Some(manifest.error(node, format!("there is no SecretProviderClass {}; {hint}", Excerpt(name))))
}

/// `nodePublishSecretRef`: a mapping with a name, beside `volumeAttributes`, and a Secret with the pair.
fn check_reference(manifest: &Manifest, csi: &Node, secrets: &[&Manifest], findings: &mut Vec<Finding>) {
    if let Some(misplaced) =
        csi.get("volumeAttributes").and_then(|attributes| attributes.get("nodePublishSecretRef"))
    {
        findings.push(
            manifest.error(misplaced, "nodePublishSecretRef belongs beside volumeAttributes, not into it"),
        );
    }
    let Some(reference) = csi.get("nodePublishSecretRef") else { return };
    let name = reference.get("name");
    let Some((node, name)) = name.and_then(|node| Some((node, node.text()?))) else {
        let message = match reference.value {
            Value::Mapping(_) => "nodePublishSecretRef: name is missing or empty".to_owned(),
            ref other => {
                format!("nodePublishSecretRef: found {}, expected a mapping with name", other.kind())
            }
        };
        findings.push(manifest.error(reference, message));
        return;
    };
    let is_meant = |secret: &&&Manifest| secret.name() == Some(name) && secret.shares_namespace(manifest);
    let Some(secret) = secrets.iter().find(is_meant) else { return };
    let has = |key: &&str| {
        let fields = ["data", "stringData"].into_iter().filter_map(|field| secret.root.get(field));
        fields.flat_map(Node::entries).any(|entry| entry.key.eq_ignore_ascii_case(key))
    };
    for missing in ["access_key", "access_secret"].iter().filter(|key| !has(key)) {
        let message = format!("nodePublishSecretRef: Secret {} has no key {missing}", Excerpt(name));
        findings.push(manifest.error(node, message));
    }
}

/// A variable keeps the value that the Secret had when the container started.
fn note_variables(
    manifest: &Manifest,
    container: &Node,
    classes: &[Class<'_>],
    mounted: &[&str],
    findings: &mut Vec<Finding>,
) {
    let single = container.get("env").map_or(&[][..], Node::items).iter().filter_map(|variable| {
        let name = variable.get("valueFrom")?.get("secretKeyRef")?.get("name")?;
        let subject = format!("variable {} is", Excerpt(variable.get("name")?.text()?));
        Some((subject, name))
    });
    let whole = container.get("envFrom").map_or(&[][..], Node::items).iter().filter_map(|source| {
        let name = source.get("secretRef")?.get("name")?;
        Some(("variables are".to_owned(), name))
    });
    for (subject, node) in single.chain(whole) {
        let Some(secret) = node.text() else { continue };
        let is_maker = |class: &&Class<'_>| {
            class.manifest.shares_namespace(manifest) && class.secrets.iter().any(|made| made == secret)
        };
        let Some(class) = classes.iter().find(is_maker) else { continue };
        let class = class.manifest.name().unwrap_or_default();
        let missing = if mounted.contains(&class) {
            ""
        } else {
            "; the Secret exists only while some pod mounts the class, and this one does not"
        };
        let message = format!(
            "{subject} fed from Secret {}, which SecretProviderClass {} synchronizes: a container keeps the values it \
             started with, whatever rotates{missing}",
            Excerpt(secret),
            Excerpt(class)
        );
        findings.push(manifest.warning(node, message));
    }
}
