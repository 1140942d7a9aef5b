//! The objects of a cluster for whoever lives in it: the store and the rules that clients meet over HTTP, without HTTP.
//!
//! The driver's model reads and writes here. What it leaves behind is what a client sees, and the other way round.

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use super::path::Place;
use super::status::Refusal;
use super::store::{Key, Store};
use super::{UnknownKind, kinds, locked, now, verbs};

/// What every cluster has.
pub(super) const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// A kind of object, all of them namespaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// `apiVersion`
    pub api_version: &'static str,
    /// `kind`
    pub kind: &'static str,
    /// The resource's name in paths and messages.
    pub plural: &'static str,
}

/// All objects of one cluster, shared by all who hold it. Every method is one request.
#[derive(Debug, Clone)]
pub struct Objects(pub(super) Arc<Mutex<Store>>);

impl Kind {
    /// The definition of a kind that Kubernetes does not know: namespaced, in these versions, the first of which is stored, without
    /// a schema.
    pub fn definition(self, short_names: &[&str], versions: &[&str]) -> Value {
        let (group, _) = self.group_and_version();
        let versions = versions.iter().enumerate().map(|(index, name)| {
            json!({
                "name": name,
                "served": true,
                "storage": index == 0,
                "schema": {
                    "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                },
            })
        });
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": { "name": format!("{}.{group}", self.plural) },
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {
                    "kind": self.kind,
                    "listKind": format!("{}List", self.kind),
                    "plural": self.plural,
                    "singular": self.kind.to_lowercase(),
                    "shortNames": short_names,
                },
                "versions": versions.collect::<Vec<_>>(),
            },
        })
    }

    /// The refusal of a client without the right.
    pub fn forbidden(self, name: &str, verb: &str, user: &str) -> Refusal {
        let (group, _) = self.group_and_version();
        let resource = if group.is_empty() { self.plural.into() } else { format!("{}.{group}", self.plural) };
        Refusal::forbidden(format!(
            "{resource} {name:?} is forbidden: User {user:?} cannot {verb} resource {:?} in API group {group:?}",
            self.plural
        ))
    }

    fn group_and_version(self) -> (&'static str, &'static str) {
        self.api_version.split_once('/').unwrap_or(("", self.api_version))
    }

    /// Where its objects stand; nothing is served there without a definition.
    fn place(self, store: &Store, namespace: &str) -> Result<Place, Refusal> {
        let (group, version) = self.group_and_version();
        let resource = store.resource(group, version, self.plural).ok_or_else(Refusal::unknown_path)?;
        Ok(Place { resource, namespace: namespace.into(), name: None, is_status: false })
    }
}

impl Default for Objects {
    /// An empty cluster: its own namespaces and nothing else.
    fn default() -> Self {
        let mut store = Store::default();
        for name in NAMESPACES {
            make_namespace(&mut store, name);
        }
        Self(Arc::new(Mutex::new(store)))
    }
}

impl Objects {
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        locked(&self.0)
    }

    /// One object.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Value, Refusal> {
        let store = self.store();
        let place = kind.place(&store, namespace)?;
        verbs::get(&store, &place, name).map(|object| verbs::presented(&place, &object))
    }

    /// All objects of a kind in all namespaces, by namespace and name; none if the kind is not served.
    pub fn list(&self, kind: Kind) -> Vec<Value> {
        let store = self.store();
        let Ok(place) = kind.place(&store, "") else { return Vec::new() };
        let objects = store.of(&place.resource, "");
        objects.map(|(_, object)| verbs::presented(&place, object)).collect()
    }

    /// Creates an object, and its namespace if need be. It keeps the unique id that it may bring along: the kubelet's folders are
    /// named by it before the pod is there.
    pub fn create(&self, kind: Kind, object: Value) -> Result<Value, Refusal> {
        let mut store = self.store();
        let (namespace, _) = names(&object);
        make_namespace(&mut store, &namespace);
        let place = kind.place(&store, &namespace)?;
        let created = request(&place).create(&mut store, of_kind(kind, object))?;
        Ok(verbs::presented(&place, &created))
    }

    /// Replaces an object, or its status only where the kind keeps that apart.
    pub fn update(&self, kind: Kind, object: Value) -> Result<Value, Refusal> {
        self.write(kind, object, false)
    }

    /// Replaces the status of an object and nothing else.
    pub fn update_status(&self, kind: Kind, object: Value) -> Result<Value, Refusal> {
        self.write(kind, object, true)
    }

    fn write(&self, kind: Kind, object: Value, is_status: bool) -> Result<Value, Refusal> {
        let mut store = self.store();
        let (namespace, name) = names(&object);
        let place = Place { is_status, ..kind.place(&store, &namespace)? };
        let updated = request(&place).update(&mut store, &name, of_kind(kind, object))?;
        Ok(verbs::presented(&place, &updated))
    }

    /// Creates or replaces, as `kubectl apply` of a whole object does.
    pub fn apply(&self, kind: Kind, object: Value) -> Result<Value, Refusal> {
        match self.create(kind, object.clone()) {
            Err(refusal) if refusal.is_already_exists() => self.update(kind, object),
            result => result,
        }
    }

    /// Deletes an object and what goes with its last owner.
    pub fn delete(&self, kind: Kind, namespace: &str, name: &str) -> Result<(), Refusal> {
        let mut store = self.store();
        let place = kind.place(&store, namespace)?;
        request(&place).delete(&mut store, name, &Value::Null).map(drop)
    }

    /// Creates or replaces an object as it is, status included; its namespace is made if need be.
    pub fn put(&self, object: Value) -> Result<(), UnknownKind> {
        let mut store = self.store();
        let unknown = || UnknownKind(format!("{} {}", object["apiVersion"], object["kind"]));
        let resource = store.resource_of(&object).ok_or_else(unknown)?;
        let (namespace, name) = names(&object);
        let key = Key::new(&resource, &namespace, &name);
        make_namespace(&mut store, &key.namespace);
        let mut object = object;
        let old = store.get(&key).cloned();
        let kept = |name: &str| {
            let given = object["metadata"].get(name);
            old.as_ref().map(|old| &old["metadata"][name]).or(given).cloned()
        };
        let made = kept("creationTimestamp").unwrap_or_else(|| now().into());
        let uid = kept("uid").unwrap_or_else(|| uuid::Uuid::new_v4().to_string().into());
        object["metadata"]["uid"] = uid;
        object["metadata"]["creationTimestamp"] = made;
        store.put(&key, object);
        Ok(())
    }
}

