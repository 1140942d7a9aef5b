//! `Encrypt`, `Decrypt` and the data keys.

use base64::{Engine, engine::general_purpose::STANDARD};
use rstest::rstest;

use super::*;

const CONTEXT: &str = r#"{"tenant":"a","app":"b"}"#;
const SAME_CONTEXT: &str = r#"{"app":"b","tenant":"a"}"#;

fn encrypt(key: &str, plaintext: &[u8]) -> Call {
    kms("Encrypt").with("KeyId", key).with("Plaintext", &STANDARD.encode(plaintext))
}

fn decrypt(blob: &str) -> Call {
    kms("Decrypt").with("CiphertextBlob", blob)
}

fn data_key(key: &str) -> Call {
    kms("GenerateDataKey").with("KeyId", key)
}

fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap_or_else(|| panic!("no {field} in {answer}")).to_owned()
}

async fn sealed(world: &World, call: &Call) -> String {
    text(&ok(world, call).await, "CiphertextBlob")
}

#[rstest]
#[case("key-1")]
#[case("alias/app")]
#[case("acs:kms:cn-hangzhou:1111111111111111:key/key-1")]
#[case("acs:kms:cn-hangzhou:1111111111111111:alias/app")]
#[tokio::test]
async fn what_was_encrypted_is_decrypted_by_the_key_it_names(#[case] key: &str) {
    let world = furnished().await;
    let encrypted = ok(&world, &encrypt(key, b"hello")).await;
    let decrypted = ok(&world, &decrypt(&text(&encrypted, "CiphertextBlob"))).await;
    assert_eq!(STANDARD.decode(text(&decrypted, "Plaintext")).expect("Base64"), b"hello");
    assert_eq!((&encrypted["KeyId"], &decrypted["KeyId"]), (&json!("key-1"), &json!("key-1")));
    assert_eq!(encrypted["KeyVersionId"], decrypted["KeyVersionId"]);
}

