//! The operations of KMS. Here the everyday ones, and beside this file one concern each.

mod batch;
mod crypto;
mod deletion;
mod instances;
mod listing;
mod managed;
mod password;
mod policies;
mod stages;

use fake_alicloud::{Behaviour, Eviction, Seed, VersionMismatch};
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    client::{Call, Reply},
    world::{ALICE, ROOT, STRANGER, World},
};

/// Adds to what [`World::new`] seeds: instances and keys in each state, and secrets that live in and by them.
const SEED: &str = r#"
accounts:
  - id: "1111111111111111"
    instances:
      - { id: kst-open, internetAccess: true }
      - { id: kst-closed }
      - { id: kst-off, state: Disconnected, internetAccess: true }
      - { id: kst-old, imageVersion: 2.9.9 }
      - { id: kst-abroad, region: ap-southeast-1 }
    keys:
      - { id: key-1, alias: alias/app }
      - { id: key-2 }
      - { id: key-disabled, state: Disabled }
      - { id: key-leaving, state: PendingDeletion, plannedDeletion: 2199-01-01T00:00:00Z }
      - { id: key-empty, state: PendingImport }
      - { id: key-abroad, region: ap-southeast-1 }
      - { id: key-open, dkmsInstanceId: kst-open }
      - { id: key-closed, dkmsInstanceId: kst-closed }
    secrets:
      - { name: in/open, dkmsInstanceId: kst-open, encryptionKeyId: key-open, versions: [{ id: v1, data: open }] }
      - { name: in/closed, dkmsInstanceId: kst-closed, versions: [{ id: v1, data: closed }] }
      - { name: in/off, dkmsInstanceId: kst-off, versions: [{ id: v1, data: off }] }
      - { name: in/released, dkmsInstanceId: kst-released, versions: [{ id: v1, data: released }] }
      - { name: in/abroad, region: ap-southeast-1, dkmsInstanceId: kst-abroad, versions: [{ id: v1, data: abroad }] }
      - { name: by/disabled, encryptionKeyId: key-disabled, versions: [{ id: v1, data: x }] }
      - { name: by/leaving, encryptionKeyId: key-leaving, versions: [{ id: v1, data: x }] }
      - { name: by/empty, encryptionKeyId: key-empty, versions: [{ id: v1, data: x }] }
      - { name: by/deleted, encryptionKeyId: key-deleted, versions: [{ id: v1, data: x }] }
  - id: "2222222222222222"
    instances: [{ id: kst-foreign }]
    keys: [{ id: key-foreign }]
"#;

/// A world with instances and keys.
async fn furnished() -> World {
    let world = World::new().await;
    world.fake.seed(&Seed::from_yaml(SEED).expect("a seed")).expect("none of it is there");
    world
}

fn kms(action: &str) -> Call {
    Call::kms(action, ROOT)
}

/// Sends by the fake's clock, wherever it stands, and as a new request each time.
async fn send_now(world: &World, call: &Call) -> Reply {
    let date = world.fake.clock().now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    world.send(&Call { date, nonce: Uuid::new_v4().to_string(), ..call.clone() }).await
}

/// Sends and expects a success.
async fn ok(world: &World, call: &Call) -> Value {
    let reply = send_now(world, call).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()
}

/// Sends and expects a refusal with that status and code, in the answer and in the journal.
async fn refused(world: &World, call: &Call, status: u16, code: &str) {
    let reply = send_now(world, call).await;
    assert_eq!(reply.refusal(), (status, code.to_owned()), "{}", reply.text);
    assert_eq!(world.last_entry().code.as_deref(), Some(code));
}

/// Sends and expects `InvalidParameter` for that parameter.
async fn invalid(world: &World, call: &Call, name: &str) {
    let reply = send_now(world, call).await;
    assert_eq!(reply.refusal(), (400, "InvalidParameter".to_owned()), "{}", reply.text);
    assert_eq!(reply.message(), format!("The specified parameter \"{name}\" is not valid."));
}

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
    ok(world, call).await["SecretData"].as_str().expect("a text").to_owned()
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
    let world = furnished().await;
    let tags = r#"[{"TagKey":"team","TagValue":"payments"}]"#;
    let call = create("app/key", "one", "hunter2").with("Description", "for tests").with("Tags", tags);
    ok(&world, &call.with("EncryptionKeyId", "alias/app")).await;
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

