//! Bounds of calls to the cloud: how high, and how many calls are under way.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::alicloud::call::Service;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServiceLabels {
    service: &'static str,
}

/// What the bounds of calls count.
#[derive(Debug)]
pub struct Bounds {
    limit: Family<ServiceLabels, Gauge>,
    in_flight: Family<ServiceLabels, Gauge>,
}

impl Bounds {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let limit = Family::default();
        registry.register(
            "cloud_request_limit",
            "How many calls to a host may be under way, as last changed for any host of the service",
            limit.clone(),
        );
        let in_flight = Family::default();
        registry.register(
            "cloud_requests_in_flight",
            "Calls to Alibaba Cloud under way, pauses before another try included",
            in_flight.clone(),
        );
        Self { limit, in_flight }
    }

    /// Notes how many calls may be under way from now on.
    pub fn limit(&self, service: Service, limit: usize) {
        self.limit.get_or_create(&labels(service)).set(i64::try_from(limit).unwrap_or(i64::MAX));
    }

    /// A call begins.
    pub fn entered(&self, service: Service) {
        self.in_flight.get_or_create(&labels(service)).inc();
    }

    /// A call is over.
    pub fn left(&self, service: Service) {
        self.in_flight.get_or_create(&labels(service)).dec();
    }
}

fn labels(service: Service) -> ServiceLabels {
    ServiceLabels { service: service.as_str() }
}
