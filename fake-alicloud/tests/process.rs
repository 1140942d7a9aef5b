//! The fake as a process: its command line, its banner, and how it ends.

use std::{process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(20);

fn fake(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-alicloud"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn output(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = timeout(PATIENCE, fake(arguments).output()).await.expect("an end").expect("the binary");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn serve(arguments: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
    let free_ports = ["serve", "--api", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    let mut child = fake(&[&free_ports, arguments].concat()).spawn().expect("the binary");
    let stdout = child.stdout.take().expect("a pipe");
    (child, BufReader::new(stdout).lines())
}

async fn line(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    timeout(PATIENCE, lines.next_line()).await.expect("a line in time").expect("UTF-8").expect("a line")
}

async fn end(mut child: Child, signal: Signal) -> Option<i32> {
    let id = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)).expect("a process id");
    kill_process(id, signal).expect("it runs");
    timeout(PATIENCE, child.wait()).await.expect("an end in time").expect("a status").code()
}

#[tokio::test]
async fn help_is_frozen() {
    let (code, help, _) = output(&["--help"]).await;
    assert_eq!(code, Some(0));
    insta::assert_snapshot!("help", help);
    let (code, help, _) = output(&["serve", "--help"]).await;
    assert_eq!(code, Some(0));
    insta::assert_snapshot!("serve_help", help);
    let (code, help, _) = output(&["seed-schema", "--help"]).await;
    assert_eq!(code, Some(0));
    insta::assert_snapshot!("seed_schema_help", help);
}

#[rstest::rstest]
#[case(Signal::TERM)]
#[case(Signal::INT)]
#[tokio::test]
async fn it_announces_its_doors_and_ends_on_a_signal(#[case] signal: Signal) {
    let (child, mut lines) = serve(&[]);
    assert!(line(&mut lines).await.starts_with("fake-alicloud "));
    assert!(line(&mut lines).await.starts_with("API:     http://127.0.0.1:"));
    assert!(line(&mut lines).await.starts_with("HTTPS:   https://127.0.0.1:"));
    assert!(line(&mut lines).await.starts_with("control: http://127.0.0.1:"));
    assert!(line(&mut lines).await.starts_with("ECS:     http://127.0.0.1:"));
    assert_eq!(end(child, signal).await, Some(0));
}

#[tokio::test]
async fn the_metadata_service_answers_at_the_address_that_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let seed = folder.path().join("seed.yaml");
    std::fs::write(&seed, "ecsInstance: { instanceId: i-demo, account: '1' }").expect("a file");
    // Any address will do that is not the default's.
    let seed = seed.to_str().expect("UTF-8");
    let (child, mut lines) = serve(&["--metadata", "127.0.0.2:0", "--seed", seed]);
    let announced = line_with(&mut lines, "ECS:").await;
    let url = announced.split_whitespace().nth(1).expect("a URL");
    assert!(url.starts_with("http://127.0.0.2:"), "{url}");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let answer = http.get(format!("{url}/latest/meta-data/instance-id")).send().await.expect("an answer");
    assert_eq!(answer.text().await.expect("a text"), "i-demo");
    assert_eq!(end(child, Signal::TERM).await, Some(0));
}

#[tokio::test]
async fn a_shell_can_go_on_with_what_is_printed_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (seed, ca) = (folder.path().join("seed.yaml"), folder.path().join("the ca.pem"));
    std::fs::write(&seed, "accounts: [{ id: '1', accessKeys: [{ id: first, secret: it's }] }]")
        .expect("a file");
    let fake = env!("CARGO_BIN_EXE_fake-alicloud");
    // The command substitution ends although the fake runs on.
    let script = format!(
        "eval \"$('{fake}' serve --api 127.0.0.1:0 --control 127.0.0.1:0 --region eu-central-1 --seed '{}' \
         --ca-file '{}' --print-env &)\"; env; kill $FAKE_ALICLOUD_PID",
        seed.display(),
        ca.display()
    );
    let shell = Command::new("sh").args(["-c", &script]).env_clear().stdin(Stdio::null()).output();
    let output = timeout(PATIENCE, shell).await.expect("an end").expect("a shell");
    let variables = String::from_utf8(output.stdout).expect("UTF-8");
    let ca_path = ca.to_str().expect("UTF-8");
    for line in [
        "FAKE_ALICLOUD_REGION=eu-central-1",
        "ALIBABA_CLOUD_REGION_ID=eu-central-1",
        "ALIBABA_CLOUD_ACCESS_KEY_ID=first",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET=it's",
        &format!("FAKE_ALICLOUD_CA_FILE={ca_path}"),
        &format!("REQUESTS_CA_BUNDLE={ca_path}"),
        &format!("ALIBABA_CLOUD_CA_BUNDLE={ca_path}"),
        &format!("SSL_CERT_FILE={ca_path}"),
        &format!("NODE_EXTRA_CA_CERTS={ca_path}"),
    ] {
        assert!(variables.lines().any(|variable| variable == line), "{line} in {variables}");
    }
    let imds = "ALIBABA_CLOUD_IMDS_ENDPOINT=http://".to_owned();
    let doors = ["API_URL=http://", "API_TLS_URL=https://", "CONTROL_URL=http://", "METADATA_URL=http://"];
    for start in doors.map(|door| format!("FAKE_ALICLOUD_{door}")).iter().chain(&[imds]) {
        let start = format!("{start}127.0.0.1:");
        assert!(variables.lines().any(|variable| variable.starts_with(&start)), "{start} in {variables}");
    }
    let pem = std::fs::read_to_string(&ca).expect("a file");
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
}

