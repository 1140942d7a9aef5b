//! Sessions: how many are kept, how often one was had. And what is read from Kubernetes for them.

use std::fmt;
use std::sync::OnceLock;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::kubernetes;

/// What came of asking for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// There was none before.
    Opened,
    /// It took the place of one that was still good.
    Refreshed,
    /// There is none, or only the one before.
    Failed,
}

impl Exchange {
    fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Refreshed => "refreshed",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ExchangeLabels {
    source: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// The counters.
pub struct Identities {
    kept: Gauge,
    count: OnceLock<Box<dyn Fn() -> usize + Send + Sync>>,
    exchanges: Family<ExchangeLabels, Counter>,
    kubernetes: Family<OutcomeLabels, Counter>,
}

impl Identities {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let kept = Gauge::default();
        registry.register("sessions", "Sessions of roles that are kept and good", kept.clone());
        let exchanges = Family::default();
        let help = "Sessions that were asked for, by source and outcome";
        registry.register("session_requests", help, exchanges.clone());
        let kubernetes = Family::default();
        let help = "Service accounts that were read from Kubernetes, by outcome";
        registry.register("kubernetes_requests", help, kubernetes.clone());
        Self { kept, count: OnceLock::new(), exchanges, kubernetes }
    }

    /// Tells how to count the sessions that are kept. They end by themselves, so they are counted when somebody looks.
    pub fn count_sessions_with(&self, count: impl Fn() -> usize + Send + Sync + 'static) {
        // A second set of credentials, as no process has, would not be counted.
        let _ = self.count.set(Box::new(count));
    }

    pub(super) fn refresh(&self) {
        let kept = self.count.get().map_or(0, |count| count());
        self.kept.set(kept.try_into().unwrap_or(i64::MAX));
    }

    /// A session was asked for. `source` is a label, see [`crate::credential::Source::as_str`].
    pub fn count_exchange(&self, source: &'static str, exchange: Exchange) {
        self.exchanges.get_or_create(&ExchangeLabels { source, outcome: exchange.as_str() }).inc();
    }

    /// A service account was read.
    pub fn count_account<T>(&self, result: &Result<T, kubernetes::Error>) {
        let outcome = match result {
            Ok(_) => "ok",
            Err(error) => error.label(),
        };
        self.kubernetes.get_or_create(&OutcomeLabels { outcome }).inc();
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities").finish_non_exhaustive()
    }
}
