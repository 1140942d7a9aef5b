//! The chart's examples, as operators apply them.

use anyhow::Context as _;
use cucumber::gherkin::Step;
use cucumber::{given, then, when};
use serde_json::Value;

use super::expectations::holds_exactly;
use super::identities::owner;
use crate::cloud::Grantee;
use crate::cluster::World;
use crate::cluster::example::Example;
use crate::cluster::kube::name;
use crate::steps::rows;
use crate::target::merge;
use crate::world::StepError;

/// The chart is told nothing but what stands in the example.
#[given(expr = "the chart's example {string} with its values")]
fn with_values(world: &mut World, name: String) -> Result<(), StepError> {
    example(world, name)?;
    let values = world.example()?.values(&world.counterparts())?;
    world.told_mut()?.region = None;
    merge(&mut world.file, values);
    Ok(())
}

/// It goes with any way to sign in.
#[given(expr = "the chart's example {string}")]
fn example(world: &mut World, name: String) -> Result<(), StepError> {
    world.example = Some(Example::of(&world.session.settings().path(), &name)?);
    Ok(())
}

#[given(regex = r#"^the role "([^"]*)"( of the other account)? has trust and policy of the example$"#)]
fn role(world: &mut World, name: String, other: String) -> Result<(), StepError> {
    let counterparts = world.counterparts();
    let trust = world.example()?.document("trust.json", &counterparts)?;
    let policy = world.example()?.document("policy.json", &counterparts)?;
    let owner = owner(&other);
    world.cloud.add_role_with(owner, &name, trust)?;
    Ok(world.cloud.allow_with(owner, Grantee::Role(&name), &policy)?)
}

#[given(regex = r#"^the (user|role) "([^"]*)" has the policy "([^"]*)" of the example$"#)]
fn policy(world: &mut World, kind: String, name: String, file: String) -> Result<(), StepError> {
    let policy = world.example()?.document(&file, &world.counterparts())?;
    let who = if kind == "user" { Grantee::User(&name) } else { Grantee::Role(&name) };
    Ok(world.cloud.allow_with(owner(""), who, &policy)?)
}

#[given(expr = "the key in the example is that of {string}")]
fn key(world: &mut World, user: String) -> Result<(), StepError> {
    world.key = Some(world.access_keys.get(&user).context("there is no such user")?.clone());
    Ok(())
}

#[given("the credentials of the example are applied")]
async fn credentials(world: &mut World) -> Result<(), StepError> {
    let namespace = world.release.namespace.clone();
    world.session.kube.make_namespace(&namespace).await?;
    for object in world.example()?.objects("credentials.yaml", &world.counterparts())? {
        world.session.kube.apply(&object, &namespace).await?;
    }
    Ok(())
}

#[given("the example is applied")]
#[when("the example is applied")]
async fn applied(world: &mut World) -> Result<(), StepError> {
    world.catch_up().await?;
    world.asked_before = world.asked();
    for object in world.example()?.objects("app.yaml", &world.counterparts())? {
        world.session.kube.apply(&object, world.namespace()).await?;
    }
    Ok(())
}

#[given(regex = r"^each of the (\d+) pods? of the example sees exactly these files:$")]
#[then(regex = r"^each of the (\d+) pods? of the example sees exactly these files:$")]
async fn pods_see(world: &mut World, count: usize, step: &Step) -> Result<(), StepError> {
    let rows = rows(step, ["file", "value", "mode"])?;
    for pod in pods(world, count).await? {
        let expected = rows.iter().map(|[path, label, mode]| (*path, *label, Some(*mode))).collect();
        holds_exactly(world, &pod, expected).await?;
    }
    Ok(())
}

#[given("the pods of the example are deleted with their Deployment")]
#[when("the pods of the example are deleted with their Deployment")]
async fn deleted(world: &mut World) -> Result<(), StepError> {
    world.catch_up().await?;
    let name = deployment(world)?["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    Ok(world.session.kube.delete("apps/v1", "Deployment", world.namespace(), &name).await?)
}

/// The names of the Deployment's pods, once there are so many.
async fn pods(world: &mut World, count: usize) -> anyhow::Result<Vec<String>> {
    let deployment = deployment(world)?;
    let labels = deployment["spec"]["selector"]["matchLabels"].as_object().context("it selects no pods")?;
    let selector: Vec<_> = labels
        .iter()
        .map(|(label, value)| format!("{label}={}", value.as_str().unwrap_or_default()))
        .collect();
    let selector = selector.join(",");
    let mut names = Vec::new();
    world
        .eventually(async |world| {
            let pods = world.session.kube.pods_of(world.namespace(), &selector).await?;
            names = pods.iter().map(|pod| name(pod).to_owned()).collect();
            ensure!(names.len() == count, "the example has {} pods, expected {count}", names.len());
            Ok(())
        })
        .await?;
    Ok(names)
}

fn deployment(world: &World) -> anyhow::Result<Value> {
    let objects = world.example()?.objects("app.yaml", &world.counterparts())?;
    objects.into_iter().find(|object| object["kind"] == "Deployment").context("it has no Deployment")
}
