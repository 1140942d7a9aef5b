//! What a run found, as data: the one source of every form in which it is shown.

mod badge;
mod collector;
mod diff;
mod files;
mod html;
mod junit;
mod terminal;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use collector::{Collector, Note, Notes, Place, Planned, Ran, Record, Seen};
pub(crate) use collector::{millis, timestamp};
pub use diff::Difference;
pub use files::write;
pub use terminal::summary;

use crate::catalogue::Scenario;
use crate::requirements::{Evidence, Level};

/// The version of the report's format. It grows when a reader of the last one would misunderstand the next.
pub const FORMAT: u32 = 1;

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Report of a conformance run")]
pub struct Report {
    /// The version of this format.
    pub format: u32,
    /// What judged.
    pub suite: Suite,
    /// What was judged.
    pub target: Target,
    /// When the run began, by RFC 3339.
    pub started: String,
    /// How long it took.
    pub took_ms: u64,
    /// How far the target was judged.
    pub level: Level,
    /// The filters of the run, as they were written.
    pub filters: Vec<String>,
    /// What came of it.
    pub verdict: Verdict,
    /// What a reader should know beside the rows, such as capabilities that are there and not claimed.
    pub remarks: Vec<String>,
    /// Promise by promise.
    pub requirements: Vec<RequirementResult>,
    /// Scenario by scenario, in the order of the features.
    pub scenarios: Vec<ScenarioResult>,
}

/// What judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Suite {
    /// The version of the suite.
    pub version: String,
    /// Stands for the texts of all features and requirements: two runs with one digest asked the same.
    pub digest: String,
    /// The version of the fake cloud.
    pub fake_version: String,
}

/// What was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its name and version as it tells them, if it does.
    pub version: Option<String>,
    /// How results of it are proven.
    pub evidence: Evidence,
    /// The capabilities that it says it has.
    pub claims: BTreeSet<String>,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All that was selected holds, but for known deviations.
    Pass,
    /// Nothing failed, and something that was selected was not judged.
    Partial,
    /// Something failed.
    Fail,
}

/// What came of a promise or a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It does not hold.
    Fail,
    /// It was selected and not judged.
    Skipped,
    /// A capability that is neither claimed nor there.
    Unsupported,
    /// What was looked at holds, and the run's filters left out the rest.
    Partial,
    /// It holds.
    Pass,
    /// Only a real cluster can prove it.
    NeedsCluster,
    /// No scenario shows it yet.
    Planned,
    /// This run was not asked for it.
    Unselected,
}

/// What came of a promise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequirementResult {
    /// Its id.
    pub id: String,
    /// What is promised.
    pub statement: String,
    /// Where.
    pub source: String,
    /// Its level.
    pub level: Level,
    /// What came of it.
    pub outcome: Outcome,
    /// How that was proven; absent when it was not.
    pub evidence: Option<Evidence>,
    /// Why the outcome is what it is, where that needs saying.
    pub reason: Option<String>,
    /// How many of its scenarios passed.
    pub passed: usize,
    /// How many were judged.
    pub judged: usize,
    /// How long they took together.
    pub took_ms: u64,
    /// The ids of all its scenarios.
    pub scenarios: Vec<String>,
}

/// What came of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScenarioResult {
    /// Which one it is.
    #[serde(flatten)]
    pub scenario: Scenario,
    /// What came of it.
    pub outcome: Outcome,
    /// How that was proven; absent when it did not run.
    pub evidence: Option<Evidence>,
    /// Why it failed, or why it did not run.
    pub reason: Option<String>,
    /// Why this failure is expected, if it is.
    pub deviation: Option<String>,
    /// How long it took.
    pub took_ms: u64,
    /// Step by step.
    pub steps: Vec<StepResult>,
    /// What the clouds were asked meanwhile.
    pub calls: Vec<Call>,
    /// What was seen of a target that failed.
    pub seen: Option<Seen>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepResult {
    /// Keyword and words.
    pub text: String,
    /// The table or text below it.
    pub argument: Option<String>,
    /// Whether it held; a step that was not reached is skipped.
    pub outcome: Outcome,
    /// From the scenario's start to the step's.
    pub at_ms: u64,
    /// How long it took.
    pub took_ms: u64,
}

/// A call to a cloud, as the fake's journal tells it: without values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Call {
    /// The step during which it came, counted from 0; absent when the fake's clock was not the real one.
    pub step: Option<usize>,
    /// The product's short name, such as `kms`.
    pub product: String,
    /// What was asked.
    pub action: String,
    /// For which region.
    pub region: String,
    /// The parameters that may be shown.
    pub parameters: std::collections::BTreeMap<String, String>,
    /// Who asked, if the signature held: an ARN, or else the key's id.
    pub caller: Option<String>,
    /// The HTTP status of the answer; 0 when the client left before there was one.
    pub status: u16,
    /// The error's code, if it was one.
    pub code: Option<String>,
    /// The planned fault that met it.
    pub fault: Option<String>,
}

impl Report {
    /// Reads a report from a file, if it is of this format.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let name = path.display();
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("reading the report {name}; `conformance run --report DIR` writes report.json")
        })?;
        let format = serde_json::from_str::<Format>(&text)
            .with_context(|| format!("{name} is no report of a conformance run"))?
            .format;
        ensure!(
            format == FORMAT,
            "{name} is a report of format {format}, and this suite reads format {FORMAT}: make it anew with this suite"
        );
        serde_json::from_str(&text).with_context(|| format!("{name} is no whole report"))
    }

    /// The report as it is written.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report is a tree") + "\n"
    }

    /// The JSON Schema of reports.
    pub fn schema() -> String {
        let schema = schemars::schema_for!(Self);
        serde_json::to_string_pretty(&schema).expect("a schema is a tree") + "\n"
    }

    /// A scenario's result.
    pub fn scenario(&self, id: &str) -> Option<&ScenarioResult> {
        self.scenarios.iter().find(|result| result.scenario.id == id)
    }
}

impl Outcome {
    /// As it is written everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Skipped => "skipped",
            Self::Unsupported => "unsupported",
            Self::Partial => "partial",
            Self::Pass => "pass",
            Self::NeedsCluster => "needs-cluster",
            Self::Planned => "planned",
            Self::Unselected => "unselected",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::NeedsCluster => "needs cluster",
            other => other.name(),
        }
    }

    /// All of them, the worst first.
    pub const ALL: [Self; 8] = [
        Self::Fail,
        Self::Skipped,
        Self::Unsupported,
        Self::Partial,
        Self::Pass,
        Self::NeedsCluster,
        Self::Planned,
        Self::Unselected,
    ];
}

impl Verdict {
    /// For people and machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Partial => "partial",
            Self::Fail => "fail",
        }
    }
}

#[cfg(test)]
mod tests;
