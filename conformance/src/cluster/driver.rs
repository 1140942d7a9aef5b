//! The driver of the cluster. It is looked at and not changed: either it was there before the run, or the chart has brought it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use jiff::SignedDuration;
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use kube::Api;
use kube::api::ListParams;
use serde_json::Value;

use super::kube::Kube;
use super::session::Session;
use crate::cloud::AUDIENCE;
use crate::target::Release;

/// The driver, as the API knows it.
pub(super) const NAME: &str = "secrets-store.csi.k8s.io";

/// What the driver v1.6.0 does when it is told no interval.
const USUAL_INTERVAL: Duration = Duration::from_secs(120);

/// What a scenario wants of the driver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The chart is told to bring none.
    pub(super) is_unwanted: bool,
    /// It asks the provider again after at most so many seconds.
    pub(super) looks_each: Option<u64>,
    /// It may write Secrets.
    pub(super) writes_secrets: bool,
}

impl Session {
    /// Says by name what the driver lacks.
    pub(super) async fn check_driver(&self, wanted: Wanted) -> anyhow::Result<()> {
        if wanted.is_unwanted {
            return Ok(());
        }
        let driver = find(&self.kube).await?;
        let driver = driver
            .with_context(|| format!("the cluster has no driver {NAME}, and the chart brought none"))?;
        let requests = driver["spec"]["tokenRequests"].as_array();
        let mut audiences = requests.into_iter().flatten().filter_map(|request| request["audience"].as_str());
        ensure!(
            audiences.any(|audience| audience == AUDIENCE),
            "the CSIDriver {NAME} asks for no tokens for {AUDIENCE}: add it to the driver's tokenRequests"
        );
        if let Some(seconds) = wanted.looks_each {
            ensure!(
                driver["spec"]["requiresRepublish"] == true,
                "the driver does not look for changes: install it with enableSecretRotation: true"
            );
            self.check_interval(Duration::from_secs(seconds)).await?;
        }
        if wanted.writes_secrets {
            let (api, name) = ("rbac.authorization.k8s.io/v1", "secretprovidersyncing-role");
            let role = self.kube.get(api, "ClusterRole", "", name).await?;
            ensure!(
                role.is_some(),
                "the driver may not write Secrets, there is no ClusterRole {name}: install it with \
                 syncSecret.enabled: true"
            );
        }
        Ok(())
    }

    /// The kubelet asks the driver all the time, and the driver asks the provider only after its interval.
    async fn check_interval(&self, limit: Duration) -> anyhow::Result<()> {
        let sets: Api<DaemonSet> = Api::all(self.kube.client.clone());
        let sets = sets.list(&ListParams::default()).await.context("looking for the driver's DaemonSet")?;
        let specs = sets.items.iter().filter_map(|set| set.spec.as_ref()?.template.spec.as_ref());
        let containers: Vec<&Container> = specs.filter_map(container).collect();
        ensure!(
            !containers.is_empty(),
            "how often the driver looks for changes cannot be read: no DaemonSet runs it"
        );
        for container in containers {
            let interval = interval(container)?;
            ensure!(
                interval <= limit,
                "the driver looks for changes each {} s: install it with a rotationPollInterval of {} s or less",
                interval.as_secs(),
                limit.as_secs()
            );
        }
        Ok(())
    }

    /// Says why the driver is not one that a release has brought, in the version that its chart names.
    pub(super) async fn check_brought(&self, release: &Release) -> anyhow::Result<()> {
        let driver = find(&self.kube).await?.with_context(|| format!("the cluster has no driver {NAME}"))?;
        ensure!(
            belongs(&driver, release),
            "the driver belongs to another release: {}",
            driver["metadata"]["annotations"]
        );
        let brought = driver["metadata"]["labels"]["helm.sh/chart"].as_str().unwrap_or_default();
        let named = dependencies(&self.settings().path())?;
        ensure!(
            named.iter().any(|name| name == brought),
            "the driver's chart is {brought:?}, and ours names {named:?}"
        );
        Ok(())
    }

    /// Says why a driver is one that a release has brought.
    pub(super) async fn check_not_brought(&self, release: &Release) -> anyhow::Result<()> {
        let driver = find(&self.kube).await?.unwrap_or_default();
        ensure!(!belongs(&driver, release), "the driver belongs to the release {}", release.name);
        Ok(())
    }
}

/// The driver, if the cluster has one.
pub(super) async fn find(kube: &Kube) -> anyhow::Result<Option<Value>> {
    kube.get("storage.k8s.io/v1", "CSIDriver", "", NAME).await
}

/// The pods of the driver, each with the name of the container in which it runs.
pub(super) async fn pods(kube: &Kube) -> anyhow::Result<Vec<(Pod, String)>> {
    let pods: Api<Pod> = Api::all(kube.client.clone());
    let pods = pods.list(&ListParams::default()).await.context("looking for the driver's pods")?;
    let of_driver = pods.items.into_iter().filter_map(|pod| {
        let name = container(pod.spec.as_ref()?)?.name.clone();
        Some((pod, name))
    });
    Ok(of_driver.collect())
}

