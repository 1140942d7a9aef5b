//! The control door through the library's own client, and the same through the library's doors.

use std::time::Duration;

use fake_alicloud::{
    Behaviour, CallFilter, ClockChange, ControlClient, ControlError, Eviction, Options, Outcome, Seed,
};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::Value;

use crate::{
    client::{Call, minutes_from_now},
    world::{ROOT, World},
};

const PATIENCE: Duration = Duration::from_secs(20);

fn read() -> Call {
    Call::kms("GetSecretValue", ROOT).with("SecretName", "db/password")
}

fn client(world: &World) -> ControlClient {
    ControlClient::new(world.fake.control_url()).expect("a URL")
}

/// What a seed holds, whatever the order of its fields.
fn content(seed: &Seed) -> Value {
    serde_json::from_str(&seed.to_json()).expect("JSON")
}

#[tokio::test]
async fn an_export_makes_the_same_cloud_again() {
    let (one, other) = (World::new().await, World::new().await);
    let put = Call { action: "PutSecretValue".to_owned(), ..read() }.with("VersionId", "v3");
    one.send(&put.with("VersionStages", r#"["canary"]"#).with_form("SecretData", "t\u{7f}\u{85}\u{feff}d"))
        .await;
    one.fake.set_behaviour(Behaviour { eviction: Eviction::Oldest, ..Behaviour::default() });
    let exported = client(&one).export().await.expect("an export");

    let target = client(&other);
    target.reset().await.expect("a fake");
    target.seed(&exported).await.expect("a seed");
    assert_eq!(content(&target.export().await.expect("an export")), content(&exported));
    assert_eq!(content(&other.fake.export()), content(&exported));
    assert_eq!(other.fake.behaviour().eviction, Eviction::Oldest);
    let canary = other.send(&read().with("VersionStage", "canary")).await.json();
    assert_eq!(
        (&canary["VersionId"], &canary["SecretData"]),
        (&"v3".into(), &"t\u{7f}\u{85}\u{feff}d".into())
    );
    assert_eq!(other.send(&read()).await.json()["SecretData"], "second");
}

#[tokio::test]
async fn the_seed_of_the_readme_survives_an_export() {
    let readme = include_str!("../../README.md");
    let text =
        readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let world = World::new().await;
    world.fake.reset();
    world.fake.seed(&Seed::from_yaml(text).expect("a seed")).expect("an empty fake");
    let exported = world.fake.export();
    world.fake.reset();
    world.fake.seed(&exported).expect("an empty fake");
    assert_eq!(content(&world.fake.export()), content(&exported));
    let counts = [("secrets", 3), ("keys", 1), ("instances", 1), ("parameters", 1)];
    let identities = [("users", 1), ("roles", 1), ("policies", 1), ("oidcProviders", 1)];
    for (kind, count) in counts.into_iter().chain(identities) {
        let exported = content(&exported);
        assert_eq!(exported["accounts"][0][kind].as_array().map(Vec::len), Some(count), "{kind}: {exported}");
    }
}

#[tokio::test]
async fn a_seed_takes_the_place_of_all_accounts_and_leaves_what_happened() {
    let world = World::new().await;
    let control = client(&world);
    assert_eq!(world.send(&read()).await.status, 200);
    let other = r#"{"accounts": [{"id": "1111111111111111", "secrets": [
        {"name": "other", "versions": [{"id": "v", "data": "kept"}]}]}]}"#;
    control.replace(&Seed::from_yaml(other).expect("a seed")).await.expect("a fake");
    assert_eq!(
        content(&control.export().await.expect("an export"))["accounts"][0]["secrets"][0]["name"],
        "other"
    );
    assert_eq!(control.count_calls(&CallFilter::action("GetSecretValue")).await.expect("a journal"), 1);

    let error = world.control(Method::PUT, "/seed", "accounts:\n  - id: x\n").await;
    assert_eq!(error.0, 400, "{}", error.1);
    assert!(control.export().await.expect("an export").to_json().contains("kept"));
}

#[tokio::test]
async fn the_clock_can_be_frozen_advanced_and_released() {
    let world = World::new().await;
    let control = client(&world);
    let moment: Timestamp = "2031-05-06T07:08:09Z".parse().expect("a time");
    let frozen = control.change_clock(ClockChange::FreezeAt(moment)).await.expect("a clock");
    assert_eq!((frozen.now, frozen.frozen), (moment, true));
    let call = Call { date: "2031-05-06T07:08:09Z".to_owned(), ..read() };
    assert_eq!(world.send(&call).await.status, 200, "the fake's clock decides what is late");

    let advance = ClockChange::AdvanceBy(SignedDuration::from_mins(16));
    control.change_clock(advance).await.expect("a clock");
    assert_eq!(world.fake.clock().now(), moment + SignedDuration::from_mins(16));
    let call = Call { date: "2031-05-06T07:08:09Z".to_owned(), ..read() };
    assert_eq!(world.send(&call).await.refusal().1, "InvalidTimeStamp.Expired");

    assert!(!control.change_clock(ClockChange::Release).await.expect("a clock").frozen);
    assert!(!control.clock().await.expect("a clock").frozen);
    assert_eq!(world.send(&Call { date: minutes_from_now(0), ..read() }).await.status, 200);
}

