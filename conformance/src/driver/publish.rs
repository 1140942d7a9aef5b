//! Publishing a volume: the driver's steps in their order, and what the kubelet does about the end of them
//! (`pkg/secrets-store/nodeserver.go` at v1.6.0; `pkg/volume/csi/csi_mounter.go` of Kubernetes).

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::call::Client;
use super::clock::{later, modified};
use super::protocol::MountRequest;
use super::{
    Driver, Error, Pod, PublishRequest, Refusal, Release, SecretProviderClass, WriteOutcome, answer,
    atomic_writer, locked, mount_request, pod_status, trespass,
};

/// A volume was published.
#[derive(Debug)]
pub enum Publication {
    /// The driver did not ask the provider: rotation is off, it is too early for another look, or the provider is the mock one.
    Skipped,
    /// The provider answered and the driver accepted.
    Mounted(Receipt),
}

/// What the provider answered and what became of it.
#[derive(Debug)]
pub struct Receipt {
    /// Version by object id, as the pod's status holds it.
    pub object_versions: BTreeMap<String, String>,
    /// Mode by path, as answered.
    pub modes: BTreeMap<String, i32>,
    /// What happened to the files on disk.
    pub outcome: WriteOutcome,
    /// How long the provider took.
    pub took: Duration,
}

impl Driver {
    /// The kubelet wants the volume published: for the first time, or again.
    ///
    /// A refusal that is masked is a success to the kubelet. After one that is final it removes the folder, if nothing is mounted
    /// there.
    pub async fn publish(&self, pod: &Pod) -> Result<Publication, Refusal> {
        let target = self.target_path(pod);
        let result = self.node_publish_volume(&PublishRequest::of(pod, target.clone())).await;
        result.map_err(|error| {
            // A first mount that fails leaves nothing mounted.
            let is_republish = self.mounts.is_mounted(&target);
            if error.is_final() && !is_republish {
                // The kubelet removes an empty folder and nothing else.
                drop(fs::remove_dir(&target));
            }
            Refusal::new(error, pod, is_republish)
        })
    }

    /// `NodePublishVolume`. Errors that the driver masks are not masked yet.
    pub async fn node_publish_volume(&self, request: &PublishRequest) -> Result<Publication, Error> {
        if let Some(what) = request.missing_field() {
            return Err(Error::MissingField { what });
        }
        let target = &request.target_path;
        // Until v1.5.6 rotation is not the kubelet's business.
        let rotates = self.republish_interval().is_some();
        if self.is_too_early(target) {
            return Ok(Publication::Skipped);
        }
        let was_mounted = self.ensure_mount_point(target)?;
        if was_mounted && !rotates {
            return Ok(Publication::Skipped);
        }
        if request.is_for_mock_provider() {
            if !rotates {
                self.mounts.mount(target, &self.clock).map_err(Error::Mount)?;
            }
            return Ok(Publication::Skipped);
        }
        let [_, namespace, _] = request.pod();
        let class = self.class(namespace, request.class())?;
        if !request.read_only {
            return Err(Error::NotReadOnly);
        }
        if !was_mounted {
            self.mounts.mount(target, &self.clock).map_err(Error::Mount)?;
        }
        let published = self.fill(&class, request).await;
        if published.is_err() && !was_mounted {
            // An unmount that fails is logged by the driver and nothing else.
            drop(self.mounts.unmount(target));
        }
        published.map(Publication::Mounted)
    }

    /// From the request to the provider to the pod's status.
    async fn fill(&self, class: &SecretProviderClass, publish: &PublishRequest) -> Result<Receipt, Error> {
        let mut request = mount_request(class, publish);
        request.permission.clone_from(&self.options.permission);
        let client = self.client(&class.provider)?;
        let receipt = self.mount_content(&client, request, &publish.target_path).await?;
        let status = pod_status::write(&self.objects, &self.options.node, publish, &receipt.object_versions);
        status.map_err(|source| {
            let [name, namespace, _] = publish.pod();
            Error::PodStatus { pod: format!("{namespace}/{name}"), source: Box::new(source) }
        })?;
        Ok(receipt)
    }

    /// Asks the provider, checks its answer and writes the files.
    pub(super) async fn mount_content(
        &self,
        client: &Client,
        request: MountRequest,
        target: &Path,
    ) -> Result<Receipt, Error> {
        let start = Instant::now();
        let response = self.ask(client, request).await;
        let took = start.elapsed();
        locked(&self.trespasses).extend(trespass::strangers(target));
        let response = response?;
        let object_versions = answer::check(&response)?;
        let modes = response.files.iter().map(|file| (file.path.clone(), file.mode)).collect();
        let write = || atomic_writer::write(target, &response.files);
        let outcome = self.clock.stamp_if_modified(target, write)?;
        Ok(Receipt { object_versions, modes, outcome, took })
    }

    /// With rotation on, nobody is asked until the interval has passed since the volume's last change. A folder on which nothing is
    /// mounted counts as well, which is how a pod can start on an empty volume.
    fn is_too_early(&self, target: &Path) -> bool {
        let Some(interval) = self.republish_interval() else { return false };
        let modified = modified(target).and_then(|time| Timestamp::try_from(time).map_err(io::Error::other));
        modified.is_ok_and(|modified| self.clock.now() < later(modified, interval))
    }

    /// The interval of a driver that rotates when the kubelet republishes.
    fn republish_interval(&self) -> Option<Duration> {
        self.options.rotation_poll_interval.filter(|_| self.options.release == Release::V1_6_0)
    }

    /// Makes the target path if it is missing and says whether something is mounted there. A mount that cannot be read is undone.
    fn ensure_mount_point(&self, target: &Path) -> Result<bool, Error> {
        let ensure = |source| Error::EnsureMountPoint { path: target.into(), source };
        match fs::metadata(target) {
            Ok(_) if !self.mounts.is_mounted(target) => Ok(false),
            Ok(_) if fs::read_dir(target).is_ok() => Ok(true),
            Ok(_) => self.mounts.unmount(target).map(|()| false).map_err(ensure),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = DirBuilder::new().recursive(true).mode(0o750).create(target);
                made.and_then(|()| self.clock.stamp(target))
                    .map(|()| false)
                    .map_err(|source| Error::CreateTarget { path: target.into(), source })
            }
            Err(error) => Err(ensure(error)),
        }
    }

    /// Whether the driver has a tmpfs mounted for the pod.
    pub fn is_mounted(&self, pod: &Pod) -> bool {
        self.mounts.is_mounted(&self.target_path(pod))
    }

    /// `NodeUnpublishVolume`: empties, unmounts and removes the volume; the provider is not told.
    pub fn unpublish(&self, pod: &Pod) -> io::Result<()> {
        let target = self.target_path(pod);
        self.mounts.unmount(&target)?;
        fs::remove_dir_all(target)
    }
}
