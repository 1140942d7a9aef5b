//! Which volumes were mounted before by this process. After a restart every one counts as new.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Half of what is remembered at most: several volumes for each of a large node's pods.
const GENERATION: usize = 4_096;

/// A volume of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Volume {
    pod_uid: String,
    target_path: String,
}

impl Volume {
    /// None without the pod's uid: a path alone may be another pod's tomorrow.
    pub fn new(pod_uid: &str, target_path: &str) -> Option<Self> {
        let (pod_uid, target_path) = (pod_uid.to_owned(), target_path.to_owned());
        (!pod_uid.is_empty()).then_some(Self { pod_uid, target_path })
    }
}

/// Remembers volumes, those used lately at least. Of each only a keyed hash is kept, so that it takes little room, and nobody
/// can name a volume that is taken for another.
#[derive(Debug, Default)]
pub struct Volumes {
    keys: [RandomState; 2],
    seen: Mutex<Seen>,
}

/// When the young are many, they become the old, and the old are forgotten.
#[derive(Debug, Default)]
struct Seen {
    young: HashSet<[u64; 2]>,
    old: HashSet<[u64; 2]>,
}

impl Volumes {
    /// Whether it was mounted before.
    pub fn know(&self, volume: &Volume) -> bool {
        let hash = self.hash(volume);
        let mut seen = self.seen();
        if seen.old.contains(&hash) {
            seen.remember(hash);
            return true;
        }
        seen.young.contains(&hash)
    }

    /// It is mounted.
    pub fn remember(&self, volume: &Volume) {
        let hash = self.hash(volume);
        self.seen().remember(hash);
    }

    fn hash(&self, volume: &Volume) -> [u64; 2] {
        self.keys.each_ref().map(|key| key.hash_one(volume))
    }

    /// No invariant spans two critical sections, so a panic in one breaks nothing.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn remember(&mut self, hash: [u64; 2]) {
        if self.young.len() >= GENERATION && !self.young.contains(&hash) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(uid: &str, path: &str) -> Volume {
        Volume::new(uid, path).unwrap()
    }

    #[test]
    fn a_volume_is_known_once_it_was_mounted() {
        let volumes = Volumes::default();
        let own = volume("1-2", "/pods/1-2/a");
        assert!(!volumes.know(&own) && !volumes.know(&own));
        volumes.remember(&own);
        assert!(volumes.know(&own));
        assert!(!volumes.know(&volume("1-2", "/pods/1-2/b")) && !volumes.know(&volume("1-3", "/pods/1-2/a")));
    }

    #[test]
    fn without_a_pod_there_is_no_volume() {
        assert_eq!(Volume::new("", "/pods/1-2/a"), None);
    }

    #[test]
    fn those_used_lately_are_known_and_the_rest_takes_no_room() {
        let volumes = Volumes::default();
        let own = volume("own", "/a");
        volumes.remember(&own);
        for number in 0..100_000 {
            volumes.remember(&volume(&number.to_string(), "/a"));
            assert!(number % 1_000 != 0 || volumes.know(&own));
        }
        let seen = volumes.seen();
        assert!(seen.young.len() + seen.old.len() <= 2 * GENERATION);
    }
}
