//! The Kubernetes API of one scenario: small, over TLS, with an authority and a token of its own.
//!
//! It keeps objects by path and answers for them as an API server does, refusals included. Kinds are not its business: what a
//! path holds is what was put there. It knows no provider and no cloud. It is there only in scenarios that ask for it.

mod answer;
mod connection;
mod status;
mod store;
mod tls;
mod trouble;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use store::{ServiceAccount, path_of};
pub use trouble::Trouble;

use store::Store;
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
    store: Mutex<Store>,
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
    /// What was asked for, without names: `get serviceaccounts`.
    pub fn verb_and_resource(&self) -> String {
        let resource = self.path.rsplit('/').nth(1).unwrap_or_default();
        format!("{} {resource}", self.method.to_lowercase())
    }
}

impl Cluster {
    /// Starts an API without objects, which knows one client by its token.
    pub async fn start(token: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let identity = tls::Identity::new(address.ip());
        let state = Arc::new(State {
            token: token.to_owned(),
            store: Mutex::default(),
            plan: Mutex::default(),
            journal: Mutex::default(),
        });
        let router = Router::new().fallback(answer::answer).with_state(Arc::clone(&state));
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

    /// Creates or replaces a service account, as `kubectl apply` does.
    pub fn apply(&self, account: &ServiceAccount) {
        locked(&self.state.store).put(&account.path(), account.to_object());
    }

    /// Removes what is at a path; tells whether there was something.
    pub fn remove(&self, path: &str) -> bool {
        locked(&self.state.store).remove(path).is_some()
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
mod tests;
