//! One run of a row, from an empty cloud and a fresh target to their end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::task::JoinSet;

use super::ceiling;
use super::drive::{Failures, Outcome};
use super::figures::{Ceilings, Figure};
use super::preset::{How, Plan};
use super::requests::Mount;
use super::stage::{Run, Stage, Watch};
use super::target::Subject;
use super::workload::Amount;

const MINUTE: Duration = Duration::from_secs(60);
/// Over which reads are counted, and within which a change is to arrive everywhere.
const INTERVAL: Duration = Duration::from_secs(120);
/// Between two looks at a pod's volume, the kubelet waits so long at least, and by so much more at most.
const PAUSE: (Duration, Duration) = (MINUTE, Duration::from_secs(30));
/// The secret that changes.
const CHANGING: usize = 0;

/// Runs a row once, and measures its ceilings if it has any. An error is a target that could not be loaded at all.
pub(super) async fn run(
    subject: &Subject,
    api: Option<SocketAddr>,
    plan: &Plan,
) -> anyhow::Result<(Run, Ceilings)> {
    let mut stage = Stage::set_up(subject, api, &plan.workload).await?;
    let mut run = match plan.how {
        How::Warm | How::Plain => warm(&mut stage).await?,
        How::Cold => cold(&mut stage).await?,
        How::Twice => twice(&mut stage).await?,
        How::Files => files(&mut stage).await?,
        How::Republish(scale) => republish(&stage, scale).await?,
    };
    let ceilings = if plan.how == How::Warm { ceilings(&stage).await? } else { Ceilings::default() };
    let mut failures = stage.tear_down().await?;
    failures.merge(std::mem::take(&mut run.failures));
    run.failures = failures;
    Ok((run, ceilings))
}

async fn ceilings(stage: &Stage) -> anyhow::Result<Ceilings> {
    let generator = ceiling::of_generator(&stage.workload, stage.cloud.tokens()).await;
    let fake = ceiling::of_fake(&stage.workload, &stage.cloud).await;
    Ok(Ceilings {
        generator: generator.context("measuring the generator alone")?,
        fake: fake.context("measuring the fake alone")?,
    })
}

async fn warm(stage: &mut Stage) -> anyhow::Result<Run> {
    let before = stage.warm_up().await;
    let mut run = stage.load().await?;
    run.failures.merge(before.failures);
    Ok(run)
}

async fn cold(stage: &mut Stage) -> anyhow::Result<Run> {
    let start = Instant::now();
    let mut run = stage.load().await?;
    run.figures.insert(Figure::LastMount, start.elapsed().as_secs_f64());
    Ok(run)
}

/// The load, and then every mount of it again.
async fn twice(stage: &mut Stage) -> anyhow::Result<Run> {
    let Amount::Mounts(mounts) = stage.workload.amount else {
        anyhow::bail!("only so many mounts can be repeated, not those of a time")
    };
    let volumes: Arc<Vec<_>> = Arc::new((0..mounts).map(|_| stage.requests.next(0)).collect());
    let watch = Watch::start(stage)?;
    let mut outcome = Outcome::default();
    let start = Instant::now();
    for _ in 0..2 {
        for volumes in volumes.chunks(stage.workload.concurrency) {
            publish(stage, volumes, &mut outcome).await;
        }
    }
    outcome.elapsed = start.elapsed();
    outcome.latencies.sort_unstable();
    let mut figures = outcome.figures(stage.workload.objects);
    figures.extend(watch.end(stage, outcome.latencies.len() * stage.workload.objects)?);
    Ok(Run { figures, failures: outcome.failures })
}

/// Mounts all of these at once.
async fn publish(stage: &Stage, volumes: &[Mount], outcome: &mut Outcome) {
    let mut mounts = JoinSet::new();
    for volume in volumes {
        let (node, objects) = (stage.target.nodes()[0].clone(), stage.workload.objects);
        let request = stage.requests.request(volume);
        mounts.spawn(async move {
            let start = Instant::now();
            node.mount(request, objects).await.map(|_| start.elapsed())
        });
    }
    while let Some(mount) = mounts.join_next().await {
        match mount {
            Ok(Ok(took)) => outcome.latencies.push(took),
            Ok(Err(text)) => outcome.failures.add(text),
            Err(error) => outcome.failures.add(error.to_string()),
        }
    }
}

