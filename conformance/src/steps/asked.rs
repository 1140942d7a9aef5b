//! Who asked the cloud for what, by its own records.

use std::collections::BTreeMap;

use anyhow::Context as _;
use cucumber::gherkin::Step;
use cucumber::then;
use fake_alicloud::JournalEntry;

use super::World;
use super::identities::owner;
use crate::steps::rows;
use crate::world::StepError;

const READS: [&str; 2] = ["GetSecretValue", "GetSecretParameter"];
const OPENINGS: [&str; 2] = ["AssumeRole", "AssumeRoleWithOIDC"];

#[then(
    regex = r#"^the secret was read by the (user|role) "([^"]*)"( of the other account)?(?: in the session "([^"]*)")?$"#
)]
async fn read_by(
    world: &mut World,
    kind: String,
    name: String,
    other: String,
    session: String,
) -> Result<(), StepError> {
    world.catch_up().await?;
    let caller = last(world, &READS)?.caller_arn.context("the caller of the read is not known")?;
    let account = owner(&other).account();
    let agrees = match kind.as_str() {
        "user" => caller == format!("acs:ram::{account}:user/{name}"),
        _ if session.is_empty() => caller.starts_with(&format!("acs:ram::{account}:assumed-role/{name}/")),
        _ => caller == format!("acs:ram::{account}:assumed-role/{name}/{session}"),
    };
    ensure!(agrees, "the secret was read by {caller}");
    Ok(())
}

#[then(expr = "the session was asked to last {word} seconds")]
async fn session_seconds(world: &mut World, seconds: String) -> Result<(), StepError> {
    world.catch_up().await?;
    let call = last(world, &OPENINGS)?;
    let asked = call.parameters.get("DurationSeconds");
    ensure!(asked == Some(&seconds), "the session was asked to last {asked:?} seconds");
    Ok(())
}

#[then("the session was asked to last as long as the cloud likes")]
async fn session_without_seconds(world: &mut World) -> Result<(), StepError> {
    world.catch_up().await?;
    let call = last(world, &OPENINGS)?;
    let asked = call.parameters.get("DurationSeconds");
    ensure!(asked.is_none(), "the session was asked to last {asked:?} seconds");
    Ok(())
}

fn last(world: &World, actions: &[&str]) -> anyhow::Result<JournalEntry> {
    let mut calls = world.cloud.calls().into_iter().rev();
    calls.find(|call| actions.contains(&call.action.as_str())).context("the cloud was never asked for that")
}

#[then(expr = "the cloud saw exactly {int} call(s) of {string}")]
async fn calls(world: &mut World, times: usize, action: String) -> Result<(), StepError> {
    world.catch_up().await?;
    let asked = world.asked();
    let found = asked.get(&action).copied().unwrap_or_default();
    ensure!(found == times, "the cloud saw {found} calls of {action}, expected {times}: {asked:?}");
    Ok(())
}

#[then("the last mount made exactly these calls:")]
async fn calls_of_mount(world: &mut World, step: &Step) -> Result<(), StepError> {
    world.catch_up().await?;
    let expected: Result<BTreeMap<_, usize>, _> = rows(step, ["call", "times"])?
        .into_iter()
        .map(|[call, times]| times.parse().map(|times| (call.to_owned(), times)))
        .collect();
    let expected = expected.context("a number of calls")?;
    let made = world.asked_of_last_mount();
    ensure!(made == expected, "the last mount made {made:?}, expected {expected:?}");
    Ok(())
}

#[then("the last mount asked nobody")]
async fn asked_nobody(world: &mut World) -> Result<(), StepError> {
    world.catch_up().await?;
    let made = world.asked_of_last_mount();
    ensure!(made.is_empty(), "the last mount made {made:?}");
    Ok(())
}

#[then("the metadata service was never asked")]
async fn no_metadata(world: &mut World) -> Result<(), StepError> {
    world.catch_up().await?;
    let calls = world.cloud.calls().into_iter().filter(|call| call.product == "metadata");
    let actions: Vec<_> = calls.map(|call| call.action).collect();
    ensure!(actions.is_empty(), "the metadata service was asked: {actions:?}");
    Ok(())
}
