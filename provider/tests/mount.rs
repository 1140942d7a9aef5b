//! The service against the fake cloud: what is asked of the cloud, and what its answers become.

mod support;

use std::time::{Duration, Instant};

use csi_secrets_store_provider_alibabacloud::alicloud::Credential;
use csi_secrets_store_provider_alibabacloud::alicloud::sign::Scheme;
use csi_secrets_store_provider_alibabacloud::proto::csi_driver_provider_server::CsiDriverProvider as _;
use csi_secrets_store_provider_alibabacloud::proto::{MountRequest, MountResponse};
use fake_alicloud::{FakeAlicloud, Options, Seed};
use rstest::rstest;
use tokio::net::TcpListener;
use tonic::{Code, Request, Status};

const SEED: &str = "
accounts:
  - id: '1234567890123456'
    accessKeys: [{ id: LTAI5tMountTests0001, secret: mount-tests-key }]
    secrets:
      - { name: db/password, versions: [{ id: v1, data: first-password }, { id: v2, data: second-password }] }
      - { name: banner, versions: [{ id: b7, data: good-morning }] }
      - { name: key.der, dataType: binary, versions: [{ id: k1, data: AAECAwQ= }] }
      - { name: doomed, plannedDeletion: 2099-01-01T00:00:00Z, versions: [{ id: v1, data: doomed-value }] }
    parameters:
      - { name: prod/token, versions: [first-token, second-token] }
";

async fn cloud() -> FakeAlicloud {
    let fake = FakeAlicloud::start(Options::default()).await.expect("free ports");
    fake.seed(&Seed::from_yaml(SEED).expect("a seed")).expect("an empty fake");
    fake
}

fn access_key(secret: &str) -> Credential {
    let access_key_id = "LTAI5tMountTests0001".to_owned();
    Credential { access_key_id, access_key_secret: secret.into(), security_token: None }
}

fn request(objects: &str) -> Request<MountRequest> {
    request_with(objects, &[])
}

fn request_with(objects: &str, parameters: &[(&str, &str)]) -> Request<MountRequest> {
    let mut attributes = serde_json::json!({
        "objects": objects,
        "secretProviderClass": "app-secrets",
        "csi.storage.k8s.io/pod.namespace": "shop",
        "csi.storage.k8s.io/pod.name": "web-0",
    });
    for (name, value) in parameters {
        attributes[name] = (*value).into();
    }
    Request::new(MountRequest {
        attributes: attributes.to_string(),
        secrets: "null".to_owned(),
        target_path: "/var/lib/kubelet/pods/1-2/volumes/kubernetes.io~csi/secrets/mount".to_owned(),
        permission: "420".to_owned(),
        current_object_version: Vec::new(),
    })
}

async fn mount(
    fake: &FakeAlicloud,
    scheme: Scheme,
    secret: &str,
    objects: &str,
) -> Result<MountResponse, Status> {
    let parts = support::service(Some(fake.api_url()), scheme, Some(access_key(secret)));
    parts.service.mount(request(objects)).await.map(tonic::Response::into_inner)
}

#[rstest]
#[case(Scheme::V3)]
#[case(Scheme::V1)]
#[tokio::test]
async fn secrets_become_files_in_the_order_of_the_class(#[case] scheme: Scheme) {
    let fake = cloud().await;
    let objects =
        "- objectName: db/password\n- objectName: key.der\n- { objectName: banner, objectAlias: motd }";
    let response = mount(&fake, scheme, "mount-tests-key", objects).await.unwrap();
    let files: Vec<_> =
        response.files.iter().map(|file| (file.path.as_str(), file.mode, file.contents.as_slice())).collect();
    let expected: [(&str, i32, &[u8]); 3] = [
        ("db_password", 0o644, b"second-password"),
        ("key.der", 0o644, &[0, 1, 2, 3, 4]),
        ("motd", 0o644, b"good-morning"),
    ];
    assert_eq!(files, expected);
    let pairs = response.object_version.iter();
    let versions: Vec<_> = pairs.map(|pair| (pair.id.as_str(), own(&pair.version))).collect();
    assert_eq!(versions, [("db_password", "v2"), ("key.der", "k1"), ("motd", "b7")]);
}

/// The cloud's own version id, without what tells where behind an alias it is from.
fn own(version: &str) -> &str {
    version.split_once('+').map_or(version, |(own, _)| own)
}

fn seen(response: &MountResponse) -> Vec<(&str, &[u8], &str)> {
    let files = response.files.iter().zip(&response.object_version);
    files.map(|(file, pair)| (file.path.as_str(), file.contents.as_slice(), own(&pair.version))).collect()
}

#[rstest]
#[case("{objectName: prod/token, objectType: oos}", b"second-token", "2")]
#[case("{objectName: prod/token, objectType: oos, objectVersion: 1}", b"first-token", "1")]
#[case("{objectName: db/password, objectVersion: v1}", b"first-password", "v1")]
#[case("{objectName: db/password, objectVersionLabel: ACSPrevious}", b"first-password", "v1")]
#[case(
    "{objectName: db/password, objectVersion: v2, objectVersionLabel: ACSCurrent}",
    b"second-password",
    "v2"
)]
#[case("{objectName: 'acs:kms:cn-hangzhou:1234567890123456:secret/banner'}", b"good-morning", "b7")]
#[tokio::test]
async fn the_version_that_is_asked_for_is_mounted(
    #[case] object: &str,
    #[case] contents: &[u8],
    #[case] version: &str,
) {
    let fake = cloud().await;
    let object = object.replace('}', ", objectAlias: file}");
    let response = mount(&fake, Scheme::V3, "mount-tests-key", &format!("[{object}]")).await.unwrap();
    assert_eq!(seen(&response), [("file", contents, version)]);
}

