//! A `SecretProviderClass`: what the API server, the driver and the provider would say to it.
//!
//! Rules of the driver: `pkg/util/secretutil` and `apis/v1` of kubernetes-sigs/secrets-store-csi-driver, tag v1.6.0.

use std::collections::BTreeSet;

use super::manifest::Manifest;
use super::report::{self, Finding, MountedFile};
use crate::mount::excerpt::Excerpt;
use crate::mount::guess::guess;
use crate::mount::object::{self, Problem, check_objects};
use crate::mount::path::Translation;
use crate::mount::request::{self, PARAMETERS, Warning};
use crate::mount::settings::Settings;
use crate::mount::yaml::{Entry, Node, Value};

pub(super) const KIND: &str = "SecretProviderClass";
const PROVIDER: &str = "alibabacloud";
const API_VERSIONS: [&str; 2] = ["secrets-store.csi.x-k8s.io/v1", "secrets-store.csi.x-k8s.io/v1alpha1"];

/// A class, as far as others depend on it.
#[derive(Debug)]
pub(super) struct Class<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) is_valid: bool,
    pub(super) files: Vec<MountedFile>,
    /// The Kubernetes Secrets that the driver makes of it.
    pub(super) secrets: Vec<String>,
}

impl Class<'_> {
    pub(super) fn report(self) -> report::Class {
        report::Class {
            namespace: self.manifest.namespace().map(str::to_owned),
            name: self.manifest.name().unwrap_or("without a name").to_owned(),
            valid: self.is_valid,
            files: self.files,
        }
    }
}

/// Checks a class, whatever is wrong with it.
pub(super) fn check<'a>(
    manifest: &'a Manifest,
    settings: &Settings,
    findings: &mut Vec<Finding>,
) -> Class<'a> {
    let earlier = findings.len();
    let mut class = Class { manifest, is_valid: false, files: Vec::new(), secrets: Vec::new() };
    check_all(&mut class, settings, findings);
    class.is_valid = findings.len() == earlier;
    class
}

fn check_all(class: &mut Class<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    let manifest = class.manifest;
    let root = &manifest.root;
    let version = root.get("apiVersion").unwrap_or(root);
    let known = &API_VERSIONS[..];
    mutate!(LintKnowsOldApiOnly: known = &API_VERSIONS[1..]);
    mutate!(LintKnowsNewApiOnly: known = &API_VERSIONS[..1]);
    if !version.text().is_some_and(|version| known.contains(&version)) {
        let found = Excerpt(version.text().unwrap_or_default());
        let message = format!("apiVersion: found {found}, expected {}", API_VERSIONS.join(" or "));
        findings.push(manifest.error(version, message));
    }
    manifest.note_unknown(
        root.entries(),
        &["apiVersion", "kind", "metadata", "spec", "status"],
        "a SecretProviderClass",
        findings,
    );
    if manifest.name().is_none() {
        findings
            .push(manifest.error(root.get("metadata").unwrap_or(root), "metadata.name is missing or empty"));
    }
    let Some(spec) = root.get("spec") else {
        findings.push(manifest.error(root, "spec is missing; expected provider and parameters"));
        return;
    };
    manifest.note_unknown(spec.entries(), &["provider", "parameters", "secretObjects"], "spec", findings);
    let provider = spec.get("provider").unwrap_or(spec);
    if provider.text() != Some(PROVIDER) {
        let found = Excerpt(provider.text().unwrap_or_default());
        findings.push(manifest.error(provider, format!("spec.provider: found {found}, expected {PROVIDER}")));
    }
    let is_complete = if let Some(parameters) = spec.get("parameters") {
        check_parameters(class, parameters, settings, findings)
    } else {
        findings.push(manifest.error(spec, "spec.parameters is missing; expected at least objects"));
        false
    };
    mutate!(LintBlindToSecrets => return);
    for (index, secret) in spec.get("secretObjects").map_or(&[][..], Node::items).iter().enumerate() {
        check_secret(class, index, secret, is_complete, findings);
    }
}

/// Whether the files of the class are known for sure.
fn check_parameters(
    class: &mut Class<'_>,
    parameters: &Node,
    settings: &Settings,
    findings: &mut Vec<Finding>,
) -> bool {
    let manifest = class.manifest;
    for entry in parameters.entries() {
        if let Some(message) = refuse_type(manifest, entry) {
            findings.push(manifest.error(&entry.node, message));
        }
        if !PARAMETERS.contains(&entry.key.as_str()) {
            let guess = guess(&entry.key, PARAMETERS);
            let warning = Warning::UnknownParameter { name: entry.key.clone(), guess };
            findings.push(manifest.error_at(entry.place, warning.to_string()));
        }
    }
    let value = |name: &str| parameters.get(name).and_then(|node| Some((node, node.text()?)));
    let mut refuse =
        |node: &Node, error: request::Error| findings.push(manifest.error(node, error.to_string()));
    let mut region = None;
    if let Some((node, text)) = value("region") {
        region = text.parse().map_err(|error| refuse(node, request::Error::Region(error))).ok();
    }
    let mut translation = Translation::default();
    if let Some((node, text)) = value("pathTranslation") {
        translation =
            request::parse_translation(text).map_err(|error| refuse(node, error)).unwrap_or_default();
    }
    if let Some((node, text)) = value("usePodServiceAccountToken")
        && let Err(error) = request::parse_pod_identity(text)
    {
        refuse(node, error);
    }
    let node = parameters.get("objects").unwrap_or(parameters);
    let text = match parameters.get("objects") {
        // Said already.
        Some(Node { value: Value::List(_) | Value::Mapping(_), .. }) => return false,
        objects => objects.and_then(Node::text).unwrap_or_default(),
    };
    let rules = settings.rules(translation, region.as_ref().or(settings.region.as_ref()));
    let (objects, found) = check_objects(text, &rules);
    let is_complete = found.iter().all(object::Finding::is_warning);
    findings.extend(found.into_iter().map(|object::Finding { label, place, problem }| {
        let problem = match problem {
            Problem::Yaml(error) => format!("objects is no valid YAML: {}", error.reason),
            other => other.to_string(),
        };
        let message = label.map_or_else(|| problem.clone(), |label| format!("{label}: {problem}"));
        manifest.error_within(node, place, message)
    }));
    class.files = objects
        .iter()
        .flat_map(|object| object.files.iter().map(move |file| (object, file)))
        .map(|(object, file)| MountedFile {
            path: file.path.to_string(),
            mode: file.mode.map(|mode| format!("{mode:?}")),
            source: file.label.to_string(),
            optional: object.optional,
        })
        .collect();
    is_complete
}

