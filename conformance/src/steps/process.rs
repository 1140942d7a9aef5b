//! The provider as a process: its socket, its start, its end, its version.

use std::fs;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use anyhow::Context as _;
use cucumber::{given, then, when};
use tokio::net::UnixStream;

use super::quoted;
use crate::driver::{Authority, HEALTH_CHECK_DEADLINE};
use crate::patience;
use crate::target::Provider;
use crate::world::{StepError, World};

#[given("the provider runs")]
#[when("the provider starts")]
async fn start(world: &mut World) -> Result<(), StepError> {
    world.provider().await?;
    Ok(())
}

#[given("a socket that a dead provider left behind")]
fn stale_socket(world: &mut World) -> Result<(), StepError> {
    world.needs_start("a start of its own")?;
    // Dropping a listener closes it and leaves its file, exactly as a killed provider does.
    UnixListener::bind(world.socket()).context("making a stale socket")?;
    Ok(())
}

#[given("a plain file where the socket belongs")]
fn plain_file(world: &mut World) -> Result<(), StepError> {
    world.needs_start("a start of its own")?;
    Ok(fs::write(world.socket(), "not a socket")?)
}

#[when("somebody tries to start the provider")]
async fn try_to_start(world: &mut World) -> Result<(), StepError> {
    world.needs_start("a start of its own")?;
    let settings = world.settings();
    settings.write_identity_files()?;
    let mut provider = Provider::spawn(&settings).await?;
    let exit = provider.wait().await;
    // One that goes on is looked at like any other.
    world.provider = Some(provider);
    world.exit = Some(exit?);
    Ok(())
}

#[then("the provider ends with an error that names the path of its socket")]
fn refuses_to_start(world: &mut World) -> Result<(), StepError> {
    let status = world.exit.context("the provider runs")?.status;
    ensure!(status.code().is_some_and(|code| code != 0), "the provider ended with {status}");
    let (output, socket) = (
        String::from_utf8_lossy(&world.provider_output()).into_owned(),
        world.target.own_path(&world.socket()),
    );
    ensure!(output.contains(&*socket.to_string_lossy()), "{} is not named: {output}", socket.display());
    Ok(())
}

#[then(regex = r#"^the provider refuses to start and names (".+)$"#)]
fn names_mistake(world: &mut World, list: String) -> Result<(), StepError> {
    let status = world.exit.context("the provider runs")?.status;
    ensure!(status.code().is_some_and(|code| code != 0), "the provider ended with {status}");
    let output = String::from_utf8_lossy(&world.provider_output()).into_owned();
    let missing: Vec<_> = quoted(&list).filter(|name| !output.contains(name)).collect();
    ensure!(missing.is_empty(), "the provider does not name {missing:?}: {output}");
    Ok(())
}

#[then("the plain file is still there")]
fn file_untouched(world: &mut World) -> Result<(), StepError> {
    ensure!(fs::read_to_string(world.socket())? == "not a socket", "the file was changed");
    Ok(())
}

#[given("the provider was killed")]
async fn killed(world: &mut World) -> Result<(), StepError> {
    world.needs_start("its end")?;
    let mut provider = world.provider.take().context("the provider does not run")?;
    provider.kill().await?;
    world.earlier_output.extend(provider.output());
    ensure!(world.socket().exists(), "a killed provider cannot have removed its socket");
    Ok(())
}

#[when("the provider is told to stop")]
async fn stop(world: &mut World) -> Result<(), StepError> {
    world.needs_start("its end")?;
    world.provider().await?.terminate().await?;
    Ok(())
}

#[then("new calls are refused")]
async fn refuses_calls(world: &mut World) -> Result<(), StepError> {
    /// Nothing is computed for an answer: what takes longer is not served.
    const DEADLINE: Duration = Duration::from_millis(300);
    let (socket, driver) = (world.socket(), &world.driver);
    patience::until("the provider takes no new connection", async || {
        UnixStream::connect(&socket).await.err()
    })
    .await?;
    patience::until("the provider takes no new call on the driver's connection", async || {
        driver.version("alibabacloud", DEADLINE).await.err()
    })
    .await?;
    Ok(())
}

#[given(expr = "a provider that may take {int} seconds to stop")]
fn grace_period(world: &mut World, seconds: u64) {
    world.options.grace_period = Some(Duration::from_secs(seconds));
}

#[then("the mount that was waiting is refused for good")]
async fn waiting_is_refused(world: &mut World) -> Result<(), StepError> {
    let outcome = world.running.take().context("no mount is under way")?.await?;
    world.keep(outcome);
    super::mount::refused_finally(world)
}

#[then("the mount that was waiting succeeds")]
async fn waiting_succeeds(world: &mut World) -> Result<(), StepError> {
    let outcome = world.running.take().context("no mount is under way")?.await?;
    world.keep(outcome);
    world.receipt()?;
    Ok(())
}

#[then(expr = "the provider ends with code {int} within {int} seconds")]
async fn ends(world: &mut World, code: i32, seconds: u64) -> Result<(), StepError> {
    let provider = world.provider.as_mut().context("the provider was never started")?;
    let exit = provider.wait().await?;
    ensure!(exit.status.code() == Some(code), "the provider ended with {}", exit.status);
    ensure!(exit.took <= Duration::from_secs(seconds), "the provider took {:?} to end", exit.took);
    Ok(())
}

#[then("its socket is gone")]
fn socket_gone(world: &mut World) -> Result<(), StepError> {
    ensure!(!world.socket().exists(), "the socket is still there");
    Ok(())
}

#[given(regex = r"^a client that introduces itself (.+)$")]
fn authority(world: &mut World, how: String) -> Result<(), StepError> {
    world.driver_mut()?.options.authority = match how.as_str() {
        "as localhost" => Authority::Localhost,
        "by the socket's path" => Authority::SocketPath,
        "by the socket's percent-encoded path" => Authority::EncodedSocketPath,
        _ => bail!("no client introduces itself {how}"),
    };
    Ok(())
}

#[when("the driver asks for the version")]
async fn ask_version(world: &mut World) -> Result<(), StepError> {
    world.provider().await?;
    world.version = Some(world.driver.version("alibabacloud", HEALTH_CHECK_DEADLINE).await?);
    Ok(())
}

#[then(expr = "the provider speaks {string}, is called {string} and tells a version")]
fn version(world: &mut World, protocol: String, name: String) -> Result<(), StepError> {
    let version = world.version.as_ref().context("nobody asked for the version")?;
    ensure!(version.version == protocol, "the provider speaks {:?}", version.version);
    ensure!(version.runtime_name == name, "the provider is called {:?}", version.runtime_name);
    let numbers =
        version.runtime_version.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default();
    let is_semantic =
        numbers.split('.').count() == 3 && numbers.split('.').all(|number| number.parse::<u32>().is_ok());
    ensure!(is_semantic, "the version {:?} is no semantic version", version.runtime_version);
    Ok(())
}