#[tokio::test]
async fn a_parameter_is_asked_for_with_decryption_and_region() {
    let fake = cloud().await;
    let objects = "- {objectName: prod/token, objectType: oos}";
    let parts = support::service(Some(fake.api_url()), Scheme::V3, Some(access_key("mount-tests-key")));
    parts.service.mount(request_with(objects, &[("region", "cn-hangzhou")])).await.unwrap();
    let calls = fake.journal();
    let parameters: Vec<_> =
        calls[0].parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!((calls[0].product.as_str(), calls[0].action.as_str()), ("oos", "GetSecretParameter"));
    assert_eq!(parameters, [("Name", "prod/token"), ("RegionId", "cn-hangzhou"), ("WithDecryption", "true")]);
}

#[tokio::test]
async fn an_optional_secret_that_is_not_there_leaves_its_files_out() {
    let fake = cloud().await;
    let objects = "
- {objectName: absent, optional: true, jmesPath: [{path: user}]}
- {objectName: banner, optional: true}
- {objectName: prod/absent, objectType: oos, optional: true}";
    let response = mount(&fake, Scheme::V3, "mount-tests-key", objects).await.unwrap();
    assert_eq!(seen(&response), [("banner", b"good-morning".as_slice(), "b7")]);
}

#[rstest]
#[case::all_absent("[{objectName: absent, optional: true}]", Code::NotFound, "the volume would be empty")]
#[case::in_deletion(
    "[{objectName: banner}, {objectName: doomed, optional: true}]",
    Code::FailedPrecondition,
    "objects[1]"
)]
#[case::another_account(
    "[{objectName: banner}, {objectName: 'acs:kms:cn-hangzhou:42:secret/a', optional: true}]",
    Code::PermissionDenied,
    "grant the identity kms:GetSecretValue on \"acs:kms:cn-hangzhou:42:secret/a\""
)]
#[case::nothing_found(
    "[{objectName: banner, optional: true, jmesPath: [{path: user}]}]",
    Code::FailedPrecondition,
    "objects[0] \"banner\" jmesPath[0] \"user\""
)]
#[tokio::test]
async fn optional_excuses_nothing_but_absence(
    #[case] objects: &str,
    #[case] code: Code,
    #[case] expected: &str,
) {
    let fake = cloud().await;
    let status = mount(&fake, Scheme::V3, "mount-tests-key", objects).await.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    assert!(status.message().contains(expected), "{status:?}");
}

#[tokio::test]
async fn an_answer_beyond_what_the_driver_takes_is_refused_with_sizes() {
    let fake = FakeAlicloud::start(Options::default()).await.expect("free ports");
    let long = "x".repeat(30_000);
    let secrets: Vec<_> =
        (0..40).map(|index| serde_json::json!({"name": format!("s{index}"), "versions": [{"id": "v1", "data": long}]})).collect();
    let keys = serde_json::json!([{"id": "LTAI5tMountTests0001", "secret": "mount-tests-key"}]);
    let account = serde_json::json!({"id": "1234567890123456", "accessKeys": keys, "secrets": secrets});
    let seed = serde_json::json!({ "accounts": [account] }).to_string();
    fake.seed(&Seed::from_yaml(&seed).expect("a seed")).expect("an empty fake");
    let objects: Vec<_> = (0..40).map(|index| format!("- objectName: s{index}\n")).collect();
    let status = mount(&fake, Scheme::V3, "mount-tests-key", &objects.concat()).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    let message = status.message();
    assert!(message.contains("an answer of 12") && message.contains("takes 1048576"), "{message}");
    assert!(message.contains("--max-response-bytes"), "{message}");
}

#[tokio::test]
async fn one_missing_secret_fails_the_whole_mount_and_says_what_to_check() {
    let fake = cloud().await;
    let objects = "- objectName: banner\n- objectName: nowhere";
    let status = mount(&fake, Scheme::V3, "mount-tests-key", objects).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let message = status.message();
    assert!(
        message.starts_with("SecretProviderClass shop/app-secrets: objects[1] \"nowhere\": 127.0.0.1:"),
        "{message}"
    );
    assert!(message.contains("refused with Forbidden.ResourceNotFound (HTTP 404, request id "), "{message}");
    assert!(message.contains("check that a secret \"nowhere\" exists"), "{message}");
}

#[rstest]
#[case(Scheme::V3)]
#[case(Scheme::V1)]
#[tokio::test]
async fn a_wrong_key_is_refused_without_repeating_what_was_signed(#[case] scheme: Scheme) {
    let fake = cloud().await;
    let status = mount(&fake, scheme, "another-key", "- objectName: banner").await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let message = status.message();
    assert!(message.contains("SignatureDoesNotMatch") && message.contains("ACCESS_KEY_ID"), "{message}");
    assert!(!message.contains("LTAI5tMountTests0001"), "{message}");
}

#[tokio::test]
async fn without_a_credential_no_call_is_made() {
    let fake = cloud().await;
    let parts = support::service(Some(fake.api_url()), Scheme::V3, None);
    let status = parts.service.mount(request("- objectName: banner")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown);
    assert!(status.message().contains("set ACCESS_KEY_ID and SECRET_ACCESS_KEY"), "{status:?}");
    assert!(fake.journal().is_empty());
}

#[tokio::test]
async fn a_silent_cloud_is_answered_before_the_caller_gives_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let parts = support::service(Some(&endpoint), Scheme::V3, Some(access_key("mount-tests-key")));
    let mut request = request("- objectName: banner");
    request.metadata_mut().insert("grpc-timeout", "1S".parse().unwrap());
    let started = Instant::now();
    let status = parts.service.mount(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown);
    assert!(status.message().contains("objects[0] \"banner\": 127.0.0.1:"), "{status:?}");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}
