//! Who owns synchronized Secrets: a pass over all pod statuses of the node adds the owners of their pods, every five seconds.
//!
//! Until then a Secret has none, and v1.6.0 drops them again at each pass of the sync, because it writes whole Secrets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::objects::{ApiError, POD_STATUSES, PODS, SECRETS, items, text};
use super::super::{ClassUnread, Driver, pod_status};
use super::may;

/// One pass. A pod or class that is missing ends it, for all.
pub(super) fn patch(driver: &Driver) -> Result<(), ClassUnread> {
    let mut owners: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
    for status in driver.objects.list(POD_STATUSES) {
        if !pod_status::is_of_node(&status, &driver.options.node) {
            continue;
        }
        let namespace = text(&status, "/metadata/namespace");
        let class = driver.read_class(namespace, text(&status, "/status/secretProviderClassName"))?;
        let pod = driver.objects.get(PODS, namespace, text(&status, "/status/podName"))?;
        let references = owners_of(&pod, &status);
        for object in class.secret_objects {
            let key = (namespace.to_owned(), object.secret_name);
            owners.entry(key).or_default().extend(references.clone());
        }
    }
    for ((namespace, name), references) in owners {
        // The real patcher tries five times within a few milliseconds, in which nothing changes here.
        add(driver, &namespace, &name, &references)?;
    }
    Ok(())
}

/// The owners of the pod; the pod's status for a pod that has none.
fn owners_of(pod: &Value, status: &Value) -> Vec<Value> {
    let owner = |kind: &Value, object: &Value| {
        json!({
            "apiVersion": kind["apiVersion"],
            "kind": kind["kind"],
            "name": object["name"],
            "uid": object["uid"],
        })
    };
    let owners: Vec<_> = items(pod, "/metadata/ownerReferences").map(|known| owner(known, known)).collect();
    if owners.is_empty() { vec![owner(status, &status["metadata"])] } else { owners }
}

/// Adds owners to a Secret. A name that is there already counts as the same owner, whatever kind it is of.
fn add(driver: &Driver, namespace: &str, name: &str, references: &[Value]) -> Result<(), ApiError> {
    may(driver, name, "get")?;
    let mut secret = match driver.objects.get(SECRETS, namespace, name) {
        Err(refusal) if refusal.is_not_found() => return Ok(()),
        result => result?,
    };
    let mut owners: Vec<_> = items(&secret, "/metadata/ownerReferences").cloned().collect();
    let mut names: BTreeSet<_> = owners.iter().map(|owner| text(owner, "/name").to_owned()).collect();
    owners.extend(references.iter().filter(|owner| names.insert(text(owner, "/name").to_owned())).cloned());
    secret["metadata"]["ownerReferences"] = owners.into();
    driver.objects.update(SECRETS, secret).map(drop)
}
