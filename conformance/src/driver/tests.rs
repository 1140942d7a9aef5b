//! The played driver against a scripted provider: what is asked, what is written, what the kubelet hears.

use std::collections::VecDeque;
use std::sync::Arc;

use rstest::rstest;
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::{Request, Response};

use super::protocol::{CsiDriverProvider, CsiDriverProviderServer, File, ObjectVersion, VersionRequest};
use super::*;

type Answer = Result<MountResponse, Status>;

/// Answers as told, one answer per call, and remembers what it was asked.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    calls: Mutex<Vec<(MetadataMap, MountRequest)>>,
}

struct Provider(Arc<Script>);

#[tonic::async_trait]
impl CsiDriverProvider for Provider {
    async fn version(&self, _: Request<VersionRequest>) -> Result<Response<VersionResponse>, Status> {
        Ok(Response::new(VersionResponse::default()))
    }

    async fn mount(&self, request: Request<MountRequest>) -> Result<Response<MountResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        locked(&self.0.calls).push((metadata, message));
        let answer = locked(&self.0.answers).pop_front();
        answer.unwrap_or_else(|| Err(Status::internal("the script is over"))).map(Response::new)
    }
}

/// A node: a driver, a scripted provider and a class that names it.
struct Node {
    driver: Driver,
    script: Arc<Script>,
    _folder: TempDir,
}

fn node(answers: impl IntoIterator<Item = Answer>) -> Node {
    let folder = TempDir::new().unwrap();
    let listener = UnixListener::bind(folder.path().join("scripted.sock")).unwrap();
    let script = Arc::new(Script { answers: Mutex::new(answers.into_iter().collect()), ..Script::default() });
    let service = CsiDriverProviderServer::new(Provider(Arc::clone(&script)));
    tokio::spawn(
        Server::builder().add_service(service).serve_with_incoming(UnixListenerStream::new(listener)),
    );
    let options = Options::new(folder.path().to_owned(), folder.path().join("kubelet"));
    let mut driver = Driver::new(options);
    driver.apply(class("scripted"));
    Node { driver, script, _folder: folder }
}

fn class(provider: &str) -> SecretProviderClass {
    SecretProviderClass {
        api_version: ApiVersion::V1,
        name: "test-secrets".into(),
        namespace: "default".into(),
        provider: provider.into(),
        parameters: BTreeMap::from([("objects".into(), "- objectName: test".into())]),
    }
}

fn file(content: &str) -> MountResponse {
    MountResponse {
        files: vec![File { path: "test".into(), mode: 0o644, contents: content.into() }],
        object_version: vec![ObjectVersion { id: "test".into(), version: content.into() }],
        ..MountResponse::default()
    }
}

fn calls(node: &Node) -> usize {
    locked(&node.script.calls).len()
}

fn content(node: &Node, pod: &Pod) -> String {
    fs::read_to_string(node.driver.target_path(pod).join("test")).unwrap()
}

#[tokio::test]
async fn a_mount_and_a_republish_ask_the_same_and_write_what_is_answered() {
    let node = node([Ok(file("one")), Ok(file("two"))]);
    let pod = Pod::mounting("test-secrets");

    for expected in ["one", "two"] {
        let Publication::Mounted(receipt) = node.driver.publish(&pod).await.unwrap() else {
            panic!("skipped")
        };
        assert_eq!((receipt.object_versions["test"].as_str(), receipt.modes["test"]), (expected, 0o644));
        assert_eq!(content(&node, &pod), expected);
    }

    let calls = locked(&node.script.calls);
    assert_eq!(calls[0].1, calls[1].1);
}

#[tokio::test]
async fn the_kubelets_deadline_and_grpc_gos_name_travel_along() {
    let node = node([Ok(file("one"))]);

    node.driver.publish(&Pod::mounting("test-secrets")).await.unwrap();

    let calls = locked(&node.script.calls);
    let metadata = &calls[0].0;
    assert!(metadata.get("user-agent").unwrap().to_str().unwrap().starts_with("grpc-go/1.79.3"));
    let timeout = metadata.get("grpc-timeout").unwrap().to_str().unwrap();
    let (number, unit) = timeout.split_at(timeout.len() - 1);
    let per_second = match unit {
        "S" => 1,
        "m" => 1_000,
        "u" => 1_000_000,
        _ => panic!("{timeout}"),
    };
    assert_eq!(number.parse::<u64>().unwrap().div_ceil(per_second), 120);
}

