//! Calls to the cloud: how they ended, how long they took, and what was tried again.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;

use super::{SECONDS, codes};
use crate::alicloud::call::{self, Service};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    service: &'static str,
    operation: &'static str,
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    service: &'static str,
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServiceLabels {
    service: &'static str,
}

/// The counters.
#[derive(Debug)]
pub struct Calls {
    ended: Family<CallLabels, Counter>,
    seconds: Family<OperationLabels, Histogram>,
    retries: Family<ServiceLabels, Counter>,
    throttled: Family<ServiceLabels, Counter>,
}

impl Calls {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let ended = Family::default();
        let help = "Calls to Alibaba Cloud, by service, operation and the answer's code";
        registry.register("cloud_requests", help, ended.clone());
        let seconds: Family<OperationLabels, Histogram> =
            Family::new_with_constructor(|| Histogram::new(SECONDS));
        let help = "Time to an answer of Alibaba Cloud";
        registry.register_with_unit("cloud_request_duration", help, Unit::Seconds, seconds.clone());
        let (retries, throttled) = (Family::default(), Family::default());
        registry.register("cloud_retries", "Calls that were repeated after a failure", retries.clone());
        let help = "Calls that Alibaba Cloud refused for their number";
        registry.register("cloud_throttles", help, throttled.clone());
        // Alerts need the zeros.
        for service in Service::ALL.map(Service::as_str) {
            for family in [&retries, &throttled] {
                drop(family.get_or_create(&ServiceLabels { service }));
            }
        }
        Self { ended, seconds, retries, throttled }
    }

    /// Awaits a call and counts how it ended.
    pub async fn observe<T>(
        &self,
        service: Service,
        operation: &str,
        call: impl Future<Output = Result<T, call::Error>>,
    ) -> Result<T, call::Error> {
        let started = Instant::now();
        let result = call.await;
        let (service, operation) = (service.as_str(), known_operation(operation));
        let code = result.as_ref().err().map_or("OK", codes::of);
        self.ended.get_or_create(&CallLabels { service, operation, code }).inc();
        let elapsed = started.elapsed().as_secs_f64();
        self.seconds.get_or_create(&OperationLabels { service, operation }).observe(elapsed);
        result
    }

    /// A call failed and is made once more.
    pub fn count_retry(&self, service: Service) {
        self.retries.get_or_create(&ServiceLabels { service: service.as_str() }).inc();
    }

    /// A call was one too many.
    pub fn count_throttle(&self, service: Service) {
        self.throttled.get_or_create(&ServiceLabels { service: service.as_str() }).inc();
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
