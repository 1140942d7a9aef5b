//! The provider as a process of its own, in a folder of its own, started as its target file says.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::UnixStream;
use tokio::process::Child;
use tokio::task::JoinHandle;

use super::file::TargetError;
use super::http::{self, HttpAnswer};
use super::log::Log;
use super::port::free_port;
use super::provider::Impossible;
use super::settings::Settings;
use crate::driver::{self, Driver};
use crate::patience::{self, OutOfPatience};

/// A running provider. Dropped, it is killed.
#[derive(Debug)]
pub struct ProviderProcess {
    child: Child,
    /// Kept, because a child that was waited for has none any more.
    pid: Pid,
    readers: Vec<JoinHandle<()>>,
    output: Arc<Mutex<Log>>,
    http_port: u16,
    socket: PathBuf,
    told_to_stop: Option<Instant>,
    exit: Option<Exit>,
}

/// How a provider ended.
#[derive(Debug, Clone, Copy)]
pub struct Exit {
    /// Code or signal.
    pub status: ExitStatus,
    /// From the wish to the end.
    pub took: Duration,
}

/// The provider did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The target file has no words for what it is to be told.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The target is not of a kind that can do this.
    #[error(transparent)]
    Impossible(#[from] Impossible),
    /// The engine has no such image, or cannot start it.
    #[error("starting the image {image}: {problem}")]
    Container {
        /// The image.
        image: String,
        /// What the engine says.
        problem: String,
    },
    /// Nobody answers at the socket of a target that is said to run already.
    #[error("nothing answers at {}; start the provider first, or name its folder with --socket-folder", socket.display())]
    Absent {
        /// Its socket.
        socket: PathBuf,
    },
    /// The binary could not be run.
    #[error("running {}", binary.display())]
    Spawn {
        /// The binary.
        binary: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It ended before it served.
    #[error("the provider ended with {status} before it served: {output}")]
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// All that it wrote.
        output: String,
    },
    /// It runs and does not serve.
    #[error("{source}: {output}")]
    Silent {
        /// What was awaited.
        source: OutOfPatience,
        /// All that it wrote.
        output: String,
    },
}

impl ProviderProcess {
    /// Starts the provider and waits until its socket answers.
    pub async fn start(settings: &Settings) -> Result<Self, StartError> {
        let mut process = Self::spawn(settings)?;
        process.until_ready().await?;
        Ok(process)
    }

    /// Starts the provider and does not wait.
    pub fn spawn(settings: &Settings) -> Result<Self, StartError> {
        let http_port = free_port();
        let launch = settings.launch(http_port)?;
        let spawn_error = |source| StartError::Spawn { binary: launch.program().into(), source };
        let mut command = launch.to_command()?;
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(spawn_error)?;
        let output = Arc::new(Mutex::new(Log::default()));
        let readers = [
            child.stdout.take().map(|stream| tokio::spawn(collect(stream, Arc::clone(&output)))),
            child.stderr.take().map(|stream| tokio::spawn(collect(stream, Arc::clone(&output)))),
        ];
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        let pid = pid.ok_or_else(|| spawn_error(io::Error::other("the child has no process id")))?;
        Ok(Self {
            child,
            pid,
            readers: readers.into_iter().flatten().collect(),
            output,
            http_port,
            socket: settings.provider_folder.join("alibabacloud.sock"),
            told_to_stop: None,
            exit: None,
        })
    }

    async fn until_ready(&mut self) -> Result<(), StartError> {
        match serves(&self.socket, || self.child.try_wait().ok().flatten()).await {
            Ok(None) => Ok(()),
            Ok(Some(status)) => {
                self.read_to_the_end().await;
                Err(StartError::Ended { status, output: self.output_text() })
            }
            Err(source) => Err(StartError::Silent { source, output: self.output_text() }),
        }
    }

    /// Asks the operator's door.
    pub async fn http_get(&self, path: &str) -> io::Result<HttpAnswer> {
        http::get(([127, 0, 0, 1], self.http_port).into(), path).await
    }

