//! Managed secrets: their types, and how they are rotated by a call or by the clock.

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;

use super::*;

const RDS: &str = r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-1"}"#;
const RDS_PAIR: &str = r#"{"SecretSubType":"DoubleUsers","DBInstanceId":"rm-1"}"#;
const REDIS: &str = r#"{"SecretSubType":"DoubleUsers","AccountName":"app","CloneAccountName":"app_clone","AccountPrivilege":"RoleReadWrite","InstanceId":"r-1","RegionId":"cn-hangzhou"}"#;
const POLARDB: &str = r#"{"SecretSubType":"DoubleUsers","RegionId":"cn-hangzhou","DBClusterId":"pc-1","DBType":"MySQL","AccountName":"app"}"#;
const RAM: &str = r#"{"SecretSubType":"RamUserAccessKey","UserName":"alice"}"#;
const ECS_PASSWORD: &str = r#"{"SecretSubType":"Password","RegionId":"cn-hangzhou","InstanceId":"i-1"}"#;
const ECS_KEYS: &str = r#"{"SecretSubType":"SSHKey","RegionId":"cn-hangzhou","InstanceId":"i-1"}"#;

const ONE_ACCOUNT: &str = r#"{"Accounts":[{"AccountName":"app","AccountPassword":"first"}]}"#;
const TWO_ACCOUNTS: &str = r#"{"Accounts":[{"AccountName":"app","AccountPassword":"first"},{"AccountName":"app2","AccountPassword":"other"}]}"#;
const ACCESS_KEYS: &str = r#"{"AccessKeys":[{"AccessKeyId":"LTAI5tOld","AccessKeySecret":"first"}]}"#;
const LOGIN: &str = r#"{"UserName":"root","Password":"first"}"#;
const KEY_LOGIN: &str = r#"{"UserName":"root","PublicKey":"ssh-rsa first","PrivateKey":"first"}"#;

fn create_managed(name: &str, secret_type: &str, config: &str, data: &str) -> Call {
    create(name, "v1", data).with("SecretType", secret_type).with("ExtendedConfig", config)
}

fn rds() -> Call {
    create_managed("db/app", "Rds", RDS, ONE_ACCOUNT)
}

fn rotate(name: &str, id: &str) -> Call {
    kms("RotateSecret").with("SecretName", name).with("VersionId", id)
}

fn schedule(enabled: &str) -> Call {
    kms("UpdateSecretRotationPolicy").with("SecretName", "db/app").with("EnableAutomaticRotation", enabled)
}

fn data(value: &Value) -> Value {
    serde_json::from_str(value["SecretData"].as_str().expect("a text")).expect("JSON")
}

async fn previous(world: &World, name: &str) -> Value {
    ok(world, &read(name).with("VersionStage", "ACSPrevious")).await
}

#[rstest]
#[case("db/app", "Rds", RDS, ONE_ACCOUNT, "db/app", json!({ "AccountName": "app", "AccountPassword": "first" }))]
#[case("acs/ecs/a", "ECS", ECS_PASSWORD, LOGIN, "acs/ecs/a", json!({ "UserName": "root", "Password": "first" }))]
#[case(
    "acs/ecs/a",
    "ECS",
    ECS_KEYS,
    KEY_LOGIN,
    "acs/ecs/a",
    json!({ "UserName": "root", "PublicKey": "ssh-rsa first", "PrivateKey": "first" })
)]
#[case(
    "$Auto",
    "RAMCredentials",
    RAM,
    ACCESS_KEYS,
    "acs/ram/user/alice",
    json!({ "AccessKeyId": "LTAI5tOld", "AccessKeySecret": "first", "GenerateTimestamp": "2030-01-01T00:00:00Z" })
)]
#[tokio::test]
async fn each_type_reads_in_its_own_shape_and_rotates_to_another_value(
    #[case] given_name: &str,
    #[case] secret_type: &str,
    #[case] config: &str,
    #[case] secret_data: &str,
    #[case] name: &str,
    #[case] shape: Value,
) {
    let world = World::new().await;
    world.fake.clock().freeze_at("2030-01-01T00:00:00Z".parse::<Timestamp>().expect("a time"));
    let created = ok(&world, &create_managed(given_name, secret_type, config, secret_data)).await;
    assert_eq!((&created["SecretName"], &created["SecretType"]), (&json!(name), &json!(secret_type)));
    assert_eq!(data(&ok(&world, &read(name)).await), shape);
    let rotated = ok(&world, &rotate(name, "v2")).await;
    assert_eq!(rotated["Arn"], created["Arn"]);
    let current = ok(&world, &read(name)).await;
    assert_eq!((&current["VersionId"], &current["SecretDataType"]), (&json!("v2"), &json!("text")));
    assert_ne!(data(&current), shape);
    let fields = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&data(&current)), fields(&shape));
    assert_eq!(data(&previous(&world, name).await), shape);
}

