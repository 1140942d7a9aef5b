//! What each source does when something is missing, wrong, refused, throttled, broken or silent.

use std::time::{Duration, Instant};

use csi_secrets_store_provider_alibabacloud::alicloud::Credential;
use fake_alicloud::{Effect, ErrorEffect, Fault, FaultProduct, Malformation, ServiceAccountToken};
use rstest::rstest;
use tonic::Code;

use super::support;
use super::world::{KEY_ID, Mount, Setup, Subject, World, role, tokens};

fn refusal(code: &str, status: u16) -> Fault {
    Fault::new(Effect::Error(ErrorEffect::new(code).status(status)))
}

#[rstest]
#[case::throttled(refusal("Throttling.User", 400))]
#[case::internal(refusal("InternalError", 500))]
#[case::unavailable(refusal("ServiceUnavailable", 503))]
#[case::reset(Fault::reset())]
#[case::cut(Fault::truncate())]
#[tokio::test]
async fn what_may_pass_is_tried_again_with_a_new_nonce(
    #[case] fault: Fault,
    #[values(Setup::ProviderOidc, Setup::RamRole)] setup: Setup,
) {
    let world = World::start().await;
    world.fake.plan(fault.product(FaultProduct::Sts).times(2)).unwrap();
    assert_eq!(world.provider(setup).mount(&Mount::new()).await.unwrap(), "value-of-a");
    let sts = world.fake.journal().iter().filter(|entry| entry.product == "sts").count();
    assert_eq!(sts, 3);
}

#[rstest]
#[case::throttled(refusal("Rejected.Throttling", 429))]
#[case::internal(refusal("InternalFailure", 500))]
#[tokio::test]
async fn reads_are_tried_again_too(#[case] fault: Fault) {
    let world = World::start().await;
    world.fake.plan(fault.product(FaultProduct::Kms).times(2)).unwrap();
    assert_eq!(world.provider(Setup::Keys).mount(&Mount::new()).await.unwrap(), "value-of-a");
    assert_eq!(world.calls("GetSecretValue"), 3);
}

#[tokio::test]
async fn the_clouds_hint_is_honoured() {
    let world = World::start().await;
    let effect = ErrorEffect::new("Throttling.User").status(400).header("x-acs-retry-after", "700");
    world.fake.plan(Fault::new(Effect::Error(effect)).product(FaultProduct::Sts).once()).unwrap();
    let started = Instant::now();
    world.provider(Setup::RamRole).mount(&Mount::new()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(700), "{:?}", started.elapsed());
}

#[rstest]
#[case::denied(refusal("NoPermission", 403), Code::PermissionDenied)]
#[case::no_role(refusal("EntityNotExist.Role", 404), Code::NotFound)]
#[case::conflict(refusal("Rejected.Disabled", 409), Code::FailedPrecondition)]
#[case::page(Fault::malform(Malformation::Html), Code::Unknown)]
#[case::garbage(Fault::malform(Malformation::Garbage), Code::Unknown)]
#[case::empty(Fault::malform(Malformation::Empty), Code::Unknown)]
#[case::fields(Fault::malform(Malformation::MissingFields), Code::Unknown)]
#[tokio::test]
async fn what_stays_is_not_tried_again_and_nothing_else_is_used(
    #[case] fault: Fault,
    #[case] code: Code,
    #[values(Setup::ProviderOidc, Setup::RamRole)] setup: Setup,
) {
    let world = World::start().await;
    world.fake.plan(fault.product(FaultProduct::Sts)).unwrap();
    let status = world.provider(setup).mount(&Mount::new()).await.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    let actions = world.actions();
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert!(
        status.message().contains(" refused with ") || status.message().contains("answered with something")
    );
}

