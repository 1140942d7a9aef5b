//! Mounts: how they ended, who read, how long they took, and how many are running.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;

use super::SECONDS;
use crate::credential::Source;

/// How a mount ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountOutcome {
    /// Files were answered.
    Ok,
    /// The request or the class is wrong.
    Invalid,
    /// A secret does not exist.
    NotFound,
    /// The identity may not read, or is none.
    Denied,
    /// The cloud is out of reach, slow, throttling or in trouble.
    Unavailable,
    /// The caller went away.
    Cancelled,
    /// A defect of the provider.
    Internal,
}

impl MountOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Denied => "denied",
            Self::Unavailable => "unavailable",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    outcome: &'static str,
    source: &'static str,
}

/// The counters. Clones count together.
#[derive(Clone, Debug)]
pub struct Mounts {
    ended: Family<Labels, Counter>,
    seconds: Histogram,
    in_flight: Gauge,
}

impl Mounts {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let ended = Family::default();
        registry.register("mounts", "Mount calls, by outcome and source of the credential", ended.clone());
        let seconds = Histogram::new(SECONDS);
        let help = "Time to answer a Mount call";
        registry.register_with_unit("mount_duration", help, Unit::Seconds, seconds.clone());
        let in_flight = Gauge::default();
        registry.register("mounts_in_flight", "Mount calls being answered", in_flight.clone());
        Self { ended, seconds, in_flight }
    }

    /// Counts a mount from now until the guard is given an outcome, or is dropped because the caller went away.
    pub fn start(&self) -> MountGuard {
        self.in_flight.inc();
        MountGuard {
            mounts: self.clone(),
            started: Instant::now(),
            outcome: MountOutcome::Cancelled,
            source: None,
        }
    }
}

/// A running mount. Dropping it counts the mount.
#[derive(Debug)]
pub struct MountGuard {
    mounts: Mounts,
    started: Instant,
    outcome: MountOutcome,
    source: Option<Source>,
}

impl MountGuard {
    /// Says where the mount's credential comes from, once that is chosen.
    pub fn reads_with(&mut self, source: Source) {
        self.source = Some(source);
    }

    /// Ends the mount with `outcome` and says how long it took.
    pub fn finish(mut self, outcome: MountOutcome) -> Duration {
        self.outcome = outcome;
        self.started.elapsed()
    }
}

impl Drop for MountGuard {
    fn drop(&mut self) {
        let Mounts { ended, seconds, in_flight } = &self.mounts;
        in_flight.dec();
        let source = self.source.map_or("none", Source::as_str);
        ended.get_or_create(&Labels { outcome: self.outcome.as_str(), source }).inc();
        seconds.observe(self.started.elapsed().as_secs_f64());
    }
}
