//! Pods over time: a kubelet that looks after them, a clock that is moved, what their containers read, what their events tell.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use cucumber::gherkin::Step;
use cucumber::{given, then, when};
use serde_json::Value;
use tonic::{Code, Status};

use super::words::Span;
use super::{quoted, rows};
use crate::driver::objects::{CLASSES, EVENTS, POD_STATUSES, PODS};
use crate::driver::{
    Attempt, Container, Failure, Pod, Publication, Volume, WriteOutcome, code_name, pod_status, stand_in,
};
use crate::world::{StepError, World};

#[given(expr = "a driver that looks for changes every {int} seconds")]
fn rotation(world: &mut World, seconds: u64) -> Result<(), StepError> {
    world.driver_mut()?.options.rotation_poll_interval = Some(Duration::from_secs(seconds));
    Ok(())
}

#[given("a driver that does not look for changes")]
fn no_rotation(world: &mut World) -> Result<(), StepError> {
    world.driver_mut()?.options.rotation_poll_interval = None;
    Ok(())
}

#[given(regex = r#"^the pod "([^"]*)" with (".+)$"#)]
#[when(regex = r#"^the pod "([^"]*)" starts with (".+)$"#)]
async fn start(world: &mut World, name: String, classes: String) -> Result<(), StepError> {
    let pod = pod(&name, &classes)?;
    world.node.kubelet.admit(&world.driver, &pod, &[])?;
    world.pod = Some(pod);
    Ok(world.pass(Duration::ZERO).await?)
}

/// A pod with one volume per class; the second is called after its class.
fn pod(name: &str, classes: &str) -> anyhow::Result<Pod> {
    let mut classes = quoted(classes);
    let first = classes.next().context("a pod needs a class")?;
    let more_volumes = classes.map(|class| Volume::of(class, class)).collect();
    Ok(Pod { name: name.into(), more_volumes, ..Pod::mounting(first) })
}

#[given(expr = "{span} has/have passed")]
#[when(expr = "{span} pass(es)")]
async fn pass(world: &mut World, span: Span) -> Result<(), StepError> {
    world.attempts.clear();
    Ok(world.pass(span.0).await?)
}

#[given(expr = "the pod {string} has ended by itself")]
fn finished(world: &mut World, pod: String) -> Result<(), StepError> {
    Ok(world.node.kubelet.finish(&world.driver, &pod)?)
}

#[given(expr = "the pod {string} is deleted")]
#[when(expr = "the pod {string} is deleted")]
fn deleted(world: &mut World, pod: String) -> Result<(), StepError> {
    Ok(world.node.kubelet.remove(&world.driver, &pod)?)
}

#[given(expr = "the SecretProviderClass {string} is deleted")]
#[when(expr = "the SecretProviderClass {string} is deleted")]
fn class_deleted(world: &mut World, class: String) -> Result<(), StepError> {
    Ok(world.driver.objects.delete(CLASSES, "default", &class)?)
}

#[given(regex = r"^a stand-in provider that answers (\w+)$")]
fn stand_in_refuses(world: &mut World, code: String) -> Result<(), StepError> {
    let provider = stand_in::StandIn::start(&world.socket())?;
    provider.answer(Err(status(&code)?));
    world.stand_in = Some(provider);
    Ok(())
}

/// A status; the driver's client is told not to pause before it repeats what is `Unavailable`.
fn status(code: &str) -> anyhow::Result<Status> {
    let code = (1..=16).map(Code::from_i32).find(|known| format!("{known:?}") == code);
    let mut status = Status::new(code.context("gRPC knows no such code")?, "a bad day");
    status.metadata_mut().insert("grpc-retry-pushback-ms", "0".parse()?);
    Ok(status)
}

#[given(expr = "the stand-in provider answers with the file {string} and the value {string}")]
#[when(expr = "the stand-in provider answers with the file {string} and the value {string}")]
fn stand_in_answers(world: &mut World, path: String, label: String) -> Result<(), StepError> {
    let value = world.values.seal(&label)?;
    let provider = world.stand_in.as_ref().context("the provider of this scenario is no stand-in")?;
    provider.answer(Ok(stand_in::files([(path.as_str(), value.as_bytes(), label.as_str())])));
    Ok(())
}

