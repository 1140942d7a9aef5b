//! The shipped binary, from outside: how it starts, what it refuses, how it stops.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use rstest::rstest;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

fn provider(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_csi-secrets-store-provider-alibabacloud"));
    command.args(arguments).env_clear().kill_on_drop(true).stdin(Stdio::null());
    command
}

async fn finished(mut command: Command) -> Output {
    timeout(PATIENCE, command.output()).await.expect("the provider ends by itself").unwrap()
}

fn serve_in(directory: &Path) -> Command {
    let volume = format!("--provider-volume={}", directory.display());
    provider(&[&volume, "--healthz-address=127.0.0.1", "--healthz-port=0", "--log-format=json"])
}

/// Starts the provider and gives the log line that says that it serves.
async fn started(mut command: Command) -> (Child, serde_json::Value) {
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().expect("a log line");
    (child, serde_json::from_str(&line).expect("a JSON line"))
}

#[rstest]
#[case::serve(&["serve", "--help"], "serve")]
#[case::all(&["--help"], "all")]
#[case::lint(&["lint", "--help"], "lint")]
#[case::fetch(&["fetch", "--help"], "fetch")]
#[tokio::test]
async fn help_is_as_reviewed(#[case] arguments: &[&str], #[case] name: &str) {
    let output = finished(provider(arguments)).await;
    insta::assert_snapshot!(format!("help-{name}"), String::from_utf8(output.stdout).unwrap());
}

#[rstest]
#[case::sigterm(rustix::process::Signal::TERM)]
#[case::sigint(rustix::process::Signal::INT)]
#[tokio::test]
async fn a_signal_ends_it_at_once_with_success(#[case] signal: rustix::process::Signal) {
    let directory = TempDir::new().unwrap();
    let (mut child, line) = started(serve_in(directory.path())).await;
    assert_eq!(line["message"], "serving");
    assert!(directory.path().join("alibabacloud.sock").exists());
    let pid = rustix::process::Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
    let status = timeout(PATIENCE, child.wait()).await.expect("it stops").unwrap();
    assert!(status.success(), "{status}");
    assert!(!directory.path().join("alibabacloud.sock").exists());
}

#[tokio::test]
async fn health_readiness_and_metrics_answer() {
    let directory = TempDir::new().unwrap();
    let (_child, line) = started(serve_in(directory.path())).await;
    let base = format!("http://{}", line["admin.address"].as_str().unwrap());
    for (path, expected) in [("healthz", "ok"), ("readyz", "ok"), ("metrics", "# EOF\n")] {
        let url = format!("{base}/{path}");
        let response = get(&url).await;
        assert!(response.ends_with(expected), "{path}: {response}");
    }
}

#[tokio::test]
async fn health_tells_when_the_socket_is_gone() {
    let directory = TempDir::new().unwrap();
    let (_child, line) = started(serve_in(directory.path())).await;
    std::fs::remove_file(directory.path().join("alibabacloud.sock")).unwrap();
    let url = format!("http://{}/healthz", line["admin.address"].as_str().unwrap());
    assert!(get(&url).await.contains("nobody answers on"));
}

#[tokio::test]
async fn half_a_key_pair_is_a_usage_error() {
    let mut command = provider(&[]);
    command.env("ACCESS_KEY_ID", "LTAI");
    let output = finished(command).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("SECRET_ACCESS_KEY is missing"));
}

#[tokio::test]
async fn a_port_that_is_taken_ends_the_start() {
    let directory = TempDir::new().unwrap();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = format!("--healthz-port={}", taken.local_addr().unwrap().port());
    let volume = format!("--provider-volume={}", directory.path().display());
    let output = finished(provider(&[&volume, "--healthz-address=127.0.0.1", &port])).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("choose another with --healthz-port"));
}

async fn get(url: &str) -> String {
    let client = reqwest::Client::builder().tls_backend_preconfigured(no_tls()).no_proxy().build().unwrap();
    client.get(url).send().await.unwrap().text().await.unwrap()
}

/// Plain HTTP only, but the client wants to know how it would do TLS.
fn no_tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}
