//! `DeleteSecret` and `RestoreSecret`, by the fake's clock.

use fake_alicloud::ReadInDeletionWindow;
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;

use super::*;

fn delete(name: &str) -> Call {
    kms("DeleteSecret").with("SecretName", name)
}

fn restore(name: &str) -> Call {
    kms("RestoreSecret").with("SecretName", name)
}

async fn frozen() -> World {
    let world = World::new().await;
    world.fake.clock().freeze_at("2030-01-01T00:00:00Z".parse::<Timestamp>().expect("a time"));
    world
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

#[rstest]
#[case(delete("db/password"), "2030-01-31T00:00:00Z")]
#[case(delete("db/password").with("RecoveryWindowInDays", "7"), "2030-01-08T00:00:00Z")]
#[case(delete("db/password").with("ForceDeleteWithoutRecovery", "false"), "2030-01-31T00:00:00Z")]
#[tokio::test]
async fn a_deleted_secret_is_shown_with_its_end_until_it_comes(#[case] call: Call, #[case] end: &str) {
    let world = frozen().await;
    assert_eq!(ok(&world, &call).await["PlannedDeleteTime"], end);
    assert_eq!(ok(&world, &describe("db/password")).await["PlannedDeleteTime"], end);
    world.fake.clock().freeze_at(end.parse::<Timestamp>().expect("a time") - SignedDuration::from_secs(1));
    ok(&world, &describe("db/password")).await;
    world.fake.clock().advance(SignedDuration::from_secs(1));
    refused(&world, &describe("db/password"), 404, "Forbidden.ResourceNotFound").await;
    ok(&world, &create("db/password", "v1", "anew")).await;
}

#[tokio::test]
async fn a_restored_secret_is_as_it_was_and_outlives_the_window() {
    let world = frozen().await;
    ok(&world, &delete("db/password")).await;
    world.fake.clock().advance(days(29));
    assert_eq!(ok(&world, &restore("db/password")).await["SecretName"], "db/password");
    world.fake.clock().advance(days(2));
    assert_eq!(ok(&world, &read("db/password")).await["SecretData"], "second");
}

#[tokio::test]
async fn a_forced_deletion_leaves_nothing_to_restore() {
    let world = frozen().await;
    let answer = ok(&world, &delete("db/password").with("ForceDeleteWithoutRecovery", "true")).await;
    assert_eq!(answer["PlannedDeleteTime"], "2030-01-01T00:00:00Z");
    refused(&world, &restore("db/password"), 404, "Forbidden.ResourceNotFound").await;
    ok(&world, &create("db/password", "v1", "anew")).await;
}

#[rstest]
#[case(create("db/password", "v1", "x"))]
#[case(put("db/password", "v3", "x"))]
#[case(delete("db/password"))]
#[case(kms("UpdateSecret").with("SecretName", "db/password").with("Description", "x"))]
#[case(
    kms("UpdateSecretVersionStage")
        .with("SecretName", "db/password")
        .with("VersionStage", "ACSCurrent")
        .with("MoveToVersion", "v1")
)]
#[case(kms("RotateSecret").with("SecretName", "db/password").with("VersionId", "v3"))]
#[case(
    kms("UpdateSecretRotationPolicy").with("SecretName", "db/password").with("EnableAutomaticRotation", "false")
)]
#[case(
    kms("SetSecretPolicy")
        .with("SecretName", "db/password")
        .with("Policy", policies::POLICY)
)]
#[case(read("db/password"))]
#[tokio::test]
async fn within_the_window_nothing_can_be_done_to_a_secret(#[case] call: Call) {
    let world = frozen().await;
    ok(&world, &delete("db/password")).await;
    let reply = send_now(&world, &call).await;
    assert_eq!(reply.refusal(), (409, "Rejected.ResourceInDeleteWindow".to_owned()), "{}", reply.text);
    assert_eq!(reply.message(), "The secret is planned to be deleted.");
}

#[tokio::test]
async fn reading_within_the_window_is_answered_as_the_behaviour_says() {
    let world = frozen().await;
    let read_in_deletion_window = ReadInDeletionWindow::NotFound;
    world.fake.set_behaviour(Behaviour { read_in_deletion_window, ..Behaviour::default() });
    ok(&world, &delete("db/password")).await;
    refused(&world, &read("db/password"), 404, "Forbidden.ResourceNotFound").await;
}

#[rstest]
#[case("RecoveryWindowInDays", delete("db/password").with("RecoveryWindowInDays", "6"))]
#[case("RecoveryWindowInDays", delete("db/password").with("RecoveryWindowInDays", "31"))]
#[case("RecoveryWindowInDays", delete("db/password").with("RecoveryWindowInDays", "week"))]
#[case(
    "RecoveryWindowInDays",
    delete("db/password").with("RecoveryWindowInDays", "7").with("ForceDeleteWithoutRecovery", "true")
)]
#[case("ForceDeleteWithoutRecovery", delete("db/password").with("ForceDeleteWithoutRecovery", "1"))]
#[tokio::test]
async fn a_wrong_window_is_named_and_deletes_nothing(#[case] name: &str, #[case] call: Call) {
    let world = frozen().await;
    invalid(&world, &call, name).await;
    ok(&world, &read("db/password")).await;
}

#[tokio::test]
async fn only_what_was_deleted_can_be_restored() {
    let world = frozen().await;
    let reply = send_now(&world, &restore("db/password")).await;
    assert_eq!(reply.refusal(), (409, "Rejected.ResourceInUse".to_owned()));
    assert_eq!(reply.message(), "restore normal secret");
    refused(&world, &restore("nothing"), 404, "Forbidden.ResourceNotFound").await;
    refused(&world, &delete("nothing"), 404, "Forbidden.ResourceNotFound").await;
}

#[tokio::test]
async fn a_key_that_waits_for_its_end_is_gone_after_it() {
    let world = furnished().await;
    refused(&world, &read("by/leaving"), 409, "Rejected.PendingDeletion").await;
    world.fake.clock().freeze_at("2199-01-01T00:00:00Z".parse::<Timestamp>().expect("a time"));
    refused(&world, &read("by/leaving"), 404, "Forbidden.KeyNotFound").await;
}
