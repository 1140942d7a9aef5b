//! Whether the suite can be trusted: each mutant of the provider, a wrong behaviour on demand, must be caught by a scenario of the
//! requirement that it breaks, and by an assertion of that scenario.
//!
//! A scenario that catches a mutant is run again without one. Only if it passes then, it has caught anything.

mod hunt;
mod order;
mod roster;
mod table;

use std::io::{self, Write as _};
use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};

use crate::catalogue::Catalogue;
use crate::commands::{Source, agree};
use crate::interruption::Interruption;
use crate::suite::processors;
use hunt::{Catch, Ground};
use roster::{Mutant, Roster};

/// A processor runs so many mutants at once: their scenarios mostly wait.
const MUTANTS_PER_PROCESSOR: usize = 3;

/// Options of `mutants`.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Use this binary with mutants instead of building the workspace's
    #[arg(long, value_name = "PATH")]
    provider: Option<PathBuf>,
    /// Only these mutants
    #[arg(long, value_name = "NAME", num_args = 1..)]
    only: Vec<String>,
    /// Mutants at once; three times as many as processors by default
    #[arg(long, short, value_name = "N")]
    concurrency: Option<usize>,
    /// Fail when it takes longer than so many seconds
    #[arg(long, value_name = "SECONDS")]
    budget: Option<u64>,
    /// Run all scenarios of each mutant's requirements, and list those that no mutant fails; takes some minutes
    #[arg(long)]
    list_unfailed: bool,
    /// Where the promises stand.
    #[command(flatten)]
    source: Source,
}

/// Runs the mutants, prints what caught each, and says as an exit code whether all were caught.
pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let (catalogue, requirements) = Catalogue::load(options.source.features.as_deref())?;
    agree(&catalogue, &requirements)?;
    let roster = Roster::read(options.provider.clone(), &requirements)?;
    let is_whole = options.only.is_empty();
    let chosen = roster.chosen(&options.only)?;
    let began = Instant::now();
    let ground = Ground::prepare(&catalogue, &roster.binary, &chosen)?;
    let mut interruption = Interruption::listen()?;
    // A step that fails panics. One run keeps that from standard error, but several restore the hook in any order.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let hunting = async {
        let catches = hunt_all(&ground, &chosen, &options).await;
        let alibis = ground.pass_without_mutant(&catches).await;
        (catches, alibis)
    };
    let caught = tokio::select! {
        caught = hunting => Some(caught),
        () = interruption.arrives() => None,
    };
    panic::set_hook(hook);
    let (catches, alibis) = caught.context("the hunt was interrupted")?;
    let verdicts: Vec<_> =
        chosen.iter().zip(&catches).map(|(mutant, catch)| catch.verdict(mutant, &alibis)).collect();
    let took = began.elapsed();

    let mut text = table::of(&chosen, &catches, &verdicts, &catalogue);
    let uncovered = if is_whole { roster.uncovered(&requirements) } else { Vec::new() };
    if !uncovered.is_empty() {
        text.extend(["no mutant breaks ", &uncovered.join(", "), "\n"]);
    }
    if options.list_unfailed {
        text += &table::unfailed(&chosen, &catches, &catalogue);
    }
    let survivors = verdicts.iter().filter(|verdict| !verdict.is_caught()).count();
    let is_late = options.budget.is_some_and(|budget| took > Duration::from_secs(budget));
    text += &table::total(chosen.len(), survivors, took, options.budget);
    io::stdout().lock().write_all(text.as_bytes())?;
    let is_good = survivors == 0 && uncovered.is_empty() && !is_late;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One hunt beside another. Their catches are in the order of the mutants.
async fn hunt_all(ground: &Ground, chosen: &[&Mutant], options: &Options) -> Vec<Catch> {
    let at_once = options.concurrency.unwrap_or_else(|| processors() * MUTANTS_PER_PROCESSOR);
    let mut order: Vec<_> = chosen.iter().enumerate().collect();
    // The longest hunts begin first, so that none is left for the end. The sort is stable: the others keep their order.
    order.sort_by_key(|(_, mutant)| !ground.is_long(mutant));
    let hunts = order.into_iter().map(async |(place, mutant)| {
        let catch = ground.hunt(mutant, options.list_unfailed).await;
        (place, catch)
    });
    // A slow one must not hold up those after it.
    let mut catches: Vec<_> = stream::iter(hunts).buffer_unordered(at_once.max(1)).collect().await;
    catches.sort_by_key(|(place, _)| *place);
    catches.into_iter().map(|(_, catch)| catch).collect()
}
