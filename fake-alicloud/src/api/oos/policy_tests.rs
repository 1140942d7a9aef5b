//! What each operation asks of the policies, in OOS and in KMS. The account is 1, the user alice.

use jiff::Timestamp;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    Seed,
    api::{Product, unsigned},
    policy::tests::{identity_policy, may, principal, world},
    state::State,
};

const SEED: &str = r#"
accounts:
  - id: "1"
    parameters:
      - { name: prod/password, versions: [one] }
      - { name: prod/token, versions: [one] }
      - { name: prod/host, type: String, versions: [one] }
"#;

fn cloud(statements: &Value) -> State {
    let mut state = world(&[identity_policy(statements)]);
    let region = "cn-hangzhou".parse().expect("a region");
    let seed = Seed::from_yaml(SEED).expect("a seed");
    seed.apply(&mut state, &region, Timestamp::UNIX_EPOCH).expect("no parameters before");
    state
}

/// Runs as alice with these rights and tells how it ended: `ok` or the code.
fn outcome(action: &str, query: &str, statements: &Value) -> String {
    let (alice, mut state) = (principal("1", "alice"), cloud(statements));
    let answer = unsigned::run((Product::Oos, action), query, alice, Timestamp::UNIX_EPOCH, &mut state);
    answer.map_or_else(|error| error.code, |_| "ok".to_owned())
}

#[rstest]
#[case("CreateParameter", "Name=new&Type=String&Value=x", "parameter/new")]
#[case("DeleteParameter", "Name=prod/host", "parameter/prod/host")]
#[case("DeleteSecretParameter", "Name=prod/token", "secretparameter/prod/token")]
#[case("GetParameter", "Name=prod/host", "parameter/prod/host")]
#[case("GetParameters", r#"Names=["prod/host"]"#, "parameter/prod/host")]
#[case("GetParametersByPath", "Path=prod", "parameter/*")]
#[case("GetSecretParameter", "Name=prod/token", "secretparameter/prod/token")]
#[case("GetSecretParameters", r#"Names=["prod/token"]"#, "secretparameter/prod/token")]
#[case("GetSecretParametersByPath", "Path=prod", "secretparameter/*")]
#[case("ListParameterVersions", "Name=prod/host", "parameter/prod/host")]
#[case("ListParameters", "", "parameter/*")]
#[case("ListSecretParameterVersions", "Name=prod/token", "secretparameter/prod/token")]
#[case("ListSecretParameters", "", "secretparameter/*")]
#[case("UpdateParameter", "Name=prod/host&Value=x", "parameter/prod/host")]
#[case("UpdateSecretParameter", "Name=prod/token&Value=x", "secretparameter/prod/token")]
fn each_operation_asks_for_itself_on_what_it_works_on(
    #[case] action: &str,
    #[case] query: &str,
    #[case] resource: &str,
) {
    let own = format!("oos:{action}");
    let allowed = json!([may(&own, &format!("acs:oos:cn-hangzhou:1:{resource}"))]);
    assert_eq!(outcome(action, query, &allowed), "ok");
    let others = json!([{ "Effect": "Allow", "NotAction": own, "Resource": "*" }]);
    assert_eq!(outcome(action, query, &others), "NoPermission");
    let elsewhere = json!([may(&own, "acs:oos:cn-hangzhou:1:template/*")]);
    assert_eq!(outcome(action, query, &elsewhere), "NoPermission");
}

#[rstest]
#[case("CreateSecretParameter", "Name=new&Value=x", "kms:CreateSecret", "new")]
#[case("GetSecretParameter", "Name=prod/token&WithDecryption=true", "kms:GetSecretValue", "prod/token")]
#[case(
    "GetSecretParameters",
    r#"Names=["prod/token"]&WithDecryption=true"#,
    "kms:GetSecretValue",
    "prod/token"
)]
#[case("GetSecretParametersByPath", "Path=prod&WithDecryption=true", "kms:GetSecretValue", "prod/*")]
#[case(
    "ListSecretParameterVersions",
    "Name=prod/token&WithDecryption=true",
    "kms:GetSecretValue",
    "prod/token"
)]
fn secret_values_are_asked_about_in_kms_too(
    #[case] action: &str,
    #[case] query: &str,
    #[case] also: &str,
    #[case] name: &str,
) {
    let secret = format!("acs:kms:cn-hangzhou:1:secret/{name}");
    assert_eq!(outcome(action, query, &json!([may("oos:*", "*")])), "NoPermission");
    assert_eq!(outcome(action, query, &json!([may("oos:*", "*"), may(also, &secret)])), "ok");
    assert_eq!(outcome(action, query, &json!([may("kms:*", "*")])), "NoPermission");
}

#[test]
fn one_value_that_may_not_be_read_refuses_them_all() {
    let rights = json!([may("oos:*", "*"), may("kms:GetSecretValue", "acs:kms:*:*:secret/prod/token")]);
    let path = "Path=prod&WithDecryption=true";
    assert_eq!(outcome("GetSecretParametersByPath", path, &rights), "NoPermission");
    let names = r#"Names=["prod/token","prod/password"]&WithDecryption=true"#;
    assert_eq!(outcome("GetSecretParameters", names, &rights), "NoPermission");
}
