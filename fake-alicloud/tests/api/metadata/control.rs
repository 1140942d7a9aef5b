//! Changing the instance, and planned faults of the service.

use std::time::Duration;

use fake_alicloud::{
    CallFilter, ControlClient, ControlError, Effect, ErrorEffect, Fault, FaultProduct, HttpTokens,
    Malformation,
};
use reqwest::Method;
use tokio::time::timeout;

use super::{ITEM, TOKEN, ask, get, instance, token, world_with};
use crate::{
    client::Call,
    world::{ROOT, World},
};

#[tokio::test]
async fn the_door_tells_the_instance_and_changes_it() {
    let world = World::new().await;
    let control = ControlClient::new(world.fake.control_url()).expect("a URL");
    let error = control.ecs_instance().await.expect_err("there is none");
    assert!(matches!(error, ControlError::Refused { status: 404, .. }), "{error}");
    control.set_ecs_instance(&instance()).await.expect("an instance");
    let mut told = control.ecs_instance().await.expect("an instance");
    assert_eq!((told.role.as_deref(), told.zone.as_deref()), (Some("node"), Some("cn-hangzhou-a")));
    assert_eq!(world.fake.ecs_instance().as_ref(), Some(&told));

    told.role = None;
    told.http_tokens = HttpTokens::Required;
    control.set_ecs_instance(&told).await.expect("an instance");
    assert_eq!(get(&world, ITEM).await.status, 403);
    let body = "{ instanceId: i-demo, account: '1', role: other }";
    assert_eq!(world.control(Method::PUT, "/metadata", body).await.0, 204);
    assert_eq!(get(&world, "/latest/meta-data/ram/security-credentials").await.text, "other");
}

#[tokio::test]
async fn a_mistake_leaves_the_instance_as_it_is() {
    let world = world_with(|_| {}).await;
    let (status, text) = world.control(Method::PUT, "/metadata", "{ instanceId: x, account: '1' }").await;
    assert!(status == 400 && text.contains("cannot use `instanceId`"), "{text}");
    let (status, text) = world.control(Method::PUT, "/metadata", "{ instance: x }").await;
    assert!(status == 400 && text.contains("at line 1, column 3: unknown field `instance`"), "{text}");
    assert_eq!(get(&world, "/latest/meta-data/instance-id").await.text, "i-demo");
}

#[tokio::test]
async fn a_change_of_the_same_instance_keeps_its_tokens_and_another_instance_does_not() {
    let world = world_with(|_| {}).await;
    let token = token(&world, "60").await;
    let status = async || ask(&world, Method::GET, ITEM, &[(TOKEN, &token)]).await.status;
    let mut changed = instance();
    changed.http_tokens = HttpTokens::Required;
    world.fake.set_ecs_instance(&changed).expect("an instance");
    assert_eq!(status().await, 200);
    changed.instance_id = "i-other".to_owned();
    world.fake.set_ecs_instance(&changed).expect("an instance");
    assert_eq!(status().await, 403);
}

#[tokio::test]
async fn faults_meet_the_service_by_action_and_path() {
    let world = world_with(|_| {}).await;
    let error = || ErrorEffect::new("ServiceUnavailable").header("x-why", "planned");
    let fault = |error| Fault::new(Effect::Error(error)).product(FaultProduct::Metadata);
    world.fake.plan(fault(error()).resource("meta-data/region-*").named("down").once()).expect("a fault");
    world.fake.plan(fault(error().status(404)).action("CreateToken").named("old")).expect("a fault");
    assert_eq!(get(&world, "/latest/meta-data/zone-id").await.status, 200);
    let reply = get(&world, ITEM).await;
    assert_eq!((reply.status, &reply.headers["x-why"]), (503, &"planned".parse().expect("a value")));
    assert_eq!(get(&world, ITEM).await.status, 200);
    assert_eq!(ask(&world, Method::PUT, super::TOKEN_PATH, &[(super::LIFE, "60")]).await.status, 404);
    let met = |name: &str| CallFilter { fault: Some(name.to_owned()), ..CallFilter::default() };
    assert_eq!(world.fake.calls(&met("down"))[0].code.as_deref(), Some("ServiceUnavailable"));
    assert_eq!(world.fake.calls(&met("old"))[0].action, "CreateToken");
}

#[tokio::test]
async fn the_service_can_stall_break_off_and_talk_nonsense() {
    let world = world_with(|_| {}).await;
    let of_metadata = |fault: Fault| fault.product(FaultProduct::Metadata).once();
    world.fake.plan(of_metadata(Fault::malform(Malformation::Empty))).expect("a fault");
    let reply = get(&world, ITEM).await;
    assert_eq!((reply.status, reply.text.as_str()), (200, ""));
    world.fake.plan(of_metadata(Fault::reset())).expect("a fault");
    let url = format!("{}{ITEM}", world.fake.metadata_url());
    assert!(world.http.get(&url).send().await.is_err());
    world.fake.plan(of_metadata(Fault::truncate())).expect("a fault");
    assert!(world.http.get(&url).send().await.expect("a head").text().await.is_err());
    world.fake.plan(of_metadata(Fault::stall())).expect("a fault");
    assert!(timeout(Duration::from_millis(100), get(&world, ITEM)).await.is_err());
    assert_eq!(get(&world, ITEM).await.text, "cn-hangzhou");
}

#[tokio::test]
async fn a_fault_for_all_products_meets_the_service_too_and_one_of_kms_does_not() {
    let world = world_with(|_| {}).await;
    world.fake.plan(Fault::error("InternalError").product(FaultProduct::Kms)).expect("a fault");
    assert_eq!(get(&world, ITEM).await.status, 200);
    let read = Call::kms("GetSecretValue", ROOT).with("SecretName", "db/password");
    assert_eq!(world.send(&read).await.status, 500);
    world.fake.clear_faults();
    world.fake.plan(Fault::error("InternalError")).expect("a fault");
    assert_eq!(get(&world, ITEM).await.status, 500);
}
