//! The objects of the cluster, as far as driver and kubelet read and write them: JSON by path, with the API server's rules that
//! matter here.
//!
//! It knows no driver. What it models is the API server's treatment of `metadata` and of Secrets, and the garbage collector.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde_json::{Value, json};

use super::locked;

/// A kind of object, all of them namespaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// `apiVersion`, the storage version.
    pub api_version: &'static str,
    /// `kind`
    pub kind: &'static str,
    /// The resource's name in paths and messages.
    pub plural: &'static str,
}

/// Core `v1`.
pub const PODS: Kind = Kind { api_version: "v1", kind: "Pod", plural: "pods" };
/// Core `v1`.
pub const SECRETS: Kind = Kind { api_version: "v1", kind: "Secret", plural: "secrets" };
/// Core `v1`.
pub const EVENTS: Kind = Kind { api_version: "v1", kind: "Event", plural: "events" };
/// What owns the pods of a Deployment.
pub const REPLICA_SETS: Kind = Kind { api_version: "apps/v1", kind: "ReplicaSet", plural: "replicasets" };
/// What a pod's volume names.
pub const CLASSES: Kind = Kind {
    api_version: "secrets-store.csi.x-k8s.io/v1",
    kind: "SecretProviderClass",
    plural: "secretproviderclasses",
};
/// What the driver writes down about a mounted class.
pub const POD_STATUSES: Kind = Kind {
    api_version: "secrets-store.csi.x-k8s.io/v1",
    kind: "SecretProviderClassPodStatus",
    plural: "secretproviderclasspodstatuses",
};

/// The API server refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// 404
    #[error("{resource} {name:?} not found")]
    NotFound {
        /// `plural.group`
        resource: String,
        /// Its name.
        name: String,
    },
    /// 409 at a creation.
    #[error("{resource} {name:?} already exists")]
    AlreadyExists {
        /// `plural.group`
        resource: String,
        /// Its name.
        name: String,
    },
    /// 403: the client's role does not hold the verb.
    #[error("{resource} {name:?} is forbidden: User {user:?} cannot {verb} resource {resource:?}")]
    Forbidden {
        /// `plural.group`
        resource: String,
        /// Its name.
        name: String,
        /// Who asked.
        user: String,
        /// What it wanted.
        verb: &'static str,
    },
    /// 422
    #[error("{kind} {name:?} is invalid: {reason}")]
    Invalid {
        /// The kind.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Which field, and why.
        reason: String,
    },
}

/// All objects. Every method is one request.
#[derive(Debug, Default)]
pub struct Objects(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    by_path: BTreeMap<String, Value>,
    revision: u64,
}

impl Kind {
    fn folder(self, namespace: &str) -> String {
        let root = if self.api_version.contains('/') { "apis" } else { "api" };
        format!("/{root}/{}/namespaces/{namespace}/{}/", self.api_version, self.plural)
    }

    /// Where an object stands.
    pub fn path(self, namespace: &str, name: &str) -> String {
        self.folder(namespace) + name
    }

    /// The resource in messages.
    fn resource(self) -> String {
        match self.api_version.split_once('/') {
            Some((group, _)) => format!("{}.{group}", self.plural),
            None => self.plural.into(),
        }
    }

    fn not_found(self, name: &str) -> ApiError {
        ApiError::NotFound { resource: self.resource(), name: name.into() }
    }

    /// The refusal of a client without the right.
    pub(super) fn forbidden(self, name: &str, verb: &'static str, user: &str) -> ApiError {
        ApiError::Forbidden { resource: self.resource(), name: name.into(), user: user.into(), verb }
    }
}

