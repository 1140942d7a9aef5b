//! What the provider counts. Labels are closed sets; no label holds a name that a user chose.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;

use crate::alicloud::call::{self, Service};

/// From 5 ms, a cache or a near endpoint, to a minute, the longest a mount may take.
const SECONDS: [f64; 13] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];

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
struct MountLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    service: &'static str,
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServiceLabels {
    service: &'static str,
}

/// All counters, behind one registry.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    mounts: Family<MountLabels, Counter>,
    mount_seconds: Histogram,
    mounts_in_flight: Gauge,
    calls: Family<CallLabels, Counter>,
    call_seconds: Family<ServiceLabels, Histogram>,
}

impl Metrics {
    /// Everything at zero.
    pub fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("alibabacloud_provider");
        let mounts = Family::default();
        registry.register("mounts", "Mount calls, by outcome", mounts.clone());
        let mount_seconds = Histogram::new(SECONDS);
        registry.register_with_unit(
            "mount_duration",
            "Time to answer a Mount call",
            Unit::Seconds,
            mount_seconds.clone(),
        );
        let mounts_in_flight = Gauge::default();
        registry.register("mounts_in_flight", "Mount calls being answered", mounts_in_flight.clone());
        let calls = Family::default();
        registry.register(
            "cloud_requests",
            "Calls to Alibaba Cloud, by service, operation and outcome",
            calls.clone(),
        );
        let call_seconds: Family<ServiceLabels, Histogram> =
            Family::new_with_constructor(|| Histogram::new(SECONDS));
        registry.register_with_unit(
            "cloud_request_duration",
            "Time to an answer of Alibaba Cloud",
            Unit::Seconds,
            call_seconds.clone(),
        );
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The running provider", build);
        Arc::new(Self { registry, mounts, mount_seconds, mounts_in_flight, calls, call_seconds })
    }

    /// Counts a mount from now until the guard is given an outcome, or is dropped because the caller went away.
    pub fn start_mount(self: &Arc<Self>) -> MountGuard {
        self.mounts_in_flight.inc();
        MountGuard { metrics: Arc::clone(self), started: Instant::now(), outcome: MountOutcome::Cancelled }
    }

    /// Awaits a call to the cloud and counts how it ended.
    pub async fn observe_call<T>(
        &self,
        service: Service,
        operation: &str,
        call: impl Future<Output = Result<T, call::Error>>,
    ) -> Result<T, call::Error> {
        let started = Instant::now();
        let result = call.await;
        let service = service.as_str();
        let labels = CallLabels { service, operation: known_operation(operation), outcome: outcome(&result) };
        self.calls.get_or_create(&labels).inc();
        self.call_seconds.get_or_create(&ServiceLabels { service }).observe(started.elapsed().as_secs_f64());
        result
    }

    /// The OpenMetrics text.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a String cannot fail");
        text
    }
}

/// A running mount. Dropping it counts the mount.
#[derive(Debug)]
pub struct MountGuard {
    metrics: Arc<Metrics>,
    started: Instant,
    outcome: MountOutcome,
}

impl MountGuard {
    /// Ends the mount with `outcome` and says how long it took.
    pub fn finish(mut self, outcome: MountOutcome) -> Duration {
        self.outcome = outcome;
        self.started.elapsed()
    }
}

impl Drop for MountGuard {
    fn drop(&mut self) {
        self.metrics.mounts_in_flight.dec();
        self.metrics.mounts.get_or_create(&MountLabels { outcome: self.outcome.as_str() }).inc();
        self.metrics.mount_seconds.observe(self.started.elapsed().as_secs_f64());
    }
}

/// Operations are constants of ours; the match keeps the label set closed all the same.
fn known_operation(operation: &str) -> &'static str {
    match operation {
        "GetSecretValue" => "GetSecretValue",
        "GetSecretParameter" => "GetSecretParameter",
        "AssumeRole" => "AssumeRole",
        "AssumeRoleWithOIDC" => "AssumeRoleWithOIDC",
        "GetToken" => "GetToken",
        "GetRegion" => "GetRegion",
        "GetRole" => "GetRole",
        "GetCredential" => "GetCredential",
        _ => "other",
    }
}

fn outcome<T>(result: &Result<T, call::Error>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(call::Error::Refused { fault, .. }) => fault.as_str(),
        Err(call::Error::Unreachable { .. }) => "unreachable",
        Err(call::Error::TimedOut { .. }) => "timed_out",
        Err(call::Error::Nonsense { .. }) => "nonsense",
        Err(call::Error::Unsendable { .. }) => "unsendable",
    }
}