#[then(expr = "the pod {string} runs")]
fn runs(world: &mut World, pod: String) -> Result<(), StepError> {
    let phase = phase(world, &pod)?;
    ensure!(phase == "Running", "the pod is {phase}; {}", last_failure(world));
    Ok(())
}

#[then(expr = "the pod {string} waits for its volume")]
fn waits(world: &mut World, pod: String) -> Result<(), StepError> {
    let phase = phase(world, &pod)?;
    ensure!(phase == "Pending", "the pod is {phase}");
    Ok(())
}

fn phase(world: &World, pod: &str) -> anyhow::Result<String> {
    let pod = world.driver.objects.get(PODS, "default", pod)?;
    Ok(pod["status"]["phase"].as_str().context("the pod has no phase")?.to_owned())
}

fn last_failure(world: &World) -> String {
    let mut failures = world.attempts.iter().rev().filter_map(|attempt| attempt.result.as_ref().err());
    failures.next().map_or_else(String::new, Failure::pod_event)
}

fn container<'a>(world: &'a World, pod: &str) -> anyhow::Result<&'a Container> {
    let container = world.node.kubelet.container(pod, "secrets-store");
    container.ok_or_else(|| anyhow!("no container of {pod} has started; {}", last_failure(world)))
}

#[then(expr = "the pod {string} reads the value {string} in {string}")]
fn reads(world: &mut World, pod: String, label: String, path: String) -> Result<(), StepError> {
    world.values.value(&label)?;
    let content = container(world, &pod)?.read(&path).with_context(|| format!("reading {path} in {pod}"))?;
    let found = world.values.describe(&content);
    ensure!(found == format!("the value {label:?}"), "{path} holds {found}, expected the value {label:?}");
    Ok(())
}

#[then(expr = "the pod {string} reads the value {string} in {string} of its volume {string}")]
fn reads_in_volume(
    world: &mut World,
    pod: String,
    label: String,
    path: String,
    volume: String,
) -> Result<(), StepError> {
    let container = world.node.kubelet.container(&pod, &volume).context("no such container has started")?;
    let found = world.values.describe(&container.read(&path)?);
    ensure!(found == format!("the value {label:?}"), "{path} holds {found}, expected the value {label:?}");
    Ok(())
}

#[then(expr = "the pod {string} sees exactly these files:")]
fn sees(world: &mut World, pod: String, step: &Step) -> Result<(), StepError> {
    let container = container(world, &pod)?;
    let expected: Vec<_> = rows(step, ["file", "value"])?
        .into_iter()
        .map(|[path, label]| (path.to_owned(), format!("the value {label:?}")))
        .collect();
    let mut found = Vec::new();
    for path in container.files()? {
        let content = container.read(&path)?;
        found.push((path, world.values.describe(&content)));
    }
    ensure!(found == expected, "the pod sees {found:?}, expected {expected:?}");
    Ok(())
}

#[then(expr = "the pod {string} sees an empty volume")]
fn sees_nothing(world: &mut World, pod: String) -> Result<(), StepError> {
    let files = container(world, &pod)?.files()?;
    ensure!(files.is_empty(), "the pod sees {files:?}");
    Ok(())
}

#[then(expr = "the driver's volume of the pod {string} holds the file {string}")]
fn mounted_meanwhile(world: &mut World, pod: String, path: String) -> Result<(), StepError> {
    let known = world.pod.as_ref().filter(|known| known.name == pod).context("no such pod")?;
    ensure!(world.driver.is_mounted(known), "nothing is mounted for {pod}");
    let volume = world.driver.target_path(known);
    ensure!(volume.join(&path).exists(), "{} holds no {path}", volume.display());
    Ok(())
}

#[then(regex = r"^the kubelet asked (\d+) times?, and the driver asked the provider (\d+) times?$")]
fn asked(world: &mut World, kubelet: usize, driver: usize) -> Result<(), StepError> {
    let asked = world.attempts.iter().filter(|attempt| !is_skipped(attempt)).count();
    ensure!(
        (world.attempts.len(), asked) == (kubelet, driver),
        "the kubelet asked {} times and the driver {asked} times",
        world.attempts.len()
    );
    Ok(())
}

fn is_skipped(attempt: &Attempt) -> bool {
    matches!(attempt.result, Ok(Publication::Skipped))
}

