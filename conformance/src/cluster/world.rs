//! The world of a scenario in a cluster. What it declares is done when something has to happen: the cloud is filled, the chart
//! installed, the objects applied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use serde_json::{Map, Value, json};

use super::driver;
use super::example::{Counterparts, Example};
use super::kube::Told as Event;
use super::session::Session;
use crate::cloud::Cloud;
use crate::patience::{self, PAUSE_OF_CLUSTERS as PAUSE};
use crate::tally::{self, Tally};
use crate::target::{AccessKey, Impossible, Release, Told};
use crate::values::Values;

/// How long a cluster may take for anything that is to happen at once, such as a pod's start.
pub(super) const AT_ONCE: Duration = Duration::from_secs(90);

/// What it may take on top of a time that a scenario gives it: the kubelet looks again each 60 to 90 seconds.
const ON_TOP: Duration = Duration::from_secs(90);

/// Where pods have their secrets.
pub(super) const MOUNT: &str = "/mnt/secrets-store";

const REGION: &str = "cn-hangzhou";

/// What the steps of a scenario share.
#[derive(Debug, cucumber::World)]
#[world(init = Self::new)]
pub struct World {
    pub(super) session: Arc<Session>,
    /// The namespace of its pods, and what tells it from other scenarios.
    pub(super) own: String,
    /// The cloud that answers.
    pub cloud: Cloud,
    /// Secret values by label.
    pub values: Values,
    /// Access keys by the name of their user.
    pub access_keys: BTreeMap<String, AccessKey>,
    /// What the chart is told.
    pub(super) told: Told,
    /// Where the chart is installed.
    pub(super) release: Release,
    /// Values of files, which come before what is told.
    pub(super) file: Map<String, Value>,
    /// The classes of the scenario, as they are to be.
    pub(super) classes: BTreeMap<String, Value>,
    /// Those of them that are not applied yet.
    pub(super) changed: BTreeSet<String>,
    /// Whether the chart was told what the scenario says.
    pub(super) is_installed: bool,
    /// The chart's example of which the scenario speaks, and whose key is in it.
    pub(super) example: Option<Example>,
    pub(super) key: Option<AccessKey>,
    /// The pod of which it speaks.
    pub(super) pod: Option<Value>,
    /// How many pods of it have no name of their own.
    pub(super) pods: usize,
    /// How long what it expects may take.
    pub(super) limit: Duration,
    /// The refusal of which it speaks.
    pub(super) refusal: Option<String>,
    /// What the cloud had been asked before the last mount.
    pub(super) asked_before: Tally,
    /// What the driver must be.
    pub(super) driver: driver::Wanted,
    /// Why this cluster cannot show the scenario.
    pub(super) impossible: Option<Impossible>,
    /// What the chart's own test said.
    pub(super) test: Option<Result<String, String>>,
}

impl World {
    async fn new() -> anyhow::Result<Self> {
        let session = Session::current()?;
        let (number, cloud) = session.begin_scenario().await?;
        let release = session.settings().usual_release();
        let own = format!("{}-{number}", session.namespace);
        Ok(Self {
            session,
            own,
            cloud,
            values: Values::new(),
            access_keys: BTreeMap::new(),
            told: Told { region: Some(REGION.into()), ..Told::default() },
            release,
            file: Map::new(),
            classes: BTreeMap::new(),
            changed: BTreeSet::new(),
            is_installed: false,
            example: None,
            key: None,
            pod: None,
            pods: 0,
            limit: AT_ONCE,
            refusal: None,
            asked_before: Tally::new(),
            driver: driver::Wanted::default(),
            impossible: None,
            test: None,
        })
    }

    /// The namespace of pods and classes that name none.
    pub fn namespace(&self) -> &str {
        &self.own
    }

    /// A text of a scenario, which speaks of the namespace `default`.
    pub(super) fn in_own_namespace(&self, text: &str) -> String {
        text.replace("default/", &format!("{}/", self.own))
    }

    /// Addresses are known only when the cloud runs, so objects name it in words.
    pub fn with_addresses(&self, objects: &str) -> String {
        objects.replace("<the cloud>", self.cloud.url().trim_start_matches("http://"))
    }

    /// Declares a class.
    pub fn apply_class(&mut self, manifest: &str) -> anyhow::Result<()> {
        let class: Value = serde_yaml::from_str(manifest).context("reading a class")?;
        let name = class["metadata"]["name"].as_str().context("a class has a name")?.to_owned();
        self.changed.insert(name.clone());
        self.classes.insert(name, class);
        Ok(())
    }

    /// Does what was declared, and hears what the cloud was asked.
    pub async fn catch_up(&mut self) -> anyhow::Result<()> {
        self.cloud.exchange().await?;
        if !self.is_installed {
            self.session.kube.make_namespace(&self.own).await?;
            let brings_driver = !self.session.has_driver && !self.driver.is_unwanted;
            self.session.install(&self.release, &self.told, &self.file, brings_driver, &self.own).await?;
            self.is_installed = true;
            self.session.check_driver(self.driver).await?;
        }
        for name in std::mem::take(&mut self.changed) {
            self.session.kube.apply(&self.classes[&name], &self.own).await?;
        }
        Ok(())
    }

    /// A class to be changed.
    pub(super) fn class_mut(&mut self, name: &str) -> anyhow::Result<&mut Value> {
        self.changed.insert(name.to_owned());
        self.classes.get_mut(name).with_context(|| format!("there is no class {name}"))
    }

