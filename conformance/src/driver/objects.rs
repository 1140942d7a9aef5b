//! The objects of the cluster, as far as driver and kubelet read and write them: those that the suite's Kubernetes API serves.

use serde_json::Value;

pub use crate::kubernetes::{Kind, Objects, Refusal as ApiError};

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

/// A cluster in which the driver is installed: its two kinds are known there (`charts/secrets-store-csi-driver/crds` at v1.6.0).
pub(super) fn with_definitions() -> Objects {
    let objects = Objects::default();
    for kind in [CLASSES, POD_STATUSES] {
        let definition = kind.definition(&[], &["v1", "v1alpha1"]);
        objects.put(definition).expect("definitions are always served");
    }
    objects
}

/// A text within an object; what is absent is empty.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list within an object; an absent list has none.
pub(super) fn items<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}
