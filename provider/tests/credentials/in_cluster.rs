//! Reading service accounts from within a cluster.

use std::time::{Duration, Instant};

use rstest::rstest;
use tonic::Code;

use super::api_server::{ApiServer, Says, certificates};
use super::world::{Mount, Setup, Subject, World, move_clock, role};

fn provider(world: &World, server: &ApiServer) -> Subject {
    let mut cloud = world.cloud(Setup::Pods);
    cloud.kubernetes = server.access();
    Subject::new(cloud)
}

#[tokio::test]
async fn the_pods_token_and_authority_open_the_api() {
    let world = World::start().await;
    let server = ApiServer::start(&role("reader")).await;
    let provider = provider(&world, &server);
    assert_eq!(provider.mount(&Mount::as_pod(&world, "reader")).await.unwrap(), "value-of-a");
    assert_eq!(server.answers(), [200]);
}

#[tokio::test]
async fn a_token_that_rotated_is_used_as_soon_as_the_one_before_is_refused() {
    let world = World::start().await;
    let server = ApiServer::start(&role("reader")).await;
    let provider = provider(&world, &server);
    provider.mount(&Mount::as_pod(&world, "reader")).await.unwrap();
    server.take_only("second");
    server.mount("token", "second");
    move_clock(Duration::from_secs(61)).await;
    provider.mount(&Mount::as_pod(&world, "reader")).await.unwrap();
    assert_eq!(server.answers(), [200, 401, 200]);
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_tried_twice_and_named() {
    let world = World::start().await;
    let server = ApiServer::start(&role("reader")).await;
    server.take_only("another");
    let provider = provider(&world, &server);
    let status = provider.mount(&Mount::as_pod(&world, "reader")).await.unwrap_err();
    assert_eq!((status.code(), server.answers()), (Code::Unauthenticated, vec![401, 401]));
    assert!(status.message().contains("does not take the provider's own token"), "{status:?}");
    assert!(!status.message().contains("first") && world.fake.journal().is_empty(), "{status:?}");
}

#[rstest]
#[case::rbac(Says::Status(403), Code::Unauthenticated, "verb get on serviceaccounts")]
#[case::gone(Says::Status(404), Code::Unauthenticated, "there is no service account shop/reader")]
#[case::conflict(Says::Status(409), Code::Unauthenticated, "with Because (HTTP 409)")]
#[case::garbage(Says::Garbage, Code::Unknown, "the answer is no service account")]
#[tokio::test]
async fn an_api_that_does_not_tell_the_role_fails_the_mount_at_once(
    #[case] says: Says,
    #[case] code: Code,
    #[case] expected: &str,
) {
    let world = World::start().await;
    let server = ApiServer::start(&role("reader")).await;
    server.say(says);
    let provider = provider(&world, &server);
    let status = provider.mount(&Mount::as_pod(&world, "reader")).await.unwrap_err();
    assert_eq!((status.code(), server.answers().len()), (code, 1), "{status:?}");
    assert!(status.message().contains(expected) && !status.message().contains("hunter2"), "{status:?}");
    assert!(world.fake.journal().is_empty());
}

#[tokio::test]
async fn a_silent_api_is_answered_before_the_caller_gives_up() {
    let world = World::start().await;
    let server = ApiServer::start(&role("reader")).await;
    server.say(Says::Nothing);
    let provider = provider(&world, &server);
    let started = Instant::now();
    let status = provider.mount(&Mount::as_pod(&world, "reader").within("1S")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown);
    assert!(status.message().contains("the Kubernetes API did not answer in time"), "{status:?}");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn another_authority_is_not_trusted() {
    let world = World::start().await;
    let server = ApiServer::start(&role("reader")).await;
    server.mount("ca.crt", &certificates().0);
    let provider = provider(&world, &server);
    let status = provider.mount(&Mount::as_pod(&world, "reader")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown);
    assert!(status.message().contains("invalid peer certificate"), "{status:?}");
    assert!(server.answers().is_empty());
}
