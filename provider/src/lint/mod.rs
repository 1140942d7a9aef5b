//! `lint`: checks classes and the pods that use them, without cluster or cloud.
//!
//! Says what the API server, the driver and a mount would say, with the place in the file, and everything at once. What a
//! mount only warns of, a field that nobody knows, is a mistake here.

mod class;
pub mod command;
pub mod input;
mod manifest;
mod position;
pub mod report;
mod workload;

use std::collections::BTreeMap;

use crate::mount::settings::Settings;
use crate::mount::yaml::Node;
use input::Input;
use report::Report;

/// There is neither a class nor a pod.
#[derive(Debug, thiserror::Error)]
#[error("there is nothing to check: the input holds no SecretProviderClass and no pod or workload")]
pub struct Nothing;

/// A class, as a mount gets to see it.
#[derive(Debug)]
pub struct Parameters {
    /// Empty if the manifest names none.
    pub namespace: String,
    /// Empty if the manifest has none.
    pub name: String,
    /// Those that are text.
    pub values: BTreeMap<String, String>,
}

/// The classes of a file, whatever else is wrong with them. Fails on what is no manifest.
pub fn classes(input: &Input) -> Result<Vec<Parameters>, report::Finding> {
    let (mut manifests, mut findings) = (Vec::new(), Vec::new());
    manifest::read(input, &mut manifests, &mut findings);
    if let Some(finding) = findings.into_iter().next() {
        return Err(finding);
    }
    let classes = manifests.iter().filter(|manifest| manifest.kind() == class::KIND).map(|manifest| {
        let parameters = manifest.root.get("spec").and_then(|spec| spec.get("parameters"));
        let values = parameters.map_or(&[][..], Node::entries).iter();
        Parameters {
            namespace: manifest.namespace().unwrap_or_default().to_owned(),
            name: manifest.name().unwrap_or_default().to_owned(),
            values: values
                .filter_map(|entry| Some((entry.key.clone(), entry.node.text()?.to_owned())))
                .collect(),
        }
    });
    Ok(classes.collect())
}

/// Checks all files together: a pod in one may use a class in another.
pub fn lint(inputs: &[Input], settings: &Settings) -> Result<Report, Nothing> {
    let (mut manifests, mut findings) = (Vec::new(), Vec::new());
    for input in inputs {
        manifest::read(input, &mut manifests, &mut findings);
    }
    let of_kind = |kind: &'static str| manifests.iter().filter(move |manifest| manifest.kind() == kind);
    let classes: Vec<_> =
        of_kind(class::KIND).map(|manifest| class::check(manifest, settings, &mut findings)).collect();
    let secrets: Vec<_> = of_kind("Secret").collect();
    let pods: Vec<_> =
        manifests.iter().filter_map(|manifest| Some((manifest, workload::pod_spec(manifest)?))).collect();
    if classes.is_empty() && pods.is_empty() && findings.is_empty() {
        return Err(Nothing);
    }
    for (manifest, pod) in pods {
        workload::check(manifest, pod, &classes, &secrets, &mut findings);
    }
    let file = |name: &str| inputs.iter().position(|input| input.name == name);
    findings.sort_by_key(|finding| (file(&finding.file), finding.line, finding.column));
    Ok(Report { findings, classes: classes.into_iter().map(class::Class::report).collect() })
}
