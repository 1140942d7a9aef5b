//! The admin port, for the kubelet and Prometheus. Plain HTTP, no secrets, no actions:
//!
//! | path | answers |
//! |---|---|
//! | `--healthz-path` | 200 `ok` if the gRPC side answers a health check over the socket, else 503 with the reason |
//! | `/readyz` | 200 `ok` while the socket serves, 503 while starting or stopping |
//! | `/metrics` | the counters, as OpenMetrics text |

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::config::Admin;
use crate::metrics::Metrics;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone)]
struct Shared {
    socket: PathBuf,
    timeout: Duration,
    stop: watch::Receiver<bool>,
    metrics: Arc<Metrics>,
}

/// The port could not be had. The operator must choose another.
#[derive(Debug, thiserror::Error)]
#[error("the admin port {address} cannot be opened: {source}; choose another with --healthz-port")]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

/// Opens the port.
pub async fn bind(settings: &Admin) -> Result<TcpListener, BindError> {
    let address = settings.address;
    TcpListener::bind(address).await.map_err(|source| BindError { address, source })
}

/// Serves the endpoints until the process ends. `stop` turns true when it begins to.
pub async fn serve(
    listener: TcpListener,
    settings: Admin,
    socket: PathBuf,
    stop: watch::Receiver<bool>,
    metrics: Arc<Metrics>,
) -> io::Result<()> {
    let shared = Shared { socket, timeout: settings.healthz_timeout, stop, metrics };
    let router = Router::new()
        .route(&settings.healthz_path, get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_text))
        .with_state(shared);
    axum::serve(listener, router).await
}

async fn healthz(State(shared): State<Shared>) -> (StatusCode, String) {
    match tokio::time::timeout(shared.timeout, ask(&shared.socket)).await {
        Ok(Ok(())) => (StatusCode::OK, "ok".to_owned()),
        Ok(Err(reason)) => (StatusCode::SERVICE_UNAVAILABLE, reason),
        Err(_) => {
            let reason = format!("the gRPC side did not answer within {:?}", shared.timeout);
            (StatusCode::SERVICE_UNAVAILABLE, reason)
        }
    }
}

/// Dials the socket as the driver does, on a connection of its own: an old connection could outlive a broken socket.
async fn ask(socket: &Path) -> Result<(), String> {
    let channel = Endpoint::try_from(format!("unix:{}", socket.display()))
        .map_err(|error| error.to_string())?
        .connect()
        .await
        .map_err(|_| format!("nobody answers on {}", socket.display()))?;
    let request = HealthCheckRequest { service: String::new() };
    let response = HealthClient::new(channel).check(request).await.map_err(|status| status.to_string())?;
    match response.into_inner().status() {
        ServingStatus::Serving => Ok(()),
        other => Err(format!("the gRPC side says {}", other.as_str_name())),
    }
}

async fn readyz(State(shared): State<Shared>) -> (StatusCode, &'static str) {
    if *shared.stop.borrow() { (StatusCode::SERVICE_UNAVAILABLE, "stopping") } else { (StatusCode::OK, "ok") }
}

async fn metrics_text(State(shared): State<Shared>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], shared.metrics.encode())
}
