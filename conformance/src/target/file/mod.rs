//! Target files: what is judged, in YAML.
//!
//! A file says how the target is started, how it is told of identities, and what it claims beyond the documented. Whatever a
//! scenario sets and a file has no words for cannot be told to that target.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_yaml::{Location, Spanned};

use super::cluster::{Chart, Ground, Told};
use super::settings::AccessKey;
use super::template::Template;

/// The workspace's own provider.
const PROVIDER: &str = include_str!("../../targets/provider.yaml");

/// A provider that runs already, as the fake's own addresses suggest.
const SOCKET: &str = include_str!("../../targets/socket.yaml");

/// What is known wherever a process is started.
pub(super) const COMMAND: [&str; 3] = ["provider", "sockets", "healthPort"];

/// What is known wherever a container is started.
pub(super) const IN_CONTAINER: [&str; 2] = ["sockets", "healthPort"];

/// A target: how to start it, how to tell it who it is, what it claims.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetFile {
    /// What reports call it.
    pub name: String,
    /// How it is started.
    pub(super) start: Start,
    /// How it is told of identities. What is not here cannot be told.
    #[serde(default)]
    pub(super) identities: Identities,
    /// Which variable names a file in place of another variable: a text with {variable}.
    pub(super) variable_file: Option<Template>,
    /// The extended requirements that it claims.
    #[serde(default)]
    #[schemars(with = "Vec<String>", inner(pattern(r"^EXT-[0-9]{2}$")))]
    capabilities: Vec<Spanned<String>>,
}

/// How a target is started.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Start {
    /// As a process of its own for each scenario.
    Process(Box<Process>),
    /// Not at all: it runs already, and was told by somebody else what it knows.
    Socket(Box<Running>),
    /// As a container of its own for each scenario, in a private network in which the cloud's names are the suite's cloud.
    Container(Box<Container>),
    /// By its chart in a real Kubernetes, for the real driver.
    Cluster(Box<Chart>),
}

/// A container. In it, the authority of the suite's cloud, the provider's own token and the Kubernetes API are where clients in a
/// cluster look.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Container {
    /// The image, which must be on the engine already.
    pub(super) image: String,
    /// Arguments for the image's entry point, with {sockets} and {healthPort}.
    #[serde(default)]
    pub(super) command: Vec<Template>,
    /// What is added when a scenario sets something.
    #[serde(default)]
    pub(super) arguments: Arguments,
    /// The folder in the container for the socket.
    pub(super) sockets: PathBuf,
    /// The port of its operator's pages, on all of its addresses, if it has any.
    pub(super) health_port: Option<u16>,
    /// The file in the container with the authorities that vouch for the cloud: where its clients look, or where its arguments say.
    pub(super) ca_file: PathBuf,
    /// The folder in the container with the provider's own token.
    pub(super) tokens: PathBuf,
    /// Names beside the usual ones of KMS, OOS and STS at which the cloud is.
    #[serde(default)]
    pub(super) hosts: Vec<String>,
}

/// A provider that runs already. Where the cloud is, and who it is, it was told before.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Running {
    /// The folder of its socket; --socket-folder names another.
    pub(super) folder: PathBuf,
    /// Where it looks for the cloud.
    pub(super) cloud: Place,
    /// The port of its operator's pages on this machine, if it has any.
    pub(super) health_port: Option<u16>,
    /// The cluster's region, if it was told.
    pub(super) region: Option<String>,
    /// The access key, if it was told one. Scenarios in which the provider has a key of the account then use this one.
    pub(super) access_key: Option<KnownKey>,
}

/// Where a cloud listens. Its addresses stay from scenario to scenario.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Place {
    /// All that is called with signatures, over HTTP.
    #[schemars(with = "String")]
    pub(crate) api: SocketAddr,
    /// The instance metadata service.
    #[schemars(with = "String")]
    pub(crate) metadata: SocketAddr,
    /// The same as the API, over HTTPS.
    #[serde(skip)]
    pub(crate) api_tls: Option<SocketAddr>,
}

/// A made-up key.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KnownKey {
    /// The public half.
    pub(super) id: String,
    /// The secret half; one that was made up for this.
    pub(super) secret: String,
}

