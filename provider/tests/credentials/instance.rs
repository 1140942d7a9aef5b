//! The node's own instance.

use std::sync::Arc;
use std::time::Duration;

use csi_secrets_store_provider_alibabacloud::alicloud::{Client, Metadata};
use csi_secrets_store_provider_alibabacloud::metrics::Metrics;
use fake_alicloud::{EcsInstance, Effect, ErrorEffect, Fault, FaultProduct, HttpTokens, Malformation};
use futures_util::future::join_all;
use rstest::rstest;
use tokio::time::Instant;
use tonic::Code;

use super::world::{Mount, Setup, Subject, World, move_clock};

fn metadata(world: &World) -> Metadata {
    let client = Client::new(Metrics::new()).expect("a client");
    Metadata::new(Arc::new(client), world.fake.metadata_url().parse().unwrap())
}

fn refusal(status: u16) -> Fault {
    let effect = Effect::Error(ErrorEffect::new("none").status(status));
    Fault::new(effect).product(FaultProduct::Metadata)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[tokio::test]
async fn hardened_mode_is_used_and_its_token_kept() {
    let world = World::start().await;
    let mut instance = world.fake.ecs_instance().unwrap();
    instance.http_tokens = HttpTokens::Required;
    world.fake.set_ecs_instance(&instance).unwrap();
    assert_eq!(world.provider(Setup::Nothing).mount(&Mount::new()).await.unwrap(), "value-of-a");
    let product: Vec<_> = world.fake.journal().iter().map(|entry| entry.product.clone()).collect();
    assert_eq!(product, ["metadata", "metadata", "metadata", "kms"]);
}

#[rstest]
#[case(403)]
#[case(404)]
#[case(405)]
#[tokio::test]
async fn an_instance_without_hardened_mode_is_read_plainly(#[case] status: u16) {
    let world = World::start().await;
    let fault = Fault::new(Effect::Error(ErrorEffect::new("none").status(status)));
    world.fake.plan(fault.product(FaultProduct::Metadata).action("CreateToken")).unwrap();
    let session = metadata(&world).session(None, soon()).await.unwrap();
    assert!(session.credential.access_key_id.starts_with("STS."));
}

#[tokio::test]
async fn the_region_is_looked_up_once_in_the_life_of_the_process() {
    let world = World::start().await;
    let metadata = metadata(&world);
    let regions = join_all((0..20).map(|_| metadata.region(soon()))).await;
    assert!(regions.iter().all(|region| region.as_ref().unwrap().as_str() == "cn-hangzhou"));
    metadata.region(soon()).await.unwrap();
    assert_eq!(world.actions().len(), 2, "{:?}", world.actions());
}

#[tokio::test]
async fn an_instance_without_a_role_says_what_to_configure() {
    let world = World::start().await;
    let mut instance = world.fake.ecs_instance().unwrap();
    instance.role = None;
    world.fake.set_ecs_instance(&instance).unwrap();
    let status = world.provider(Setup::Nothing).mount(&Mount::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let message = status.message();
    assert!(message.contains("no RAM role is attached") && message.contains("ACCESS_KEY_ID"), "{message}");
}

#[tokio::test]
async fn a_role_that_the_operator_names_must_be_the_one_that_is_attached() {
    let world = World::start().await;
    let mut cloud = world.cloud(Setup::Nothing);
    cloud.identity.ecs_role = Some("other".to_owned());
    let status = Subject::new(cloud).mount(&Mount::new()).await.unwrap_err();
    assert!(status.message().contains("RAM role other is not the one"), "{status:?}");
    let mut cloud = world.cloud(Setup::Nothing);
    cloud.identity.ecs_role = Some("node".to_owned());
    assert_eq!(Subject::new(cloud).mount(&Mount::new()).await.unwrap(), "value-of-a");
}

#[tokio::test]
async fn a_token_that_the_instance_no_longer_takes_is_replaced_once() {
    let world = World::start().await;
    let metadata = metadata(&world);
    metadata.session(None, soon()).await.unwrap();
    let mut replaced = EcsInstance::new("i-2", "1111111111111111");
    replaced.role = Some("node".to_owned());
    world.fake.set_ecs_instance(&replaced).unwrap();
    metadata.session(None, soon()).await.unwrap();
    assert_eq!((world.calls("CreateToken"), world.calls("GetRoleName")), (2, 3));
}

#[rstest]
#[case(401)]
#[case(403)]
#[tokio::test]
async fn an_instance_that_takes_no_token_is_asked_twice_and_no_more(#[case] status: u16) {
    let world = World::start().await;
    world.fake.plan(refusal(status).action("GetRoleName")).unwrap();
    let error = metadata(&world).session(None, soon()).await.unwrap_err();
    assert!(error.to_string().contains(&format!("HTTP {status}")), "{error}");
    assert_eq!((world.calls("CreateToken"), world.calls("GetRoleName")), (2, 2));
}

#[tokio::test]
async fn a_token_is_replaced_before_it_ends() {
    let world = World::start().await;
    let metadata = metadata(&world);
    metadata.session(None, soon()).await.unwrap();
    move_clock(Duration::from_secs(20_990)).await;
    metadata.session(None, soon()).await.unwrap();
    assert_eq!(world.calls("CreateToken"), 1);
    move_clock(Duration::from_secs(20)).await;
    metadata.session(None, soon()).await.unwrap();
    assert_eq!(world.calls("CreateToken"), 2);
}

#[rstest]
#[case::throttled(refusal(429))]
#[case::internal(refusal(500))]
#[case::reset(Fault::reset().product(FaultProduct::Metadata))]
#[tokio::test]
async fn what_may_pass_at_the_instance_is_tried_again(
    #[case] fault: Fault,
    #[values("CreateToken", "GetRoleName", "GetRoleCredentials")] action: &str,
) {
    let world = World::start().await;
    world.fake.plan(fault.action(action).times(2)).unwrap();
    assert_eq!(world.provider(Setup::Nothing).mount(&Mount::new()).await.unwrap(), "value-of-a");
    assert_eq!(world.calls(action), 3);
}

#[rstest]
#[tokio::test]
async fn garbage_of_the_instance_is_an_error_that_repeats_none_of_it(
    #[values(Malformation::Garbage, Malformation::Html, Malformation::Empty)] how: Malformation,
    #[values("CreateToken", "GetRoleName", "GetRoleCredentials")] action: &str,
) {
    let world = World::start().await;
    world.fake.plan(Fault::malform(how).product(FaultProduct::Metadata).action(action)).unwrap();
    let status = world.provider(Setup::Nothing).mount(&Mount::new()).await.unwrap_err();
    assert_ne!(status.code(), Code::Ok);
    let message = status.message();
    assert!(
        message.contains("answered with something other") || message.contains("no RAM role"),
        "{message}"
    );
    assert!(!message.contains('<') && message.is_ascii(), "{message}");
    assert_eq!((world.calls(action), world.calls("GetSecretValue")), (1, 0));
}

#[tokio::test]
async fn a_silent_instance_is_answered_before_the_caller_gives_up() {
    let world = World::start().await;
    world.fake.plan(Fault::stall().product(FaultProduct::Metadata)).unwrap();
    let started = Instant::now();
    let status = world.provider(Setup::Nothing).mount(&Mount::new().within("1S")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown);
    assert!(status.message().contains("did not answer in time"), "{status:?}");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}
