//! The load generator: drives any provider over its socket, as the driver does, and says how fast it was and what that cost.
//!
//! Everything is measured from outside: the clock, the fake's journal, and what the kernel says of the process.

mod ceiling;
mod cloud;
mod drive;
mod figures;
mod node;
mod preset;
mod process;
mod report;
mod requests;
mod run;
mod signer;
mod stage;
mod target;
mod workload;

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use jiff::SignedDuration;
use serde_json::json;

pub use self::preset::Preset;
pub use self::workload::{Amount, Source, Workload};

use self::preset::{How, Plan};
use self::report::Row;
use self::stage::Run;
use self::target::Subject;
use crate::interruption::Interruption;
use crate::target::{TargetFile, provider_binary};

/// Options of the load generator.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Load this provider binary instead of building the workspace's
    #[arg(long, value_name = "PATH", env = "CONFORMANCE_PROVIDER")]
    provider: Option<PathBuf>,
    /// Start it as this target file says instead of as the workspace's provider
    #[arg(long, value_name = "FILE", env = "CONFORMANCE_TARGET")]
    target: Option<PathBuf>,
    /// Load the provider that listens on this socket; needs --api
    #[arg(long, value_name = "PATH", conflicts_with_all = ["provider", "target", "compare"], requires = "api")]
    socket: Option<PathBuf>,
    /// The process behind --socket, for its memory, files and processor time
    #[arg(long, value_name = "PID", requires = "socket")]
    pid: Option<u32>,
    /// Where the fake cloud listens, for providers that are told so before it starts [default: a free port]
    #[arg(long, value_name = "ADDR")]
    api: Option<SocketAddr>,
    /// Load two providers in turn and print ratios; each is a binary, or a target file (.yaml)
    #[arg(long, value_names = ["A", "B"], num_args = 2, conflicts_with = "provider")]
    compare: Vec<PathBuf>,
    /// Load as the goals say, instead of as the options below; may be repeated
    #[arg(long, value_enum, value_name = "NAME")]
    preset: Vec<Preset>,
    /// Let time run so many times as fast in the preset republish, at most 10
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10))]
    scale: u32,
    /// Run each row so often and tell medians; those that take minutes run once
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Write all figures of all runs into this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What is asked for, unless a preset says so.
    #[command(flatten)]
    load: Load,
}

/// The parts of a workload.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Load")]
struct Load {
    /// Who reads
    #[arg(long, value_enum, default_value_t = Source::AccessKey)]
    source: Source,
    /// Mounts in all
    #[arg(long, value_name = "N", default_value_t = 1000, conflicts_with = "duration")]
    mounts: u64,
    /// As many mounts as there is time for
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// Objects of a mount
    #[arg(long, value_name = "N", default_value_t = 5)]
    objects: usize,
    /// Mounts under way at once
    #[arg(long, value_name = "N", default_value_t = 50)]
    concurrency: usize,
    /// Let all mounts read the same objects
    #[arg(long)]
    shared: bool,
    /// Of a hundred mounts, so many are republishes
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    republish: u8,
    /// What the fake adds to each call of the cloud
    #[arg(long, value_name = "TIME", default_value = "20ms", value_parser = duration)]
    latency: Duration,
    /// Let the fake have the cloud's quotas: 450 reads and 100 sessions a second
    #[arg(long)]
    quotas: bool,
    /// What the target may have under way at once: its --max-concurrent-kms-secret-pulls and its sibling
    #[arg(long, value_name = "N")]
    bound: Option<u16>,
    /// Processes of the target, a simulated node each
    #[arg(long, value_name = "N", default_value_t = 1)]
    processes: usize,
    /// Service accounts of each node's pods, for the source pod-service-account
    #[arg(long, value_name = "N", default_value_t = 1)]
    identities: usize,
    /// Secrets in the cloud
    #[arg(long, value_name = "N", default_value_t = 5000)]
    secrets: usize,
    /// Bytes of a secret
    #[arg(long, value_name = "BYTES", default_value_t = 256)]
    value_bytes: usize,
}