    /// Where the operator's door is.
    pub fn http_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http_port)
    }

    /// The socket for the driver.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The process id.
    pub fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// What was written to standard output and standard error so far; of a flood, its ends.
    pub fn output(&self) -> Vec<u8> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).bytes()
    }

    /// How many bytes of its output were too many to be kept.
    pub fn output_left_out(&self) -> u64 {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).left_out()
    }

    fn output_text(&self) -> String {
        String::from_utf8_lossy(&self.output()).into_owned()
    }

    /// Sends SIGTERM, as the kubelet does, and does not wait.
    pub fn terminate(&mut self) -> io::Result<()> {
        // Without a check, the signal could reach a stranger who was given the same number.
        if self.is_running() {
            kill_process(self.pid, Signal::TERM)?;
            self.told_to_stop.get_or_insert_with(Instant::now);
        }
        Ok(())
    }

    /// Whether it was sent SIGTERM.
    pub fn is_told_to_stop(&self) -> bool {
        self.told_to_stop.is_some()
    }

    /// Sends SIGTERM and waits for the end.
    pub async fn stop(&mut self) -> anyhow::Result<Exit> {
        self.terminate()?;
        Ok(self.wait().await?)
    }

    /// Sends SIGKILL, as the kernel does to a process that takes too much memory, and waits for the end.
    pub async fn kill(&mut self) -> anyhow::Result<Exit> {
        self.child.start_kill()?;
        Ok(self.wait().await?)
    }

    /// Waits for the end, which somebody has asked for.
    pub async fn wait(&mut self) -> Result<Exit, OutOfPatience> {
        if let Some(exit) = self.exit {
            return Ok(exit);
        }
        let start = Instant::now();
        let status =
            patience::until("the provider ends", async || self.child.try_wait().ok().flatten()).await?;
        let exit = Exit { status, took: start.elapsed() };
        self.exit = Some(exit);
        self.read_to_the_end().await;
        Ok(exit)
    }

    /// Whether it has not ended by itself.
    pub fn is_running(&mut self) -> bool {
        self.exit.is_none() && matches!(self.child.try_wait(), Ok(None))
    }

    /// How it ended, if it did without being told to.
    pub fn ended_by_itself(&mut self) -> Option<ExitStatus> {
        if self.exit.is_some() || self.is_told_to_stop() {
            return None;
        }
        self.child.try_wait().ok().flatten()
    }

    async fn read_to_the_end(&mut self) {
        for reader in self.readers.drain(..) {
            // A reader only fails when its runtime ends. It reads on while a child of the provider holds its output open.
            let abort = reader.abort_handle();
            if tokio::time::timeout(patience::limit(), reader).await.is_err() {
                abort.abort();
            }
        }
    }
}

/// Waits until a provider serves at its socket, or has ended before it did.
pub(super) async fn serves(
    socket: &Path,
    mut ended: impl FnMut() -> Option<ExitStatus>,
) -> Result<Option<ExitStatus>, OutOfPatience> {
    let end = patience::until("the provider listens on its socket", async || {
        if let Some(status) = ended() {
            return Some(Some(status));
        }
        UnixStream::connect(socket).await.ok().map(|_| None)
    })
    .await?;
    if end.is_some() {
        return Ok(end);
    }
    let folder = socket.parent().unwrap_or(Path::new("/")).to_owned();
    let driver = Driver::new(driver::Options::new(folder, PathBuf::new()));
    patience::until("the provider tells its version", async || {
        if let Some(status) = ended() {
            return Some(Some(status));
        }
        driver.version("alibabacloud", driver::HEALTH_CHECK_DEADLINE).await.ok().map(|_| None)
    })
    .await
}

async fn collect(mut stream: impl AsyncRead + Unpin, output: Arc<Mutex<Log>>) {
    let mut chunk = vec![0; 8192];
    while let Ok(length @ 1..) = stream.read(&mut chunk).await {
        output.lock().unwrap_or_else(PoisonError::into_inner).push(&chunk[..length]);
    }
}
