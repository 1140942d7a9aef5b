//! Objects by path, as the API serves them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What the API holds.
#[derive(Debug, Default)]
pub(super) struct Store {
    objects: BTreeMap<String, Value>,
    /// Counts the changes, as etcd does for the whole cluster.
    revision: u64,
}

impl Store {
    /// The object at a path.
    pub(super) fn get(&self, path: &str) -> Option<&Value> {
        self.objects.get(path)
    }

    /// Creates or replaces an object and gives it what only the API gives.
    pub(super) fn put(&mut self, path: &str, mut object: Value) {
        self.revision += 1;
        let uid = self.objects.get(path).map_or_else(
            || Value::from(uuid::Uuid::new_v4().to_string()),
            |earlier| earlier["metadata"]["uid"].clone(),
        );
        object["metadata"]["uid"] = uid;
        object["metadata"]["resourceVersion"] = self.revision.to_string().into();
        self.objects.insert(path.to_owned(), object);
    }

    /// Removes an object.
    pub(super) fn remove(&mut self, path: &str) -> Option<Value> {
        self.revision += 1;
        self.objects.remove(path)
    }
}

/// The path of an object of the core group.
pub fn path_of(resource: &str, namespace: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/{resource}/{name}")
}

/// A service account as its owner writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

impl ServiceAccount {
    pub(super) fn path(&self) -> String {
        path_of("serviceaccounts", &self.namespace, &self.name)
    }

    pub(super) fn to_object(&self) -> Value {
        let mut metadata = json!({ "name": self.name, "namespace": self.namespace });
        if !self.annotations.is_empty() {
            metadata["annotations"] = json!(self.annotations);
        }
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_object_keeps_its_uid_and_gets_another_resource_version() {
        let mut store = Store::default();
        let account = |role: &str| ServiceAccount {
            namespace: "shop".into(),
            name: "web".into(),
            annotations: BTreeMap::from([("role".into(), role.into())]),
        };
        let path = account("a").path();
        store.put(&path, account("a").to_object());
        let first = store.get(&path).unwrap()["metadata"].clone();

        store.put(&path, account("b").to_object());

        let second = &store.get(&path).unwrap()["metadata"];
        assert_eq!(second["annotations"]["role"], "b");
        assert_eq!(second["uid"], first["uid"]);
        assert_ne!(second["resourceVersion"], first["resourceVersion"]);
    }
}