impl Objects {
    /// One object.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Value, ApiError> {
        let object = locked(&self.0).by_path.get(&kind.path(namespace, name)).cloned();
        object.ok_or_else(|| kind.not_found(name))
    }

    /// All objects of a kind in all namespaces, in the order of their paths.
    pub fn list(&self, kind: Kind) -> Vec<Value> {
        let state = locked(&self.0);
        let objects = state.by_path.values();
        objects.filter(|object| is_of(object, kind)).cloned().collect()
    }

    /// Creates an object; it gets a unique id and a resource version.
    pub fn create(&self, kind: Kind, object: Value) -> Result<Value, ApiError> {
        let mut state = locked(&self.0);
        let (namespace, name) = names(&object);
        let path = kind.path(&namespace, &name);
        if state.by_path.contains_key(&path) {
            return Err(ApiError::AlreadyExists { resource: kind.resource(), name });
        }
        check(kind, &name, &object)?;
        let mut object = object;
        object["apiVersion"] = kind.api_version.into();
        object["kind"] = kind.kind.into();
        if text(&object, "/metadata/uid").is_empty() {
            object["metadata"]["uid"] = uuid::Uuid::new_v4().to_string().into();
        }
        Ok(state.put(path, object))
    }

    /// Replaces an object; its unique id stays. The same content again changes nothing, not even the resource version.
    pub fn update(&self, kind: Kind, object: Value) -> Result<Value, ApiError> {
        let mut state = locked(&self.0);
        let (namespace, name) = names(&object);
        let path = kind.path(&namespace, &name);
        let old = state.by_path.get(&path).cloned().ok_or_else(|| kind.not_found(&name))?;
        let mut object = object;
        object["apiVersion"] = old["apiVersion"].clone();
        object["kind"] = old["kind"].clone();
        object["metadata"]["uid"] = old["metadata"]["uid"].clone();
        object["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
        if object == old {
            return Ok(old);
        }
        check(kind, &name, &object)?;
        check_secret_update(kind, &name, &old, &object)?;
        Ok(state.put(path, object))
    }

    /// Creates or replaces, as `kubectl apply` of a whole object does.
    pub fn apply(&self, kind: Kind, object: Value) -> Result<Value, ApiError> {
        match self.create(kind, object.clone()) {
            Err(ApiError::AlreadyExists { .. }) => self.update(kind, object),
            result => result,
        }
    }

    /// Deletes an object, and at once what the garbage collector would delete a moment later: objects with owners of which none
    /// is left.
    pub fn delete(&self, kind: Kind, namespace: &str, name: &str) -> Result<(), ApiError> {
        let mut state = locked(&self.0);
        state.by_path.remove(&kind.path(namespace, name)).ok_or_else(|| kind.not_found(name))?;
        loop {
            let living: BTreeSet<_> =
                state.by_path.values().map(|object| text(object, "/metadata/uid").to_owned()).collect();
            let count = state.by_path.len();
            state.by_path.retain(|_, object| {
                let mut owners = items(object, "/metadata/ownerReferences").peekable();
                owners.peek().is_none() || owners.any(|owner| living.contains(text(owner, "/uid")))
            });
            if state.by_path.len() == count {
                return Ok(());
            }
        }
    }
}

impl State {
    fn put(&mut self, path: String, mut object: Value) -> Value {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = self.revision.to_string().into();
        self.by_path.insert(path, object.clone());
        object
    }
}

fn is_of(object: &Value, kind: Kind) -> bool {
    object["kind"] == kind.kind && object["apiVersion"] == kind.api_version
}

fn names(object: &Value) -> (String, String) {
    (text(object, "/metadata/namespace").to_owned(), text(object, "/metadata/name").to_owned())
}

fn check(kind: Kind, name: &str, object: &Value) -> Result<(), ApiError> {
    const MAX_NAME_BYTES: usize = 253;
    const MAX_SECRET_BYTES: usize = 1024 * 1024;
    let invalid = |reason: String| Err(ApiError::Invalid { kind: kind.kind, name: name.into(), reason });
    if name.len() > MAX_NAME_BYTES {
        return invalid(format!("metadata.name: must be no more than {MAX_NAME_BYTES} bytes"));
    }
    if kind != SECRETS {
        return Ok(());
    }
    let data = object["data"].as_object();
    let has = |key: &str| data.is_some_and(|data| data.contains_key(key));
    let required: &[&str] = match text(object, "/type") {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => &[],
    };
    if let Some(missing) = required.iter().find(|key| !has(key)) {
        return invalid(format!("data[{missing}]: Required value"));
    }
    if text(object, "/type") == "kubernetes.io/basic-auth" && !has("username") && !has("password") {
        return invalid("data[username]: Required value, data[password]: Required value".into());
    }
    let size: usize =
        data.into_iter().flatten().filter_map(|(_, value)| value.as_str()).map(decoded_len).sum();
    if size > MAX_SECRET_BYTES {
        return invalid(format!("data: Too long: may not be more than {MAX_SECRET_BYTES} bytes"));
    }
    Ok(())
}

