//! The kubelet, played: when it publishes volumes, what it makes of the answer, what a container then sees
//! (Kubernetes v1.36: `pkg/kubelet`, `pkg/volume/csi`, `pkg/volume/util/operationexecutor`).

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use super::objects::{ApiError, PODS, SECRETS};
use super::{Container, Driver, Pod, Publication, Refusal, Tokens, events};

/// `--sync-frequency` of one minute, stretched by up to half of it. The stretching is the kubelet's random number; here it is a fixed
/// row, so that a scenario always runs the same way.
const SYNC_SECONDS: [u64; 5] = [60, 90, 75, 66, 84];
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const MAX_BACKOFF: Duration = Duration::from_secs(122);

/// The kubelet of one node.
#[derive(Debug, Default)]
pub struct Kubelet {
    pods: BTreeMap<String, RunningPod>,
}

#[derive(Debug)]
struct RunningPod {
    /// One view of the pod per volume.
    volumes: Vec<Volume>,
    is_finished: bool,
}

#[derive(Debug)]
struct Volume {
    pod: Pod,
    next: Timestamp,
    failures: u32,
    syncs: usize,
    is_published: bool,
    container: Option<Container>,
}

/// One publication of a volume, and how it ended.
#[derive(Debug)]
pub struct Attempt {
    /// The pod's name.
    pub pod: String,
    /// The volume's name.
    pub volume: String,
    /// When.
    pub at: Timestamp,
    /// The driver's answer, or the kubelet's own complaint about the Secret of the volume.
    pub result: Result<Publication, Failure>,
}

/// Why a volume was not published.
#[derive(Debug)]
pub enum Failure {
    /// The driver refused.
    Refused(Refusal),
    /// The Secret of `nodePublishSecretRef` cannot be read; the driver was not asked.
    NoSecret(String),
}

impl Failure {
    /// The message of the pod's event.
    pub fn pod_event(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.pod_event(),
            Self::NoSecret(message) => message.clone(),
        }
    }
}

impl Kubelet {
    /// Takes a pod, which is created in the cluster for these owners. Its volumes are due at once.
    pub fn admit(&mut self, driver: &Driver, pod: &Pod, owners: &[Value]) -> Result<(), ApiError> {
        driver.objects.create(PODS, pod.to_object(owners))?;
        let volumes = pod.by_volume().map(|pod| Volume {
            pod,
            next: driver.clock.now(),
            failures: 0,
            syncs: 0,
            is_published: false,
            container: None,
        });
        let running = RunningPod { volumes: volumes.collect(), is_finished: false };
        self.pods.insert(pod.name.clone(), running);
        Ok(())
    }

    /// Ends a pod: its volumes are unpublished, then it is deleted from the cluster.
    pub fn remove(&mut self, driver: &Driver, name: &str) -> anyhow::Result<()> {
        let running = self.pods.remove(name).with_context(|| format!("no pod is called {name}"))?;
        for Volume { pod, .. } in &running.volumes {
            if driver.target_path(pod).exists() {
                driver.unpublish(pod)?;
            }
        }
        let pod = &running.volumes.first().context("every pod has a volume")?.pod;
        Ok(driver.objects.delete(PODS, &pod.namespace, name)?)
    }

    /// A pod's containers have ended by themselves: it stays, and nothing is published any more.
    pub fn finish(&mut self, driver: &Driver, name: &str) -> anyhow::Result<()> {
        let running = self.pods.get_mut(name).with_context(|| format!("no pod is called {name}"))?;
        running.is_finished = true;
        let pod = &running.volumes.first().context("every pod has a volume")?.pod;
        set_phase(driver, pod, "Succeeded")
    }

    /// What a running container of the pod sees of a volume; nothing while the pod waits for its volumes.
    pub fn container(&self, pod: &str, volume: &str) -> Option<&Container> {
        let volumes = &self.pods.get(pod)?.volumes;
        volumes.iter().find(|known| known.pod.volume.name == volume)?.container.as_ref()
    }

    /// The tokens of each pod by its unique id: drivers until v1.5.6 ask the API server for them.
    pub(super) fn tokens(&self) -> BTreeMap<String, Tokens> {
        let pods = self.pods.values().filter_map(|running| running.volumes.first()).map(|volume| &volume.pod);
        pods.filter_map(|pod| Some((pod.uid.clone(), pod.volume.tokens.clone()?))).collect()
    }

