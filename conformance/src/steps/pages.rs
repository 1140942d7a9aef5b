//! The operator's door, and the flags that an operator may know by heart.

use std::time::Duration;

use cucumber::{given, then};

use crate::world::{StepError, World};

/// Flags in the target's own words: only for promises about these words.
#[given(regex = r"^the provider is started with `(.+)`$")]
fn started_with(world: &mut World, flags: String) {
    world.options.flags.extend(flags.split(' ').map(str::to_owned));
}

#[given(expr = "a change must reach every pod within {int} minute(s)")]
fn rotation_interval(world: &mut World, minutes: u64) {
    world.options.rotation_interval = Some(Duration::from_secs(60 * minutes));
}

#[then(expr = "the page {string} answers {int}")]
async fn page(world: &mut World, path: String, status: u16) -> Result<(), StepError> {
    let answer = world.provider().await?.http_get(&path).await?;
    ensure!(answer.status == status, "the page {path} answers {}", answer.status);
    Ok(())
}
