//! The cloud of a run: the fake as a pod in the node's network, where every provider of the cluster reaches it without cluster DNS,
//! and its control door through the API server.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use fake_alicloud::{ControlClient, Seed};
use http::Request;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::kube::{Kube, obstacle};
use crate::cloud::Address;
use crate::patience::{self, PAUSE_OF_CLUSTERS as PAUSE};

/// The pod.
pub(super) const POD: &str = "cloud";

/// Until the pod serves; its image may have to be pulled.
const START: Duration = Duration::from_secs(120);

/// The running fake.
#[derive(Debug)]
pub(super) struct Fake {
    pub(super) address: Address,
    /// Who signs the tokens of the cluster.
    pub(super) issuer: Issuer,
    forwarding: JoinHandle<()>,
}

/// Who signs the cluster's tokens, and its public keys.
#[derive(Debug)]
pub(super) struct Issuer {
    pub(super) url: String,
    keys: Value,
}

impl Fake {
    /// Starts the pod and waits until it serves.
    pub(super) async fn start(kube: &Kube, namespace: &str, image: &str) -> anyhow::Result<Self> {
        let issuer = Issuer::of(kube).await?;
        kube.apply(&pod(image), namespace).await?;
        let (host, ports) = patience::every(
            PAUSE,
            |_| START,
            async || match announced(kube, namespace).await {
                Err(NotYet::Failed(error)) => Ok(Err(error)),
                Err(NotYet::Coming(what)) => Err(anyhow!("after {} s {what}", START.as_secs())),
                Ok(found) => Ok(Ok(found)),
            },
        )
        .await
        .flatten()
        .context("starting the fake cloud as a pod; --fake-image names another image")?;
        let port = |variable: &str| {
            ports.get(variable).copied().with_context(|| format!("the fake does not tell {variable}"))
        };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let at = |port: u16| format!("http://{host}:{port}");
        let (api, metadata) = (at(port("FAKE_ALICLOUD_API_URL")?), at(port("FAKE_ALICLOUD_METADATA_URL")?));
        let (door, forwarding) =
            forward(kube.pods(namespace), POD, port("FAKE_ALICLOUD_CONTROL_URL")?).await?;
        let control = ControlClient::new(&door)?;
        control.clock().await.context("reaching the fake's control door through the API server")?;
        Ok(Self { address: Address { control, api, metadata }, issuer, forwarding })
    }

    /// Forgets all, and knows the cluster's issuer.
    pub(super) async fn begin(&self) -> anyhow::Result<()> {
        let control = &self.address.control;
        control.reset().await.context("emptying the fake cloud")?;
        let seed = json!({ "issuers": [{ "url": self.issuer.url, "jwks": self.issuer.keys }] });
        let seed = Seed::from_yaml(&seed.to_string()).context("reading the keys of the cluster's issuer")?;
        control.seed(&seed).await.context("telling the fake cloud the keys of the cluster's issuer")
    }
}

impl Issuer {
    /// As the API server tells whoever may read it.
    async fn of(kube: &Kube) -> anyhow::Result<Self> {
        let read = async |path: &str| {
            let request = Request::get(path).body(Vec::new())?;
            let answer: Value = kube.client.request(request).await.with_context(|| {
                format!("reading {path} of the API server; the role system:service-account-issuer-discovery allows it")
            })?;
            anyhow::Ok(answer)
        };
        let configuration = read("/.well-known/openid-configuration").await?;
        let url = configuration["issuer"].as_str().context("the API server names no issuer")?.to_owned();
        Ok(Self { url, keys: read("/openid/v1/jwks").await? })
    }
}

/// Its ports are free ones of the node, which it prints. Nobody but the node itself reaches the control door.
fn pod(image: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": POD },
        "spec": {
            "hostNetwork": true,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "tolerations": [{ "operator": "Exists" }],
            "containers": [{
                "name": POD,
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "args": [
                    "serve", "--api=$(NODE_IP):0", "--api-tls=127.0.0.1:0", "--control=127.0.0.1:0",
                    "--metadata=$(NODE_IP):0", "--allow-http", "--print-env", "--verbose",
                ],
                "env": [{ "name": "NODE_IP", "valueFrom": { "fieldRef": { "fieldPath": "status.hostIP" } } }],
                "securityContext": {
                    "runAsNonRoot": true,
                    "runAsUser": 65534,
                    "allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": true,
                    "capabilities": { "drop": ["ALL"] },
                },
            }],
        },
    })
}

/// Why the pod does not serve.
enum NotYet {
    Coming(String),
    Failed(anyhow::Error),
}

/// The node's address, and the port of each door. What does not pass by itself ends the wait.
async fn announced(kube: &Kube, namespace: &str) -> Result<(String, BTreeMap<String, u16>), NotYet> {
    let pod = kube.pods(namespace).get(POD).await.map_err(|error| NotYet::Coming(error.to_string()))?;
    let failed = |error: anyhow::Error| NotYet::Failed(error);
    if let Some(why) = obstacle(&pod) {
        return Err(NotYet::Coming(why));
    }
    let status = pod.status.unwrap_or_default();
    match status.phase.as_deref() {
        Some("Running") => {}
        Some("Failed" | "Succeeded") => {
            let log = kube.log(namespace, POD, None).await.unwrap_or_default();
            return Err(failed(anyhow!("it ended: {}", log.trim())));
        }
        phase => return Err(NotYet::Coming(format!("the pod is {}", phase.unwrap_or("unknown")))),
    }
    let log = kube.log(namespace, POD, None).await.map_err(|error| NotYet::Coming(error.to_string()))?;
    let ports = ports(&log);
    if ports.is_empty() {
        return Err(NotYet::Coming("it has told no port".into()));
    }
    Ok((status.host_ip.unwrap_or_default(), ports))
}

/// From lines such as `export FAKE_ALICLOUD_API_URL=http://10.0.0.1:41234`.
fn ports(log: &str) -> BTreeMap<String, u16> {
    let url = |line: &str| {
        let (variable, url) = line.strip_prefix("export ")?.split_once('=')?;
        let port = url.rsplit_once(':')?.1.trim_end_matches('/').parse().ok()?;
        Some((variable.to_owned(), port))
    };
    log.lines().filter_map(url).collect()
}

/// A door of this process to a port of a pod, as `kubectl port-forward` makes one.
async fn forward(pods: Api<Pod>, pod: &'static str, port: u16) -> anyhow::Result<(String, JoinHandle<()>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("listening on the loopback")?;
    let url = format!("http://{}", listener.local_addr()?);
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let pods = pods.clone();
            // Whoever connected sees a broken connection if this fails, and says so.
            tokio::spawn(async move { carry(&pods, pod, port, stream).await.ok() });
        }
    });
    Ok((url, task))
}

async fn carry(pods: &Api<Pod>, pod: &str, port: u16, mut near: TcpStream) -> anyhow::Result<()> {
    let mut forwarder = pods.portforward(pod, &[port]).await?;
    let Some(mut far) = forwarder.take_stream(port) else { bail!("no stream is to come") };
    tokio::io::copy_bidirectional(&mut near, &mut far).await?;
    forwarder.abort();
    Ok(())
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.forwarding.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_are_in_what_the_fake_prints() {
        let log =
            "2026 INFO a line\nexport FAKE_ALICLOUD_API_URL=http://10.0.0.1:41234\nexport X='two words'\n";

        assert_eq!(ports(log), BTreeMap::from([("FAKE_ALICLOUD_API_URL".to_owned(), 41234)]));
    }
}
