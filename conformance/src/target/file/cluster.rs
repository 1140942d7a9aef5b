//! Targets that a chart brings into a real Kubernetes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Start, TargetFile};
use crate::target::cluster::{Chart, Ground, Told};

impl TargetFile {
    /// How it gets into a cluster, if it is to be judged in one.
    pub fn chart(&self) -> Option<&Chart> {
        match &self.start {
            Start::Cluster(chart) => Some(chart),
            _ => None,
        }
    }

    /// The values of the chart in a scenario, and what the Secret holds to which they refer.
    pub(crate) fn chart_values(
        &self,
        told: &Told,
        ground: Ground<'_>,
        secret: &str,
    ) -> Option<(Map<String, Value>, BTreeMap<String, String>)> {
        self.chart().map(|chart| chart.values(told, &self.identities, ground, secret))
    }
}