#[rstest]
#[case("Rds", RDS_PAIR, TWO_ACCOUNTS, ["app", "app2"])]
#[case("Redis", REDIS, "$Auto", ["app", "app_clone"])]
#[case("PolarDB", POLARDB, "$Auto", ["app", "app_clone"])]
#[tokio::test]
async fn of_two_accounts_one_is_current_and_rotation_swaps_them(
    #[case] secret_type: &str,
    #[case] config: &str,
    #[case] secret_data: &str,
    #[case] accounts: [&str; 2],
) {
    let world = World::new().await;
    ok(&world, &create_managed("db/app", secret_type, config, secret_data)).await;
    let before = data(&ok(&world, &read("db/app")).await);
    let resting = data(&previous(&world, "db/app").await);
    assert_eq!((&before["AccountName"], &resting["AccountName"]), (&json!(accounts[0]), &json!(accounts[1])));
    ok(&world, &rotate("db/app", "v2")).await;
    let after = data(&ok(&world, &read("db/app")).await);
    assert_eq!(after["AccountName"], accounts[1]);
    assert_ne!(after["AccountPassword"], resting["AccountPassword"]);
    assert_eq!(data(&previous(&world, "db/app").await), before);
}

#[tokio::test]
async fn rotation_and_configuration_are_told_where_they_belong() {
    let world = World::new().await;
    world.fake.clock().freeze_at("2030-01-01T00:00:00Z".parse::<Timestamp>().expect("a time"));
    let created =
        ok(&world, &rds().with("EnableAutomaticRotation", "true").with("RotationInterval", "7d")).await;
    let plain = ok(&world, &read("db/app")).await;
    let fetched = ok(&world, &read("db/app").with("FetchExtendedConfig", "true")).await;
    let described = ok(&world, &describe("db/app")).await;
    for answer in [&created, &plain, &fetched, &described] {
        assert_eq!(answer["AutomaticRotation"], "Enabled", "{answer}");
        assert_eq!(answer["RotationInterval"], "604800s", "{answer}");
        assert_eq!(answer["NextRotationDate"], "2030-01-08T00:00:00Z", "{answer}");
        assert!(answer.get("LastRotationDate").is_none(), "{answer}");
    }
    assert!(plain.get("ExtendedConfig").is_none(), "{plain}");
    for answer in [&created, &fetched, &described] {
        let config: Value =
            serde_json::from_str(answer["ExtendedConfig"].as_str().expect("a text")).expect("JSON");
        assert_eq!(
            config,
            json!({ "SecretSubType": "SingleUser", "DBInstanceId": "rm-1", "CustomData": {} })
        );
    }
}

#[tokio::test]
async fn the_clock_rotates_on_its_dates() {
    let world = World::new().await;
    world.fake.clock().freeze_at("2030-01-01T00:00:00Z".parse::<Timestamp>().expect("a time"));
    ok(&world, &rds()).await;
    ok(&world, &schedule("true").with("RotationInterval", "12h")).await;
    world.fake.clock().advance(SignedDuration::from_hours(12) - SignedDuration::from_secs(1));
    assert_eq!(ok(&world, &read("db/app")).await["VersionId"], "v1");
    world.fake.clock().advance(SignedDuration::from_secs(2));
    let rotated = ok(&world, &read("db/app")).await;
    assert_ne!(rotated["VersionId"], "v1");
    assert_eq!(rotated["LastRotationDate"], "2030-01-01T12:00:00Z");
    assert_eq!(rotated["NextRotationDate"], "2030-01-02T00:00:00Z");
    ok(&world, &schedule("false")).await;
    world.fake.clock().advance(SignedDuration::from_hours(100));
    let resting = ok(&world, &read("db/app")).await;
    assert_eq!(
        (&resting["VersionId"], &resting["AutomaticRotation"]),
        (&rotated["VersionId"], &json!("Disabled"))
    );
}

#[tokio::test]
async fn a_deleted_secret_rests_and_makes_up_for_it_when_it_is_restored() {
    let world = World::new().await;
    world.fake.clock().freeze_at("2030-01-01T00:00:00Z".parse::<Timestamp>().expect("a time"));
    ok(&world, &rds().with("EnableAutomaticRotation", "true").with("RotationInterval", "1d")).await;
    ok(&world, &kms("DeleteSecret").with("SecretName", "db/app")).await;
    world.fake.clock().advance(SignedDuration::from_hours(60));
    assert!(ok(&world, &describe("db/app")).await.get("LastRotationDate").is_none());
    ok(&world, &kms("RestoreSecret").with("SecretName", "db/app")).await;
    assert_eq!(ok(&world, &describe("db/app")).await["LastRotationDate"], "2030-01-03T00:00:00Z");
}

