//! The node's own instance.

use std::sync::Arc;
use std::time::Duration;

use csi_secrets_store_provider_alibabacloud::alicloud::{Client, Metadata};
use csi_secrets_store_provider_alibabacloud::metrics::Metrics;
use fake_alicloud::{Effect, ErrorEffect, Fault, FaultProduct, HttpTokens};
use futures_util::future::join_all;
use rstest::rstest;
use tokio::time::Instant;
use tonic::Code;

use super::world::{Mount, Setup, Subject, World};

fn metadata(world: &World) -> Metadata {
    let client = Client::new(Metrics::new()).expect("a client");
    Metadata::new(Arc::new(client), world.fake.metadata_url().parse().unwrap())
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
