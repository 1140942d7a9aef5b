//! A run in a cluster: what is looked for before it, shared by its scenarios, and removed after it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::ListParams;
use kube::{Api, Client};
use serde_json::{Value, json};

use super::driver;
use super::fake::Fake;
use super::kube::{Kube, RUN_LABEL};
use crate::cloud::Cloud;
use crate::patience::{self, PAUSE_OF_CLUSTERS as PAUSE};
use crate::target::{Chart, Images, OtherImages, Release, TargetFile};

/// Until namespaces are gone.
const REMOVAL: Duration = Duration::from_secs(120);

/// What the scenarios of a run share.
#[derive(Debug)]
pub struct Session {
    pub(super) kube: Kube,
    pub(super) target: Arc<TargetFile>,
    pub(super) images: Images,
    /// Whether the cluster had a driver before the run.
    pub(super) has_driver: bool,
    pub(super) fake: Fake,
    /// The namespace of what belongs to the run and to no scenario.
    pub(super) namespace: String,
    /// Where the report goes.
    pub(super) report: Option<PathBuf>,
    /// The release that is there now, which the next with another name must not meet: cluster roles have fixed names.
    pub(super) installed: Mutex<Option<Release>>,
    /// What the target is, for the report.
    pub version: String,
    scenarios: AtomicUsize,
}

/// The runner makes worlds from nothing, so they find their run here.
static CURRENT: RwLock<Option<Arc<Session>>> = RwLock::new(None);

impl Session {
    /// Finds the cluster that the kubeconfig names, looks for what the run needs, and starts its cloud.
    pub async fn open(
        target: Arc<TargetFile>,
        others: &OtherImages,
        report: Option<PathBuf>,
    ) -> anyhow::Result<Arc<Self>> {
        // What this process does with TLS, it does with ring.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::try_default().await.context(
            "finding the cluster: set KUBECONFIG to a file that names it, or put one at ~/.kube/config",
        )?;
        let run = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        let kube = Kube::new(client, &run);
        let settings = target.chart().context("the target file is about no cluster")?;
        let images = settings.images(others);
        let kubernetes =
            kube.client.apiserver_version().await.context("reaching the cluster's API server")?;
        check_permissions(&kube).await?;
        let has_driver = driver::find(&kube).await?.is_some();
        if !has_driver {
            driver::check_chart(&settings.path())?;
        }
        let namespace = format!("conformance-{run}");
        let driver = if has_driver { "there before" } else { "the chart's" };
        let version =
            format!("{} on Kubernetes {} (driver: {driver})", images.provider, kubernetes.git_version);
        kube.make_namespace(&namespace).await?;
        let fake = match Fake::start(&kube, &namespace, &images.fake).await {
            Ok(fake) => fake,
            Err(error) => {
                remove(&kube).await?;
                return Err(error);
            }
        };
        let session = Arc::new(Self {
            kube,
            target,
            images,
            has_driver,
            fake,
            namespace,
            report,
            installed: Mutex::default(),
            version,
            scenarios: AtomicUsize::new(1),
        });
        *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&session));
        Ok(session)
    }

    /// The run that is under way.
    pub(super) fn current() -> anyhow::Result<Arc<Self>> {
        let current = CURRENT.read().unwrap_or_else(PoisonError::into_inner).clone();
        current.context("no run in a cluster is under way")
    }

    /// How the target is installed.
    pub(super) fn settings(&self) -> &Chart {
        self.target.chart().expect("checked when the run was opened")
    }

    /// The number of the next scenario, and its cloud, which is empty.
    pub(super) async fn begin_scenario(&self) -> anyhow::Result<(usize, Cloud)> {
        self.fake.begin().await?;
        let number = self.scenarios.fetch_add(1, Ordering::Relaxed);
        Ok((number, Cloud::elsewhere(self.fake.address.clone(), &self.fake.issuer.url)))
    }

    /// Lets the pods of scenarios go, those of one namespace excepted, if the chart has brought the driver and it is to go: without
    /// it they never could.
    pub(super) async fn before_driver_goes(&self, except: &str) -> anyhow::Result<()> {
        if self.has_driver {
            return Ok(());
        }
        let of_scenarios = format!("{}-", self.namespace);
        remove_namespaces(&self.kube, |name| name.starts_with(&of_scenarios) && name != except).await
    }

    /// Removes all that the run has made.
    pub async fn close(&self) -> anyhow::Result<()> {
        let scenarios = self.before_driver_goes("").await;
        let installed = self.installed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let uninstalled = match installed {
            Some(release) => self.uninstall(&release).await,
            None => Ok(()),
        };
        remove(&self.kube).await?;
        scenarios.and(uninstalled)
    }
}

