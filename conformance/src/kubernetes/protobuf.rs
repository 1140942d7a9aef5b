//! Secrets in protobuf, which is how Go's typed clients write them; Helm keeps its releases so. Other kinds come as JSON from
//! whoever uses this API.
//!
//! Numbers of fields are those of `generated.proto` in `k8s.io/apimachinery` and `k8s.io/api/core/v1`, v0.34.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde_json::{Value, json};

pub(super) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// Every body begins with this.
const MAGIC: &[u8] = b"k8s\0";

#[derive(Message)]
struct Unknown {
    #[prost(message, tag = "1")]
    kind: Option<TypeMeta>,
    #[prost(bytes = "vec", tag = "2")]
    raw: Vec<u8>,
}

#[derive(Message)]
struct TypeMeta {
    #[prost(string, tag = "1")]
    version: String,
    #[prost(string, tag = "2")]
    kind: String,
}

#[derive(Message)]
struct Secret {
    #[prost(message, tag = "1")]
    metadata: Option<ObjectMeta>,
    #[prost(btree_map = "string, bytes", tag = "2")]
    data: BTreeMap<String, Vec<u8>>,
    #[prost(string, optional, tag = "3")]
    kind: Option<String>,
    #[prost(btree_map = "string, string", tag = "4")]
    texts: BTreeMap<String, String>,
    #[prost(bool, optional, tag = "5")]
    immutable: Option<bool>,
}

#[derive(Message)]
struct ObjectMeta {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    generate_name: Option<String>,
    #[prost(string, optional, tag = "3")]
    namespace: Option<String>,
    #[prost(string, optional, tag = "5")]
    uid: Option<String>,
    #[prost(string, optional, tag = "6")]
    resource_version: Option<String>,
    #[prost(btree_map = "string, string", tag = "11")]
    labels: BTreeMap<String, String>,
    #[prost(btree_map = "string, string", tag = "12")]
    annotations: BTreeMap<String, String>,
    #[prost(message, repeated, tag = "13")]
    owners: Vec<OwnerReference>,
    #[prost(string, repeated, tag = "14")]
    finalizers: Vec<String>,
}

#[derive(Message)]
struct OwnerReference {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(string, tag = "4")]
    uid: String,
    #[prost(string, tag = "5")]
    version: String,
    #[prost(bool, optional, tag = "6")]
    controller: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    blocks_deletion: Option<bool>,
}

/// The object of a body, as JSON would have it. None for what is no Secret, or no protobuf at all.
pub(super) fn object(body: &[u8]) -> Option<Value> {
    let envelope = Unknown::decode(body.strip_prefix(MAGIC)?).ok()?;
    let kind = envelope.kind?;
    if (&*kind.version, &*kind.kind) != ("v1", "Secret") {
        return None;
    }
    let secret = Secret::decode(&*envelope.raw).ok()?;
    let data: BTreeMap<_, _> =
        secret.data.into_iter().map(|(key, bytes)| (key, STANDARD.encode(bytes))).collect();
    let mut object = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(secret.metadata.unwrap_or_default()),
        "data": data,
        "stringData": secret.texts,
        "type": secret.kind,
        "immutable": secret.immutable,
    });
    drop_empty(&mut object);
    Some(object)
}

fn metadata(meta: ObjectMeta) -> Value {
    let owner = |owner: OwnerReference| {
        let mut reference = json!({
            "apiVersion": owner.version,
            "kind": owner.kind,
            "name": owner.name,
            "uid": owner.uid,
            "controller": owner.controller,
            "blockOwnerDeletion": owner.blocks_deletion,
        });
        drop_empty(&mut reference);
        reference
    };
    let mut metadata = json!({
        "name": meta.name,
        "generateName": meta.generate_name,
        "namespace": meta.namespace,
        "uid": meta.uid,
        "resourceVersion": meta.resource_version,
        "labels": meta.labels,
        "annotations": meta.annotations,
        "ownerReferences": meta.owners.into_iter().map(owner).collect::<Vec<_>>(),
        "finalizers": meta.finalizers,
    });
    drop_empty(&mut metadata);
    metadata
}

/// Go writes empty texts where JSON has no field.
fn drop_empty(object: &mut Value) {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if let Value::Object(fields) = object {
        fields.retain(|_, value| !is_empty(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body of `kubectl create secret generic example --from-literal=key=value --namespace apps`, kubectl 1.37.
    const OF_KUBECTL: &str =
        "azhzAAoMCgJ2MRIGU2VjcmV0Ei0KGwoHZXhhbXBsZRIAGgRhcHBzIgAqADIAOABCABIMCgNrZXkSBXZhbHVlGgAaACIA";

    #[test]
    fn a_secret_is_read_as_kubectl_writes_it() {
        let secret = object(&STANDARD.decode(OF_KUBECTL).expect("base64"));

        let expected = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "name": "example", "namespace": "apps" },
            "data": { "key": "dmFsdWU=" },
        });
        assert_eq!(secret, Some(expected));
    }

    #[test]
    fn what_is_no_secret_is_not_guessed_at() {
        let body = STANDARD.decode(OF_KUBECTL).expect("base64");
        let of_another_kind = [&body[..10], &b"Serve!"[..], &body[16..]].concat();

        for body in [&body[4..], &body[..20], &of_another_kind] {
            assert_eq!(object(body), None);
        }
    }
}
