//! Each source, the order among them, and how little is asked of the cloud.

use std::time::Duration;

use csi_secrets_store_provider_alibabacloud::credential::session_name::Template;
use csi_secrets_store_provider_alibabacloud::credential::setting::{Setting, sensitive};
use csi_secrets_store_provider_alibabacloud::credential::settings::{
    Provider, parse_account, parse_cluster, parse_external_id, parse_session_seconds,
};
use csi_secrets_store_provider_alibabacloud::credential::{KeyPair, Source};
use fake_alicloud::{Effect, ErrorEffect, Fault, FaultProduct};
use futures_util::future::join_all;
use rstest::rstest;
use tonic::Code;

use super::world::{
    KEY_ID, KEY_SECRET, Mount, PARTNER, PODS_KEY_ID, PODS_KEY_SECRET, Setup, Subject, World, move_clock,
    role, setting, tokens,
};

/// Settings and a mount that use a source, and who then reads.
fn using(world: &World, source: Source) -> (Setup, Mount, &'static str) {
    match source {
        Source::PodServiceAccount => (
            Setup::Pods,
            Mount::as_pod(world, "reader"),
            "acs:ram::1111111111111111:assumed-role/reader/csi-secrets-store-provider-alibaba",
        ),
        Source::ProviderOidc => (
            Setup::ProviderOidc,
            Mount::new(),
            "acs:ram::1111111111111111:assumed-role/provider/csi-secrets-store-provider-alibaba",
        ),
        Source::RamRole => (
            Setup::RamRole,
            Mount::new(),
            "acs:ram::1111111111111111:assumed-role/assumed/csi-secrets-store-provider-alibaba",
        ),
        Source::NodePublishSecret => {
            (Setup::Keys, Mount::new().key_pair(), "acs:ram::1111111111111111:user/developer")
        }
        Source::AccessKey => (Setup::Keys, Mount::new(), "acs:ram::1111111111111111:user/operator"),
        Source::EcsRamRole => (Setup::Nothing, Mount::new(), "acs:ram::1111111111111111:assumed-role/node/"),
    }
}

const ALL: [Source; 6] = [
    Source::PodServiceAccount,
    Source::ProviderOidc,
    Source::RamRole,
    Source::NodePublishSecret,
    Source::AccessKey,
    Source::EcsRamRole,
];

#[tokio::test]
async fn each_source_reads_as_whom_it_says_and_a_second_mount_asks_for_the_secret_alone() {
    for source in ALL {
        let world = World::start().await;
        let (setup, mount, reader) = using(&world, source);
        let provider = world.provider(setup);
        assert_eq!(provider.mount(&mount).await.unwrap(), "value-of-a", "{source:?}");
        assert!(world.last_reader().starts_with(reader), "{source:?}: {}", world.last_reader());
        let before = world.actions().len();
        let asked = world.cluster.asked().len();
        provider.mount(&mount).await.unwrap();
        assert_eq!(world.actions()[before..], ["GetSecretValue"], "{source:?}");
        assert_eq!(world.cluster.asked().len(), asked, "{source:?}");
    }
}

#[tokio::test]
async fn a_role_of_another_account_is_assumed_on_top_of_each_source() {
    for source in ALL {
        let world = World::start().await;
        let (setup, mount, _) = using(&world, source);
        let mount = mount.objects(&format!("[{{objectName: a, crossAccountRoleArn: '{PARTNER}'}}]"));
        let provider = world.provider(setup);
        assert_eq!(provider.mount(&mount).await.unwrap(), "value-of-partner", "{source:?}");
        let expected = "acs:ram::2222222222222222:assumed-role/partner/csi-secrets-store-cross-account";
        assert_eq!(world.last_reader(), expected, "{source:?}");
        let before = world.actions().len();
        provider.mount(&mount).await.unwrap();
        assert_eq!(world.actions()[before..], ["GetSecretValue"], "{source:?}");
    }
}

#[tokio::test]
async fn sixty_first_mounts_at_once_open_one_session_and_read_one_service_account() {
    let world = World::start().await;
    let provider = world.provider(Setup::Pods);
    let mounts: Vec<_> = (0..60).map(|_| Mount::as_pod(&world, "reader")).collect();
    for result in join_all(mounts.iter().map(|mount| provider.mount(mount))).await {
        assert_eq!(result.unwrap(), "value-of-a");
    }
    assert_eq!((world.calls("AssumeRoleWithOIDC"), world.cluster.asked().len()), (1, 1));
}

