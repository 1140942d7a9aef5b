//! The ways to change a part of an object: JSON merge patch (RFC 7396), JSON patch (RFC 6902), strategic merge patch, and
//! server-side apply as far as it is a merge.

use serde_json::{Map, Value};

/// How a patch is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Merge,
    Json,
    Strategic,
    /// Who owns which field is not kept: a field that is no longer applied stays.
    Apply,
}

impl Form {
    /// What clients may send.
    pub(super) const KNOWN: &str = "application/json-patch+json, application/merge-patch+json, \
                                    application/strategic-merge-patch+json, application/apply-patch+yaml";

    pub(super) fn of(media_type: &str) -> Option<Self> {
        match media_type {
            "application/merge-patch+json" => Some(Self::Merge),
            "application/json-patch+json" => Some(Self::Json),
            "application/strategic-merge-patch+json" => Some(Self::Strategic),
            "application/apply-patch+yaml" => Some(Self::Apply),
            _ => None,
        }
    }

    /// The object with the patch; lists of built-in kinds have keys, those of custom ones are replaced.
    pub(super) fn apply(self, object: &mut Value, patch: &Value, is_custom: bool) -> Result<(), String> {
        match self {
            Self::Json => return json_patch(object, patch),
            Self::Strategic | Self::Apply if !is_custom => strategic(object, patch),
            _ => merge(object, patch),
        }
        Ok(())
    }
}

/// RFC 7396: null removes, objects are merged, everything else is replaced.
pub(super) fn merge(object: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        object.clone_from(patch);
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            as_map(object).remove(name);
        } else {
            merge(as_map(object).entry(name).or_insert(Value::Null), value);
        }
    }
}

fn as_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("it was made one")
}

/// RFC 6902: all or nothing is up to the caller, who keeps the original.
fn json_patch(object: &mut Value, operations: &Value) -> Result<(), String> {
    let operations = operations.as_array().ok_or("a JSON patch is a list of operations")?;
    for operation in operations {
        let word =
            |name: &str| operation[name].as_str().ok_or_else(|| format!("an operation has no {name:?}"));
        let value = || operation.get("value").ok_or("an operation has no \"value\"");
        let place = word("path")?;
        match word("op")? {
            "add" => add(object, place, value()?.clone())?,
            "remove" => drop(remove(object, place)?),
            "replace" => *object.pointer_mut(place).ok_or_else(|| missing(place))? = value()?.clone(),
            "copy" => {
                let from = word("from")?;
                let copy = object.pointer(from).ok_or_else(|| missing(from))?.clone();
                add(object, place, copy)?;
            }
            "move" => {
                let moved = remove(object, word("from")?)?;
                add(object, place, moved)?;
            }
            "test" if object.pointer(place) == Some(value()?) => {}
            "test" => return Err(format!("testing path {place} value failed")),
            unknown => return Err(format!("unexpected kind of operation: {unknown}")),
        }
    }
    Ok(())
}

fn missing(path: &str) -> String {
    format!("the path {path:?} does not exist")
}

/// The value around a path's last name, and that name.
fn around<'a>(object: &'a mut Value, path: &str) -> Result<(&'a mut Value, String), String> {
    let (parent, name) = path.rsplit_once('/').ok_or_else(|| missing(path))?;
    let parent = object.pointer_mut(parent).ok_or_else(|| missing(parent))?;
    Ok((parent, name.replace("~1", "/").replace("~0", "~")))
}

fn add(object: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        *object = value;
        return Ok(());
    }
    let (parent, name) = around(object, path)?;
    match parent {
        Value::Object(map) => drop(map.insert(name, value)),
        Value::Array(list) if name == "-" => list.push(value),
        Value::Array(list) => {
            let place =
                name.parse().ok().filter(|&place| place <= list.len()).ok_or_else(|| missing(path))?;
            list.insert(place, value);
        }
        _ => return Err(missing(path)),
    }
    Ok(())
}

fn remove(object: &mut Value, path: &str) -> Result<Value, String> {
    let (parent, name) = around(object, path)?;
    let removed = match parent {
        Value::Object(map) => map.remove(&name),
        Value::Array(list) => {
            name.parse().ok().filter(|&place: &usize| place < list.len()).map(|place| list.remove(place))
        }
        _ => None,
    };
    removed.ok_or_else(|| missing(path))
}

/// A merge in which lists with a key are merged by it.
fn strategic(object: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        object.clone_from(patch);
        return;
    };
    if patch.get("$patch").is_some_and(|directive| directive == "replace") {
        *object = without_directives(patch);
        return;
    }
    for (name, value) in patch {
        if let Some(list) = name.strip_prefix("$deleteFromPrimitiveList/") {
            let gone = value.as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(items) = as_map(object).get_mut(list).and_then(Value::as_array_mut) {
                items.retain(|item| !gone.contains(item));
            }
        } else if name == "$retainKeys" {
            let kept = value.as_array().map(Vec::as_slice).unwrap_or_default();
            as_map(object).retain(|key, _| kept.iter().any(|kept| kept == key));
        } else if name.starts_with('$') {
            // The order of a list, and nothing else, is in the other directives.
        } else if value.is_null() {
            as_map(object).remove(name);
        } else {
            let old = as_map(object).entry(name).or_insert(Value::Null);
            match value {
                Value::Array(items) => strategic_list(name, old, items),
                _ => strategic(old, value),
            }
        }
    }
}

