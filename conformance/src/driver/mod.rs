//! The CSI driver, played: Secrets Store CSI Driver v1.6.0 on the way from a pod's volume to files.
//!
//! It owns what a provider sees of a cluster and what a pod sees of a provider: the request, the call, the checks on the answer,
//! the files. It knows no provider and no cloud. What it models is named by upstream file at tag v1.6.0; what it leaves out
//! is the tmpfs itself (needs root), the pod's status and the sync to Secrets.

mod answer;
mod atomic_writer;
mod call;
mod class;
pub mod go_json;
mod pod;
pub mod protocol;
mod refusal;
mod request;
mod socket_path_authority;
#[cfg(test)]
mod tests;
mod trespass;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use answer::{AnswerError, PathError};
pub(crate) use atomic_writer::files_below;
pub use atomic_writer::{WriteOutcome, write as write_atomically};
pub use call::Authority;
use call::Client;
pub use class::{ApiVersion, ClassError, SecretProviderClass};
pub use pod::{Pod, ServiceAccountToken, TOKENS_KEY, TokenDelivery, Tokens, Volume};
use protocol::{MountRequest, MountResponse, VersionResponse};
pub use refusal::{Error, Refusal};
pub use request::{PERMISSION, mount_request};
use tonic::{Code, Status};

/// The deadline of the driver's health check.
pub const HEALTH_CHECK_DEADLINE: Duration = Duration::from_secs(5);

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
    /// `--max-call-recv-msg-size`
    pub max_answer_bytes: usize,
    /// `--rotation-poll-interval`, or nothing when rotation is off.
    pub rotation_poll_interval: Option<Duration>,
    /// Sent as the requested file mode; the real driver always sends [`PERMISSION`].
    pub permission: String,
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
            max_answer_bytes: 4 * 1024 * 1024,
            rotation_poll_interval: Some(Duration::ZERO),
            permission: PERMISSION.into(),
        }
    }
}

/// A driver on one node.
#[derive(Debug)]
pub struct Driver {
    /// May be changed between calls, but for `authority` and `max_answer_bytes`, which connections keep.
    pub options: Options,
    classes: BTreeMap<(String, String), SecretProviderClass>,
    clients: Mutex<BTreeMap<String, Client>>,
    mounted: Mutex<BTreeSet<PathBuf>>,
    trespasses: Mutex<BTreeSet<String>>,
}

/// A volume was published.
#[derive(Debug)]
pub enum Publication {
    /// The driver did not ask the provider: rotation is off, or it is too early for another look.
    Skipped,
    /// The provider answered and the driver accepted.
    Mounted(Receipt),
}

/// What the provider answered and what became of it.
#[derive(Debug)]
pub struct Receipt {
    /// Version by object id, as the pod's status would hold it.
    pub object_versions: BTreeMap<String, String>,
    /// Mode by path, as answered.
    pub modes: BTreeMap<String, i32>,
    /// What happened to the files on disk.
    pub outcome: WriteOutcome,
    /// How long the provider took.
    pub took: Duration,
}

