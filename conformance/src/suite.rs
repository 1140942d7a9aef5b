//! Running the features against a target: selection, one scenario beside another, the verdict, the report.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use clap::Parser as _;
use cucumber::event::ScenarioFinished;
use cucumber::gherkin::Feature;
use cucumber::{Parser, World as _, cli, parser, runner};
use futures_util::{FutureExt as _, stream};
use regex::Regex;

use crate::catalogue::{Catalogue, Stage};
use crate::cluster;
use crate::commands::{Source, agree};
use crate::deviations::Deviations;
use crate::driver;
use crate::inspection;
use crate::interruption::Interruption;
use crate::leak::LeakSearch;
use crate::patience;
use crate::report::{
    self, Collector, FORMAT, Note, Notes, Place, Planned, Report, Seen, Suite, Target, Verdict,
};
use crate::requirements::{Evidence, Level, Requirements};
use crate::selection::{Choice, Selection, Tags};
use crate::target::{ContainerNetwork, Identity, OtherImages, Provider, TargetFile, provider_binary};
use crate::verdict::Case;
use crate::world::World;

/// A processor runs so many scenarios without them getting into each other's time limits: they mostly wait, for processes to start
/// and for clouds that hang. A suite that is not optimized works longer in between.
const SCENARIOS_PER_PROCESSOR: usize = if cfg!(debug_assertions) { 2 } else { 4 };

/// So many lines of a target's output are shown when a scenario fails.
const LAST_LINES: usize = 20;

/// The exit code of a run in which nothing failed and not all was judged.
const PARTIAL: u8 = 3;

/// How far a target is judged of which nothing is said.
const FULL: Level = Level::Extended;

/// The deviations of the workspace's provider.
const OWN_DEVIATIONS: &str = include_str!("../deviations/provider.yaml");

/// Options of a run.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Judge this provider binary instead of building the workspace's
    #[arg(long, value_name = "PATH", env = "CONFORMANCE_PROVIDER")]
    pub provider: Option<PathBuf>,
    /// Start it as this target file says instead of as the workspace's provider
    #[arg(long, value_name = "FILE", env = "CONFORMANCE_TARGET")]
    pub target: Option<PathBuf>,
    /// Judge a provider that runs already, with its socket in this folder; without --target, it was started as targets/socket.yaml
    /// says
    #[arg(long, value_name = "DIR")]
    pub socket_folder: Option<PathBuf>,
    /// Judge this image instead of the one that the target file names
    #[arg(long, value_name = "IMAGE", conflicts_with = "socket_folder")]
    pub image: Option<String>,
    /// How far to judge; each level holds those before it
    #[arg(long, value_name = "LEVEL", default_value_t = FULL, value_enum)]
    pub level: Level,
    /// Run only the scenarios that this tag expression chooses, such as '@ACK-22 or @DRV-05'
    #[arg(long, short, value_name = "EXPR", env = "CUCUMBER_FILTER_TAGS")]
    pub tags: Option<Tags>,
    /// Run only scenarios with such a name
    #[arg(long, short, value_name = "REGEX")]
    pub name: Option<Regex>,
    /// Run only the scenarios of feature files with such a name; * stands for any text
    #[arg(long, short, value_name = "FILE")]
    pub input: Option<String>,
    /// Scenarios at once; by default four times as many as processors, two times in a suite that is not optimized
    #[arg(long, short, value_name = "N")]
    pub concurrency: Option<usize>,
    /// Seconds that anything of the target may take that should happen at once; a mount may take three times as long
    #[arg(long, value_name = "SECONDS", default_value_t = patience::LIMIT.as_secs())]
    pub patience: u64,
    /// Stop at the first failure
    #[arg(long)]
    pub fail_fast: bool,
    /// Where the report goes
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// The scenarios that the target is known to fail, with reasons
    #[arg(long, value_name = "FILE")]
    pub deviations: Option<PathBuf>,
    /// What runs in a cluster.
    #[command(flatten)]
    pub images: OtherImages,
    /// Where the promises stand.
    #[command(flatten)]
    pub source: Source,
}

/// What a command line without arguments says.
impl Default for Options {
    fn default() -> Self {
        Self {
            provider: None,
            target: None,
            socket_folder: None,
            image: None,
            level: FULL,
            tags: None,
            name: None,
            input: None,
            concurrency: None,
            patience: patience::LIMIT.as_secs(),
            fail_fast: false,
            report: None,
            deviations: None,
            images: OtherImages::default(),
            source: Source::default(),
        }
    }
}

