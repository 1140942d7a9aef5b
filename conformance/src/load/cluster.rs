//! A Kubernetes API that knows service accounts and the roles they are annotated with, and counts who asks.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use axum::extract::{Path as Segments, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::cloud::role_arn;

const ACCOUNT_PATH: &str = "/api/v1/namespaces/{namespace}/serviceaccounts/{name}";

/// The running API. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Cluster {
    asked: Arc<AtomicU64>,
    kubeconfig: PathBuf,
    _server: JoinSet<()>,
}

impl Cluster {
    /// Starts it and writes the kubeconfig for it into the folder. Every service account has the role of its name.
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listening for the Kubernetes API")?;
        let address = listener.local_addr()?;
        let asked = Arc::<AtomicU64>::default();
        let router = axum::Router::new().route(ACCOUNT_PATH, get(read)).with_state(Arc::clone(&asked));
        let mut server = JoinSet::new();
        server.spawn(async move {
            // It never ends by itself.
            let _ = axum::serve(listener, router).await;
        });
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "load",
            "contexts": [{ "name": "load", "context": { "cluster": "load", "user": "load" } }],
            "clusters": [{ "name": "load", "cluster": { "server": format!("http://{address}") } }],
            "users": [{ "name": "load", "user": { "token": "nobody-checks-it" } }],
        });
        let kubeconfig = folder.join("kubeconfig");
        std::fs::write(&kubeconfig, config.to_string())?;
        Ok(Self { asked, kubeconfig, _server: server })
    }

    /// For `--kubeconfig`.
    pub(super) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Requests so far.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn read(
    State(asked): State<Arc<AtomicU64>>,
    Segments((namespace, name)): Segments<(String, String)>,
) -> Response {
    asked.fetch_add(1, Ordering::Relaxed);
    let annotations = json!({ "ack.alibabacloud.com/role-arn": role_arn(&name) });
    let metadata = json!({ "name": name, "namespace": namespace, "annotations": annotations });
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata });
    ([(CONTENT_TYPE, "application/json")], account.to_string()).into_response()
}
