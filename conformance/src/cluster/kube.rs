//! What is done with a cluster: objects of any kind, and what pods run, hold and tell.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{
    ApiResource, AttachParams, DeleteParams, DynamicObject, ListParams, LogParams, Patch, PatchParams,
};
use kube::core::GroupVersionKind;
use kube::discovery::{ApiCapabilities, Scope, pinned_kind};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

/// Every object of a run has it, with the run as its value.
pub(super) const RUN_LABEL: &str = "conformance.secrets-store.csi.x-k8s.io/run";

/// Who owns what the suite sets.
const MANAGER: &str = "conformance";

/// How long a command in a pod may take.
const EXEC_LIMIT: Duration = Duration::from_secs(30);

/// A cluster, as one run uses it.
#[derive(Clone)]
pub(super) struct Kube {
    pub(super) client: Client,
    /// The run.
    pub(super) run: String,
    kinds: Arc<Mutex<BTreeMap<String, (ApiResource, ApiCapabilities)>>>,
}

/// One line of what describing a pod shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) severity: String,
    pub(super) reason: String,
    pub(super) message: String,
}

impl Kube {
    pub(super) fn new(client: Client, run: &str) -> Self {
        Self { client, run: run.to_owned(), kinds: Arc::default() }
    }

    /// What is served under a version and kind; an error names it.
    async fn kind(&self, api_version: &str, kind: &str) -> anyhow::Result<(ApiResource, ApiCapabilities)> {
        let name = format!("{api_version} {kind}");
        let known = self.kinds.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let found = pinned_kind(&self.client, &GroupVersionKind::gvk(group, version, kind)).await;
        let found = found.with_context(|| {
            format!("the cluster serves no {name}; for classes, the driver's definitions must be installed")
        })?;
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).insert(name, found.clone());
        Ok(found)
    }

    /// Objects of a kind in a namespace, or in the cluster if that is where they are.
    pub(super) async fn of(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
    ) -> anyhow::Result<Api<DynamicObject>> {
        let (resource, capabilities) = self.kind(api_version, kind).await?;
        Ok(match capabilities.scope {
            Scope::Cluster => Api::all_with(self.client.clone(), &resource),
            Scope::Namespaced => Api::namespaced_with(self.client.clone(), namespace, &resource),
        })
    }

    /// Makes an object, or makes what is there the same, as `kubectl apply` does; its namespace is the one given unless it names
    /// another. It carries the run's label.
    pub(super) async fn apply(&self, object: &Value, namespace: &str) -> anyhow::Result<()> {
        let word = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let (kind, name) = (word("/kind"), word("/metadata/name"));
        let own = word("/metadata/namespace");
        let namespace = if own.is_empty() { namespace } else { own };
        let api = self.of(word("/apiVersion"), kind, namespace).await?;
        let mut object = object.clone();
        object["metadata"]["labels"][RUN_LABEL] = self.run.as_str().into();
        let parameters = PatchParams::apply(MANAGER).force();
        api.patch(name, &parameters, &Patch::Apply(&object))
            .await
            .with_context(|| format!("applying the {kind} {name} in {namespace}"))?;
        Ok(())
    }

    /// An object, or nothing.
    pub(super) async fn get(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> anyhow::Result<Option<Value>> {
        let found = self.of(api_version, kind, namespace).await?.get_opt(name).await;
        let found = found.with_context(|| format!("reading the {kind} {name} in {namespace}"))?;
        found.map(|object| Ok(serde_json::to_value(object)?)).transpose()
    }

    /// Deletes an object; it may be gone already.
    pub(super) async fn delete(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> anyhow::Result<()> {
        let api = self.of(api_version, kind, namespace).await?;
        match api.delete(name, &DeleteParams::background()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            result => result.map(drop).with_context(|| format!("deleting the {kind} {name} in {namespace}")),
        }
    }

    /// Changes some fields of an object.
    pub(super) async fn merge(
        &self,
        (api_version, kind): (&str, &str),
        namespace: &str,
        name: &str,
        change: &Value,
    ) -> anyhow::Result<()> {
        let api = self.of(api_version, kind, namespace).await?;
        api.patch(name, &PatchParams::default(), &Patch::Merge(change))
            .await
            .with_context(|| format!("changing the {kind} {name} in {namespace}"))?;
        Ok(())
    }

    pub(super) fn pods(&self, namespace: &str) -> Api<Pod> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// The pods that a label selector chooses, those that are going left out.
    pub(super) async fn pods_of(&self, namespace: &str, selector: &str) -> anyhow::Result<Vec<Pod>> {
        let list = self.pods(namespace).list(&ListParams::default().labels(selector)).await;
        let mut pods = list.with_context(|| format!("listing the pods {selector} in {namespace}"))?.items;
        pods.retain(|pod| pod.metadata.deletion_timestamp.is_none());
        Ok(pods)
    }

    /// What a command in a pod's first container prints.
    pub(super) async fn exec(&self, namespace: &str, pod: &str, command: &[&str]) -> anyhow::Result<Vec<u8>> {
        let what = format!("running {command:?} in the pod {namespace}/{pod}");
        tokio::time::timeout(EXEC_LIMIT, self.exec_unhurried(namespace, pod, command))
            .await
            .map_err(|_| anyhow!("it takes longer than {} s", EXEC_LIMIT.as_secs()))
            .flatten()
            .context(what)
    }

    async fn exec_unhurried(&self, namespace: &str, pod: &str, command: &[&str]) -> anyhow::Result<Vec<u8>> {
        let parameters = AttachParams::default().stdin(false).stdout(true).stderr(true);
        let mut process = self.pods(namespace).exec(pod, command.iter().copied(), &parameters).await?;
        let status = process.take_status().context("no status is to come")?;
        let (mut stdout, mut stderr) = (
            process.stdout().context("there is no output")?,
            process.stderr().context("there is no output")?,
        );
        let (mut output, mut complaint) = (Vec::new(), Vec::new());
        tokio::try_join!(stdout.read_to_end(&mut output), stderr.read_to_end(&mut complaint))?;
        let status = status.await.context("it ended without a status")?;
        ensure!(
            status.status.as_deref() == Some("Success"),
            "{} ({})",
            String::from_utf8_lossy(&complaint).trim(),
            status.message.unwrap_or_default()
        );
        Ok(output)
    }

    /// Everything that a container of a pod has written, or its first.
    pub(super) async fn log(
        &self,
        namespace: &str,
        pod: &str,
        container: Option<&str>,
    ) -> anyhow::Result<String> {
        let parameters = LogParams { container: container.map(str::to_owned), ..LogParams::default() };
        let log = self.pods(namespace).logs(pod, &parameters).await;
        log.with_context(|| format!("reading the log of the pod {namespace}/{pod}"))
    }

    /// What describing an object shows.
    pub(super) async fn events(&self, namespace: &str, name: &str) -> anyhow::Result<Vec<Told>> {
        let events: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        let list = events.list(&ListParams::default().fields(&format!("involvedObject.name={name}"))).await;
        let list = list.with_context(|| format!("listing the events of {namespace}/{name}"))?;
        let told = list.items.into_iter().map(|event| Told {
            severity: event.type_.unwrap_or_default(),
            reason: event.reason.unwrap_or_default(),
            message: event.message.unwrap_or_default(),
        });
        Ok(told.collect())
    }

    /// Makes a namespace of the run, if it is not there.
    pub(super) async fn make_namespace(&self, name: &str) -> anyhow::Result<()> {
        if self.get("v1", "Namespace", "", name).await?.is_some() {
            return Ok(());
        }
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        self.apply(&namespace, "").await
    }
}

/// Why a pod does not run, if that is known and does not pass by itself.
pub(super) fn obstacle(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let containers =
        status.container_statuses.iter().flatten().chain(status.init_container_statuses.iter().flatten());
    let mut waiting = containers.filter_map(|container| {
        let waiting = container.state.as_ref()?.waiting.as_ref()?;
        let reason = waiting.reason.as_deref()?;
        let advice = match reason {
            "ErrImagePull" | "ImagePullBackOff" | "ErrImageNeverPull" | "InvalidImageName" => {
                "load the image onto the nodes, or name one that they can pull"
            }
            "CreateContainerConfigError" => "see the message",
            "CrashLoopBackOff" | "RunContainerError" | "CreateContainerError" => "see its log",
            _ => return None,
        };
        let (image, message) = (&container.image, waiting.message.as_deref().unwrap_or_default());
        Some(format!("{reason} of the image {image}: {message}; {advice}"))
    });
    waiting.next()
}

/// Whether all containers of a pod are ready.
pub(super) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// The name of an object that the cluster has made.
pub(super) fn name(pod: &Pod) -> &str {
    pod.metadata.name.as_deref().unwrap_or_default()
}

/// The documents of a manifest.
pub(super) fn documents(manifest: &str) -> anyhow::Result<Vec<Value>> {
    let mut objects = Vec::new();
    for document in manifest.split("\n---\n") {
        let object: Value = serde_yaml::from_str(document).context("reading a manifest")?;
        if object.is_null() {
            continue;
        }
        if object["kind"].as_str().is_none() {
            bail!("a document of the manifest has no kind");
        }
        objects.push(object);
    }
    Ok(objects)
}

impl std::fmt::Debug for Kube {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kube").field("run", &self.run).finish_non_exhaustive()
    }
}