async fn files(stage: &mut Stage) -> anyhow::Result<Run> {
    let mut run = stage.load().await?;
    tokio::time::sleep(MINUTE).await;
    run.figures.extend(stage.files().map(|files| (Figure::FilesLater, files)));
    Ok(run)
}

/// Pods are looked at as kubelets do, each at times of its own; in the middle of the interval a secret changes.
async fn republish(stage: &Stage, scale: u32) -> anyhow::Result<Run> {
    let volumes: Vec<_> = (0..stage.workload.concurrency).map(|_| stage.requests.next(0)).collect();
    let mut outcome = Outcome::default();
    publish(stage, &volumes, &mut outcome).await;
    let mut failures = std::mem::take(&mut outcome.failures);

    let watch = Watch::start(stage)?;
    let start = Instant::now();
    let mut pods = JoinSet::new();
    for volume in volumes {
        pods.spawn(Pod::new(stage, volume, scale, start).until_changed());
    }
    tokio::time::sleep_until((start + INTERVAL / scale / 2).into()).await;
    stage.cloud.change(CHANGING, 2).await.context("changing a secret")?;
    let changed = Instant::now();
    tokio::time::sleep_until((start + INTERVAL / scale).into()).await;
    // The figures are those of the interval; what follows only waits for pods that have not been looked at.
    let mut figures = watch.end(stage, 0)?;
    let mut last = changed;
    let mut latencies = Vec::new();
    while let Some(pod) = pods.join_next().await {
        let pod = pod?;
        failures.merge(pod.failures);
        latencies.extend(pod.latencies);
        match pod.changed {
            Some(at) => last = last.max(at),
            None => failures.add("a pod never had the changed secret".to_owned()),
        }
    }
    latencies.sort_unstable();
    let of_clock = Outcome { latencies, elapsed: INTERVAL / scale, ..Outcome::default() };
    figures.extend(of_clock.figures(stage.workload.objects));
    figures.insert(Figure::Spread, (last - changed).as_secs_f64());
    Ok(Run { figures, failures })
}

/// A pod whose volume is looked at again and again.
struct Pod {
    node: super::node::Node,
    request: crate::driver::protocol::MountRequest,
    objects: usize,
    expected: Vec<u8>,
    scale: u32,
    start: Instant,
    random: u64,
}

/// What became of it.
#[derive(Debug, Default)]
struct Looks {
    latencies: Vec<Duration>,
    failures: Failures,
    /// When it had the changed secret.
    changed: Option<Instant>,
}

impl Pod {
    fn new(stage: &Stage, volume: Mount, scale: u32, start: Instant) -> Self {
        Self {
            node: stage.target.nodes()[0].clone(),
            request: stage.requests.request(&volume),
            objects: stage.workload.objects,
            expected: stage.workload.value(CHANGING, 2).into_bytes(),
            scale,
            start,
            // The same times in each run.
            random: volume.pod,
        }
    }

    /// Looks until the interval is over and the changed secret is there, at most twice the interval after that. Only looks within
    /// the interval are timed.
    async fn until_changed(mut self) -> Looks {
        let mut looks = Looks::default();
        let end = self.start + INTERVAL / self.scale;
        let (least, more) = PAUSE;
        // Kubelets do not begin together.
        let mut next = self.start + (least + more / 2).mul_f64(self.chance()) / self.scale;
        loop {
            tokio::time::sleep_until(next.into()).await;
            if next > end && (looks.changed.is_some() || next > end + 2 * INTERVAL / self.scale) {
                return looks;
            }
            let start = Instant::now();
            match self.node.mount(self.request.clone(), self.objects).await {
                Ok(answer) => {
                    if next <= end {
                        looks.latencies.push(start.elapsed());
                    }
                    if answer.files.iter().any(|file| file.contents == self.expected) {
                        looks.changed.get_or_insert_with(Instant::now);
                    }
                }
                Err(text) => looks.failures.add(text),
            }
            next += (least + more.mul_f64(self.chance())) / self.scale;
        }
    }

    /// From 0 to 1, by the generator of Steele, Lea and Flood (`SplitMix64`).
    fn chance(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let [high, low, ..] = (mixed ^ (mixed >> 31)).to_be_bytes();
        f64::from(u16::from_be_bytes([high, low])) / f64::from(u16::MAX)
    }
}