/// The test target's command line: the options of a run, with defaults of its own.
pub async fn run_as_test(features: &Path, report: &Path) -> anyhow::Result<ExitCode> {
    /// Runs the features against a provider and says whether it keeps its promises
    #[derive(Debug, clap::Parser)]
    #[command(name = "features")]
    struct Arguments {
        #[command(flatten)]
        options: Options,
    }
    let mut options = Arguments::parse().options;
    options.source.features.get_or_insert_with(|| features.to_owned());
    options.report.get_or_insert_with(|| report.to_owned());
    run(options).await
}

/// Judges the target that the options name, writes the report and tells the verdict as an exit code.
pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    patience::set_limit(Duration::from_secs(options.patience));
    let (catalogue, requirements) = Catalogue::load(options.source.features.as_deref())?;
    agree(&catalogue, &requirements)?;
    let target = match (options.target.as_deref(), options.socket_folder.as_deref()) {
        (None, None) => TargetFile::provider(),
        (None, Some(folder)) => TargetFile::socket(folder),
        (Some(file), None) => TargetFile::read(file)?,
        (Some(file), Some(folder)) => TargetFile::read(file)?.at(folder)?,
    };
    let target = options.image.as_deref().map_or(Ok(Arc::clone(&target)), |image| target.of_image(image))?;
    let deviations = match known_deviations(&options) {
        Some(path) => Deviations::read(&path, &catalogue)?,
        None if options.target.is_some() || !target.is_started() => Deviations::default(),
        None => Deviations::parse("conformance/deviations/provider.yaml", OWN_DEVIATIONS, &catalogue)?,
    };
    let claims = target.capabilities().map(str::to_owned).collect();
    let given = options.provider.clone();
    let binary =
        if given.is_some() || target.takes_a_binary() { provider_binary(given)? } else { PathBuf::new() };
    let run = Run { options, catalogue, requirements, deviations, target, claims, binary };
    run.judge().await
}

/// The file of a target's deviations: the given one, or the one that lies where ours lies to our target file, if it does.
fn known_deviations(options: &Options) -> Option<PathBuf> {
    let beside = options.target.as_deref().and_then(|target| {
        let folder = target.parent()?.join("../deviations");
        Some(folder.join(target.file_name()?)).filter(|path| path.is_file())
    });
    options.deviations.clone().or(beside)
}

/// A run that is about to begin.
#[derive(Debug)]
struct Run {
    options: Options,
    catalogue: Catalogue,
    requirements: Requirements,
    deviations: Deviations,
    target: Arc<TargetFile>,
    claims: BTreeSet<String>,
    binary: PathBuf,
}

impl Run {
    async fn judge(self) -> anyhow::Result<ExitCode> {
        let started = now();
        let selection = self.selection()?;
        let planned = self.plan(&selection);
        let mut interruption = Interruption::listen()?;
        let session = self.open_session().await?;
        let network = if self.target.is_container() { Some(ContainerNetwork::open().await?) } else { None };
        let version = match &session {
            Some(session) => Ok(session.version.clone()),
            None => self.version().await,
        };
        let (version, mut remarks) = match version {
            Ok(version) => (Some(version), Vec::new()),
            Err(error) => (None, vec![format!("the target does not tell its version: {error:#}")]),
        };
        let notes = Notes::default();
        let collector = Collector::new(planned.clone(), Arc::clone(&notes));
        let record = collector.record();
        let play = Box::pin(async {
            let (features, fail_fast) = (self.catalogue.features().to_vec(), self.options.fail_fast);
            match &session {
                Some(_) => cluster::play(features, collector, planned, notes, fail_fast).await,
                None => self.play(collector, planned, notes).await,
            }
        });
        let is_interrupted = tokio::select! {
            () = play => false,
            () = interruption.arrives() => true,
        };
        if let Some(session) = session {
            let closed = session.close().await;
            remarks.extend(closed.err().map(|error| format!("what the run made is not all gone: {error:#}")));
        }
        if let Some(network) = network {
            remarks.extend(network.close().await.err().map(|error| format!("{error:#}")));
        }
        let (ran, secrets, told) = record.take();
        let case = Case {
            requirements: &self.requirements,
            catalogue: &self.catalogue,
            selection: &selection,
            deviations: &self.deviations,
            evidence: selection.evidence,
        };
        let judgement = case.judge(ran);
        remarks.extend(judgement.remarks);
        if !self.target.is_started() {
            remarks.push("the target ran already: its output was not seen, nor searched for secrets".into());
        }
        remarks = remarks.iter().map(|remark| secrets.redact(remark)).collect();
        if is_interrupted {
            remarks.push("the run was interrupted".into());
        }
        let report = Report {
            format: FORMAT,
            suite: Suite {
                version: env!("CARGO_PKG_VERSION").into(),
                digest: self.catalogue.digest().into(),
                fake_version: fake_alicloud::VERSION.into(),
            },
            target: Target {
                name: self.target.name.clone(),
                version,
                evidence: selection.evidence,
                claims: self.claims.clone(),
            },
            started: report::timestamp(started),
            took_ms: report::millis(now().duration_since(started).unwrap_or_default()),
            level: selection.level,
            filters: selection.filters(),
            verdict: judgement.verdict,
            remarks,
            requirements: judgement.requirements,
            scenarios: judgement.scenarios,
        };
        self.tell(report, &secrets, &told, is_interrupted)
    }

