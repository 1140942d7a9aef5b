//! What clients may do with objects, and what the API answers.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::kinds;
use super::patch::Form;
use super::path::Place;
use super::selector::Selector;
use super::status::{Refusal, deleted};
use super::store::{Key, Store};

const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// One change that a client asks for.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) place: &'a Place,
    /// Whether nothing is to be kept (`dryRun=All`).
    pub(super) is_dry: bool,
    /// Whether a new object may bring its unique id along, which is not for clients to choose.
    pub(super) names_uid: bool,
    /// The time, as objects carry it.
    pub(super) now: String,
}

/// The object that a place names.
pub(super) fn get(store: &Store, place: &Place, name: &str) -> Result<Arc<Value>, Refusal> {
    let object = store.get(&place.key(name)).cloned();
    object.ok_or_else(|| Refusal::not_found(&place.resource, name))
}

/// All that a selector selects.
pub(super) fn list(store: &Store, place: &Place, selector: &Selector) -> Value {
    let objects = store.of(&place.resource, &place.namespace).map(|(_, object)| object);
    let items = objects.filter(|object| selector.matches(object)).map(|object| presented(place, object));
    json!({
        "kind": format!("{}List", place.resource.kind),
        "apiVersion": place.resource.api_version(),
        "metadata": { "resourceVersion": store.revision().to_string() },
        "items": items.collect::<Vec<_>>(),
    })
}

/// An object in the version in which it is asked for.
pub(super) fn presented(place: &Place, object: &Value) -> Value {
    let mut object = object.clone();
    object["apiVersion"] = place.resource.api_version().into();
    object["kind"] = place.resource.kind.clone().into();
    object
}

