//! Planned faults, effect by effect, as a client sees them.

mod connection;
mod damage;
mod doors;

use std::time::Duration;

use fake_alicloud::{
    CallFilter, Effect, ErrorEffect, Fault, FaultProduct, JournalEntry, Outcome, QuotaPreset, Speaker,
};
use jiff::SignedDuration;
use tokio::time::timeout;

use crate::{
    client::{Call, Reply},
    world::{ALICE, ROOT, STRANGER, World},
};

const PATIENCE: Duration = Duration::from_secs(20);
/// How long it is seen that nothing comes.
const SILENCE: Duration = Duration::from_millis(100);

fn read() -> Call {
    Call::kms("GetSecretValue", ROOT).with("SecretName", "db/password")
}

fn put(version_id: &str) -> Call {
    let call = Call::kms("PutSecretValue", ROOT).with("SecretName", "db/password");
    call.with("VersionId", version_id).with_form("SecretData", "third")
}

fn met(world: &World, fault: &str) -> Vec<JournalEntry> {
    world.fake.calls(&CallFilter { fault: Some(fault.to_owned()), ..CallFilter::default() })
}

#[tokio::test]
async fn a_planned_refusal_comes_as_often_as_it_was_planned() {
    let world = World::new().await;
    world.fake.plan(Fault::error("Rejected.Throttling").named("busy").after(1).times(2)).expect("a fault");
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(world.send(&read()).await.status);
    }
    assert_eq!(statuses, [200, 429, 429, 200]);
    let calls = met(&world, "busy");
    assert!(calls.iter().all(|call| call.code.as_deref() == Some("Rejected.Throttling")));
    assert_eq!(calls.len(), 2);
    let failed = CallFilter { outcome: Some(Outcome::Failure), ..CallFilter::default() };
    assert_eq!(world.fake.calls(&failed), calls);
}

#[tokio::test]
async fn a_refused_operation_has_not_run() {
    let world = World::new().await;
    world
        .fake
        .plan(Fault::error("ServiceUnavailableTemporary").action("PutSecretValue").once())
        .expect("a fault");
    assert_eq!(world.send(&put("v3")).await.refusal(), (503, "ServiceUnavailableTemporary".to_owned()));
    assert_eq!(world.send(&read()).await.json()["SecretData"], "second");
    assert_eq!(world.send(&put("v3")).await.status, 200);
}

#[rstest::rstest]
#[case("Throttling", 400, Speaker::Gateway)]
#[case("Throttling.User", 400, Speaker::Gateway)]
#[case("Throttling.Api", 400, Speaker::Gateway)]
#[case("InternalError", 500, Speaker::Gateway)]
#[case("ServiceUnavailable", 503, Speaker::Gateway)]
#[case("Rejected.Throttling", 429, Speaker::Product)]
#[case("InternalFailure", 500, Speaker::Product)]
#[case("ServiceUnavailableTemporary", 503, Speaker::Product)]
#[tokio::test]
async fn known_codes_have_their_status_and_layer(
    #[case] code: &str,
    #[case] status: u16,
    #[case] speaker: Speaker,
) {
    let world = World::new().await;
    world.fake.plan(Fault::error(code)).expect("a known code");
    let reply = world.send(&read()).await;
    assert_eq!(reply.refusal(), (status, code.to_owned()));
    let json = reply.json();
    assert_eq!(json.get("HostId").is_some(), speaker == Speaker::Gateway, "{json}");
    assert_eq!(json.get("HttpStatus").is_some(), speaker == Speaker::Product, "{json}");
}

#[tokio::test]
async fn a_refusal_may_say_anything_in_either_words_and_with_headers() {
    let world = World::new().await;
    let error = ErrorEffect::new("InvalidSecurityToken.Expired")
        .status(403)
        .message("not today")
        .by(Speaker::Product)
        .header("x-acs-retry-after", "2")
        .header("x-ratelimit-user", "Limit:1,TimeLeft:1500");
    world.fake.plan(Fault::new(Effect::Error(error))).expect("a fault");
    let reply = world.send(&read()).await;
    assert_eq!(reply.refusal(), (403, "InvalidSecurityToken.Expired".to_owned()));
    assert_eq!((reply.message().as_str(), &reply.json()["HttpStatus"]), ("not today", &403.into()));
    assert_eq!(reply.headers["x-acs-retry-after"], "2");
    assert_eq!(reply.headers["x-ratelimit-user"], "Limit:1,TimeLeft:1500");
    let xml = world.send(&read().with("Format", "XML")).await;
    assert!(xml.text.contains("<Code>InvalidSecurityToken.Expired</Code>"), "{}", xml.text);
}

#[tokio::test]
async fn a_call_that_the_gateway_refuses_anyway_meets_no_fault() {
    let world = World::new().await;
    world.fake.plan(Fault::error("InternalError")).expect("a fault");
    let forged = Call { key: (ROOT.0.to_owned(), "guessed".to_owned()), ..read() };
    assert_eq!(world.send(&forged).await.refusal().1, "SignatureDoesNotMatch");
    let unknown = Call { action: "Nothing".to_owned(), ..read() };
    assert_eq!(world.send(&unknown).await.refusal().1, "InvalidAction.NotFound");
    assert_eq!(world.fake.faults()[0].matched, 0);
    assert!(world.fake.journal().iter().all(|call| call.fault.is_none()));
}