    /// Writes the report, in which no secret may stand, and tells the verdict as an exit code.
    fn tell(
        &self,
        mut report: Report,
        secrets: &LeakSearch,
        told: &str,
        is_interrupted: bool,
    ) -> anyhow::Result<ExitCode> {
        let leaks = inspection::leaks(secrets, "the terminal's output", told.as_bytes());
        if !leaks.is_empty() {
            report.verdict = Verdict::Fail;
            report.remarks.extend(leaks);
        }
        let summary = secrets.redact(&report::summary(&report));
        let mut stdout = io::stdout().lock();
        write!(stdout, "{summary}")?;
        if let Some(folder) = &self.options.report {
            let written = report::write(&report, folder, secrets)?;
            for leak in &written.leaks {
                writeln!(stdout, "{leak}: this form of the report is not written")?;
                report.verdict = Verdict::Fail;
            }
            for file in &written.files {
                writeln!(stdout, "report: {}", file.display())?;
            }
        }
        Ok(match report.verdict {
            _ if is_interrupted => ExitCode::FAILURE,
            Verdict::Pass => ExitCode::SUCCESS,
            Verdict::Partial => ExitCode::from(PARTIAL),
            Verdict::Fail => ExitCode::FAILURE,
        })
    }

    /// The run's side in a cluster, if that is where the target is.
    async fn open_session(&self) -> anyhow::Result<Option<Arc<cluster::Session>>> {
        if self.target.chart().is_none() {
            return Ok(None);
        }
        let (target, report) = (Arc::clone(&self.target), self.options.report.clone());
        Ok(Some(Box::pin(cluster::Session::open(target, &self.options.images, report)).await?))
    }

    /// Name and version of the target, as it tells them itself.
    async fn version(&self) -> anyhow::Result<String> {
        let mut world = World::new().await?;
        world.judge(&self.target, &self.binary).await?;
        world.identity = self.target.known_key().map(Identity::of_key).unwrap_or_default();
        world.provider().await?;
        let version = world.driver.version("alibabacloud", driver::HEALTH_CHECK_DEADLINE).await?;
        Ok(format!("{} {}", version.runtime_name, version.runtime_version))
    }

    fn selection(&self) -> anyhow::Result<Selection> {
        let Options { level, tags, name, input, .. } = self.options.clone();
        for id in tags.iter().flat_map(Tags::ids).filter(|tag| !Stage::TAGS.contains(tag)) {
            self.requirements.known(id)?;
        }
        for id in &self.claims {
            self.requirements
                .known(id)
                .with_context(|| format!("the target {} claims {id}", self.target.name))?;
        }
        let evidence = if self.target.chart().is_some() { Evidence::Cluster } else { Evidence::Model };
        let selection = Selection { level, evidence, claims: self.claims.clone(), tags, name, input };
        let files = self.catalogue.features().iter().filter_map(|feature| feature.path.as_deref()?.to_str());
        if let Some(input) = selection
            .input
            .as_ref()
            .filter(|input| !files.clone().any(|file| crate::selection::fits(file, input)))
        {
            bail!("no feature file is called {input:?}; there are {}", files.collect::<Vec<_>>().join(", "));
        }
        Ok(selection)
    }

    /// What will run, and what its failure will be called.
    fn plan(&self, selection: &Selection) -> BTreeMap<Place, Planned> {
        let plan = self.catalogue.entries().iter().filter_map(|entry| {
            let scenario = &entry.scenario;
            let failure = match selection.choose(entry, &self.requirements) {
                Choice::Leave(_) | Choice::Filter(_) => return None,
                Choice::Probe => "unsupported",
                Choice::Run if self.deviations.reason(&scenario.id).is_some() => "known failure",
                Choice::Run => "fail",
            };
            let planned = Planned { id: scenario.id.clone(), name: scenario.name.clone(), failure };
            Some(((scenario.file.clone(), scenario.line), planned))
        });
        plan.collect()
    }

