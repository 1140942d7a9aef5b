//! Secrets looked up for mounts: how they were found, how much is remembered, how old it gets.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;

/// How a secret was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The cloud was asked.
    Fetched,
    /// Somebody else was asking.
    Joined,
    /// It was remembered.
    Kept,
    /// It was remembered, and there is an outage.
    Stale,
    /// The cloud was asked in vain.
    Failed,
}

impl Lookup {
    fn as_str(self) -> &'static str {
        match self {
            Self::Fetched => "fetched",
            Self::Joined => "joined",
            Self::Kept => "kept",
            Self::Stale => "stale",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LookupLabels {
    outcome: &'static str,
}

/// What the secret cache counts.
#[derive(Debug)]
pub struct Cache {
    lookups: Family<LookupLabels, Counter>,
    entries: Gauge,
    bytes: Gauge,
    oldest: Gauge<f64, AtomicU64>,
    ages: Mutex<[(u64, f64); 2]>,
    started: Instant,
}

/// The oldest value is looked for among those served within this and the one before.
const AGE_SECONDS: u64 = 300;

impl Cache {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let lookups = Family::default();
        registry.register("secret_lookups", "Secrets looked up for mounts, by outcome", lookups.clone());
        let entries = Gauge::default();
        registry.register("secret_cache_entries", "Secrets that are remembered", entries.clone());
        let bytes = Gauge::default();
        registry.register_with_unit(
            "secret_cache_size",
            "Memory for secrets that are remembered",
            Unit::Bytes,
            bytes.clone(),
        );
        let oldest = Gauge::default();
        registry.register_with_unit(
            "oldest_served_secret_age",
            "Highest age that a remembered secret had when it was served within the last five to ten minutes",
            Unit::Seconds,
            oldest.clone(),
        );
        let (ages, started) = (Mutex::default(), Instant::now());
        Self { lookups, entries, bytes, oldest, ages, started }
    }

    /// Counts how a secret was found.
    pub fn looked_up(&self, lookup: Lookup) {
        self.lookups.get_or_create(&LookupLabels { outcome: lookup.as_str() }).inc();
    }

    /// Notes how much is remembered.
    pub fn size(&self, entries: usize, bytes: usize) {
        let number = |size| i64::try_from(size).unwrap_or(i64::MAX);
        self.entries.set(number(entries));
        self.bytes.set(number(bytes));
    }

    /// Notes that something remembered was served at this age.
    pub fn served(&self, age: Duration) {
        self.highest_age(age.as_secs_f64());
    }

    /// The highest age of now and lately, this one among them.
    fn highest_age(&self, age: f64) -> f64 {
        let now = self.started.elapsed().as_secs() / AGE_SECONDS;
        let mut ages = self.ages.lock().unwrap_or_else(PoisonError::into_inner);
        if ages[0].0 != now {
            *ages = [(now, 0.0), ages[0]];
        }
        ages[0].1 = ages[0].1.max(age);
        let before = if ages[1].0 + 1 == now { ages[1].1 } else { 0.0 };
        ages[0].1.max(before)
    }

    pub(super) fn refresh(&self) {
        self.oldest.set(self.highest_age(0.0));
    }
}