    /// When the next volume is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let running = self.pods.values().filter(|pod| !pod.is_finished);
        running.flat_map(|pod| &pod.volumes).map(|volume| volume.next).min()
    }

    /// Publishes all volumes that are due now.
    pub(super) async fn run_due(&mut self, driver: &Driver) -> anyhow::Result<Vec<Attempt>> {
        let mut attempts = Vec::new();
        for running in self.pods.values_mut().filter(|pod| !pod.is_finished) {
            for volume in running.volumes.iter_mut().filter(|volume| volume.next <= driver.clock.now()) {
                attempts.push(volume.publish(driver).await?);
            }
            running.start_containers(driver)?;
        }
        Ok(attempts)
    }
}

impl RunningPod {
    /// Containers start once all volumes are there. They bind what stands at the target paths at that moment.
    fn start_containers(&mut self, driver: &Driver) -> anyhow::Result<()> {
        let is_ready = self.volumes.iter().all(|volume| volume.is_published);
        if !is_ready || self.volumes.iter().any(|volume| volume.container.is_some()) {
            return Ok(());
        }
        for volume in &mut self.volumes {
            volume.container = Some(Container::start(&driver.target_path(&volume.pod))?);
        }
        let pod = &self.volumes.first().context("every pod has a volume")?.pod;
        set_phase(driver, pod, "Running")
    }
}

impl Volume {
    async fn publish(&mut self, driver: &Driver) -> anyhow::Result<Attempt> {
        let at = driver.clock.now();
        let result = match self.read_secret(driver) {
            Ok(()) => driver.publish(&self.pod).await.map_err(Failure::Refused),
            Err(message) => Err(Failure::NoSecret(message)),
        };
        let failure = result.as_ref().err().filter(|failure| match failure {
            Failure::Refused(refusal) => !refusal.is_masked,
            Failure::NoSecret(_) => true,
        });
        if let Some(failure) = failure {
            let backoff = FIRST_BACKOFF.saturating_mul(2_u32.saturating_pow(self.failures)).min(MAX_BACKOFF);
            self.next = driver.clock.after(backoff);
            self.failures += 1;
            let pod = driver.objects.get(PODS, &self.pod.namespace, &self.pod.name)?;
            events::record(&driver.objects, &driver.clock, &pod, events::FAILED_MOUNT, &failure.pod_event());
        } else {
            self.next =
                driver.clock.after(Duration::from_secs(SYNC_SECONDS[self.syncs % SYNC_SECONDS.len()]));
            self.syncs += 1;
            self.failures = 0;
            self.is_published = true;
        }
        Ok(Attempt { pod: self.pod.name.clone(), volume: self.pod.volume.name.clone(), at, result })
    }

    /// Reads the Secret of `nodePublishSecretRef` anew.
    fn read_secret(&mut self, driver: &Driver) -> Result<(), String> {
        let Pod { namespace, volume, .. } = &mut self.pod;
        let Some(name) = &volume.node_publish_secret_ref else { return Ok(()) };
        let secret = driver.objects.get(SECRETS, namespace, name).map_err(|error| {
            format!(
                "MountVolume.SetUp failed for volume {:?} : fetching NodePublishSecretRef {namespace}/{name} failed: \
                 failed to find the secret {name} in the namespace {namespace} with error: {error}",
                volume.name
            )
        })?;
        volume.node_publish_secret = decoded(&secret);
        Ok(())
    }
}

/// The data of a Secret as text, which is how CSI carries it.
pub(super) fn decoded(secret: &Value) -> BTreeMap<String, String> {
    let data = secret["data"].as_object().into_iter().flatten();
    let text = |value: &Value| {
        let bytes = STANDARD.decode(value.as_str().unwrap_or_default()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    data.map(|(key, value)| (key.clone(), text(value))).collect()
}

fn set_phase(driver: &Driver, pod: &Pod, phase: &str) -> anyhow::Result<()> {
    let mut object = driver.objects.get(PODS, &pod.namespace, &pod.name)?;
    object["status"]["phase"] = phase.into();
    driver.objects.update_status(PODS, object)?;
    Ok(())
}
