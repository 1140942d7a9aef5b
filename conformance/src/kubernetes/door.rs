//! The API as a process of its own: for clients that are no part of the suite, such as Helm and `kubectl`.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use super::{Cluster, Release};

/// What the API writes into objects; nobody else would know it in advance.
const OWN_METADATA: [&str; 4] = ["creationTimestamp", "generation", "resourceVersion", "uid"];

/// Options of `kubernetes`.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Where to write how clients reach the API; it is written when the API is ready
    #[arg(long, value_name = "FILE")]
    kubeconfig: PathBuf,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The release of Kubernetes that the API says it is: 1 and this number
    #[arg(long, value_name = "NUMBER", default_value_t = Release::default().minor)]
    minor: u16,
    /// Write all objects that are there at the end as YAML, without what the API writes into them
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// Serves until it is told to end, by SIGINT or SIGTERM.
pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let token = uuid::Uuid::new_v4().simple().to_string();
    let cluster = Cluster::start_at(options.listen, &token, Release { minor: options.minor })
        .await
        .with_context(|| format!("listening on {}", options.listen))?;
    publish(&cluster, &options.kubeconfig)
        .with_context(|| format!("writing {}", options.kubeconfig.display()))?;
    let _ = writeln!(io::stderr(), "the Kubernetes API is ready at {}", cluster.url());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    if let Some(file) = options.record {
        let text = recorded(cluster.objects())?;
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whoever waits for the file finds it whole; nobody else may read the token.
fn publish(cluster: &Cluster, file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = tempfile::Builder::new()
        .prefix(".kubeconfig-")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    cluster.write_kubeconfig(draft.path())?;
    draft.persist(file)?;
    Ok(())
}

/// Objects as their owners wrote them.
fn recorded(objects: Vec<Value>) -> anyhow::Result<String> {
    let mut text = String::new();
    for mut object in objects {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.retain(|name, _| !OWN_METADATA.contains(&&**name));
        }
        let yaml = serde_yaml::to_string(&object).context("writing an object as YAML")?;
        let _ = writeln!(text, "---\n{}", yaml.trim_end());
    }
    Ok(text)
}