/// Says what a chart's folder lacks to bring a driver.
pub(super) fn check_chart(chart: &Path) -> anyhow::Result<()> {
    let names = dependencies(chart)?;
    let missing = names.iter().find(|name| {
        let unpacked = name.rsplit_once('-').map_or(name.as_str(), |(name, _)| name);
        let places = [unpacked.to_owned(), format!("{name}.tgz")];
        !places.iter().any(|place| chart.join("charts").join(place).exists())
    });
    match missing {
        None => Ok(()),
        Some(missing) => bail!(
            "the cluster has no driver {NAME}, and the chart cannot bring it: {missing} is not in {}; scripts/driver-chart \
             fetches it, or `helm dependency build`",
            chart.join("charts").display()
        ),
    }
}

/// What a chart depends on, as name and version. A chart that is no folder is taken to be whole.
fn dependencies(chart: &Path) -> anyhow::Result<Vec<String>> {
    let file = chart.join("Chart.yaml");
    if !file.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    let chart: Value = serde_yaml::from_str(&text).with_context(|| format!("reading {}", file.display()))?;
    let named = chart["dependencies"].as_array().into_iter().flatten().filter_map(|dependency| {
        Some(format!("{}-{}", dependency["name"].as_str()?, dependency["version"].as_str()?))
    });
    Ok(named.collect())
}

/// Whether Helm has made an object for a release.
fn belongs(object: &Value, release: &Release) -> bool {
    let annotations = &object["metadata"]["annotations"];
    annotations["meta.helm.sh/release-name"] == release.name.as_str()
        && annotations["meta.helm.sh/release-namespace"] == release.namespace.as_str()
}

/// The container in which the driver runs, known by what only the driver is told: names and labels differ by how it was installed.
fn container(pod: &PodSpec) -> Option<&Container> {
    pod.containers.iter().find(|container| {
        ["nodeid", "provider-volume"].iter().all(|name| argument(container, name).is_some())
    })
}

/// After what time a driver asks the provider again.
fn interval(driver: &Container) -> anyhow::Result<Duration> {
    let Some(told) = argument(driver, "rotation-poll-interval") else { return Ok(USUAL_INTERVAL) };
    let interval: Option<SignedDuration> = told.parse().ok();
    interval
        .and_then(|interval| interval.try_into().ok())
        .ok_or_else(|| anyhow!("the driver's argument --rotation-poll-interval={told} is no time such as 2m"))
}

/// What a container's program is told by a flag, with one dash or two, as Go reads them.
fn argument<'a>(container: &'a Container, name: &str) -> Option<&'a str> {
    let mut words = container.command.iter().chain(&container.args).flatten();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { continue };
        match flag.strip_prefix(name) {
            Some("") => return words.next().map(String::as_str),
            Some(rest) if rest.starts_with('=') => return Some(&rest[1..]),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn driver(arguments: &[&str]) -> Container {
        let arguments = ["--endpoint=unix:///csi/csi.sock", "--nodeid=a"].iter().chain(arguments);
        let args = Some(arguments.map(|word| (*word).to_owned()).collect());
        Container { name: "driver".into(), args, ..Container::default() }
    }

    #[rstest]
    #[case::told(&["--rotation-poll-interval=10s"], Some(10))]
    #[case::of_two_units(&["-rotation-poll-interval=1m30s"], Some(90))]
    #[case::of_two_words(&["--rotation-poll-interval", "1h"], Some(3600))]
    #[case::untold(&["--rotation-poll-intervals=10s"], Some(120))]
    #[case::no_time(&["--rotation-poll-interval=soon"], None)]
    #[case::no_time_that_can_pass(&["--rotation-poll-interval=-1m"], None)]
    fn how_often_a_driver_looks_is_read_as_the_driver_reads_it(
        #[case] arguments: &[&str],
        #[case] seconds: Option<u64>,
    ) {
        assert_eq!(interval(&driver(arguments)).ok(), seconds.map(Duration::from_secs));
    }

    #[test]
    fn a_driver_is_known_by_what_only_it_is_told() {
        let pod = |containers| PodSpec { containers, ..PodSpec::default() };
        let provider =
            Container { args: Some(vec!["--provider-volume=/provider".into()]), ..Container::default() };

        let found = pod(vec![provider.clone(), driver(&["--provider-volume=/a"])]);

        assert_eq!(container(&found).map(|container| container.name.as_str()), Some("driver"));
        assert_eq!(container(&pod(vec![provider])), None);
    }

    #[rstest]
    #[case::unpacked(Some("charts/driver/Chart.yaml"), true)]
    #[case::packed(Some("charts/driver-1.6.0.tgz"), true)]
    #[case::of_another_version(Some("charts/driver-1.5.0.tgz"), false)]
    #[case::missing(None, false)]
    fn a_chart_can_bring_what_lies_in_its_charts(#[case] file: Option<&str>, #[case] expected: bool) {
        let chart = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = chart.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("Chart.yaml", "dependencies: [{ name: driver, version: 1.6.0 }]");
        if let Some(file) = file {
            write(file, "");
        }

        let result = check_chart(chart.path());

        assert_eq!(result.is_ok(), expected);
        let complaint = result.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(expected || complaint.contains("driver-1.6.0 is not in"), "{complaint}");
    }
}
