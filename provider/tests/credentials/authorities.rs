//! Real handshakes: whose certificate is taken for which host, and what is found at the cloud's own names.

use csi_secrets_store_provider_alibabacloud::alicloud::Authorities;
use csi_secrets_store_provider_alibabacloud::alicloud::authorities::CaFile;
use csi_secrets_store_provider_alibabacloud::config::Cloud;
use fake_alicloud::{CertificateFlaw, Fault};
use futures_util::future::join_all;
use rstest::rstest;
use tonic::Code;

use super::api_server::certificates;
use super::world::{Mount, Setup, Subject, World};

/// Trusts each authority for its suffix.
fn trusting(world: &World, authorities: &[(&str, &str)]) -> Authorities {
    let files = authorities.iter().map(|(suffix, pem)| {
        let path = world.directory.path().join(format!("{suffix}.pem"));
        std::fs::write(&path, pem).unwrap();
        format!("{suffix}={}", path.display()).parse().unwrap()
    });
    Authorities::load(&files.collect::<Vec<CaFile>>()).unwrap()
}

/// KMS over TLS at the fake's address.
fn over_tls(world: &World, authorities: &[(&str, &str)]) -> Cloud {
    let mut cloud = world.cloud(Setup::Keys);
    cloud.settings.kms_endpoint = Some(world.fake.api_tls_url().parse().unwrap());
    cloud.authorities = trusting(world, authorities);
    cloud
}

/// The cloud at its own names, of which the provider is told nothing but where they are.
fn at_its_own_names(world: &World, setup: Setup, authorities: &[(&str, &str)], hosts: &[&str]) -> Cloud {
    let mut cloud = world.cloud(setup);
    cloud.settings.kms_endpoint = None;
    cloud.settings.oos_endpoint = None;
    cloud.identity.sts_endpoint = None;
    cloud.authorities = trusting(world, authorities);
    let address = world.fake.api_tls_url().trim_start_matches("https://");
    cloud.hosts = hosts.iter().map(|host| format!("{host}={address}").parse().unwrap()).collect();
    cloud
}

async fn refused(cloud: Cloud, expected: &str) {
    let status = Subject::new(cloud).mount(&Mount::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown, "{status:?}");
    let message = status.message();
    assert!(message.contains("could not be reached: ") && message.contains(expected), "{message}");
}

#[tokio::test]
async fn a_private_authority_is_trusted_for_its_hosts() {
    let world = World::start().await;
    let cloud = over_tls(&world, &[("127.0.0.1", world.fake.ca_pem())]);
    assert_eq!(Subject::new(cloud).mount(&Mount::new()).await.unwrap(), "value-of-a");
}

#[tokio::test]
async fn an_authority_that_is_another_is_not_trusted() {
    let world = World::start().await;
    let (other, _) = certificates();
    refused(over_tls(&world, &[("127.0.0.1", &other)]), "invalid peer certificate").await;
    assert!(world.fake.journal().is_empty());
}

#[rstest]
#[case::of_others("example.com")]
#[case::of_a_part("0.0.1.example")]
#[tokio::test]
async fn an_authority_for_other_hosts_is_not_trusted_for_this_one(#[case] suffix: &str) {
    let world = World::start().await;
    refused(over_tls(&world, &[(suffix, world.fake.ca_pem())]), "UnknownIssuer").await;
    refused(over_tls(&world, &[]), "name the authority of its certificate with --ca-file").await;
    assert!(world.fake.journal().is_empty());
}

#[rstest]
#[case(CertificateFlaw::OtherName, "certificate not valid for name")]
#[case(CertificateFlaw::OtherAuthority, "invalid peer certificate")]
#[case(CertificateFlaw::Expired, "certificate expired")]
#[tokio::test]
async fn a_private_authority_is_no_licence_for_flaws(#[case] flaw: CertificateFlaw, #[case] expected: &str) {
    let world = World::start().await;
    world.fake.plan(Fault::certificate(flaw)).unwrap();
    refused(over_tls(&world, &[("127.0.0.1", world.fake.ca_pem())]), expected).await;
    assert!(world.fake.journal().is_empty());
}

#[tokio::test]
async fn the_longest_suffix_decides() {
    let world = World::start().await;
    let right = world.fake.ca_pem();
    let (other, _) = certificates();
    let hosts = ["kms-vpc.cn-hangzhou.aliyuncs.com"];
    let mount = Mount::new().attribute("region", "cn-hangzhou");
    let longest_right = [("aliyuncs.com", other.as_str()), ("cn-hangzhou.aliyuncs.com", right)];
    let cloud = at_its_own_names(&world, Setup::Keys, &longest_right, &hosts);
    assert_eq!(Subject::new(cloud).mount(&mount).await.unwrap(), "value-of-a");
    let longest_wrong = [("aliyuncs.com", right), ("cn-hangzhou.aliyuncs.com", &other)];
    let cloud = at_its_own_names(&world, Setup::Keys, &longest_wrong, &hosts);
    Subject::new(cloud).mount(&mount).await.unwrap_err();
}

#[rstest]
#[case(Setup::Keys, &["kms-vpc.cn-hangzhou.aliyuncs.com"])]
#[case(Setup::ProviderOidc, &["kms-vpc.cn-hangzhou.aliyuncs.com", "sts-vpc.cn-hangzhou.aliyuncs.com"])]
#[tokio::test]
async fn a_region_that_nobody_names_is_asked_for_once_for_all_mounts(
    #[case] setup: Setup,
    #[case] hosts: &[&str],
) {
    let world = World::start().await;
    let provider =
        Subject::new(at_its_own_names(&world, setup, &[("aliyuncs.com", world.fake.ca_pem())], hosts));
    let mount = Mount::new();
    for result in join_all((0..20).map(|_| provider.mount(&mount))).await {
        assert_eq!(result.unwrap(), "value-of-a");
    }
    provider.mount(&mount).await.unwrap();
    assert_eq!((world.calls("CreateToken"), world.calls("GetItem")), (1, 1));
}

#[rstest]
#[case::of_the_class(Some("cn-hangzhou"), None)]
#[case::of_the_operator(None, Some("cn-hangzhou"))]
#[tokio::test]
async fn with_region_and_keys_the_instance_is_never_asked(
    #[case] class: Option<&str>,
    #[case] operator: Option<&str>,
) {
    let world = World::start().await;
    let hosts = ["kms-vpc.cn-hangzhou.aliyuncs.com"];
    let mut cloud = at_its_own_names(&world, Setup::Keys, &[("aliyuncs.com", world.fake.ca_pem())], &hosts);
    cloud.settings.region = operator.map(|region| region.parse().unwrap());
    let mount = class.map_or_else(Mount::new, |region| Mount::new().attribute("region", region));
    assert_eq!(Subject::new(cloud).mount(&mount).await.unwrap(), "value-of-a");
    assert_eq!(world.actions(), ["GetSecretValue"]);
}
