//! What each operation asks of the policies. The account is 1, the user alice, the role reader.

use jiff::Timestamp;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    Seed,
    api::{ApiError, Product, unsigned},
    policy::tests::{identity_policy, may, principal, world},
    state::State,
};

const SEED: &str = r#"
accounts:
  - id: "1"
    instances: [{ id: kst-a, internetAccess: true }]
    keys: [{ id: key-1, alias: alias/app }, { id: key-2 }]
    secrets:
      - { name: plain, tags: [{ key: team, value: web }], versions: [{ id: v1, data: one }] }
      - { name: locked, encryptionKeyId: key-1, versions: [{ id: v1, data: one }] }
      - { name: orphan, encryptionKeyId: key-gone, versions: [{ id: v1, data: one }] }
      - { name: shared, dkmsInstanceId: kst-a, versions: [{ id: v1, data: one }] }
"#;

const SECRET: &str = "acs:kms:cn-hangzhou:1:secret/plain";
const ALL: &str = "acs:kms:cn-hangzhou:1:secret";
const KEY: &str = "acs:kms:cn-hangzhou:1:key/key-1";

/// A cloud in which alice and reader, of both accounts, have these rights.
fn cloud(statements: &Value) -> State {
    let has_any = statements.as_array().is_some_and(|list| !list.is_empty());
    let rights: Vec<_> = has_any.then(|| identity_policy(statements)).into_iter().collect();
    let mut state = world(&rights);
    let region = "cn-hangzhou".parse().expect("a region");
    let seed = Seed::from_yaml(SEED).expect("a seed");
    seed.apply(&mut state, &region, Timestamp::UNIX_EPOCH).expect("no secrets before");
    state
}

fn run_as(account: &str, who: &str, action: &str, query: &str, state: &mut State) -> Result<Value, ApiError> {
    unsigned::run((Product::Kms, action), query, principal(account, who), Timestamp::UNIX_EPOCH, state)
}

/// Runs as alice of account 1 and tells how it ended: `ok` or the code.
fn outcome(action: &str, query: &str, state: &mut State) -> String {
    run_as("1", "alice", action, query, state).map_or_else(|error| error.code, |_| "ok".to_owned())
}

const REFUSED: &str = "Forbidden.NoPermission";

#[rstest]
#[case("CreateSecret", "SecretName=new&VersionId=v&SecretData=x", &["acs:kms:cn-hangzhou:1:secret/new", ALL])]
#[case("DeleteSecret", "SecretName=plain", &[SECRET])]
#[case("DescribeSecret", "SecretName=plain", &[SECRET])]
#[case("ListSecrets", "", &[ALL])]
#[case("RestoreSecret", "SecretName=plain", &[SECRET])]
#[case("UpdateSecret", "SecretName=plain", &[SECRET])]
#[case("GetSecretPolicy", "SecretName=plain", &[SECRET])]
#[case("SetSecretPolicy", "SecretName=plain&Policy=x", &[SECRET])]
#[case("GetRandomPassword", "", &[ALL])]
#[case("GetSecretValue", "SecretName=plain", &[SECRET])]
#[case("ListSecretVersionIds", "SecretName=plain", &[SECRET])]
#[case("PutSecretValue", "SecretName=plain&VersionId=v&SecretData=x", &[SECRET])]
#[case("RotateSecret", "SecretName=plain&VersionId=v", &[SECRET])]
#[case("UpdateSecretRotationPolicy", "SecretName=plain&EnableAutomaticRotation=false", &[SECRET])]
#[case("UpdateSecretVersionStage", "SecretName=plain&VersionStage=a&MoveToVersion=v1", &[SECRET])]
#[case("Encrypt", "KeyId=key-1&Plaintext=eA==", &[KEY])]
#[case("Encrypt", "KeyId=alias/app&Plaintext=eA==", &[KEY])]
#[case("GenerateDataKey", "KeyId=key-1", &[KEY])]
#[case("GenerateDataKeyWithoutPlaintext", "KeyId=key-1", &[KEY])]
fn each_operation_asks_for_itself_on_what_it_works_on(
    #[case] action: &str,
    #[case] query: &str,
    #[case] resources: &[&str],
) {
    let own = format!("kms:{action}");
    let all: Vec<_> = resources.iter().map(|resource| may(&own, resource)).collect();
    assert_ne!(outcome(action, query, &mut cloud(&json!(all))), REFUSED);
    for missing in 0..all.len() {
        let mut some = all.clone();
        some.remove(missing);
        some.push(json!({ "Effect": "Allow", "NotAction": own, "Resource": "*" }));
        assert_eq!(outcome(action, query, &mut cloud(&json!(some))), REFUSED);
    }
}

#[test]
fn decrypting_asks_about_the_key_that_the_ciphertext_names() {
    let mut state = cloud(&json!([may("kms:Decrypt", KEY)]));
    let sealed = |key: &str, state: &mut State| {
        let answer = run_as("1", "root", "Encrypt", &format!("KeyId={key}&Plaintext=eA=="), state);
        let blob = answer.expect("a ciphertext")["CiphertextBlob"].as_str().expect("a text").to_owned();
        format!("CiphertextBlob={}", blob.replace('+', "%2B").replace('=', "%3D"))
    };
    let (own, other) = (sealed("key-1", &mut state), sealed("key-2", &mut state));
    assert_eq!(outcome("Decrypt", &own, &mut state), "ok");
    assert_eq!(outcome("Decrypt", &other, &mut state), REFUSED);
}

