//! A cloud and a target for one run, and what is seen of them meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::cloud::{Calls, Cloud};
use super::drive::{Failures, Outcome, count, drive};
use super::figures::{Figure, Figures};
use super::process::open_files;
use super::requests::Requests;
use super::target::{Subject, Target};
use super::workload::{Amount, Workload};

/// How often open files are counted under load.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a target may settle before its memory counts as idle.
const SETTLE: Duration = Duration::from_millis(500);
/// Mounts before the first that counts, at least: connections are open then, and sessions.
const WARM_UP: usize = 20;

/// Cloud and target.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) cloud: Cloud,
    pub(super) target: Target,
    pub(super) requests: Arc<Requests>,
    pub(super) workload: Workload,
    idle: Figures,
    _folder: TempDir,
}

/// What one run came to.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub(super) figures: Figures,
    pub(super) failures: Failures,
}

impl Stage {
    /// Starts both.
    pub(super) async fn set_up(
        subject: &Subject,
        api: Option<SocketAddr>,
        workload: &Workload,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("conformance-load-").tempdir()?;
        let cloud = Cloud::start(workload, folder.path(), api).await?;
        let target = subject.start(&cloud, workload.processes, folder.path()).await?;
        let requests = Arc::new(Requests::new(workload, cloud.tokens()));
        tokio::time::sleep(SETTLE).await;
        let idle = memory(&target, Figure::MemoryIdle);
        Ok(Self { cloud, target, requests, workload: workload.clone(), idle, _folder: folder })
    }

    /// Mounts that do not count.
    pub(super) async fn warm_up(&self) -> Outcome {
        let mounts = Amount::Mounts(self.workload.concurrency.max(WARM_UP) as u64);
        let workload = Workload { amount: mounts, ..self.workload.clone() };
        drive(self.target.nodes(), &self.requests, &workload).await
    }

    /// Drives the workload and measures all that there is.
    pub(super) async fn load(&mut self) -> anyhow::Result<Run> {
        let watch = Watch::start(self)?;
        let outcome = drive(self.target.nodes(), &self.requests, &self.workload).await;
        let seen = watch.end(self, outcome.latencies.len() * self.workload.objects)?;
        let mut figures = outcome.figures(self.workload.objects);
        figures.extend(seen);
        Ok(Run { figures, failures: outcome.failures })
    }

    /// What is seen of the target's memory now.
    pub(super) fn memory_after(&self) -> Figures {
        let peak = self.target.usages().iter().map(|usage| usage.peak).max();
        let peak = peak.map(|peak| (Figure::MemoryPeak, mebibytes(peak)));
        memory(&self.target, Figure::MemoryAfter).into_iter().chain(peak).chain(self.idle.clone()).collect()
    }

    /// The most open files that one of the target's processes has now.
    pub(super) fn files(&self) -> Option<f64> {
        most_files(&self.target.pids())
    }

    /// Ends both, and tells which processes had ended before.
    pub(super) async fn tear_down(mut self) -> anyhow::Result<Failures> {
        let mut failures = Failures::default();
        self.target.deaths().into_iter().for_each(|text| failures.add(text));
        self.target.stop().await?;
        Ok(failures)
    }
}

fn memory(target: &Target, figure: Figure) -> Figures {
    let most = target.usages().iter().map(|usage| usage.memory).max();
    most.map(|memory| (figure, mebibytes(memory))).into_iter().collect()
}

#[expect(clippy::cast_precision_loss, reason = "no process has 2^53 KiB")]
fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn most_files(pids: &[u32]) -> Option<f64> {
    pids.iter().filter_map(|pid| open_files(*pid).ok()).max().map(count)
}

/// What happens between two moments.
#[derive(Debug)]
pub(super) struct Watch {
    calls: Calls,
    processor: Duration,
    files: JoinSet<()>,
    most: tokio::sync::watch::Receiver<f64>,
}

impl Watch {
    pub(super) fn start(stage: &Stage) -> anyhow::Result<Self> {
        let pids = stage.target.pids();
        let (sender, most) = tokio::sync::watch::channel(0.0_f64);
        let mut files = JoinSet::new();
        files.spawn(async move {
            loop {
                let seen = most_files(&pids).unwrap_or_default();
                sender.send_modify(|most| *most = most.max(seen));
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        Ok(Self { calls: stage.cloud.calls()?, processor: processor(&stage.target), files, most })
    }

    /// The figures since the start, in which so many secrets were mounted.
    pub(super) fn end(self, stage: &Stage, secrets: usize) -> anyhow::Result<Figures> {
        let calls = stage.cloud.calls()? - self.calls;
        let mut figures = Figures::from([
            (Figure::KmsCalls, count(calls.kms)),
            (Figure::OosCalls, count(calls.oos)),
            (Figure::StsCalls, count(calls.sts)),
            (Figure::MetadataCalls, count(calls.metadata)),
            (Figure::KubernetesCalls, count(calls.kubernetes)),
            (Figure::Throttled, count(calls.throttled)),
        ]);
        figures.extend(stage.memory_after());
        drop(self.files);
        if !stage.target.usages().is_empty() {
            figures.insert(Figure::Files, *self.most.borrow());
            let spent = processor(&stage.target).saturating_sub(self.processor);
            if secrets > 0 {
                figures.insert(Figure::Processor, spent.as_secs_f64() * 1e3 / count(secrets));
            }
        }
        Ok(figures)
    }
}

fn processor(target: &Target) -> Duration {
    target.usages().iter().map(|usage| usage.processor).sum()
}