#[then(regex = r"^the last look failed as (\w+)$")]
fn last_look_failed(world: &mut World, code: String) -> Result<(), StepError> {
    match world.attempts.last().map(|attempt| &attempt.result) {
        Some(Err(Failure::Refused(refusal))) if code_name(refusal.error.code()) == code => Ok(()),
        other => bail!("the last look ended with {other:?}"),
    }
}

#[then(expr = "a pod that starts now reads the value {string} in {string}")]
async fn late_pod_reads(world: &mut World, label: String, path: String) -> Result<(), StepError> {
    let class =
        world.pod.as_ref().context("no pod of this scenario mounts a class")?.volume.class().to_owned();
    let pod = Pod { name: "late".into(), ..Pod::mounting(&class) };
    world.node.kubelet.admit(&world.driver, &pod, &[])?;
    world.pass(Duration::ZERO).await?;
    reads(world, pod.name, label, path)
}

#[then("the volume was never touched")]
fn untouched(world: &mut World) -> Result<(), StepError> {
    let touched = world.attempts.iter().any(|attempt| match &attempt.result {
        Ok(Publication::Mounted(receipt)) => receipt.outcome != WriteOutcome::Unchanged,
        _ => false,
    });
    ensure!(!touched, "the driver wrote: {:?}", world.attempts);
    Ok(())
}

#[then(expr = "the status of the pod {string} for {string} stores these object versions:")]
fn stored(world: &mut World, pod: String, class: String, step: &Step) -> Result<(), StepError> {
    let name = pod_status::name(&pod, "default", &class);
    let status = world.driver.objects.get(POD_STATUSES, "default", &name)?;
    // A provider may follow the cloud's version up, after a plus sign.
    let own = |version: String| version.split_once('+').map_or(version.clone(), |(own, _)| own.to_owned());
    let found: Vec<_> =
        pod_status::versions(&status).into_iter().map(|(id, version)| [id, own(version)]).collect();
    let expected = rows(step, ["id", "version"])?.into_iter().map(|row| row.map(str::to_owned));
    let expected: Vec<_> = expected.collect();
    ensure!(found == expected, "the status stores {found:?}, expected {expected:?}");
    Ok(())
}

#[then(expr = "there is no status of the pod {string} for {string}")]
fn no_status(world: &mut World, pod: String, class: String) -> Result<(), StepError> {
    let name = pod_status::name(&pod, "default", &class);
    ensure!(world.driver.objects.get(POD_STATUSES, "default", &name).is_err(), "there is a status {name}");
    Ok(())
}

#[then(regex = r#"^the events of the pod "([^"]*)" tell a (\w+) "([^"]*)" of (".+)$"#)]
fn event(
    world: &mut World,
    pod: String,
    severity: String,
    reason: String,
    list: String,
) -> Result<(), StepError> {
    let events = events(world, &pod);
    let is_meant = |event: &[String; 3]| {
        event[0] == severity && event[1] == reason && quoted(&list).all(|word| event[2].contains(word))
    };
    ensure!(events.iter().any(is_meant), "the events of {pod} are {events:?}");
    Ok(())
}

#[given(expr = "the pod {string} has told nothing yet")]
#[then(expr = "the pod {string} has no events")]
fn no_events(world: &mut World, pod: String) -> Result<(), StepError> {
    let events = events(world, &pod);
    ensure!(events.is_empty(), "the events of {pod} are {events:?}");
    Ok(())
}

#[then(regex = r#"^the pod "([^"]*)" has told once of a (\w+) "([^"]*)"$"#)]
fn told_once(world: &mut World, pod: String, severity: String, reason: String) -> Result<(), StepError> {
    let events = world.driver.objects.list(EVENTS);
    let is_meant = |event: &&Value| {
        event["involvedObject"]["name"] == pod && event["type"] == severity && event["reason"] == reason
    };
    let count: u64 = events.iter().filter(is_meant).filter_map(|event| event["count"].as_u64()).sum();
    ensure!(count == 1, "{pod} has told {count} times of a {severity} {reason}");
    Ok(())
}

/// Type, reason and message of a pod's events.
fn events(world: &World, pod: &str) -> Vec<[String; 3]> {
    let events = world.driver.objects.list(EVENTS).into_iter();
    let events = events.filter(|event| event["involvedObject"]["name"] == pod);
    events
        .map(|event| {
            ["type", "reason", "message"].map(|key| event[key].as_str().unwrap_or_default().to_owned())
        })
        .collect()
}
