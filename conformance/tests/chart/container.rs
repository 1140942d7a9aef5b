//! A container as the kubelet makes it, without running it: arguments, variables, and the files of its volumes below a folder of the
//! test. Paths in arguments and variables lead to where the files really are.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use csi_secrets_store_provider_alibabacloud::config::Environment;
use serde_json::Value;
use tempfile::TempDir;

/// What a cluster gives to containers.
pub(crate) trait Supply {
    /// The value at a key of a Secret.
    fn secret(&self, secret: &str, key: &str) -> String;
    /// The text at a key of a `ConfigMap`.
    fn config(&self, map: &str, key: &str) -> String;
    /// A token of the pod's service account.
    fn token(&self, service_account: &str, audience: &str) -> String;
}

/// The container.
#[derive(Debug)]
pub(crate) struct Container {
    folder: TempDir,
    /// Where volumes are mounted: their paths, and the volumes.
    mounts: BTreeMap<PathBuf, Value>,
    pub(crate) arguments: Vec<String>,
    variables: BTreeMap<String, String>,
    /// Variables that were looked for.
    asked: RefCell<BTreeSet<String>>,
}

impl Container {
    /// The first container of a pod.
    pub(crate) fn of(pod: &Value, supply: &impl Supply) -> Self {
        let spec = &pod["containers"][0];
        let folder = tempfile::tempdir().unwrap();
        let volumes = items(&pod["volumes"]);
        let mounts = items(&spec["volumeMounts"]).iter().map(|mount| {
            let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]);
            let volume = volume.unwrap_or_else(|| panic!("there is no volume for {mount}"));
            (PathBuf::from(word(&mount["mountPath"])), volume.clone())
        });
        let mut container = Self {
            mounts: mounts.collect(),
            folder,
            arguments: Vec::new(),
            variables: BTreeMap::new(),
            asked: RefCell::default(),
        };
        for (path, volume) in &container.mounts {
            let place = container.inside(path);
            fs::create_dir_all(&place).unwrap();
            for (file, text) in files(volume, word(&pod["serviceAccountName"]), supply) {
                fs::write(place.join(file), text).unwrap();
            }
        }
        container.arguments =
            items(&spec["args"]).iter().map(|text| container.argument(word(text))).collect();
        container.variables = items(&spec["env"])
            .iter()
            .map(|variable| {
                let source = &variable["valueFrom"];
                let value = match (&source["secretKeyRef"], &source["fieldRef"]) {
                    (Value::Null, Value::Null) => container.path(word(&variable["value"])),
                    (Value::Null, field) => {
                        assert_eq!(field["fieldPath"], "spec.nodeName");
                        "node-1".to_owned()
                    }
                    (secret, _) => supply.secret(word(&secret["name"]), word(&secret["key"])),
                };
                (word(&variable["name"]).to_owned(), value)
            })
            .collect();
        container
    }

    /// Where a path of the container really is; none if no volume is there.
    pub(crate) fn place(&self, path: &Path) -> Option<PathBuf> {
        self.mounts.keys().any(|mount| path.starts_with(mount)).then(|| self.inside(path))
    }

    /// The volume at a real place.
    pub(crate) fn volume_at(&self, place: &Path) -> Option<&Value> {
        self.mounts.iter().find(|(path, _)| self.inside(path) == place).map(|(_, volume)| volume)
    }

    /// Variables that were set, and that nobody looked for.
    pub(crate) fn unread(&self) -> Vec<&str> {
        let asked = self.asked.borrow();
        self.variables.keys().filter(|name| !asked.contains(*name)).map(String::as_str).collect()
    }

    fn inside(&self, path: &Path) -> PathBuf {
        self.folder.path().join(path.strip_prefix("/").unwrap())
    }

    /// `/path`, `--flag=/path` or `--flag=key=/path`, else as it is.
    fn argument(&self, text: &str) -> String {
        match text.rsplit_once('=') {
            Some((flag, value)) => format!("{flag}={}", self.path(value)),
            None => self.path(text),
        }
    }

    fn path(&self, text: &str) -> String {
        self.place(Path::new(text))
            .map_or_else(|| text.to_owned(), |place| place.to_str().unwrap().to_owned())
    }
}

impl Environment for Container {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.asked.borrow_mut().insert(name.to_owned());
        self.variables.get(name).map(Into::into)
    }
}

/// What is in a volume.
fn files(volume: &Value, service_account: &str, supply: &impl Supply) -> Vec<(String, String)> {
    let secret = |name: &Value, source: &Value| chosen(source, |key| supply.secret(word(name), key));
    let config = |name: &Value, source: &Value| chosen(source, |key| supply.config(word(name), key));
    let mut found = Vec::new();
    found.extend(secret(&volume["secret"]["secretName"], &volume["secret"]));
    found.extend(config(&volume["configMap"]["name"], &volume["configMap"]));
    for source in items(&volume["projected"]["sources"]) {
        found.extend(secret(&source["secret"]["name"], &source["secret"]));
        if let Some(token) = source.get("serviceAccountToken") {
            let text = supply.token(service_account, word(&token["audience"]));
            found.push((word(&token["path"]).to_owned(), text));
        }
    }
    found
}

/// The keys that a source names. Without a choice all keys are there: the only such map has one.
fn chosen(source: &Value, get: impl Fn(&str) -> String) -> Vec<(String, String)> {
    match &source["items"] {
        Value::Null if source.is_object() && source.get("name").is_some() => {
            vec![("class.yaml".to_owned(), get("class.yaml"))]
        }
        chosen => items(chosen)
            .iter()
            .map(|item| (word(&item["path"]).to_owned(), get(word(&item["key"]))))
            .collect(),
    }
}

pub(crate) fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn word(text: &Value) -> &str {
    text.as_str().unwrap_or_else(|| panic!("{text} is no text"))
}
