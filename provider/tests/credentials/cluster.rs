//! A Kubernetes API that knows service accounts, and nothing else.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// What it knows, and what it was asked.
#[derive(Default)]
struct Accounts {
    roles: BTreeMap<String, Option<String>>,
    status: Option<u16>,
    asked: Vec<String>,
}

/// The running API.
pub(crate) struct Cluster {
    accounts: Arc<Mutex<Accounts>>,
    directory: TempDir,
}

impl Cluster {
    /// Without any service account.
    pub(crate) async fn start() -> Self {
        let accounts = Arc::<Mutex<Accounts>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/api/v1/namespaces/{namespace}/serviceaccounts/{name}", get(read))
            .with_state(Arc::clone(&accounts));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let directory = TempDir::new().unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
            "clusters": [{ "name": "test", "cluster": { "server": format!("http://{address}") } }],
            "users": [{ "name": "test", "user": { "token": "the-providers-own-token" } }],
        });
        std::fs::write(directory.path().join("kubeconfig"), kubeconfig.to_string()).unwrap();
        Self { accounts, directory }
    }

    /// For `--kubeconfig`.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.directory.path().join("kubeconfig")
    }

    /// Adds `namespace/name`, with or without a role.
    pub(crate) fn add(&self, account: &str, role: Option<&str>) {
        self.accounts.lock().unwrap().roles.insert(account.to_owned(), role.map(str::to_owned));
    }

    /// From now on every answer is this.
    pub(crate) fn fail_with(&self, status: u16) {
        self.accounts.lock().unwrap().status = Some(status);
    }

    /// Which service accounts it was asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.accounts.lock().unwrap().asked.clone()
    }
}

async fn read(
    State(accounts): State<Arc<Mutex<Accounts>>>,
    Path((namespace, name)): Path<(String, String)>,
) -> Response {
    let mut accounts = accounts.lock().unwrap();
    let account = format!("{namespace}/{name}");
    accounts.asked.push(account.clone());
    let status = accounts.status.unwrap_or(if accounts.roles.contains_key(&account) { 200 } else { 404 });
    let body = if status == 200 {
        let mut metadata = json!({ "name": name, "namespace": namespace });
        if let Some(role) = &accounts.roles[&account] {
            metadata["annotations"] = json!({ "ack.alibabacloud.com/role-arn": role });
        }
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata })
    } else {
        json!({ "apiVersion": "v1", "kind": "Status", "status": "Failure", "code": status, "reason": "Because" })
    };
    let json = [("content-type", "application/json")];
    (StatusCode::from_u16(status).unwrap(), json, body.to_string()).into_response()
}