#[tokio::test]
async fn pods_read_what_their_own_role_may_and_nothing_else() {
    let world = World::start().await;
    let provider = world.provider(Setup::Pods);
    let both = "[{objectName: b}]";
    assert_eq!(provider.mount(&Mount::as_pod(&world, "reader").objects(both)).await.unwrap(), "value-of-b");
    let clerk = Mount::as_pod(&world, "clerk");
    assert_eq!(provider.mount(&clerk).await.unwrap(), "value-of-a");
    let status = provider.mount(&clerk.objects(both)).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_session_that_one_account_opened_is_of_no_use_to_another_with_the_same_role() {
    let world = World::start().await;
    // The reader's role trusts the reader alone.
    world.cluster.add("shop/clerk", Some(&role("reader")));
    let provider = world.provider(Setup::Pods);
    provider.mount(&Mount::as_pod(&world, "reader")).await.unwrap();
    let status = provider.mount(&Mount::as_pod(&world, "clerk")).await.unwrap_err();
    assert_eq!((status.code(), world.calls("GetSecretValue")), (Code::PermissionDenied, 1));
}

#[tokio::test]
async fn an_object_without_the_role_is_read_by_the_base_identity() {
    let world = World::start().await;
    let objects =
        format!("[{{objectName: a, objectAlias: p, crossAccountRoleArn: '{PARTNER}'}}, {{objectName: a}}]");
    let response = world.provider(Setup::Keys).respond(&Mount::new().objects(&objects)).await.unwrap();
    let contents: Vec<_> = response.files.iter().map(|file| file.contents.as_slice()).collect();
    assert_eq!(contents, [b"value-of-partner".as_slice(), b"value-of-a"]);
}

#[tokio::test]
async fn a_role_that_wants_an_external_id_gets_the_operators() {
    let world = World::start().await;
    let mount =
        Mount::new().objects("[{objectName: a, crossAccountRoleArn: 'acs:ram::2222222222222222:role/wary'}]");
    let status = world.provider(Setup::Keys).mount(&mount).await.unwrap_err();
    assert!(status.message().contains("failed to assume cross account role"), "{status:?}");
    let mut cloud = world.cloud(Setup::Keys);
    cloud.identity.external_id = Some(setting("EXTERNAL_ID", "team-a", parse_external_id));
    assert_eq!(Subject::new(cloud).mount(&mount).await.unwrap(), "value-of-partner");
}

#[tokio::test]
async fn a_session_of_one_external_id_is_of_no_use_with_another() {
    let world = World::start().await;
    let path = world.directory.path().join("external-id");
    std::fs::write(&path, "team-a").unwrap();
    let mut cloud = world.cloud(Setup::Keys);
    cloud.identity.external_id =
        Setting::new("EXTERNAL_ID", None, Some(path.clone()), parse_external_id).unwrap();
    let provider = Subject::new(cloud);
    let mount =
        Mount::new().objects("[{objectName: a, crossAccountRoleArn: 'acs:ram::2222222222222222:role/wary'}]");
    provider.mount(&mount).await.unwrap();
    std::fs::write(&path, "another-team").unwrap();
    assert_eq!(provider.mount(&mount).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_token_may_come_among_the_secrets_or_the_attributes() {
    let world = World::start().await;
    let provider = world.provider(Setup::Pods);
    let key = "csi.storage.k8s.io/serviceAccount.tokens";
    let good = tokens("sts.aliyuncs.com", &world.token("shop", "reader"));
    let in_secrets = Mount::as_pod(&world, "reader").without(key).secret(key, &good);
    assert_eq!(provider.mount(&in_secrets).await.unwrap(), "value-of-a");
    let in_both = Mount::as_pod(&world, "reader").secret(key, &good);
    assert_eq!(provider.mount(&in_both).await.unwrap(), "value-of-a");
}

#[tokio::test]
async fn the_oidc_provider_is_built_from_account_and_cluster() {
    let world = World::start().await;
    let mut cloud = world.cloud(Setup::Nothing);
    cloud.identity.provider = Some(Provider::OfCluster {
        account: setting("ALICLOUD_ACCOUNT_ID", "1111111111111111", parse_account),
        cluster: setting("ALICLOUD_CLUSTER_ID", "c1", parse_cluster),
    });
    let mount = Mount::as_pod(&world, "reader");
    assert_eq!(Subject::new(cloud).mount(&mount).await.unwrap(), "value-of-a");
}

#[tokio::test]
async fn keys_in_files_rotate_without_a_restart() {
    let world = World::start().await;
    let path = |name| world.directory.path().join(name);
    let write = |id: &str, secret: &str| {
        for (name, text) in [("id", id), ("secret", secret)] {
            std::fs::write(path("next"), format!("{text}\n")).unwrap();
            std::fs::rename(path("next"), path(name)).unwrap();
        }
    };
    write(KEY_ID, KEY_SECRET);
    let setting = |name| Setting::new("KEY", None, Some(path(name)), sensitive).unwrap();
    let mut cloud = world.cloud(Setup::Nothing);
    cloud.identity.key_pair = KeyPair::new(setting("id"), setting("secret")).unwrap();
    let provider = Subject::new(cloud);
    provider.mount(&Mount::new()).await.unwrap();
    assert_eq!(world.last_reader(), "acs:ram::1111111111111111:user/operator");
    write(PODS_KEY_ID, PODS_KEY_SECRET);
    provider.mount(&Mount::new()).await.unwrap();
    assert_eq!(world.last_reader(), "acs:ram::1111111111111111:user/developer");
}

#[rstest]
#[case(Setup::RamRole, "AssumeRole")]
#[case(Setup::ProviderOidc, "AssumeRoleWithOIDC")]
#[tokio::test]
async fn name_and_life_of_a_session_are_the_operators(#[case] setup: Setup, #[case] action: &str) {
    let world = World::start().await;
    let mut cloud = world.cloud(setup);
    cloud.identity.session_name = Some(setting("NAME", "secrets-{serviceAccount}@{node}", Template::parse));
    cloud.identity.session_seconds = Some(setting("SECONDS", "1800", parse_session_seconds));
    cloud.identity.node = "node-1".to_owned();
    Subject::new(cloud).mount(&Mount::new()).await.unwrap();
    let journal = world.fake.journal();
    let call = journal.iter().find(|entry| entry.action == action).unwrap();
    assert_eq!(call.parameters["RoleSessionName"], "secrets-shared@node-1");
    assert_eq!(call.parameters["DurationSeconds"], "1800");
}

#[tokio::test]
async fn another_annotation_counts_after_a_minute() {
    let world = World::start().await;
    let provider = world.provider(Setup::Pods);
    let mount = Mount::as_pod(&world, "reader");
    provider.mount(&mount).await.unwrap();
    world.cluster.add("shop/reader", Some(&role("clerk")));
    move_clock(Duration::from_secs(59)).await;
    provider.mount(&mount).await.unwrap();
    assert_eq!(world.cluster.asked().len(), 1);
    move_clock(Duration::from_secs(1)).await;
    // The clerk's role trusts the clerk alone.
    assert_eq!(provider.mount(&mount).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(world.cluster.asked().len(), 2);
}

#[rstest]
#[case(Setup::RamRole, 3_600)]
#[case(Setup::ProviderOidc, 3_600)]
#[case(Setup::Nothing, 21_600)]
#[tokio::test]
async fn a_session_that_ended_is_never_used(#[case] setup: Setup, #[case] life: u64) {
    let world = World::start().await;
    let provider = world.provider(setup);
    provider.mount(&Mount::new()).await.unwrap();
    let trouble = || Fault::new(Effect::Error(ErrorEffect::new("NoPermission").status(403)));
    world.fake.plan(trouble().product(FaultProduct::Sts)).unwrap();
    world.fake.plan(trouble().product(FaultProduct::Metadata)).unwrap();
    move_clock(Duration::from_secs(life - 10)).await;
    provider.mount(&Mount::new()).await.unwrap();
    move_clock(Duration::from_secs(20)).await;
    provider.mount(&Mount::new()).await.unwrap_err();
    assert_eq!(world.calls("GetSecretValue"), 2);
}

#[tokio::test]
async fn a_pods_identity_that_is_not_there_is_never_replaced_unless_the_operator_says_so() {
    let world = World::start().await;
    world.cluster.add("shop/plain", None);
    let mount = Mount::as_pod(&world, "plain");
    let status = world.provider(Setup::ProviderOidc).mount(&mount).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert!(
        status.message().contains("shop/plain has no annotation ack.alibabacloud.com/role-arn"),
        "{status:?}"
    );
    assert!(world.fake.journal().is_empty());
    let mut cloud = world.cloud(Setup::ProviderOidc);
    cloud.identity.pod_identity_fallback = true;
    assert_eq!(Subject::new(cloud).mount(&mount).await.unwrap(), "value-of-a");
    assert!(world.last_reader().contains("assumed-role/provider/"));
}

#[tokio::test]
async fn a_pods_identity_that_is_refused_is_never_replaced() {
    let world = World::start().await;
    world.cluster.add("shop/clerk", Some(&role("reader")));
    let mut cloud = world.cloud(Setup::ProviderOidc);
    cloud.identity.pod_identity_fallback = true;
    let status = Subject::new(cloud).mount(&Mount::as_pod(&world, "clerk")).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(world.calls("GetSecretValue"), 0);
}

#[rstest]
#[case(Setup::ProviderOidc, false, "assumed-role/provider/")]
#[case(Setup::RamRole, false, "assumed-role/assumed/")]
#[case(Setup::Keys, false, "user/developer")]
#[case(Setup::Nothing, false, "user/developer")]
#[case(Setup::ProviderOidc, true, "user/developer")]
#[case(Setup::RamRole, true, "user/developer")]
#[tokio::test]
async fn a_pods_key_pair_has_its_place_in_the_order(
    #[case] setup: Setup,
    #[case] preferred: bool,
    #[case] reader: &str,
) {
    let world = World::start().await;
    let mut cloud = world.cloud(setup);
    cloud.identity.prefer_node_publish_secret = preferred;
    Subject::new(cloud).mount(&Mount::new().key_pair()).await.unwrap();
    assert!(world.last_reader().contains(reader), "{}", world.last_reader());
}

#[tokio::test]
async fn with_keys_and_region_the_instance_is_never_asked() {
    let world = World::start().await;
    world.provider(Setup::Keys).mount(&Mount::new().attribute("region", "cn-hangzhou")).await.unwrap();
    assert!(world.fake.journal().iter().all(|entry| entry.product != "metadata"));
}
