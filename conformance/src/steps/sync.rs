//! Kubernetes Secrets made of mounted files, and the releases of the driver.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cucumber::gherkin::Step;
use cucumber::{given, then, when};
use serde_json::{Value, json};

use super::rows;
use super::words::Expected;
use crate::driver::objects::{REPLICA_SETS, SECRETS};
use crate::driver::{Pod, Release};
use crate::world::{StepError, World};

#[given("a driver that may write Secrets")]
fn sync_on(world: &mut World) -> Result<(), StepError> {
    world.driver_mut()?.options.sync_secret = true;
    Ok(())
}

#[given(regex = r"^a driver of release (.+)$")]
fn of_release(world: &mut World, release: String) -> Result<(), StepError> {
    let release = match release.as_str() {
        "v1.6.0" => Release::V1_6_0,
        "v1.5.6" => Release::V1_5_6,
        _ => bail!("the release {release} of the driver is not played"),
    };
    let options = &mut world.driver_mut()?.options;
    *options = options.clone().of_release(release);
    Ok(())
}

#[given(expr = "the pod {string} of the ReplicaSet {string} with {string}")]
async fn owned_pod(world: &mut World, name: String, owner: String, class: String) -> Result<(), StepError> {
    let object = json!({ "metadata": { "namespace": "default", "name": owner } });
    let object = match world.driver.objects.get(REPLICA_SETS, "default", &owner) {
        Ok(object) => object,
        Err(_) => world.driver.objects.create(REPLICA_SETS, object)?,
    };
    let reference = json!({
        "apiVersion": object["apiVersion"],
        "kind": object["kind"],
        "name": owner,
        "uid": object["metadata"]["uid"],
    });
    let pod = Pod { name, ..Pod::mounting(&class) };
    world.node.kubelet.admit(&world.driver, &pod, &[reference])?;
    world.pod = Some(pod);
    Ok(world.pass(std::time::Duration::ZERO).await?)
}

#[given(expr = "the ReplicaSet {string} is deleted")]
#[when(expr = "the ReplicaSet {string} is deleted")]
fn replica_set_deleted(world: &mut World, name: String) -> Result<(), StepError> {
    Ok(world.driver.objects.delete(REPLICA_SETS, "default", &name)?)
}

#[given(expr = "somebody edits the Secret {string}, key {string}")]
fn edited(world: &mut World, name: String, key: String) -> Result<(), StepError> {
    let mut secret = secret(world, &name)?;
    secret["data"][key] = STANDARD.encode("edited by hand").into();
    world.driver.objects.update(SECRETS, secret)?;
    Ok(())
}

#[given(expr = "a Secret {string} of somebody's own")]
fn foreign(world: &mut World, name: String) -> Result<(), StepError> {
    let secret = json!({
        "metadata": { "namespace": "default", "name": name },
        "type": "Opaque",
        "data": { "own": STANDARD.encode("of somebody") },
    });
    world.driver.objects.create(SECRETS, secret)?;
    Ok(())
}

#[then(expr = "the Secret {string} is of somebody's own")]
fn still_foreign(world: &mut World, name: String) -> Result<(), StepError> {
    let secret = secret(world, &name)?;
    ensure!(secret["data"]["own"].is_string(), "the Secret was replaced");
    Ok(())
}

#[then(expr = "the Secret {string} of type {string} holds:")]
fn holds(world: &mut World, name: String, secret_type: String, step: &Step) -> Result<(), StepError> {
    let expected = Expected::read(secret_type, step, &world.values)?;
    Ok(expected.check(&secret(world, &name)?, &world.values)?)
}

#[then(expr = "there is no Secret {string}")]
fn absent(world: &mut World, name: String) -> Result<(), StepError> {
    ensure!(secret(world, &name).is_err(), "there is a Secret {name}");
    Ok(())
}

#[then("there are no Secrets")]
fn none(world: &mut World) -> Result<(), StepError> {
    let secrets = world.driver.objects.list(SECRETS);
    let names: Vec<_> = secrets.iter().map(|secret| &secret["metadata"]["name"]).collect();
    ensure!(names.is_empty(), "there are the Secrets {names:?}");
    Ok(())
}

#[then(expr = "the Secret {string} belongs to:")]
fn owners(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    let secret = secret(world, &name)?;
    let owners = secret["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found: Vec<_> = owners.iter().map(|owner| [text(&owner["kind"]), text(&owner["name"])]).collect();
    found.sort();
    let expected = rows(step, ["kind", "name"])?.into_iter().map(|row| row.map(str::to_owned));
    let mut expected: Vec<_> = expected.collect();
    expected.sort();
    ensure!(found == expected, "the Secret belongs to {found:?}, expected {expected:?}");
    Ok(())
}

fn secret(world: &World, name: &str) -> anyhow::Result<Value> {
    Ok(world.driver.objects.get(SECRETS, "default", name)?)
}