#[tokio::test]
async fn rotating_to_an_id_that_exists_succeeds_without_effect() {
    let world = World::new().await;
    ok(&world, &rds()).await;
    ok(&world, &rotate("db/app", "v1")).await;
    assert_eq!(data(&ok(&world, &read("db/app")).await)["AccountPassword"], "first");
}

#[tokio::test]
async fn an_account_has_fifty_rotations_an_hour() {
    let world = World::new().await;
    world.fake.clock().freeze();
    ok(&world, &rds()).await;
    for number in 0..50 {
        ok(&world, &rotate("db/app", &format!("r{number}"))).await;
    }
    refused(&world, &rotate("db/app", "r50"), 429, "Rejected.Throttling").await;
    world.fake.clock().advance(SignedDuration::from_hours(1));
    ok(&world, &rotate("db/app", "r50")).await;
}

#[rstest]
#[case("ExtendedConfig.CustomData", r#"{"team":"payments"}"#)]
#[case("ExtendedConfig", r#"{"CustomData":{"team":"payments"}}"#)]
#[tokio::test]
async fn the_custom_data_of_a_configuration_can_be_changed(#[case] parameter: &str, #[case] value: &str) {
    let world = World::new().await;
    ok(&world, &rds()).await;
    ok(&world, &kms("UpdateSecret").with("SecretName", "db/app").with(parameter, value)).await;
    let described = ok(&world, &describe("db/app")).await;
    let config = described["ExtendedConfig"].as_str().expect("a text");
    assert!(config.contains(r#""CustomData":{"team":"payments"}"#), "{config}");
}

#[tokio::test]
async fn version_ids_are_ignored_and_custom_stages_refused() {
    let world = World::new().await;
    ok(&world, &rds()).await;
    ok(&world, &rotate("db/app", "v2")).await;
    assert_eq!(ok(&world, &read("db/app").with("VersionId", "v1")).await["VersionId"], "v2");
    invalid(&world, &read("db/app").with("VersionStage", "canary"), "VersionStage").await;
}

#[rstest]
#[case::put(put("db/app", "v2", "x"), 400, "UnsupportedOperation")]
#[case::stage(
    kms("UpdateSecretVersionStage")
        .with("SecretName", "db/app")
        .with("VersionStage", "canary")
        .with("MoveToVersion", "v1"),
    400,
    "UnsupportedOperation"
)]
#[case::rotate_generic(rotate("db/password", "v3"), 400, "UnsupportedOperation")]
#[case::schedule_generic(
    kms("UpdateSecretRotationPolicy").with("SecretName", "db/password").with("EnableAutomaticRotation", "false"),
    400,
    "UnsupportedOperation"
)]
#[case::rotate_missing(rotate("nothing", "v3"), 404, "Forbidden.ResourceNotFound")]
#[case::no_interval(schedule("true"), 400, "MissingParameter")]
#[case::no_config(create("b", "v1", ONE_ACCOUNT).with("SecretType", "Rds"), 400, "MissingParameter")]
#[tokio::test]
async fn each_refusal_has_its_status_and_code(#[case] call: Call, #[case] status: u16, #[case] code: &str) {
    let world = World::new().await;
    ok(&world, &rds()).await;
    refused(&world, &call, status, code).await;
}

#[rstest]
#[case("SecretName", create_managed("db/app", "ECS", ECS_PASSWORD, LOGIN))]
#[case("SecretName", create_managed("acs/ecs/", "ECS", ECS_PASSWORD, LOGIN))]
#[case("SecretName", create_managed("acs/db", "Rds", RDS, ONE_ACCOUNT))]
#[case("SecretName", create_managed("acs/ram/user/alice", "RAMCredentials", RAM, ACCESS_KEYS))]
#[case("SecretData", create_managed("db/app", "Rds", RDS, TWO_ACCOUNTS))]
#[case("SecretData", create_managed("db/app", "Redis", REDIS, ONE_ACCOUNT))]
#[case("SecretDataType", rds().with("SecretDataType", "binary"))]
#[case("ExtendedConfig", create_managed("db/app", "Rds", ECS_KEYS, ONE_ACCOUNT))]
#[case("RotationInterval", rds().with("EnableAutomaticRotation", "true").with("RotationInterval", "5h"))]
#[case("EnableAutomaticRotation", rds().with("EnableAutomaticRotation", "yes"))]
#[tokio::test]
async fn a_wrong_parameter_is_named_and_creates_nothing(#[case] name: &str, #[case] call: Call) {
    let world = World::new().await;
    invalid(&world, &call, name).await;
    refused(&world, &read("db/app"), 404, "Forbidden.ResourceNotFound").await;
}
