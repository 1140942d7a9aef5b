use rstest::rstest;
use serde_json::json;

use super::{DOCUMENT, answer, column, ram, refusal, with_all, world};
use crate::client::Call;

fn of_spare(action: &str) -> Call {
    ram(action).with("PolicyName", "spare")
}

fn create() -> Call {
    of_spare("CreatePolicyVersion").with("PolicyDocument", DOCUMENT)
}

fn list() -> Call {
    of_spare("ListPolicyVersions").with("PolicyType", "Custom")
}

#[tokio::test]
async fn a_version_holds_when_it_is_set_to() {
    let world = world().await;
    let second = answer(&world, &create()).await["PolicyVersion"].clone();
    assert_eq!((&second["VersionId"], &second["IsDefaultVersion"]), (&json!("v2"), &json!(false)));
    let third = answer(&world, &create().with("SetAsDefault", "true")).await["PolicyVersion"].clone();
    assert_eq!((&third["VersionId"], &third["IsDefaultVersion"]), (&json!("v3"), &json!(true)));
    answer(&world, &of_spare("SetDefaultPolicyVersion").with("VersionId", "v2")).await;
    let versions = answer(&world, &list()).await["PolicyVersions"]["PolicyVersion"].clone();
    assert_eq!(column(&versions, "VersionId"), ["v1", "v2", "v3"]);
    let holds: Vec<_> =
        versions.as_array().expect("a list").iter().map(|one| &one["IsDefaultVersion"]).collect();
    assert_eq!(holds, [&json!(false), &json!(true), &json!(false)]);
}

#[tokio::test]
async fn a_version_reads_back_as_it_was_written() {
    let world = world().await;
    let created = answer(&world, &create()).await["PolicyVersion"].clone();
    let get = of_spare("GetPolicyVersion").with("PolicyType", "Custom").with("VersionId", "v2");
    assert_eq!(answer(&world, &get).await["PolicyVersion"], created);
    assert_eq!(created["PolicyDocument"], DOCUMENT);
}

#[tokio::test]
async fn the_sixth_version_needs_a_rotation() {
    let world = world().await;
    for _ in 0..4 {
        answer(&world, &create()).await;
    }
    let refused = world.send(&create()).await;
    assert_eq!(refusal(&refused), (409, "LimitExceeded.Policy.Version".to_owned()));
    let rotate = create().with("RotateStrategy", "DeleteOldestNonDefaultVersionWhenLimitExceeded");
    assert_eq!(answer(&world, &rotate).await["PolicyVersion"]["VersionId"], "v6");
    let versions = answer(&world, &list()).await;
    assert_eq!(
        column(&versions["PolicyVersions"]["PolicyVersion"], "VersionId"),
        ["v1", "v3", "v4", "v5", "v6"]
    );
}

#[tokio::test]
async fn the_version_that_holds_cannot_be_deleted_and_others_can() {
    let world = world().await;
    answer(&world, &create()).await;
    let delete = |version: &str| of_spare("DeletePolicyVersion").with("VersionId", version);
    let refused = world.send(&delete("v1")).await;
    assert_eq!(refusal(&refused), (409, "DeleteConflict.Policy.Version.Default".to_owned()));
    answer(&world, &delete("v2")).await;
    assert_eq!(refusal(&world.send(&delete("v2")).await), (404, "EntityNotExist.Policy.Version".to_owned()));
}

#[tokio::test]
async fn the_cloud_s_policies_have_one_version() {
    let world = world().await;
    let of_cloud =
        |action: &str| ram(action).with("PolicyType", "System").with("PolicyName", "AdministratorAccess");
    let versions = answer(&world, &of_cloud("ListPolicyVersions")).await;
    let first = answer(&world, &of_cloud("GetPolicyVersion").with("VersionId", "v1")).await;
    assert_eq!(versions["PolicyVersions"]["PolicyVersion"], json!([first["PolicyVersion"]]));
    let second = world.send(&of_cloud("GetPolicyVersion").with("VersionId", "v2")).await;
    assert_eq!(refusal(&second), (404, "EntityNotExist.Policy.Version".to_owned()));
}

const NOWHERE: (&str, &str) = ("PolicyName", "nowhere");
const SPARE: (&str, &str) = ("PolicyName", "spare");
const CUSTOM: (&str, &str) = ("PolicyType", "Custom");

#[rstest]
#[case("CreatePolicyVersion", &[NOWHERE, ("PolicyDocument", DOCUMENT)], 404, "EntityNotExist.Policy")]
#[case("CreatePolicyVersion", &[SPARE, ("PolicyDocument", "{")], 400, "MalformedPolicyDocument")]
#[case("CreatePolicyVersion", &[SPARE, ("PolicyDocument", DOCUMENT), ("RotateStrategy", "Other")], 400, "InvalidParameter.RotateStrategy")]
#[case("CreatePolicyVersion", &[SPARE, ("PolicyDocument", DOCUMENT), ("SetAsDefault", "1")], 400, "InvalidParameter.SetAsDefault")]
#[case("GetPolicyVersion", &[CUSTOM, SPARE, ("VersionId", "v2")], 404, "EntityNotExist.Policy.Version")]
#[case("GetPolicyVersion", &[CUSTOM, SPARE, ("VersionId", "2")], 400, "InvalidParameter.VersionId.Format")]
#[case("GetPolicyVersion", &[CUSTOM, NOWHERE, ("VersionId", "v1")], 404, "EntityNotExist.Policy")]
#[case("ListPolicyVersions", &[CUSTOM, NOWHERE], 404, "EntityNotExist.Policy")]
#[case("SetDefaultPolicyVersion", &[SPARE, ("VersionId", "v2")], 404, "EntityNotExist.Policy.Version")]
#[case("SetDefaultPolicyVersion", &[NOWHERE, ("VersionId", "v1")], 404, "EntityNotExist.Policy")]
#[case("DeletePolicyVersion", &[NOWHERE, ("VersionId", "v1")], 404, "EntityNotExist.Policy")]
#[tokio::test]
async fn what_cannot_be_is_refused_with_its_code(
    #[case] action: &str,
    #[case] parameters: &[(&str, &str)],
    #[case] status: u16,
    #[case] code: &str,
) {
    let world = world().await;
    let reply = world.send(&with_all(ram(action), parameters)).await;
    assert_eq!(refusal(&reply), (status, code.to_owned()));
}
