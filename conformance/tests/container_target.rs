//! Containers as targets: an image is judged unmodified, and what goes wrong with one is told.
//!
//! Without a Docker engine, or without the image that `scripts/image` makes, there is nothing to judge: the reason is printed.

#![expect(clippy::unwrap_used, reason = "this is a test and its helpers")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use conformance::commands::Source;
use conformance::patience;
use conformance::report::{Outcome, Report, ScenarioResult, Verdict};
use conformance::requirements::Level;
use conformance::suite::{self, Options};
use tempfile::TempDir;

/// What `scripts/image` makes.
const IMAGE: &str = concat!("provider:", env!("CARGO_PKG_VERSION"));

const ROWS: &str = "
sources: { page: The page }
requirements:
- { id: ACK-01, statement: Secrets appear as files, source: { from: page }, level: core, evidence: model }
- { id: ACK-02, statement: Trouble is told, source: { from: page }, level: core, evidence: model }
";

const FEATURE: &str = r#"
Feature: A target

  Background:
    Given the provider has an access key of the account
    And KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: test}]`

  @ACK-01
  Scenario: A pod mounts
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file | value | mode |
      | test | first | 0644 |

  @ACK-02
  Scenario: The cloud is elsewhere
    Given a cloud in trouble, which never answers
    When a pod mounts "test-secrets"
    Then the mount is refused for good
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_judged_unmodified_and_its_trouble_is_told() {
    if !docker(&["version"]) {
        eprintln!("no Docker engine answers, so no container is judged");
        return;
    }
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("features")).unwrap();
    fs::write(folder.path().join("features/target.feature"), FEATURE).unwrap();
    fs::write(folder.path().join("features/requirements.yaml"), ROWS).unwrap();

    let [mounts, elsewhere] = judge(folder.path(), "conformance-has-no-such-image:1", "[serve]").await;
    assert_eq!((mounts.outcome, elsewhere.outcome), (Outcome::Fail, Outcome::Unsupported));
    assert!(told(&mounts).contains("the engine does not have it"), "{mounts:?}");

    if !docker(&["image", "inspect", IMAGE]) {
        eprintln!("the engine has no image {IMAGE}, so none is judged; scripts/image makes it");
        return;
    }
    let [mounts, _] = judge(folder.path(), IMAGE, "[serve, --no-such-flag]").await;
    assert_eq!(mounts.outcome, Outcome::Fail);
    assert!(
        told(&mounts).contains("exit status: 2") && told(&mounts).contains("--no-such-flag"),
        "{mounts:?}"
    );

    let command =
        "[serve, '--provider-volume={sockets}', --healthz-address=0.0.0.0, '--healthz-port={healthPort}']";
    let [mounts, elsewhere] = judge(folder.path(), IMAGE, command).await;
    assert_eq!(mounts.outcome, Outcome::Pass, "{mounts:?}");
    assert_eq!(elsewhere.outcome, Outcome::Unsupported, "{elsewhere:?}");
    assert!(told(&elsewhere).contains("no argument kms"), "{elsewhere:?}");
}

fn docker(arguments: &[&str]) -> bool {
    let status = Command::new("docker").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn told(scenario: &ScenarioResult) -> &str {
    scenario.reason.as_deref().unwrap_or_default()
}

async fn judge(folder: &Path, image: &str, command: &str) -> [ScenarioResult; 2] {
    let target = format!(
        "name: an image
start:
  container:
    image: {image}
    command: {command}
    sockets: /provider
    healthPort: 8989
    caFile: /etc/conformance/ca.pem
    tokens: /var/run/secrets/tokens
    arguments:
      region: ['--region={{region}}']
      caFile: ['--ca-file={{hostSuffix}}={{caFile}}']
identities:
  accessKeyId: {{ ACCESS_KEY_ID: '{{accessKeyId}}' }}
  accessKeySecret: {{ SECRET_ACCESS_KEY: '{{accessKeySecret}}' }}
"
    );
    fs::write(folder.join("target.yaml"), target).unwrap();
    let reports = folder.join("reports");
    let options = Options {
        provider: None,
        target: Some(folder.join("target.yaml")),
        socket_folder: None,
        level: Level::Extended,
        tags: None,
        name: None,
        input: None,
        concurrency: None,
        patience: patience::LIMIT.as_secs(),
        fail_fast: false,
        report: Some(reports.clone()),
        deviations: None,
        source: Source { features: Some(folder.join("features")) },
    };
    suite::run(options).await.unwrap();
    let report = Report::read(&reports.join("report.json")).unwrap();
    assert_ne!(report.verdict, Verdict::Pass, "not everything is possible in a container");
    report.scenarios.try_into().unwrap()
}
