//! `UpdateSecretVersionStage`: labels that move.

use rstest::rstest;

use super::*;

fn label(stage: &str) -> Call {
    kms("UpdateSecretVersionStage").with("SecretName", "db/password").with("VersionStage", stage)
}

#[tokio::test]
async fn what_is_current_goes_back_and_the_former_becomes_previous() {
    let world = World::new().await;
    let answer = ok(&world, &label("ACSCurrent").with("MoveToVersion", "v1")).await;
    assert_eq!(answer["SecretName"], "db/password");
    assert_eq!(data_of(&world, &read("db/password")).await, "first");
    assert_eq!(data_of(&world, &read("db/password").with("VersionStage", "ACSPrevious")).await, "second");
}

#[tokio::test]
async fn a_custom_stage_is_attached_moved_and_removed() {
    let world = World::new().await;
    let canary = read("db/password").with("VersionStage", "canary");
    ok(&world, &label("canary").with("MoveToVersion", "v1")).await;
    assert_eq!(data_of(&world, &canary).await, "first");
    ok(&world, &label("canary").with("RemoveFromVersion", "v1").with("MoveToVersion", "v2")).await;
    assert_eq!(data_of(&world, &canary).await, "second");
    ok(&world, &label("canary").with("RemoveFromVersion", "v2")).await;
    refused(&world, &canary, 404, "Forbidden.ResourceNotFound").await;
}

#[tokio::test]
async fn a_ninth_stage_is_too_many() {
    let world = World::new().await;
    for stage in ["a", "b", "c", "d", "e", "f"] {
        ok(&world, &label(stage).with("MoveToVersion", "v1")).await;
    }
    refused(&world, &label("g").with("MoveToVersion", "v1"), 400, "Rejected.LimitExceeded").await;
}

#[rstest]
#[case::neither(label("canary"), 400, "MissingParameter")]
#[case::built_in_removed(label("ACSPrevious").with("RemoveFromVersion", "v1"), 400, "MissingParameter")]
#[case::not_there(label("canary").with("RemoveFromVersion", "v1"), 400, "Rejected.InvalidRequest")]
#[case::no_move(
    label("ACSCurrent").with("RemoveFromVersion", "v2").with("MoveToVersion", "v2"),
    400,
    "Rejected.InvalidRequest"
)]
#[case::current_as_previous(label("ACSPrevious").with("MoveToVersion", "v2"), 400, "Rejected.UnsupportedOperation")]
#[case::no_version(label("canary").with("MoveToVersion", "v9"), 404, "Forbidden.ResourceNotFound")]
#[case::no_stage(label("").with("MoveToVersion", "v1"), 400, "MissingVersionStage")]
#[case::wrong_version(label("canary").with("MoveToVersion", &"v".repeat(65)), 400, "InvalidParameter")]
#[tokio::test]
async fn each_refusal_has_its_status_and_code(#[case] call: Call, #[case] status: u16, #[case] code: &str) {
    let world = World::new().await;
    refused(&world, &call, status, code).await;
    assert_eq!(data_of(&world, &read("db/password")).await, "second");
}
