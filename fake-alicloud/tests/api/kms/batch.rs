//! `BatchGetSecretValue`.

use rstest::rstest;

use super::*;

fn batch(list: &Value) -> Call {
    kms("BatchGetSecretValue").with("SecretsList", &list.to_string())
}

#[tokio::test]
async fn each_secret_is_found_or_refused_on_its_own() {
    let world = furnished().await;
    let answer = ok(
        &world,
        &batch(&json!([
            { "SecretName": "db/password", "VersionStage": "ACSPrevious", "FetchExtendedConfig": "true" },
            { "SecretName": "nothing" },
            { "SecretName": "in/closed" },
            { "SecretName": "in/open", "VersionId": "v1", "FetchExtendedConfig": false },
            { "SecretName": "acs:kms:cn-hangzhou:2222222222222222:secret/a" },
        ])),
    )
    .await;
    let values = answer["SecretValues"].as_array().expect("an array");
    let found: Vec<_> = values.iter().map(|value| (&value["SecretName"], &value["SecretData"])).collect();
    assert_eq!(found, [(&json!("db/password"), &json!("first")), (&json!("in/open"), &json!("open"))]);
    let errors = answer["Errors"].as_array().expect("an array");
    let refused: Vec<_> = errors.iter().map(|error| (&error["Code"], &error["HttpStatus"])).collect();
    let expected = [
        (json!("Forbidden.ResourceNotFound"), json!(404)),
        (json!("UnsupportedOperation"), json!(400)),
        (json!("Forbidden.NoPermission"), json!(403)),
    ];
    assert_eq!(refused, expected.iter().map(|(code, status)| (code, status)).collect::<Vec<_>>());
    assert_eq!(
        (&errors[0]["SecretName"], &errors[0]["Message"]),
        (&json!("nothing"), &json!("Resource not found."))
    );
}

#[rstest]
#[case(json!([]))]
#[case(json!("db/password"))]
#[case(json!([{ "SecretName": "a", "Stage": "x" }]))]
#[case(json!([{ "SecretName": "a" }, { "SecretName": "a" }]))]
#[case(json!([{ "SecretName": "a", "FetchExtendedConfig": "yes" }]))]
#[case((0..21).map(|number| json!({ "SecretName": format!("s{number}") })).collect())]
#[tokio::test]
async fn a_wrong_list_is_refused_whole(#[case] list: Value) {
    invalid(&World::new().await, &batch(&list), "SecretsList").await;
}

#[tokio::test]
async fn a_batch_is_not_for_the_gateway_of_an_instance() {
    let world = furnished().await;
    let call = batch(&json!([{ "SecretName": "in/open" }])).at("kst-open.cryptoservice.kms.aliyuncs.com");
    refused(&world, &call, 400, "UnsupportedOperation").await;
    refused(&world, &kms("BatchGetSecretValue"), 400, "MissingSecretsList").await;
}
