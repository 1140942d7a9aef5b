//! The socket's place in the driver's folder: taken, kept, left.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

mod support;

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use csi_secrets_store_provider_alibabacloud::alicloud::sign::Scheme;
use csi_secrets_store_provider_alibabacloud::server::{BindError, Lifecycle, Socket, serve};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::transport::Endpoint;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    fn start(directory: &Path) -> Self {
        let parts = support::service(None, Scheme::V3, None);
        let (stop, stopped) = watch::channel(false);
        let lifecycle = Lifecycle {
            stop: stopped,
            ending: parts.ending,
            serving: watch::Sender::new(false),
            grace_period: Duration::from_secs(10),
        };
        let socket = Socket::bind(directory).unwrap();
        let task = tokio::spawn(async move { serve(socket, parts.service, lifecycle).await.unwrap() });
        Self { stop, task }
    }

    /// Stops, and fails where the grace period had to end the stop.
    async fn stop(self) {
        self.stop.send_replace(true);
        timeout(Duration::from_secs(9), self.task).await.expect("an orderly stop").unwrap();
    }
}

fn entries(directory: &TempDir) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

#[tokio::test]
async fn the_socket_is_private_and_alone_in_its_folder() {
    let directory = TempDir::new().unwrap();
    let socket = Socket::bind(directory.path()).unwrap();
    let metadata = fs::metadata(socket.place().path()).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(entries(&directory), ["alibabacloud.sock"]);
}

#[tokio::test]
async fn a_stale_socket_is_replaced() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("alibabacloud.sock");
    drop(UnixListener::bind(&path).unwrap());
    let stale = fs::metadata(&path).unwrap().ino();
    let socket = Socket::bind(directory.path()).unwrap();
    assert_ne!(fs::metadata(socket.place().path()).unwrap().ino(), stale);
}

#[tokio::test]
async fn anything_else_in_its_place_is_refused_and_kept() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("alibabacloud.sock");
    fs::write(&path, "precious").unwrap();
    let error = Socket::bind(directory.path()).unwrap_err();
    assert!(matches!(error, BindError::Foreign { .. }));
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    assert_eq!(entries(&directory), ["alibabacloud.sock"]);
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let directory = TempDir::new().unwrap();
    let missing = directory.path().join("missing");
    let message = Socket::bind(&missing).unwrap_err().to_string();
    assert!(
        message.contains("missing/alibabacloud.sock") && message.contains("--provider-volume"),
        "{message}"
    );
}

#[tokio::test]
async fn the_socket_is_gone_after_a_stop() {
    let directory = TempDir::new().unwrap();
    Running::start(directory.path()).stop().await;
    assert!(entries(&directory).is_empty());
}

#[tokio::test]
async fn a_successors_socket_survives_the_predecessors_stop() {
    let directory = TempDir::new().unwrap();
    let predecessor = Running::start(directory.path());
    let successor = Running::start(directory.path());
    predecessor.stop().await;
    assert_eq!(entries(&directory), ["alibabacloud.sock"]);
    successor.stop().await;
    assert!(entries(&directory).is_empty());
}

#[tokio::test]
async fn a_watcher_of_our_health_sees_the_stop_and_does_not_hold_it_up() {
    let directory = TempDir::new().unwrap();
    let running = Running::start(directory.path());
    let path = directory.path().join("alibabacloud.sock");
    let channel = Endpoint::try_from(format!("unix:{}", path.display())).unwrap().connect().await.unwrap();
    let request = HealthCheckRequest { service: "v1alpha1.CSIDriverProvider".to_owned() };
    let mut statuses = HealthClient::new(channel).watch(request).await.unwrap().into_inner();
    assert_eq!(statuses.message().await.unwrap().unwrap().status, ServingStatus::Serving as i32);
    running.stop().await;
    assert_eq!(statuses.message().await.unwrap().unwrap().status, ServingStatus::NotServing as i32);
    assert!(statuses.message().await.unwrap().is_none());
}