#[tokio::test]
async fn an_update_changes_the_description_and_nothing_else() {
    let world = World::new().await;
    ok(&world, &kms("UpdateSecret").with("SecretName", "db/password").with("Description", "new")).await;
    assert_eq!(ok(&world, &describe("db/password")).await["Description"], "new");
    assert_eq!(data_of(&world, &read("db/password")).await, "second");
}

#[tokio::test]
async fn what_a_generic_secret_cannot_have_is_ignored_where_that_is_documented() {
    let world = World::new().await;
    let call = create("a", "v", "x").with("ExtendedConfig", "no JSON").with("RotationInterval", "never");
    ok(&world, &call).await;
    let value = ok(&world, &read("a").with("FetchExtendedConfig", "true")).await;
    assert!(value.get("ExtendedConfig").is_none() && value.get("AutomaticRotation").is_none(), "{value}");
}

#[tokio::test]
async fn a_version_id_and_a_stage_that_disagree_are_answered_as_the_behaviour_says() {
    let world = World::new().await;
    let call = read("db/password").with("VersionId", "v1").with("VersionStage", "ACSCurrent");
    invalid(&world, &call, "VersionStage").await;
    let version_mismatch = VersionMismatch::NotFound;
    world.fake.set_behaviour(Behaviour { version_mismatch, ..Behaviour::default() });
    refused(&world, &call, 404, "Forbidden.ResourceNotFound").await;
}

#[rstest]
#[case(Eviction::OldestWithoutStage, "v2")]
#[case(Eviction::Oldest, "v1")]
#[tokio::test]
async fn the_eleventh_version_removes_the_one_that_the_behaviour_says(
    #[case] eviction: Eviction,
    #[case] removed: &str,
) {
    let world = World::new().await;
    world.fake.set_behaviour(Behaviour { eviction, ..Behaviour::default() });
    ok(&world, &create("a", "v1", "x")).await;
    let label = kms("UpdateSecretVersionStage").with("SecretName", "a").with("VersionStage", "keep");
    ok(&world, &label.with("MoveToVersion", "v1")).await;
    for number in 2..=11 {
        ok(&world, &put("a", &format!("v{number}"), "x")).await;
    }
    for id in ["v1", "v2"] {
        let status = world.send(&read("a").with("VersionId", id)).await.status;
        assert_eq!(status, if id == removed { 404 } else { 200 }, "{id}");
    }
}

#[rstest]
#[case::missing_secret(read("nothing"), 404, "Forbidden.ResourceNotFound")]
#[case::missing_version(read("db/password").with("VersionId", "v9"), 404, "Forbidden.ResourceNotFound")]
#[case::missing_stage(read("db/password").with("VersionStage", "canary"), 404, "Forbidden.ResourceNotFound")]
#[case::key_deleted(read("by/deleted"), 404, "Forbidden.KeyNotFound")]
#[case::key_disabled(read("by/disabled"), 409, "Rejected.Disabled")]
#[case::key_leaving(read("by/leaving"), 409, "Rejected.PendingDeletion")]
#[case::key_empty(read("by/empty"), 409, "Rejected.PendingImport")]
#[case::describe_missing(describe("nothing"), 404, "Forbidden.ResourceNotFound")]
#[case::update_missing(kms("UpdateSecret").with("SecretName", "nothing"), 404, "Forbidden.ResourceNotFound")]
#[case::put_missing(put("nothing", "v1", "x"), 404, "Forbidden.ResourceNotFound")]
#[case::put_disabled(put("by/disabled", "v9", "x"), 409, "Rejected.Disabled")]
#[case::other_data(put("db/password", "v1", "other"), 409, "Rejected.ResourceExist")]
#[case::many_stages(
    put("db/password", "v3", "x").with("VersionStages", r#"["a","b","c","d","e","f","g"]"#),
    400,
    "Rejected.LimitExceeded"
)]
#[case::create_twice(create("db/password", "v9", "x"), 409, "Rejected.ResourceExist")]
#[case::create_by_nothing(create("a", "v", "x").with("EncryptionKeyId", "key-9"), 404, "Forbidden.ResourceNotFound")]
#[case::create_by_foreign(
    create("a", "v", "x").with("EncryptionKeyId", "acs:kms:cn-hangzhou:2222222222222222:key/key-foreign"),
    403,
    "Forbidden.NoPermission"
)]
#[case::create_by_abroad(create("a", "v", "x").with("EncryptionKeyId", "key-abroad"), 404, "Forbidden.ResourceNotFound")]
#[case::create_by_disabled(create("a", "v", "x").with("EncryptionKeyId", "key-disabled"), 409, "Rejected.Disabled")]
#[case::policy(create("a", "v", "x").with("Policy", "{}"), 400, "UnsupportedOperation")]
#[case::recipient(read("db/password").with_form("Recipient", "{}"), 400, "UnsupportedOperation")]
#[case::no_name(create("", "v", "x"), 400, "MissingSecretName")]
#[case::no_data(create("a", "v", ""), 400, "MissingSecretData")]
#[case::no_version(put("a", "", "x"), 400, "MissingVersionId")]
#[case::dry_run(read("db/password").with("DryRun", "true"), 400, "DryRunOperationError")]
#[case::dry_run_missing(read("nothing").with("DryRun", "true"), 400, "ValidationError")]
#[case::dry_run_foreign(
    read("acs:kms:cn-hangzhou:2222222222222222:secret/a").with("DryRun", "true"),
    403,
    "AccessDeniedError"
)]
#[tokio::test]
async fn each_refusal_has_its_status_and_code(#[case] call: Call, #[case] status: u16, #[case] code: &str) {
    refused(&furnished().await, &call, status, code).await;
}

