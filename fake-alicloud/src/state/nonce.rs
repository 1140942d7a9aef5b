//! The memory of nonces that makes a signed request good for one use.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::name::AccessKeyId;

/// Nonces seen while their timestamps were still acceptable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nonces {
    /// Seen since `turned`, and in the window before it.
    recent: HashSet<Fingerprint>,
    older: HashSet<Fingerprint>,
    turned: Option<Timestamp>,
}

/// Stands for a key and a nonce: a busy test makes millions of them, and their texts are long.
type Fingerprint = [u8; 16];

impl Nonces {
    /// A request is acceptable from 15 minutes before its time to 15 minutes after: a nonce must be known that long.
    const WINDOW: SignedDuration = SignedDuration::from_mins(30);

    /// Notes a nonce. False if the key used it before within the window.
    pub(crate) fn note(&mut self, key: &AccessKeyId, nonce: &str, now: Timestamp) -> bool {
        let turned = *self.turned.get_or_insert(now);
        // Two sets that swap forget in constant time; what is kept is between one and two windows old.
        if now.duration_since(turned) >= Self::WINDOW {
            self.older = std::mem::take(&mut self.recent);
            if now.duration_since(turned) >= Self::WINDOW + Self::WINDOW {
                self.older.clear();
            }
            self.turned = Some(now);
        }
        let entry = fingerprint(key, nonce);
        !self.older.contains(&entry) && self.recent.insert(entry)
    }
}

fn fingerprint(key: &AccessKeyId, nonce: &str) -> Fingerprint {
    // No key has a blank in it.
    let digest = Sha256::new().chain_update(key.as_ref()).chain_update(" ").chain_update(nonce).finalize();
    digest[..16].try_into().expect("the digest is longer")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> AccessKeyId {
        id.parse().expect("an access key id")
    }

    #[test]
    fn a_nonce_is_good_once_per_key() {
        let mut nonces = Nonces::default();
        assert!(nonces.note(&key("a"), "n", Timestamp::UNIX_EPOCH));
        assert!(!nonces.note(&key("a"), "n", Timestamp::UNIX_EPOCH));
        assert!(nonces.note(&key("b"), "n", Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn a_nonce_is_remembered_for_the_whole_window_and_then_forgotten() {
        let mut nonces = Nonces::default();
        let at = |minutes| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        assert!(nonces.note(&key("a"), "first", at(0)));
        assert!(nonces.note(&key("a"), "second", at(29)));
        assert!(!nonces.note(&key("a"), "second", at(58)), "29 minutes later and one turn on");
        assert!(nonces.note(&key("a"), "second", at(130)), "long after");
    }
}
