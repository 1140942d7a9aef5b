//! Targets that run already: what they were told can be judged, and all else is unsupported with a reason.

#![expect(clippy::unwrap_used, reason = "these are tests and their helpers")]

use std::fs;
use std::net::TcpListener;
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use conformance::commands::Source;
use conformance::patience;
use conformance::report::{Outcome, Report, ScenarioResult, Verdict};
use conformance::suite::{self, Options};
use conformance::target::provider_binary;
use tempfile::TempDir;
use tokio::net::UnixStream;

const ROWS: &str = "
sources: { page: The page }
requirements:
- { id: ACK-01, statement: Secrets appear as files, source: { from: page }, level: core, evidence: model }
- { id: ACK-02, statement: The role is used, source: { from: page }, level: core, evidence: model }
- { id: DRV-02, statement: The provider ends well, source: { from: page }, level: core, evidence: model }
";

const FEATURE: &str = r#"
Feature: A target

  Background:
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: test}]`

  @ACK-01
  Scenario: A pod mounts
    Given the provider has an access key of the account
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file | value | mode |
      | test | first | 0644 |

  @ACK-02
  Scenario: It has a role
    Given the provider is told the role "reader"
    When a pod mounts "test-secrets"
    Then the mount is refused for good

  @DRV-02
  Scenario: It stops
    Given the provider has an access key of the account
    When the provider is told to stop
    Then the provider ends with code 0 within 5 seconds
"#;

/// Killed when the test is over, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_running_target_was_told_is_judged_and_all_else_is_unsupported() {
    let folder = TempDir::new().unwrap();
    let [api, metadata] = free_ports(17_000..17_500);
    fs::create_dir(folder.path().join("sockets")).unwrap();
    write_files(folder.path(), api, metadata);
    let _provider = Running(start(&folder.path().join("sockets"), api, metadata));
    let socket = folder.path().join("sockets/alibabacloud.sock");
    patience::until("the provider listens", async || UnixStream::connect(&socket).await.ok()).await.unwrap();

    let report = judge(folder.path()).await;

    let [mounts, role, stops] = &report.scenarios[..] else { panic!("three scenarios ran") };
    assert_eq!(mounts.outcome, Outcome::Pass, "{mounts:?}");
    assert_eq!((role.outcome, stops.outcome), (Outcome::Unsupported, Outcome::Unsupported));
    assert!(reason(role).contains("cannot be told who it is"), "{role:?}");
    assert!(reason(stops).contains("runs already"), "{stops:?}");
    assert_eq!(report.verdict, Verdict::Partial);
    assert!(report.target.version.is_some(), "{:?}", report.remarks);
    assert!(report.remarks.iter().any(|remark| remark.contains("ran already")), "{:?}", report.remarks);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_does_not_run_fails_what_it_could_have_shown() {
    let folder = TempDir::new().unwrap();
    let [api, metadata] = free_ports(17_500..18_000);
    fs::create_dir(folder.path().join("sockets")).unwrap();
    write_files(folder.path(), api, metadata);

    let report = judge(folder.path()).await;

    assert_eq!(report.verdict, Verdict::Fail);
    let outcomes: Vec<_> = report.scenarios.iter().map(|scenario| scenario.outcome).collect();
    assert_eq!(outcomes, [Outcome::Fail, Outcome::Unsupported, Outcome::Unsupported]);
    assert!(reason(&report.scenarios[0]).contains("nothing answers at"), "{:?}", report.scenarios[0]);
}

fn reason(scenario: &ScenarioResult) -> &str {
    scenario.reason.as_deref().unwrap_or_default()
}

/// Two ports that are free now, and not from the range that the kernel hands out meanwhile.
fn free_ports(range: Range<u16>) -> [u16; 2] {
    let mut free = range.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let start = usize::try_from(std::process::id()).unwrap() % 200;
    [free.by_ref().nth(start).unwrap(), free.next().unwrap()]
}

fn write_files(folder: &Path, api: u16, metadata: u16) {
    let sockets = folder.join("sockets");
    let target = format!(
        "name: runs already\nstart:\n  socket:\n    folder: {}\n    cloud: {{ api: '127.0.0.1:{api}', metadata: '127.0.0.1:{metadata}' }}\n    region: cn-hangzhou\n    accessKey: {{ id: LTAI5tConformanceKnown01, secret: made-up-for-this-test }}\n",
        sockets.display()
    );
    fs::write(folder.join("target.yaml"), target).unwrap();
    fs::create_dir(folder.join("features")).unwrap();
    fs::write(folder.join("features/target.feature"), FEATURE).unwrap();
    fs::write(folder.join("features/requirements.yaml"), ROWS).unwrap();
}

fn start(sockets: &Path, api: u16, metadata: u16) -> Child {
    let api = format!("http://127.0.0.1:{api}");
    let endpoints = ["kms", "oos", "sts"].map(|service| format!("--{service}-endpoint={api}"));
    Command::new(provider_binary(None).unwrap())
        .args(["serve", "--healthz-address=127.0.0.1", "--healthz-port=0", "--region=cn-hangzhou"])
        .arg(format!("--provider-volume={}", sockets.display()))
        .arg(format!("--metadata-endpoint=http://127.0.0.1:{metadata}"))
        .arg("--rotation-interval=1s")
        .args(endpoints)
        .env("ACCESS_KEY_ID", "LTAI5tConformanceKnown01")
        .env("SECRET_ACCESS_KEY", "made-up-for-this-test")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn judge(folder: &Path) -> Report {
    let reports = folder.join("reports");
    let options = Options {
        target: Some(folder.join("target.yaml")),
        report: Some(reports.clone()),
        source: Source { features: Some(folder.join("features")) },
        ..Options::default()
    };
    suite::run(options).await.unwrap();
    Report::read(&reports.join("report.json")).unwrap()
}
