//! Target files: what is judged, in YAML.
//!
//! A file says how the target is started, how it is told of identities, and what it claims beyond the documented. Whatever a
//! scenario sets and a file has no words for cannot be told to that target.

mod cluster;
mod container;
mod running;
mod words;

use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_yaml::{Location, Spanned};

pub(in crate::target) use self::container::{Container, IN_CONTAINER};
pub(crate) use self::running::Place;
pub(in crate::target) use self::running::Running;
pub(in crate::target) use self::words::{Arguments, Identities};
use super::cluster::Chart;
use super::template::Template;

/// The workspace's own provider.
const PROVIDER: &str = include_str!("../../../targets/provider.yaml");

/// What is known wherever a process is started.
pub(in crate::target) const COMMAND: [&str; 3] = ["provider", "sockets", "healthPort"];

/// A target: how to start it, how to tell it who it is, what it claims.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetFile {
    /// What reports call it.
    pub name: String,
    /// How it is started.
    pub(in crate::target) start: Start,
    /// How it is told of identities. What is not here cannot be told.
    #[serde(default)]
    pub(in crate::target) identities: Identities,
    /// Which variable names a file in place of another variable: a text with {variable}.
    pub(in crate::target) variable_file: Option<Template>,
    /// The extended requirements that it claims.
    #[serde(default)]
    #[schemars(with = "Vec<String>", inner(pattern(r"^EXT-[0-9]{2}$")))]
    capabilities: Vec<Spanned<String>>,
}

/// How a target is started.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::target) enum Start {
    /// As a process of its own for each scenario.
    Process(Box<Process>),
    /// Not at all: it runs already, and was told by somebody else what it knows.
    Socket(Box<Running>),
    /// As a container of its own for each scenario, in a private network in which the cloud's names are the suite's cloud.
    Container(Box<Container>),
    /// By its chart in a real Kubernetes, for the real driver.
    Cluster(Box<Chart>),
}

/// A process.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::target) struct Process {
    /// Program and arguments, with {provider} (the binary that is judged), {sockets} (the folder for its socket) and
    /// {healthPort}.
    #[schemars(length(min = 1))]
    pub(in crate::target) command: Vec<Template>,
    /// What is added when a scenario sets something.
    #[serde(default)]
    pub(in crate::target) arguments: Arguments,
}

/// A target file that cannot be used, or that has no words for what a scenario sets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Its author must correct it.
    #[error("cannot read the target file at line {line}, column {column}: {problem}")]
    Unreadable {
        /// From 1.
        line: u64,
        /// From 1.
        column: u64,
        /// What is wrong there.
        problem: String,
    },
    /// Its values cannot be used; where they stand is not known.
    #[error("cannot read the target file, within the values of the chart: {problem}")]
    Values {
        /// What is wrong there.
        problem: String,
    },
    /// There is nothing to start.
    #[error("the command of the target file is empty, expected a program")]
    NoCommand,
    /// Only processes can be started here.
    #[error("the target file starts no process, and only a process can be used here")]
    NoProcess,
    /// The target cannot be told.
    #[error("the target file says no {slot}, which this scenario sets")]
    Unspoken {
        /// The field that is missing.
        slot: String,
    },
}

impl TargetError {
    pub(in crate::target) fn wrong(place: Location, problem: String) -> Self {
        Self::Unreadable { line: place.line(), column: place.column(), problem }
    }
}

impl Process {
    fn check(&self) -> Result<(), TargetError> {
        if self.command.is_empty() {
            return Err(TargetError::NoCommand);
        }
        self.command.iter().try_for_each(|template| template.check(&COMMAND))
    }
}

impl TargetFile {
    /// The workspace's own provider as a process.
    pub fn provider() -> Arc<Self> {
        static FILE: LazyLock<Arc<TargetFile>> =
            LazyLock::new(|| Arc::new(PROVIDER.parse().expect("tested")));
        Arc::clone(&FILE)
    }

    /// Reads a file; an error names it.
    pub fn read(path: &Path) -> anyhow::Result<Arc<Self>> {
        let name = path.display();
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading the target file {name}"))?;
        let mut file: Self = text.parse().with_context(|| name.to_string())?;
        if let Start::Cluster(chart) = &mut file.start {
            chart.stands_in(path);
        }
        Ok(Arc::new(file))
    }

    /// Whether its command holds the binary that is given or built.
    pub fn takes_a_binary(&self) -> bool {
        let Start::Process(process) = &self.start else { return false };
        let (_, others) = COMMAND.split_first().expect("it is no empty list");
        process.command.iter().any(|template| template.check(others).is_err())
    }

