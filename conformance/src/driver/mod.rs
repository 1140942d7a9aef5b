//! The CSI driver, played: Secrets Store CSI Driver v1.6.0 on the way from a pod's volume to files.
//!
//! It owns what a provider sees of a cluster and what a pod sees of a provider: the request, the call, the checks on the answer,
//! the files, and, with the kubelet and the API server played beside it, what becomes of them over time. It knows no provider and
//! no cloud. What it models is named by upstream file at tag v1.6.0. The tmpfs, which needs root, is a folder moved over another.

mod answer;
mod atomic_writer;
mod call;
mod class;
mod clock;
mod container;
mod der;
pub mod events;
pub mod go_json;
mod kubelet;
pub mod legacy;
mod node;
mod node_publish;
pub mod objects;
mod pkcs12;
mod pod;
pub mod pod_status;
pub mod protocol;
mod publish;
mod refusal;
mod request;
mod socket_path_authority;
pub mod stand_in;
pub mod sync;
#[cfg(test)]
mod tests;
mod tmpfs;
mod trespass;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use answer::{AnswerError, PathError};
pub(crate) use atomic_writer::files_below;
pub use atomic_writer::{WriteOutcome, write as write_atomically};
pub use call::Authority;
use call::Client;
pub use class::{ApiVersion, ClassError, SecretKey, SecretObject, SecretProviderClass};
pub use clock::Clock;
pub use container::Container;
pub use kubelet::{Attempt, Failure, Kubelet};
pub use node::Node;
pub use node_publish::PublishRequest;
use objects::{ApiError, CLASSES, Objects};
pub use pod::{Pod, ServiceAccountToken, TOKENS_KEY, TokenDelivery, Tokens, Volume};
use protocol::{MountRequest, MountResponse, VersionResponse};
pub use publish::{Publication, Receipt};
pub use refusal::{ClassUnread, Error, Refusal};
pub use request::{PERMISSION, mount_request};
use tmpfs::Mounts;
use tonic::{Code, Status};

/// The deadline of the driver's health check.
pub const HEALTH_CHECK_DEADLINE: Duration = Duration::from_secs(5);

/// Which driver is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Release {
    /// v1.6.0: the kubelet's republishing rotates; Secrets of the same name are replaced.
    #[default]
    V1_6_0,
    /// v1.5.6, in the place of those before it, too: the driver looks for changes itself and tells of them in events; Secrets that exist are left
    /// alone.
    V1_5_6,
}

/// How the driver and its kubelet are set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folders with providers' sockets, in the order in which they are searched.
    pub provider_folders: Vec<PathBuf>,
    /// The kubelet's root, `/var/lib/kubelet` on a node.
    pub kubelet_folder: PathBuf,
    /// How the client introduces itself.
    pub authority: Authority,
    /// The kubelet's deadline, which the driver passes on.
    pub deadline: Duration,
    /// How long an answer is really awaited, if less than the deadline that is told to the provider: then the deadline counts as
    /// over.
    pub patience: Option<Duration>,
    /// `--max-call-recv-msg-size`
    pub max_answer_bytes: usize,
    /// `--rotation-poll-interval`, or nothing when rotation is off.
    pub rotation_poll_interval: Option<Duration>,
    /// Sent as the requested file mode; the real driver always sends [`PERMISSION`].
    pub permission: String,
    /// `--nodeid`
    pub node: String,
    /// Which driver it is. An older one introduces itself by the socket's path: see [`Options::of_release`].
    pub release: Release,
    /// `syncSecret.enabled` of the chart, off by default: the role for Secrets.
    pub sync_secret: bool,
}

impl Options {
    /// The defaults of driver v1.6.0 and the kubelet, with rotation on and no pause between two looks, so that a republish
    /// always asks the provider.
    pub fn new(provider_folder: PathBuf, kubelet_folder: PathBuf) -> Self {
        Self {
            provider_folders: vec![provider_folder],
            kubelet_folder,
            authority: Authority::default(),
            deadline: Duration::from_secs(120),
            patience: None,
            max_answer_bytes: 4 * 1024 * 1024,
            rotation_poll_interval: Some(Duration::ZERO),
            permission: PERMISSION.into(),
            node: "node-1".into(),
            release: Release::V1_6_0,
            sync_secret: false,
        }
    }

    /// The same for another release.
    #[must_use]
    pub fn of_release(self, release: Release) -> Self {
        let authority = match release {
            Release::V1_6_0 => Authority::Localhost,
            Release::V1_5_6 => Authority::SocketPath,
        };
        Self { authority, release, ..self }
    }
}

/// A driver on one node.
#[derive(Debug)]
pub struct Driver {
    /// May be changed between calls, but for `authority` and `max_answer_bytes`, which connections keep.
    pub options: Options,
    /// The objects of its cluster, which a Kubernetes API may serve as well.
    pub objects: Objects,
    /// Its time.
    pub clock: Clock,
    clients: Mutex<BTreeMap<String, Client>>,
    mounts: Mounts,
    trespasses: Mutex<BTreeSet<String>>,
}

