//! What a pod sees, what its description tells, and what the driver keeps.

use std::collections::BTreeMap;

use anyhow::Context as _;
use cucumber::gherkin::Step;
use cucumber::then;
use serde_json::Value;

use crate::cluster::World;
use crate::steps::{quoted, rows};
use crate::world::StepError;

/// How the driver begins the error that a provider's refusal becomes.
const REFUSED: &str = "failed to mount secrets store objects for pod";

#[then(expr = "the file {string} holds the value {string}")]
async fn file(world: &mut World, path: String, label: String) -> Result<(), StepError> {
    let pod = world.pod()?.to_owned();
    reads(world, pod, label, path).await
}

#[then(expr = "the pod {string} reads the value {string} in {string}")]
async fn reads(world: &mut World, pod: String, label: String, path: String) -> Result<(), StepError> {
    world.values.value(&label)?;
    world.runs(&pod).await?;
    let expected = format!("the value {label:?}");
    Ok(world
        .eventually(async |world| {
            let found = world.read(&pod, &path).await?;
            ensure!(found == expected, "{path} of {pod} holds {found}, expected {expected}");
            Ok(())
        })
        .await?)
}

#[then("the volume holds exactly these files:")]
async fn files(world: &mut World, step: &Step) -> Result<(), StepError> {
    let expected = rows(step, ["file", "value", "mode"])?;
    let expected = expected.into_iter().map(|[path, label, mode]| (path, label, Some(mode))).collect();
    let pod = world.pod()?.to_owned();
    Ok(holds_exactly(world, &pod, expected).await?)
}

#[then(expr = "the pod {string} sees exactly these files:")]
async fn sees(world: &mut World, pod: String, step: &Step) -> Result<(), StepError> {
    let expected = rows(step, ["file", "value"])?;
    let expected = expected.into_iter().map(|[path, label]| (path, label, None)).collect();
    Ok(holds_exactly(world, &pod, expected).await?)
}

/// Path, label and, if it matters, mode of all files that a pod sees.
pub(super) async fn holds_exactly(
    world: &mut World,
    pod: &str,
    expected: Vec<(&str, &str, Option<&str>)>,
) -> anyhow::Result<()> {
    let mut wanted = BTreeMap::new();
    for (path, label, mode) in expected {
        let content = if label.starts_with('`') {
            label.to_owned()
        } else {
            world.values.value(label)?;
            format!("the value {label:?}")
        };
        wanted.insert(path.to_owned(), (content, mode.map(str::to_owned)));
    }
    world.runs(pod).await?;
    world
        .eventually(async |world| {
            let found = world.files(pod).await?;
            let agrees = |(path, (value, mode)): (&String, &(String, Option<String>))| {
                found.get(path).is_some_and(|[found, found_mode]| {
                    found == value && mode.as_ref().is_none_or(|mode| mode == found_mode)
                })
            };
            let is_complete = found.len() == wanted.len() && wanted.iter().all(agrees);
            ensure!(is_complete, "{pod} sees {found:?}, expected {wanted:?}");
            Ok(())
        })
        .await
}

#[then(expr = "the mount is refused as {word}")]
async fn refused_as(world: &mut World, code: String) -> Result<(), StepError> {
    let pod = world.pod()?.to_owned();
    let mark = format!("code = {code} ");
    Ok(world
        .eventually(async |world| {
            let warnings = world.warnings(&pod).await?;
            let refusals = warnings.iter().map(|event| &event.message).filter(|text| text.contains(REFUSED));
            let found = refusals.clone().find(|text| text.contains(&mark)).cloned();
            ensure!(found.is_some(), "no refusal of {pod} has {mark:?}: {:?}", refusals.collect::<Vec<_>>());
            world.refusal = found;
            Ok(())
        })
        .await?)
}

#[then(regex = r#"^the mount is refused as (\w+) with (".+)$"#)]
async fn refused_with(world: &mut World, code: String, list: String) -> Result<(), StepError> {
    refused_as(world, code).await?;
    names(world, list)
}

#[then(regex = r#"^the refusal names (".+)$"#)]
fn names(world: &mut World, list: String) -> Result<(), StepError> {
    let refusal = world.refusal.as_ref().context("the scenario does not say how the mount is refused")?;
    let words: Vec<_> = quoted(&list).map(|word| world.in_own_namespace(word)).collect();
    let missing: Vec<_> = words.iter().filter(|word| !refusal.contains(*word)).collect();
    ensure!(missing.is_empty(), "the refusal does not name {missing:?}: {refusal}");
    Ok(())
}

