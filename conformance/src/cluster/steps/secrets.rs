//! Kubernetes Secrets made of mounted files.

use std::collections::BTreeMap;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cucumber::gherkin::Step;
use cucumber::{given, then};
use serde_json::{Value, json};

use crate::cluster::World;
use crate::steps::rows;
use crate::world::StepError;

const MANAGED: &str = "secrets-store.csi.k8s.io/managed";

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
    let mut expected = BTreeMap::new();
    for [key, label] in rows(step, ["key", "value"])? {
        world.values.value(label)?;
        expected.insert(key.to_owned(), format!("the value {label:?}"));
    }
    Ok(world
        .eventually(async |world| {
            let secret = secret(world, &name).await?.context("there is no such Secret")?;
            ensure!(secret["type"] == secret_type.as_str(), "the Secret is of type {}", secret["type"]);
            let label = &secret["metadata"]["labels"][MANAGED];
            ensure!(label == "true", "the Secret's label is {label}");
            let mut found = BTreeMap::new();
            for (key, value) in secret["data"].as_object().context("the Secret has no data")? {
                let content = STANDARD.decode(value.as_str().unwrap_or_default())?;
                found.insert(key.clone(), world.values.describe(&content));
            }
            ensure!(found == expected, "the Secret holds {found:?}, expected {expected:?}");
            Ok(())
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
