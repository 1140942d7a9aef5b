//! The requests: made by the driver's model, so that a target sees what a driver sends.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::cloud::{NAMESPACE, PARTNER, REGION, account_name, key_pair};
use super::workload::{Source, Workload};
use crate::driver::mount_request;
use crate::driver::protocol::MountRequest;
use crate::driver::{
    ApiVersion, Pod, PublishRequest, SecretProviderClass, ServiceAccountToken, TokenDelivery, Tokens, Volume,
};

const AUDIENCE: &str = "sts.aliyuncs.com";
/// The files of a volume are never written, so it lies where the driver of a node has it.
const KUBELET: &str = "/var/lib/kubelet/pods";

/// A pod's volume. The same one again is a republish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mount {
    /// Which pod.
    pub(super) pod: u64,
    /// Its first object; the others follow.
    pub(super) first: usize,
    /// Its service account.
    pub(super) account: usize,
}

/// Makes the requests of a workload.
#[derive(Debug)]
pub(super) struct Requests {
    workload: Workload,
    tokens: Vec<String>,
    /// Pods are numbered through the life of the target, so that a new one is new to it.
    pods: AtomicU64,
}

impl Requests {
    pub(super) fn new(workload: &Workload, tokens: &[String]) -> Self {
        Self { workload: workload.clone(), tokens: tokens.to_vec(), pods: AtomicU64::new(1) }
    }

    /// The volume of the next new pod of a node.
    pub(super) fn next(&self, node: usize) -> Mount {
        let pod = self.pods.fetch_add(1, Ordering::Relaxed);
        self.mount(pod, node)
    }

    fn mount(&self, pod: u64, node: usize) -> Mount {
        let Workload { shared, objects, secrets, identities, processes, .. } = self.workload;
        let number = usize::try_from(pod).unwrap_or_default();
        let first = if shared { 0 } else { number * objects % secrets };
        // Pods go round the nodes first, so that each node has pods of all its accounts.
        Mount { pod, first, account: node * identities + number / processes % identities }
    }

    /// The request for it.
    pub(super) fn request(&self, mount: &Mount) -> MountRequest {
        let pod = self.pod(mount);
        let target: PathBuf =
            [KUBELET, &pod.uid, "volumes/kubernetes.io~csi", &pod.volume.name, "mount"].iter().collect();
        mount_request(&self.class(mount), &PublishRequest::of(&pod, target))
    }

    fn class(&self, mount: &Mount) -> SecretProviderClass {
        let more = match self.workload.source {
            Source::CrossAccount => format!("\n  crossAccountRoleArn: \"{PARTNER}\""),
            _ => String::new(),
        };
        let objects =
            self.objects(mount).map(|number| format!("- objectName: {}{more}\n", Workload::secret(number)));
        let mut parameters = BTreeMap::from([
            ("region".to_owned(), REGION.to_owned()),
            ("objects".to_owned(), objects.collect()),
        ]);
        if self.workload.source == Source::PodServiceAccount {
            parameters.insert("usePodServiceAccountToken".to_owned(), "true".to_owned());
        }
        SecretProviderClass {
            api_version: ApiVersion::V1,
            name: "load".to_owned(),
            namespace: NAMESPACE.to_owned(),
            provider: "alibabacloud".to_owned(),
            parameters,
            secret_objects: Vec::new(),
        }
    }

    /// The secrets that it reads.
    pub(super) fn objects(&self, mount: &Mount) -> impl Iterator<Item = usize> + use<> {
        let Workload { objects, secrets, .. } = self.workload;
        let first = mount.first;
        (0..objects).map(move |offset| (first + offset) % secrets)
    }

    fn pod(&self, mount: &Mount) -> Pod {
        let tokens = self.tokens.get(mount.account).map(|token| {
            // Far enough that nobody replaces it meanwhile.
            let token = ServiceAccountToken {
                token: token.clone(),
                expiration_timestamp: "2099-01-01T00:00:00Z".to_owned(),
            };
            let by_audience = BTreeMap::from([(AUDIENCE.to_owned(), token)]);
            Tokens { by_audience, delivery: TokenDelivery::Context }
        });
        let node_publish_secret = match self.workload.source {
            Source::NodePublishSecret => {
                let key = key_pair();
                BTreeMap::from([("access_key".to_owned(), key.id), ("access_secret".to_owned(), key.secret)])
            }
            _ => BTreeMap::new(),
        };
        Pod {
            name: format!("web-{}", mount.pod),
            namespace: NAMESPACE.to_owned(),
            uid: format!("6c6f6164-0000-4000-8000-{:012x}", mount.pod),
            service_account: account_name(mount.account),
            volume: Volume { node_publish_secret, tokens, ..Volume::of("secrets-store", "load") },
            more_volumes: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(shared: bool) -> Requests {
        let workload = Workload { objects: 3, secrets: 300, concurrency: 50, shared, ..Workload::default() };
        Requests::new(&workload, &[])
    }

    #[test]
    fn mounts_at_once_have_no_object_in_common_unless_they_share_all() {
        let own = requests(false);
        let mut objects: Vec<_> = (0..100).flat_map(|_| own.objects(&own.next(0))).collect();
        objects.sort_unstable();
        assert_eq!(objects, (0..300).collect::<Vec<_>>());
        let shared = requests(true);
        assert!((0..100).all(|_| shared.objects(&shared.next(0)).eq(0..3)));
    }

    #[test]
    fn the_same_mount_is_the_same_request_and_the_next_another_volume() {
        let requests = requests(true);
        let (one, other) = (requests.next(0), requests.next(0));
        assert_eq!(requests.request(&one), requests.request(&one));
        assert_ne!(requests.request(&one).target_path, requests.request(&other).target_path);
    }
}