/// Runs what is asked for. Fails when a mount failed or a goal was missed.
pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let plans = options.plans()?;
    let subjects = options.subjects(&plans)?;
    let mut interruption = Interruption::listen()?;
    let mut results = Vec::new();
    for subject in &subjects {
        // What was seen before an interruption is told, too.
        let mut rows = Vec::new();
        let was_interrupted = tokio::select! {
            () = options.measure(subject, &plans, &mut rows) => false,
            () = interruption.arrives() => true,
        };
        tell(subject, &rows)?;
        results.push(rows);
        if was_interrupted {
            options.keep(&subjects, &results)?;
            bail!("interrupted; the tables have what was measured before");
        }
    }
    if let [one, other] = &results[..] {
        write!(io::stdout().lock(), "\n{}", report::ratios(one, other))?;
    }
    options.keep(&subjects, &results)?;
    let good = results.iter().flatten().all(Row::is_good);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Options {
    fn plans(&self) -> anyhow::Result<Vec<Plan>> {
        let plans = if self.preset.is_empty() {
            vec![Plan { workload: self.load.workload(), how: How::Warm, goals: Vec::new() }]
        } else {
            self.preset.iter().flat_map(|preset| preset.plans(self.scale)).collect()
        };
        plans.iter().try_for_each(|plan| plan.workload.check())?;
        Ok(plans)
    }

    fn subjects(&self, plans: &[Plan]) -> anyhow::Result<Vec<Subject>> {
        if let Some(socket) = &self.socket {
            for Plan { workload, .. } in plans {
                ensure!(workload.processes == 1, "a provider that runs already is one process");
                ensure!(
                    matches!(
                        workload.source,
                        Source::AccessKey | Source::NodePublishSecret | Source::CrossAccount
                    ),
                    "the source of {} needs files of each run, which a provider that runs already has not got",
                    workload.name
                );
            }
            return Ok(vec![Subject::Running { socket: socket.clone(), pid: self.pid }]);
        }
        let target = self.target.as_deref();
        match &self.compare[..] {
            [] => Ok(vec![started(target, self.provider.clone())?]),
            given => given.iter().map(|given| of_compared(target, given)).collect(),
        }
    }

    /// Measures row by row, up to one that cannot be: what would be learned from the next?
    async fn measure(&self, subject: &Subject, plans: &[Plan], rows: &mut Vec<Row>) {
        for plan in plans {
            let times = if plan.how.is_long() { 1 } else { self.runs };
            let (mut runs, mut ceilings) = (Vec::new(), Vec::new());
            let mut is_stuck = false;
            for number in 1..=times {
                progress(&format!("{}, run {number} of {times}", plan.workload.name));
                match run::run(subject, self.api, plan).await {
                    Ok((run, ceiling)) => {
                        runs.push(run);
                        ceilings.push(ceiling);
                    }
                    Err(error) => {
                        let mut run = Run::default();
                        run.failures.add(format!("{error:#}"));
                        runs.push(run);
                        is_stuck = true;
                        break;
                    }
                }
            }
            rows.push(Row::new(plan, runs, &ceilings));
            if is_stuck {
                progress("the rest is left out");
                return;
            }
        }
    }

    fn keep(&self, subjects: &[Subject], results: &[Vec<Row>]) -> anyhow::Result<()> {
        let Some(path) = &self.json else { return Ok(()) };
        let targets: Vec<_> = subjects
            .iter()
            .zip(results)
            .map(|(subject, rows)| json!({ "target": subject.to_string(), "rows": rows }))
            .collect();
        let text = serde_json::to_string_pretty(&json!({ "targets": targets }))?;
        fs::write(path, text + "\n").with_context(|| format!("writing {}", path.display()))
    }
}

impl Load {
    fn workload(&self) -> Workload {
        Workload {
            source: self.source,
            amount: self.duration.map_or(Amount::Mounts(self.mounts), Amount::For),
            objects: self.objects,
            concurrency: self.concurrency,
            shared: self.shared,
            republish_percent: self.republish,
            latency: self.latency,
            quotas: self.quotas,
            bound: self.bound,
            processes: self.processes,
            identities: self.identities,
            secrets: self.secrets,
            value_bytes: self.value_bytes,
            ..Workload::default()
        }
    }
}

/// What is started with that file, or as the workspace's provider is, and that binary, or one that is built.
fn started(target: Option<&Path>, binary: Option<PathBuf>) -> anyhow::Result<Subject> {
    let target = target.map_or_else(|| Ok(TargetFile::provider()), TargetFile::read)?;
    let needs_one = binary.is_some() || target.takes_a_binary();
    Ok(Subject::Started { binary: if needs_one { provider_binary(binary)? } else { PathBuf::new() }, target })
}

fn of_compared(target: Option<&Path>, given: &Path) -> anyhow::Result<Subject> {
    if given.extension().is_some_and(|extension| extension == "yaml") {
        started(Some(given), None)
    } else {
        started(target, Some(given.to_owned()))
    }
}

fn tell(subject: &Subject, rows: &[Row]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "\n{subject}\n")?;
    write!(out, "{}", report::measured(rows))?;
    let goals = report::goals(rows);
    if goals.is_empty() { Ok(()) } else { write!(out, "\n{goals}") }
}

/// For people who wait; whoever pipes the tables does not get it.
#[expect(clippy::print_stderr, reason = "standard output is for the tables")]
fn progress(text: &str) {
    eprintln!("{text}");
}

/// `20ms`, `5s`, `1m30s`.
fn duration(text: &str) -> anyhow::Result<Duration> {
    let duration: Option<SignedDuration> = text.parse().ok();
    match duration.map(Duration::try_from) {
        Some(Ok(duration)) => Ok(duration),
        _ if text == "0" => Ok(Duration::ZERO),
        _ => bail!("{text:?} is no duration, expected such as 20ms, 5s or 1m30s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("20ms", Some(20))]
    #[case("1m30s", Some(90_000))]
    #[case("0", Some(0))]
    #[case("-1s", None)]
    #[case("soon", None)]
    fn durations_are_read_as_in_go(#[case] text: &str, #[case] expected: Option<u64>) {
        assert_eq!(duration(text).ok(), expected.map(Duration::from_millis));
    }
}