#[tokio::test]
async fn the_schema_of_seeds_can_be_had() {
    let (code, schema, _) = output(&["seed-schema"]).await;
    assert_eq!(code, Some(0));
    assert_eq!(schema, include_str!("../seed.schema.json"));
}

#[rstest::rstest]
#[case(&[], false)]
#[case(&["--verbose"], true)]
#[tokio::test]
async fn a_seed_file_is_in_place_before_the_banner(#[case] arguments: &[&str], #[case] logs_calls: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let seed = folder.path().join("seed.yaml");
    std::fs::write(&seed, "accounts: [{ id: '1', accessKeys: [{ id: k, secret: top-secret }] }]")
        .expect("a file");
    let (mut child, mut lines) = serve(&[&["--seed", seed.to_str().expect("UTF-8")], arguments].concat());
    let api = line_with(&mut lines, "API:").await;
    let url = api.split_whitespace().nth(1).expect("a URL").to_owned();
    assert!(late_call(&url).await.contains("InvalidTimeStamp.Expired"), "a known key gets past the look-up");

    let mut stderr = child.stderr.take().expect("a pipe");
    assert_eq!(end(child, Signal::TERM).await, Some(0));
    let mut log = String::new();
    stderr.read_to_string(&mut log).await.expect("UTF-8");
    assert_eq!(log.contains("InvalidTimeStamp.Expired"), logs_calls, "{log}");
    assert!(!log.contains("top-secret"), "{log}");
}

/// The answer to a call that was signed long ago, by the key `k`.
async fn late_call(url: &str) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let call = format!(
        "{url}/?Action=GetSecretValue&Version=2016-01-20&AccessKeyId=k&Signature=x&SignatureMethod=HMAC-SHA1\
         &SignatureVersion=1.0&SignatureNonce=n&Timestamp=2024-01-01T00:00:00Z"
    );
    http.get(call).send().await.expect("an answer").text().await.expect("a text")
}

#[rstest::rstest]
#[case(&[], "InvalidTimeStamp.Expired")]
#[case(&["--allow-http=false"], "InvalidProtocol.NeedSsl")]
#[case(&["--api", "0.0.0.0:0"], "InvalidProtocol.NeedSsl")]
#[case(&["--api", "0.0.0.0:0", "--allow-http"], "InvalidTimeStamp.Expired")]
#[tokio::test]
async fn kms_over_http_is_for_the_loopback_interface_unless_said_otherwise(
    #[case] arguments: &[&str],
    #[case] code: &str,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let seed = folder.path().join("seed.yaml");
    std::fs::write(&seed, "accounts: [{ id: '1', accessKeys: [{ id: k, secret: s }] }]").expect("a file");
    let mut all = vec!["serve", "--control", "127.0.0.1:0", "--seed", seed.to_str().expect("UTF-8")];
    all.extend(if arguments.contains(&"--api") { &[][..] } else { &["--api", "127.0.0.1:0"] });
    all.extend(arguments);
    let mut child = fake(&all).spawn().expect("the binary");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let api = line_with(&mut lines, "API:").await;
    let url = api.split_whitespace().nth(1).expect("a URL").replace("0.0.0.0", "127.0.0.1");
    let answer = late_call(&url).await;
    assert!(answer.contains(code), "{answer}");
    assert_eq!(end(child, Signal::TERM).await, Some(0));
}

async fn line_with(lines: &mut Lines<BufReader<ChildStdout>>, start: &str) -> String {
    loop {
        let line = line(lines).await;
        if line.starts_with(start) {
            return line;
        }
    }
}

#[tokio::test]
async fn a_bad_seed_file_is_told_with_file_and_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let seed = folder.path().join("seed.yaml");
    std::fs::write(&seed, "accounts:\n  - name: x\n").expect("a file");
    let seed = seed.to_str().expect("UTF-8");
    let (code, _, stderr) = output(&["serve", "--seed", seed]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains(seed) && stderr.contains("line 2, column 5: unknown field `name`"), "{stderr}");
}
