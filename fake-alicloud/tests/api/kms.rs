//! The operations of KMS.

use rstest::rstest;
use serde_json::json;

use crate::{
    client::Call,
    world::{ALICE, ROOT, STRANGER, World},
};

fn create(name: &str, id: &str, data: &str) -> Call {
    Call::kms("CreateSecret", ROOT)
        .with("SecretName", name)
        .with("VersionId", id)
        .with_form("SecretData", data)
}

fn put(name: &str, id: &str, data: &str) -> Call {
    Call { action: "PutSecretValue".to_owned(), ..create(name, id, data) }
}

fn read(name: &str) -> Call {
    Call::kms("GetSecretValue", ROOT).with("SecretName", name)
}

fn describe(name: &str) -> Call {
    Call::kms("DescribeSecret", ROOT).with("SecretName", name)
}

async fn data_of(world: &World, call: &Call) -> String {
    let reply = world.send(call).await;
    reply.json()["SecretData"].as_str().unwrap_or_else(|| panic!("no data in {}", reply.text)).to_owned()
}

#[tokio::test]
async fn a_created_secret_reads_back_with_all_its_fields() {
    let world = World::new().await;
    let created = world.send(&create("app/key", "one", "a+b c/é")).await.json();
    let value = world.send(&read("app/key")).await.json();
    assert_eq!(created["Arn"], "acs:kms:cn-hangzhou:1111111111111111:secret/app/key");
    assert_eq!(created["VersionId"], "one");
    assert_eq!(value["SecretData"], "a+b c/é");
    assert_eq!(value["SecretDataType"], "text");
    assert_eq!(value["SecretType"], "Generic");
    assert_eq!(value["VersionStages"], json!({ "VersionStage": ["ACSCurrent"] }));
    assert_eq!(value["CreateTime"].as_str().map(str::len), Some("2024-01-01T00:00:00Z".len()));
    assert_eq!(value["RequestId"], world.last_entry().request_id);
}

#[tokio::test]
async fn a_further_version_becomes_current_and_the_former_previous() {
    let world = World::new().await;
    let reply = world.send(&put("db/password", "v3", "third").with("SecretDataType", "binary")).await;
    assert_eq!(reply.json()["VersionStages"], json!({ "VersionStage": ["ACSCurrent"] }));
    let current = world.send(&read("db/password")).await.json();
    assert_eq!((&current["SecretData"], &current["SecretDataType"]), (&json!("third"), &json!("binary")));
    assert_eq!(data_of(&world, &read("db/password").with("VersionStage", "ACSPrevious")).await, "second");
    assert_eq!(data_of(&world, &read("db/password").with("VersionId", "v1")).await, "first");
}

