//! The Kubernetes API of one scenario: small, over TLS, with an authority and a token of its own.
//!
//! It keeps objects of any kind and answers for them as an API server does, refusals included: discovery, create, get, list,
//! watch, update, patch, delete. No controller runs beside it, fields are not checked against schemas, and who owns a field is
//! not kept. It knows no provider and no cloud. It is there only in scenarios that ask for it, or as a process of its own
//! ([`run`]).

mod answer;
mod connection;
mod discovery;
mod door;
mod kinds;
mod objects;
mod patch;
mod path;
mod protobuf;
mod resource;
mod selector;
mod serve;
mod status;
mod store;
mod tls;
mod trouble;
mod verbs;
mod watching;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use discovery::Release;
pub use door::{Options, run};
pub use objects::{Kind, Objects};
pub use status::Refusal;
pub use store::{ServiceAccount, path_of};
pub use trouble::Trouble;

use objects::NAMESPACES;
use path::Place;
use store::Key;
use trouble::Plan;

/// A running API. Dropped, it is gone.
#[derive(Debug)]
pub struct Cluster {
    state: Arc<State>,
    address: SocketAddr,
    ca_pem: String,
    task: JoinHandle<()>,
}

/// What the API remembers.
struct State {
    /// What a client must present.
    token: String,
    release: Release,
    objects: Objects,
    plan: Mutex<Plan>,
    journal: Mutex<Vec<Request>>,
}

/// One request as the API saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The status of the answer; none if it was never given.
    pub status: Option<u16>,
    /// Whether it was answered, or its client is gone.
    pub is_over: bool,
}

impl Request {
    /// What was asked for, without names and parameters: `get serviceaccounts`.
    pub fn verb_and_resource(&self) -> String {
        let segments = path::segments(self.path.split('?').next().unwrap_or_default());
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let whole = segments.join("/");
        let resource = match segments[..] {
            ["api", _, "namespaces", _, resource, ..] | ["apis", _, _, "namespaces", _, resource, ..] => {
                resource
            }
            ["api", _, resource, ..] | ["apis", _, _, resource, ..] => resource,
            _ => &whole,
        };
        format!("{} {resource}", self.method.to_lowercase())
    }
}

impl Cluster {
    /// Starts an API without objects, which knows one client by its token.
    pub async fn start(token: &str) -> io::Result<Self> {
        Self::start_at(([127, 0, 0, 1], 0).into(), token, Release::default()).await
    }

    /// The same at an address, as a release of Kubernetes.
    pub async fn start_at(address: SocketAddr, token: &str, release: Release) -> io::Result<Self> {
        Self::start_with(Objects::default(), address, token, release).await
    }

    /// Serves objects that are there already, and stay when the API goes.
    pub async fn serving(objects: Objects, address: SocketAddr, token: &str) -> io::Result<Self> {
        Self::start_with(objects, address, token, Release::default()).await
    }

    async fn start_with(
        objects: Objects,
        address: SocketAddr,
        token: &str,
        release: Release,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let identity = tls::Identity::new(address.ip());
        let state = Arc::new(State {
            token: token.to_owned(),
            release,
            objects,
            plan: Mutex::default(),
            journal: Mutex::default(),
        });
        let router = Router::new()
            .fallback(answer::answer)
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(Arc::clone(&state));
        let task = tokio::spawn(connection::serve(listener, identity.acceptor, router));
        Ok(Self { state, address, ca_pem: identity.ca_pem, task })
    }

    /// The URL for clients.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The authority that clients must trust, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Writes how a client reaches the API and who it is, in the form that all clients read.
    pub fn write_kubeconfig(&self, file: &Path) -> io::Result<()> {
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "conformance",
            "contexts": [{ "name": "conformance", "context": { "cluster": "conformance", "user": "provider" } }],
            "clusters": [{ "name": "conformance", "cluster": {
                "server": self.url(),
                "certificate-authority-data": STANDARD.encode(&self.ca_pem),
            } }],
            "users": [{ "name": "provider", "user": { "token": self.state.token } }],
        });
        std::fs::write(file, kubeconfig.to_string())
    }

    /// Writes what Kubernetes puts into every pod: who it is, and whom it must trust.
    pub fn write_service_account(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("token"), &self.state.token)?;
        std::fs::write(folder.join("ca.crt"), &self.ca_pem)?;
        std::fs::write(folder.join("namespace"), "kube-system")
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Creates or replaces a service account, as `kubectl apply` does; its namespace is made if need be.
    pub fn apply(&self, account: &ServiceAccount) {
        self.put(account.to_object()).expect("service accounts are always served");
    }

    /// Creates or replaces an object as it is, status included; its namespace is made if need be.
    pub fn put(&self, object: Value) -> Result<(), UnknownKind> {
        self.state.objects.put(object)
    }

    /// Removes what is at a path; tells whether there was something.
    pub fn remove(&self, path: &str) -> bool {
        let mut store = self.state.objects.store();
        let Some(place) = Place::find(path, &store) else { return false };
        place.name.as_ref().is_some_and(|name| store.remove(&place.key(name)).is_some())
    }

    /// Everything that is there except the namespaces that are always there, by kind, namespace and name.
    pub fn objects(&self) -> Vec<Value> {
        let store = self.state.objects.store();
        let is_own = |key: &Key| key.plural == "namespaces" && NAMESPACES.contains(&&*key.name);
        let objects = store.all().filter(|(key, _)| !is_own(key));
        objects.map(|(_, object)| Value::clone(object)).collect()
    }

    /// Answers the next requests, all or so many, in this way.
    pub fn plan(&self, trouble: Trouble, times: Option<usize>) {
        *locked(&self.state.plan) = Plan::new(trouble, times);
    }

    /// Answers as it should again.
    pub fn recover(&self) {
        *locked(&self.state.plan) = Plan::default();
    }

    /// Everything that was asked, refused requests too, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        locked(&self.state.journal).clone()
    }
}

/// What an API server takes by default.
const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;

/// The API serves no such kind; a definition may be missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the API serves no {0}: create its definition first")]
pub struct UnknownKind(String);

/// The time as objects carry it.
#[expect(clippy::disallowed_methods, reason = "clients compare it with their own clock, for an object's age")]
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("journal", &self.journal).finish_non_exhaustive()
    }
}

/// Poisoning tells nothing here: what is kept is whole after every statement.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod client_tests;
#[cfg(test)]
pub(crate) mod tests;
