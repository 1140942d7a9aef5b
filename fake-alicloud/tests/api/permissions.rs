//! What users may do over the wire, and what they are told when they may not.

use fake_alicloud::Seed;
use rstest::rstest;
use serde_json::json;

use crate::{
    client::Call,
    world::{ROOT, STRANGER, World},
};

const NOBODY: (&str, &str) = ("LTAI5tNobody", "secret-of-nobody");
const READER: (&str, &str) = ("LTAI5tReader", "secret-of-reader");

/// Adds a user without rights, one who may read secrets, and a secret in an instance.
const SEED: &str = r#"
accounts:
  - id: "1111111111111111"
    users:
      - name: nobody
        accessKeys: [{ id: LTAI5tNobody, secret: secret-of-nobody }]
      - name: reader
        accessKeys: [{ id: LTAI5tReader, secret: secret-of-reader }]
        policies: [AliyunKMSSecretUserAccess, AliyunOOSFullAccess]
    instances: [{ id: kst-open, internetAccess: true }]
    secrets: [{ name: shared, dkmsInstanceId: kst-open, versions: [{ id: v1, data: shared }] }]
    parameters: [{ name: plain, type: String, versions: [one] }, { name: hidden, versions: [one] }]
"#;

async fn world() -> World {
    let world = World::new().await;
    world.fake.seed(&Seed::from_yaml(SEED).expect("a seed")).expect("none of it is there");
    world
}

fn oos(action: &str, name: &str, key: (&str, &str)) -> Call {
    Call { version: "2019-06-01".to_owned(), ..Call::kms(action, key) }.with("Name", name)
}

fn read(name: &str, key: (&str, &str)) -> Call {
    Call::kms("GetSecretValue", key).with("SecretName", name)
}

fn put(key: (&str, &str)) -> Call {
    let call = Call::kms("PutSecretValue", key).with("SecretName", "db/password");
    call.with("VersionId", "v3").with("SecretData", "third")
}

#[rstest]
#[case::allowed(read("db/password", READER), 200, "")]
#[case::other_action(put(READER), 403, "Forbidden.NoPermission")]
#[case::without_rights(read("db/password", NOBODY), 403, "Forbidden.NoPermission")]
#[case::not_there(read("nothing", NOBODY), 403, "Forbidden.NoPermission")]
#[case::the_account(put(ROOT), 200, "")]
#[case::plain(oos("GetParameter", "plain", READER), 200, "")]
#[case::described(oos("GetSecretParameter", "hidden", READER), 200, "")]
#[case::decrypted(oos("GetSecretParameter", "hidden", READER).with("WithDecryption", "true"), 200, "")]
#[case::not_in_kms(oos("CreateSecretParameter", "new", READER).with("Value", "x"), 403, "NoPermission")]
#[case::not_in_oos(oos("GetParameter", "plain", NOBODY), 403, "NoPermission")]
#[tokio::test]
async fn users_may_do_what_their_policies_allow(#[case] call: Call, #[case] status: u16, #[case] code: &str) {
    assert_eq!(world().await.send(&call).await.refusal(), (status, code.to_owned()));
}

#[tokio::test]
async fn what_a_policy_of_a_secret_allows_needs_no_other_within_the_account_and_one_elsewhere() {
    let world = world().await;
    let shared = "acs:kms:cn-hangzhou:1111111111111111:secret/shared";
    for key in [NOBODY, STRANGER] {
        assert_eq!(world.send(&read(shared, key)).await.refusal().1, "Forbidden.NoPermission");
    }
    let principals = ["acs:ram::1111111111111111:user/nobody", "acs:ram::2222222222222222:root"];
    let policy = json!({ "Version": "1", "Statement": [{
        "Effect": "Allow",
        "Principal": { "RAM": principals },
        "Action": ["kms:GetSecretValue"],
        "Resource": ["*"],
    }] });
    let set = Call::kms("SetSecretPolicy", ROOT).with("SecretName", "shared");
    assert_eq!(world.send(&set.with("Policy", &policy.to_string())).await.status, 200);
    for key in [NOBODY, STRANGER] {
        assert_eq!(world.send(&read(shared, key)).await.json()["SecretData"], "shared");
    }
}

#[tokio::test]
async fn the_gateway_tells_who_was_refused_what_and_by_which_policies() {
    let world = world().await;
    let answer = world.send(&oos("GetParameter", "plain", NOBODY)).await.json();
    let detail = &answer["AccessDeniedDetail"];
    assert_eq!(detail["AuthAction"], "oos:GetParameter");
    assert_eq!(detail["AuthPrincipalType"], "SubUser");
    assert_eq!(detail["AuthPrincipalOwnerId"], "1111111111111111");
    assert_eq!(detail["AuthPrincipalDisplayName"].as_str().map(str::len), Some(18), "the id of the user");
    assert_eq!(detail["NoPermissionType"], "ImplicitDeny");
    assert_eq!(detail["PolicyType"], "AccountLevelIdentityBasedPolicy");

    let xml = world.send(&oos("GetParameter", "plain", NOBODY).with("Format", "XML")).await.text;
    assert!(xml.contains("<AccessDeniedDetail><AuthAction>oos:GetParameter</AuthAction>"), "{xml}");
    let of_kms = world.send(&read("db/password", NOBODY)).await.json();
    assert_eq!(of_kms.get("AccessDeniedDetail"), None, "KMS has no such field");
    let missing = world.send(&oos("GetParameter", "nothing", ROOT)).await.json();
    assert_eq!(missing.get("AccessDeniedDetail"), None, "nobody was refused");
}

#[tokio::test]
async fn rights_come_back_from_an_export() {
    let world = world().await;
    let export = world.fake.export().to_json();
    world.fake.reset();
    world.fake.seed(&Seed::from_yaml(&export).expect("a seed")).expect("nothing there");
    assert_eq!(world.send(&read("db/password", READER)).await.status, 200);
    assert_eq!(world.send(&read("db/password", NOBODY)).await.status, 403);
}