impl fmt::Debug for KnownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A process.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Process {
    /// Program and arguments, with {provider} (the binary that is judged), {sockets} (the folder for its socket) and
    /// {healthPort}.
    #[schemars(length(min = 1))]
    pub(super) command: Vec<Template>,
    /// What is added when a scenario sets something.
    #[serde(default)]
    pub(super) arguments: Arguments,
}

/// Arguments for what a scenario may set.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Arguments {
    /// KMS is at {kms}, a URL. Without it, and the next three, the cloud's own names are used.
    pub(super) kms: Option<Vec<Template>>,
    /// OOS is at {oos}.
    pub(super) oos: Option<Vec<Template>>,
    /// The token service is at {sts}.
    pub(super) sts: Option<Vec<Template>>,
    /// The instance metadata service is at {metadata}.
    pub(super) metadata: Option<Vec<Template>>,
    /// The cluster's {region}; without it the node's is looked up.
    pub(super) region: Option<Vec<Template>>,
    /// Which endpoints are used if none are named: the {network} is `vpc` or `public`.
    pub(super) network: Option<Vec<Template>>,
    /// The file {kubeconfig} says where the Kubernetes API is.
    pub(super) kubeconfig: Option<Vec<Template>>,
    /// The authorities in {caFile} vouch for hosts that end in {hostSuffix}; for each such file.
    pub(super) ca_file: Option<Vec<Template>>,
    /// An {endpoint} that classes may name; for each such endpoint.
    pub(super) allowed_endpoint: Option<Vec<Template>>,
    /// How many {milliseconds} running mounts may go on after SIGTERM.
    pub(super) grace_period: Option<Vec<Template>>,
    /// After how many {milliseconds} a change must have reached every pod.
    pub(super) rotation_interval: Option<Vec<Template>>,
    /// How many {calls} to KMS may be under way.
    pub(super) kms_bound: Option<Vec<Template>>,
    /// How many {calls} to OOS may be under way.
    pub(super) oos_bound: Option<Vec<Template>>,
    /// The name of the {role} that the node's instance has.
    pub(super) ecs_role: Option<Vec<Template>>,
    /// Pods without an identity of their own read with the provider's.
    pub(super) pod_identity_fallback: Option<Vec<Template>>,
    /// A pod's key pair goes before the provider's role.
    pub(super) prefer_node_publish_secret: Option<Vec<Template>>,
    /// The log has all that there is to tell. Without it, what is logged anyway is searched for secrets.
    pub(super) verbose: Option<Vec<Template>>,
}

/// Variables of the environment, by what they tell.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Identities {
    /// {accessKeyId}
    pub(super) access_key_id: BTreeMap<String, Template>,
    /// {accessKeySecret}
    pub(super) access_key_secret: BTreeMap<String, Template>,
    /// {roleArn}
    pub(super) role: BTreeMap<String, Template>,
    /// {oidcProviderArn}
    pub(super) oidc_provider: BTreeMap<String, Template>,
    /// {accountId}
    pub(super) account: BTreeMap<String, Template>,
    /// {clusterId}
    pub(super) cluster: BTreeMap<String, Template>,
    /// {tokenFile}, the provider's own token
    pub(super) token_file: BTreeMap<String, Template>,
    /// {sessionName}
    pub(super) session_name: BTreeMap<String, Template>,
    /// {sessionSeconds}
    pub(super) session_seconds: BTreeMap<String, Template>,
    /// {externalId}
    pub(super) external_id: BTreeMap<String, Template>,
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
    pub(super) fn wrong(place: Location, problem: String) -> Self {
        Self::Unreadable { line: place.line(), column: place.column(), problem }
    }
}

impl TargetFile {
    /// The workspace's own provider as a process.
    pub fn provider() -> Arc<Self> {
        static FILE: LazyLock<Arc<TargetFile>> =
            LazyLock::new(|| Arc::new(PROVIDER.parse().expect("tested")));
        Arc::clone(&FILE)
    }

    /// A provider that runs already with its socket in this folder.
    pub fn socket(folder: &Path) -> Arc<Self> {
        let mut file: Self = SOCKET.parse().expect("tested");
        file.move_socket(folder);
        Arc::new(file)
    }