#[tokio::test]
async fn a_silent_token_service_is_answered_before_the_caller_gives_up() {
    let world = World::start().await;
    world.fake.plan(Fault::stall().product(FaultProduct::Sts)).unwrap();
    let started = Instant::now();
    let status = world.provider(Setup::ProviderOidc).mount(&Mount::new().within("1S")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown);
    assert!(status.message().contains("did not answer in time"), "{status:?}");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_last_try_that_the_end_of_the_time_cuts_short_does_not_hide_why_it_was_made() {
    let world = World::start().await;
    world.fake.plan(refusal("Throttling.User", 400).product(FaultProduct::Sts).once()).unwrap();
    world.fake.plan(Fault::stall().product(FaultProduct::Sts)).unwrap();
    let status = world.provider(Setup::RamRole).mount(&Mount::new().within("1S")).await.unwrap_err();
    assert!(status.message().contains("Throttling.User"), "{status:?}");
}

#[rstest]
#[case("InvalidSecurityToken.Expired", 400)]
#[case("InvalidSecurityToken.Malformed", 400)]
#[case("InvalidAccessKeyId.NotFound", 404)]
#[tokio::test]
async fn a_session_that_the_cloud_no_longer_takes_is_replaced_exactly_once(
    #[case] code: &str,
    #[case] status: u16,
    #[values(Setup::ProviderOidc, Setup::Nothing)] setup: Setup,
) {
    let world = World::start().await;
    let provider = world.provider(setup);
    provider.mount(&Mount::new()).await.unwrap();
    world.fake.plan(refusal(code, status).product(FaultProduct::Kms).once()).unwrap();
    assert_eq!(provider.mount(&Mount::new()).await.unwrap(), "value-of-a");
    assert_eq!(world.calls("GetSecretValue"), 3);
    assert_eq!(world.calls("AssumeRoleWithOIDC") + world.calls("GetRoleCredentials"), 2);
    world.fake.plan(refusal(code, status).product(FaultProduct::Kms)).unwrap();
    assert_eq!(provider.mount(&Mount::new()).await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(world.calls("GetSecretValue"), 5);
}

#[tokio::test]
async fn sixteen_objects_whose_session_was_revoked_cost_one_new_session() {
    let world = World::start().await;
    let provider = world.provider(Setup::ProviderOidc);
    provider.mount(&Mount::new()).await.unwrap();
    world
        .fake
        .plan(refusal("InvalidSecurityToken.Expired", 400).product(FaultProduct::Kms).times(16))
        .unwrap();
    // The same version asked for in sixteen ways, since what is asked for in the same way is asked for once.
    let names = ["a", "b", "acs:kms:cn-hangzhou:1111111111111111:secret/a"];
    let names = [names.as_slice(), &["acs:kms:cn-hangzhou:1111111111111111:secret/b"]].concat();
    let ways = ["", ", objectVersion: v1", ", objectVersionLabel: ACSCurrent"];
    let ways = [ways.as_slice(), &[", objectVersion: v1, objectVersionLabel: ACSCurrent"]].concat();
    let objects = names.iter().flat_map(|name| ways.iter().map(move |way| (name, way))).enumerate();
    let objects =
        objects.map(|(index, (name, way))| format!("{{objectName: '{name}', objectAlias: f{index}{way}}}"));
    let mount = Mount::new().objects(&format!("[{}]", objects.collect::<Vec<_>>().join(",")));
    let result = provider.respond(&mount).await;
    assert_eq!(result.map(|response| response.files.len()).unwrap(), 16);
    assert_eq!(world.calls("AssumeRoleWithOIDC"), 2);
}

#[tokio::test]
async fn a_key_pair_that_is_refused_is_not_tried_again() {
    let world = World::start().await;
    world.fake.plan(refusal("InvalidAccessKeyId.NotFound", 404).product(FaultProduct::Kms)).unwrap();
    let status = world.provider(Setup::Keys).mount(&Mount::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(world.calls("GetSecretValue"), 1);
}

#[rstest]
#[case::issuer("iss", "https://somebody-else/c1", "issuer \"https://somebody-else/c1\"")]
#[case::audience("aud", "vault", "audience \"vault\"")]
#[case::subject("sub", "system:serviceaccount:shop:other", "subject \"system:serviceaccount:shop:other\"")]
#[tokio::test]
async fn a_trust_that_is_refused_shows_what_was_presented(
    #[case] claim: &str,
    #[case] value: &str,
    #[case] expected: &str,
) {
    let world = World::start().await;
    let token = ServiceAccountToken::new("shop", "reader").claim(claim, value);
    let token = world.fake.mint_token(&token).unwrap();
    let key = "csi.storage.k8s.io/serviceAccount.tokens";
    let mount = Mount::as_pod(&world, "reader").attribute(key, &tokens("sts.aliyuncs.com", &token));
    let status = world.provider(Setup::Pods).mount(&mount).await.unwrap_err();
    let message = status.message();
    for part in [expected, &role("reader"), "oidc-provider/ack-rrsa-c1", "AuthenticationFail."] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!message.contains(&token) && world.calls("GetSecretValue") == 0, "{message}");
}

#[tokio::test]
async fn a_token_that_ended_is_refused_by_name() {
    let world = World::start().await;
    let token = ServiceAccountToken::new("kube-system", "csi-secrets-store-provider-alibabacloud");
    let token = token.expires_in(jiff::SignedDuration::from_secs(-60));
    world.project_token(&world.fake.mint_token(&token).unwrap());
    let status = world.provider(Setup::ProviderOidc).mount(&Mount::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert!(status.message().contains("AuthenticationFail.OIDCToken.Expired"), "{status:?}");
}

#[tokio::test]
async fn a_token_file_that_is_missing_is_an_error_and_keys_do_not_rescue_it() {
    let world = World::start().await;
    std::fs::remove_file(world.token_file()).unwrap();
    let mut cloud = world.cloud(Setup::ProviderOidc);
    cloud.identity.key_pair = world.cloud(Setup::Keys).identity.key_pair;
    let status = Subject::new(cloud).mount(&Mount::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert!(status.message().contains("ALICLOUD_OIDC_TOKEN_FILE"), "{status:?}");
    assert!(world.fake.journal().is_empty());
}

#[rstest]
#[case::rbac(403, Code::Unauthenticated, "verb get on serviceaccounts")]
#[case::trouble(500, Code::Unknown, "HTTP 500")]
#[tokio::test]
async fn a_service_account_that_cannot_be_read_fails_the_mount(
    #[case] status: u16,
    #[case] code: Code,
    #[case] expected: &str,
) {
    let world = World::start().await;
    world.cluster.fail_with(status);
    let answer = world.provider(Setup::Pods).mount(&Mount::as_pod(&world, "reader")).await.unwrap_err();
    assert_eq!(answer.code(), code);
    assert!(answer.message().contains(expected), "{answer:?}");
    assert!(world.fake.journal().is_empty());
}

#[rstest]
#[case::no_tokens(&["csi.storage.k8s.io/serviceAccount.tokens"], "tokenRequests")]
#[case::no_account(&["csi.storage.k8s.io/serviceAccount.name"], "names no service account")]
#[tokio::test]
async fn a_pods_identity_that_the_driver_does_not_send_fails_the_mount(
    #[case] missing: &[&str],
    #[case] expected: &str,
) {
    let world = World::start().await;
    let mount = missing.iter().fold(Mount::as_pod(&world, "reader"), |mount, name| mount.without(name));
    let status = world.provider(Setup::Pods).mount(&mount).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert!(status.message().contains(expected), "{status:?}");
    assert!(world.fake.journal().is_empty() && world.cluster.asked().is_empty());
}

#[tokio::test]
async fn half_of_a_pods_key_pair_names_the_other_half() {
    let world = World::start().await;
    let mount = Mount::new().secret("access_key", "LTAI5tHalf");
    let status = world.provider(Setup::Keys).mount(&mount).await.unwrap_err();
    assert!(status.message().contains("access_secret is missing"), "{status:?}");
    assert!(world.fake.journal().is_empty());
}

#[rstest]
#[case::policy("acs:ram::2222222222222222:role/closed")]
#[case::missing("acs:ram::2222222222222222:role/nobody")]
#[tokio::test]
async fn a_role_of_another_account_that_is_refused_fails_the_mount(#[case] role: &str) {
    let world = World::start().await;
    let mount = Mount::new().objects(&format!("[{{objectName: a, crossAccountRoleArn: '{role}'}}]"));
    let status = world.provider(Setup::Keys).mount(&mount).await.unwrap_err();
    let message = status.message();
    assert!(message.contains(&format!("failed to assume cross account role {role}")), "{message}");
    assert_eq!((world.calls("AssumeRole"), world.calls("GetSecretValue")), (1, 0));
}

#[tokio::test]
async fn a_role_of_another_account_needs_somebody_to_assume_it() {
    let world = World::start().await;
    let mount = Mount::as_pod(&world, "reader")
        .without("csi.storage.k8s.io/serviceAccount.tokens")
        .objects("[{objectName: a, crossAccountRoleArn: 'acs:ram::2222222222222222:role/partner'}]");
    let status = world.provider(Setup::Pods).mount(&mount).await.unwrap_err();
    assert!(status.message().contains("base credential is required for cross-account access"), "{status:?}");
}

#[tokio::test]
async fn a_base_session_that_ended_is_replaced_before_the_role_is_assumed() {
    let world = World::start().await;
    let provider = world.provider(Setup::ProviderOidc);
    provider.mount(&Mount::new()).await.unwrap();
    let fault = refusal("InvalidSecurityToken.Expired", 400).product(FaultProduct::Sts).action("AssumeRole");
    world.fake.plan(fault.once()).unwrap();
    let mount = Mount::new()
        .objects("[{objectName: a, crossAccountRoleArn: 'acs:ram::2222222222222222:role/partner'}]");
    assert_eq!(provider.mount(&mount).await.unwrap(), "value-of-partner");
    assert_eq!((world.calls("AssumeRoleWithOIDC"), world.calls("AssumeRole")), (2, 2));
}

#[tokio::test]
async fn a_wrong_key_cannot_become_a_role() {
    let world = World::start().await;
    let mut cloud = world.cloud(Setup::RamRole);
    cloud.identity.key_pair = Some(support::key_pair(Credential {
        access_key_id: KEY_ID.to_owned(),
        access_key_secret: "another-key-secret".into(),
        security_token: None,
    }));
    let status = Subject::new(cloud).mount(&Mount::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let message = status.message();
    assert!(message.contains("SignatureDoesNotMatch") && message.contains("ACCESS_KEY_ID"), "{message}");
    assert!(!message.contains("another-key-secret") && !message.contains(KEY_ID), "{message}");
}