/// Removes all that carries the run's label.
async fn remove(kube: &Kube) -> anyhow::Result<()> {
    let secrets: Api<Secret> = Api::all(kube.client.clone());
    for secret in secrets.list(&own(kube)).await.context("listing what is to be removed")? {
        let metadata = secret.metadata;
        let (namespace, name) = (metadata.namespace.unwrap_or_default(), metadata.name.unwrap_or_default());
        kube.delete("v1", "Secret", &namespace, &name).await?;
    }
    remove_namespaces(kube, |_| true).await
}

/// Removes namespaces of the run, and waits until they are gone.
async fn remove_namespaces(kube: &Kube, is_meant: impl Fn(&str) -> bool) -> anyhow::Result<()> {
    let namespaces: Api<Namespace> = Api::all(kube.client.clone());
    let list = async || {
        let list = namespaces.list(&own(kube)).await.context("listing what is to be removed")?;
        let names = list.into_iter().filter_map(|namespace| namespace.metadata.name);
        anyhow::Ok(names.filter(|name| is_meant(name)).collect::<Vec<_>>())
    };
    for name in list().await? {
        kube.delete("v1", "Namespace", "", &name).await?;
    }
    patience::every(
        PAUSE,
        |_| REMOVAL,
        async || {
            let left = list().await?;
            ensure!(left.is_empty(), "after {} s there still are {}", REMOVAL.as_secs(), left.join(", "));
            Ok(())
        },
    )
    .await
}

/// What carries the run's label.
fn own(kube: &Kube) -> ListParams {
    ListParams::default().labels(&format!("{RUN_LABEL}={}", kube.run))
}

/// Asks the API server for everything that a run does, and names all that is not allowed.
async fn check_permissions(kube: &Kube) -> anyhow::Result<()> {
    const NEEDED: [(&str, &str, &str); 12] = [
        ("create", "", "namespaces"),
        ("delete", "", "namespaces"),
        ("create", "", "pods"),
        ("create", "", "pods/exec"),
        ("create", "", "pods/portforward"),
        ("get", "", "pods/log"),
        ("list", "", "events"),
        ("create", "", "secrets"),
        ("create", "", "serviceaccounts"),
        ("create", "apps", "daemonsets"),
        ("create", "rbac.authorization.k8s.io", "clusterroles"),
        ("create", "secrets-store.csi.x-k8s.io", "secretproviderclasses"),
    ];
    let reviews = kube.of("authorization.k8s.io/v1", "SelfSubjectAccessReview", "").await?;
    let mut missing = Vec::new();
    for (verb, group, resource) in NEEDED {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let attributes = json!({
            "verb": verb, "group": group, "resource": resource, "subresource": subresource,
        });
        let review: Value = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "metadata": {},
            "spec": { "resourceAttributes": attributes },
        });
        let review = serde_json::from_value(review)?;
        let answer = reviews.create(&kube::api::PostParams::default(), &review).await;
        let answer = answer.context("asking the API server what is allowed")?;
        if answer.data["status"]["allowed"] != true {
            let name =
                if subresource.is_empty() { resource.into() } else { format!("{resource}/{subresource}") };
            missing.push(format!("{verb} {name}"));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(anyhow!(
        "the user of the kubeconfig may not {}: run as an administrator of the cluster",
        missing.join(", ")
    ))
}