    /// A pod that mounts a class, not yet made; without a name of its own it gets one.
    pub(super) fn new_pod(&mut self, name: Option<&str>, class: &str) -> Value {
        self.pods += 1;
        let name = name.map_or_else(|| format!("pod-{}", self.pods), str::to_owned);
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": { "name": name },
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "automountServiceAccountToken": false,
                "enableServiceLinks": false,
                "containers": [{
                    "name": "app",
                    "image": self.session.images.pod,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["sleep", "infinity"],
                    "volumeMounts": [{ "name": "secrets", "mountPath": MOUNT, "readOnly": true }],
                }],
                "volumes": [{ "name": "secrets", "csi": {
                    "driver": driver::NAME,
                    "readOnly": true,
                    "volumeAttributes": { "secretProviderClass": class },
                } }],
            },
        })
    }

    /// Makes a pod. The scenario speaks of it from now on.
    pub(super) async fn start(&mut self, pod: Value) -> anyhow::Result<()> {
        self.catch_up().await?;
        self.asked_before = self.asked();
        self.refusal = None;
        self.session.kube.apply(&pod, &self.own).await?;
        self.pod = Some(pod);
        Ok(())
    }

    /// The pod of which the scenario speaks.
    pub(super) fn pod(&self) -> anyhow::Result<&str> {
        let pod = self.pod.as_ref().context("no pod of this scenario mounts a class")?;
        pod["metadata"]["name"].as_str().context("a pod has a name")
    }

    /// Waits until a pod runs; the events say why it does not.
    pub(super) async fn runs(&self, pod: &str) -> anyhow::Result<()> {
        patience::every(
            PAUSE,
            |_| self.limit,
            async || {
                let found = self.session.kube.pods(&self.own).get(pod).await?;
                if super::kube::is_ready(&found) {
                    return Ok(());
                }
                let status = found.status.clone().unwrap_or_default();
                let obstacle = super::kube::obstacle(&found).unwrap_or_default();
                let warning = self.warnings(pod).await?.pop().map(|event| event.message).unwrap_or_default();
                Err(anyhow!("the pod {pod} is {}: {obstacle} {warning}", status.phase.unwrap_or_default()))
            },
        )
        .await
    }

    /// Checks again and again until there is no complaint, or the scenario's time is over.
    pub(super) async fn eventually(
        &mut self,
        mut check: impl AsyncFnMut(&mut Self) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.catch_up().await?;
        let limit = self.limit;
        patience::every(PAUSE, |_| limit, async || check(self).await).await
    }

    /// Lets a time pass: what is expected afterwards may take that long.
    pub(super) fn give(&mut self, time: Duration) {
        self.limit = time + ON_TOP;
    }

    /// What a file of a pod holds, by the name of its value. A text that is short and of no value stands for itself, in backticks.
    pub(super) async fn read(&self, pod: &str, path: &str) -> anyhow::Result<String> {
        const SHORT: usize = 8;
        let file = format!("{MOUNT}/{path}");
        let content = self.session.kube.exec(&self.own, pod, &["cat", &file]).await?;
        Ok(match str::from_utf8(&content) {
            Ok(text) if text.len() <= SHORT => format!("`{text}`"),
            _ => self.values.describe(&content),
        })
    }

    /// The files of a pod's volume with what they hold and their modes, as the pod sees them.
    pub(super) async fn files(&self, pod: &str) -> anyhow::Result<BTreeMap<String, [String; 2]>> {
        let listing = self.session.kube.exec(&self.own, pod, &["find", "-L", MOUNT, "-type", "f"]).await?;
        let listing = String::from_utf8(listing).context("reading the names of files")?;
        let below = format!("{MOUNT}/");
        let mut files = BTreeMap::new();
        // Beside the files are the folders in which the driver keeps them.
        for path in listing
            .lines()
            .filter_map(|path| path.strip_prefix(&below))
            .filter(|path| !path.starts_with(".."))
        {
            let file = format!("{below}{path}");
            let mode = self.session.kube.exec(&self.own, pod, &["stat", "-L", "-c", "%a", &file]).await?;
            let mode = String::from_utf8_lossy(&mode).trim().to_owned();
            files.insert(path.to_owned(), [self.read(pod, path).await?, format!("{mode:0>4}")]);
        }
        Ok(files)
    }

    /// What describing a pod warns of.
    pub(super) async fn warnings(&self, pod: &str) -> anyhow::Result<Vec<Event>> {
        let mut events = self.session.kube.events(&self.own, pod).await?;
        events.retain(|event| event.severity == "Warning");
        Ok(events)
    }

    /// How often the cloud was asked for what, refused calls too, up to the last exchange.
    pub fn asked(&self) -> Tally {
        tally::tally(self.cloud.calls().into_iter().map(|call| call.action))
    }

    /// The same, but only what was asked since the last pod was made. What is asked of Kubernetes is not seen.
    pub fn asked_of_last_mount(&self) -> Tally {
        tally::since(&self.asked_before, self.asked())
    }

    /// What is made up in the chart's examples, and what stands for it here.
    pub(super) fn counterparts(&self) -> Counterparts {
        let mut counterparts =
            Counterparts::new(self.cloud.issuer(), &self.own, &self.release.namespace, &self.session.images);
        if let Some(key) = &self.key {
            counterparts.key(&key.id, &key.secret);
        }
        counterparts
    }

    pub(super) fn example(&self) -> anyhow::Result<&Example> {
        self.example.as_ref().context("this scenario speaks of no example")
    }

    /// Nothing of what a chart is told can be changed once it is installed.
    pub(super) fn told_mut(&mut self) -> anyhow::Result<&mut Told> {
        ensure!(!self.is_installed, "the chart of this scenario is installed already");
        Ok(&mut self.told)
    }
}
