//! The unix socket: taking its place, serving on it, leaving it.
//!
//! The driver looks for `<directory>/alibabacloud.sock` and takes the first file of that name, alive or not. So the socket
//! is bound under another name and moved into place when it can answer, a stale one is replaced by the move, and at the end
//! it is removed only if it is still ours: a successor that has moved its own into place is never cut off.
//!
//! Knows nothing of Alibaba Cloud.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use rustix::fs::Mode;
use tokio::net::{UnixListener, UnixSocket};
use tokio::sync::watch;
use tonic::server::NamedService as _;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};

use crate::authority::AcceptAnyAuthority;
use crate::proto::csi_driver_provider_server::CsiDriverProviderServer;
use crate::service::Service;

/// The provider's name as classes and the driver spell it, with the driver's ending.
const SOCKET_NAME: &str = "alibabacloud.sock";
/// Connections that may wait to be accepted. The driver opens one and keeps it.
const BACKLOG: u32 = 128;
/// The part of the grace period that is kept for answering mounts which did not end by themselves.
const ANSWERING: Duration = Duration::from_secs(1);

/// A bound socket in its place.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    place: Place,
}

impl Socket {
    /// Takes the place in `directory`.
    pub fn bind(directory: &Path) -> Result<Self, BindError> {
        let path = directory.join(SOCKET_NAME);
        let may_replace = refuse_foreign(&path);
        mutate!(ForeignFileRemoved => drop(std::fs::remove_file(&path)));
        may_replace?;
        mutate!(StaleSocketKept => if path.exists() { return Err(BindError::Foreign { path }) });
        // No longer than the name it takes in the end, since socket paths are short.
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let temporary = Temporary(directory.join(format!(".{}.sock", &unique[..8])));
        let failed = |source| BindError::Io { path: path.clone(), source };
        let listener = bind_private(&temporary.0).map_err(failed)?;
        let metadata = std::fs::symlink_metadata(&temporary.0).map_err(failed)?;
        std::fs::rename(&temporary.0, &path).map_err(failed)?;
        Ok(Self { listener, place: Place { path, identity: (metadata.dev(), metadata.ino()) } })
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        self.place.clone()
    }
}

/// Where a socket was put, and which one it was.
#[derive(Clone, Debug)]
pub struct Place {
    path: PathBuf,
    identity: (u64, u64),
}

impl Place {
    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the socket is still in its place, so that the driver finds it.
    pub fn is_held(&self) -> bool {
        std::fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.identity)
    }

    /// Removes the socket, unless another one has taken its place.
    fn withdraw(&self) {
        if self.is_held()
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), "the socket could not be removed: {error}");
        }
    }
}

/// A file that is gone if it was not moved elsewhere.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a successful rename there is nothing left to remove.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Why the place could not be taken. The operator must act.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody's file or directory; not ours to remove.
    #[error("{} exists and is no socket; remove it or choose another --provider-volume", path.display())]
    Foreign {
        /// The socket's path.
        path: PathBuf,
    },
    /// The directory is missing or not writable, or the path too long.
    #[error("socket {} cannot be created: {source}; check that --provider-volume names a directory that can be written", path.display())]
    Io {
        /// The socket's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn refuse_foreign(path: &Path) -> Result<(), BindError> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => Ok(()),
        Ok(_) => Err(BindError::Foreign { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(BindError::Io { path: path.to_owned(), source }),
    }
}

/// A listening socket that nobody but our user may connect to, not even between its creation and a chmod: the mode of an
/// unbound socket is the mode of the file it becomes (unix(7)).
fn bind_private(path: &Path) -> io::Result<UnixListener> {
    let socket = UnixSocket::new_stream()?;
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    socket.bind(path)?;
    socket.listen(BACKLOG)
}

/// Who tells the server to stop, and whom the server tells.
#[derive(Debug)]
pub struct Lifecycle {
    /// Turns true when the process is told to stop.
    pub stop: watch::Receiver<bool>,
    /// Set to true when running mounts must come to an end.
    pub ending: watch::Sender<bool>,
    /// Set while calls are taken.
    pub serving: watch::Sender<bool>,
    /// How long after `stop` everything has ended.
    pub grace_period: Duration,
}

/// Serves until told to stop, then drains: no new connections, no new calls, running mounts go on within the grace period
/// and are answered with a failure at its end.
pub async fn serve(
    socket: Socket,
    service: Service,
    lifecycle: Lifecycle,
) -> Result<(), tonic::transport::Error> {
    let Socket { listener, place } = socket;
    let Lifecycle { stop, ending, serving, grace_period } = lifecycle;
    let (mut reporter, health) = health_reporter();
    reporter.set_serving::<CsiDriverProviderServer<Service>>().await;

    let listener = Arc::new(listener);
    let incoming = stream::unfold(Arc::clone(&listener), |listener| async move {
        let accepted = listener.accept().await;
        Some((accepted.map(|(stream, _)| AcceptAnyAuthority::new(stream)), listener))
    });
    let mut stopped = stop.clone();
    // The socket listens already; what comes now waits for no more than the next line.
    let taking = Taking::begin(serving);
    let answering = Server::builder()
        .add_service(health)
        .add_service(CsiDriverProviderServer::new(service))
        .serve_with_incoming_shutdown(incoming, async move {
            mutate!(SigtermIgnored, wait_for(&mut stopped).await, std::future::pending().await);
            drop(taking);
            // The socket goes first: from now on the driver waits for a successor instead of a refusal. The listener is
            // still open here, so the inode cannot have been given to another file.
            mutate!(SocketLeftBehind, place.withdraw(), ());
            drop(listener);
            retire(&mut reporter).await;
        });
    let mut stopped = stop;
    mutate!(RunningMountsCut: grace_period = Duration::ZERO);
    let limit = async move {
        mutate!(SigtermIgnored, wait_for(&mut stopped).await, std::future::pending().await);
        tokio::time::sleep(grace_period.saturating_sub(ANSWERING)).await;
        ending.send_replace(true);
        tokio::time::sleep(ANSWERING.min(grace_period)).await;
    };
    tokio::select! {
        result = answering => result,
        () = limit => {
            tracing::warn!("the grace period is over; connections that did not close are dropped");
            Ok(())
        }
    }
}

/// Says that calls are taken, until it is dropped: on a stop, or because serving failed.
struct Taking(watch::Sender<bool>);

impl Taking {
    fn begin(serving: watch::Sender<bool>) -> Self {
        serving.send_replace(true);
        Self(serving)
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

/// Tells watchers of our health that we stop serving, and ends their streams, which would hold up the drain.
async fn retire(reporter: &mut HealthReporter) {
    for service in ["", CsiDriverProviderServer::<Service>::NAME] {
        reporter.set_service_status(service, ServingStatus::NotServing).await;
        reporter.clear_service_status(service).await;
    }
}

/// Waits for the flag to be raised. A sender that is gone will not raise it, but the process is ending then, too.
pub async fn wait_for(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|raised| *raised).await;
}
