//! How often the cloud is asked: what is shared, what is remembered, and what is not.

use std::time::Duration;

use csi_secrets_store_provider_alibabacloud::config::Cloud;
use csi_secrets_store_provider_alibabacloud::store::cache;
use fake_alicloud::{Effect, ErrorEffect, Fault, FaultProduct, Malformation};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tonic::Code;

use super::world::{Mount, Setup, Subject, World};

const WINDOW: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3_600);

fn remembering(cloud: Cloud, serve_stale: Option<Duration>) -> Subject {
    let settings = cache::Settings { window: Some(WINDOW), serve_stale, bytes: 1 << 20 };
    Subject::new(Cloud { cache: settings, ..cloud })
}

fn refusal(code: &str, status: u16) -> Fault {
    Fault::new(Effect::Error(ErrorEffect::new(code).status(status)))
}

/// Moves the provider's clock, and not a moment longer, since nothing real goes on while it is moved.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn sixty_first_mounts_at_once_cost_one_session_and_one_call_per_object() {
    let world = World::start().await;
    let provider = remembering(world.cloud(Setup::RamRole), None);
    let mount = async |pod: u32| {
        let objects = "[{objectName: a}, {objectName: b}, {objectName: a, objectAlias: c}]";
        let mount = Mount::new().objects(objects).of_pod(&pod.to_string());
        provider.respond(&mount).await.unwrap().files.len()
    };
    assert_eq!(join_all((0..60).map(mount)).await, vec![3; 60]);
    assert_eq!((world.calls("AssumeRole"), world.calls("GetSecretValue")), (1, 2));
}

#[tokio::test]
async fn a_republish_costs_nothing_within_the_window_and_one_call_after_it() {
    let world = World::start().await;
    let provider = remembering(world.cloud(Setup::RamRole), None);
    let mount = Mount::new().of_pod("1-2");
    provider.mount(&mount).await.unwrap();
    assert_eq!(provider.mount(&mount).await.unwrap(), "value-of-a");
    assert_eq!(world.actions(), ["AssumeRole", "GetSecretValue"]);
    pass(WINDOW).await;
    provider.mount(&mount).await.unwrap();
    assert_eq!(world.actions(), ["AssumeRole", "GetSecretValue", "GetSecretValue"]);
}

#[rstest]
#[case::of_another_pod(Mount::new().of_pod("1-3"))]
#[case::of_nobody_knows_which_pod(Mount::new())]
#[tokio::test]
async fn a_first_mount_always_asks(#[case] first: Mount) {
    let world = World::start().await;
    let provider = remembering(world.cloud(Setup::Keys), Some(HOUR));
    provider.mount(&Mount::new().of_pod("1-2")).await.unwrap();
    provider.mount(&first).await.unwrap();
    assert_eq!(world.calls("GetSecretValue"), 2);
}

#[tokio::test]
async fn a_mount_that_failed_is_no_first_one() {
    let world = World::start().await;
    let provider = remembering(world.cloud(Setup::Keys), None);
    provider.mount(&Mount::new().of_pod("1-2")).await.unwrap();
    let other = Mount::new().of_pod("1-3");
    provider.mount(&other.clone().objects("[{objectName: a}, {objectName: absent}]")).await.unwrap_err();
    let before = world.calls("GetSecretValue");
    provider.mount(&other).await.unwrap();
    assert_eq!(world.calls("GetSecretValue"), before + 1);
}

#[tokio::test]
async fn two_pods_of_two_roles_share_nothing() {
    let world = World::start().await;
    let provider = remembering(world.cloud(Setup::Pods), Some(HOUR));
    for account in ["reader", "clerk"] {
        let mount = Mount::as_pod(&world, account).of_pod(account);
        provider.mount(&mount).await.unwrap();
        provider.mount(&mount).await.unwrap();
    }
    assert_eq!(world.calls("GetSecretValue"), 2);
}

#[tokio::test]
async fn a_denial_ends_what_is_remembered() {
    let world = World::start().await;
    let provider = remembering(world.cloud(Setup::Keys), Some(HOUR));
    let mount = Mount::new().of_pod("1-2");
    provider.mount(&mount).await.unwrap();
    world.fake.plan(refusal("Forbidden.NoPermission", 403).product(FaultProduct::Kms)).unwrap();
    let denied = provider.mount(&Mount::new().of_pod("1-3")).await.unwrap_err();
    let denied_too = provider.mount(&mount).await.unwrap_err();
    assert_eq!((denied.code(), denied_too.code()), (Code::PermissionDenied, Code::PermissionDenied));
}

