//! What is loaded: processes of a binary, started for the workload, or a provider that runs already.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;

use super::cloud::Cloud;
use super::node::Node;
use super::process::Usage;
use crate::patience;
use crate::target::{Settings, TargetFile, free_port};

const SOCKET: &str = "alibabacloud.sock";
/// How much of its log a target that failed is shown with.
const LOG_TAIL: usize = 2000;
const VERSION_DEADLINE: Duration = Duration::from_secs(5);

/// Where a target comes from.
#[derive(Debug, Clone)]
pub(super) enum Subject {
    /// Processes, started as a target file says.
    Started {
        /// How.
        target: Arc<TargetFile>,
        /// The binary, if the file wants one.
        binary: PathBuf,
    },
    /// A provider that runs, and its process if that is known.
    Running {
        /// Its socket.
        socket: PathBuf,
        /// For memory, files and processor time.
        pid: Option<u32>,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { target, binary } if binary.as_os_str().is_empty() => f.write_str(&target.name),
            Self::Started { target, binary } => write!(f, "{} ({})", target.name, binary.display()),
            Self::Running { socket, .. } => write!(f, "{}", socket.display()),
        }
    }
}

/// A target that answers. Dropped, the processes that were started for it are killed.
#[derive(Debug)]
pub(super) struct Target {
    nodes: Vec<Node>,
    processes: Vec<Process>,
    /// The process of a provider that ran before.
    stranger: Option<u32>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    pid: Pid,
    log: PathBuf,
}

impl Subject {
    /// Starts so many processes and waits until all of them answer, or until the running one does.
    pub(super) async fn start(
        &self,
        cloud: &Cloud,
        processes: usize,
        folder: &Path,
    ) -> anyhow::Result<Target> {
        match self {
            Self::Started { target: file, binary } => {
                let mut target = Target { nodes: Vec::new(), processes: Vec::new(), stranger: None };
                for number in 0..processes {
                    let folder = folder.join(format!("node-{number}"));
                    target.processes.push(Process::spawn(&cloud.settings(file, binary, folder.clone()))?);
                    target.nodes.push(Node::new(folder.join(SOCKET)));
                }
                target.until_ready().await?;
                Ok(target)
            }
            Self::Running { socket, pid } => {
                let node = Node::new(socket.clone());
                node.version(VERSION_DEADLINE).await.map_err(anyhow::Error::msg).with_context(|| {
                    format!("nothing answers at {}; start the provider first", socket.display())
                })?;
                Ok(Target { nodes: vec![node], processes: Vec::new(), stranger: *pid })
            }
        }
    }
}

impl Process {
    fn spawn(settings: &Settings) -> anyhow::Result<Self> {
        let folder = &settings.provider_folder;
        fs::create_dir(folder).with_context(|| format!("making {}", folder.display()))?;
        let log = folder.join("log");
        let file = File::create(&log).with_context(|| format!("making {}", log.display()))?;
        let launch = settings.launch(free_port())?;
        let mut command = launch.to_command()?;
        command.stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("running {}", launch.program()))?;
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        Ok(Self { child, pid: pid.context("the provider has no process id")?, log })
    }

    /// How it ended, if it has.
    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    fn tail(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let tail = &text[text.len().saturating_sub(LOG_TAIL)..];
        String::from_utf8_lossy(tail).trim().to_owned()
    }
}

impl Target {
    async fn until_ready(&mut self) -> anyhow::Result<()> {
        for (node, process) in self.nodes.iter().zip(&mut self.processes) {
            let ready = patience::until("the provider answers", async || match process.ended() {
                Some(status) => Some(Err(status)),
                None => node.version(VERSION_DEADLINE).await.ok().map(Ok),
            });
            match ready.await {
                Ok(Ok(())) => {}
                Ok(Err(status)) => {
                    bail!("the provider ended with {status} before it served: {}", process.tail())
                }
                Err(impatience) => bail!("{impatience}: {}", process.tail()),
            }
        }
        Ok(())
    }

    /// A connection for each process.
    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The process ids that are known.
    pub(super) fn pids(&self) -> Vec<u32> {
        let started = self.processes.iter().map(|process| process.pid.as_raw_nonzero().get().cast_unsigned());
        started.chain(self.stranger).collect()
    }

    /// What each of its processes uses; one that has ended uses nothing.
    pub(super) fn usages(&self) -> Vec<Usage> {
        self.pids().into_iter().filter_map(|pid| Usage::of(pid).ok()).collect()
    }

    /// Those of its processes that ended by themselves, in words.
    pub(super) fn deaths(&mut self) -> Vec<String> {
        let dead = |process: &mut Process| {
            let status = process.ended()?;
            Some(format!("the provider ended with {status} under load: {}", process.tail()))
        };
        self.processes.iter_mut().filter_map(dead).collect()
    }

    /// Tells the processes to stop and waits for their end.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        for process in &mut self.processes {
            // Without a check, the signal could reach a stranger who was given the same number.
            if process.ended().is_none() {
                kill_process(process.pid, Signal::TERM)?;
            }
        }
        for process in &mut self.processes {
            patience::until("the provider ends", async || process.ended()).await?;
        }
        Ok(())
    }
}