#[tokio::test]
async fn custom_stages_mark_a_version_beside_the_current_one() {
    let world = World::new().await;
    let reply = world.send(&put("db/password", "v3", "third").with("VersionStages", r#"["canary"]"#)).await;
    assert_eq!(reply.json()["VersionStages"], json!({ "VersionStage": ["canary"] }));
    assert_eq!(data_of(&world, &read("db/password")).await, "second");
    assert_eq!(data_of(&world, &read("db/password").with("VersionStage", "canary")).await, "third");
}

#[tokio::test]
async fn putting_the_same_twice_succeeds_without_effect() {
    let world = World::new().await;
    let reply = world.send(&put("db/password", "v1", "first")).await;
    assert_eq!(reply.json()["VersionStages"], json!({ "VersionStage": ["ACSPrevious"] }));
    assert_eq!(data_of(&world, &read("db/password")).await, "second");
}

#[tokio::test]
async fn a_description_tells_all_but_the_data() {
    let world = World::new().await;
    let tags = r#"[{"TagKey":"team","TagValue":"payments"}]"#;
    let call = create("app/key", "one", "hunter2").with("Description", "for tests").with("Tags", tags);
    world.send(&call.with("EncryptionKeyId", "key-1")).await;
    let reply = world.send(&describe("app/key").with("FetchTags", "True")).await;
    assert!(!reply.text.contains("hunter2"), "{}", reply.text);
    let described = reply.json();
    assert_eq!(described["Arn"], "acs:kms:cn-hangzhou:1111111111111111:secret/app/key");
    assert_eq!(described["Description"], "for tests");
    assert_eq!(described["EncryptionKeyId"], "key-1");
    assert_eq!(described["Tags"], json!({ "Tag": [{ "TagKey": "team", "TagValue": "payments" }] }));
    assert!(world.send(&describe("app/key")).await.json().get("Tags").is_none());
}

#[tokio::test]
async fn secrets_belong_to_a_region() {
    let world = World::new().await;
    let abroad = read("db/password").at("kms-vpc.ap-southeast-1.aliyuncs.com");
    assert_eq!(data_of(&world, &abroad).await, "singapore");
    assert_eq!(data_of(&world, &read("db/password").with("RegionId", "ap-southeast-1")).await, "singapore");
    let elsewhere = read("db/password").at("kms.eu-central-1.aliyuncs.com");
    assert_eq!(world.send(&elsewhere).await.refusal(), (404, "Forbidden.ResourceNotFound".to_owned()));
}

#[tokio::test]
async fn an_arn_names_a_secret_at_its_own_regions_endpoint_only() {
    let world = World::new().await;
    let here = read("acs:kms:cn-hangzhou:1111111111111111:secret/db/password");
    assert_eq!(data_of(&world, &here).await, "second");
    let there = read("acs:kms:ap-southeast-1:1111111111111111:secret/db/password");
    assert_eq!(world.send(&there).await.refusal(), (404, "Forbidden.ResourceNotFound".to_owned()));
}

#[tokio::test]
async fn keys_of_users_act_for_their_account() {
    let world = World::new().await;
    let call = Call::kms("GetSecretValue", ALICE).with("SecretName", "db/password");
    assert_eq!(data_of(&world, &call).await, "second");
    assert_eq!(world.last_entry().caller_arn.as_deref(), Some("acs:ram::1111111111111111:user/alice"));
}

#[rstest]
#[case("GetSecretValue")]
#[case("DescribeSecret")]
#[case("PutSecretValue")]
#[tokio::test]
async fn another_accounts_secret_is_refused_whether_it_exists_or_not(#[case] action: &str) {
    let world = World::new().await;
    let call = |name: &str| {
        let arn = format!("acs:kms:cn-hangzhou:1111111111111111:secret/{name}");
        Call::kms(action, STRANGER).with("SecretName", &arn).with("VersionId", "v").with("SecretData", "x")
    };
    for name in ["db/password", "nothing"] {
        let reply = world.send(&call(name)).await;
        assert_eq!(reply.refusal(), (403, "Forbidden.NoPermission".to_owned()));
        let arn = format!("acs:kms:cn-hangzhou:1111111111111111:secret/{name}");
        assert_eq!(reply.message(), format!("This operation for {arn} is forbidden by permission system."));
    }
}

#[tokio::test]
async fn a_plain_name_never_reaches_another_account() {
    let world = World::new().await;
    let call = Call::kms("GetSecretValue", STRANGER).with("SecretName", "db/password");
    assert_eq!(world.send(&call).await.refusal(), (404, "Forbidden.ResourceNotFound".to_owned()));
}

#[rstest]
#[case::missing_secret(read("nothing"), 404, "Forbidden.ResourceNotFound")]
#[case::missing_version(read("db/password").with("VersionId", "v9"), 404, "Forbidden.ResourceNotFound")]
#[case::missing_stage(read("db/password").with("VersionStage", "canary"), 404, "Forbidden.ResourceNotFound")]
#[case::describe_missing(describe("nothing"), 404, "Forbidden.ResourceNotFound")]
#[case::put_missing(put("nothing", "v1", "x"), 404, "Forbidden.ResourceNotFound")]
#[case::create_twice(create("db/password", "v9", "x"), 409, "Rejected.ResourceExist")]
#[case::other_data(put("db/password", "v1", "other"), 409, "Rejected.ResourceExist")]
#[case::dry_run(read("db/password").with("DryRun", "true"), 400, "DryRunOperationError")]
#[case::dry_run_missing(read("nothing").with("DryRun", "true"), 404, "Forbidden.ResourceNotFound")]
#[case::recipient(read("db/password").with_form("Recipient", "{}"), 400, "UnsupportedOperation")]
#[case::managed(create("a", "v", "x").with("SecretType", "Rds"), 400, "UnsupportedOperation")]
#[case::policy(create("a", "v", "x").with("Policy", "{}"), 400, "UnsupportedOperation")]
#[case::instance(create("a", "v", "x").with("DKMSInstanceId", "kst-1"), 403, "Forbidden.DKMSInstanceNotFound")]
#[case::no_name(create("", "v", "x"), 400, "MissingSecretName")]
#[case::no_data(create("a", "v", ""), 400, "MissingSecretData")]
#[case::no_version(put("a", "", "x"), 400, "MissingVersionId")]
#[tokio::test]
async fn each_refusal_has_its_status_and_code(#[case] call: Call, #[case] status: u16, #[case] code: &str) {
    let world = World::new().await;
    let reply = world.send(&call).await;
    assert_eq!(reply.refusal(), (status, code.to_owned()), "{}", reply.text);
    assert_eq!(world.last_entry().code.as_deref(), Some(code));
}

#[rstest]
#[case("SecretName", read("with blank"))]
#[case("SecretName", read("acs:kms:cn-hangzhou:1111111111111111:key/a"))]
#[case("SecretName", create(&"n".repeat(193), "v", "x"))]
#[case("SecretName", create("acs/managed", "v", "x"))]
#[case("VersionId", create("a", &"v".repeat(65), "x"))]
#[case("VersionId", read("db/password").with("VersionId", &"v".repeat(65)))]
#[case("VersionStage", read("db/password").with("VersionStage", &"s".repeat(65)))]
#[case("VersionStage", read("db/password").with("VersionId", "v1").with("VersionStage", "ACSCurrent"))]
#[case("FetchExtendedConfig", read("db/password").with("FetchExtendedConfig", "1"))]
#[case("DryRun", read("db/password").with("DryRun", "maybe"))]
#[case("FetchTags", describe("db/password").with("FetchTags", "yes"))]
#[case("SecretData", create("a", "v", &"x".repeat(30_721)))]
#[case("SecretDataType", create("a", "v", "x").with("SecretDataType", "Text"))]
#[case("SecretType", create("a", "v", "x").with("SecretType", "Other"))]
#[case("EnableAutomaticRotation", create("a", "v", "x").with("EnableAutomaticRotation", "true"))]
#[case("RotationInterval", create("a", "v", "x").with("RotationInterval", "7d"))]
#[case("ExtendedConfig", create("a", "v", "x").with("ExtendedConfig", "{}"))]
#[case("Tags", create("a", "v", "x").with("Tags", "team=payments"))]
#[case("Tags", create("a", "v", "x").with("Tags", r#"[{"TagKey":"acs:x","TagValue":"y"}]"#))]
#[case("Tags", create("a", "v", "x").with("Tags", &many_tags(21)))]
#[case("VersionStages", put("db/password", "v3", "x").with("VersionStages", "canary"))]
#[case("VersionStages", put("db/password", "v3", "x").with("VersionStages", "[]"))]
#[case("VersionStages", put("db/password", "v3", "x").with("VersionStages", r#"["ACSPrevious"]"#))]
#[tokio::test]
async fn a_wrong_parameter_is_named_and_changes_nothing(#[case] name: &str, #[case] call: Call) {
    let world = World::new().await;
    let reply = world.send(&call).await;
    assert_eq!(reply.refusal(), (400, "InvalidParameter".to_owned()), "{}", reply.text);
    assert_eq!(reply.message(), format!("The specified parameter \"{name}\" is not valid."));
    assert_eq!(reply.json()["HttpStatus"], 400);
    assert_eq!(world.send(&read("a")).await.status, 404);
    assert_eq!(data_of(&world, &read("db/password")).await, "second");
}

fn many_tags(count: usize) -> String {
    let tags: Vec<_> = (0..count).map(|n| json!({ "TagKey": format!("k{n}"), "TagValue": "v" })).collect();
    json!(tags).to_string()
}

#[tokio::test]
async fn the_largest_secret_fits() {
    let world = World::new().await;
    let data = "x".repeat(30_720);
    assert_eq!(world.send(&create("big", "v", &data)).await.status, 200);
    assert_eq!(data_of(&world, &read("big")).await, data);
}