impl Request<'_> {
    pub(super) fn create(&self, store: &mut Store, mut object: Value) -> Result<Arc<Value>, Refusal> {
        let Place { resource, namespace, .. } = self.place;
        self.check_body(&object)?;
        if resource.is_namespaced && namespace.is_empty() {
            return Err(Refusal::method_not_allowed());
        }
        let name = self.name(&mut object)?;
        if resource.is_namespaced {
            let namespaces = store.resource("", "v1", "namespaces").expect("namespaces are always served");
            if store.get(&Key::new(&namespaces, "", namespace)).is_none() {
                return Err(Refusal::not_found(&namespaces, namespace));
            }
        }
        let key = self.place.key(&name);
        if store.get(&key).is_some() {
            return Err(Refusal::already_exists(resource, &name));
        }
        if !text(&object["metadata"]["resourceVersion"]).is_empty() {
            return Err(Refusal::bad_request("resourceVersion should not be set on objects to be created"));
        }
        if resource.has_status {
            members(&mut object).remove("status");
        }
        kinds::complete(resource, &mut object, &self.now);
        kinds::check(resource, &name, &object)?;
        let metadata = members(&mut object["metadata"]);
        for name in ["managedFields", "deletionTimestamp", "selfLink"] {
            metadata.remove(name);
        }
        let is_named = self.names_uid && metadata.get("uid").is_some_and(|uid| !text(uid).is_empty());
        if !is_named {
            metadata.insert("uid".into(), uuid::Uuid::new_v4().to_string().into());
        }
        metadata.insert("creationTimestamp".into(), self.now.clone().into());
        if object.get("spec").is_some() {
            object["metadata"]["generation"] = 1.into();
        }
        Ok(self.keep(store, &key, object))
    }

    pub(super) fn update(&self, store: &mut Store, name: &str, object: Value) -> Result<Arc<Value>, Refusal> {
        let resource = &self.place.resource;
        let old = get(store, self.place, name)?;
        self.check_body(&object)?;
        if object["metadata"]["name"] != name {
            let found = text(&object["metadata"]["name"]);
            let message =
                format!("the name of the object ({found}) does not match the name on the URL ({name})");
            return Err(Refusal::bad_request(message));
        }
        let (version, uid) = (&object["metadata"]["resourceVersion"], &object["metadata"]["uid"]);
        if !text(version).is_empty() && *version != old["metadata"]["resourceVersion"] {
            return Err(Refusal::conflict(resource, name, MODIFIED));
        }
        if !text(uid).is_empty() && *uid != old["metadata"]["uid"] {
            let why = format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                old["metadata"]["uid"]
            );
            return Err(Refusal::conflict(resource, name, &why));
        }
        let new = self.next(&old, object);
        if new == *old {
            return Ok(old);
        }
        kinds::check(resource, name, &new)?;
        kinds::check_change(resource, name, &old, &new)?;
        let key = self.place.key(name);
        let new = self.keep(store, &key, new);
        if !self.is_dry && new["metadata"].get("deletionTimestamp").is_some() && !has_finalizers(&new) {
            remove(store, &key, true);
        }
        Ok(new)
    }

    /// What becomes of an object: who may write what is decided here.
    fn next(&self, old: &Value, written: Value) -> Value {
        if self.place.is_status {
            let mut new = old.clone();
            new["status"] = written["status"].clone();
            return new;
        }
        let mut new = written;
        if self.place.resource.has_status {
            copy(&mut new, old, "status");
        }
        if self.place.resource.group.is_empty() && self.place.resource.plural == "secrets" {
            kinds::encode(&mut new);
        }
        for field in
            ["resourceVersion", "uid", "creationTimestamp", "deletionTimestamp", "generation", "namespace"]
        {
            copy(&mut new["metadata"], &old["metadata"], field);
        }
        for field in ["managedFields", "selfLink"] {
            members(&mut new["metadata"]).remove(field);
        }
        // Versions of a kind share their objects.
        copy(&mut new, old, "apiVersion");
        if let Some(generation) = old["metadata"]["generation"].as_u64()
            && new["spec"] != old["spec"]
        {
            new["metadata"]["generation"] = (generation + 1).into();
        }
        new
    }

    /// Changes a part of an object; whether it was made by that is told, too.
    pub(super) fn patch(
        &self,
        store: &mut Store,
        name: &str,
        form: Form,
        patch: &Value,
    ) -> Result<(bool, Arc<Value>), Refusal> {
        let key = self.place.key(name);
        let Some(old) = store.get(&key).cloned() else {
            if form != Form::Apply || self.place.is_status {
                return Err(Refusal::not_found(&self.place.resource, name));
            }
            return self.create(store, patch.clone()).map(|object| (true, object));
        };
        let mut new = presented(self.place, &old);
        form.apply(&mut new, patch, self.place.resource.is_custom).map_err(|why| {
            Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Invalid",
                format!("the patch of {name:?} cannot be done: {why}"),
            )
        })?;
        self.update(store, name, new).map(|object| (false, object))
    }

    /// Deletes an object, or marks it if somebody has to finish first.
    pub(super) fn delete(&self, store: &mut Store, name: &str, options: &Value) -> Result<Value, Refusal> {
        let resource = &self.place.resource;
        let object = get(store, self.place, name)?;
        for field in ["uid", "resourceVersion"] {
            let wanted = &options["preconditions"][field];
            if !wanted.is_null() && *wanted != object["metadata"][field] {
                let found = &object["metadata"][field];
                let why = format!(
                    "Precondition failed: {field} in precondition: {wanted}, in object meta: {found}"
                );
                return Err(Refusal::conflict(resource, name, &why));
            }
        }
        let key = self.place.key(name);
        if has_finalizers(&object) {
            let mut marked = Value::clone(&object);
            if marked["metadata"].get("deletionTimestamp").is_none() {
                marked["metadata"]["deletionTimestamp"] = self.now.clone().into();
            }
            return Ok(presented(self.place, &self.keep(store, &key, marked)));
        }
        if !self.is_dry {
            remove(store, &key, options["propagationPolicy"] != "Orphan");
        }
        Ok(deleted(resource, &object))
    }

    /// Deletes all that a selector selects, and answers with it.
    pub(super) fn delete_all(
        &self,
        store: &mut Store,
        selector: &Selector,
        options: &Value,
    ) -> Result<Value, Refusal> {
        let all = list(store, self.place, selector);
        for object in all["items"].as_array().into_iter().flatten() {
            let namespace = text(&object["metadata"]["namespace"]).to_owned();
            let place = Place { namespace, ..self.place.clone() };
            let request = Request { place: &place, now: self.now.clone(), ..*self };
            // What went with its owner a moment ago is gone as wanted.
            if store.get(&place.key(text(&object["metadata"]["name"]))).is_some() {
                request.delete(store, text(&object["metadata"]["name"]), options)?;
            }
        }
        Ok(all)
    }

    fn keep(&self, store: &mut Store, key: &Key, object: Value) -> Arc<Value> {
        if self.is_dry { Arc::new(object) } else { store.put(key, object) }
    }

    fn check_body(&self, object: &Value) -> Result<(), Refusal> {
        let resource = &self.place.resource;
        if !object["metadata"].is_object() {
            return Err(Refusal::bad_request("the object provided is unrecognized: it has no metadata"));
        }
        let expected = (resource.api_version(), &resource.kind);
        let found = (text(&object["apiVersion"]), text(&object["kind"]));
        if (&*expected.0, &**expected.1) != found {
            let message = format!(
                "the API version in the data ({}, {}) does not match the expected API version ({}, {})",
                found.0, found.1, expected.0, expected.1
            );
            return Err(Refusal::bad_request(message));
        }
        let namespace = text(&object["metadata"]["namespace"]);
        if !namespace.is_empty() && namespace != self.place.namespace {
            let message =
                "the namespace of the provided object does not match the namespace sent on the request";
            return Err(Refusal::bad_request(message));
        }
        Ok(())
    }

    /// The name of a new object, made if only its beginning is given; namespace and name are then in the object.
    fn name(&self, object: &mut Value) -> Result<String, Refusal> {
        let Place { resource, namespace, name, .. } = self.place;
        let metadata = &mut object["metadata"];
        if text(&metadata["name"]).is_empty() && !text(&metadata["generateName"]).is_empty() {
            let random = uuid::Uuid::new_v4().simple().to_string();
            metadata["name"] = format!("{}{}", text(&metadata["generateName"]), &random[..5]).into();
        }
        if resource.is_namespaced {
            metadata["namespace"] = namespace.clone().into();
        }
        let found = text(&metadata["name"]).to_owned();
        if found.is_empty() {
            return Err(Refusal::invalid(
                resource,
                "",
                "metadata.name",
                "Required value: name or generateName is required",
            ));
        }
        if let Some(name) = name.as_ref().filter(|name| **name != found) {
            let message =
                format!("the name of the object ({found}) does not match the name on the URL ({name})");
            return Err(Refusal::bad_request(message));
        }
        // Roles are named by their owners as they like.
        let is_free = resource.group == "rbac.authorization.k8s.io";
        let is_subdomain =
            found.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c));
        let has_edges = found.starts_with(['-', '.']) || found.ends_with(['-', '.']);
        if found.len() > 253 || found.contains('/') || (!is_free && (!is_subdomain || has_edges)) {
            let why =
                format!("Invalid value: {found:?}: a lowercase RFC 1123 subdomain of at most 253 characters");
            return Err(Refusal::invalid(resource, &found, "metadata.name", &why));
        }
        Ok(found)
    }
}