#[then("the pod has no volume")]
async fn no_volume(world: &mut World) -> Result<(), StepError> {
    let pod = world.pod()?.to_owned();
    waits(world, pod).await
}

#[then(expr = "the pod {string} waits for its volume")]
async fn waits(world: &mut World, pod: String) -> Result<(), StepError> {
    let found = world.session.kube.pods(world.namespace()).get(&pod).await?;
    let phase = found.status.and_then(|status| status.phase).unwrap_or_default();
    ensure!(phase == "Pending", "the pod {pod} is {phase}");
    Ok(())
}

#[then(expr = "the pod {string} runs")]
async fn runs(world: &mut World, pod: String) -> Result<(), StepError> {
    Ok(world.runs(&pod).await?)
}

#[then(regex = r#"^the events of the pod "([^"]*)" tell a (\w+) "([^"]*)" of (".+)$"#)]
async fn event(
    world: &mut World,
    pod: String,
    severity: String,
    reason: String,
    list: String,
) -> Result<(), StepError> {
    let words: Vec<_> = quoted(&list).map(|word| world.in_own_namespace(word)).collect();
    Ok(world
        .eventually(async |world| {
            let events = world.session.kube.events(world.namespace(), &pod).await?;
            let found = events.iter().any(|event| {
                let is_of_it = event.severity == severity && event.reason == reason;
                is_of_it && words.iter().all(|word| event.message.contains(word))
            });
            ensure!(found, "the events of {pod} are {events:?}");
            Ok(())
        })
        .await?)
}

/// Of what a kubelet tells of every pod, or of its cluster's DNS, nobody speaks.
#[then(expr = "the pod {string} has no events")]
async fn no_events(world: &mut World, pod: String) -> Result<(), StepError> {
    let mut warnings = world.warnings(&pod).await?;
    warnings.retain(|event| event.reason.starts_with("Failed"));
    ensure!(warnings.is_empty(), "the events of {pod} warn of {warnings:?}");
    Ok(())
}

#[then("the driver stores these object versions:")]
async fn versions(world: &mut World, step: &Step) -> Result<(), StepError> {
    let pod = world.pod.clone().context("no pod of this scenario mounts a class")?;
    let class = &pod["spec"]["volumes"][0]["csi"]["volumeAttributes"]["secretProviderClass"];
    let class = class.as_str().context("the pod mounts no class")?.to_owned();
    let pod = world.pod()?.to_owned();
    stored(world, pod, class, step).await
}

#[then(expr = "the status of the pod {string} for {string} stores these object versions:")]
async fn stored(world: &mut World, pod: String, class: String, step: &Step) -> Result<(), StepError> {
    let expected = rows(step, ["id", "version"])?.into_iter().map(|row| row.map(str::to_owned));
    let mut expected: Vec<_> = expected.collect();
    expected.sort();
    Ok(world
        .eventually(async |world| {
            let status = status(world, &pod, &class).await?.context("the driver keeps no status")?;
            let objects = status["status"]["objects"].as_array().map_or(&[][..], Vec::as_slice);
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            // A provider may follow the cloud's version up, after a plus sign.
            let own =
                |version: String| version.split_once('+').map_or(version.clone(), |(own, _)| own.to_owned());
            let mut found: Vec<_> =
                objects.iter().map(|object| [text(&object["id"]), own(text(&object["version"]))]).collect();
            found.sort();
            ensure!(found == expected, "the status stores {found:?}, expected {expected:?}");
            Ok(())
        })
        .await?)
}

#[then(expr = "there is no status of the pod {string} for {string}")]
async fn no_status(world: &mut World, pod: String, class: String) -> Result<(), StepError> {
    Ok(world
        .eventually(async |world| {
            ensure!(status(world, &pod, &class).await?.is_none(), "there is a status of {pod} for {class}");
            Ok(())
        })
        .await?)
}

async fn status(world: &World, pod: &str, class: &str) -> anyhow::Result<Option<Value>> {
    let name = format!("{pod}-{}-{class}", world.namespace());
    let (version, kind) = ("secrets-store.csi.x-k8s.io/v1", "SecretProviderClassPodStatus");
    world.session.kube.get(version, kind, world.namespace(), &name).await
}