/// Parameters are text, and the API server refuses anything else.
fn refuse_type(manifest: &Manifest, Entry { key, node, .. }: &Entry) -> Option<String> {
    match &node.value {
        Value::Null => None,
        Value::List(_) if key == "objects" => Some(
            "objects: found a list, expected a text that holds a YAML list; write 'objects: |' and indent the list below it"
                .to_owned(),
        ),
        Value::Scalar(text) => {
            let found = manifest.other_type(node)?;
            Some(format!("parameter {key}: found {found}, expected text; put it in quotes: {key}: \"{text}\""))
        }
        other => Some(format!("parameter {key}: found {}, expected text", other.kind())),
    }
}

fn check_secret(
    class: &mut Class<'_>,
    index: usize,
    secret: &Node,
    is_complete: bool,
    findings: &mut Vec<Finding>,
) {
    let manifest = class.manifest;
    let owner = format!("secretObjects[{index}]");
    manifest.note_unknown(
        secret.entries(),
        &["secretName", "type", "labels", "annotations", "data"],
        &owner,
        findings,
    );
    for (field, expected) in
        [("secretName", "the name of the Secret to make"), ("type", "the Secret's type such as Opaque")]
    {
        if secret.get(field).and_then(Node::text).is_none() {
            findings.push(manifest.error(
                secret.get(field).unwrap_or(secret),
                format!("{owner}: {field} is missing or empty; expected {expected}"),
            ));
        }
    }
    if let Some(name) = secret.get("secretName").and_then(Node::text) {
        if class.secrets.iter().any(|earlier| earlier == name) {
            let message =
                format!("{owner}: an earlier entry makes the Secret {}, too; join the two", Excerpt(name));
            findings.push(manifest.error(secret, message));
        }
        class.secrets.push(name.to_owned());
    }
    let items = secret.get("data").map_or(&[][..], Node::items);
    if items.is_empty() {
        findings.push(manifest.error(
            secret.get("data").unwrap_or(secret),
            format!("{owner}: data is missing or empty; expected a list of objectName and key"),
        ));
    }
    let is_tls = secret.get("type").and_then(Node::text) == Some("kubernetes.io/tls");
    let mut keys = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let owner = format!("{owner}.data[{index}]");
        manifest.note_unknown(item.entries(), &["objectName", "key"], &owner, findings);
        match item.get("key").and_then(Node::text) {
            None => findings.push(manifest.error(item, format!("{owner}: key is missing or empty"))),
            Some(key) if is_tls && !matches!(key, "tls.crt" | "tls.key") => {
                let message = format!(
                    "{owner}: key {} cannot be in a Secret of type kubernetes.io/tls; expected tls.crt or tls.key",
                    Excerpt(key)
                );
                findings.push(manifest.error(item, message));
            }
            Some(key) if !keys.insert(key) => {
                let message = format!("{owner}: key {} was used before in this Secret", Excerpt(key));
                findings.push(manifest.error(item, message));
            }
            Some(_) => {}
        }
        match item.get("objectName").map(|node| (node, node.text().unwrap_or_default())) {
            None | Some((_, "")) => {
                findings.push(manifest.error(item, format!("{owner}: objectName is missing or empty")));
            }
            Some((node, name)) => {
                if is_complete && !class.files.iter().any(|file| file.path == name) {
                    findings.push(manifest.error(node, format!("{owner}: {}", no_such_file(class, name))));
                }
            }
        }
    }
}

/// A Secret is made of files, so it is the file's name that counts: translated, and the alias where there is one.
fn no_such_file(class: &Class<'_>, name: &str) -> String {
    let paths: Vec<_> = class.files.iter().map(|file| file.path.as_str()).collect();
    let hint = match class.files.iter().find(|file| file.source.ends_with(&Excerpt(name).to_string())) {
        Some(file) => format!("that secret's file is {}", Excerpt(&file.path)),
        None => match guess(name, &paths) {
            Some(path) => format!("{} may be meant", Excerpt(path)),
            None => format!("the files are {}", Excerpt(&paths.join(", "))),
        },
    };
    format!("objectName {} is no file that the class mounts; {hint}", Excerpt(name))
}
