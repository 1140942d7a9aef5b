//! Rotation until v1.5.6: the driver's own look at all pod statuses of its node (`pkg/rotation/reconciler.go` at v1.5.6).
//!
//! The kubelet's republishing plays no part: the driver answers at once for a volume that is mounted.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::clock::later;
use super::events::{self, Reason, Severity};
use super::objects::{POD_STATUSES, PODS, SECRETS, text};
use super::pod::{TOKENS_KEY, Tokens};
use super::protocol::{MountRequest, ObjectVersion};
use super::sync::{self, content};
use super::{Driver, PERMISSION, SecretProviderClass, go_json, kubelet, pod_status};

const COMPONENT: &str = "csi-secrets-store-rotation";
const MOUNT_COMPLETE: Reason =
    Reason { component: COMPONENT, severity: Severity::Normal, reason: "MountRotationComplete" };
const MOUNT_FAILED: Reason =
    Reason { component: COMPONENT, severity: Severity::Warning, reason: "MountRotationFailed" };
const SECRET_COMPLETE: Reason =
    Reason { component: COMPONENT, severity: Severity::Normal, reason: "SecretRotationComplete" };
const SECRET_FAILED: Reason =
    Reason { component: COMPONENT, severity: Severity::Warning, reason: "SecretRotationFailed" };
const RETRY: Duration = Duration::from_secs(10);
/// Marks the Secrets of `nodePublishSecretRef` that the reconciler may read.
pub const USED_LABEL: &str = "secrets-store.csi.k8s.io/used";

/// The reconciler of one node.
#[derive(Debug, Default)]
pub(super) struct Rotation {
    next_look: Option<Timestamp>,
    retries: BTreeMap<(String, String), Timestamp>,
}

/// The look at a pod status failed; what there is to tell has been told.
struct Failed;

impl Rotation {
    /// Its ticker runs from the start of the driver. A ticker without a period cannot be made.
    pub(super) fn start(&mut self, driver: &Driver) {
        if let Some(interval) = driver.options.rotation_poll_interval.filter(|interval| !interval.is_zero()) {
            self.next_look.get_or_insert_with(|| driver.clock.after(interval));
        }
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.retries.values().copied().chain(self.next_look).min()
    }

    /// Does what is due now. The driver makes tokens itself, so it needs to be told which pods get some.
    pub(super) async fn run_due(&mut self, driver: &Driver, tokens: &BTreeMap<String, Tokens>) {
        let now = driver.clock.now();
        let is_due = |due: &Timestamp| *due <= now;
        let (due, waiting): (BTreeMap<_, _>, BTreeMap<_, _>) =
            mem::take(&mut self.retries).into_iter().partition(|(_, due)| is_due(due));
        self.retries = waiting;
        let mut statuses: BTreeSet<_> = due.into_keys().collect();
        if let Some(interval) = driver.options.rotation_poll_interval
            && self.next_look.as_ref().is_some_and(is_due)
        {
            self.next_look = Some(later(now, interval));
            let known = driver.objects.list(POD_STATUSES);
            let own = known.iter().filter(|status| pod_status::is_of_node(status, &driver.options.node));
            statuses.extend(own.map(|status| {
                (text(status, "/metadata/namespace").to_owned(), text(status, "/metadata/name").to_owned())
            }));
        }
        for (namespace, name) in statuses {
            if look(driver, tokens, &namespace, &name).await.is_err() {
                self.retries.insert((namespace, name), later(now, RETRY));
            }
        }
    }
}

async fn look(
    driver: &Driver,
    tokens: &BTreeMap<String, Tokens>,
    namespace: &str,
    name: &str,
) -> Result<(), Failed> {
    let objects = &driver.objects;
    // One that is gone for good is dropped after a few tries; here at once.
    let Ok(mut status) = objects.get(POD_STATUSES, namespace, name) else { return Ok(()) };
    let pod = objects.get(PODS, namespace, text(&status, "/status/podName")).map_err(|_| Failed)?;
    if sync::is_over(&pod) {
        return Ok(());
    }
    let class_name = text(&status, "/status/secretProviderClassName").to_owned();
    let class = driver.read_class(namespace, &class_name).map_err(|_| Failed)?;
    let target = PathBuf::from(text(&status, "/status/targetPath"));
    if !sync::is_target_of(&pod, &class_name, &target) {
        return Err(Failed);
    }
    let tell = |reason, message: &str| events::record(objects, &driver.clock, &pod, reason, message);
    let secrets = node_publish_secret(driver, &pod, &class_name).map_err(|message| {
        tell(MOUNT_FAILED, &message);
        Failed
    })?;
    let old = pod_status::versions(&status);
    let tokens = tokens.get(text(&pod, "/metadata/uid"));
    let request = request(&class, &pod, &target, &secrets, tokens, &old);
    let Ok(client) = driver.client(&class.provider) else {
        tell(MOUNT_FAILED, &format!("failed to lookup provider client: {:?}", class.provider));
        return Err(Failed);
    };
    let receipt = driver.mount_content(&client, request, &target).await.map_err(|error| {
        tell(MOUNT_FAILED, &format!("provider mount err: {error}"));
        Failed
    })?;
    if receipt.object_versions != old {
        let message = format!("successfully rotated mounted contents for spc {namespace}/{class_name}");
        tell(MOUNT_COMPLETE, &message);
        status["status"]["objects"] = pod_status::to_list(&receipt.object_versions);
        objects.update(POD_STATUSES, status).map_err(|_| Failed)?;
    }
    if class.secret_objects.is_empty() {
        return Ok(());
    }
    rotate_secrets(driver, &class, &target, &tell)
}

