//! Running the features: filters and options from the command line, one scenario beside another, reports, a verdict.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, bail};
use clap::{Args, CommandFactory as _, FromArgMatches as _};
use cucumber::event::ScenarioFinished;
use cucumber::writer::{Basic, Coloring, JUnit, Stats as _};
use cucumber::{World as _, WriterExt as _, cli};
use futures_util::FutureExt as _;

use crate::inspection;
use crate::interruption::Interruption;
use crate::leak::LeakSearch;
use crate::target::{TargetFile, provider_binary};
use crate::world::World;

/// Two processors run four scenarios without getting into each other's time limits.
const SCENARIOS_AT_ONCE: usize = 4;

/// Options beside those of the runner.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// Judge this provider binary instead of building the workspace's
    #[arg(long, value_name = "PATH", env = "CONFORMANCE_PROVIDER", global = true)]
    pub provider: Option<PathBuf>,
    /// Start it as this target file says instead of as the workspace's provider
    #[arg(long, value_name = "FILE", env = "CONFORMANCE_TARGET", global = true)]
    pub target: Option<PathBuf>,
}

/// Runs all features below a folder and writes the reports into another. Fails when anything failed, was skipped, was unknown or
/// could not be read, when no scenario ran at all, and when a report shows a secret.
pub async fn run(features: &Path, reports: &Path) -> anyhow::Result<ExitCode> {
    let options = parsed_options();
    let binary = provider_binary(options.custom.provider.clone())?;
    let target = target(options.custom.target.as_deref())?;
    fs::create_dir_all(reports).with_context(|| format!("making {}", reports.display()))?;
    let junit_path = reports.join("junit.xml");
    let junit = File::create(&junit_path).with_context(|| format!("writing {}", junit_path.display()))?;
    let terminal = Recorder::default();
    let tally = Arc::new(Mutex::new(Tally::default()));
    let tally_of_scenarios = Arc::clone(&tally);
    let writer = Basic::raw(terminal.clone(), Coloring::Auto, 0)
        .summarized()
        .tee::<World, _>(JUnit::for_tee(junit, 0))
        .normalized();
    let mut interruption = Interruption::listen()?;
    let scenarios = World::cucumber()
        .with_writer(writer)
        .fail_on_skipped()
        .with_cli(options)
        .max_concurrent_scenarios(SCENARIOS_AT_ONCE)
        .before(move |_, _, _, world| {
            world.binary.clone_from(&binary);
            world.target = Arc::clone(&target);
            std::future::ready(()).boxed_local()
        })
        .after(move |_, _, scenario, end, world| {
            let tally = Arc::clone(&tally_of_scenarios);
            let has_steps = !scenario.steps.is_empty();
            let steps_passed = matches!(end, ScenarioFinished::StepPassed);
            async move {
                let Some(world) = world else { return };
                let mut complaints = inspection::inspect(world).await;
                if !has_steps {
                    // What the parser does not know at this place it takes for a description.
                    complaints.push("the scenario has no steps; is its first keyword misspelt?".into());
                }
                locked(&tally).count(steps_passed && complaints.is_empty(), world.values.search());
                assert!(complaints.is_empty(), "{}", complaints.join("\n"));
            }
            .boxed_local()
        })
        .run(features.to_owned());
    let writer = tokio::select! {
        writer = scenarios => writer,
        () = interruption.arrives() => bail!("interrupted"),
    };
    let tally = locked(&tally);
    let mut complaints = inspection::leaks(&tally.secrets, "the terminal's output", &terminal.recorded());
    complaints.extend(inspection::leaks(&tally.secrets, "junit.xml", &fs::read(&junit_path)?));
    if tally.ended == 0 {
        complaints.push("no scenario ran".into());
    }
    if writer.execution_has_failed() {
        complaints.push("the suite failed".into());
    }
    let mut stdout = io::stdout().lock();
    complaints.iter().try_for_each(|complaint| writeln!(stdout, "{complaint}"))?;
    let Tally { passed, ended, .. } = &*tally;
    writeln!(stdout, "{passed} of {ended} scenarios passed; report: {}", junit_path.display())?;
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The given target file, or the one in the box.
fn target(given: Option<&Path>) -> anyhow::Result<Arc<TargetFile>> {
    let Some(path) = given else { return Ok(TargetFile::provider()) };
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(Arc::new(text.parse().with_context(|| path.display().to_string())?))
}

/// The runner's options and ours, under a title of ours.
fn parsed_options<P: Args, R: Args, W: Args>() -> cli::Opts<P, R, W, Options> {
    const TITLE: &str = "Runs the features against a provider and says whether it keeps its promises";
    let command = cli::Opts::<P, R, W, Options>::command().name("features").about(TITLE).long_about(TITLE);
    cli::Opts::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

/// What is kept of scenarios that are over.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    ended: usize,
    secrets: LeakSearch,
}

impl Tally {
    fn count(&mut self, passed: bool, secrets: &LeakSearch) {
        self.passed += usize::from(passed);
        self.ended += 1;
        self.secrets.merge(secrets);
    }
}

/// A panicking scenario leaves nothing half done in what the scenarios share.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Standard output that remembers what was written.
#[derive(Debug, Clone, Default)]
struct Recorder {
    written: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    fn recorded(&self) -> Vec<u8> {
        locked(&self.written).clone()
    }
}

impl Write for Recorder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = io::stdout().write(bytes)?;
        locked(&self.written).extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}
