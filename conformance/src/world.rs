//! The world of a scenario: one cloud, one provider, one driver, one folder, shared with no other scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail, ensure};
use tempfile::TempDir;

use crate::cloud::{AUDIENCE, Cloud};
use crate::driver::objects::EVENTS;
use crate::driver::stand_in::StandIn;
use crate::driver::{
    self, Attempt, Driver, Node, Pod, Publication, Receipt, Refusal, SecretProviderClass, TokenDelivery,
};
use crate::faults::Trouble;
use crate::kubernetes::Cluster;
use crate::patience;
use crate::tally::{self, Tally};
use crate::target::{
    self, AccessKey, Exit, GATEWAY, HttpAnswer, Identity, Impossible, InCluster, Provider, Settings,
    TargetFile, free_port_at,
};
use crate::values::Values;

const REGION: &str = "cn-hangzhou";

/// What the steps of a scenario share.
#[derive(Debug, cucumber::World)]
#[world(init = Self::new)]
pub struct World {
    /// The provider's binary, set before the first step.
    pub binary: PathBuf,
    /// How the provider wants to be told, set before the first step.
    pub target: Arc<TargetFile>,
    /// Killed first, before the folder with its socket goes.
    pub provider: Option<Provider>,
    /// Why this scenario cannot be played on this target, if that has turned out.
    pub impossible: Option<Impossible>,
    /// What the provider wrote before it was started anew.
    pub earlier_output: Vec<u8>,
    /// The cloud that answers.
    pub cloud: Cloud,
    /// A cloud that an operator allows classes to name, if the scenario has one.
    pub other_cloud: Option<Cloud>,
    /// What stands in the cloud's place or before it, if anything.
    pub trouble: Option<Trouble>,
    /// Services that cannot be reached, and where nobody listens for them.
    pub unreachable: BTreeMap<Service, String>,
    /// Services that the provider is to find at the cloud's own names, where no scenario may send anything.
    pub own_names: BTreeSet<Service>,
    /// What the provider is started with beside who it is.
    pub options: target::Options,
    /// Who the provider is told to be.
    pub identity: Identity,
    /// Access keys by the name of their user.
    pub access_keys: BTreeMap<String, AccessKey>,
    /// The Kubernetes API, if the scenario has one.
    pub cluster: Option<Cluster>,
    /// What is the matter with the tokens of pods, if anything.
    pub pod_tokens: PodTokens,
    /// For whom the driver asks tokens (`tokenRequests`), and where the kubelet puts them.
    pub token_requests: (Vec<String>, TokenDelivery),
    /// The node's driver.
    pub driver: Arc<Driver>,
    /// What runs on the node by itself while time passes.
    pub node: Node,
    /// Every publication of the kubelet, in order.
    pub attempts: Vec<Attempt>,
    /// A provider of the suite's own in place of the one that is judged, if the scenario needs bad behaviour.
    pub stand_in: Option<StandIn>,
    /// The pod of which the scenario speaks.
    pub pod: Option<Pod>,
    /// What cloud and Kubernetes had been asked before the last mount.
    pub asked_before: Tally,
    /// How the last mount ended.
    pub outcome: Option<Outcome>,
    /// The object versions that the driver stored before it.
    pub earlier_versions: BTreeMap<String, String>,
    /// A mount that is still under way.
    pub running: Option<Running>,
    /// Pods whose mounts are under way together.
    pub crowd: Vec<Waiting>,
    /// Pods of the crowd whose mounts are over.
    pub served: Vec<(Pod, Outcome)>,
    /// How the provider ended.
    pub exit: Option<Exit>,
    /// The answer to the last question for the version.
    pub version: Option<driver::protocol::VersionResponse>,
    /// What the last check of manifests said.
    pub check: Option<Output>,
    /// Secret values by label.
    pub values: Values,
    /// Every text that came over gRPC.
    pub texts: Vec<String>,
    folder: TempDir,
}

/// What a provider asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Key Management Service.
    Kms,
    /// Parameters of the orchestration service.
    Oos,
    /// The token service.
    Sts,
    /// The instance metadata service.
    Metadata,
}

/// The tokens that the kubelet hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PodTokens {
    /// As they should be.
    #[default]
    Good,
    /// They ended a minute ago.
    Expired,
    /// No tokens at all, but other text.
    Nonsense,
}

