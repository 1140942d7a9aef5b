//! The chart: its release, its values, its own test.

use cucumber::{given, then, when};

use crate::cluster::World;
use crate::cluster::example::values;
use crate::steps::quoted;
use crate::target::{Impossible, Release, merge};
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

#[given("a cluster without a driver of its own")]
fn no_driver(world: &mut World) -> Result<(), StepError> {
    if !world.session.has_driver {
        return Ok(());
    }
    let impossible = Impossible("the cluster has a driver of its own; take one without".into());
    Err(anyhow::Error::from(world.impossible.insert(impossible).clone()).into())
}

#[given("the chart is told to bring no driver")]
fn driver_unwanted(world: &mut World) -> Result<(), StepError> {
    world.told_mut()?;
    world.driver.is_unwanted = true;
    Ok(())
}

#[when("the chart is installed")]
async fn installed(world: &mut World) -> Result<(), StepError> {
    Ok(world.catch_up().await?)
}

#[then("the chart's release has brought the driver that the chart names")]
async fn brought(world: &mut World) -> Result<(), StepError> {
    Ok(world.session.check_brought(&world.release).await?)
}

#[then("the chart's release has brought no driver")]
async fn not_brought(world: &mut World) -> Result<(), StepError> {
    Ok(world.session.check_not_brought(&world.release).await?)
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
