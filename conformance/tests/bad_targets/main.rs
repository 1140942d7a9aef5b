//! Targets that misbehave: the scenario fails with what was seen, and the run goes on and ends.
//!
//! This binary is all of them. Under another name, and started as a provider is, it misbehaves in the manner of that name.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "this is a test, without the harness that says so"
)]

mod provider;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use conformance::commands::Source;
use conformance::report::{Outcome, Report, ScenarioResult, Verdict};
use conformance::suite::{self, Options};
use futures_util::future::join_all;
use tempfile::TempDir;

const ROWS: &str = "
sources: { page: The page }
requirements:
- { id: ACK-01, statement: Secrets appear as files, source: { from: page }, level: core, evidence: model }
- { id: DRV-02, statement: The provider tells its version, source: { from: page }, level: core, evidence: model }
";

/// Started as the workspace's provider is.
const TARGET: &str = include_str!("../../targets/provider.yaml");

const FEATURE: &str = r#"
Feature: A target

  @ACK-01
  Scenario: A pod mounts
    Given the provider has an access key of the account
    And KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: test}]`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file | value | mode |
      | test | first | 0644 |

  @DRV-02
  Scenario: It tells who it is
    When the driver asks for the version
    Then the provider speaks "v1alpha1", is called "bad" and tells a version
"#;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    if arguments.get(1).is_some_and(|argument| argument == "serve") {
        return runtime.block_on(provider::misbehave(&arguments));
    }
    runtime.block_on(judge_all());
    ExitCode::SUCCESS
}

/// Who misbehaves, what is told of it, and whether the scenario in which nobody mounts still passes.
const BAD: [(&str, [&str; 2], bool); 16] = [
    ("does-not-start", ["exit status: 3", "the last words"], false),
    ("never-listens", ["until the provider listens on its socket", "the last words"], false),
    ("listens-and-takes-nobody", ["until the provider tells its version", "the last words"], false),
    ("takes-all-and-says-nothing", ["until the provider tells its version", "the last words"], false),
    ("is-no-grpc-server", ["until the provider tells its version", "the last words"], false),
    ("speaks-broken-http2", ["until the provider tells its version", "the last words"], false),
    ("dies", ["exit status: 4", "the last words"], true),
    ("never-answers", ["DeadlineExceeded", "the last words"], true),
    ("answers-garbage", ["failed to decode Protobuf message", "the last words"], true),
    ("answers-nonsense", ["../test", "the last words"], true),
    ("trespasses", ["wrote \"mine\" into the volume itself", "the last words"], true),
    ("floods", ["floods its log", "the last words"], true),
    ("leaks", ["stands in the provider's output", "[withheld: access-key-secret]"], true),
    ("leaves-a-child", ["exit status: 4", "the last words"], true),
    ("hides-its-pages", ["the page /metrics cannot be read: no end after 4 s", "the last words"], false),
    ("does-not-stop", ["the provider does not stop: waited 4 s in vain", "the last words"], false),
];

/// Much less than a mount's deadline: nothing is waited for as long as a target might like.
const PATIENCE: Duration = Duration::from_secs(4);
const END: Duration = Duration::from_secs(60);

async fn judge_all() {
    // The same file system, so that a binary is linked and not copied.
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let features = folder.path().join("features");
    fs::create_dir(&features).unwrap();
    fs::write(features.join("target.feature"), FEATURE).unwrap();
    fs::write(features.join("requirements.yaml"), ROWS).unwrap();
    let claims_nothing: Vec<&str> =
        TARGET.lines().filter(|line| !line.starts_with("capabilities:")).collect();
    fs::write(folder.path().join("target.yaml"), claims_nothing.join("\n")).unwrap();
    let start = Instant::now();
    let judged = join_all(BAD.map(|(name, ..)| judge(folder.path(), name))).await;
    assert!(start.elapsed() < END, "the runs took {:?}", start.elapsed());
    for ((name, seen, goes_on), report) in BAD.into_iter().zip(judged) {
        let [mount, version] = &report.scenarios[..] else { panic!("two scenarios ran") };
        assert_eq!(report.verdict, Verdict::Fail, "{name}");
        assert_eq!(mount.outcome, Outcome::Fail, "{name}");
        assert_eq!(version.outcome == Outcome::Pass, goes_on, "{name}: {version:?}");
        for seen in seen {
            assert!(told(mount).contains(seen), "{name}: {seen:?} is not told in {}", told(mount));
        }
        assert!(told(mount).len() < 32 * 1024, "{name}: what is told is bounded");
    }
}

fn told(scenario: &ScenarioResult) -> String {
    let seen = scenario.seen.as_ref();
    let parts = [
        scenario.reason.as_deref(),
        seen.and_then(|seen| seen.exit.as_deref()),
        seen.map(|seen| seen.output.as_str()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

async fn judge(folder: &Path, name: &str) -> Report {
    let binary = folder.join(name);
    fs::hard_link(std::env::current_exe().unwrap(), &binary).unwrap();
    let reports = folder.join("reports").join(name);
    let options = Options {
        provider: Some(binary),
        target: Some(folder.join("target.yaml")),
        patience: PATIENCE.as_secs(),
        report: Some(reports.clone()),
        source: Source { features: Some(folder.join("features")) },
        ..Options::default()
    };
    suite::run(options).await.unwrap();
    Report::read(&reports.join("report.json")).unwrap()
}