#[tokio::test]
async fn the_context_must_be_the_same_in_whatever_order() {
    let world = furnished().await;
    let blob = sealed(&world, &encrypt("key-1", b"hello").with("EncryptionContext", CONTEXT)).await;
    ok(&world, &decrypt(&blob).with("EncryptionContext", SAME_CONTEXT)).await;
    invalid(&world, &decrypt(&blob), "CiphertextBlob").await;
    invalid(&world, &decrypt(&blob).with("EncryptionContext", r#"{"tenant":"b"}"#), "CiphertextBlob").await;
}

#[rstest]
#[case(data_key("key-1"), 32)]
#[case(data_key("key-1").with("KeySpec", "AES_128"), 16)]
#[case(data_key("key-1").with("KeySpec", "AES_128").with("NumberOfBytes", "1024"), 1024)]
#[tokio::test]
async fn a_data_key_comes_plain_and_encrypted(#[case] call: Call, #[case] length: usize) {
    let world = furnished().await;
    let answer = ok(&world, &call).await;
    let plaintext = text(&answer, "Plaintext");
    assert_eq!(STANDARD.decode(&plaintext).expect("Base64").len(), length);
    let decrypted = ok(&world, &decrypt(&text(&answer, "CiphertextBlob"))).await;
    assert_eq!(text(&decrypted, "Plaintext"), plaintext);
}

#[tokio::test]
async fn a_data_key_without_its_plaintext_can_be_decrypted_later() {
    let world = furnished().await;
    let answer = ok(&world, &kms("GenerateDataKeyWithoutPlaintext").with("KeyId", "key-1")).await;
    assert!(answer.get("Plaintext").is_none());
    let decrypted = ok(&world, &decrypt(&text(&answer, "CiphertextBlob"))).await;
    assert_eq!(STANDARD.decode(text(&decrypted, "Plaintext")).expect("Base64").len(), 32);
}

#[tokio::test]
async fn a_key_in_an_instance_is_used_where_it_is_or_through_internet_access() {
    let world = furnished().await;
    let here = |call: Call| call.at("kst-closed.cryptoservice.kms.aliyuncs.com");
    let blob = sealed(&world, &here(encrypt("key-closed", b"hello"))).await;
    ok(&world, &here(decrypt(&blob))).await;
    ok(&world, &here(data_key("key-closed"))).await;
    refused(&world, &decrypt(&blob), 400, "UnsupportedOperation").await;
    refused(&world, &encrypt("key-closed", b"hello"), 400, "UnsupportedOperation").await;
    refused(&world, &here(encrypt("key-1", b"hello")), 404, "Forbidden.ResourceNotFound").await;
    ok(&world, &encrypt("key-open", b"hello")).await;
}

#[tokio::test]
async fn a_key_that_is_switched_off_decrypts_nothing() {
    let world = furnished().await;
    let blob = sealed(&world, &encrypt("key-1", b"hello")).await;
    world.fake.reset();
    world.fake.seed(&Seed::from_yaml(crate::world::SEED).expect("a seed")).expect("an empty fake");
    refused(&world, &decrypt(&blob), 404, "Forbidden.KeyNotFound").await;
    let off = "accounts: [{ id: '1111111111111111', keys: [{ id: key-1, state: Disabled }] }]";
    world.fake.seed(&Seed::from_yaml(off).expect("a seed")).expect("no such key");
    refused(&world, &decrypt(&blob), 409, "Rejected.Disabled").await;
}

#[tokio::test]
async fn another_accounts_ciphertext_is_refused() {
    let world = furnished().await;
    let blob = sealed(&world, &encrypt("key-1", b"hello")).await;
    let call = Call::kms("Decrypt", STRANGER).with("CiphertextBlob", &blob);
    refused(&world, &call, 403, "Forbidden.NoPermission").await;
}

#[rstest]
#[case::no_key(encrypt("key-9", b"x"), 404, "Forbidden.KeyNotFound")]
#[case::no_alias(encrypt("alias/other", b"x"), 404, "Forbidden.AliasNotFound")]
#[case::abroad(encrypt("key-abroad", b"x"), 404, "Forbidden.KeyNotFound")]
#[case::abroad_by_arn(
    encrypt("acs:kms:ap-southeast-1:1111111111111111:key/key-abroad", b"x"),
    404,
    "Forbidden.KeyNotFound"
)]
#[case::foreign(
    encrypt("acs:kms:cn-hangzhou:2222222222222222:key/key-foreign", b"x"),
    403,
    "Forbidden.NoPermission"
)]
#[case::disabled(encrypt("key-disabled", b"x"), 409, "Rejected.Disabled")]
#[case::leaving(data_key("key-leaving"), 409, "Rejected.PendingDeletion")]
#[case::empty(data_key("key-empty"), 409, "Rejected.PendingImport")]
#[case::recipient(data_key("key-1").with_form("Recipient", "{}"), 400, "UnsupportedOperation")]
#[case::dry_run(encrypt("key-1", b"x").with("DryRun", "true"), 400, "DryRunOperationError")]
#[case::dry_run_data_key(data_key("key-1").with("DryRun", "true"), 400, "DryRunOperationError")]
#[case::dry_run_wrong(decrypt("AQID").with("DryRun", "true"), 400, "ValidationError")]
#[case::dry_run_foreign(
    encrypt("acs:kms:cn-hangzhou:2222222222222222:key/key-foreign", b"x").with("DryRun", "true"),
    403,
    "AccessDeniedError"
)]
#[case::no_blob(decrypt(""), 400, "MissingCiphertextBlob")]
#[case::no_plaintext(encrypt("key-1", b""), 400, "MissingPlaintext")]
#[tokio::test]
async fn each_refusal_has_its_status_and_code(#[case] call: Call, #[case] status: u16, #[case] code: &str) {
    refused(&furnished().await, &call, status, code).await;
}

#[rstest]
#[case("KeyId", encrypt("key 1", b"x"))]
#[case("Plaintext", kms("Encrypt").with("KeyId", "key-1").with("Plaintext", "no Base64"))]
#[case("Plaintext", kms("Encrypt").with("KeyId", "key-1").with_form("Plaintext", &STANDARD.encode([0; 6_145])))]
#[case("CiphertextBlob", decrypt("no Base64"))]
#[case("CiphertextBlob", decrypt("AQID"))]
#[case("EncryptionContext", encrypt("key-1", b"x").with("EncryptionContext", "tenant=a"))]
#[case("KeySpec", data_key("key-1").with("KeySpec", "RSA_2048"))]
#[case("NumberOfBytes", data_key("key-1").with("NumberOfBytes", "1025"))]
#[tokio::test]
async fn a_wrong_parameter_is_named(#[case] name: &str, #[case] call: Call) {
    invalid(&furnished().await, &call, name).await;
}