#[rstest]
#[case("SecretName", read("with blank"))]
#[case("SecretName", read("acs:kms:cn-hangzhou:1111111111111111:key/a"))]
#[case("SecretName", create(&"n".repeat(193), "v", "x"))]
#[case("SecretName", create("acs/managed", "v", "x"))]
#[case("VersionId", create("a", &"v".repeat(65), "x"))]
#[case("VersionId", read("db/password").with("VersionId", &"v".repeat(65)))]
#[case("VersionStage", read("db/password").with("VersionStage", &"s".repeat(65)))]
#[case("FetchExtendedConfig", read("db/password").with("FetchExtendedConfig", "1"))]
#[case("DryRun", read("db/password").with("DryRun", "maybe"))]
#[case("FetchTags", describe("db/password").with("FetchTags", "yes"))]
#[case("SecretData", create("a", "v", &"x".repeat(30_721)))]
#[case("SecretDataType", create("a", "v", "x").with("SecretDataType", "Text"))]
#[case("SecretType", create("a", "v", "x").with("SecretType", "Other"))]
#[case("EnableAutomaticRotation", create("a", "v", "x").with("EnableAutomaticRotation", "true"))]
#[case("EncryptionKeyId", create("a", "v", "x").with("EncryptionKeyId", "key 1"))]
#[case("EncryptionKeyId", create("a", "v", "x").with("EncryptionKeyId", "key-open"))]
#[case("Tags", create("a", "v", "x").with("Tags", "team=payments"))]
#[case("Tags", create("a", "v", "x").with("Tags", r#"[{"TagKey":"acs:x","TagValue":"y"}]"#))]
#[case("Tags", create("a", "v", "x").with("Tags", r#"[{"TagKey":"x"},{"TagKey":"x"}]"#))]
#[case("Tags", create("a", "v", "x").with("Tags", &many_tags(21)))]
#[case("VersionStages", put("db/password", "v3", "x").with("VersionStages", "canary"))]
#[case("VersionStages", put("db/password", "v3", "x").with("VersionStages", "[]"))]
#[case("VersionStages", put("db/password", "v3", "x").with("VersionStages", r#"["ACSPrevious"]"#))]
#[case(
    "ExtendedConfig.CustomData",
    kms("UpdateSecret").with("SecretName", "db/password").with("ExtendedConfig.CustomData", "{}")
)]
#[tokio::test]
async fn a_wrong_parameter_is_named_and_changes_nothing(#[case] name: &str, #[case] call: Call) {
    let world = furnished().await;
    invalid(&world, &call, name).await;
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