    async fn play(&self, collector: Collector, planned: BTreeMap<Place, Planned>, notes: Notes) {
        // A cloud at fixed addresses is there once.
        let alone = self.target.place().map(|_| 1);
        let concurrency = alone.or(self.options.concurrency);
        let performance = Performance {
            features: self.catalogue.features().to_vec(),
            binary: self.binary.clone(),
            target: Arc::clone(&self.target),
            concurrency: concurrency.unwrap_or_else(|| processors() * SCENARIOS_PER_PROCESSOR),
            fail_fast: self.options.fail_fast,
        };
        performance.play(collector, planned, notes).await;
    }
}

/// How many processors there are.
pub(crate) fn processors() -> usize {
    available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Scenarios that are run against one binary.
#[derive(Debug)]
pub(crate) struct Performance {
    pub(crate) features: Vec<Feature>,
    pub(crate) binary: PathBuf,
    pub(crate) target: Arc<TargetFile>,
    pub(crate) concurrency: usize,
    pub(crate) fail_fast: bool,
}

impl Performance {
    /// Runs those that are planned, in the order of the features.
    pub(crate) async fn play(self, collector: Collector, planned: BTreeMap<Place, Planned>, notes: Notes) {
        let Self { features, binary, target, concurrency, fail_fast } = self;
        let runner = runner::basic::Cli { fail_fast, ..Default::default() };
        World::cucumber::<&str>()
            .with_parser(Parsed(features))
            .with_writer(collector)
            .with_cli(cli::Opts::<_, _, _, cli::Empty> { runner, ..Default::default() })
            .max_concurrent_scenarios(concurrency)
            .before(move |_, _, _, world| {
                let (binary, target) = (binary.clone(), Arc::clone(&target));
                async move {
                    let prepared = world.judge(&target, &binary).await;
                    // A hook has no other way to fail its scenario than a panic, which the runner catches and tells.
                    prepared.unwrap_or_else(|error| panic!("preparing the scenario: {error:#}"));
                }
                .boxed_local()
            })
            .after(move |feature, _, scenario, end, world| {
                let notes = Arc::clone(&notes);
                let has_steps = !scenario.steps.is_empty();
                let steps_passed = matches!(end, ScenarioFinished::StepPassed);
                async move {
                    let Some(world) = world else { return };
                    let mut note = noted(world, steps_passed).await;
                    if !has_steps {
                        // What the parser does not know at this place it takes for a description.
                        note.complaints
                            .push("the scenario has no steps; is its first keyword misspelt?".into());
                    }
                    locked(&notes).insert(place(feature, scenario.position.line), note);
                }
                .boxed_local()
            })
            .filter_run((), move |feature, _, scenario| {
                planned.contains_key(&place(feature, scenario.position.line))
            })
            .await;
    }
}

/// Looks at everything that a scenario leaves behind, and keeps of it what its report needs.
async fn noted(world: &mut World, steps_passed: bool) -> Note {
    let exit = world.provider.as_mut().and_then(Provider::ended_by_itself);
    let complaints = inspection::inspect(world).await;
    let seen = (!steps_passed || !complaints.is_empty()).then(|| {
        let output = world.provider_output();
        let output = String::from_utf8_lossy(&output);
        let lines: Vec<&str> = output.lines().collect();
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        Seen { exit: exit.map(|status| status.to_string()), output: last.join("\n") }
    });
    let is_up = world.provider.is_some() || world.stand_in.is_some() || world.check.is_some();
    let is_served = is_up && exit.is_none();
    let seen = seen.filter(|seen| seen.exit.is_some() || !seen.output.is_empty());
    let clouds = [Some(&world.cloud), world.other_cloud.as_ref()];
    let calls = clouds.into_iter().flatten().flat_map(crate::cloud::Cloud::calls).collect();
    let impossible = world.impossible.as_ref().filter(|_| !steps_passed).map(ToString::to_string);
    Note { impossible, complaints, search: world.values.search().clone(), calls, seen, is_served }
}

#[expect(clippy::disallowed_methods, reason = "a report tells when its run really was")]
fn now() -> SystemTime {
    SystemTime::now()
}

pub(crate) fn place(feature: &Feature, line: usize) -> Place {
    let file = feature.path.as_deref().and_then(Path::to_str).unwrap_or_default();
    (file.to_owned(), line)
}

/// Hands the runner features that are read already.
#[derive(Debug)]
pub(crate) struct Parsed(pub(crate) Vec<Feature>);

impl Parser<()> for Parsed {
    type Cli = cli::Empty;
    type Output = stream::Iter<std::vec::IntoIter<parser::Result<Feature>>>;

    fn parse(self, (): (), _: cli::Empty) -> Self::Output {
        stream::iter(self.0.into_iter().map(Ok).collect::<Vec<_>>())
    }
}

/// A panicking scenario leaves nothing half done in what the scenarios share.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