/// How a mount ended, and after how long.
#[derive(Debug)]
pub struct Outcome {
    /// The driver's result.
    pub result: Result<Publication, Refusal>,
    /// From the call to its end.
    pub took: Duration,
}

/// A mount that was begun and is not yet over.
pub type Running = tokio::task::JoinHandle<Outcome>;

/// A pod whose mount is under way.
#[derive(Debug)]
pub struct Waiting {
    /// The pod.
    pub pod: Pod,
    /// Its mount.
    pub running: Running,
}

impl World {
    async fn new() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("conformance-").tempdir().context("making a folder")?;
        let providers = folder.path().join("providers");
        std::fs::create_dir(&providers).context("making the folder of sockets")?;
        let options = driver::Options {
            patience: Some(patience::of_a_mount()),
            ..driver::Options::new(providers, folder.path().join("kubelet"))
        };
        Ok(Self {
            binary: PathBuf::new(),
            target: TargetFile::provider(),
            provider: None,
            impossible: None,
            earlier_output: Vec::new(),
            cloud: Cloud::start().await?,
            other_cloud: None,
            trouble: None,
            unreachable: BTreeMap::new(),
            own_names: BTreeSet::new(),
            options: target::Options {
                region: Some(REGION.into()),
                verbose: true,
                ..target::Options::default()
            },
            identity: Identity::default(),
            access_keys: BTreeMap::new(),
            cluster: None,
            pod_tokens: PodTokens::default(),
            token_requests: (vec![AUDIENCE.into()], TokenDelivery::Context),
            driver: Arc::new(Driver::new(options)),
            node: Node::default(),
            attempts: Vec::new(),
            stand_in: None,
            pod: None,
            asked_before: Tally::new(),
            outcome: None,
            earlier_versions: BTreeMap::new(),
            running: None,
            crowd: Vec::new(),
            served: Vec::new(),
            exit: None,
            version: None,
            check: None,
            values: Values::new(),
            texts: Vec::new(),
            folder,
        })
    }

    /// Takes up what is judged, before the first step.
    pub async fn judge(&mut self, target: &Arc<TargetFile>, binary: &Path) -> anyhow::Result<()> {
        self.target = Arc::clone(target);
        binary.clone_into(&mut self.binary);
        if let Some(place) = target.place() {
            self.cloud = Cloud::start_at(place).await?;
        }
        if self.target.is_container() {
            let file = self.folder.path().join("ca.pem");
            std::fs::write(&file, self.cloud.ca_pem()).context("writing the cloud's authority")?;
            self.options.ca_files.push(("aliyuncs.com".into(), file));
        }
        Ok(())
    }

    /// For what can only be done with a target that the suite starts.
    pub fn needs_start(&mut self, what: &str) -> anyhow::Result<()> {
        if self.target.is_started() {
            return Ok(());
        }
        let impossible = Impossible(format!("it runs already, and the scenario needs {what}"));
        Err(self.impossible.insert(impossible).clone().into())
    }

    /// For what a binary does without being started as a provider.
    pub fn needs_binary(&mut self, what: &str) -> anyhow::Result<()> {
        if !self.binary.as_os_str().is_empty() {
            return Ok(());
        }
        let impossible = Impossible(format!("no binary is at hand, and the scenario needs {what}"));
        Err(self.impossible.insert(impossible).clone().into())
    }

    /// The address at which the provider reaches what this scenario listens on.
    pub fn host(&self) -> IpAddr {
        if self.target.is_container() { GATEWAY } else { Ipv4Addr::LOCALHOST.into() }
    }

    /// The namespace of pods and classes that name none.
    pub fn namespace(&self) -> &'static str {
        "default"
    }

    /// Addresses are known only when the clouds run, so objects name them in words.
    pub fn with_addresses(&self, objects: &str) -> String {
        let address = |url: &str| url.trim_start_matches("http://").to_owned();
        let objects = objects.replace("<the cloud>", &address(self.cloud.url()));
        let other = self.other_cloud.as_ref();
        other.map_or_else(
            || objects.clone(),
            |other| objects.replace("<the other cloud>", &address(other.url())),
        )
    }

    /// Here everything has happened by the time that it can be asked for.
    #[expect(clippy::unused_async, reason = "in a cluster it takes time")]
    pub async fn catch_up(&mut self) -> anyhow::Result<()> {
        Ok(())
    }

    /// Where an operator of this scenario keeps manifests.
    pub fn desk(&self) -> &Path {
        self.folder.path()
    }

    /// Where the provider puts its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("providers/alibabacloud.sock")
    }

    /// The driver, to be set up; only possible while no mount is under way.
    pub fn driver_mut(&mut self) -> anyhow::Result<&mut Driver> {
        Arc::get_mut(&mut self.driver).context("a mount is under way: the driver cannot be changed now")
    }

    /// What the provider is started with.
    pub fn settings(&self) -> Settings {
        let api = self.trouble.as_ref().map_or_else(|| self.cloud.url().to_owned(), Trouble::url);
        let at = |service, url: &str| {
            // In a container the cloud is at its own names, unless a class names its address.
            let is_usual = [self.cloud.url(), self.cloud.metadata_url()].contains(&url)
                && self.other_cloud.is_none()
                && !self.unreachable.contains_key(&service);
            let is_named = self.own_names.contains(&service) || (self.target.is_container() && is_usual);
            (!is_named).then(|| self.unreachable.get(&service).cloned().unwrap_or_else(|| url.to_owned()))
        };
        let mut options = self.options.clone();
        // A scenario republishes right after it changed a secret.
        if self.target.remembers() {
            options.rotation_interval.get_or_insert(Duration::from_secs(1));
        }
        options.allowed_endpoints.extend(self.other_cloud.iter().map(|cloud| cloud.url().to_owned()));
        Settings {
            target: Arc::clone(&self.target),
            binary: self.binary.clone(),
            provider_folder: self.folder.path().join("providers"),
            endpoints: target::Endpoints {
                kms: at(Service::Kms, &api),
                oos: at(Service::Oos, &api),
                sts: at(Service::Sts, self.cloud.url()),
                metadata: at(Service::Metadata, self.cloud.metadata_url()),
            },
            options,
            identity: self.identity.clone(),
        }
    }

    /// Takes a service off the network; only possible before the provider starts.
    pub fn disconnect(&mut self, service: Service) -> anyhow::Result<()> {
        ensure!(self.provider.is_none(), "the provider runs already and knows where the service is");
        let address = SocketAddr::new(self.host(), free_port_at(self.host()));
        self.unreachable.insert(service, format!("http://{address}"));
        Ok(())
    }

    /// The Kubernetes API, started if it is not there yet.
    pub async fn cluster(&mut self) -> anyhow::Result<&Cluster> {
        if self.cluster.is_none() {
            ensure!(self.provider.is_none(), "the provider runs already and knows no Kubernetes API");
            let token = self.values.seal("kubernetes-token")?;
            let address = SocketAddr::new(self.host(), 0);
            let cluster = Cluster::serving(self.driver.objects.clone(), address, &token)
                .await
                .context("starting the Kubernetes API")?;
            if self.target.is_container() {
                let service_account = self.folder.path().join("serviceaccount");
                cluster.write_service_account(&service_account)?;
                let in_cluster = InCluster { address: cluster.address(), service_account };
                self.options.in_cluster = Some(in_cluster);
            } else {
                let file = self.folder.path().join("kubeconfig");
                cluster.write_kubeconfig(&file)?;
                self.options.kubeconfig = Some(file);
            }
            self.cluster = Some(cluster);
        }
        self.cluster.as_ref().context("the Kubernetes API was just started")
    }

    /// How often cloud and Kubernetes were asked for what, refused requests too.
    pub fn asked(&self) -> Tally {
        let calls = self.cloud.calls().into_iter().map(|call| call.action);
        let requests = self.cluster.iter().flat_map(Cluster::requests);
        tally::tally(calls.chain(requests.map(|request| request.verb_and_resource())))
    }

    /// The same, but only what the last mount asked.
    pub fn asked_of_last_mount(&self) -> Tally {
        tally::since(&self.asked_before, self.asked())
    }

    /// The provider, started if it does not run yet. One that has ended by itself is not replaced: that would hide a crash.
    pub async fn provider(&mut self) -> anyhow::Result<&mut Provider> {
        if self.provider.is_none() {
            let settings = self.settings();
            self.provider = Some(match start(&settings).await {
                Ok(provider) => provider,
                Err(error) => {
                    self.impossible = Impossible::of(&error);
                    return Err(error);
                }
            });
        }
        let provider = self.provider.as_mut().context("the provider was just started")?;
        ensure!(provider.is_running(), "the provider has ended by itself");
        Ok(provider)
    }

    /// Asks the operator's door.
    pub async fn page(&mut self, path: &str) -> anyhow::Result<HttpAnswer> {
        if let Some(answer) = self.provider().await?.http_get(path).await {
            return Ok(answer?);
        }
        let impossible = Impossible("its target file does not say where its admin port is".into());
        Err(self.impossible.insert(impossible).clone().into())
    }

    /// Applies a class to the cluster.
    pub fn apply_class(&mut self, manifest: &str) -> anyhow::Result<()> {
        let class: SecretProviderClass = manifest.parse()?;
        Ok(self.driver.apply(&class)?)
    }

    /// Lets time pass on the node and keeps what was published meanwhile.
    pub async fn pass(&mut self, span: Duration) -> anyhow::Result<()> {
        if self.stand_in.is_none() {
            self.provider().await?;
        }
        let attempts = self.node.pass(&self.driver, span).await?;
        let events = self.driver.objects.list(EVENTS);
        self.texts.extend(events.iter().filter_map(|event| event["message"].as_str()).map(str::to_owned));
        self.attempts.extend(attempts);
        Ok(())
    }

    /// Lets the driver publish the scenario's pod and keeps the outcome.
    pub async fn publish(&mut self) -> anyhow::Result<()> {
        if self.stand_in.is_none() {
            self.provider().await?;
        }
        self.asked_before = self.asked();
        let outcome = self.begin_publish()?.await.context("the driver's task ended early")?;
        self.keep(outcome);
        Ok(())
    }

    /// The same, without waiting for its end.
    pub fn begin_publish(&self) -> anyhow::Result<Running> {
        let pod = self.pod.clone().context("no pod of this scenario mounts a class")?;
        let driver = Arc::clone(&self.driver);
        Ok(tokio::spawn(async move {
            let start = Instant::now();
            let result = driver.publish(&pod).await;
            Outcome { result, took: start.elapsed() }
        }))
    }

    /// Remembers an outcome and what was said in it.
    pub fn keep(&mut self, outcome: Outcome) {
        if let Ok(versions) = self.receipt().map(|receipt| receipt.object_versions.clone()) {
            self.earlier_versions = versions;
        }
        match &outcome.result {
            Ok(Publication::Mounted(receipt)) => self
                .texts
                .extend(receipt.object_versions.iter().map(|(id, version)| format!("{id} {version}"))),
            Ok(Publication::Skipped) => {}
            Err(refusal) => self.texts.push(refusal.pod_event()),
        }
        self.outcome = Some(outcome);
    }

    /// The last mount, which must have succeeded.
    pub fn receipt(&self) -> anyhow::Result<&Receipt> {
        match &self.outcome()?.result {
            Ok(Publication::Mounted(receipt)) => Ok(receipt),
            Ok(Publication::Skipped) => bail!("the driver did not ask the provider"),
            Err(refusal) => Err(anyhow!("the mount was refused: {refusal}")),
        }
    }

    /// The last mount, which must have been refused.
    pub fn refusal(&self) -> anyhow::Result<&Refusal> {
        match &self.outcome()?.result {
            Err(refusal) => Ok(refusal),
            Ok(publication) => bail!("the mount was not refused: {publication:?}"),
        }
    }

    /// The last mount.
    pub fn outcome(&self) -> anyhow::Result<&Outcome> {
        self.outcome.as_ref().context("nothing was mounted in this scenario")
    }

    /// The folder that the pod sees.
    pub fn volume(&self) -> anyhow::Result<PathBuf> {
        let pod = self.pod.as_ref().context("no pod of this scenario mounts a class")?;
        Ok(self.driver.target_path(pod))
    }

    /// Everything that the provider wrote.
    pub fn provider_output(&self) -> Vec<u8> {
        let current = self.provider.as_ref().map(Provider::output).unwrap_or_default();
        [self.earlier_output.clone(), current].concat()
    }
}

async fn start(settings: &Settings) -> anyhow::Result<Provider> {
    settings.write_identity_files()?;
    Ok(Provider::start(settings).await?)
}

/// A step's complaint: the whole chain of causes, because the runner shows only the display form.
pub struct StepError(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for StepError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}