#[tokio::test]
async fn calls_can_be_counted_chosen_and_waited_for() {
    let world = World::new().await;
    let control = client(&world);
    world.send(&read()).await;
    world.send(&read().with("VersionId", "v9")).await;
    let reads = CallFilter::action("GetSecretValue");
    let refused = CallFilter { outcome: Some(Outcome::Failure), ..reads.clone() };
    assert_eq!(control.count_calls(&reads).await.expect("a count"), 2);
    assert_eq!(control.calls(&refused).await.expect("calls"), world.fake.calls(&refused));
    assert_eq!(world.fake.calls(&refused).len(), 1);

    let third = read();
    let (waited, inside, _) = tokio::join!(
        control.wait_for_calls(&reads, 3, PATIENCE),
        world.fake.wait_for_calls(&reads, 3, PATIENCE),
        world.send(&third),
    );
    assert_eq!(waited.expect("calls").len(), 3);
    assert_eq!(inside.len(), 3);
    let in_vain = control.wait_for_calls(&reads, 4, Duration::from_millis(1)).await;
    assert_eq!(in_vain.expect("calls").len(), 3);
}

#[tokio::test]
async fn a_bounded_journal_keeps_the_newest_calls() {
    let world = World::with(Options { journal_capacity: 2, ..Options::default() }).await;
    for _ in 0..3 {
        world.send(&read()).await;
    }
    let numbers: Vec<_> = world.fake.journal().iter().map(|call| call.sequence).collect();
    assert_eq!(numbers, [2, 3]);
    let after = CallFilter { after: Some(2), ..CallFilter::default() };
    assert_eq!(client(&world).count_calls(&after).await.expect("a count"), 1);
}

#[tokio::test]
async fn behaviour_comes_from_options_seed_and_door_and_a_reset_goes_back() {
    let oldest = Behaviour { eviction: Eviction::Oldest, ..Behaviour::default() };
    let world = World::with(Options { behaviour: oldest.clone(), ..Options::default() }).await;
    let control = client(&world);
    assert_eq!(control.behaviour().await.expect("a behaviour"), oldest);
    let seed = Seed::from_yaml("behaviour: { eviction: oldestWithoutStage }").expect("a seed");
    control.seed(&seed).await.expect("a fake");
    assert_eq!(world.fake.behaviour(), Behaviour::default());
    control.set_behaviour(&oldest).await.expect("a fake");
    assert_eq!(world.fake.behaviour(), oldest);
    world.fake.set_behaviour(Behaviour::default());
    control.reset().await.expect("a fake");
    assert_eq!(world.fake.behaviour(), oldest);
}

#[tokio::test]
async fn certificates_can_be_had_at_the_door() {
    let world = World::new().await;
    let control = client(&world);
    assert_eq!(control.ca_pem().await.expect("a certificate"), world.fake.ca_pem());
    let instance = control.instance_ca_pem("kst-one").await.expect("a certificate");
    assert_eq!(Some(instance), world.fake.instance_ca_pem("kst-one"));
    let error = control.instance_ca_pem("../etc").await.expect_err("no instance");
    assert!(matches!(error, ControlError::Refused { status: 404, .. }), "{error}");
}

#[tokio::test]
async fn a_refusal_tells_what_was_asked_and_why_not() {
    let world = World::new().await;
    let again = Seed::from_yaml(crate::world::SEED).expect("a seed");
    let error = client(&world).seed(&again).await.expect_err("it is there");
    let text = error.to_string();
    let start = format!("the control door refused POST {}/seed with status 409: ", world.fake.control_url());
    assert!(text.starts_with(&start) && text.contains("exists already"), "{text}");

    let gone = client(&world);
    world.fake.stop().await;
    let error = gone.clock().await.expect_err("no fake");
    assert!(matches!(error, ControlError::Unreachable { .. }), "{error}");
}

#[rstest::rstest]
#[case("/clock", r#"{"freezeAt":"soon"}"#)]
#[case("/clock", r#""stop""#)]
#[case("/behaviour", r#"{"eviction":"newest"}"#)]
#[case("/behaviour", r#"{"evictions":"oldest"}"#)]
#[tokio::test]
async fn a_mistake_changes_nothing(#[case] path: &str, #[case] body: &str) {
    let world = World::new().await;
    let (status, text) = world.control(Method::PUT, path, body).await;
    assert!(status == 400 && text.contains("cannot read the "), "{text}");
    assert_eq!(world.fake.behaviour(), Behaviour::default());
    assert!(!world.fake.clock().read().frozen);
}

#[tokio::test]
async fn the_door_describes_itself() {
    let world = World::new().await;
    let get = async |path| {
        let (status, text) = world.control(Method::GET, path, "").await;
        assert_eq!(status, 200);
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    let description = get("/openapi.json").await;
    assert_eq!(description["openapi"], "3.1.0");
    assert!(get("/seed.schema.json").await["$defs"]["Behaviour"].is_object(), "the description refers to it");

    // The fields of an entry are those that the description tells of.
    world.send(&read()).await;
    let entry = get("/journal").await[0].as_object().expect("an entry").keys().cloned().collect::<Vec<_>>();
    let described = &description["components"]["schemas"]["JournalEntry"]["properties"];
    let mut described: Vec<_> = described.as_object().expect("fields").keys().cloned().collect();
    described.sort();
    assert_eq!(entry, described);
}
