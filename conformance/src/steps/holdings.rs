//! What the cloud's stores of secrets hold: texts, JSON, bytes, labelled versions, parameters.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cucumber::gherkin::Step;
use cucumber::given;

use super::World;
use crate::cloud::DataType;
use crate::steps::{rows, text_below};
use crate::world::StepError;

#[given(expr = "KMS holds the secret {string} with the value {string}")]
fn secret(world: &mut World, name: String, label: String) -> Result<(), StepError> {
    let value = world.values.seal(&label)?;
    Ok(world.cloud.put_secret(&name, "v1", &value)?)
}

#[given(expr = "KMS holds the secret {string} with a value {string} of several lines and awkward characters")]
fn awkward_secret(world: &mut World, name: String, label: String) -> Result<(), StepError> {
    let value = world.values.seal_awkward(&label)?;
    Ok(world.cloud.put_secret(&name, "v1", &value)?)
}

#[given("KMS holds these secrets:")]
fn secrets(world: &mut World, step: &Step) -> Result<(), StepError> {
    for [name, version, label] in rows(step, ["name", "version", "value"])? {
        let value = world.values.seal(label)?;
        world.cloud.put_secret(name, version, &value)?;
    }
    Ok(())
}

#[given(expr = "the secret {string} gets the version {string} with the value {string}")]
fn new_version(world: &mut World, name: String, version: String, label: String) -> Result<(), StepError> {
    let value = world.values.seal(&label)?;
    Ok(world.cloud.put_secret(&name, &version, &value)?)
}

#[given(expr = "the secret {string} is deleted")]
fn deleted(world: &mut World, name: String) -> Result<(), StepError> {
    Ok(world.cloud.remove_secret(&name)?)
}

/// The strings of the JSON are labels, and so is the secret's name, for the whole.
#[given(expr = "KMS holds the JSON secret {string}:")]
fn json_secret(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    Ok(put_json(world, &name, "v1", text_below(step)?.trim())?)
}

#[given(regex = r#"^KMS holds the JSON secret "([^"]*)" `(.*)`$"#)]
fn json_secret_inline(world: &mut World, name: String, json: String) -> Result<(), StepError> {
    Ok(put_json(world, &name, "v1", &json)?)
}

#[given(regex = r#"^the JSON secret "([^"]*)" gets the version "([^"]*)" `(.*)`$"#)]
fn json_version(world: &mut World, name: String, version: String, json: String) -> Result<(), StepError> {
    Ok(put_json(world, &name, &version, &json)?)
}

/// The whole of a later version is a value of its own.
fn put_json(world: &mut World, name: &str, version: &str, json: &str) -> anyhow::Result<()> {
    let label = if version == "v1" { name.to_owned() } else { format!("{name} {version}") };
    let text = world.values.seal_json_as(&label, json)?;
    world.cloud.put_secret(name, version, &text)
}

#[given(expr = "KMS holds the binary secret {string} with the bytes {string}")]
fn binary_secret(world: &mut World, name: String, label: String) -> Result<(), StepError> {
    let bytes = world.values.seal_bytes(&label)?;
    Ok(world.cloud.put(&name, DataType::Binary, "v1", &STANDARD.encode(bytes))?)
}

#[given(expr = "KMS holds the secret {string} with the bytes {string} written as {word}")]
fn encoded_secret(world: &mut World, name: String, label: String, form: String) -> Result<(), StepError> {
    let bytes = world.values.seal_bytes(&label)?;
    let text = match form.as_str() {
        "base64" => STANDARD.encode(bytes),
        "base64-with-line-breaks" => {
            let text = STANDARD.encode(bytes);
            let lines: Vec<_> = text.as_bytes().chunks(20).map(String::from_utf8_lossy).collect();
            lines.join("\n") + "\n"
        }
        "hex" => base16ct::lower::encode_string(&bytes),
        "HEX" => base16ct::upper::encode_string(&bytes),
        _ => bail!("bytes are not written as {form}"),
    };
    Ok(world.cloud.put_secret(&name, "v1", &text)?)
}

#[given(expr = "KMS holds the secret {string} with a value {string} of {int} bytes")]
fn long_secret(world: &mut World, name: String, label: String, length: usize) -> Result<(), StepError> {
    let value = world.values.seal_long(&label, length)?;
    Ok(world.cloud.put_secret(&name, "v1", &value)?)
}

#[given(expr = "the version {string} of the secret {string} has the label {string}")]
fn labelled(world: &mut World, version: String, name: String, stage: String) -> Result<(), StepError> {
    Ok(world.cloud.set_stage(&name, &version, &stage)?)
}

#[given(expr = "the secret {string} is planned for deletion")]
fn planned_deletion(world: &mut World, name: String) -> Result<(), StepError> {
    Ok(world.cloud.plan_deletion(&name)?)
}

#[given(expr = "OOS holds the parameter {string} with the value {string}")]
#[given(expr = "the parameter {string} is updated to the value {string}")]
fn parameter(world: &mut World, name: String, label: String) -> Result<(), StepError> {
    let value = world.values.seal(&label)?;
    Ok(world.cloud.put_parameter(&name, &value)?)
}

#[given(expr = "OOS holds the JSON parameter {string}:")]
fn json_parameter(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    let text = world.values.seal_json_as(&name, text_below(step)?.trim())?;
    Ok(world.cloud.put_parameter(&name, &text)?)
}

#[given("OOS holds these parameters:")]
fn parameters(world: &mut World, step: &Step) -> Result<(), StepError> {
    for [name, label] in rows(step, ["name", "value"])? {
        let value = world.values.seal(label)?;
        world.cloud.put_parameter(name, &value)?;
    }
    Ok(())
}