    /// Whether it can be told how old what it remembers may get.
    pub fn remembers(&self) -> bool {
        self.arguments().is_some_and(|words| words.rotation_interval.is_some())
    }

    /// How it is told what a scenario sets, if anybody starts it.
    pub(in crate::target) fn arguments(&self) -> Option<&Arguments> {
        match &self.start {
            Start::Process(process) => Some(&process.arguments),
            Start::Container(container) => Some(&container.arguments),
            Start::Socket(_) | Start::Cluster(_) => None,
        }
    }

    /// The addresses at which it looks for the cloud in every scenario. Such scenarios run one at a time.
    pub(crate) fn place(&self) -> Option<Place> {
        match &self.start {
            Start::Process(_) | Start::Cluster(_) => None,
            Start::Socket(running) => Some(running.cloud),
            Start::Container(_) => Some(Place::of_containers()),
        }
    }

    /// Whether it runs for the suite, which then sees its output, its start and its end.
    pub fn is_started(&self) -> bool {
        !matches!(self.start, Start::Socket(_))
    }

    /// The extended requirements that it claims.
    pub fn capabilities(&self) -> impl Iterator<Item = &str> {
        self.capabilities.iter().map(|capability| capability.value.as_str())
    }

    /// The JSON Schema of target files.
    pub fn schema() -> String {
        let schema = schemars::schema_for!(Self);
        serde_json::to_string_pretty(&schema).expect("a schema is a tree") + "\n"
    }

    fn check(&self) -> Result<(), TargetError> {
        if let Start::Process(process) = &self.start {
            process.check()?;
        }
        if let Start::Cluster(chart) = &self.start {
            chart.check()?;
        }
        if let Start::Container(container) = &self.start {
            container.check()?;
        }
        for (templates, known) in self.arguments().into_iter().flat_map(Arguments::slots) {
            templates.iter().flatten().try_for_each(|template| template.check(known))?;
        }
        for (variables, known) in self.identities.slots() {
            variables.values().try_for_each(|template| template.check(&[known]))?;
        }
        self.variable_file.iter().try_for_each(|template| template.check(&["variable"]))?;
        for Spanned { value, referenced, .. } in &self.capabilities {
            let number = value.strip_prefix("EXT-").unwrap_or_default();
            if number.len() != 2 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                let problem = format!("{value:?} is no extended requirement, such as EXT-01");
                return Err(TargetError::wrong(*referenced, problem));
            }
        }
        Ok(())
    }
}

impl FromStr for TargetFile {
    type Err = TargetError;

    fn from_str(yaml: &str) -> Result<Self, TargetError> {
        let file: Self = serde_yaml::from_str(yaml).map_err(|error| {
            let place = error.location().unwrap_or(Location::UNKNOWN);
            let text = error.without_snippet().to_string();
            let told = format!(" at line {}, column {}", place.line(), place.column());
            TargetError::wrong(place, text.strip_suffix(&told).unwrap_or(&text).to_owned())
        })?;
        file.check()?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn the_file_in_the_box_can_be_read() {
        assert_eq!(TargetFile::provider().name, "csi-secrets-store-provider-alibabacloud");
        assert!(!TargetFile::socket(Path::new("/run/providers")).is_started());
    }

    #[test]
    fn the_schema_in_the_box_is_that_of_the_code() {
        let text = include_str!("../../../targets/target.schema.json");
        let hint = "write the output of `conformance target-schema` to targets/target.schema.json";
        assert!(text == TargetFile::schema(), "{hint}");
    }

    #[rstest]
    #[case::field("kubernetes: []\n", "line 5, column 1", "kubernetes")]
    #[case::argument("    arguments: { regoin: [] }\n", "line 5, column 18", "regoin")]
    #[case::placeholder(
        "    arguments: { region: ['--region={regoin}'] }\n",
        "line 5, column 27",
        "expected {region}"
    )]
    #[case::brace("    arguments: { region: ['--region={region'] }\n", "line 5, column 27", "not closed")]
    #[case::flag("    arguments: { podIdentityFallback: ['{region}'] }\n", "line 5, column 40", "nothing is")]
    #[case::variable("identities: { role: { R: '{role}' } }\n", "line 5, column 26", "expected {roleArn}")]
    #[case::capability("capabilities: [EXT-01, ACK-01]\n", "line 5, column 24", "no extended requirement")]
    fn what_nobody_knows_is_named_with_its_place(
        #[case] more: &str,
        #[case] place: &str,
        #[case] named: &str,
    ) {
        let text = format!("name: other\nstart:\n  process:\n    command: ['{{provider}}']\n{more}");

        let error = text.parse::<TargetFile>().unwrap_err().to_string();

        assert!(error.contains(place) && error.contains(named), "{error}");
    }
}
