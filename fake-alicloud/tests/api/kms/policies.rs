//! `GetSecretPolicy` and `SetSecretPolicy`.

use reqwest::Method;
use rstest::rstest;

use super::*;

pub(super) const POLICY: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["acs:ram::1111111111111111:user/alice"]},"Action":["kms:GetSecretValue"],"Resource":["*"]}]}"#;

fn set(name: &str, policy: &str) -> Call {
    kms("SetSecretPolicy").with("SecretName", name).with("Policy", policy)
}

fn policy_of(name: &str) -> Call {
    kms("GetSecretPolicy").with("SecretName", name)
}

#[tokio::test]
async fn a_policy_that_was_set_is_told_as_it_was_given() {
    let world = furnished().await;
    let answer = ok(&world, &set("in/open", POLICY).with("PolicyName", "default")).await;
    assert_eq!(answer.as_object().expect("an object").keys().collect::<Vec<_>>(), ["RequestId"]);
    assert_eq!(ok(&world, &policy_of("in/open").with("PolicyName", "default")).await["Policy"], POLICY);
}

#[tokio::test]
async fn a_policy_can_come_with_the_secret() {
    let world = furnished().await;
    let call = create("a", "v", "x").with("DKMSInstanceId", "kst-open");
    invalid(&world, &call.clone().with("Policy", "{}"), "Policy").await;
    ok(&world, &call.with("Policy", POLICY)).await;
    assert_eq!(ok(&world, &policy_of("a")).await["Policy"], POLICY);
}

#[tokio::test]
async fn without_one_the_account_decides() {
    let world = furnished().await;
    let answer = ok(&world, &policy_of("in/open")).await;
    let policy: Value = serde_json::from_str(answer["Policy"].as_str().expect("a text")).expect("JSON");
    assert_eq!(policy["Statement"][0]["Principal"]["RAM"], json!(["acs:ram::1111111111111111:*"]));
    assert_eq!(policy["Statement"][0]["Action"], json!(["kms:*"]));
}

#[rstest]
#[case::by_get(set("in/open", POLICY).by(Method::GET), 403, "UnsupportedHTTPMethod")]
#[case::set_shared(set("db/password", POLICY), 400, "UnsupportedOperation")]
#[case::shared(policy_of("db/password"), 400, "UnsupportedOperation")]
#[case::set_missing(set("nothing", POLICY), 404, "Forbidden.ResourceNotFound")]
#[case::missing(policy_of("nothing"), 404, "Forbidden.ResourceNotFound")]
#[case::no_policy(set("in/open", ""), 400, "MissingPolicy")]
#[tokio::test]
async fn each_refusal_has_its_status_and_code(#[case] call: Call, #[case] status: u16, #[case] code: &str) {
    refused(&furnished().await, &call, status, code).await;
}

#[rstest]
#[case("Policy", set("in/open", "Allow all"))]
#[case("PolicyName", set("in/open", POLICY).with("PolicyName", "other"))]
#[case("PolicyName", policy_of("in/open").with("PolicyName", "other"))]
#[tokio::test]
async fn a_wrong_parameter_is_named(#[case] name: &str, #[case] call: Call) {
    invalid(&furnished().await, &call, name).await;
}
