//! The rules of the chart's `examples/alerts.yaml`, as far as they speak of what the provider counts.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::PREFIX;
use super::open_metrics::Family;

/// One rule.
#[derive(Debug, Deserialize)]
pub(crate) struct Rule {
    pub(crate) alert: String,
    pub(crate) expr: String,
    annotations: Annotations,
}

#[derive(Debug, Deserialize)]
struct Annotations {
    summary: String,
}

/// A metric of the provider in an expression, and the values that its labels are compared with.
#[derive(Debug, PartialEq)]
pub(crate) struct Use {
    name: String,
    wanted: Vec<(String, Vec<String>)>,
}

/// What the README calls that of which a metric's `outcome` speaks. Most outcomes are not exposed before they came.
const OUTCOMES: [(&str, &str); 4] = [
    ("kubernetes_requests_total", "service account"),
    ("mounts_total", "mount"),
    ("secret_lookups_total", "lookup"),
    ("session_requests_total", "session"),
];

/// What Prometheus adds when it asks: the `PodMonitor`'s label.
const OF_PROMETHEUS: &str = "node";

#[derive(Deserialize)]
struct Object {
    spec: Spec,
}

#[derive(Deserialize)]
struct Spec {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

pub(crate) fn rules(yaml: &str) -> Vec<Rule> {
    let object: Object = serde_yaml::from_str(yaml).expect("a PrometheusRule");
    object.spec.groups.into_iter().flat_map(|group| group.rules).collect()
}

impl Rule {
    pub(crate) fn uses(&self) -> Vec<Use> {
        let parts = self.expr.split(PREFIX).skip(1);
        parts
            .map(|rest| {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                let (name, rest) = rest.split_at(end);
                let matchers = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
                let matchers = matchers.map_or("", |(matchers, _)| matchers);
                Use {
                    name: format!("{PREFIX}{name}"),
                    wanted: matchers.split(',').filter(|it| !it.is_empty()).map(wanted).collect(),
                }
            })
            .collect()
    }

    /// Labels that remain of a sum.
    pub(crate) fn kept(&self) -> BTreeSet<&str> {
        let lists = self.expr.split("by (").skip(1).filter_map(|rest| rest.split_once(')'));
        lists.flat_map(|(list, _)| list.split(',').map(str::trim)).collect()
    }

    /// Labels that the sentence names.
    pub(crate) fn told(&self) -> BTreeSet<&str> {
        let names = self.annotations.summary.split("$labels.").skip(1);
        names
            .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(rest))
            .collect()
    }

    /// What is wrong with it, for a provider that serves these families, whose outcomes `readme` lists.
    pub(crate) fn mistakes(&self, families: &[Family], readme: &str) -> Vec<String> {
        let mut found = Vec::new();
        for used in self.uses() {
            let samples = || {
                families.iter().flat_map(|family| &family.samples).filter(|sample| sample.name == used.name)
            };
            if samples().next().is_none() {
                found.push(format!("{}: {} is not served", self.alert, used.name));
                continue;
            }
            for (label, values) in &used.wanted {
                let known: BTreeSet<&str> = if label == "outcome" {
                    outcomes(&used.name, readme)
                } else {
                    samples().filter_map(|sample| sample.labels.get(label)).map(String::as_str).collect()
                };
                for value in values.iter().filter(|value| !known.contains(value.as_str())) {
                    found.push(format!("{}: {} has no {label}={value:?}", self.alert, used.name));
                }
            }
            for label in self.kept().into_iter().filter(|label| *label != OF_PROMETHEUS) {
                if !samples().any(|sample| sample.labels.contains_key(label)) {
                    found.push(format!("{}: {} has no label {label}", self.alert, used.name));
                }
            }
        }
        let lost: Vec<_> = self.told().difference(&self.kept()).copied().collect();
        if !lost.is_empty() {
            found.push(format!("{}: the sentence names {lost:?}, and the sum drops them", self.alert));
        }
        found
    }
}

/// From a list such as: `outcome` of a mount: `ok`, `invalid` (the class).
fn outcomes<'a>(name: &str, readme: &'a str) -> BTreeSet<&'a str> {
    let whose = OUTCOMES.iter().find(|(metric, _)| name.strip_prefix(PREFIX) == Some(metric));
    let Some((_, whose)) = whose else { return BTreeSet::new() };
    let (_, list) = readme.split_once(&format!("`outcome` of a {whose}:")).expect("a list");
    let end = ["`outcome` of", "\n- ", "\n\n"].iter().filter_map(|end| list.find(end)).min();
    list[..end.unwrap_or(list.len())].split('`').skip(1).step_by(2).collect()
}

fn wanted(matcher: &str) -> (String, Vec<String>) {
    let (label, values) = matcher.split_once(['=', '!']).expect("a matcher");
    let values = values.trim_start_matches(['=', '~']).trim_matches('"');
    (label.trim().to_owned(), values.split('|').map(str::to_owned).collect())
}
