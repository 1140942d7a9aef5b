//! What was said lately, so that the log does not say it again at every republish.
//!
//! Depends on no other module.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// After this long it is worth a line again: logs are rotated, and operators change.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// More than a node has volumes. Beyond it things are said again too early.
const MOST: usize = 1_000;

/// Remembers hashes of what was said, and when.
#[derive(Debug, Default)]
pub struct Repeats {
    hasher: RandomState,
    said: Mutex<HashMap<u64, Instant>>,
}

impl Repeats {
    /// Whether this was not said for an hour. From now on it was.
    pub fn is_news(&self, what: &impl Hash) -> bool {
        let (now, hash) = (Instant::now(), self.hasher.hash_one(what));
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.get(&hash).is_some_and(|when| now < *when + INTERVAL) {
            return false;
        }
        if said.len() >= MOST {
            said.retain(|_, when| now < *when + INTERVAL);
        }
        if said.len() >= MOST {
            said.clear();
        }
        said.insert(hash, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn the_same_is_news_once_an_hour() {
        let repeats = Repeats::default();
        let news = || [repeats.is_news(&"a"), repeats.is_news(&"b")];
        assert_eq!((news(), news()), ([true, true], [false, false]));
        advance(Duration::from_secs(3_599)).await;
        assert_eq!(news(), [false, false]);
        advance(Duration::from_secs(1)).await;
        assert_eq!((news(), news()), ([true, true], [false, false]));
    }

    #[test]
    fn memory_is_bounded() {
        let repeats = Repeats::default();
        assert!((0..10 * MOST).all(|number| repeats.is_news(&number)));
        assert!(repeats.said.lock().unwrap().len() <= MOST);
    }
}
