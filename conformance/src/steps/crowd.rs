//! Several pods at once: they come together, wait together, and some go away.

use anyhow::Context as _;
use cucumber::{given, then, when};
use fake_alicloud::FaultProduct;

use super::pods::run_as;
use super::{calls, mount};
use crate::cloud::hang;
use crate::driver::{Pod, Publication};
use crate::patience;
use crate::world::{Outcome, StepError, Waiting, World};

/// How many answers of the provider's own page are awaited until all mounts have asked.
const ANSWERS: usize = 50;

#[given("KMS waits until all pods are there")]
fn kms_waits(world: &mut World) -> Result<(), StepError> {
    Ok(world.cloud.plan(hang().product(FaultProduct::Kms))?)
}

#[given(expr = "reading the secret {string} hangs")]
fn secret_hangs(world: &mut World, name: String) -> Result<(), StepError> {
    Ok(world.cloud.plan(hang().product(FaultProduct::Kms).resource(&name))?)
}

#[given(expr = "a pod that waits for the secrets of {string}")]
async fn waits(world: &mut World, class: String) -> Result<(), StepError> {
    world.provider().await?;
    begin(world, Pod::mounting(&class))?;
    all_are_there(world).await?;
    Ok(cloud_is_asked(world).await?)
}

#[when(regex = r#"^(\d+) pods(?: of the service account "([^"]*)")? mount "([^"]*)" at once$"#)]
async fn mount_at_once(
    world: &mut World,
    count: usize,
    account: String,
    class: String,
) -> Result<(), StepError> {
    world.provider().await?;
    world.asked_before = world.asked();
    for _ in 0..count {
        let mut pod = Pod::mounting(&class);
        if !account.is_empty() {
            run_as(world, &mut pod, &account)?;
        }
        begin(world, pod)?;
    }
    all_are_there(world).await?;
    cloud_is_asked(world).await?;
    // A mount is counted before it has asked for its secrets, and one that asks only when the answer has come asks anew, as it must.
    // The page comes from the threads that serve mounts, so what was ready to go on before has gone on after some answers.
    for _ in 0..ANSWERS {
        calls::mounts_under_way(world).await?;
    }
    world.cloud.recover();
    Ok(())
}

fn begin(world: &mut World, pod: Pod) -> anyhow::Result<()> {
    world.pod = Some(pod.clone());
    let running = world.begin_publish()?;
    world.crowd.push(Waiting { pod, running });
    Ok(())
}

/// A call of the provider's waits at the cloud.
async fn cloud_is_asked(world: &World) -> anyhow::Result<()> {
    let cloud = &world.cloud;
    patience::until("the provider asks the cloud", async || (cloud.held() > 0).then_some(())).await?;
    Ok(())
}

/// The provider counts as many mounts under way as there are pods.
async fn all_are_there(world: &mut World) -> anyhow::Result<()> {
    let waiting = world.crowd.len();
    patience::until(&format!("{waiting} mounts are under way"), async || {
        let counted = calls::mounts_under_way(world).await.ok()?;
        (counted == waiting).then_some(())
    })
    .await?;
    Ok(())
}

#[then(expr = "each of these pods has the file {string} with the value {string}")]
async fn each_has(world: &mut World, path: String, label: String) -> Result<(), StepError> {
    for waiting in std::mem::take(&mut world.crowd) {
        let outcome = waiting.running.await.context("the driver's task ended early")?;
        world.served.push((waiting.pod, outcome));
    }
    let value = world.values.value(&label)?.to_owned();
    ensure!(!world.served.is_empty(), "there are no such pods");
    for (pod, outcome) in &world.served {
        check(world, pod, outcome, &path, &value)?;
    }
    Ok(())
}

fn check(world: &World, pod: &Pod, outcome: &Outcome, path: &str, value: &[u8]) -> anyhow::Result<()> {
    match &outcome.result {
        Ok(Publication::Mounted(_)) => {}
        Ok(Publication::Skipped) => bail!("the driver did not ask the provider"),
        Err(refusal) => bail!("a mount was refused: {refusal}"),
    }
    let content = std::fs::read(world.driver.target_path(pod).join(path))
        .with_context(|| format!("reading {path} as the pod does"))?;
    ensure!(content == value, "{path} holds {}", world.values.describe(&content));
    Ok(())
}

#[then(expr = "{int} pod(s) still wait(s)")]
fn still_wait(world: &mut World, count: usize) -> Result<(), StepError> {
    let waiting = world.crowd.iter().filter(|waiting| !waiting.running.is_finished()).count();
    ensure!(waiting == count, "{waiting} pods wait");
    Ok(())
}

#[then(expr = "all pods that wait have the file {string} with the value {string} once all is well")]
async fn served_once_well(world: &mut World, path: String, label: String) -> Result<(), StepError> {
    world.cloud.recover();
    each_has(world, path, label).await
}

#[when(regex = "^the kubelet gives up on the (first|last) pod that waits$")]
async fn gives_up(world: &mut World, which: String) -> Result<(), StepError> {
    ensure!(!world.crowd.is_empty(), "no pod waits");
    let index = if which == "first" { 0 } else { world.crowd.len() - 1 };
    let waiting = world.crowd.remove(index);
    waiting.running.abort();
    // Its end is awaited, so that its call is cancelled before anything is looked at.
    drop(waiting.running.await);
    all_are_there(world).await?;
    Ok(())
}

#[then(
    regex = r#"^another look at the pod finds the value "([^"]*)" in the file "([^"]*)" and makes the calls (.+)$"#
)]
async fn another_look(world: &mut World, label: String, path: String, list: String) -> Result<(), StepError> {
    world.publish().await?;
    mount::file(world, path, label)?;
    Ok(calls::expect(world, &list).await?)
}
