//! The main job in five seconds: a secret of the cloud becomes a file in a pod, and changes when the secret does.
//!
//! Everything is real but the cloud and the cluster: the provider is the shipped binary, the cloud is the fake, the driver is the
//! suite's. Nothing is left behind.

mod screen;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};

use crate::cloud::Cloud;
use crate::driver::{self, Driver, Pod, Publication, Receipt};
use crate::interruption::Interruption;
use crate::target::{
    self, AccessKey, Endpoints, Identity, ProviderProcess, Settings, TargetFile, provider_binary,
};
use screen::Screen;

const PROTOCOL: &str = include_str!("../../proto/driver.proto");
const CLASS: &str = include_str!("class.yaml");
const SECRET: &str = "db/password";

/// Options of the demonstration.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Show this provider binary instead of building the workspace's
    #[arg(long, value_name = "PATH", env = "CONFORMANCE_PROVIDER")]
    provider: Option<PathBuf>,
    /// Leave everything running until Ctrl-C, and tell how to talk to it
    #[arg(long)]
    keep: bool,
    /// Do without colours; so does any value of the variable
    #[arg(long, env = "NO_COLOR", value_name = "ANY", num_args = 0..=1, default_missing_value = "1", hide_env_values = true)]
    no_color: Option<OsString>,
}

/// Runs the demonstration. However it ends, the provider is stopped and the folder removed.
pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let no_colour = options.no_color.is_some_and(|value| !value.is_empty());
    let mut screen = Screen::new(no_colour);
    let binary = provider_binary(options.provider)?;
    let mut interruption = Interruption::listen()?;
    let folder = tempfile::Builder::new().prefix("conformance-demo-").tempdir()?;
    let mut stage = tokio::select! {
        stage = Stage::set_up(folder.path(), binary, &mut screen) => stage?,
        () = interruption.arrives() => return Ok(ExitCode::FAILURE),
    };
    let played = tokio::select! {
        played = stage.play(&mut screen) => played,
        () = interruption.arrives() => Err(anyhow!("interrupted")),
    };
    if options.keep && played.is_ok() {
        stage.tell(folder.path(), &mut screen)?;
        interruption.arrives().await;
    }
    screen.section("Cleaning up")?;
    let exit = stage.provider.stop().await?;
    let path = folder.path().to_owned();
    folder.close().context("removing the folder of the demonstration")?;
    ensure!(exit.status.success(), "the provider ended with {}", exit.status);
    screen.done(&format!(
        "the provider ended by itself within {:.0?}; {} is gone",
        exit.took,
        path.display()
    ))?;
    played.map(|()| ExitCode::SUCCESS)
}

/// Cloud, provider, driver and pod.
struct Stage {
    cloud: Cloud,
    provider: ProviderProcess,
    driver: Driver,
    pod: Pod,
}

impl Stage {
    async fn set_up(folder: &Path, binary: PathBuf, screen: &mut Screen) -> anyhow::Result<Self> {
        screen.section("A cloud with one secret")?;
        let mut cloud = Cloud::start().await?;
        let access_key =
            AccessKey { id: "LTAI5tDemonstrationKey01".into(), secret: uuid::Uuid::new_v4().to_string() };
        cloud.add_access_key(&access_key)?;
        cloud.put_secret(SECRET, "v1", "correct horse battery staple")?;
        screen.fact("cloud", &format!("{} (a fake, in this process)", cloud.url()))?;
        screen.fact("secret", &format!("{SECRET}, version v1"))?;

        screen.section("The provider, as a DaemonSet would run it")?;
        let provider_folder = folder.join("providers");
        fs::create_dir(&provider_folder)?;
        let settings = Settings {
            target: TargetFile::provider(),
            provider_folder: provider_folder.clone(),
            endpoints: Endpoints::of(cloud.url(), cloud.metadata_url()),
            options: target::Options {
                region: Some("cn-hangzhou".into()),
                // The kubelet asks again at once here, not after a minute: nothing may be answered from memory.
                rotation_interval: Some(Duration::from_secs(1)),
                ..target::Options::default()
            },
            identity: Identity::of_key(access_key),
            binary,
        };
        let provider = ProviderProcess::start(&settings).await?;
        screen.fact("binary", &settings.binary.display().to_string())?;
        screen.fact("socket", &provider.socket().display().to_string())?;
        let driver = Driver::new(driver::Options::new(provider_folder, folder.join("kubelet")));
        let version = driver.version("alibabacloud", driver::HEALTH_CHECK_DEADLINE).await?;
        screen.done(&format!("{} {} answers", version.runtime_name, version.runtime_version))?;
        Ok(Self { cloud, provider, driver, pod: Pod::mounting("test-secrets") })
    }

    async fn play(&mut self, screen: &mut Screen) -> anyhow::Result<()> {
        screen.section("A SecretProviderClass, and a pod that mounts it")?;
        screen.quote(CLASS)?;
        self.driver.apply(&CLASS.parse()?)?;
        let receipt = self.publish().await?;
        screen.done(&format!("mounted in {:.0?}; the pod sees", receipt.took))?;
        screen.volume(&self.driver.target_path(&self.pod))?;

        screen.section("The secret changes, and the kubelet asks again")?;
        self.cloud.put_secret(SECRET, "v2", "the horse has bolted")?;
        screen.fact("secret", &format!("{SECRET}, version v2"))?;
        let receipt = self.publish().await?;
        screen.done(&format!("asked and rewritten in {:.0?}; the same pod now sees", receipt.took))?;
        screen.volume(&self.driver.target_path(&self.pod))?;
        Ok(())
    }

    async fn publish(&self) -> anyhow::Result<Receipt> {
        match self.driver.publish(&self.pod).await {
            Ok(Publication::Mounted(receipt)) => Ok(receipt),
            Ok(Publication::Skipped) => bail!("the driver did not ask the provider"),
            Err(refusal) => bail!("{}", refusal.pod_event()),
        }
    }

    /// Tells how to talk to all that runs.
    fn tell(&self, folder: &Path, screen: &mut Screen) -> anyhow::Result<()> {
        fs::write(folder.join("driver.proto"), PROTOCOL)?;
        let (folder, socket) = (folder.display(), self.provider.socket().display());
        screen.section("Everything keeps running until Ctrl-C")?;
        screen.fact(
            "version",
            &format!(
                "grpcurl -plaintext -unix -authority localhost -import-path {folder} -proto driver.proto \\"
            ),
        )?;
        screen.fact("", &format!("  {socket} v1alpha1.CSIDriverProvider/Version"))?;
        screen.fact("health", &format!("curl {}/healthz", self.provider.http_url()))?;
        screen.fact("metrics", &format!("curl {}/metrics", self.provider.http_url()))?;
        screen.fact("journal", &format!("curl {}/journal", self.cloud.control_url().unwrap_or_default()))?;
        screen.fact("volume", &format!("ls -lA {}", self.driver.target_path(&self.pod).display()))?;
        screen.fact(
            "stop",
            &format!(
                "Ctrl-C, or kill {} (the provider is process {})",
                std::process::id(),
                self.provider.id()
            ),
        )?;
        Ok(())
    }
}
