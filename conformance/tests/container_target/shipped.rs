//! The images as they are shipped, side by side on a private network: the provider's with the rights that the chart leaves it, the cloud
//! as the fake's image.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use conformance::driver::{Driver, HEALTH_CHECK_DEADLINE, Options, Pod, Publication};
use conformance::patience;
use fake_alicloud::{ControlClient, Seed};
use testcontainers::bollard::Docker;
use testcontainers::bollard::query_parameters::KillContainerOptionsBuilder;
use testcontainers::core::Mount;
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, GenericImage, ImageExt as _};

use super::*;

const NETWORK: &str = "conformance-shipped";
const FAKE: &str = concat!("fake:", env!("CARGO_PKG_VERSION"));
const KEY: [&str; 2] = ["LTAI5tConformanceShipped", "key-of-the-images"];
const SOCKETS: &str = "/etc/kubernetes/secrets-store-csi-providers";
const CLASS: &str = "
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: { name: test-secrets }
spec:
  provider: alibabacloud
  parameters: { region: cn-hangzhou, objects: '[{objectName: test}]' }
";

/// Both containers, and the driver before them.
struct Stage {
    _folder: TempDir,
    sockets: PathBuf,
    driver: Driver,
    cloud: ControlClient,
    provider: ContainerAsync<GenericImage>,
    docker: Docker,
    _fake: ContainerAsync<GenericImage>,
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_read_only_root_and_no_capability_secrets_are_mounted_and_follow_a_rotation() {
    let _turn = TURN.lock().await;
    let Some(stage) = Stage::set_up(true).await else { return };
    assert_eq!(stage.mount().await, "first");

    stage.cloud.replace(&seed(&[("v1", "first"), ("v2", "second")])).await.unwrap();

    assert_eq!(stage.mount().await, "second");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_could_write_everywhere_writes_its_socket_alone() {
    let _turn = TURN.lock().await;
    let Some(stage) = Stage::set_up(false).await else { return };
    stage.mount().await;

    let changes = stage.docker.container_changes(stage.provider.id()).await.unwrap().unwrap_or_default();
    // The engine makes the folder at which it mounts the sockets.
    let written: Vec<_> = changes
        .into_iter()
        .map(|change| change.path)
        .filter(|path| !SOCKETS.starts_with(path.as_str()))
        .collect();
    assert_eq!(written, Vec::<String>::new());
    assert_eq!(files(&stage.sockets), ["alibabacloud.sock"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_end_it_ends_orderly_and_takes_its_socket_along() {
    let _turn = TURN.lock().await;
    let Some(stage) = Stage::set_up(true).await else { return };
    stage.mount().await;

    let term = KillContainerOptionsBuilder::new().signal("SIGTERM").build();
    stage.docker.kill_container(stage.provider.id(), Some(term)).await.unwrap();

    let code =
        patience::until("the provider ends", async || stage.provider.exit_code().await.ok().flatten()).await;
    assert_eq!(code.unwrap(), 0);
    assert_eq!(files(&stage.sockets), Vec::<String>::new());
}

impl Stage {
    /// Nothing, with the reason printed, where there is no engine or an image is missing.
    async fn set_up(has_read_only_root: bool) -> Option<Self> {
        let provider = has_engine().then(image).flatten()?;
        let fake = fake_image()?;
        let folder = TempDir::new().unwrap();
        let sockets = folder.path().join("providers");
        fs::create_dir(&sockets).unwrap();
        let doors = ["serve", "--api=0.0.0.0:8980", "--control=0.0.0.0:8981", "--allow-http"];
        let fake = hardened(&fake).with_cmd(doors).start().await.unwrap();
        let address = fake.get_bridge_ip_address().await.unwrap();
        let cloud = cloud(address).await;
        let endpoint = format!("--kms-endpoint=http://{address}:8980");
        // At 90 seconds nothing is answered from memory: the test asks again at once.
        let arguments = ["serve", "--region=cn-hangzhou", "--rotation-interval=90s", &endpoint];
        let provider = hardened(&provider)
            .with_cmd(arguments)
            .with_env_var("ACCESS_KEY_ID", KEY[0])
            .with_env_var("SECRET_ACCESS_KEY", KEY[1])
            .with_mount(Mount::bind_mount(sockets.to_str().unwrap(), SOCKETS))
            .with_readonly_rootfs(has_read_only_root)
            .start()
            .await
            .unwrap();
        let driver = Driver::new(Options::new(sockets.clone(), folder.path().join("kubelet")));
        driver.apply(&CLASS.parse().unwrap()).unwrap();
        patience::until("the provider tells its version", async || {
            driver.version("alibabacloud", HEALTH_CHECK_DEADLINE).await.ok()
        })
        .await
        .unwrap();
        let docker = Docker::connect_with_defaults().unwrap();
        Some(Self { _folder: folder, sockets, driver, cloud, provider, docker, _fake: fake })
    }

    /// What the pod reads after one more look of the kubelet.
    async fn mount(&self) -> String {
        let pod = Pod::mounting("test-secrets");
        let publication = self.driver.publish(&pod).await.unwrap();
        assert!(matches!(publication, Publication::Mounted(_)), "{publication:?}");
        fs::read_to_string(self.driver.target_path(&pod).join("test")).unwrap()
    }
}

/// A container with the rights of the chart's: none.
fn hardened(image: &str) -> testcontainers::ContainerRequest<GenericImage> {
    let (name, tag) = image.rsplit_once(':').unwrap();
    GenericImage::new(name, tag)
        .with_network(NETWORK)
        .with_cap_drop("ALL")
        .with_security_opt("no-new-privileges")
        .with_readonly_rootfs(true)
        .with_startup_timeout(Duration::from_secs(20))
}

async fn cloud(address: IpAddr) -> ControlClient {
    let client = ControlClient::new(&format!("http://{address}:8981")).unwrap();
    let seed = seed(&[("v1", "first")]);
    patience::until("the fake takes a seed", async || client.replace(&seed).await.ok()).await.unwrap();
    client
}

fn seed(versions: &[(&str, &str)]) -> Seed {
    let versions: Vec<_> =
        versions.iter().map(|(id, data)| serde_json::json!({ "id": id, "data": data })).collect();
    let account = serde_json::json!({
        "id": "1234567890123456",
        "accessKeys": [{ "id": KEY[0], "secret": KEY[1] }],
        "secrets": [{ "name": "test", "versions": versions }],
    });
    Seed::from_yaml(&serde_json::json!({ "accounts": [account] }).to_string()).unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
fn fake_image() -> Option<String> {
    let named = std::env::var("CONFORMANCE_FAKE_IMAGE").ok().filter(|image| !image.is_empty());
    let is_named = named.is_some();
    let image = named.unwrap_or_else(|| FAKE.to_owned());
    let has_image = docker(&["image", "inspect", &image]);
    assert!(has_image || !is_named, "CONFORMANCE_FAKE_IMAGE names {image}, which the engine does not have");
    if !has_image {
        eprintln!(
            "the engine has no image {image}, so the images are not tried side by side; scripts/image makes it"
        );
    }
    has_image.then_some(image)
}
