//! The chart in the cluster: each scenario installs it with what it tells, and so has a provider of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Stdio;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail, ensure};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use serde_json::{Map, Value, json};
use tokio::process::Command;

use super::kube::{is_ready, name, obstacle};
use super::session::Session;
use crate::patience::{self, PAUSE_OF_CLUSTERS as PAUSE};
use crate::target::{Ground, Release, Told, merge};

/// The Secret with what the provider is told.
const SECRET: &str = "conformance-identity";

/// Until every node has the provider that a scenario asked for.
const ROLLOUT: Duration = Duration::from_secs(180);

/// Until an obstacle is believed: a kubelet that has just been told tries again.
const OBSTACLE: Duration = Duration::from_secs(30);

impl Session {
    /// Installs the release, or changes it, and waits until every node has its provider. Values of a file come before those of the
    /// scenario.
    pub(super) async fn install(
        &self,
        release: &Release,
        told: &Told,
        file: &Map<String, Value>,
        brings_driver: bool,
        scenario: &str,
    ) -> anyhow::Result<()> {
        let earlier = self.installed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_other = earlier.as_ref().is_some_and(|earlier| earlier != release);
        if is_other || !brings_driver {
            self.before_driver_goes(scenario).await?;
        }
        if let Some(earlier) = earlier.filter(|_| is_other) {
            self.uninstall(&earlier).await?;
        }
        let address = &self.fake.address;
        let ground = Ground {
            image: &self.images.provider,
            api: &address.api,
            metadata: &address.metadata,
            scenario,
            has_driver: !brings_driver,
        };
        let (own, variables) = self.target.chart_values(told, ground, SECRET).context("no chart")?;
        let mut values = file.clone();
        merge(&mut values, own);
        self.kube.make_namespace(&release.namespace).await?;
        self.tell_identity(release, &variables).await?;
        let file = tempfile::Builder::new().suffix(".yaml").tempfile().context("making a file of values")?;
        std::fs::write(file.path(), Value::Object(values).to_string()).context("writing the values")?;
        *self.installed.lock().unwrap_or_else(PoisonError::into_inner) = Some(release.clone());
        run(self.settings().install(release, file.path())).await.context("installing the chart")?;
        self.wait_for_rollout(release, scenario).await
    }

    /// Removes a release, and waits until its pods are gone: another's need their ports.
    pub(super) async fn uninstall(&self, release: &Release) -> anyhow::Result<()> {
        run(self.settings().uninstall(release)).await.context("removing the chart")?;
        *self.installed.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let selector = ListParams::default().labels(&self.settings().selector(release));
        patience::every(
            PAUSE,
            |_| ROLLOUT,
            async || {
                let left = self.kube.pods(&release.namespace).list(&selector).await?.items;
                ensure!(
                    left.is_empty(),
                    "{} pods of the release {} are still there",
                    left.len(),
                    release.name
                );
                anyhow::Ok(())
            },
        )
        .await
    }

    /// Runs the chart's own test; what it prints, whether it passes or not.
    pub(super) async fn test(&self, release: &Release) -> anyhow::Result<String> {
        let command = self.settings().test(release).context("the target file says no `test`")?;
        let said = run(command).await.context("running the chart's own test");
        self.remove_hooks(release).await?;
        said
    }

    /// Helm leaves what its tests have made, so that it can be looked at.
    async fn remove_hooks(&self, release: &Release) -> anyhow::Result<()> {
        const MADE: [(&str, &str); 3] =
            [("v1", "Pod"), ("v1", "ConfigMap"), ("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass")];
        let of_release = format!("app.kubernetes.io/instance={}", release.name);
        let of_release = ListParams::default().labels(&of_release);
        for (api_version, kind) in MADE {
            let api = self.kube.of(api_version, kind, &release.namespace).await?;
            for object in api.list(&of_release).await?.items {
                let metadata = object.metadata;
                if metadata.annotations.is_some_and(|annotations| annotations.contains_key("helm.sh/hook")) {
                    let name = metadata.name.unwrap_or_default();
                    self.kube.delete(api_version, kind, &release.namespace, &name).await?;
                }
            }
        }
        Ok(())
    }

    async fn tell_identity(
        &self,
        release: &Release,
        variables: &BTreeMap<String, String>,
    ) -> anyhow::Result<()> {
        if variables.is_empty() {
            return self.kube.delete("v1", "Secret", &release.namespace, SECRET).await;
        }
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "name": SECRET },
            "stringData": variables,
        });
        // What an earlier scenario told must not stay.
        self.kube.delete("v1", "Secret", &release.namespace, SECRET).await?;
        self.kube.apply(&secret, &release.namespace).await
    }

    /// The provider's pods.
    pub(super) async fn provider_pods(&self, release: &Release) -> anyhow::Result<Vec<Pod>> {
        self.kube.pods_of(&release.namespace, &self.settings().selector(release)).await
    }

    async fn wait_for_rollout(&self, release: &Release, scenario: &str) -> anyhow::Result<()> {
        let start = Instant::now();
        let limit = |complaint: &Unready| if complaint.is_obstacle { OBSTACLE } else { ROLLOUT };
        patience::every(PAUSE, limit, async || self.rollout(release, scenario).await)
            .await
            .map_err(|complaint| complaint.why)
            .with_context(|| format!("the provider is not ready after {} s", start.elapsed().as_secs()))
    }

    async fn rollout(&self, release: &Release, scenario: &str) -> Result<(), Unready> {
        let sets: Api<DaemonSet> = Api::namespaced(self.kube.client.clone(), &release.namespace);
        let selector = self.settings().selector(release);
        let list = sets.list(&ListParams::default().labels(&selector)).await.map_err(anyhow::Error::from)?;
        let [set] = list.items.as_slice() else {
            return Err(
                anyhow!("{} DaemonSets have the labels {selector}, expected 1", list.items.len()).into()
            );
        };
        let pods = self.provider_pods(release).await?;
        for pod in &pods {
            if let Some(why) = obstacle(pod) {
                let log = self.kube.log(&release.namespace, name(pod), None).await.unwrap_or_default();
                let end = log.lines().last().unwrap_or_default();
                let why = anyhow!("the pod {}: {why}; --provider-image names another; {end}", name(pod));
                return Err(Unready { why, is_obstacle: true });
            }
        }
        let status = set.status.clone().unwrap_or_default();
        let (wanted, updated) =
            (status.desired_number_scheduled, status.updated_number_scheduled.unwrap_or(0));
        let is_seen = status.observed_generation >= set.metadata.generation;
        let ready = pods.iter().filter(|pod| is_ready(pod)).count();
        if is_seen
            && wanted > 0
            && updated == wanted
            && usize::try_from(wanted).is_ok_and(|wanted| ready == wanted && pods.len() == wanted)
        {
            return Ok(());
        }
        Err(anyhow!(
            "of {wanted} nodes {updated} have the provider of {scenario}, {ready} of {} pods are ready",
            pods.len()
        )
        .into())
    }
}

/// Why a provider is not ready, and whether that hardly passes by itself.
struct Unready {
    why: anyhow::Error,
    is_obstacle: bool,
}

impl From<anyhow::Error> for Unready {
    fn from(why: anyhow::Error) -> Self {
        Self { why, is_obstacle: false }
    }
}

/// Runs a program; what it prints, or why it failed in its own words.
async fn run(mut command: Command) -> anyhow::Result<String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null());
    let output = command.output().await.with_context(|| format!("running {program}"))?;
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = write!(said, "{}", String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        bail!("{program} failed ({}): {}", output.status, said.trim());
    }
    Ok(said)
}
