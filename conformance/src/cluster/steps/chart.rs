//! The chart: its release, its values, its own test.

use cucumber::{given, then, when};

use crate::cluster::World;
use crate::cluster::example::values;
use crate::steps::quoted;
use crate::target::{Release, merge};
use crate::world::StepError;

#[given(expr = "the chart's release {string} in the namespace {string}")]
fn release(world: &mut World, name: String, namespace: String) -> Result<(), StepError> {
    world.told_mut()?;
    world.release = Release { name, namespace };
    Ok(())
}

#[given(expr = "the chart's values {string}")]
fn chart_values(world: &mut World, file: String) -> Result<(), StepError> {
    let file = world.session.settings().path().join(file);
    let values = values(&file, &world.counterparts())?;
    merge(&mut world.file, values);
    Ok(())
}

#[given(expr = "the chart's own test reads the secret {string}")]
fn reads(world: &mut World, secret: String) -> Result<(), StepError> {
    world.told_mut()?.test = Some(secret);
    Ok(())
}

#[when("the chart's own test is run")]
async fn tested(world: &mut World) -> Result<(), StepError> {
    world.catch_up().await?;
    let result = world.session.test(&world.release).await;
    world.test = Some(result.map_err(|error| format!("{error:#}")));
    Ok(())
}

#[then("the chart's own test passes")]
fn passes(world: &mut World) -> Result<(), StepError> {
    match &world.test {
        Some(Ok(_)) => Ok(()),
        Some(Err(why)) => bail!("it does not: {why}"),
        None => bail!("it was not run"),
    }
}

#[then(regex = r#"^the chart's own test fails and names (".+)$"#)]
fn fails(world: &mut World, list: String) -> Result<(), StepError> {
    let Some(Err(why)) = &world.test else { bail!("it does not fail") };
    let missing: Vec<_> = quoted(&list).filter(|word| !why.contains(word)).collect();
    ensure!(missing.is_empty(), "it does not name {missing:?}: {why}");
    Ok(())
}
