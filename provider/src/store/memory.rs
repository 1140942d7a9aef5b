//! Values that were read lately, bounded by bytes. The least recently used go first, and none stays beyond its time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Key, Value};
use crate::credential::Identity;

/// What an entry takes beside the texts in it: two maps' slots, identity, key and headers of allocations.
const OVERHEAD: usize = 700;

/// A value, and how it was read.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) value: Arc<Value>,
    /// The access key id of the credential that it was read with.
    pub(super) session: Arc<str>,
    /// When the call began. The value is no older.
    pub(super) began: Instant,
    /// The number of the call, in the order in which calls ended.
    pub(super) number: u64,
}

/// Values by key.
#[derive(Debug)]
pub(super) struct Memory {
    capacity: usize,
    life: Duration,
    bytes: usize,
    uses: u64,
    entries: HashMap<Arc<Key>, Entry>,
    by_use: BTreeMap<u64, Arc<Key>>,
}

#[derive(Debug)]
struct Entry {
    kept: Kept,
    bytes: usize,
    last_use: u64,
}

impl Memory {
    /// Holds at most `capacity` bytes, each value for `life`.
    pub(super) fn new(capacity: usize, life: Duration) -> Self {
        let (entries, by_use) = (HashMap::new(), BTreeMap::new());
        Self { capacity, life, bytes: 0, uses: 0, entries, by_use }
    }

    /// What is kept under `key`, and not too old.
    pub(super) fn find(&mut self, key: &Key) -> Option<Kept> {
        let entry = self.entries.get_mut(key)?;
        if entry.kept.began.elapsed() > self.life {
            self.forget(key);
            return None;
        }
        self.uses += 1;
        let used = self.by_use.remove(&entry.last_use);
        entry.last_use = self.uses;
        self.by_use.extend(used.map(|key| (self.uses, key)));
        Some(entry.kept.clone())
    }

    /// Keeps a value, unless there is one of a later call.
    pub(super) fn keep(&mut self, key: &Arc<Key>, kept: Kept) {
        if self.entries.get(key).is_some_and(|entry| entry.kept.began > kept.began) {
            return;
        }
        self.forget(key);
        let value = &kept.value;
        let bytes = OVERHEAD + value.contents.expose().capacity() + value.version_id.len() + key.text_bytes();
        if bytes > self.capacity {
            return;
        }
        self.uses += 1;
        self.bytes += bytes;
        self.entries.insert(Arc::clone(key), Entry { kept, bytes, last_use: self.uses });
        self.by_use.insert(self.uses, Arc::clone(key));
        while self.bytes > self.capacity
            && let Some((_, oldest)) = self.by_use.first_key_value()
        {
            let oldest = Arc::clone(oldest);
            self.forget(&oldest);
        }
    }

    /// Forgets what is kept under `key`.
    pub(super) fn forget(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
            self.by_use.remove(&entry.last_use);
        }
    }

    /// Forgets all that `identity` read.
    pub(super) fn forget_all_of(&mut self, identity: &Identity) {
        self.forget_if(|key, _| *key.identity == *identity);
    }

    /// Forgets what is too old.
    pub(super) fn tidy(&mut self) {
        let life = self.life;
        self.forget_if(|_, kept| kept.began.elapsed() > life);
    }

    fn forget_if(&mut self, is_bad: impl Fn(&Key, &Kept) -> bool) {
        let (bytes, by_use) = (&mut self.bytes, &mut self.by_use);
        self.entries.retain(|key, entry| {
            let bad = is_bad(key, &entry.kept);
            if bad {
                *bytes -= entry.bytes;
                by_use.remove(&entry.last_use);
            }
            !bad
        });
    }

    /// How many values there are, and how many bytes they take.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Door, kms};

    use tokio::time::advance;

    const MINUTE: Duration = Duration::from_secs(60);

    fn key(role: &str, name: &str) -> Arc<Key> {
        let door =
            Door { endpoint: "kms.example.com".parse().unwrap(), scheme: crate::alicloud::sign::Scheme::V3 };
        let selection =
            kms::Selection { secret_name: name.to_owned(), version_id: None, version_stage: None };
        let identity = Arc::new(Identity::Instance { role: Some(role.to_owned()) });
        Arc::new(Key { identity, door, region: None, selection: selection.into() })
    }

    fn kept(text: &str) -> Kept {
        let value = Value { contents: text.as_bytes().to_vec().into(), version_id: "v1".to_owned() };
        Kept { value: Arc::new(value), session: "s".into(), began: Instant::now(), number: 1 }
    }

    fn text(memory: &mut Memory, name: &str) -> Option<String> {
        let kept = memory.find(&key("a", name))?;
        Some(String::from_utf8(kept.value.contents.expose().clone()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_least_recently_used_go_when_there_are_too_many_bytes() {
        let mut memory = Memory::new(3 * (OVERHEAD + 1_000), MINUTE);
        let long = "x".repeat(900);
        for name in ["1", "2", "3"] {
            memory.keep(&key("a", name), kept(&long));
        }
        assert!(text(&mut memory, "1").is_some());
        memory.keep(&key("a", "4"), kept(&long));
        let found = ["1", "2", "3", "4"].map(|name| text(&mut memory, name).is_some());
        assert_eq!((found, memory.size().0), ([true, false, true, true], 3));
        assert!(memory.size().1 <= memory.capacity);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_larger_than_all_room_is_not_kept_and_displaces_nothing_else() {
        let mut memory = Memory::new(2_000, MINUTE);
        memory.keep(&key("a", "1"), kept("x"));
        memory.keep(&key("a", "2"), kept(&"x".repeat(2_000)));
        assert_eq!((text(&mut memory, "1").is_some(), text(&mut memory, "2")), (true, None));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_old_is_not_found_and_goes() {
        let mut memory = Memory::new(10_000, MINUTE);
        memory.keep(&key("a", "1"), kept("x"));
        advance(MINUTE).await;
        memory.keep(&key("a", "2"), kept("x"));
        assert!(text(&mut memory, "1").is_some());
        advance(Duration::from_millis(1)).await;
        memory.tidy();
        assert_eq!(memory.size().0, 1);
        advance(MINUTE).await;
        assert_eq!((text(&mut memory, "2"), memory.size()), (None, (0, 0)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_began_earlier_does_not_replace_a_later_one() {
        let mut memory = Memory::new(10_000, MINUTE);
        let earlier = kept("old");
        advance(Duration::from_secs(1)).await;
        memory.keep(&key("a", "1"), kept("new"));
        memory.keep(&key("a", "1"), earlier);
        assert_eq!(text(&mut memory, "1").as_deref(), Some("new"));
    }

    #[tokio::test(start_paused = true)]
    async fn all_of_an_identity_go_and_nobody_elses() {
        let mut memory = Memory::new(10_000, MINUTE);
        for name in ["1", "2"] {
            memory.keep(&key("a", name), kept("x"));
            memory.keep(&key("b", name), kept("x"));
        }
        memory.forget_all_of(&Identity::Instance { role: Some("b".to_owned()) });
        assert_eq!((memory.size().0, memory.by_use.len()), (2, 2));
        assert!(text(&mut memory, "1").is_some() && memory.find(&key("b", "1")).is_none());
    }
}