fn without_directives(patch: &Map<String, Value>) -> Value {
    patch
        .iter()
        .filter(|(name, _)| !name.starts_with('$'))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn strategic_list(name: &str, old: &mut Value, items: &[Value]) {
    let is_replaced = items.iter().any(|item| item["$patch"] == "replace");
    if !old.is_array() || is_replaced {
        *old = Value::Array(Vec::new());
    }
    let list = old.as_array_mut().expect("it was made one");
    if name == "finalizers" {
        let added: Vec<_> = items.iter().filter(|item| !list.contains(item)).cloned().collect();
        list.extend(added);
        return;
    }
    let Some(key) = merge_key(name, items) else {
        *list = items.to_vec();
        return;
    };
    for item in items.iter().filter(|item| item["$patch"] != "replace") {
        let place = list.iter().position(|old| old[key] == item[key]);
        match place {
            Some(place) if item["$patch"] == "delete" => drop(list.remove(place)),
            Some(place) => strategic(&mut list[place], item),
            None if item["$patch"] == "delete" => {}
            None => list.push(item.as_object().map_or_else(|| item.clone(), without_directives)),
        }
    }
}

/// By which field the items of a list are known (`patchMergeKey` in `k8s.io/api`).
fn merge_key(list: &str, items: &[Value]) -> Option<&'static str> {
    let key = match list {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "secrets" => "name",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "ownerReferences" => "uid",
        "conditions" => "type",
        "hostAliases" => "ip",
        "topologySpreadConstraints" => "topologyKey",
        "ports" if items.iter().any(|item| item.get("containerPort").is_some()) => "containerPort",
        "ports" => "port",
        _ => return None,
    };
    Some(key)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_merge_patch_removes_with_null_and_replaces_lists() {
        let mut object = json!({ "a": { "b": 1, "c": 2 }, "l": [1, 2] });

        Form::Merge.apply(&mut object, &json!({ "a": { "b": null, "d": 3 }, "l": [3] }), false).unwrap();

        assert_eq!(object, json!({ "a": { "c": 2, "d": 3 }, "l": [3] }));
    }

    #[rstest]
    #[case(json!({ "op": "add", "path": "/l/1", "value": 9 }), json!({ "a/b": 1, "l": [1, 9, 2] }))]
    #[case(json!({ "op": "add", "path": "/l/-", "value": 9 }), json!({ "a/b": 1, "l": [1, 2, 9] }))]
    #[case(json!({ "op": "replace", "path": "/a~1b", "value": 9 }), json!({ "a/b": 9, "l": [1, 2] }))]
    #[case(json!({ "op": "remove", "path": "/l/0" }), json!({ "a/b": 1, "l": [2] }))]
    #[case(json!({ "op": "move", "from": "/l", "path": "/m" }), json!({ "a/b": 1, "m": [1, 2] }))]
    #[case(json!({ "op": "copy", "from": "/a~1b", "path": "/c" }), json!({ "a/b": 1, "c": 1, "l": [1, 2] }))]
    #[case(json!({ "op": "test", "path": "/a~1b", "value": 1 }), json!({ "a/b": 1, "l": [1, 2] }))]
    fn a_json_patch_does_what_its_operations_say(#[case] operation: Value, #[case] expected: Value) {
        let mut object = json!({ "a/b": 1, "l": [1, 2] });

        Form::Json.apply(&mut object, &json!([operation]), false).unwrap();

        assert_eq!(object, expected);
    }

    #[rstest]
    #[case(json!({ "op": "test", "path": "/a", "value": 2 }))]
    #[case(json!({ "op": "remove", "path": "/b" }))]
    #[case(json!({ "op": "add", "path": "/b/c", "value": 1 }))]
    #[case(json!({ "op": "increment", "path": "/a" }))]
    fn an_operation_that_cannot_be_done_is_refused(#[case] operation: Value) {
        assert!(Form::Json.apply(&mut json!({ "a": 1 }), &json!([operation]), false).is_err());
    }

    #[test]
    fn a_strategic_patch_finds_list_items_by_their_key() {
        let mut pod = json!({ "containers": [{ "name": "a", "image": "1" }, { "name": "b", "image": "1" }] });
        let patch = json!({
            "$setElementOrder/containers": [{ "name": "a" }, { "name": "c" }],
            "containers": [{ "name": "a", "image": "2" }, { "name": "b", "$patch": "delete" }, { "name": "c" }],
        });

        Form::Strategic.apply(&mut pod, &patch, false).unwrap();

        assert_eq!(pod, json!({ "containers": [{ "name": "a", "image": "2" }, { "name": "c" }] }));
    }

    #[test]
    fn lists_of_custom_kinds_have_no_keys() {
        let mut object = json!({ "containers": [{ "name": "a" }] });

        Form::Apply.apply(&mut object, &json!({ "containers": [{ "name": "b" }] }), true).unwrap();

        assert_eq!(object, json!({ "containers": [{ "name": "b" }] }));
    }
}
