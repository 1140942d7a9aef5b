//! The provider as a container of its own, of any image.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::StreamExt as _;
use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::query_parameters::{KillContainerOptionsBuilder, LogsOptionsBuilder};
use testcontainers::core::{Host, Mount};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, GenericImage, ImageExt as _};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::file::{Container, IN_CONTAINER, TargetError};
use super::http::{self, HttpAnswer};
use super::log::Log;
use super::network::{GATEWAY, NAME, docker, label};
use super::process::{Exit, StartError, serves};
use super::settings::{InCluster, Settings, Variables, text};
use crate::patience::{self, OutOfPatience};

/// Where Kubernetes mounts a pod's service account.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// Where identities lie that are told as files.
const IDENTITY: &str = "/run/conformance/identity";
/// The regions that scenarios name.
const REGIONS: [&str; 6] =
    ["cn-hangzhou", "cn-beijing", "cn-shanghai", "cn-shenzhen", "ap-southeast-1", "us-west-1"];

/// A container that was started. Dropped, it is removed.
pub struct ProviderContainer {
    container: ContainerAsync<GenericImage>,
    docker: Docker,
    reader: Option<JoinHandle<()>>,
    output: Arc<Mutex<Log>>,
    ended: watch::Receiver<Option<ExitStatus>>,
    door: Option<SocketAddr>,
    socket: PathBuf,
    told_to_stop: Option<Instant>,
    exit: Option<Exit>,
}

/// What a container is started with.
struct Plan {
    command: Vec<String>,
    environment: Variables,
    mounts: Vec<(PathBuf, PathBuf)>,
    hosts: Vec<String>,
}

impl ProviderContainer {
    /// Starts the container and waits until its socket answers.
    pub(super) async fn start(settings: &Settings, file: &Container) -> Result<Self, StartError> {
        let mut container = Self::spawn(settings, file).await?;
        let ended = container.ended.clone();
        match serves(&container.socket, || *ended.borrow()).await {
            Ok(None) => Ok(container),
            Ok(Some(status)) => {
                container.read_to_the_end().await;
                Err(StartError::Ended { status, output: container.output_text() })
            }
            Err(source) => Err(StartError::Silent { source, output: container.output_text() }),
        }
    }

    /// Starts the container and does not wait.
    pub(super) async fn spawn(settings: &Settings, file: &Container) -> Result<Self, StartError> {
        let failed = |problem: String| StartError::Container { image: file.image.clone(), problem };
        let Plan { command, environment, mounts, hosts } = Plan::new(settings, file)?;
        let docker = docker().map_err(|error| failed(format!("{error:#}")))?;
        docker.inspect_image(&file.image).await.map_err(|error| match error {
            Error::DockerResponseServerError { status_code: 404, .. } => {
                failed("the engine does not have it; pull it, or make it with scripts/image".into())
            }
            error => failed(error.to_string()),
        })?;
        let (name, tag) = split(&file.image);
        let mut request = GenericImage::new(name, tag)
            .with_cmd(command)
            .with_network(NAME)
            .with_labels(label())
            .with_readonly_rootfs(false);
        for (variable, value) in environment {
            request = request.with_env_var(variable, value);
        }
        for (source, target) in mounts {
            request = request.with_mount(Mount::bind_mount(text(&source), text(&target)));
        }
        for host in hosts {
            request = request.with_host(host, Host::Addr(GATEWAY));
        }
        let container = request.start().await.map_err(|error| failed(chain(&error)))?;
        let output = Arc::new(Mutex::new(Log::default()));
        let id = container.id().to_owned();
        let reader = tokio::spawn(collect(docker.clone(), id.clone(), Arc::clone(&output)));
        let (end, ended) = watch::channel(None);
        tokio::spawn(watch_end(docker.clone(), id, end));
        let address = container.get_bridge_ip_address().await.ok();
        let door = address.zip(file.health_port).map(|(address, port): (IpAddr, u16)| (address, port).into());
        Ok(Self {
            container,
            docker,
            reader: Some(reader),
            output,
            ended,
            door,
            socket: settings.provider_folder.join("alibabacloud.sock"),
            told_to_stop: None,
            exit: None,
        })
    }

    /// Asks the operator's door, if there is one.
    pub(super) async fn http_get(&self, path: &str) -> Option<io::Result<HttpAnswer>> {
        let door = self.door?;
        // Nobody has the address of a container that has ended, so a connection to it would not be refused but waited for.
        if !self.is_running() {
            return Some(Err(io::Error::new(io::ErrorKind::NotConnected, "the container has ended")));
        }
        Some(http::get(door, path).await)
    }

