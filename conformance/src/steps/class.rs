//! The `SecretProviderClass`.

use cucumber::gherkin::Step;
use cucumber::given;
use serde_json::{Value, json};

use super::World;
use crate::steps::text_below;
use crate::world::StepError;

#[given("the SecretProviderClass:")]
fn manifest(world: &mut World, step: &Step) -> Result<(), StepError> {
    let manifest = text_below(step)?;
    Ok(world.apply_class(manifest)?)
}

#[given(expr = "the SecretProviderClass {string} with the objects:")]
fn objects_below(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    Ok(apply(world, &name, Some(text_below(step)?))?)
}

#[given(regex = r#"^the SecretProviderClass "([^"]*)" with the objects `(.*)`$"#)]
fn objects_inline(world: &mut World, name: String, objects: String) -> Result<(), StepError> {
    Ok(apply(world, &name, Some(&objects))?)
}

#[given(expr = "the SecretProviderClass {string} without objects")]
fn without_objects(world: &mut World, name: String) -> Result<(), StepError> {
    Ok(apply(world, &name, None)?)
}

/// A class of the current version with one parameter more than the objects, so that none are an empty set.
pub(super) fn apply(world: &mut World, name: &str, objects: Option<&str>) -> anyhow::Result<()> {
    let mut parameters = json!({ "region": "cn-hangzhou" });
    if let Some(objects) = objects {
        parameters["objects"] = world.with_addresses(objects).into();
    }
    let manifest = json!({
        "apiVersion": "secrets-store.csi.x-k8s.io/v1",
        "kind": "SecretProviderClass",
        "metadata": { "name": name },
        "spec": { "provider": "alibabacloud", "parameters": parameters },
    });
    world.apply_class(&manifest.to_string())
}

#[given(expr = "the SecretProviderClass {string} with the objects and secretObjects:")]
fn with_secret_objects(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    Ok(apply_spec(world, &name, text_below(step)?)?)
}

/// A class from `objects` and `secretObjects`, both written as lists.
fn apply_spec(world: &mut World, name: &str, yaml: &str) -> anyhow::Result<()> {
    let mut spec: Value = serde_yaml::from_str(yaml)?;
    let objects = spec["objects"].take().to_string();
    let manifest = json!({
        "apiVersion": "secrets-store.csi.x-k8s.io/v1",
        "kind": "SecretProviderClass",
        "metadata": { "name": name },
        "spec": {
            "provider": "alibabacloud",
            "parameters": { "objects": objects },
            "secretObjects": spec["secretObjects"],
        },
    });
    world.apply_class(&manifest.to_string())
}

#[given(expr = "the SecretProviderClass {string} with {int} objects of the secret {string}")]
fn many_objects(world: &mut World, name: String, count: usize, secret: String) -> Result<(), StepError> {
    let entry = |index| format!("- {{objectName: {secret}, objectAlias: file-{index}}}\n");
    let objects: Vec<_> = (0..count).map(entry).collect();
    Ok(apply(world, &name, Some(&objects.concat()))?)
}
