//! Kubernetes Secrets made of mounted files.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cucumber::gherkin::Step;
use cucumber::{given, then};
use serde_json::{Value, json};

use crate::cluster::World;
use crate::steps::words::Expected;
use crate::world::StepError;

#[given(expr = "somebody edits the Secret {string}, key {string}")]
async fn edited(world: &mut World, name: String, key: String) -> Result<(), StepError> {
    world
        .eventually(async |world| {
            ensure!(secret(world, &name).await?.is_some(), "there is no Secret {name}");
            Ok(())
        })
        .await?;
    let mut change = json!({ "data": {} });
    change["data"][key] = STANDARD.encode("edited by hand").into();
    Ok(world.session.kube.merge(("v1", "Secret"), world.namespace(), &name, &change).await?)
}

#[given(expr = "the Secret {string} of type {string} holds:")]
#[then(expr = "the Secret {string} of type {string} holds:")]
async fn holds(world: &mut World, name: String, secret_type: String, step: &Step) -> Result<(), StepError> {
    let expected = Expected::read(secret_type, step, &world.values)?;
    Ok(world
        .eventually(async |world| {
            let secret = secret(world, &name).await?.context("there is no such Secret")?;
            expected.check(&secret, &world.values)
        })
        .await?)
}

#[then(expr = "there is no Secret {string}")]
async fn absent(world: &mut World, name: String) -> Result<(), StepError> {
    Ok(world
        .eventually(async |world| {
            ensure!(secret(world, &name).await?.is_none(), "there is a Secret {name}");
            Ok(())
        })
        .await?)
}

async fn secret(world: &World, name: &str) -> anyhow::Result<Option<Value>> {
    world.session.kube.get("v1", "Secret", world.namespace(), name).await
}