impl Driver {
    /// A driver of an empty cluster, which has mounted nothing.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            objects: objects::with_definitions(),
            clock: Clock::new(),
            clients: Mutex::default(),
            mounts: Mounts::default(),
            trespasses: Mutex::default(),
        }
    }

    /// Creates or replaces a class, as `kubectl apply` does. The driver reads classes anew at every call.
    pub fn apply(&self, class: &SecretProviderClass) -> Result<(), ApiError> {
        self.objects.apply(CLASSES, class.to_object()).map(drop)
    }

    /// Edits a class, as `kubectl edit` does.
    pub fn edit(
        &self,
        namespace: &str,
        name: &str,
        edit: impl FnOnce(&mut SecretProviderClass),
    ) -> Result<(), ClassUnread> {
        let mut class = self.read_class(namespace, name)?;
        edit(&mut class);
        Ok(self.apply(&class)?)
    }

    /// Where the kubelet wants the pod's volume.
    pub fn target_path(&self, pod: &Pod) -> PathBuf {
        let pods = self.options.kubelet_folder.join("pods").join(&pod.uid);
        pods.join("volumes/kubernetes.io~csi").join(&pod.volume.name).join("mount")
    }

    /// Reads the class that a volume names; provider and parameters must be set.
    fn class(&self, namespace: &str, name: &str) -> Result<SecretProviderClass, Error> {
        if name.is_empty() {
            return Err(Error::ClassNotSet);
        }
        let class = self.read_class(namespace, name);
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let class = match class {
            Ok(class) => class,
            Err(source) => return Err(Error::ClassNotFound { namespace, name, source: Box::new(source) }),
        };
        if class.provider.is_empty() {
            return Err(Error::ProviderNotSet { namespace, name });
        }
        if class.parameters.is_empty() {
            return Err(Error::ParametersNotSet { namespace, name });
        }
        Ok(class)
    }

    /// Reads a class. The suite's API server checks no types, so the driver's client does what remains.
    fn read_class(&self, namespace: &str, name: &str) -> Result<SecretProviderClass, ClassUnread> {
        Ok(SecretProviderClass::from_object(&self.objects.get(CLASSES, namespace, name)?)?)
    }

    /// What providers wrote into volumes themselves, which is not theirs to do.
    pub fn trespasses(&self) -> Vec<String> {
        locked(&self.trespasses).iter().cloned().collect()
    }

    /// The driver's optional health check, which has a deadline of its own.
    pub async fn version(&self, provider: &str, deadline: Duration) -> Result<VersionResponse, Error> {
        Ok(self.client(provider)?.version(deadline).await?)
    }

    /// Sends a request that the real driver would never send, to see how the provider takes it.
    pub async fn mount_raw(&self, provider: &str, request: MountRequest) -> Result<MountResponse, Error> {
        Ok(self.ask(&self.client(provider)?, request).await?)
    }

    /// Asks a provider, with the kubelet's deadline and the suite's own patience.
    async fn ask(&self, client: &Client, request: MountRequest) -> Result<MountResponse, Status> {
        let Options { deadline, patience, .. } = self.options;
        let answer = client.mount(request, deadline);
        match patience.filter(|patience| *patience < deadline) {
            None => answer.await,
            Some(patience) => {
                let is_over = |_| {
                    Status::deadline_exceeded(format!(
                        "context deadline exceeded ({patience:?} of {deadline:?} awaited)"
                    ))
                };
                tokio::time::timeout(patience, answer).await.map_err(is_over)?
            }
        }
    }

    /// The request that the driver would send for this pod now.
    pub fn request_for(&self, pod: &Pod) -> Result<MountRequest, Error> {
        let publish = PublishRequest::of(pod, self.target_path(pod));
        Ok(mount_request(&self.class(&pod.namespace, publish.class())?, &publish))
    }

    /// Breaks all connections, as a restart of the driver does.
    pub fn disconnect(&self) {
        locked(&self.clients).clear();
    }

    /// The cached client of a provider, or a new one for the first folder that holds its socket.
    fn client(&self, provider: &str) -> Result<Client, Error> {
        let is_valid = provider.len() <= 30
            && provider.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if !is_valid {
            return Err(Error::InvalidProvider { provider: provider.into() });
        }
        let mut clients = locked(&self.clients);
        if let Some(client) = clients.get(provider) {
            return Ok(client.clone());
        }
        let sockets =
            self.options.provider_folders.iter().map(|folder| folder.join(format!("{provider}.sock")));
        let socket = sockets.into_iter().find(|socket| socket.exists());
        let socket = socket.ok_or_else(|| Error::ProviderNotFound { provider: provider.into() })?;
        let client = Client::new(socket, self.options.authority, self.options.max_answer_bytes);
        Ok(clients.entry(provider.into()).or_insert(client).clone())
    }
}

/// Whether the kubelet takes a code as final. After any other it keeps the target folder, which can start a pod on it.
pub fn is_final(code: Code) -> bool {
    let uncertain =
        [Code::Cancelled, Code::DeadlineExceeded, Code::Unavailable, Code::ResourceExhausted, Code::Aborted];
    !uncertain.contains(&code)
}

/// The code in the spelling of Kubernetes events.
pub fn code_name(code: Code) -> String {
    match code {
        Code::Ok => "OK".into(),
        Code::Cancelled => "Canceled".into(),
        code => format!("{code:?}"),
    }
}

/// Poisoning tells nothing here: the maps are whole after every statement.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}