fn decoded_len(base64: &str) -> usize {
    base64.trim_end_matches('=').len() * 3 / 4
}

/// Type and content of some Secrets cannot be changed.
fn check_secret_update(kind: Kind, name: &str, old: &Value, new: &Value) -> Result<(), ApiError> {
    if kind != SECRETS {
        return Ok(());
    }
    let immutable = |field: &str, why: &str| ApiError::Invalid {
        kind: kind.kind,
        name: name.into(),
        reason: format!("{field}: {why}"),
    };
    if old["type"] != new["type"] {
        return Err(immutable("type", "field is immutable"));
    }
    if old["immutable"] == json!(true) && (old["data"] != new["data"] || new["immutable"] != json!(true)) {
        return Err(immutable("data", "field is immutable when `immutable` is set"));
    }
    Ok(())
}

/// A text within an object; what is absent is empty.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list within an object; an absent list has none.
pub(super) fn items<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(name: &str, value: &str) -> Value {
        json!({ "metadata": { "namespace": "default", "name": name }, "type": "Opaque", "data": { "a": value } })
    }

    fn version(object: &Value) -> &str {
        text(object, "/metadata/resourceVersion")
    }

    #[test]
    fn the_same_content_again_changes_nothing() {
        let objects = Objects::default();
        let created = objects.create(SECRETS, secret("a", "MQ==")).unwrap();

        let same = objects.update(SECRETS, secret("a", "MQ==")).unwrap();
        let other = objects.update(SECRETS, secret("a", "Mg==")).unwrap();

        assert_eq!(version(&same), version(&created));
        assert_ne!(version(&other), version(&created));
        assert_eq!(other["metadata"]["uid"], created["metadata"]["uid"]);
    }

    #[test]
    fn a_name_is_taken_once_per_namespace() {
        let objects = Objects::default();
        objects.create(SECRETS, secret("a", "MQ==")).unwrap();

        let error = objects.create(SECRETS, secret("a", "MQ==")).unwrap_err();

        assert_eq!(error.to_string(), "secrets \"a\" already exists");
    }

    #[test]
    fn an_object_goes_with_its_last_owner_and_takes_what_it_owns_along() {
        let objects = Objects::default();
        let owners = ["one", "two"].map(|name| objects.create(SECRETS, secret(name, "MQ==")).unwrap());
        let references: Vec<_> =
            owners.iter().map(|owner| json!({ "uid": owner["metadata"]["uid"] })).collect();
        let mut owned = secret("owned", "MQ==");
        owned["metadata"]["ownerReferences"] = references.into();
        let owned = objects.create(SECRETS, owned).unwrap();
        let mut grandchild = secret("grandchild", "MQ==");
        grandchild["metadata"]["ownerReferences"] = json!([{ "uid": owned["metadata"]["uid"] }]);
        objects.create(SECRETS, grandchild).unwrap();

        objects.delete(SECRETS, "default", "one").unwrap();
        assert_eq!(objects.list(SECRETS).len(), 3);
        objects.delete(SECRETS, "default", "two").unwrap();

        assert!(objects.list(SECRETS).is_empty());
    }

    #[test]
    fn the_type_of_a_secret_and_an_immutable_one_cannot_be_changed() {
        let objects = Objects::default();
        let mut fixed = secret("fixed", "MQ==");
        fixed["immutable"] = true.into();
        objects.create(SECRETS, fixed).unwrap();
        objects.create(SECRETS, secret("typed", "MQ==")).unwrap();
        let mut retyped = secret("typed", "MQ==");
        retyped["type"] = "custom".into();

        let fixed = objects.update(SECRETS, secret("fixed", "Mg==")).unwrap_err();
        let retyped = objects.update(SECRETS, retyped).unwrap_err();

        assert!(fixed.to_string().contains("data: field is immutable"), "{fixed}");
        assert!(retyped.to_string().contains("type: field is immutable"), "{retyped}");
    }
}