#[rstest]
#[case::rotation_off(None)]
#[case::too_early(Some(Duration::from_secs(3600)))]
#[tokio::test]
async fn a_mounted_volume_is_left_alone_without_rotation_and_before_its_interval(
    #[case] interval: Option<Duration>,
) {
    let mut node = node([Ok(file("one"))]);
    let pod = Pod::mounting("test-secrets");
    node.driver.publish(&pod).await.unwrap();
    node.driver.options.rotation_poll_interval = interval;

    let publication = node.driver.publish(&pod).await.unwrap();

    assert!(matches!(publication, Publication::Skipped));
    assert_eq!(calls(&node), 1);
}

#[rstest]
#[case::unknown(Code::Unknown, false)]
#[case::permission_denied(Code::PermissionDenied, false)]
#[case::invalid_argument(Code::InvalidArgument, false)]
#[case::deadline_exceeded(Code::DeadlineExceeded, true)]
#[case::resource_exhausted(Code::ResourceExhausted, true)]
#[case::aborted(Code::Aborted, true)]
#[case::cancelled(Code::Cancelled, true)]
#[tokio::test]
async fn after_a_failed_first_mount_the_folder_stays_only_if_the_code_is_uncertain(
    #[case] code: Code,
    #[case] stays: bool,
) {
    let node = node([Err(Status::new(code, "no"))]);
    let pod = Pod::mounting("test-secrets");

    let refusal = node.driver.publish(&pod).await.unwrap_err();

    assert_eq!((refusal.error.code(), refusal.is_masked), (code, false));
    assert_eq!(node.driver.target_path(&pod).exists(), stays);
}

#[tokio::test]
async fn a_failed_republish_is_masked_and_keeps_the_old_content() {
    let node = node([Ok(file("one")), Err(Status::not_found("gone"))]);
    let pod = Pod::mounting("test-secrets");
    node.driver.publish(&pod).await.unwrap();

    let refusal = node.driver.publish(&pod).await.unwrap_err();

    assert!(refusal.is_masked);
    assert_eq!(content(&node, &pod), "one");
}

#[rstest]
#[case::no_class("", "", "scripted", "secretProviderClass is not set")]
#[case::unknown_class("other", "", "scripted", "failed to get secretproviderclass default/other")]
#[case::no_provider("test-secrets", "objects", "", "provider not set in default/test-secrets")]
#[case::no_parameters("test-secrets", "", "scripted", "parameters not set in default/test-secrets")]
#[case::no_socket("test-secrets", "objects", "elsewhere", "provider not found: provider \"elsewhere\"")]
#[case::no_socket_name(
    "test-secrets",
    "objects",
    "../scripted",
    "invalid provider: provider \"../scripted\""
)]
#[tokio::test]
async fn what_the_driver_misses_is_told_without_asking_a_provider(
    #[case] named: &str,
    #[case] parameter: &str,
    #[case] provider: &str,
    #[case] complaint: &str,
) {
    let mut node = node([Ok(file("one"))]);
    let mut class = class(provider);
    class.parameters.retain(|key, _| key == parameter);
    node.driver.apply(class);

    let refusal = node.driver.publish(&Pod::mounting(named)).await.unwrap_err();

    assert!(refusal.to_string().contains(complaint), "{refusal}");
    assert_eq!((refusal.error.code(), calls(&node)), (Code::Unknown, 0));
}

#[tokio::test]
async fn a_pod_that_wants_to_write_is_refused() {
    let node = node([Ok(file("one"))]);
    let mut pod = Pod::mounting("test-secrets");
    pod.volume.read_only = false;

    let refusal = node.driver.publish(&pod).await.unwrap_err();

    assert_eq!(
        refusal.pod_event().split(" : ").last(),
        Some("rpc error: code = InvalidArgument desc = Readonly is not true in request")
    );
    assert_eq!(calls(&node), 0);
}

#[tokio::test]
async fn an_answer_over_the_drivers_limit_fails_with_an_uncertain_code() {
    let mut node = node([Ok(file(&"x".repeat(4096)))]);
    node.driver.options.max_answer_bytes = 4096;

    let refusal = node.driver.publish(&Pod::mounting("test-secrets")).await.unwrap_err();

    assert_eq!(refusal.error.code(), Code::ResourceExhausted);
    assert!(refusal.to_string().contains("received message larger than max"), "{refusal}");
}

#[tokio::test]
async fn unpublishing_removes_the_volume_and_tells_nobody() {
    let node = node([Ok(file("one"))]);
    let pod = Pod::mounting("test-secrets");
    node.driver.publish(&pod).await.unwrap();

    node.driver.unpublish(&pod).unwrap();

    assert!(!node.driver.target_path(&pod).exists());
    assert_eq!(calls(&node), 1);
}