/// Removes an object and what cannot be without it: what is in a namespace, what a definition defines, and what has no other
/// owner. The garbage collector would do the last a moment later.
fn remove(store: &mut Store, key: &Key, takes_dependents: bool) {
    let Some(object) = store.get(key).cloned() else { return };
    let is_inside = |it: &Key| match &*key.plural {
        "namespaces" if key.group.is_empty() => it.namespace == key.name,
        "customresourcedefinitions" => key.name == format!("{}.{}", it.plural, it.group),
        _ => false,
    };
    let inside: Vec<_> = store.all().map(|(key, _)| key).filter(|it| is_inside(it)).cloned().collect();
    for key in inside {
        remove(store, &key, true);
    }
    store.remove(key);
    if takes_dependents {
        let uid = &object["metadata"]["uid"];
        let owners =
            |object: &Value| object["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
        let is_dependent = |object: &Value| {
            let owners = owners(object);
            let lives =
                |owner: &Value| store.all().any(|(_, other)| other["metadata"]["uid"] == owner["uid"]);
            owners.iter().any(|owner| owner["uid"] == *uid) && !owners.iter().any(lives)
        };
        let dependents: Vec<_> =
            store.all().filter(|(_, object)| is_dependent(object)).map(|(key, _)| key.clone()).collect();
        for key in dependents {
            remove(store, &key, true);
        }
    }
}

fn has_finalizers(object: &Value) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|finalizers| !finalizers.is_empty())
}

/// Takes a member over as it was, or as absent.
fn copy(to: &mut Value, from: &Value, name: &str) {
    match from.get(name) {
        Some(value) => to[name] = value.clone(),
        None => drop(members(to).remove(name)),
    }
}

fn members(value: &mut Value) -> &mut serde_json::Map<String, Value> {
    value.as_object_mut().expect("bodies and their metadata were checked to be objects")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
