//! Planning through the control door, a seed and the library.

use fake_alicloud::{ControlClient, ControlError, Fault, FaultError, PlannedFault, Seed};
use reqwest::Method;
use serde_json::{Value, json};

use super::read;
use crate::world::World;

fn client(world: &World) -> ControlClient {
    ControlClient::new(world.fake.control_url()).expect("a URL")
}

#[rstest::rstest]
#[case(r#"{"effect":"reset","action":"GetSecretValue"}"#, &["fault-1"])]
#[case(r#"[{"effect":"reset","name":"one"},{"effect":{"stall":{"at":"body"}}}]"#, &["one", "fault-2"])]
#[case("- effect: refuse\n  name: one\n- effect: { quotas: sts }\n  name: two\n", &["one", "two"])]
#[tokio::test]
async fn one_fault_or_several_can_be_planned_at_the_door(#[case] body: &str, #[case] ids: &[&str]) {
    let world = World::new().await;
    let (status, text) = world.control(Method::POST, "/faults", body).await;
    assert_eq!(status, 200, "{text}");
    let planned: Vec<PlannedFault> = serde_json::from_str(&text).expect("faults");
    assert_eq!(planned.iter().map(|planned| &planned.id).collect::<Vec<_>>(), ids);
    assert_eq!(client(&world).faults().await.expect("a fake"), planned);
    assert_eq!(world.fake.faults(), planned);
}

#[tokio::test]
async fn the_door_tells_how_often_a_fault_fired_and_what_remains() {
    let world = World::new().await;
    let control = client(&world);
    let fault = Fault::error("InternalError").named("broken").after(1).times(3).probability(1.0);
    let planned = control.plan(std::slice::from_ref(&fault)).await.expect("a fault").remove(0);
    let seed = planned.fault.seed.expect("a seed is told");
    for _ in 0..3 {
        world.send(&read()).await;
    }
    let (_, text) = world.control(Method::GET, "/faults", "").await;
    let told: Value = serde_json::from_str(&text).expect("JSON");
    let fault = json!({"name": "broken", "after": 1, "times": 3, "probability": 1.0, "seed": seed,
        "effect": {"error": {"code": "InternalError"}}});
    let expected = json!([{"id": "broken", "fault": fault, "matched": 3, "fired": 2, "remaining": 1}]);
    assert_eq!(told, expected);
}

#[tokio::test]
async fn faults_are_removed_one_by_one_and_all_at_once() {
    let world = World::new().await;
    let control = client(&world);
    let names = ["one", "two", "three"];
    control.plan(&names.map(|name| Fault::reset().named(name))).await.expect("faults");
    control.remove_fault("two").await.expect("a fault");
    let ids: Vec<_> = world.fake.faults().into_iter().map(|planned| planned.id).collect();
    assert_eq!(ids, ["one", "three"]);
    let error = control.remove_fault("two").await.expect_err("it is gone");
    assert!(matches!(error, ControlError::Refused { status: 404, .. }), "{error}");
    assert!(error.to_string().ends_with("there is no fault `two`; planned: one, three"), "{error}");
    control.clear_faults().await.expect("a fake");
    assert_eq!(world.fake.faults(), []);
    assert_eq!(world.send(&read()).await.status, 200);
}

#[tokio::test]
async fn a_mistake_plans_nothing_and_is_told() {
    let world = World::new().await;
    let body = r#"[{"effect":"reset"},{"effect":"reset","probability":2}]"#;
    let (status, text) = world.control(Method::POST, "/faults", body).await;
    assert!(status == 400 && text.contains("cannot fire with a probability of 2"), "{text}");
    let (status, text) = world.control(Method::POST, "/faults", r#"{"effect":"reset","tims":2}"#).await;
    assert!(status == 400 && text.contains("at line 1, column 19: unknown field `tims`"), "{text}");
    let (status, _) = world.control(Method::POST, "/faults", r#"{"effect":"reset","name":"a"}"#).await;
    assert_eq!(status, 200);
    let again = r#"[{"effect":"reset"},{"effect":"reset","name":"a"}]"#;
    let (status, text) = world.control(Method::POST, "/faults", again).await;
    assert!(status == 409 && text.contains("cannot plan a second fault of the name `a`"), "{text}");
    assert_eq!(world.fake.faults().len(), 1);
    let taken = world.fake.plan(Fault::reset().named("a"));
    assert_eq!(taken, Err(FaultError::Taken { name: "a".to_owned() }));
}

#[tokio::test]
async fn a_seed_plans_faults_with_the_rest_or_not_at_all() {
    let world = World::new().await;
    let seed = "faults: [{ name: broken, effect: { error: { code: InternalError } }, times: 1 }]";
    let seed = Seed::from_yaml(seed).expect("a seed");
    world.fake.seed(&seed).expect("a fake without it");
    assert_eq!(world.send(&read()).await.status, 500);
    let again = world.fake.seed(&seed).expect_err("it is there");
    assert_eq!(
        again.to_string(),
        "cannot add the seed at line 1, column 10: the fault broken exists already"
    );
    let half = "accounts: [{ id: '3', accessKeys: [{ id: third, secret: x }] }]\n\
                faults: [{ name: broken, effect: reset }]";
    assert!(world.fake.seed(&Seed::from_yaml(half).expect("a seed")).is_err());
    assert!(!world.fake.export().to_json().contains("third"), "all or nothing");
}

#[tokio::test]
async fn a_fault_of_a_seed_that_cannot_be_is_told_with_its_place() {
    let error = Seed::from_yaml("faults:\n  - { effect: reset, times: 0 }\n").expect_err("a mistake");
    let text = "cannot read the seed at line 2, column 5: \
                cannot plan a fault that fires 0 times: leave `times` out, or say 1 or more";
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn a_reset_forgets_what_is_planned_and_an_export_leaves_it_out() {
    let world = World::new().await;
    world.fake.plan(Fault::reset().named("cut")).expect("a fault");
    assert!(!world.fake.export().to_json().contains("cut"));
    client(&world).reset().await.expect("a fake");
    assert_eq!(world.fake.faults(), []);
}

#[tokio::test]
async fn the_faults_of_the_readme_can_be_planned() {
    let readme = include_str!("../../../README.md");
    let example = readme.split("```yaml\n").find(|block| block.starts_with("faults:")).expect("an example");
    let example = example.split("```").next().expect("its end");
    let world = World::new().await;
    world.fake.seed(&Seed::from_yaml(example).expect("a seed")).expect("an empty plan");
    let ids: Vec<_> = world.fake.faults().into_iter().map(|planned| planned.id).collect();
    assert_eq!(ids, ["busy", "fault-2"]);
}
