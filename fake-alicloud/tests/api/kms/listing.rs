//! `ListSecrets` and `ListSecretVersionIds`.

use rstest::rstest;

use super::*;

fn list() -> Call {
    kms("ListSecrets")
}

fn filtered(filters: &Value) -> Call {
    list().with("PageSize", "100").with("Filters", &filters.to_string())
}

fn versions(name: &str) -> Call {
    kms("ListSecretVersionIds").with("SecretName", name)
}

fn names(answer: &Value) -> Vec<&str> {
    let secrets = answer["SecretList"]["Secret"].as_array().expect("an array");
    secrets.iter().map(|secret| secret["SecretName"].as_str().expect("a text")).collect()
}

fn ids(answer: &Value) -> Vec<&str> {
    let versions = answer["VersionIds"]["VersionId"].as_array().expect("an array");
    versions.iter().map(|version| version["VersionId"].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn secrets_are_listed_by_name_in_pages_with_a_total() {
    let world = World::new().await;
    for name in ["b", "a", "c"] {
        ok(&world, &create(name, "v", "x")).await;
    }
    let first = ok(&world, &list().with("PageSize", "3")).await;
    assert_eq!(names(&first), ["a", "b", "c"]);
    assert_eq!(
        (&first["PageNumber"], &first["PageSize"], &first["TotalCount"]),
        (&json!(1), &json!(3), &json!(4))
    );
    assert_eq!(
        names(&ok(&world, &list().with("PageSize", "3").with("PageNumber", "2")).await),
        ["db/password"]
    );
    assert!(names(&ok(&world, &list().with("PageNumber", "9")).await).is_empty());
    let abroad = ok(&world, &list().at("kms.ap-southeast-1.aliyuncs.com")).await;
    assert_eq!((names(&abroad), &abroad["PageSize"]), (vec!["db/password"], &json!(10)));
}

#[tokio::test]
async fn a_list_tells_all_but_the_data() {
    let world = World::new().await;
    let tags = r#"[{"TagKey":"team","TagValue":"payments"}]"#;
    ok(&world, &create("a", "v", "hunter2").with("Tags", tags)).await;
    ok(&world, &kms("DeleteSecret").with("SecretName", "a")).await;
    let reply = world.send(&list().with("FetchTags", "true")).await;
    assert!(!reply.text.contains("hunter2"), "{}", reply.text);
    let answer = reply.json();
    let secret = &answer["SecretList"]["Secret"][0];
    assert_eq!(secret["SecretType"], "Generic");
    assert_eq!(secret["Tags"]["Tag"][0], json!({ "TagKey": "team", "TagValue": "payments" }));
    for time in ["CreateTime", "UpdateTime", "PlannedDeleteTime"] {
        assert_eq!(secret[time].as_str().map(str::len), Some("2024-01-01T00:00:00Z".len()), "{time}");
    }
    assert!(ok(&world, &list()).await["SecretList"]["Secret"][0].get("Tags").is_none());
}

#[rstest]
#[case(json!([{ "Key": "SecretName", "Values": ["in/open", "in/off", "in"] }]), &["in/off", "in/open"])]
#[case(json!([{ "Key": "Description", "Values": ["for tests"] }]), &["tagged"])]
#[case(json!([{ "Key": "TagKey", "Values": ["team"] }]), &["tagged"])]
#[case(json!([{ "Key": "TagValue", "Values": ["payments"] }]), &["tagged"])]
#[case(json!([{ "Key": "TagKey", "Values": ["payments"] }]), &[])]
#[case(json!([{ "Key": "DKMSInstanceId", "Values": ["kst-open"] }]), &["in/open"])]
#[case(json!([{ "Key": "SecretType", "Values": ["RDS"] }]), &[])]
#[case(json!([{ "Key": "Creator", "Values": ["2222222222222222"] }]), &[])]
#[case(
    json!([{ "Key": "SecretType", "Values": ["Generic"] }, { "Key": "SecretName", "Values": ["in/open"] }]),
    &["in/open"]
)]
#[tokio::test]
async fn values_of_a_filter_are_alternatives_and_all_filters_must_pass(
    #[case] filters: Value,
    #[case] expected: &[&str],
) {
    let world = furnished().await;
    let tags = r#"[{"TagKey":"team","TagValue":"payments"}]"#;
    ok(&world, &create("tagged", "v", "x").with("Tags", tags).with("Description", "for tests")).await;
    let answer = ok(&world, &filtered(&filters)).await;
    assert_eq!(names(&answer), expected);
    assert_eq!(answer["TotalCount"], expected.len());
}

#[tokio::test]
async fn the_creator_is_the_account() {
    let world = World::new().await;
    let filters = json!([{ "Key": "Creator", "Values": ["1111111111111111"] }]);
    assert_eq!(names(&ok(&world, &filtered(&filters)).await), ["db/password"]);
}

#[tokio::test]
async fn versions_without_a_stage_are_listed_on_demand() {
    let world = World::new().await;
    ok(&world, &put("db/password", "v3", "third")).await;
    let answer = ok(&world, &versions("db/password")).await;
    assert_eq!(ids(&answer), ["v2", "v3"]);
    assert_eq!(
        answer["VersionIds"]["VersionId"][1]["VersionStages"],
        json!({ "VersionStage": ["ACSCurrent"] })
    );
    assert_eq!((&answer["PageSize"], &answer["TotalCount"]), (&json!(20), &json!(2)));
    let all = versions("db/password").with("IncludeDeprecated", "true");
    assert_eq!(ids(&ok(&world, &all).await), ["v1", "v2", "v3"]);
    assert_eq!(ids(&ok(&world, &all.with("PageSize", "2").with("PageNumber", "2")).await), ["v3"]);
    refused(&world, &versions("nothing"), 404, "Forbidden.ResourceNotFound").await;
}

#[rstest]
#[case("PageNumber", list().with("PageNumber", "0"))]
#[case("PageNumber", list().with("PageNumber", "-1"))]
#[case("PageSize", list().with("PageSize", "101"))]
#[case("PageSize", versions("db/password").with("PageSize", "0"))]
#[case("FetchTags", list().with("FetchTags", "yes"))]
#[case("IncludeDeprecated", versions("db/password").with("IncludeDeprecated", "yes"))]
#[case("Filters", list().with("Filters", "SecretName=a"))]
#[case("Filters", filtered(&json!([{ "Key": "Colour", "Values": ["red"] }])))]
#[case("Filters", filtered(&json!([{ "Key": "SecretName", "Values": [] }])))]
#[case("Filters", filtered(&json!([{ "Key": "SecretName", "Values": vec!["x"; 11] }])))]
#[case("Filters", filtered(&json!(vec![json!({ "Key": "SecretName", "Values": ["x"] }); 11])))]
#[tokio::test]
async fn a_wrong_parameter_is_named(#[case] name: &str, #[case] call: Call) {
    invalid(&World::new().await, &call, name).await;
}
