//! The operator's door, and the flags that an operator may know by heart.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;
use cucumber::gherkin::Step;
use cucumber::{given, then, when};

use super::{quoted, text_below};
use crate::inspection;
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
    let answer = world.page(&path).await?;
    ensure!(answer.status == status, "the page {path} answers {}", answer.status);
    Ok(())
}

#[when("somebody removes the socket")]
fn socket_removed(world: &mut World) -> Result<(), StepError> {
    world.needs_start("its socket's removal")?;
    fs::remove_file(world.socket()).context("removing the socket")?;
    Ok(())
}

#[then(expr = "the page {string} tells:")]
async fn page_tells(world: &mut World, path: String, step: &Step) -> Result<(), StepError> {
    let page = world.page(&path).await?;
    for line in text_below(step)?.trim().lines() {
        ensure!(page.text.contains(line), "the page {path} does not tell {line}: {}", page.text);
    }
    Ok(())
}

/// Neither these words nor any secret value.
#[then(regex = r#"^the page "([^"]+)" does not tell (".+)$"#)]
async fn page_withholds(world: &mut World, path: String, list: String) -> Result<(), StepError> {
    let page = world.page(&path).await?;
    let told: Vec<_> = quoted(&list).filter(|word| page.text.contains(word)).collect();
    ensure!(told.is_empty(), "the page {path} tells {told:?}");
    let leaks = inspection::leaks(world.values.search(), &format!("the page {path}"), page.text.as_bytes());
    ensure!(leaks.is_empty(), "{}", leaks.join("; "));
    Ok(())
}
