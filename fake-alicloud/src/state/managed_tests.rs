use serde_json::{Value, json};

use super::*;

fn config(service: Service, fields: &Value) -> Option<ExtendedConfig> {
    ExtendedConfig::read(service, &fields.to_string())
}

fn ecs(sub_type: &str) -> Value {
    json!({ "SecretSubType": sub_type, "RegionId": "cn-hangzhou", "InstanceId": "i-1" })
}

fn redis() -> Value {
    json!({
        "SecretSubType": "DoubleUsers", "AccountName": "app", "CloneAccountName": "app_clone",
        "AccountPrivilege": "RoleReadWrite", "InstanceId": "r-1", "RegionId": "cn-hangzhou",
    })
}

fn read(value: &Hidden) -> Value {
    serde_json::from_str(value.expose()).expect("JSON")
}

fn without(mut fields: Value, name: &str) -> Value {
    fields.as_object_mut().expect("an object").remove(name);
    fields
}

fn with(mut fields: Value, name: &str, value: Value) -> Value {
    fields[name] = value;
    fields
}

#[rstest::rstest]
#[case(Service::Rds, json!({ "SecretSubType": "SingleUser" }))]
#[case(Service::Rds, json!({ "SecretSubType": "Password", "DBInstanceId": "rm-1" }))]
#[case(Service::Redis, without(redis(), "InstanceId"))]
#[case(Service::Redis, with(redis(), "CloneAccountName", json!("other")))]
#[case(Service::Redis, with(redis(), "SecretSubType", json!("SingleUser")))]
#[case(Service::PolarDb, json!({
    "SecretSubType": "DoubleUsers", "RegionId": "r", "DBClusterId": "pc-1", "DBType": "Oracle", "AccountName": "app",
}))]
#[case(Service::RamCredentials, json!({ "SecretSubType": "RamUserAccessKey", "UserName": "no blank" }))]
#[case(Service::Ecs, ecs("SingleUser"))]
#[case(Service::Ecs, with(ecs("Password"), "CustomData", json!("text")))]
#[case(Service::Ecs, with(ecs("Password"), "Padding", json!("x".repeat(1_024))))]
#[case(Service::Ecs, json!([]))]
fn a_configuration_that_lacks_something_is_refused(#[case] service: Service, #[case] fields: Value) {
    assert!(config(service, &fields).is_none());
}

#[test]
fn custom_data_is_an_empty_object_until_it_is_given() {
    let mut config = config(Service::Ecs, &ecs("Password")).expect("a configuration");
    assert_eq!(config.fields()["CustomData"], json!({}));
    assert!(config.replace_custom_data(json!({ "team": "payments" })));
    let too_many: Value =
        (0..11).map(|n| (n.to_string(), json!(n))).collect::<serde_json::Map<_, _>>().into();
    assert!(!config.replace_custom_data(too_many));
    assert_eq!(config.fields()["CustomData"], json!({ "team": "payments" }));
}

#[test]
fn a_single_account_keeps_its_name_and_gets_a_new_password() {
    let config = config(Service::Rds, &json!({ "SecretSubType": "SingleUser", "DBInstanceId": "rm-1" }))
        .expect("a configuration");
    let given = json!({ "Accounts": [{ "AccountName": "app", "AccountPassword": "first" }] }).to_string();
    let values = config.first_values(&given, Timestamp::UNIX_EPOCH).expect("one account");
    assert_eq!(read(&values.current), json!({ "AccountName": "app", "AccountPassword": "first" }));
    assert!(values.previous.is_none());
    let next = read(&config.next_value(&values.current, None, Timestamp::UNIX_EPOCH));
    assert_eq!(next["AccountName"], "app");
    assert_ne!(next["AccountPassword"], "first");
}

#[test]
fn of_a_pair_the_account_that_rests_gets_the_new_password() {
    let config = config(Service::Redis, &redis()).expect("a configuration");
    let values = config.first_values("$Auto", Timestamp::UNIX_EPOCH).expect("two accounts");
    let previous = values.previous.expect("the second account");
    assert_eq!(
        (&read(&values.current)["AccountName"], &read(&previous)["AccountName"]),
        (&json!("app"), &json!("app_clone"))
    );
    let next = config.next_value(&values.current, Some(&previous), Timestamp::UNIX_EPOCH);
    assert_eq!(read(&next)["AccountName"], "app_clone");
    assert_ne!(read(&next)["AccountPassword"], read(&previous)["AccountPassword"]);
}

#[test]
fn an_access_key_is_dated_and_replaced_whole() {
    let config =
        config(Service::RamCredentials, &json!({ "SecretSubType": "RamUserAccessKey", "UserName": "alice" }))
            .expect("a configuration");
    let given = json!({ "AccessKeys": [{ "AccessKeyId": "LTAI1", "AccessKeySecret": "s" }] }).to_string();
    let values = config.first_values(&given, Timestamp::UNIX_EPOCH).expect("a key");
    assert_eq!(read(&values.current)["GenerateTimestamp"], "1970-01-01T00:00:00Z");
    let next = read(&config.next_value(&values.current, None, Timestamp::UNIX_EPOCH));
    assert!(
        next["AccessKeyId"].as_str().is_some_and(|id| id.starts_with("LTAI5t") && id.len() == 24),
        "{next}"
    );
    assert_ne!(next["AccessKeySecret"], "s");
}

#[test]
fn a_new_pair_of_keys_can_be_loaded() {
    let config = config(Service::Ecs, &ecs("SSHKey")).expect("a configuration");
    let given = json!({ "UserName": "root", "PublicKey": "p", "PrivateKey": "q" }).to_string();
    let values = config.first_values(&given, Timestamp::UNIX_EPOCH).expect("a login");
    let next = read(&config.next_value(&values.current, None, Timestamp::UNIX_EPOCH));
    assert_eq!(next["UserName"], "root");
    assert!(
        next["PublicKey"]
            .as_str()
            .is_some_and(|key| key.starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"))
    );
    let private = next["PrivateKey"].as_str().expect("a text");
    rustls::pki_types::pem::PemObject::from_pem_slice(private.as_bytes())
        .map(|key: rustls::pki_types::PrivatePkcs8KeyDer<'_>| assert!(!key.secret_pkcs8_der().is_empty()))
        .expect("a PEM of PKCS #8");
}

#[rstest::rstest]
#[case(Service::Rds, json!({ "SecretSubType": "DoubleUsers", "DBInstanceId": "rm-1" }), "{\"Accounts\":[]}")]
#[case(Service::Redis, redis(), "given")]
#[case(Service::RamCredentials, json!({ "SecretSubType": "RamUserAccessKey", "UserName": "a" }), "{\"AccessKeys\":[]}")]
#[case(Service::Ecs, ecs("Password"), "{\"UserName\":\"root\"}")]
#[case(Service::Ecs, ecs("SSHKey"), "{\"UserName\":\"root\",\"Password\":\"p\"}")]
fn data_of_another_shape_is_refused(#[case] service: Service, #[case] fields: Value, #[case] data: &str) {
    let config = config(service, &fields).expect("a configuration");
    assert!(config.first_values(data, Timestamp::UNIX_EPOCH).is_none());
}