fn request(place: &Place) -> verbs::Request<'_> {
    verbs::Request { place, is_dry: false, names_uid: true, now: now() }
}

fn of_kind(kind: Kind, mut object: Value) -> Value {
    object["apiVersion"] = kind.api_version.into();
    object["kind"] = kind.kind.into();
    object
}

fn names(object: &Value) -> (String, String) {
    let word = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    (word("namespace"), word("name"))
}

/// Makes a namespace that is not there yet; an empty name is none.
fn make_namespace(store: &mut Store, name: &str) {
    let namespaces = store.resource("", "v1", "namespaces").expect("namespaces are always served");
    let key = Key::new(&namespaces, "", name);
    if !name.is_empty() && store.get(&key).is_none() {
        let uid = uuid::Uuid::new_v4().to_string();
        let metadata = json!({ "name": name, "uid": uid, "creationTimestamp": now() });
        let mut object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata });
        kinds::complete(&namespaces, &mut object, "");
        store.put(&key, object);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SECRETS: Kind = Kind { api_version: "v1", kind: "Secret", plural: "secrets" };
    const CARTS: Kind = Kind { api_version: "shop.example/v1", kind: "Cart", plural: "carts" };

    fn secret(name: &str, value: &str) -> Value {
        json!({ "metadata": { "namespace": "default", "name": name }, "type": "Opaque", "data": { "a": value } })
    }

    #[test]
    fn the_same_content_again_changes_nothing() {
        let objects = Objects::default();
        let created = objects.create(SECRETS, secret("a", "MQ==")).unwrap();

        let same = objects.apply(SECRETS, secret("a", "MQ==")).unwrap();
        let other = objects.apply(SECRETS, secret("a", "Mg==")).unwrap();

        assert_eq!(same, created);
        assert_ne!(other["metadata"]["resourceVersion"], created["metadata"]["resourceVersion"]);
        assert_eq!(other["metadata"]["uid"], created["metadata"]["uid"]);
    }

    #[test]
    fn a_name_is_taken_once_per_namespace() {
        let objects = Objects::default();
        objects.create(SECRETS, secret("a", "MQ==")).unwrap();

        let refusal = objects.create(SECRETS, secret("a", "MQ==")).unwrap_err();

        assert!(refusal.is_already_exists());
        assert_eq!(refusal.to_string(), "secrets \"a\" already exists");
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

    #[rstest]
    #[case::fixed(json!({ "immutable": true }), json!({ "data": { "a": "Mg==" } }), "data: field is immutable")]
    #[case::typed(json!({}), json!({ "type": "custom" }), "type: field is immutable")]
    fn the_type_of_a_secret_and_an_immutable_one_cannot_be_changed(
        #[case] made: Value,
        #[case] changed: Value,
        #[case] why: &str,
    ) {
        let objects = Objects::default();
        let with = |members: Value| {
            let mut secret = secret("a", "MQ==");
            secret.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            secret
        };
        objects.create(SECRETS, with(made)).unwrap();

        let refusal = objects.update(SECRETS, with(changed)).unwrap_err();

        assert!(refusal.to_string().contains(why), "{refusal}");
    }

    #[test]
    fn a_kind_is_there_from_its_definition_on() {
        let objects = Objects::default();
        let cart = json!({ "metadata": { "namespace": "shop", "name": "a", "uid": "6e1d" } });

        let before = objects.create(CARTS, cart.clone()).unwrap_err();
        objects.put(CARTS.definition(&[], &["v1"])).unwrap();
        let after = objects.create(CARTS, cart).unwrap();

        assert_eq!(before.to_string(), "the server could not find the requested resource");
        assert_eq!(
            (&after["apiVersion"], &after["metadata"]["uid"]),
            (&json!("shop.example/v1"), &json!("6e1d"))
        );
    }
}