impl Driver {
    /// A driver that knows no class and has mounted nothing.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            classes: BTreeMap::new(),
            clients: Mutex::default(),
            mounted: Mutex::default(),
            trespasses: Mutex::default(),
        }
    }

    /// Creates or replaces a class, as `kubectl apply` does. The driver reads classes anew at every call.
    pub fn apply(&mut self, class: SecretProviderClass) {
        self.classes.insert((class.namespace.clone(), class.name.clone()), class);
    }

    /// A class that was applied, to be edited as `kubectl edit` does.
    pub fn class_mut(&mut self, namespace: &str, name: &str) -> Option<&mut SecretProviderClass> {
        self.classes.get_mut(&(namespace.to_owned(), name.to_owned()))
    }

    /// Where the kubelet wants the pod's volume.
    pub fn target_path(&self, pod: &Pod) -> PathBuf {
        let pods = self.options.kubelet_folder.join("pods").join(&pod.uid);
        pods.join("volumes/kubernetes.io~csi").join(&pod.volume.name).join("mount")
    }

    /// `NodePublishVolume`: the first mount, and again at every republish.
    pub async fn publish(&self, pod: &Pod) -> Result<Publication, Refusal> {
        let target = self.target_path(pod);
        let is_mounted = locked(&self.mounted).contains(&target);
        let result = self.node_publish_volume(pod, &target, is_mounted).await;
        match &result {
            Ok(_) => {
                locked(&self.mounted).insert(target);
            }
            // The kubelet removes the folder of a failed mount only when the code is final.
            Err(error) if !is_mounted && error.is_final() => drop(fs::remove_dir_all(&target)),
            Err(_) => {}
        }
        result.map_err(|error| Refusal::new(error, pod, is_mounted))
    }

    /// The driver's order of steps; the numbers of the comments are the driver's own sequence.
    async fn node_publish_volume(
        &self,
        pod: &Pod,
        target: &Path,
        is_mounted: bool,
    ) -> Result<Publication, Error> {
        if self.is_too_early(target) || (is_mounted && self.options.rotation_poll_interval.is_none()) {
            return Ok(Publication::Skipped);
        }
        DirBuilder::new().recursive(true).mode(0o750).create(target)?;
        let class = self.class_of(pod)?;
        if !pod.volume.read_only {
            return Err(Error::NotReadOnly);
        }
        let mut request = mount_request(class, pod, target);
        request.permission.clone_from(&self.options.permission);
        let client = self.client(&class.provider)?;
        let start = Instant::now();
        let response = client.mount(request, self.options.deadline).await;
        let took = start.elapsed();
        locked(&self.trespasses).extend(trespass::strangers(target));
        let response = response?;
        let object_versions = answer::check(&response)?;
        let modes = response.files.iter().map(|file| (file.path.clone(), file.mode)).collect();
        let outcome = atomic_writer::write(target, &response.files)?;
        Ok(Publication::Mounted(Receipt { object_versions, modes, outcome, took }))
    }

    /// With rotation on, nobody is asked until the interval has passed since the volume's last change.
    fn is_too_early(&self, target: &Path) -> bool {
        let Some(interval) = self.options.rotation_poll_interval else { return false };
        let age =
            fs::metadata(target).and_then(|metadata| metadata.modified()).map(|modified| modified.elapsed());
        age.is_ok_and(|age| age.is_ok_and(|age| age < interval))
    }

    fn class_of(&self, pod: &Pod) -> Result<&SecretProviderClass, Error> {
        let name = pod.volume.attributes.get("secretProviderClass").filter(|name| !name.is_empty());
        let name = name.ok_or(Error::ClassNotSet)?;
        let key = (pod.namespace.clone(), name.clone());
        let class = self
            .classes
            .get(&key)
            .ok_or_else(|| Error::ClassNotFound { namespace: pod.namespace.clone(), name: name.clone() })?;
        let (namespace, name) = key;
        if class.provider.is_empty() {
            return Err(Error::ProviderNotSet { namespace, name });
        }
        if class.parameters.is_empty() {
            return Err(Error::ParametersNotSet { namespace, name });
        }
        Ok(class)
    }

    /// What providers wrote into volumes themselves, which is not theirs to do.
    pub fn trespasses(&self) -> Vec<String> {
        locked(&self.trespasses).iter().cloned().collect()
    }

    /// `NodeUnpublishVolume`: empties and removes the volume; the provider is not told.
    pub fn unpublish(&self, pod: &Pod) -> std::io::Result<()> {
        let target = self.target_path(pod);
        locked(&self.mounted).remove(&target);
        fs::remove_dir_all(target)
    }

    /// The driver's optional health check, which has a deadline of its own.
    pub async fn version(&self, provider: &str, deadline: Duration) -> Result<VersionResponse, Error> {
        Ok(self.client(provider)?.version(deadline).await?)
    }

    /// Sends a request that the real driver would never send, to see how the provider takes it.
    pub async fn mount_raw(&self, provider: &str, request: MountRequest) -> Result<MountResponse, Error> {
        Ok(self.client(provider)?.mount(request, self.options.deadline).await?)
    }

    /// The request that the driver would send for this pod now.
    pub fn request_for(&self, pod: &Pod) -> Result<MountRequest, Error> {
        Ok(mount_request(self.class_of(pod)?, pod, &self.target_path(pod)))
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
