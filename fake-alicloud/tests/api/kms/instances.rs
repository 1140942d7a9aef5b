//! Dedicated instances: their own gateways, and the shared one as a way into them.

use rstest::rstest;

use super::*;

fn at(instance: &str, call: Call) -> Call {
    call.at(&format!("{instance}.cryptoservice.kms.aliyuncs.com"))
}

fn in_instance(id: &str) -> Call {
    create("a", "v", "x").with("DKMSInstanceId", id)
}

#[tokio::test]
async fn a_secret_can_be_created_in_an_instance_and_is_described_with_it() {
    let world = furnished().await;
    let created = ok(&world, &in_instance("kst-open").with("EncryptionKeyId", "key-open")).await;
    assert_eq!(created["DKMSInstanceId"], "kst-open");
    let described = ok(&world, &describe("a")).await;
    assert_eq!(
        (&described["DKMSInstanceId"], &described["EncryptionKeyId"]),
        (&json!("kst-open"), &json!("key-open"))
    );
    assert_eq!(data_of(&world, &read("a")).await, "x");
    assert_eq!(data_of(&world, &at("kst-open", read("a"))).await, "x");
}

#[tokio::test]
async fn the_gateway_of_an_instance_serves_its_own_secrets_by_name_and_arn() {
    let world = furnished().await;
    assert_eq!(data_of(&world, &at("kst-closed", read("in/closed"))).await, "closed");
    let arn = "acs:kms:cn-hangzhou:1111111111111111:secret/in/closed";
    assert_eq!(data_of(&world, &at("kst-closed", read(arn))).await, "closed");
    assert_eq!(
        data_of(&world, &at("kst-abroad", read("in/abroad"))).await,
        "abroad",
        "its region is its own"
    );
}

#[rstest]
#[case::of_another(at("kst-closed", read("in/open")), 404, "Forbidden.ResourceNotFound")]
#[case::of_none(at("kst-closed", read("db/password")), 404, "Forbidden.ResourceNotFound")]
#[case::management(at("kst-closed", describe("in/closed")), 400, "UnsupportedOperation")]
#[case::writing(at("kst-closed", put("in/closed", "v2", "x")), 400, "UnsupportedOperation")]
#[case::unknown(at("kst-unknown", read("in/closed")), 403, "Forbidden.DKMSInstanceNotFound")]
#[case::foreign(at("kst-foreign", read("in/closed")), 403, "Forbidden.DKMSInstanceNotFound")]
#[case::off(at("kst-off", read("in/off")), 403, "Forbidden.DKMSInstanceStateInvalid")]
#[case::old(at("kst-old", read("in/old")), 400, "MissingParameter")]
#[case::shared_without_access(read("in/closed"), 400, "UnsupportedOperation")]
#[case::shared_off(read("in/off"), 403, "Forbidden.DKMSInstanceStateInvalid")]
#[case::shared_released(read("in/released"), 403, "Forbidden.DKMSInstanceNotFound")]
#[case::create_unknown(in_instance("kst-unknown"), 403, "Forbidden.DKMSInstanceNotFound")]
#[case::create_nonsense(in_instance("an instance"), 403, "Forbidden.DKMSInstanceNotFound")]
#[case::create_foreign(in_instance("kst-foreign"), 403, "Forbidden.DKMSInstanceNotFound")]
#[case::create_abroad(in_instance("kst-abroad"), 403, "Forbidden.DKMSInstanceNotFound")]
#[case::create_off(in_instance("kst-off"), 403, "Forbidden.DKMSInstanceStateInvalid")]
#[case::key_elsewhere(in_instance("kst-open").with("EncryptionKeyId", "key-1"), 400, "InvalidParameter")]
#[tokio::test]
async fn each_refusal_has_its_status_and_code(#[case] call: Call, #[case] status: u16, #[case] code: &str) {
    refused(&furnished().await, &call, status, code).await;
}

#[tokio::test]
async fn an_old_image_asks_for_a_header_of_its_own_protocol() {
    let world = furnished().await;
    let reply = world.send(&at("kst-old", read("in/closed"))).await;
    assert_eq!(reply.message(), "The parameter \"x-kms-acccesskeyid\" is needed but not provided.");
}

#[tokio::test]
async fn managing_what_is_in_an_instance_needs_no_internet_access() {
    let world = furnished().await;
    ok(&world, &put("in/closed", "v2", "further")).await;
    assert_eq!(data_of(&world, &at("kst-closed", read("in/closed"))).await, "further");
}