#[rstest]
#[case::internal(refusal("InternalFailure", 500))]
#[case::throttled(refusal("Rejected.Throttling", 429))]
#[case::reset(Fault::reset())]
#[case::silent(Fault::stall())]
#[tokio::test]
async fn in_an_outage_old_values_are_served_if_the_operator_wants_that(#[case] fault: Fault) {
    let world = World::start().await;
    let (stale, strict) =
        (remembering(world.cloud(Setup::Keys), Some(HOUR)), remembering(world.cloud(Setup::Keys), None));
    let mount = Mount::new().of_pod("1-2").within("2S");
    stale.mount(&mount).await.unwrap();
    strict.mount(&mount).await.unwrap();
    pass(HOUR / 2).await;
    world.fake.plan(fault.product(FaultProduct::Kms)).unwrap();
    assert_eq!(stale.mount(&mount).await.unwrap(), "value-of-a");
    assert_eq!(stale.mount(&mount.clone().of_pod("1-3")).await.unwrap(), "value-of-a");
    assert_eq!(stale.lookups("stale"), 2);
    assert_eq!(strict.mount(&mount).await.unwrap_err().code(), Code::Unknown);
    pass(HOUR / 2).await;
    assert_eq!(stale.mount(&mount).await.unwrap_err().code(), Code::Unknown);
}

#[rstest]
#[case::denied(refusal("Forbidden.NoPermission", 403))]
#[case::absent(refusal("Forbidden.ResourceNotFound", 404))]
#[case::disabled(refusal("Rejected.Disabled", 409))]
#[case::garbage(Fault::malform(Malformation::Garbage))]
#[tokio::test]
async fn what_the_cloud_refuses_is_not_served_from_memory(#[case] fault: Fault) {
    let world = World::start().await;
    let provider = remembering(world.cloud(Setup::Keys), Some(HOUR));
    let mount = Mount::new().of_pod("1-2");
    provider.mount(&mount).await.unwrap();
    pass(HOUR / 2).await;
    world.fake.plan(fault.product(FaultProduct::Kms)).unwrap();
    provider.mount(&mount).await.unwrap_err();
    assert_eq!(provider.lookups("stale"), 0);
}

#[tokio::test]
async fn an_outage_of_the_token_service_is_one_too_and_its_refusal_is_none() {
    let world = World::start().await;
    let provider = remembering(world.cloud(Setup::RamRole), Some(2 * HOUR));
    let mount = Mount::new().of_pod("1-2");
    provider.mount(&mount).await.unwrap();
    pass(HOUR).await;
    let outage = world.fake.plan(refusal("ServiceUnavailable", 503).product(FaultProduct::Sts)).unwrap();
    assert_eq!(provider.mount(&mount).await.unwrap(), "value-of-a");
    world.fake.remove_fault(&outage.id);
    let refusal_of_role = refusal("NoPermission", 403).product(FaultProduct::Sts);
    let refusal_of_role = world.fake.plan(refusal_of_role).unwrap();
    // The failure before is shared for a moment.
    pass(Duration::from_secs(2)).await;
    assert_eq!(provider.mount(&mount).await.unwrap_err().code(), Code::PermissionDenied);
    world.fake.remove_fault(&refusal_of_role.id);
    world.fake.plan(refusal("ServiceUnavailable", 503).product(FaultProduct::Sts)).unwrap();
    pass(Duration::from_secs(2)).await;
    provider.mount(&mount).await.unwrap_err();
}

/// The next call that reaches a cloud which never answers.
async fn call(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    assert!(stream.read(&mut [0; 1]).await.unwrap() > 0);
    stream
}

/// Whether whoever called is gone.
async fn ended(mut stream: TcpStream) -> bool {
    stream.read_to_end(&mut Vec::new()).await.is_ok()
}

#[tokio::test]
async fn a_mount_that_is_cancelled_stops_its_call_and_nobody_elses() {
    let world = World::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut cloud = world.cloud(Setup::Keys);
    cloud.settings.kms_endpoint = Some(format!("http://{}", listener.local_addr().unwrap()).parse().unwrap());
    let provider = remembering(cloud, None);
    let (one, two) = (Mount::new().of_pod("1-2"), Mount::new().of_pod("1-3"));
    let mut second = Box::pin(provider.mount(&two));
    let first_call = {
        let mut first = Box::pin(provider.mount(&one));
        let first_call = tokio::select! {
            _ = &mut first => panic!("the cloud is silent"),
            stream = call(&listener) => stream,
        };
        // It joins, and asks nothing of its own.
        assert!((&mut second).now_or_never().is_none());
        first_call
    };
    // Who called went away, so his call ends, and the one who waited calls.
    let second_call = tokio::select! {
        _ = &mut second => panic!("the cloud is silent"),
        (gone, stream) = async { (ended(first_call).await, call(&listener).await) } => {
            assert!(gone);
            stream
        }
    };
    drop(second);
    assert!(ended(second_call).await);
}

#[tokio::test]
async fn a_connection_that_nobody_uses_is_closed_within_a_minute() {
    let world = World::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut cloud = world.cloud(Setup::Keys);
    cloud.settings.kms_endpoint = Some(format!("http://{}", listener.local_addr().unwrap()).parse().unwrap());
    let provider = remembering(cloud, None);
    let answer = async {
        let mut stream = call(&listener).await;
        let body = r#"{"SecretData":"value-of-a","VersionId":"v1"}"#;
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream
    };
    let mount = Mount::new();
    let (value, stream) = tokio::join!(provider.mount(&mount), answer);
    assert_eq!(value.unwrap(), "value-of-a");
    // Whatever is due at a moment is done before the next.
    for _ in 0..60 {
        pass(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
    let closed = tokio::time::timeout(Duration::from_secs(1), ended(stream)).await;
    assert_eq!(closed, Ok(true));
}
