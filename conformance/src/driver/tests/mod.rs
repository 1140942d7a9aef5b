//! The played driver against a scripted provider: what is asked, what is written, what the kubelet hears.

mod older_releases;
mod served;
mod time;

use std::fs;

use rstest::rstest;
use tempfile::TempDir;

use super::stand_in::{Answer, StandIn};
use super::*;

/// A node: a driver, a stand-in provider and a class that names it.
struct Station {
    driver: Driver,
    provider: StandIn,
    _folder: TempDir,
}

fn node(answers: impl IntoIterator<Item = Answer>) -> Station {
    let folder = TempDir::new().unwrap();
    let provider = StandIn::start(&folder.path().join("scripted.sock")).unwrap();
    answers.into_iter().for_each(|answer| provider.answer_next(answer));
    let driver = Driver::new(Options::new(folder.path().to_owned(), folder.path().join("kubelet")));
    driver.apply(&class("scripted")).unwrap();
    Station { driver, provider, _folder: folder }
}

fn class(provider: &str) -> SecretProviderClass {
    SecretProviderClass {
        api_version: ApiVersion::V1,
        name: "test-secrets".into(),
        namespace: "default".into(),
        provider: provider.into(),
        parameters: BTreeMap::from([("objects".into(), "- objectName: test".into())]),
        secret_objects: Vec::new(),
    }
}

fn file(content: &str) -> MountResponse {
    stand_in::files([("test", content.as_bytes(), content)])
}

fn calls(node: &Station) -> usize {
    node.provider.calls().len()
}

fn content(node: &Station, pod: &Pod) -> String {
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

    let calls = node.provider.calls();
    assert_eq!(calls[0].1, calls[1].1);
}

