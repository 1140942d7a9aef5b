//! Targets that misbehave: the scenario fails with what was seen, and the run goes on and ends.
//!
//! This binary is all of them. A copy of it under another name, started as a provider is, misbehaves in the manner of that name.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "this is a test, without the harness that says so"
)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use conformance::commands::Source;
use conformance::driver::protocol::{
    CsiDriverProvider, CsiDriverProviderServer, File, MountRequest, MountResponse, ObjectVersion,
    VersionRequest, VersionResponse,
};
use conformance::report::{Outcome, Report, ScenarioResult, Verdict};
use conformance::requirements::Level;
use conformance::suite::{self, Options};
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

const ROWS: &str = "
sources: { page: The page }
requirements:
- { id: ACK-01, statement: Secrets appear as files, source: { from: page }, level: core, evidence: model }
- { id: DRV-02, statement: The provider tells its version, source: { from: page }, level: core, evidence: model }
";

/// Started as the workspace's provider is.
const TARGET: &str = include_str!("../targets/provider.yaml");

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
        return runtime.block_on(misbehave(&arguments));
    }
    runtime.block_on(judge_all());
    ExitCode::SUCCESS
}

async fn judge_all() {
    let folder = TempDir::new().unwrap();
    let features = folder.path().join("features");
    fs::create_dir(&features).unwrap();
    fs::write(features.join("target.feature"), FEATURE).unwrap();
    fs::write(features.join("requirements.yaml"), ROWS).unwrap();
    let claims_nothing: Vec<&str> =
        TARGET.lines().filter(|line| !line.starts_with("capabilities:")).collect();
    fs::write(folder.path().join("target.yaml"), claims_nothing.join("\n")).unwrap();
    for (name, seen, goes_on) in [
        ("does-not-start", ["exit status: 3", "out of luck"], false),
        ("dies", ["exit status: 4", "the last words"], true),
        ("floods", ["floods its log", "the last words"], true),
        ("trespasses", ["wrote \"mine\" into the volume itself", ""], true),
        ("leaks", ["stands in the provider's output", "[withheld: access-key-secret]"], true),
        ("answers-nonsense", ["../test", ""], true),
    ] {
        let report = judge(folder.path(), name).await;

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
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let reports = folder.join("reports");
    let options = Options {
        provider: Some(binary),
        target: Some(folder.join("target.yaml")),
        socket_folder: None,
        level: Level::Extended,
        tags: None,
        name: None,
        input: None,
        concurrency: None,
        fail_fast: false,
        report: Some(reports.clone()),
        deviations: None,
        source: Source { features: Some(folder.join("features")) },
    };
    suite::run(options).await.unwrap();
    Report::read(&reports.join("report.json")).unwrap()
}

/// Plays a provider that misbehaves in the manner of its name.
async fn misbehave(arguments: &[String]) -> ExitCode {
    let manner = Path::new(&arguments[0]).file_name().unwrap().to_str().unwrap().to_owned();
    if manner == "does-not-start" {
        println!("out of luck");
        return ExitCode::from(3);
    }
    let after = |name: &str| arguments.iter().find_map(|argument| argument.strip_prefix(name)).unwrap();
    let socket = Path::new(after("--provider-volume=")).join("alibabacloud.sock");
    let service = CsiDriverProviderServer::new(Provider { manner });
    let incoming = UnixListenerStream::new(UnixListener::bind(socket).unwrap());
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
    let pages =
        tokio::net::TcpListener::bind(format!("127.0.0.1:{}", after("--healthz-port="))).await.unwrap();
    tokio::spawn(serve_pages(pages));
    let serving = Server::builder().add_service(service).serve_with_incoming(incoming);
    tokio::select! {
        result = serving => result.unwrap(),
        _ = terminated.recv() => {}
    }
    ExitCode::SUCCESS
}

async fn serve_pages(listener: tokio::net::TcpListener) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    while let Ok((mut stream, _)) = listener.accept().await {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ =
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a provider that dies does not ask its main")]
fn die() {
    println!("the last words");
    std::process::exit(4);
}

struct Provider {
    manner: String,
}

#[tonic::async_trait]
impl CsiDriverProvider for Provider {
    async fn version(&self, _: Request<VersionRequest>) -> Result<Response<VersionResponse>, Status> {
        Ok(Response::new(VersionResponse {
            version: "v1alpha1".into(),
            runtime_name: "bad".into(),
            runtime_version: "1.0.0".into(),
        }))
    }

    async fn mount(&self, request: Request<MountRequest>) -> Result<Response<MountResponse>, Status> {
        let MountRequest { target_path, .. } = request.into_inner();
        let mut file = File { path: "test".into(), mode: 0o644, contents: b"first".to_vec() };
        match self.manner.as_str() {
            "dies" => die(),
            "floods" => {
                let mut stdout = std::io::stdout().lock();
                (0..30_000).for_each(|number| writeln!(stdout, "{number:0100}").unwrap());
                writeln!(stdout, "the last words").unwrap();
            }
            "trespasses" => fs::write(Path::new(&target_path).join("mine"), "first").unwrap(),
            "leaks" => println!("{}", fs::read_to_string("/proc/self/environ").unwrap()),
            "answers-nonsense" => file.path = "../test".into(),
            _ => {}
        }
        let object_version = vec![ObjectVersion { id: "test".into(), version: "v1".into() }];
        Ok(Response::new(MountResponse { object_version, files: vec![file], ..MountResponse::default() }))
    }
}