/// The pod's attributes of NPV, but for those that only the kubelet's context holds.
fn request(
    class: &SecretProviderClass,
    pod: &Value,
    target: &Path,
    secrets: &BTreeMap<String, String>,
    tokens: Option<&Tokens>,
    versions: &BTreeMap<String, String>,
) -> MountRequest {
    let mut attributes = class.parameters.clone();
    let known = [
        ("csi.storage.k8s.io/pod.name", "/metadata/name"),
        ("csi.storage.k8s.io/pod.namespace", "/metadata/namespace"),
        ("csi.storage.k8s.io/pod.uid", "/metadata/uid"),
        ("csi.storage.k8s.io/serviceAccount.name", "/spec/serviceAccountName"),
    ];
    attributes.extend(known.map(|(key, pointer)| (key.to_owned(), text(pod, pointer).to_owned())));
    attributes.extend(tokens.map(|tokens| (TOKENS_KEY.to_owned(), tokens.to_json())));
    let versions = versions.iter();
    MountRequest {
        attributes: go_json::object(&attributes),
        secrets: go_json::object(secrets),
        target_path: target.to_string_lossy().into_owned(),
        permission: PERMISSION.into(),
        current_object_version: versions
            .map(|(id, version)| ObjectVersion { id: id.clone(), version: version.clone() })
            .collect(),
    }
}

/// The driver reads the Secret itself, and only one with its label.
fn node_publish_secret(
    driver: &Driver,
    pod: &Value,
    class: &str,
) -> Result<BTreeMap<String, String>, String> {
    let name =
        sync::volume_of(pod, class).map_or("", |volume| text(volume, "/csi/nodePublishSecretRef/name"));
    if name.is_empty() {
        return Ok(BTreeMap::new());
    }
    let namespace = text(pod, "/metadata/namespace");
    let secret = driver.objects.get(SECRETS, namespace, name).ok();
    let secret = secret.filter(|secret| secret["metadata"]["labels"][USED_LABEL] == "true");
    secret.as_ref().map(kubelet::decoded).ok_or_else(|| {
        format!("failed to get node publish secret {namespace}/{name}, err: secret {name:?} not found")
    })
}

/// Secrets that exist get the new content; the others are the sync's business.
fn rotate_secrets(
    driver: &Driver,
    class: &SecretProviderClass,
    target: &Path,
    tell: &impl Fn(Reason, &str),
) -> Result<(), Failed> {
    let SecretProviderClass { name: class_name, namespace, .. } = class;
    let files = content::mounted_files(target).map_err(|error| {
        tell(SECRET_FAILED, &format!("failed to get mounted files, err: {error}"));
        Failed
    })?;
    let mut has_failed = false;
    for object in &class.secret_objects {
        let name = object.secret_name.trim();
        let data = content::check(object)
            .map_err(|error| {
                format!("failed validation for secret object in spc {namespace}/{class_name}, err: {error}")
            })
            .and_then(|()| {
                content::data(object, &files).map_err(|error| {
                    format!(
                        "failed to get data in spc {namespace}/{class_name} for secret {name}, err: {error}"
                    )
                })
            });
        match data {
            Ok(data) if patch(driver, namespace, name, &data) => {
                tell(SECRET_COMPLETE, &format!("successfully rotated K8s secret {name}"));
            }
            Ok(_) => {
                let error = "timed out waiting for the condition";
                tell(SECRET_FAILED, &format!("failed to patch secret {name} with new data, err: {error}"));
            }
            Err(message) => {
                tell(SECRET_FAILED, &message);
                has_failed = true;
            }
        }
    }
    if has_failed { Err(Failed) } else { Ok(()) }
}

/// A merge: keys that are there and no longer named are removed, labels and owners stay. Only Secrets with the driver's label are
/// in its cache.
fn patch(driver: &Driver, namespace: &str, name: &str, data: &BTreeMap<String, Vec<u8>>) -> bool {
    if sync::may(driver, name, "patch").is_err() {
        return false;
    }
    let Ok(mut secret) = driver.objects.get(SECRETS, namespace, name) else { return false };
    if secret["metadata"]["labels"][sync::MANAGED_LABEL] != json!("true") {
        return false;
    }
    secret["data"] = sync::encoded(data);
    driver.objects.update(SECRETS, secret).is_ok()
}
