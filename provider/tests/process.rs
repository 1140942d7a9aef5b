//! The shipped binary, from outside: how it starts, what it refuses, how it stops.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use csi_secrets_store_provider_alibabacloud::proto::{MountRequest, MountResponse};
use fake_alicloud::{FakeAlicloud, Fault, Options, Seed};
use rstest::rstest;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

const SEED: &str = "
accounts:
  - id: '1234567890123456'
    accessKeys: [{ id: LTAI5tProcessTest01, secret: process-tests-key }]
    secrets: [{ name: a, versions: [{ id: v1, data: value-of-a }] }]
";

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
async fn started(command: Command) -> (Child, serde_json::Value) {
    let (child, line, _) = watched(command).await;
    (child, line)
}

/// The same, and the lines that follow.
async fn watched(mut command: Command) -> (Child, serde_json::Value, UnboundedReceiver<String>) {
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().expect("a log line");
    let (sender, receiver) = unbounded_channel();
    // The rest is read even if nobody looks at it, or the pipe is full one day.
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            let _ = sender.send(line);
        }
    });
    (child, serde_json::from_str(&line).expect("a JSON line"), receiver)
}

#[test]
fn the_binary_that_is_shipped_knows_no_mutants() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_csi-secrets-store-provider-alibabacloud")).unwrap();

    let knows = |text: &str| binary.windows(text.len()).any(|window| window == text.as_bytes());

    assert!(knows("ALICLOUD_ROLE_ARN_FILE"), "variables that are known can be found");
    assert!(!knows("PROVIDER_MUTANT"));
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
    terminate(&child, signal);
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
async fn health_and_readiness_tell_when_the_socket_is_gone() {
    let directory = TempDir::new().unwrap();
    let (_child, line) = started(serve_in(directory.path())).await;
    std::fs::remove_file(directory.path().join("alibabacloud.sock")).unwrap();
    assert!(admin(&line, "healthz").await.contains("nobody answers on"));
    assert!(admin(&line, "readyz").await.contains("alibabacloud.sock is gone or another's"));
}

#[tokio::test]
async fn a_provider_whose_place_another_took_is_unready_and_alive() {
    let directory = TempDir::new().unwrap();
    let (_first, first) = started(serve_in(directory.path())).await;
    let (_second, second) = started(serve_in(directory.path())).await;
    assert!(admin(&first, "readyz").await.contains("another's"));
    assert_eq!(
        (admin(&first, "healthz").await.as_str(), admin(&second, "readyz").await.as_str()),
        ("ok", "ok")
    );
}

#[rstest]
#[case::accepting(true, "did not answer within 200ms")]
#[case::dead(false, "nobody answers on")]
#[tokio::test]
async fn health_tells_when_what_is_in_our_place_does_not_answer(
    #[case] accepting: bool,
    #[case] expected: &str,
) {
    let directory = TempDir::new().unwrap();
    let mut command = serve_in(directory.path());
    let (_child, line) = started({
        command.arg("--healthz-timeout=200ms");
        command
    })
    .await;
    let path = directory.path().join("alibabacloud.sock");
    std::fs::remove_file(&path).unwrap();
    let silent = UnixListener::bind(&path).unwrap();
    let _held = accepting.then_some(silent);
    assert!(admin(&line, "healthz").await.contains(expected));
    assert!(admin(&line, "readyz").await.contains("another's"));
}

#[tokio::test]
async fn readiness_tells_when_a_setting_became_unusable_and_when_it_is_usable_again() {
    let directory = TempDir::new().unwrap();
    let key = directory.path().join("key");
    let write = || std::fs::write(&key, "a-key-secret").unwrap();
    write();
    let mut command = serve_in(directory.path());
    command.env("ACCESS_KEY_ID", "LTAI").env("SECRET_ACCESS_KEY_FILE", &key);
    let (_child, line) = started(command).await;
    assert_eq!(admin(&line, "readyz").await, "ok");
    std::fs::remove_file(&key).unwrap();
    let answer = admin(&line, "readyz").await;
    assert!(answer.contains("SECRET_ACCESS_KEY_FILE") && answer.contains("No such file"), "{answer}");
    assert_eq!(admin(&line, "healthz").await, "ok");
    write();
    assert_eq!(admin(&line, "readyz").await, "ok");
}

#[tokio::test]
async fn a_cloud_out_of_reach_changes_neither_health_nor_readiness() {
    let directory = TempDir::new().unwrap();
    let mut command = serve_in(directory.path());
    command.args(["--kms-endpoint=http://127.0.0.1:9", "--metadata-endpoint=http://127.0.0.1:9"]);
    let (_child, line) = started(command).await;
    let request = mount_request();
    let status = mount(&directory.path().join("alibabacloud.sock"), request).await.unwrap_err();
    assert!(status.message().contains("could not be reached"), "{status:?}");
    assert_eq!((admin(&line, "healthz").await, admin(&line, "readyz").await), ("ok".into(), "ok".into()));
}

