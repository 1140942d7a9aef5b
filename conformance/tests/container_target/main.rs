//! Containers as targets: an image is judged unmodified, what goes wrong with one is told, and the images that are shipped are tried side
//! by side.
//!
//! Without a Docker engine, or without the image that `scripts/image` makes, there is nothing to judge: the reason is printed. An
//! image that `CONFORMANCE_IMAGE` names must be there.

#![expect(clippy::unwrap_used, reason = "this is a test and its helpers")]
#![expect(clippy::print_stderr, reason = "whoever runs the tests is told why nothing was judged")]

mod shipped;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use conformance::commands::Source;
use conformance::patience;
use conformance::report::{Outcome, Report, ScenarioResult, Verdict};
use conformance::requirements::Level;
use conformance::suite::{self, Options};
use tempfile::TempDir;
use tokio::sync::Mutex;

/// What `scripts/image` makes.
const IMAGE: &str = concat!("provider:", env!("CARGO_PKG_VERSION"));

/// What a process cannot show: the socket in a mounted folder, the end of a container's first process, flags behind an entry point,
/// the cloud at its own names with its metadata at the usual address, and tokens and service accounts where pods have them.
const ONLY_CONTAINERS: &str = "@DRV-01 or @DRV-02 or @DRV-12 or @VEN-02 or @VEN-07 or @VEN-12 or @ACK-09 or @ACK-10 or @ACK-12 \
     or @ACK-13 or @ACK-18";

/// There is one network of containers on a machine.
static TURN: Mutex<()> = Mutex::const_new(());

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
    let _turn = TURN.lock().await;
    if !has_engine() {
        return;
    }
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("features")).unwrap();
    fs::write(folder.path().join("features/target.feature"), FEATURE).unwrap();
    fs::write(folder.path().join("features/requirements.yaml"), ROWS).unwrap();

    let [mounts, elsewhere] = judge(folder.path(), "conformance-has-no-such-image:1", "[serve]").await;
    assert_eq!((mounts.outcome, elsewhere.outcome), (Outcome::Fail, Outcome::Unsupported));
    assert!(told(&mounts).contains("the engine does not have it"), "{mounts:?}");

    let Some(image) = image() else { return };
    let [mounts, _] = judge(folder.path(), &image, "[serve, --no-such-flag]").await;
    assert_eq!(mounts.outcome, Outcome::Fail);
    assert!(
        told(&mounts).contains("exit status: 2") && told(&mounts).contains("--no-such-flag"),
        "{mounts:?}"
    );

    let command =
        "[serve, '--provider-volume={sockets}', --healthz-address=0.0.0.0, '--healthz-port={healthPort}']";
    kill_a_run_with_a_container(folder.path(), &image, command).await;
    let [mounts, elsewhere] = judge(folder.path(), &image, command).await;
    assert_eq!(containers(), "", "what a killed run and this one had is gone");
    assert_eq!(mounts.outcome, Outcome::Pass, "{mounts:?}");
    assert_eq!(elsewhere.outcome, Outcome::Unsupported, "{elsewhere:?}");
    assert!(told(&elsewhere).contains("no argument kms"), "{elsewhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_image_keeps_the_promises_that_only_a_container_can_show() {
    let _turn = TURN.lock().await;
    let Some(image) = has_engine().then(image).flatten() else { return };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let reports = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("conformance-image");
    let options = Options {
        image: Some(image),
        level: Level::DropIn,
        tags: Some(ONLY_CONTAINERS.parse().unwrap()),
        ..options(
            &workspace.join("conformance/targets/provider-image.yaml"),
            &workspace.join("features"),
            &reports,
        )
    };

    suite::run(options).await.unwrap();

    let report = Report::read(&reports.join("report.json")).unwrap();
    let of = |outcome| report.scenarios.iter().filter(move |scenario| scenario.outcome == outcome).count();
    assert_eq!(report.verdict, Verdict::Pass);
    assert_eq!((of(Outcome::Fail), of(Outcome::Unsupported), of(Outcome::Skipped)), (0, 0, 0));
    assert!(of(Outcome::Pass) >= 20, "the selection has lost its scenarios: {}", of(Outcome::Pass));
}

fn has_engine() -> bool {
    let has_engine = docker(&["version"]);
    assert!(
        has_engine || named_image().is_none(),
        "CONFORMANCE_IMAGE names an image, and no Docker engine answers"
    );
    if !has_engine {
        eprintln!("no Docker engine answers, so no container is judged");
    }
    has_engine
}

/// The image that is judged, if the engine has it.
fn image() -> Option<String> {
    let image = named_image().unwrap_or_else(|| IMAGE.to_owned());
    let has_image = docker(&["image", "inspect", &image]);
    assert!(
        has_image || named_image().is_none(),
        "CONFORMANCE_IMAGE names {image}, which the engine does not have"
    );
    if !has_image {
        eprintln!("the engine has no image {image}, so none is judged; scripts/image makes it");
    }
    has_image.then_some(image)
}

#[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
fn named_image() -> Option<String> {
    std::env::var("CONFORMANCE_IMAGE").ok().filter(|image| !image.is_empty())
}

fn docker(arguments: &[&str]) -> bool {
    let status = Command::new("docker").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The containers of the suite on this engine, by their ids.
fn containers() -> String {
    let list = ["ps", "--all", "--quiet", "--filter", "label=conformance-cloud"];
    String::from_utf8(Command::new("docker").args(list).output().unwrap().stdout).unwrap()
}

/// Kills a run without giving it a chance to clear up.
async fn kill_a_run_with_a_container(folder: &Path, image: &str, command: &str) {
    let mut run = Command::new(env!("CARGO_BIN_EXE_conformance"))
        .args(["run", "--target"])
        .arg(write_target(folder, image, command))
        .arg("--features")
        .arg(folder.join("features"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = patience::until("the run has started a container", async || {
        Some(()).filter(|()| !containers().is_empty())
    });
    let started = started.await;
    run.kill().unwrap();
    run.wait().unwrap();
    started.unwrap();
}

fn told(scenario: &ScenarioResult) -> &str {
    scenario.reason.as_deref().unwrap_or_default()
}

fn write_target(folder: &Path, image: &str, command: &str) -> PathBuf {
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
    let file = folder.join("target.yaml");
    fs::write(&file, target).unwrap();
    file
}

async fn judge(folder: &Path, image: &str, command: &str) -> [ScenarioResult; 2] {
    let target = write_target(folder, image, command);
    let reports = folder.join("reports");
    suite::run(options(&target, &folder.join("features"), &reports)).await.unwrap();
    let report = Report::read(&reports.join("report.json")).unwrap();
    assert_ne!(report.verdict, Verdict::Pass, "not everything is possible in a container");
    report.scenarios.try_into().unwrap()
}

fn options(target: &Path, features: &Path, reports: &Path) -> Options {
    Options {
        target: Some(target.to_owned()),
        report: Some(reports.to_owned()),
        source: Source { features: Some(features.to_owned()) },
        ..Options::default()
    }
}