    /// The same file for a provider that runs already elsewhere; an error if the file is about none.
    pub fn at(&self, folder: &Path) -> anyhow::Result<Arc<Self>> {
        let mut file = self.clone();
        anyhow::ensure!(
            file.move_socket(folder),
            "--socket-folder is for targets that run already, and {} is started: its file has no `socket`",
            self.name
        );
        Ok(Arc::new(file))
    }

    /// The same file for another image; an error if the file is about none.
    pub fn of_image(&self, image: &str) -> anyhow::Result<Arc<Self>> {
        let mut file = self.clone();
        let Start::Container(container) = &mut file.start else {
            anyhow::bail!("--image is for containers, and {} is none: its file has no `container`", self.name)
        };
        image.clone_into(&mut container.image);
        Ok(Arc::new(file))
    }

    fn move_socket(&mut self, folder: &Path) -> bool {
        let Start::Socket(running) = &mut self.start else { return false };
        folder.clone_into(&mut running.folder);
        true
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
    pub(super) fn arguments(&self) -> Option<&Arguments> {
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

    /// What the target itself calls the socket that the suite finds here.
    pub(crate) fn own_path(&self, socket: &Path) -> PathBuf {
        match (&self.start, socket.file_name()) {
            (Start::Container(container), Some(name)) => container.sockets.join(name),
            _ => socket.to_owned(),
        }
    }

    /// Whether it runs in containers, where the cloud is at its own names.
    pub(crate) fn is_container(&self) -> bool {
        matches!(self.start, Start::Container(_))
    }

    /// Whether it runs for the suite, which then sees its output, its start and its end.
    pub fn is_started(&self) -> bool {
        !matches!(self.start, Start::Socket(_))
    }

    /// The key that it has in every scenario, if it was told one before.
    pub(crate) fn known_key(&self) -> Option<AccessKey> {
        let Start::Socket(running) = &self.start else { return None };
        let key = running.access_key.as_ref()?;
        Some(AccessKey { id: key.id.clone(), secret: key.secret.clone() })
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

    fn check(&self) -> Result<(), TargetError> {
        if let Start::Process(process) = &self.start {
            if process.command.is_empty() {
                return Err(TargetError::NoCommand);
            }
            process.command.iter().try_for_each(|template| template.check(&COMMAND))?;
        }
        if let Start::Cluster(chart) = &self.start {
            chart.check()?;
        }
        if let Start::Container(container) = &self.start {
            container.command.iter().try_for_each(|template| template.check(&IN_CONTAINER))?;
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

impl Arguments {
    fn slots(&self) -> [(&Option<Vec<Template>>, &'static [&'static str]); 17] {
        [
            (&self.kms, &["kms"]),
            (&self.oos, &["oos"]),
            (&self.sts, &["sts"]),
            (&self.metadata, &["metadata"]),
            (&self.region, &["region"]),
            (&self.network, &["network"]),
            (&self.kubeconfig, &["kubeconfig"]),
            (&self.ca_file, &["hostSuffix", "caFile"]),
            (&self.allowed_endpoint, &["endpoint"]),
            (&self.grace_period, &["milliseconds"]),
            (&self.rotation_interval, &["milliseconds"]),
            (&self.kms_bound, &["calls"]),
            (&self.oos_bound, &["calls"]),
            (&self.ecs_role, &["role"]),
            (&self.pod_identity_fallback, &[]),
            (&self.prefer_node_publish_secret, &[]),
            (&self.verbose, &[]),
        ]
    }
}

impl Identities {
    fn slots(&self) -> [(&BTreeMap<String, Template>, &'static str); 10] {
        [
            (&self.access_key_id, "accessKeyId"),
            (&self.access_key_secret, "accessKeySecret"),
            (&self.role, "roleArn"),
            (&self.oidc_provider, "oidcProviderArn"),
            (&self.account, "accountId"),
            (&self.cluster, "clusterId"),
            (&self.token_file, "tokenFile"),
            (&self.session_name, "sessionName"),
            (&self.session_seconds, "sessionSeconds"),
            (&self.external_id, "externalId"),
        ]
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
        let text = include_str!("../../targets/target.schema.json");
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