#[tokio::test]
async fn a_stop_makes_it_unready_at_once_while_running_mounts_finish() {
    let fake = FakeAlicloud::start(Options::default()).await.unwrap();
    fake.seed(&Seed::from_yaml(SEED).unwrap()).unwrap();
    let held = fake.plan(Fault::stall()).unwrap();
    let directory = TempDir::new().unwrap();
    let mut command = serve_in(directory.path());
    command.arg(format!("--kms-endpoint={}", fake.api_url()));
    command.env("ACCESS_KEY_ID", "LTAI5tProcessTest01").env("SECRET_ACCESS_KEY", "process-tests-key");
    let (mut child, line) = started(command).await;
    let socket = directory.path().join("alibabacloud.sock");
    let mounting = tokio::spawn(async move { mount(&socket, mount_request()).await });
    let asked = async {
        while fake.faults()[0].fired == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, asked).await.expect("the cloud is asked");
    terminate(&child, rustix::process::Signal::TERM);
    timeout(PATIENCE, async { while admin(&line, "readyz").await != "stopping" {} }).await.unwrap();
    assert!(!mounting.is_finished() && child.try_wait().unwrap().is_none());
    fake.remove_fault(&held.id);
    let response = timeout(PATIENCE, mounting).await.unwrap().unwrap().unwrap();
    assert_eq!(response.files[0].contents, b"value-of-a");
    assert!(timeout(PATIENCE, child.wait()).await.expect("it stops").unwrap().success());
}

#[tokio::test]
async fn what_is_odd_about_a_class_is_logged_once_per_volume() {
    let fake = FakeAlicloud::start(Options::default()).await.unwrap();
    fake.seed(&Seed::from_yaml(SEED).unwrap()).unwrap();
    let directory = TempDir::new().unwrap();
    let mut command = serve_in(directory.path());
    command.arg(format!("--kms-endpoint={}", fake.api_url()));
    command.env("ACCESS_KEY_ID", "LTAI5tProcessTest01").env("SECRET_ACCESS_KEY", "process-tests-key");
    let (_child, _, mut lines) = watched(command).await;
    let socket = directory.path().join("alibabacloud.sock");
    let mut odd = Vec::new();
    for volume in ["1-2", "1-2", "3-4"] {
        let mut request = mount_request();
        request.attributes = request.attributes.replace("objectName", "optinal: x, objectName");
        request.target_path = request.target_path.replace("1-2", volume);
        mount(&socket, request).await.unwrap();
        let line = timeout(PATIENCE, lines.recv()).await.unwrap().unwrap();
        assert!(line.contains("\"message\":\"mounted"), "{line}");
        odd.push(line.contains("WARN") && line.contains("optinal"));
    }
    assert_eq!(odd, [true, false, true]);
}

#[rstest]
#[case::missing("missing", "No such file")]
#[case::file("occupied", "Not a directory")]
#[case::foreign("foreign", "exists and is no socket")]
#[tokio::test]
async fn a_folder_that_cannot_be_had_ends_the_start(#[case] name: &str, #[case] expected: &str) {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("occupied"), "").unwrap();
    std::fs::create_dir_all(directory.path().join("foreign/alibabacloud.sock")).unwrap();
    let output = finished(serve_in(&directory.path().join(name))).await;
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    let place = format!("{name}/alibabacloud.sock");
    assert!([&place, expected, "--provider-volume"].iter().all(|part| text.contains(*part)), "{text}");
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

fn terminate(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

fn mount_request() -> MountRequest {
    let attributes = serde_json::json!({ "objects": "[{objectName: a}]", "secretProviderClass": "app" });
    MountRequest {
        attributes: attributes.to_string(),
        secrets: "null".to_owned(),
        target_path: "/var/lib/kubelet/pods/1-2/volumes/kubernetes.io~csi/secrets/mount".to_owned(),
        permission: "420".to_owned(),
        current_object_version: Vec::new(),
    }
}

/// Mounts as the driver does, over the socket.
async fn mount(socket: &Path, request: MountRequest) -> Result<MountResponse, Status> {
    let channel = Endpoint::try_from(format!("unix:{}", socket.display())).unwrap().connect().await.unwrap();
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/v1alpha1.CSIDriverProvider/Mount");
    let answer = client.unary(Request::new(request), path, ProstCodec::default()).await;
    answer.map(tonic::Response::into_inner)
}

/// What the admin port of the provider that logged `line` says.
async fn admin(line: &serde_json::Value, path: &str) -> String {
    get(&format!("http://{}/{path}", line["admin.address"].as_str().unwrap())).await
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