#[rstest]
#[case("GetSecretValue", "SecretName=locked", "kms:Decrypt")]
#[case("PutSecretValue", "SecretName=locked&VersionId=v&SecretData=x", "kms:GenerateDataKey")]
#[case(
    "CreateSecret",
    "SecretName=new&VersionId=v&SecretData=x&EncryptionKeyId=alias/app",
    "kms:GenerateDataKey"
)]
fn a_key_of_ones_own_is_asked_about_too(#[case] action: &str, #[case] query: &str, #[case] also: &str) {
    let first = may(&format!("kms:{action}"), "*");
    assert_eq!(outcome(action, query, &mut cloud(&json!([first]))), REFUSED);
    assert_eq!(
        outcome(action, query, &mut cloud(&json!([first, may(also, &KEY.replace('1', "2"))]))),
        REFUSED
    );
    assert_eq!(outcome(action, query, &mut cloud(&json!([first, may(also, KEY)]))), "ok");
}

#[test]
fn a_key_that_is_gone_is_nobodys_to_ask_about() {
    let mut state = cloud(&json!([may("kms:GetSecretValue", "*")]));
    assert_eq!(outcome("GetSecretValue", "SecretName=orphan", &mut state), "Forbidden.KeyNotFound");
}

#[test]
fn a_refusal_says_nothing_of_what_is_there() {
    let mut state = cloud(&json!([]));
    let mut message =
        |query: &str, action| run_as("1", "alice", action, query, &mut state).expect_err("no rights").message;
    let there = message("SecretName=plain", "GetSecretValue");
    assert_eq!(there, message("SecretName=other", "GetSecretValue").replace("other", "plain"));
    let there = message("KeyId=alias/app", "GenerateDataKey");
    assert_eq!(there, message("KeyId=alias/other", "GenerateDataKey").replace("other", "app"));
}

#[rstest]
#[case("web", "ok")]
#[case("db", REFUSED)]
fn conditions_ask_for_the_tags_of_the_secret(#[case] team: &str, #[case] expected: &str) {
    let mut statement = may("kms:*", "*");
    statement["Condition"] = json!({ "StringEquals": { "kms:tag/team": team } });
    let mut state = cloud(&json!([statement]));
    assert_eq!(outcome("GetSecretValue", "SecretName=plain", &mut state), expected);
    assert_eq!(outcome("GetSecretValue", "SecretName=orphan", &mut state), REFUSED, "it has no tags");
}

#[test]
fn of_a_batch_each_is_allowed_or_refused_by_itself() {
    let mut state = cloud(&json!([may("kms:GetSecretValue", SECRET)]));
    let list = r#"[{"SecretName":"plain"},{"SecretName":"locked"}]"#;
    let answer = run_as("1", "alice", "BatchGetSecretValue", &format!("SecretsList={list}"), &mut state);
    let answer = answer.expect("an answer");
    assert_eq!(answer["SecretValues"][0]["SecretData"], "one");
    assert_eq!(
        (&answer["Errors"][0]["SecretName"], &answer["Errors"][0]["Code"]),
        (&json!("locked"), &json!(REFUSED))
    );
}

// The policies of secrets.

const SHARED: &str = "SecretName=acs:kms:cn-hangzhou:1:secret/shared";

fn set_policy(effect: &str, principal: &str, action: &str, state: &mut State) {
    let policy = json!({ "Version": "1", "Statement": [
        { "Effect": effect, "Principal": { "RAM": principal }, "Action": action, "Resource": "*" },
    ] });
    let query = format!("SecretName=shared&Policy={policy}");
    run_as("1", "root", "SetSecretPolicy", &query, state).expect("a policy of the right form");
}

#[rstest]
#[case::named("1", "alice", false, "Allow", "acs:ram::1:user/alice", "ok")]
#[case::role("1", "reader", false, "Allow", "acs:ram::1:role/reader", "ok")]
#[case::not_named("1", "alice", false, "Allow", "acs:ram::1:user/bob", REFUSED)]
#[case::the_account_does_not_say_whom("1", "alice", false, "Allow", "acs:ram::1:*", REFUSED)]
#[case::rights_suffice("1", "alice", true, "Allow", "acs:ram::1:user/bob", "ok")]
#[case::denied("1", "alice", true, "Deny", "acs:ram::1:user/alice", REFUSED)]
#[case::the_account_denied("1", "root", true, "Deny", "acs:ram::1:root", REFUSED)]
#[case::both_sides("2", "alice", true, "Allow", "acs:ram::2:user/alice", "ok")]
#[case::only_the_owner("2", "alice", false, "Allow", "acs:ram::2:user/alice", REFUSED)]
#[case::only_the_caller("2", "alice", true, "Allow", "acs:ram::1:*", REFUSED)]
#[case::another_account("2", "root", false, "Allow", "acs:ram::2:root", "ok")]
fn the_policy_of_a_secret_is_obeyed(
    #[case] account: &str,
    #[case] who: &str,
    #[case] has_rights: bool,
    #[case] effect: &str,
    #[case] named: &str,
    #[case] expected: &str,
) {
    let rights = if has_rights { json!([may("kms:*", "*")]) } else { json!([]) };
    let mut state = cloud(&rights);
    set_policy(effect, named, "kms:GetSecretValue", &mut state);
    let answer = run_as(account, who, "GetSecretValue", SHARED, &mut state);
    assert_eq!(answer.map_or_else(|error| error.code, |_| "ok".to_owned()), expected);
}

#[test]
fn without_a_policy_set_nobody_is_let_in_by_the_default_one() {
    assert_eq!(outcome("GetSecretValue", SHARED, &mut cloud(&json!([]))), REFUSED);
    assert_eq!(outcome("GetSecretValue", SHARED, &mut cloud(&json!([may("kms:*", "*")]))), "ok");
    let mut state = cloud(&json!([may("kms:*", "*")]));
    let strange = run_as("2", "alice", "GetSecretValue", SHARED, &mut state);
    assert_eq!(strange.expect_err("another account").code, REFUSED);
}
