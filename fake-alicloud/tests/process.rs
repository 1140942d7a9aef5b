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
}

#[rstest::rstest]
#[case(Signal::TERM)]
#[case(Signal::INT)]
#[tokio::test]
async fn it_announces_its_doors_and_ends_on_a_signal(#[case] signal: Signal) {
    let (child, mut lines) = serve(&[]);
    assert!(line(&mut lines).await.starts_with("fake-alicloud "));
    assert!(line(&mut lines).await.starts_with("API:     http://127.0.0.1:"));
    assert!(line(&mut lines).await.starts_with("control: http://127.0.0.1:"));
    assert_eq!(end(child, signal).await, Some(0));
}

#[tokio::test]
async fn the_urls_can_be_printed_for_a_shell() {
    let (child, mut lines) = serve(&["--print-env", "--region", "eu-central-1"]);
    assert!(line(&mut lines).await.starts_with("export FAKE_ALICLOUD_API_URL=http://127.0.0.1:"));
    assert!(line(&mut lines).await.starts_with("export FAKE_ALICLOUD_CONTROL_URL=http://127.0.0.1:"));
    assert_eq!(line(&mut lines).await, "export FAKE_ALICLOUD_REGION=eu-central-1");
    assert_eq!(end(child, Signal::TERM).await, Some(0));
}

#[tokio::test]
async fn a_seed_file_is_in_place_before_the_banner() {
    let folder = tempfile::tempdir().expect("a folder");
    let seed = folder.path().join("seed.yaml");
    std::fs::write(&seed, "accounts: [{ id: '1', accessKeys: [{ id: k, secret: top-secret }] }]")
        .expect("a file");
    let (mut child, mut lines) = serve(&["--seed", seed.to_str().expect("UTF-8")]);
    let api = line_with(&mut lines, "API:").await;
    let url = api.split_whitespace().nth(1).expect("a URL").to_owned();

    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let call = format!(
        "{url}/?Action=GetSecretValue&Version=2016-01-20&AccessKeyId=k&Signature=x&SignatureMethod=HMAC-SHA1\
         &SignatureVersion=1.0&SignatureNonce=n&Timestamp=2024-01-01T00:00:00Z"
    );
    let text = http.get(call).send().await.expect("an answer").text().await.expect("a text");
    assert!(text.contains("InvalidTimeStamp.Expired"), "a known key gets past the look-up: {text}");

    let mut stderr = child.stderr.take().expect("a pipe");
    assert_eq!(end(child, Signal::TERM).await, Some(0));
    let mut log = String::new();
    stderr.read_to_string(&mut log).await.expect("UTF-8");
    assert!(log.contains("InvalidTimeStamp.Expired") && !log.contains("top-secret"), "{log}");
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
