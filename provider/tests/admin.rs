//! Readiness through the life of a provider, from before there is a socket.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use csi_secrets_store_provider_alibabacloud::admin::{self, Subject};
use csi_secrets_store_provider_alibabacloud::alicloud::sign::Scheme;
use csi_secrets_store_provider_alibabacloud::config::Admin;
use csi_secrets_store_provider_alibabacloud::server::{Lifecycle, Socket, serve, wait_for};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

/// Status and body.
async fn get(address: std::net::SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn it_is_ready_exactly_while_it_serves() {
    let settings = Admin {
        address: "127.0.0.1:0".parse().unwrap(),
        healthz_path: "/healthz".to_owned(),
        healthz_timeout: Duration::from_secs(20),
    };
    let listener = admin::bind(&settings).await.unwrap();
    let address = listener.local_addr().unwrap();
    let parts = support::service(None, Scheme::V3, None);
    let (stop_sender, stop) = watch::channel(false);
    let (serving_sender, mut serving) = watch::channel(false);
    let subject = Subject {
        place: Arc::default(),
        serving: serving.clone(),
        stop: stop.clone(),
        settings: Arc::default(),
        metrics: parts.metrics,
    };
    let place = Arc::clone(&subject.place);
    tokio::spawn(admin::serve(listener, settings, subject));
    let starting = (503, "starting".to_owned());
    assert_eq!(get(address, "/readyz").await, starting);
    assert_eq!(get(address, "/healthz").await, starting);

    let directory = TempDir::new().unwrap();
    let socket = Socket::bind(directory.path()).unwrap();
    place.set(socket.place()).unwrap();
    assert_eq!(get(address, "/readyz").await, starting);

    let grace_period = Duration::from_secs(10);
    let lifecycle = Lifecycle { stop, ending: parts.ending, serving: serving_sender, grace_period };
    let task = tokio::spawn(serve(socket, parts.service, lifecycle));
    wait_for(&mut serving).await;
    let ok = (200, "ok".to_owned());
    assert_eq!((get(address, "/readyz").await, get(address, "/healthz").await), (ok.clone(), ok));

    stop_sender.send_replace(true);
    assert_eq!(get(address, "/readyz").await, (503, "stopping".to_owned()));
    timeout(Duration::from_secs(9), task).await.expect("an orderly stop").unwrap().unwrap();
    assert!(!*serving.borrow());
}