#[tokio::test]
async fn a_fault_chooses_by_what_the_call_says_and_who_calls() {
    let world = World::new().await;
    let by_alice = |call: Call| Call { key: (ALICE.0.to_owned(), ALICE.1.to_owned()), ..call };
    let fault = Fault::error("InternalError")
        .product(FaultProduct::Kms)
        .action("Get*")
        .resource("db/*")
        .region("cn-hangzhou")
        .account("1111111111111111")
        .caller("*:user/alice");
    world.fake.plan(fault).expect("a fault");
    let hits = async |call: Call| world.send(&call).await.status == 500;
    assert!(hits(by_alice(read())).await);
    let arn = "acs:kms:cn-hangzhou:1111111111111111:secret/db/password";
    assert!(
        hits(by_alice(Call::kms("GetSecretValue", ROOT).with("SecretName", arn))).await,
        "by its ARN too"
    );
    assert!(!hits(read()).await, "another caller");
    assert!(!hits(by_alice(put("v3"))).await, "another action");
    assert!(!hits(by_alice(read().with("RegionId", "ap-southeast-1"))).await, "another region");
    assert!(!hits(by_alice(Call::kms("GetSecretValue", ROOT).with("SecretName", "other"))).await);
}

#[tokio::test]
async fn a_delayed_call_is_held_and_goes_on_when_its_fault_is_removed() {
    let world = World::new().await;
    world.fake.plan(Fault::delay(Duration::from_secs(3600)).named("slow")).expect("a fault");
    let call = read();
    let mut answer = Box::pin(world.send(&call));
    assert!(timeout(SILENCE, &mut answer).await.is_err());
    assert_eq!(world.fake.faults()[0].fired, 1);
    assert!(world.fake.remove_fault("slow"));
    let reply: Reply = timeout(PATIENCE, answer).await.expect("an answer");
    assert_eq!(reply.json()["SecretData"], "second");
    assert_eq!(met(&world, "slow").len(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_a_delayed_call_has_called() {
    let world = World::new().await;
    world.fake.plan(Fault::delay(Duration::from_secs(3600)).named("slow")).expect("a fault");
    assert!(timeout(SILENCE, world.send(&put("v3"))).await.is_err());
    let left = CallFilter { fault: Some("slow".to_owned()), ..CallFilter::default() };
    let calls = world.fake.wait_for_calls(&left, 1, PATIENCE).await;
    assert_eq!((calls[0].action.as_str(), calls[0].status), ("PutSecretValue", 0));
    world.fake.clear_faults();
    assert_eq!(world.send(&read()).await.json()["SecretData"], "second", "it has not run");
}

#[tokio::test]
async fn a_quota_is_each_accounts_in_each_region_and_goes_by_the_fakes_clock() {
    let world = World::new().await;
    world.fake.clock().freeze();
    world.fake.plan(Fault::quota_per_second(2).action("GetSecretValue")).expect("a fault");
    let refused = (429, "Rejected.Throttling".to_owned());
    assert_eq!([world.send(&read()).await.status, world.send(&read()).await.status], [200, 200]);
    assert_eq!(world.send(&read()).await.refusal(), refused);
    assert_eq!(world.send(&put("v3")).await.status, 200, "another action");
    assert_eq!(world.send(&read().with("RegionId", "ap-southeast-1")).await.status, 200);
    let stranger = Call { key: (STRANGER.0.to_owned(), STRANGER.1.to_owned()), ..read() };
    assert_eq!(world.send(&stranger).await.status, 404);
    world.fake.clock().advance(SignedDuration::from_secs(1));
    assert_eq!([world.send(&read()).await.status, world.send(&read()).await.status], [200, 200]);
    assert_eq!(world.send(&read()).await.refusal(), refused);
}

#[tokio::test]
async fn the_quotas_of_the_shared_gateway_hold_when_they_are_planned() {
    let world = World::new().await;
    world.fake.clock().freeze();
    world.fake.plan(Fault::quotas(QuotaPreset::KmsSharedGateway)).expect("a fault");
    let create = |number: usize| {
        let call = Call::kms("CreateSecret", ROOT).with("SecretName", &format!("s{number}"));
        call.with("VersionId", "v1").with_form("SecretData", "x")
    };
    for number in 0..10 {
        assert_eq!(world.send(&create(number)).await.status, 200);
    }
    assert_eq!(world.send(&create(10)).await.refusal(), (429, "Rejected.Throttling".to_owned()));
    assert_eq!(world.send(&read()).await.status, 200);
    world.fake.clear_faults();
    assert_eq!(world.send(&create(10)).await.status, 200);
}

#[tokio::test]
async fn other_products_word_it_as_the_gateway_does() {
    let world = World::new().await;
    world.fake.clock().freeze();
    world.fake.plan(Fault::quota_per_second(1).product(FaultProduct::Oos)).expect("a fault");
    let list = || Call { version: "2019-06-01".to_owned(), ..Call::kms("ListParameters", ROOT) };
    assert_eq!(world.send(&list()).await.status, 200);
    assert_eq!(world.send(&list()).await.refusal(), (400, "Throttling.User".to_owned()));
}

#[tokio::test]
async fn chance_is_the_same_in_every_fake_with_the_same_seed() {
    let choices = async || {
        let world = World::new().await;
        world.fake.plan(Fault::error("InternalError").probability(0.5).seed(42)).expect("a fault");
        let mut choices = Vec::new();
        for _ in 0..20 {
            choices.push(world.send(&read()).await.status == 500);
        }
        choices
    };
    let first = choices().await;
    assert_eq!(choices().await, first);
    assert!(first.contains(&true) && first.contains(&false), "{first:?}");
}
