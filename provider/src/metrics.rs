//! What the provider counts. Labels are closed sets; no label holds a name that a user chose. The README's table "What it
//! counts" lists everything, and a test compares the two.

mod bounds;
mod cache;
mod calls;
mod codes;
mod identities;
mod mounts;

use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use bounds::Bounds;
pub use cache::{Cache, Lookup};
pub use calls::Calls;
pub use identities::{Exchange, Identities};
pub use mounts::{MountGuard, MountOutcome, Mounts};

/// From 5 ms, a cache or a near endpoint, to a minute, the longest a mount may take.
const SECONDS: [f64; 13] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];

/// All counters, behind one registry. One block per room that counts.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Mounts.
    pub mounts: Mounts,
    /// Calls to the cloud.
    pub calls: Calls,
    /// Sessions, and what is read from Kubernetes for them.
    pub identities: Identities,
    /// Secrets looked up.
    pub cache: Cache,
    /// Bounds of calls to the cloud.
    pub bounds: Bounds,
}

impl Metrics {
    /// Everything at zero.
    pub fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("alibabacloud_provider");
        let mounts = Mounts::register(&mut registry);
        let calls = Calls::register(&mut registry);
        let identities = Identities::register(&mut registry);
        let cache = Cache::register(&mut registry);
        let bounds = Bounds::register(&mut registry);
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The running provider", build);
        Arc::new(Self { registry, mounts, calls, identities, cache, bounds })
    }

    /// The OpenMetrics text.
    pub fn encode(&self) -> String {
        self.identities.refresh();
        self.cache.refresh();
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a String cannot fail");
        text
    }
}
