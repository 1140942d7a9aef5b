//! The pod status object: what the driver writes down about a class that a pod has mounted
//! (`pkg/secrets-store/utils.go` at v1.6.0, unchanged since v1.5.6).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::node_publish::PublishRequest;
use super::objects::{ApiError, Objects, POD_STATUSES, items, text};

/// Ties a pod status to the node whose driver looks after it.
pub const NODE_LABEL: &str = "internal.secrets-store.csi.k8s.io/node-name";

/// Creates the pod's status, or brings it up to date: a pod of the same name may have run on another node before.
pub(super) fn write(
    objects: &Objects,
    node: &str,
    request: &PublishRequest,
    versions: &BTreeMap<String, String>,
) -> Result<(), ApiError> {
    let [pod, namespace, uid] = request.pod();
    let class = request.class();
    let status = json!({
        "metadata": {
            "name": name(pod, namespace, class),
            "namespace": namespace,
            "labels": { NODE_LABEL: node },
            "ownerReferences": [{ "apiVersion": "v1", "kind": "Pod", "name": pod, "uid": uid }],
        },
        "status": {
            "podName": pod,
            "secretProviderClassName": class,
            "targetPath": request.target_path,
            "mounted": true,
            "objects": to_list(versions),
        },
    });
    objects.apply(POD_STATUSES, status).map(drop)
}

/// `<pod>-<namespace>-<class>`
pub fn name(pod: &str, namespace: &str, class: &str) -> String {
    format!("{pod}-{namespace}-{class}")
}

/// Version by object id, as a status holds it.
pub fn versions(status: &Value) -> BTreeMap<String, String> {
    let objects = items(status, "/status/objects");
    objects.map(|object| (text(object, "/id").to_owned(), text(object, "/version").to_owned())).collect()
}

/// Sorted by id.
pub(super) fn to_list(versions: &BTreeMap<String, String>) -> Value {
    versions.iter().map(|(id, version)| json!({ "id": id, "version": version })).collect()
}

/// Whether a status is this node's business.
pub(super) fn is_of_node(status: &Value, node: &str) -> bool {
    status["metadata"]["labels"][NODE_LABEL].as_str().is_some_and(|label| label.eq_ignore_ascii_case(node))
}