    pub(super) fn output(&self) -> Vec<u8> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).bytes()
    }

    pub(super) fn output_left_out(&self) -> u64 {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).left_out()
    }

    fn output_text(&self) -> String {
        String::from_utf8_lossy(&self.output()).into_owned()
    }

    pub(super) async fn terminate(&mut self) -> anyhow::Result<()> {
        if self.is_running() {
            self.signal("SIGTERM").await?;
            self.told_to_stop.get_or_insert_with(Instant::now);
        }
        Ok(())
    }

    pub(super) fn is_told_to_stop(&self) -> bool {
        self.told_to_stop.is_some()
    }

    pub(super) async fn stop(&mut self) -> anyhow::Result<Exit> {
        self.terminate().await?;
        Ok(self.wait().await?)
    }

    pub(super) async fn kill(&mut self) -> anyhow::Result<Exit> {
        self.signal("SIGKILL").await?;
        Ok(self.wait().await?)
    }

    async fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let options = KillContainerOptionsBuilder::new().signal(signal).build();
        Ok(self.docker.kill_container(self.container.id(), Some(options)).await?)
    }

    pub(super) async fn wait(&mut self) -> Result<Exit, OutOfPatience> {
        if let Some(exit) = self.exit {
            return Ok(exit);
        }
        let start = Instant::now();
        let status = patience::until("the container ends", async || *self.ended.borrow()).await?;
        let exit = Exit { status, took: start.elapsed() };
        self.exit = Some(exit);
        self.read_to_the_end().await;
        Ok(exit)
    }

    pub(super) fn is_running(&self) -> bool {
        self.ended.borrow().is_none()
    }

    pub(super) fn ended_by_itself(&self) -> Option<ExitStatus> {
        if self.exit.is_some() || self.is_told_to_stop() {
            return None;
        }
        *self.ended.borrow()
    }

    async fn read_to_the_end(&mut self) {
        if let Some(reader) = self.reader.take() {
            // A reader only fails when its runtime ends.
            let _ = reader.await;
        }
    }
}

impl Plan {
    /// What the scenario sets, in the container's words and paths.
    fn new(settings: &Settings, file: &Container) -> Result<Self, StartError> {
        let mut inside = settings.clone();
        let mut mounts = vec![(settings.provider_folder.clone(), file.sockets.clone())];
        if let Some((_, ca)) = settings.options.ca_files.first() {
            mounts.push((ca.clone(), file.ca_file.clone()));
        }
        inside.options.ca_files.clear();
        if file.arguments.ca_file.is_some() {
            inside.options.ca_files.push(("aliyuncs.com".into(), file.ca_file.clone()));
        }
        if let Some(token) = &settings.identity.token_file {
            let (folder, name) =
                (token.parent().unwrap_or(Path::new("/")), token.file_name().unwrap_or_default());
            mounts.push((folder.to_owned(), file.tokens.clone()));
            inside.identity.token_file = Some(file.tokens.join(name));
        }
        if let Some(folder) = &settings.identity.files {
            mounts.push((folder.clone(), IDENTITY.into()));
            inside.identity.files = Some(IDENTITY.into());
        }
        let mut environment = inside.environment()?;
        if let Some(InCluster { address, service_account }) = &settings.options.in_cluster {
            mounts.push((service_account.clone(), SERVICE_ACCOUNT.into()));
            environment.push(("KUBERNETES_SERVICE_HOST".into(), address.ip().to_string()));
            environment.push(("KUBERNETES_SERVICE_PORT".into(), address.port().to_string()));
        }
        let port = file.health_port.map_or_else(String::new, |port| port.to_string());
        let values = [text(&file.sockets), port];
        let values: Vec<_> = IN_CONTAINER.into_iter().zip(values.iter().map(String::as_str)).collect();
        let mut command: Vec<_> = file.command.iter().map(|template| template.render(&values)).collect();
        inside.arguments(&mut command).map_err(|error: TargetError| error)?;
        let own = settings.options.region.as_deref().filter(|region| !REGIONS.contains(region));
        let regional = REGIONS.into_iter().chain(own).flat_map(|region| {
            ["kms", "oos", "sts"].into_iter().flat_map(move |product| {
                ["", "-vpc"].map(|network| format!("{product}{network}.{region}.aliyuncs.com"))
            })
        });
        let hosts = regional.chain(["sts.aliyuncs.com".into()]).chain(file.hosts.iter().cloned()).collect();
        Ok(Self { command, environment, mounts, hosts })
    }
}

/// An image and its tag; the colon of a registry's port is none of a tag.
fn split(image: &str) -> (&str, &str) {
    image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((image, "latest"))
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

async fn collect(docker: Docker, id: String, output: Arc<Mutex<Log>>) {
    let options = LogsOptionsBuilder::new().follow(true).stdout(true).stderr(true).build();
    let mut logs = docker.logs(&id, Some(options));
    while let Some(Ok(chunk)) = logs.next().await {
        output.lock().unwrap_or_else(PoisonError::into_inner).push(&chunk.into_bytes());
    }
}

async fn watch_end(docker: Docker, id: String, end: watch::Sender<Option<ExitStatus>>) {
    let code = match docker.wait_container(&id, None).next().await {
        Some(Ok(response)) => response.status_code,
        Some(Err(Error::DockerContainerWaitError { code, .. })) => code,
        // It was removed, so nobody asks any more.
        _ => return,
    };
    let code = i32::try_from(code & 0xff).unwrap_or_default();
    end.send_replace(Some(ExitStatus::from_raw(code << 8)));
}

/// Without the environment, which holds keys.
impl fmt::Debug for ProviderContainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderContainer").field("id", &self.container.id()).finish_non_exhaustive()
    }
}