#[tokio::test]
async fn the_kubelets_deadline_and_grpc_gos_name_travel_along() {
    let node = node([Ok(file("one"))]);

    node.driver.publish(&Pod::mounting("test-secrets")).await.unwrap();

    let calls = node.provider.calls();
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
    let node = node([Ok(file("one"))]);
    let mut class = class(provider);
    class.parameters.retain(|key, _| key == parameter);
    node.driver.apply(&class).unwrap();

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

#[rstest]
#[case::capability(|request: &mut PublishRequest| request.has_capability = false, "Volume capability")]
#[case::volume_id(|request: &mut PublishRequest| request.volume_id.clear(), "Volume ID")]
#[case::target_path(|request: &mut PublishRequest| request.target_path = PathBuf::new(), "Target path")]
#[case::context(|request: &mut PublishRequest| request.context.clear(), "Volume attributes")]
#[tokio::test]
async fn a_request_without_a_mandatory_field_is_an_invalid_argument(
    #[case] spoil: fn(&mut PublishRequest),
    #[case] what: &str,
) {
    let node = node([Ok(file("one"))]);
    let pod = Pod::mounting("test-secrets");
    let mut request = PublishRequest::of(&pod, node.driver.target_path(&pod));
    spoil(&mut request);

    let error = node.driver.node_publish_volume(&request).await.unwrap_err();

    assert_eq!(
        (error.code(), error.to_string()),
        (Code::InvalidArgument, format!("{what} missing in request"))
    );
    assert_eq!(calls(&node), 0);
}

#[tokio::test]
async fn the_mock_provider_is_never_called() {
    let mut node = node([Ok(file("one"))]);
    node.driver.options.rotation_poll_interval = None;
    let mut pod = Pod::mounting("no-such-class");
    pod.volume.attributes.insert("providerName".into(), "Mock_Provider".into());

    let publication = node.driver.publish(&pod).await.unwrap();

    assert!(matches!(publication, Publication::Skipped));
    assert!(node.driver.is_mounted(&pod));
    assert_eq!(calls(&node), 0);
}

#[tokio::test]
async fn an_error_of_the_class_is_told_on_a_republish_too_and_leaves_the_mount() {
    let node = node([Ok(file("one"))]);
    let pod = Pod::mounting("test-secrets");
    node.driver.publish(&pod).await.unwrap();
    node.driver.objects.delete(CLASSES, "default", "test-secrets").unwrap();

    let refusal = node.driver.publish(&pod).await.unwrap_err();

    assert!(!refusal.is_masked);
    assert!(node.driver.is_mounted(&pod));
    assert_eq!(content(&node, &pod), "one");
}

#[tokio::test]
async fn a_mount_that_cannot_be_read_is_made_anew() {
    let node = node([Ok(file("one")), Ok(file("two"))]);
    let pod = Pod::mounting("test-secrets");
    node.driver.publish(&pod).await.unwrap();
    let target = node.driver.target_path(&pod);
    fs::remove_dir_all(&target).unwrap();
    fs::write(&target, "no folder").unwrap();
    node.driver.clock.stamp(&target).unwrap();

    node.driver.publish(&pod).await.unwrap();

    assert_eq!(content(&node, &pod), "two");
}

#[tokio::test]
async fn a_driver_killed_between_mount_and_answer_leaves_an_empty_mount_for_good_without_rotation() {
    let mut node = node([]);
    node.driver.options.rotation_poll_interval = None;
    let pod = Pod::mounting("test-secrets");
    let first = node.driver.publish(&pod);
    // A future that is dropped at its first pause is a driver that dies there.
    tokio::select! {
        biased;
        _ = first => panic!("the provider was not even asked"),
        () = tokio::task::yield_now() => {}
    }
    node.provider.answer(Ok(file("one")));

    let publication = node.driver.publish(&pod).await.unwrap();

    assert!(matches!(publication, Publication::Skipped));
    assert_eq!(fs::read_dir(node.driver.target_path(&pod)).unwrap().count(), 0);
}

#[tokio::test]
async fn a_status_names_pod_class_target_and_versions_and_belongs_to_pod_and_node() {
    let answer = stand_in::files([("b", b"2".as_slice(), "v2"), ("a", b"1", "v1")]);
    let node = node([Ok(answer)]);
    let pod = Pod { uid: "6e1d".into(), ..Pod::mounting("test-secrets") };

    node.driver.publish(&pod).await.unwrap();

    let mut status =
        node.driver.objects.get(objects::POD_STATUSES, "default", "web-0-default-test-secrets").unwrap();
    status["metadata"]
        .as_object_mut()
        .unwrap()
        .retain(|key, _| !["uid", "resourceVersion", "creationTimestamp"].contains(&&**key));
    assert_eq!(
        status,
        serde_json::json!({
            "apiVersion": "secrets-store.csi.x-k8s.io/v1",
            "kind": "SecretProviderClassPodStatus",
            "metadata": {
                "name": "web-0-default-test-secrets",
                "namespace": "default",
                "labels": { "internal.secrets-store.csi.k8s.io/node-name": "node-1" },
                "ownerReferences": [{ "apiVersion": "v1", "kind": "Pod", "name": "web-0", "uid": "6e1d" }],
            },
            "status": {
                "podName": "web-0",
                "secretProviderClassName": "test-secrets",
                "targetPath": node.driver.target_path(&pod),
                "mounted": true,
                "objects": [{ "id": "a", "version": "v1" }, { "id": "b", "version": "v2" }],
            },
        })
    );
}

#[tokio::test]
async fn a_status_that_cannot_be_written_fails_a_first_mount_and_is_masked_later() {
    let mut node = node([Ok(file("one")), Ok(file("two")), Ok(file("three"))]);
    let mut pod = Pod::mounting("test-secrets");
    node.driver.publish(&pod).await.unwrap();
    // Over 253 characters the API server refuses the name.
    let long = "x".repeat(240);
    pod.name.clone_from(&long);

    let later = node.driver.publish(&pod).await.unwrap_err();
    node.driver.options.kubelet_folder.push("another");
    let first = node.driver.publish(&pod).await.unwrap_err();

    let text = format!("failed to create secret provider class pod status for pod default/{long}, err: ");
    assert!(later.is_masked && !first.is_masked);
    assert!(first.pod_event().contains(&format!("code = Unknown desc = {text}")), "{}", first.pod_event());
    assert!(!node.driver.target_path(&pod).exists());
}

/// Lets time pass on a station and tells at which second what was published.
async fn pass(node: &mut Node, station: &Station, seconds: u64) -> Vec<(i64, &'static str)> {
    let start = Clock::new().now();
    let attempts = node.pass(&station.driver, Duration::from_secs(seconds)).await.unwrap();
    let told = |attempt: &Attempt| {
        let kind = match &attempt.result {
            Ok(Publication::Skipped) => "skipped",
            Ok(Publication::Mounted(receipt)) => match receipt.outcome {
                WriteOutcome::Written => "written",
                _ => "unchanged",
            },
            Err(Failure::Refused(refusal)) if refusal.is_masked => "masked",
            Err(_) => "failed",
        };
        (attempt.at.duration_since(start).as_secs(), kind)
    };
    attempts.iter().map(told).collect()
}

fn events_of(station: &Station) -> Vec<String> {
    let events = station.driver.objects.list(objects::EVENTS);
    let text = |event: &serde_json::Value, key: &str| event[key].as_str().unwrap().to_owned();
    events
        .iter()
        .map(|event| format!("{} {}: {}", text(event, "type"), text(event, "reason"), text(event, "message")))
        .collect()
}
