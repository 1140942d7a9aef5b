//! How the cloud behaves, and what it was asked.

use std::time::Duration;

use anyhow::Context as _;
use cucumber::{given, then};

use crate::faults::{Kind, Trouble};
use crate::patience;
use crate::world::{StepError, World};

#[given(regex = r"^a cloud in trouble, which (.+)$")]
async fn trouble(world: &mut World, behaviour: String) -> Result<(), StepError> {
    let kind = match behaviour.as_str() {
        "cannot be reached" => Kind::Unreachable,
        "never answers" => Kind::Silent,
        "resets the connection" => Kind::Reset,
        "answers with an error page" => Kind::HtmlPage,
        "answers with a login page" => Kind::HtmlLogin,
        "answers with half a JSON text" => Kind::TruncatedJson,
        "hangs up in the middle" => Kind::CutOff,
        "answers without a value" => Kind::NoValue,
        "withholds the value" => Kind::Withheld,
        "answers with a list" => Kind::OtherJson,
        "speaks another protocol" => Kind::NoHttp,
        _ => bail!("no cloud {behaviour}"),
    };
    world.trouble = Some(Trouble::start(kind, world.host()).await?);
    Ok(())
}

#[given("a cloud that answers only when it is allowed to")]
async fn gate(world: &mut World) -> Result<(), StepError> {
    let upstream =
        world.cloud.url().trim_start_matches("http://").parse().context("the fake cloud's address")?;
    world.trouble = Some(Trouble::gate(upstream).await?);
    Ok(())
}

#[given("a mount that waits for the cloud")]
async fn waiting_mount(world: &mut World) -> Result<(), StepError> {
    world.provider().await?;
    world.running = Some(world.begin_publish()?);
    let trouble = world.trouble.as_ref().context("the cloud of this scenario answers at once")?;
    patience::until("the provider asks the cloud", async || (trouble.waiting() > 0).then_some(())).await?;
    Ok(())
}

#[given("the cloud is allowed to answer")]
#[then("the cloud is allowed to answer")]
fn open(world: &mut World) -> Result<(), StepError> {
    world.trouble.as_ref().context("the cloud of this scenario answers at once")?.open();
    Ok(())
}

#[then("no call reached the cloud")]
fn no_call(world: &mut World) -> Result<(), StepError> {
    let calls = world.cloud.calls();
    let names: Vec<_> = calls.iter().map(|call| &call.action).collect();
    ensure!(names.is_empty(), "the cloud was called: {names:?}");
    Ok(())
}

#[then("the refusal names the cloud's address")]
fn names_address(world: &mut World) -> Result<(), StepError> {
    let host = world.trouble.as_ref().context("the cloud of this scenario is in no trouble")?.host();
    let text = world.refusal()?.to_string();
    ensure!(text.contains(&host), "{host} is not named: {text}");
    Ok(())
}

#[then("the answer came before the kubelet stopped waiting")]
fn in_time(world: &mut World) -> Result<(), StepError> {
    /// A busy machine may delay both ends a little.
    const SLACK: Duration = Duration::from_millis(300);
    let (took, deadline) = (world.outcome()?.took, world.driver.options.deadline);
    let limit = deadline * 4 / 5 + SLACK;
    ensure!(
        took <= limit,
        "the answer took {took:?} of the kubelet's {deadline:?}, expected at most {limit:?}"
    );
    Ok(())
}
