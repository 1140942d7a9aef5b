//! Driving: so many mounts at once, each worker one after the other, until the amount is reached or the target is gone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;

use super::figures::{Figure, Figures, percentile};
use super::node::Node;
use super::requests::{Mount, Requests};
use super::workload::{Amount, Workload};

/// After so many failures in a row nothing is to be learned from more of them.
const PATIENCE: u64 = 200;
/// Texts of failures that are kept.
const TEXTS: usize = 3;

/// Failures, and what the first different ones said.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Failures {
    pub(super) count: u64,
    pub(super) texts: Vec<String>,
}

impl Failures {
    pub(super) fn add(&mut self, text: String) {
        self.count += 1;
        self.keep(text);
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        other.texts.into_iter().for_each(|text| self.keep(text));
    }

    fn keep(&mut self, text: String) {
        if self.texts.len() < TEXTS && !self.texts.contains(&text) {
            self.texts.push(text);
        }
    }
}

/// What became of a load.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Of the mounts that succeeded, sorted.
    pub(super) latencies: Vec<Duration>,
    /// What went wrong.
    pub(super) failures: Failures,
    /// From the first to the last.
    pub(super) elapsed: Duration,
}

impl Outcome {
    /// The figures that the clock gives.
    pub(super) fn figures(&self, objects: usize) -> Figures {
        let milliseconds =
            |percent| percentile(&self.latencies, percent).map(|time| time.as_secs_f64() * 1e3);
        let mounts = count(self.latencies.len());
        let rate = if self.elapsed.is_zero() { None } else { Some(mounts / self.elapsed.as_secs_f64()) };
        let figures = [
            (Figure::Mounts, Some(mounts)),
            (Figure::P50, milliseconds(50)),
            (Figure::P99, milliseconds(99)),
            (Figure::MountRate, rate),
            (Figure::SecretRate, rate.map(|rate| rate * count(objects))),
        ];
        figures.into_iter().filter_map(|(figure, value)| Some((figure, value?))).collect()
    }
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53 here")]
pub(super) fn count(number: usize) -> f64 {
    number as f64
}

/// What the workers share.
struct Shared {
    nodes: Vec<Node>,
    requests: Arc<Requests>,
    workload: Workload,
    begun: AtomicU64,
    failed_in_a_row: AtomicU64,
    outcome: Mutex<Outcome>,
    end: Option<Instant>,
    limit: u64,
}

/// Sends the workload's mounts over the nodes' connections.
pub(super) async fn drive(nodes: &[Node], requests: &Arc<Requests>, workload: &Workload) -> Outcome {
    let start = Instant::now();
    let (end, limit) = match workload.amount {
        Amount::Mounts(mounts) => (None, mounts),
        Amount::For(time) => (Some(start + time), u64::MAX),
    };
    let shared = Arc::new(Shared {
        nodes: nodes.to_vec(),
        requests: Arc::clone(requests),
        workload: workload.clone(),
        begun: AtomicU64::new(0),
        failed_in_a_row: AtomicU64::new(0),
        outcome: Mutex::default(),
        end,
        limit,
    });
    let mut workers = JoinSet::new();
    for worker in 0..workload.concurrency {
        workers.spawn(work(worker, Arc::clone(&shared)));
    }
    while workers.join_next().await.is_some() {}
    let mut outcome = std::mem::take(&mut *locked(&shared.outcome));
    outcome.elapsed = start.elapsed();
    outcome.latencies.sort_unstable();
    outcome
}

async fn work(worker: usize, shared: Arc<Shared>) {
    let mut own = Outcome::default();
    let mut mounted: Option<(usize, Mount)> = None;
    loop {
        let number = shared.begun.fetch_add(1, Ordering::Relaxed);
        let is_over = number >= shared.limit || shared.end.is_some_and(|end| Instant::now() >= end);
        if is_over || shared.failed_in_a_row.load(Ordering::Relaxed) >= PATIENCE {
            break;
        }
        let node = usize::try_from(number).unwrap_or(worker) % shared.nodes.len();
        let percent = u64::from(shared.workload.republish_percent);
        let repeats = number * percent % 100 < percent;
        let (node, mount) = mounted.filter(|_| repeats).unwrap_or_else(|| (node, shared.requests.next(node)));
        let request = shared.requests.request(&mount);
        let start = Instant::now();
        match shared.nodes[node].mount(request, shared.workload.objects).await {
            Ok(_) => {
                own.latencies.push(start.elapsed());
                shared.failed_in_a_row.store(0, Ordering::Relaxed);
                mounted = Some((node, mount));
            }
            Err(text) => {
                own.failures.add(text);
                if shared.failed_in_a_row.fetch_add(1, Ordering::Relaxed) + 1 == PATIENCE {
                    own.failures.add(format!("given up after {PATIENCE} failures in a row"));
                }
            }
        }
    }
    let mut outcome = locked(&shared.outcome);
    outcome.latencies.append(&mut own.latencies);
    outcome.failures.merge(own.failures);
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_different_texts_are_kept_and_all_are_counted() {
        let mut failures = Failures::default();
        for text in ["a", "a", "b", "c", "d"] {
            failures.add(text.to_owned());
        }
        assert_eq!(
            (failures.count, failures.texts),
            (5, vec!["a".to_owned(), "b".to_owned(), "c".to_owned()])
        );
    }

    #[test]
    fn nothing_that_succeeded_has_no_latency() {
        let outcome = Outcome { elapsed: Duration::from_secs(1), ..Outcome::default() };
        let figures = outcome.figures(5);
        assert_eq!((figures.get(&Figure::P50), figures[&Figure::SecretRate]), (None, 0.0));
    }

    #[test]
    fn rates_are_of_what_succeeded() {
        let latencies = vec![Duration::from_millis(20); 100];
        let outcome = Outcome { latencies, elapsed: Duration::from_secs(2), ..Outcome::default() };
        let figures = outcome.figures(5);
        assert_eq!((figures[&Figure::MountRate], figures[&Figure::SecretRate]), (50.0, 250.0));
    }
}
