//! The admin port, for the kubelet and Prometheus. Plain HTTP, no secrets, no actions:
//!
//! | path | answers |
//! |---|---|
//! | `--healthz-path` | 200 `ok` if the gRPC side answers a health check over the socket, else 503 with the reason |
//! | `/readyz` | 200 `ok` while the socket is in its place and served, and the settings can be used, else 503 with the reason |
//! | `/metrics` | the counters, as OpenMetrics text |
//!
//! None of them asks the cloud: that it is out of reach is no reason to end the provider, or to call a node unready.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
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
use crate::credential;
use crate::metrics::Metrics;
use crate::server::Place;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the endpoints look at.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Where the socket was put; empty until it is there.
    pub place: Arc<OnceLock<Place>>,
    /// True while calls are taken.
    pub serving: watch::Receiver<bool>,
    /// Turns true when the process is told to stop.
    pub stop: watch::Receiver<bool>,
    /// The operator's settings, some of which are files.
    pub settings: Arc<credential::Settings>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

#[derive(Clone)]
struct Shared {
    subject: Subject,
    timeout: Duration,
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

/// Serves the endpoints until the process ends.
pub async fn serve(listener: TcpListener, settings: Admin, subject: Subject) -> io::Result<()> {
    let shared = Shared { subject, timeout: settings.healthz_timeout };
    let router = Router::new()
        .route(&settings.healthz_path, get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_text))
        .with_state(shared);
    axum::serve(listener, router).await
}

async fn healthz(State(shared): State<Shared>) -> (StatusCode, String) {
    let Some(place) = shared.subject.place.get() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "starting".to_owned());
    };
    match tokio::time::timeout(shared.timeout, ask(place.path())).await {
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

async fn readyz(State(Shared { subject, .. }): State<Shared>) -> (StatusCode, String) {
    match readiness(&subject) {
        Ok(()) => (StatusCode::OK, "ok".to_owned()),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason),
    }
}

fn readiness(subject: &Subject) -> Result<(), String> {
    mutate!(AlwaysReady => return Ok(()));
    if *subject.stop.borrow() {
        return Err("stopping".to_owned());
    }
    let Some(place) = subject.place.get().filter(|_| *subject.serving.borrow()) else {
        return Err("starting".to_owned());
    };
    if !place.is_held() {
        let path = place.path().display();
        return Err(format!(
            "{path} is gone or another's, so the driver does not find this provider; restart it"
        ));
    }
    subject.settings.check().map_err(|error| error.to_string())
}

async fn metrics_text(State(shared): State<Shared>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], shared.subject.metrics.encode())
}
