//! Secret sync: Secrets made of mounted files (`controllers/secretproviderclasspodstatus_controller.go` at v1.6.0).
//!
//! One pass looks at one pod status. When passes happen is `queue`'s business, who owns the Secrets that of `owners`.

pub(super) mod content;
mod owners;
mod pem;
mod queue;
#[cfg(test)]
mod tests;
mod tls;

use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::events::{self, Reason, Severity};
use super::objects::{ApiError, POD_STATUSES, PODS, SECRETS, items, text};
use super::pod::DRIVER_NAME;
use super::{Driver, Release, SecretObject};
pub(super) use queue::Queue;

/// Marks the Secrets that the driver made.
pub const MANAGED_LABEL: &str = "secrets-store.csi.k8s.io/managed";

const CREATION_FAILED: Reason = Reason {
    component: "csi-secrets-store-controller",
    severity: Severity::Warning,
    reason: "FailedToCreateSecret",
};
/// Writes are tried so often; the milliseconds between them are not modelled.
const TRIES: usize = 5;
const USER: &str = "system:serviceaccount:kube-system:secrets-store-csi-driver";

/// When a pod status is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    After(Duration),
    /// Soon, and ever later while nothing helps.
    RateLimited,
    /// Not before it changes.
    Never,
}

/// One pass for one pod status.
fn reconcile(driver: &Driver, namespace: &str, name: &str) -> Again {
    const MISSING: Again = Again::After(Duration::from_secs(5));
    const CHECK: Again = Again::After(Duration::from_secs(5 * 60));
    let objects = &driver.objects;
    let Ok(status) = objects.get(POD_STATUSES, namespace, name) else { return Again::Never };
    let Ok(pod) = objects.get(PODS, namespace, text(&status, "/status/podName")) else { return MISSING };
    if is_over(&pod) {
        return Again::Never;
    }
    let class_name = text(&status, "/status/secretProviderClassName");
    let Ok(class) = driver.read_class(namespace, class_name) else { return MISSING };
    if class.secret_objects.is_empty() {
        return Again::Never;
    }
    let target = Path::new(text(&status, "/status/targetPath"));
    if !is_target_of(&pod, class_name, target) {
        return Again::RateLimited;
    }
    let tell = |message: &str| events::record(objects, &driver.clock, &pod, CREATION_FAILED, message);
    let files = match content::mounted_files(target) {
        Ok(files) => files,
        Err(error) => {
            tell(&format!("failed to get mounted files, err: {error}"));
            return Again::RateLimited;
        }
    };
    let mut has_failed = false;
    for object in &class.secret_objects {
        if content::check(object).is_err() {
            has_failed = true;
            continue;
        }
        let secret_name = object.secret_name.trim();
        if driver.options.release == Release::V1_5_6 {
            match exists(driver, namespace, secret_name) {
                Ok(false) => {}
                Ok(true) => continue,
                Err(_) => {
                    has_failed = true;
                    continue;
                }
            }
        }
        let data = match content::data(object, &files) {
            Ok(data) => data,
            Err(error) => {
                tell(&format!(
                    "failed to get data in spc {namespace}/{class_name} for secret {secret_name}, err: {error}"
                ));
                has_failed = true;
                continue;
            }
        };
        let secret = secret(namespace, object, &data);
        if (0..TRIES).all(|_| write(driver, &secret).is_err()) {
            tell("timed out waiting for the condition");
            return Again::RateLimited;
        }
    }
    if has_failed { Again::RateLimited } else { CHECK }
}

/// Pods that end or have ended are left alone.
pub(super) fn is_over(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_string()
        || ["Succeeded", "Failed"].contains(&text(pod, "/status/phase"))
}

/// The target path must be the one of the first volume of the pod that names the class.
pub(super) fn is_target_of(pod: &Value, class: &str, target: &Path) -> bool {
    let Some(volume) = volume_of(pod, class) else { return false };
    let has = |part: &str| target.components().any(|known| known == Component::Normal(part.as_ref()));
    has(text(pod, "/metadata/uid")) && has(text(volume, "/name"))
}

/// The first volume of a pod that names a class.
pub(super) fn volume_of<'a>(pod: &'a Value, class: &str) -> Option<&'a Value> {
    items(pod, "/spec/volumes").find(|volume| {
        text(volume, "/csi/driver") == DRIVER_NAME
            && text(volume, "/csi/volumeAttributes/secretProviderClass") == class
    })
}

fn secret(namespace: &str, object: &SecretObject, data: &BTreeMap<String, Vec<u8>>) -> Value {
    let mut labels = object.labels.clone();
    labels.insert(MANAGED_LABEL.into(), "true".into());
    json!({
        "metadata": {
            "namespace": namespace,
            "name": object.secret_name.trim(),
            "labels": labels,
            "annotations": object.annotations,
        },
        "type": object.secret_type.trim(),
        "data": encoded(data),
    })
}

pub(super) fn encoded(data: &BTreeMap<String, Vec<u8>>) -> Value {
    data.iter().map(|(key, bytes)| (key.clone(), Value::from(STANDARD.encode(bytes)))).collect()
}

/// Creates the Secret; one of the same name is replaced since v1.6.0 and left alone before.
fn write(driver: &Driver, secret: &Value) -> Result<(), ApiError> {
    may(driver, text(secret, "/metadata/name"), "create")?;
    match driver.objects.create(SECRETS, secret.clone()) {
        Err(refusal) if refusal.is_already_exists() => match driver.options.release {
            Release::V1_5_6 => Ok(()),
            Release::V1_6_0 => driver.objects.update(SECRETS, secret.clone()).map(drop),
        },
        result => result.map(drop),
    }
}

fn exists(driver: &Driver, namespace: &str, name: &str) -> Result<bool, ApiError> {
    may(driver, name, "get")?;
    Ok(driver.objects.get(SECRETS, namespace, name).is_ok())
}

/// The role for Secrets comes with `syncSecret.enabled` and with nothing else.
pub(super) fn may(driver: &Driver, name: &str, verb: &'static str) -> Result<(), ApiError> {
    if driver.options.sync_secret { Ok(()) } else { Err(SECRETS.forbidden(name, verb, USER)) }
}
