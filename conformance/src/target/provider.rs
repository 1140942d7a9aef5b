//! A running target of any kind, and what may be asked of it.

use std::io;
use std::process::ExitStatus;

use super::container::ProviderContainer;
use super::file::{Start, TargetError};
use super::http::HttpAnswer;
use super::process::{Exit, ProviderProcess, StartError};
use super::running::RunningProvider;
use super::settings::Settings;

/// A provider that serves. Dropped, it is gone if it was started for the scenario.
///
/// A further kind, such as a provider in a real cluster, is one more variant here and of a target file's `start`, with four answers:
/// - Starting takes a scenario's [`Settings`] and translates them. What it has no way to tell is [`Impossible`], with a reason that is
///   true of every such target; what its file has no words for is [`TargetError::Unspoken`]. Both make the scenario unsupported.
/// - `TargetFile::place` says where the cloud must listen, if it cannot be told to the provider. Its
///   scenarios then run one at a time.
/// - `World::host` is the address at which the provider reaches what a scenario listens on.
/// - Output, pages, signals and the end are asked for below; [`Provider::is_started`] is false for one that is only found.
#[derive(Debug)]
pub enum Provider {
    /// A process of its own.
    Process(Box<ProviderProcess>),
    /// A container of its own.
    Container(Box<ProviderContainer>),
    /// It ran before the suite did and goes on after it.
    Running(RunningProvider),
}

/// What a scenario needs and a target of this kind cannot do, or cannot be told. The scenario is then unsupported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not possible on this target: {0}")]
pub struct Impossible(pub String);

impl Impossible {
    /// The reason in an error, if it has one.
    pub fn of(error: &anyhow::Error) -> Option<Self> {
        error.chain().find_map(|cause| {
            let start = match cause.downcast_ref::<StartError>() {
                Some(StartError::Impossible(impossible)) => return Some(impossible.clone()),
                Some(StartError::Target(error)) => Some(error),
                _ => cause.downcast_ref::<TargetError>(),
            };
            match start {
                Some(error @ TargetError::Unspoken { .. }) => Some(Self(error.to_string())),
                _ => cause.downcast_ref::<Self>().cloned(),
            }
        })
    }

    /// For what the played driver would need: in a cluster, the real one has the socket.
    fn in_cluster() -> Self {
        Self("it is in a cluster, where the suite plays no driver".into())
    }

    /// For what only the suite's own targets do.
    pub(super) fn runs_already(what: &str) -> Self {
        Self(format!("it runs already, and the scenario needs {what}"))
    }
}

impl Provider {
    /// Starts the target, or finds it, and waits until its socket answers.
    pub async fn start(settings: &Settings) -> Result<Self, StartError> {
        Ok(match &settings.target.start {
            Start::Process(_) => Self::Process(Box::new(ProviderProcess::start(settings).await?)),
            Start::Container(container) => {
                Self::Container(Box::new(ProviderContainer::start(settings, container).await?))
            }
            Start::Socket(running) => Self::Running(RunningProvider::find(settings, running).await?),
            Start::Cluster(_) => return Err(Impossible::in_cluster().into()),
        })
    }

    /// Starts the target and does not wait.
    pub async fn spawn(settings: &Settings) -> Result<Self, StartError> {
        match &settings.target.start {
            Start::Container(container) => {
                Ok(Self::Container(Box::new(ProviderContainer::spawn(settings, container).await?)))
            }
            Start::Process(_) => Ok(Self::Process(Box::new(ProviderProcess::spawn(settings)?))),
            Start::Socket(_) => Err(Impossible::runs_already("a start").into()),
            Start::Cluster(_) => Err(Impossible::in_cluster().into()),
        }
    }

    /// Whether it was started for the scenario and ends with it.
    pub fn is_started(&self) -> bool {
        !matches!(self, Self::Running(_))
    }

    /// Asks the operator's door; nothing if it is not known where that is.
    pub async fn http_get(&self, path: &str) -> Option<io::Result<HttpAnswer>> {
        match self {
            Self::Process(process) => Some(process.http_get(path).await),
            Self::Container(container) => container.http_get(path).await,
            Self::Running(running) => running.http_get(path).await,
        }
    }

    /// What it wrote so far; of a flood, its ends. Nothing is seen of one that ran before.
    pub fn output(&self) -> Vec<u8> {
        match self {
            Self::Process(process) => process.output(),
            Self::Container(container) => container.output(),
            Self::Running(_) => Vec::new(),
        }
    }

    /// How many bytes of its output were too many to be kept.
    pub fn output_left_out(&self) -> u64 {
        match self {
            Self::Process(process) => process.output_left_out(),
            Self::Container(container) => container.output_left_out(),
            Self::Running(_) => 0,
        }
    }

    /// Sends SIGTERM, as the kubelet does, and does not wait.
    pub async fn terminate(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Process(process) => Ok(process.terminate()?),
            Self::Container(container) => container.terminate().await,
            Self::Running(_) => Err(Impossible::runs_already("its end").into()),
        }
    }

    /// Whether it was sent SIGTERM.
    pub fn is_told_to_stop(&self) -> bool {
        match self {
            Self::Process(process) => process.is_told_to_stop(),
            Self::Container(container) => container.is_told_to_stop(),
            Self::Running(_) => false,
        }
    }

    /// Sends SIGTERM and waits for the end.
    pub async fn stop(&mut self) -> anyhow::Result<Exit> {
        match self {
            Self::Process(process) => process.stop().await,
            Self::Container(container) => container.stop().await,
            Self::Running(_) => Err(Impossible::runs_already("its end").into()),
        }
    }

    /// Sends SIGKILL and waits for the end.
    pub async fn kill(&mut self) -> anyhow::Result<Exit> {
        match self {
            Self::Process(process) => process.kill().await,
            Self::Container(container) => container.kill().await,
            Self::Running(_) => Err(Impossible::runs_already("its end").into()),
        }
    }

    /// Waits for the end, which somebody has asked for.
    pub async fn wait(&mut self) -> anyhow::Result<Exit> {
        match self {
            Self::Process(process) => Ok(process.wait().await?),
            Self::Container(container) => Ok(container.wait().await?),
            Self::Running(_) => Err(Impossible::runs_already("its end").into()),
        }
    }

    /// Whether it has not ended by itself, as far as that is seen.
    pub fn is_running(&mut self) -> bool {
        match self {
            Self::Process(process) => process.is_running(),
            Self::Container(container) => container.is_running(),
            Self::Running(_) => true,
        }
    }

    /// How it ended, if it did without being told to.
    pub fn ended_by_itself(&mut self) -> Option<ExitStatus> {
        match self {
            Self::Process(process) => process.ended_by_itself(),
            Self::Container(container) => container.ended_by_itself(),
            Self::Running(_) => None,
        }
    }
}
