//! What the API server and its controllers do to objects of a few kinds by themselves, as far as clients wait for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::resource::Resource;
use super::status::Refusal;

/// What all values of a Secret may weigh.
const MAX_SECRET_BYTES: usize = 1024 * 1024;

/// Completes a new object.
pub(super) fn complete(resource: &Resource, object: &mut Value, now: &str) {
    match (&*resource.group, &*resource.plural) {
        ("", "namespaces") => {
            let name = object["metadata"]["name"].clone();
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
            object["status"] = json!({ "phase": "Active" });
        }
        ("", "pods") => object["status"] = json!({ "phase": "Pending" }),
        ("batch", "jobs") => finish(object, now),
        ("", "secrets") => encode(object),
        _ if resource.is_definition() => establish(object, now),
        _ => {}
    }
}

/// `stringData` is for writing only.
pub(super) fn encode(secret: &mut Value) {
    if let Some(Value::Object(texts)) = secret.as_object_mut().and_then(|secret| secret.remove("stringData"))
    {
        for (key, text) in texts {
            secret["data"][key] = STANDARD.encode(text.as_str().unwrap_or_default()).into();
        }
    }
    if secret["type"].is_null() {
        secret["type"] = "Opaque".into();
    }
}

/// Nothing runs here, and what would wait for a job, such as Helm, goes on.
fn finish(job: &mut Value, now: &str) {
    job["status"] = json!({
        "succeeded": 1,
        "startTime": now,
        "completionTime": now,
        "conditions": [{ "type": "Complete", "status": "True", "lastTransitionTime": now }],
    });
}

/// A definition is served as soon as it is there.
fn establish(definition: &mut Value, now: &str) {
    let conditions = ["NamesAccepted", "Established"].map(|condition| {
        json!({
            "type": condition,
            "status": "True",
            "reason": if condition == "Established" { "InitialNamesAccepted" } else { "NoConflicts" },
            "message": "",
            "lastTransitionTime": now,
        })
    });
    let versions = definition["spec"]["versions"].as_array().into_iter().flatten();
    let stored = versions.filter(|version| version["storage"] == true).map(|version| version["name"].clone());
    definition["status"] = json!({
        "acceptedNames": definition["spec"]["names"],
        "conditions": conditions,
        "storedVersions": stored.collect::<Vec<_>>(),
    });
}

/// Whether a new object can be what it says.
pub(super) fn check(resource: &Resource, name: &str, object: &Value) -> Result<(), Refusal> {
    let invalid = |field: &str, why: &str| Err(Refusal::invalid(resource, name, field, why));
    if resource.is_definition() {
        let spec = &object["spec"];
        let expected =
            [&spec["names"]["plural"], &spec["group"]].map(|part| part.as_str().unwrap_or_default());
        if name != expected.join(".") {
            return invalid("metadata.name", "must be spec.names.plural+\".\"+spec.group");
        }
        if spec["versions"].as_array().is_none_or(Vec::is_empty) {
            return invalid("spec.versions", "must have exactly one version marked as storage version");
        }
    }
    if resource.group.is_empty() && resource.plural == "secrets" {
        let required: &[&str] = match object["type"].as_str().unwrap_or_default() {
            "kubernetes.io/tls" => &["tls.crt", "tls.key"],
            "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
            "kubernetes.io/dockercfg" => &[".dockercfg"],
            "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
            _ => &[],
        };
        if let Some(key) = required.iter().find(|key| object["data"].get(key).is_none()) {
            return invalid(&format!("data[{key}]"), "Required value");
        }
        let has = |key: &str| object["data"].get(key).is_some();
        if object["type"] == "kubernetes.io/basic-auth" && !has("username") && !has("password") {
            return invalid("data[username]", "Required value");
        }
        let values = object["data"].as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str());
        let size: usize = values.map(|base64| base64.trim_end_matches('=').len() * 3 / 4).sum();
        if size > MAX_SECRET_BYTES {
            return invalid("data", &format!("Too long: may not be more than {MAX_SECRET_BYTES} bytes"));
        }
    }
    Ok(())
}

/// Whether an object may become another.
pub(super) fn check_change(resource: &Resource, name: &str, old: &Value, new: &Value) -> Result<(), Refusal> {
    let is_other = |pointer: &str| old.pointer(pointer) != new.pointer(pointer);
    match (&*resource.group, &*resource.plural) {
        // What finds an object's pods, and what a binding grants, are for ever.
        ("apps", "daemonsets" | "deployments" | "statefulsets") if is_other("/spec/selector") => {
            return Err(Refusal::invalid(resource, name, "spec.selector", "field is immutable"));
        }
        ("rbac.authorization.k8s.io", "clusterrolebindings" | "rolebindings") if is_other("/roleRef") => {
            return Err(Refusal::invalid(resource, name, "roleRef", "cannot change roleRef"));
        }
        ("", _) => {}
        _ => return Ok(()),
    }
    if resource.plural == "secrets" && old["type"] != new["type"] {
        return Err(Refusal::invalid(resource, name, "type", "field is immutable"));
    }
    let is_fixed = old["immutable"] == true;
    if is_fixed && ["data", "binaryData", "immutable"].iter().any(|field| old[field] != new[field]) {
        let why = "field is immutable when `immutable` is set";
        return Err(Refusal::invalid(resource, name, "data", why));
    }
    Ok(())
}
