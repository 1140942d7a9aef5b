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

use crate::mount::settings::Settings;
use input::Input;
use report::Report;

/// There is neither a class nor a pod.
#[derive(Debug, thiserror::Error)]
#[error("there is nothing to check: the input holds no SecretProviderClass and no pod or workload")]
pub struct Nothing;

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
