//! What the API holds, and what happened to it: objects by kind, namespace and name, each with its last change.
//!
//! It knows no verbs. What a client may do with an object is decided in [`super::verbs`].

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::resource::{DEFINITIONS, Resource};

/// How many changes a watch can look back.
const REMEMBERED_CHANGES: usize = 10_000;

/// Where an object is kept, whatever version it is read in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) group: String,
    pub(super) plural: String,
    /// Empty for kinds without namespaces.
    pub(super) namespace: String,
    pub(super) name: String,
}

/// One change; no `before` is a creation, no `after` a deletion.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) revision: u64,
    pub(super) key: Key,
    pub(super) before: Option<Arc<Value>>,
    pub(super) after: Option<Arc<Value>>,
}

/// All objects.
#[derive(Debug)]
pub(super) struct Store {
    objects: BTreeMap<Key, Arc<Value>>,
    /// Those of Kubernetes first, then those of definitions.
    resources: Vec<Arc<Resource>>,
    /// Counts the changes, as etcd does for the whole cluster.
    revision: u64,
    history: VecDeque<Change>,
    changed: watch::Sender<u64>,
}

impl Key {
    pub(super) fn new(resource: &Resource, namespace: &str, name: &str) -> Self {
        Self {
            group: resource.group.clone(),
            plural: resource.plural.clone(),
            namespace: if resource.is_namespaced { namespace.into() } else { String::new() },
            name: name.into(),
        }
    }

    /// Whether it belongs to this kind, and to this namespace if one is named.
    pub(super) fn is_in(&self, resource: &Resource, namespace: &str) -> bool {
        self.group == resource.group
            && self.plural == resource.plural
            && (namespace.is_empty() || self.namespace == namespace)
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            resources: Resource::built_in().into_iter().map(Arc::new).collect(),
            revision: 0,
            history: VecDeque::new(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Store {
    /// The kind that is served under these names.
    pub(super) fn resource(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        let mut resources = self.resources.iter();
        let is_it = |it: &&Arc<Resource>| it.plural == plural && it.group == group && it.version == version;
        resources.find(is_it).cloned()
    }

    /// The kind of an object.
    pub(super) fn resource_of(&self, object: &Value) -> Option<Arc<Resource>> {
        let mut resources = self.resources.iter();
        resources.find(|it| object["kind"] == *it.kind && object["apiVersion"] == it.api_version()).cloned()
    }

    /// Everything that is served.
    pub(super) fn resources(&self) -> Vec<Resource> {
        self.resources.iter().map(|resource| Resource::clone(resource)).collect()
    }

    /// The last change's number.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    /// The objects of a kind, in one namespace if one is named.
    pub(super) fn of<'a>(
        &'a self,
        resource: &'a Resource,
        namespace: &'a str,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Value>)> {
        let start = Key::new(resource, namespace, "");
        let range = self.objects.range((Bound::Included(start), Bound::Unbounded));
        range.take_while(move |(key, _)| key.is_in(resource, namespace))
    }

    /// All objects with their keys.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        self.objects.iter()
    }

    /// Keeps an object under the next resource version.
    pub(super) fn put(&mut self, key: &Key, mut object: Value) -> Arc<Value> {
        object["metadata"]["resourceVersion"] = (self.revision + 1).to_string().into();
        let object = Arc::new(object);
        let before = self.objects.insert(key.clone(), Arc::clone(&object));
        self.remember(key, before, Some(Arc::clone(&object)));
        object
    }

    /// Removes an object; its last state carries the number of its removal.
    pub(super) fn remove(&mut self, key: &Key) -> Option<Arc<Value>> {
        let mut last = Value::clone(&*self.objects.remove(key)?);
        last["metadata"]["resourceVersion"] = (self.revision + 1).to_string().into();
        let last = Arc::new(last);
        self.remember(key, Some(Arc::clone(&last)), None);
        Some(last)
    }

    fn remember(&mut self, key: &Key, before: Option<Arc<Value>>, after: Option<Arc<Value>>) {
        self.revision += 1;
        self.history.push_back(Change { revision: self.revision, key: key.clone(), before, after });
        if self.history.len() > REMEMBERED_CHANGES {
            self.history.pop_front();
        }
        if (&*key.group, &*key.plural) == DEFINITIONS {
            self.define();
        }
        self.changed.send_replace(self.revision);
    }

    /// Serves what the definitions say now.
    fn define(&mut self) {
        self.resources.retain(|resource| !resource.is_custom);
        let definitions = self.objects.iter().filter(|(key, _)| (&*key.group, &*key.plural) == DEFINITIONS);
        let custom = definitions.flat_map(|(_, definition)| Resource::of_definition(definition));
        self.resources.extend(custom.map(Arc::new));
    }

    /// What happened after a revision, or the oldest revision that is still known if that is younger.
    pub(super) fn changes_since(&self, revision: u64) -> Result<impl Iterator<Item = &Change>, u64> {
        let oldest = self.history.front().map_or(0, |change| change.revision - 1);
        if revision < oldest {
            return Err(oldest);
        }
        let first = self.history.partition_point(|change| change.revision <= revision);
        Ok(self.history.range(first..))
    }

    /// Tells of every change from now on.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
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

    fn key(store: &Store, name: &str) -> Key {
        Key::new(&store.resource("", "v1", "secrets").unwrap(), "shop", name)
    }

    #[test]
    fn every_change_has_a_number_of_its_own() {
        let mut store = Store::default();
        let key = key(&store, "a");

        let put = store.put(&key, json!({}));
        let removed = store.remove(&key).unwrap();

        assert_eq!((&put["metadata"]["resourceVersion"], store.revision()), (&json!("1"), 2));
        assert_eq!(removed["metadata"]["resourceVersion"], "2");
        assert_eq!(store.changes_since(1).unwrap().count(), 1);
    }

    #[test]
    fn what_is_long_past_is_forgotten_by_name() {
        let mut store = Store::default();
        let key = key(&store, "a");
        for _ in 0..=REMEMBERED_CHANGES {
            store.put(&key, json!({}));
        }

        assert_eq!(store.changes_since(0).err(), Some(1));
        assert_eq!(store.changes_since(1).unwrap().count(), REMEMBERED_CHANGES);
    }
}
