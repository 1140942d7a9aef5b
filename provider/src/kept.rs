//! What was learnt at some cost and stays good for a while: at most one caller learns it, the others wait for that, or use
//! what is still good meanwhile.
//!
//! Depends on no other module.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// A failure is shared with whoever asks this soon after it. It is not kept longer: what failed may work again.
const DAMPING: Duration = Duration::from_secs(1);
/// When a refresh ahead of time fails, the next one comes this much later.
const REFRESH_PAUSE: Duration = Duration::from_secs(10);
/// A refresh ahead of time may hold up the caller that does it this long.
const REFRESH_PATIENCE: Duration = Duration::from_secs(3);

/// How long something is good.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    /// From then on it is still good, but better replaced.
    pub refresh_at: Instant,
    /// From then on it is not good.
    pub ends_at: Instant,
}

impl Freshness {
    /// Good for `life`, to be replaced when a fifth of it is left.
    pub fn of_life(life: Duration) -> Self {
        let now = Instant::now();
        Self { refresh_at: now + life * 4 / 5, ends_at: now + life }
    }

    /// Good for `life`, and then learnt anew.
    pub fn whole(life: Duration) -> Self {
        let end = Instant::now() + life;
        Self { refresh_at: end, ends_at: end }
    }
}

/// Somebody else was learning the same, and took too long.
#[derive(Clone, Copy, Debug)]
pub struct TooLate;

/// Values by key, the least recently used ones forgotten when there are too many.
pub struct Kept<K, V, E> {
    capacity: usize,
    uses: AtomicU64,
    slots: Mutex<HashMap<K, Arc<Slot<V, E>>>>,
}

struct Slot<V, E> {
    last_use: AtomicU64,
    content: Mutex<Content<V, E>>,
    /// Held by whoever learns.
    turn: tokio::sync::Mutex<()>,
}

struct Content<V, E> {
    value: Option<(Arc<V>, Freshness)>,
    failure: Option<(E, Instant)>,
}

enum Look<V, E> {
    Fresh(Arc<V>),
    Ageing(Arc<V>),
    Failed(E),
    Nothing,
}

impl<K: Clone + Eq + Hash, V, E: Clone + From<TooLate>> Kept<K, V, E> {
    /// Keeps at most `capacity` values.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, uses: AtomicU64::new(0), slots: Mutex::default() }
    }

    /// What is kept under `key`, or what `learn` makes of it, when it is `until` at the latest. `learn` is told by when it must
    /// be done. If its caller goes away, the next one who waits learns instead.
    pub async fn get<L, F>(&self, key: &K, until: Instant, learn: L) -> Result<Arc<V>, E>
    where
        L: FnOnce(Instant) -> F,
        F: Future<Output = Result<(V, Freshness), E>>,
    {
        let slot = self.slot(key);
        let (_turn, ageing) = match slot.look() {
            Look::Fresh(value) => return Ok(value),
            Look::Failed(error) => return Err(error),
            Look::Ageing(value) => match slot.turn.try_lock() {
                Ok(turn) => (turn, Some(value)),
                Err(_) => return Ok(value),
            },
            Look::Nothing => (timeout_at(until, slot.turn.lock()).await.map_err(|_| TooLate)?, None),
        };
        match slot.look() {
            Look::Fresh(value) => return Ok(value),
            Look::Failed(error) => return Err(error),
            Look::Ageing(_) | Look::Nothing => {}
        }
        let patience = match ageing {
            Some(_) => until.min(Instant::now() + REFRESH_PATIENCE),
            None => until,
        };
        match learn(patience).await {
            Ok((value, freshness)) => Ok(slot.keep(value, freshness)),
            Err(error) => {
                // Whoever ran out of time failed for a reason of its own.
                slot.note_failure(&error, Instant::now() < until);
                ageing.ok_or(error)
            }
        }
    }

    /// Forgets the value under `key` if it is `bad`. A newer one stays.
    pub fn forget(&self, key: &K, bad: impl FnOnce(&V) -> bool) {
        let Some(slot) = lock(&self.slots).get(key).cloned() else { return };
        let mut content = lock(&slot.content);
        if content.value.as_ref().is_some_and(|(value, _)| bad(value)) {
            content.value = None;
        }
    }

    /// Whether a value is kept under `key` that may be about to be replaced.
    pub fn holds(&self, key: &K) -> bool {
        lock(&self.slots).get(key).is_some_and(|slot| lock(&slot.content).value.is_some())
    }

    /// How many values are good.
    pub fn count_good(&self) -> usize {
        lock(&self.slots).values().filter(|slot| slot.is_good()).count()
    }

    /// The key as it is kept: whoever holds on to it shares it with all who asked before.
    pub fn key(&self, key: &K) -> Option<K> {
        lock(&self.slots).get_key_value(key).map(|(key, _)| key.clone())
    }

    /// How many values there are, good or not.
    pub fn len(&self) -> usize {
        lock(&self.slots).len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn slot(&self, key: &K) -> Arc<Slot<V, E>> {
        let use_number = self.uses.fetch_add(1, Ordering::Relaxed);
        let mut slots = lock(&self.slots);
        if let Some(slot) = slots.get(key) {
            slot.last_use.store(use_number, Ordering::Relaxed);
            return Arc::clone(slot);
        }
        if slots.len() >= self.capacity {
            // Callers under way hold on to their slot, in the map or not.
            slots.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.is_good());
        }
        if slots.len() >= self.capacity {
            let oldest = slots.iter().min_by_key(|(_, slot)| slot.last_use.load(Ordering::Relaxed));
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                slots.remove(&key);
            }
        }
        let content = Content { value: None, failure: None };
        let slot = Arc::new(Slot {
            last_use: AtomicU64::new(use_number),
            content: Mutex::new(content),
            turn: tokio::sync::Mutex::default(),
        });
        slots.insert(key.clone(), Arc::clone(&slot));
        slot
    }
}

impl<V, E: Clone> Slot<V, E> {
    fn look(&self) -> Look<V, E> {
        let now = Instant::now();
        let mut content = lock(&self.content);
        match &content.value {
            Some((value, freshness)) if now < freshness.refresh_at => return Look::Fresh(Arc::clone(value)),
            Some((value, freshness)) if now < freshness.ends_at => return Look::Ageing(Arc::clone(value)),
            Some(_) => content.value = None,
            None => {}
        }
        match &content.failure {
            Some((error, shared_until)) if now < *shared_until => Look::Failed(error.clone()),
            _ => Look::Nothing,
        }
    }

    fn is_good(&self) -> bool {
        let content = lock(&self.content);
        content.value.as_ref().is_some_and(|(_, freshness)| Instant::now() < freshness.ends_at)
    }

    fn keep(&self, value: V, freshness: Freshness) -> Arc<V> {
        let value = Arc::new(value);
        *lock(&self.content) = Content { value: Some((Arc::clone(&value), freshness)), failure: None };
        value
    }

    fn note_failure(&self, error: &E, shared: bool) {
        let now = Instant::now();
        let mut content = lock(&self.content);
        match &mut content.value {
            Some((_, freshness)) => freshness.refresh_at = now + REFRESH_PAUSE,
            None if shared => content.failure = Some((error.clone(), now + DAMPING)),
            None => {}
        }
    }
}

/// No invariant spans two critical sections, so a panic in one breaks nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K, V, E> fmt::Debug for Kept<K, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::future::pending;

    use futures_util::future::join_all;
    use tokio::time::{advance, sleep};

    #[derive(Clone, Debug, PartialEq)]
    enum Error {
        Refused(u32),
        TooLate,
    }

    impl From<TooLate> for Error {
        fn from(_: TooLate) -> Self {
            Self::TooLate
        }
    }

    const MINUTE: Duration = Duration::from_secs(60);

    struct World {
        kept: Kept<&'static str, u32, Error>,
        calls: Cell<u32>,
    }

    impl World {
        fn new(capacity: usize) -> Self {
            Self { kept: Kept::new(capacity), calls: Cell::new(0) }
        }

        /// Learns the number of the call, which takes a second and is good for a minute.
        async fn get(&self, key: &'static str) -> u32 {
            let learn = async |_| {
                sleep(Duration::from_secs(1)).await;
                self.calls.set(self.calls.get() + 1);
                Ok((self.calls.get(), Freshness::of_life(MINUTE)))
            };
            *self.kept.get(&key, Instant::now() + MINUTE, learn).await.unwrap()
        }

        async fn fail(&self, key: &'static str) -> Result<Arc<u32>, Error> {
            let learn = async |_| {
                sleep(Duration::from_millis(10)).await;
                self.calls.set(self.calls.get() + 1);
                Err(Error::Refused(self.calls.get()))
            };
            self.kept.get(&key, Instant::now() + MINUTE, learn).await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn sixty_callers_at_once_cost_one_call() {
        let world = World::new(10);
        let answers = join_all((0..60).map(|_| world.get("a"))).await;
        assert_eq!((answers, world.calls.get()), (vec![1; 60], 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_is_replaced_ahead_of_its_end_by_one_while_others_go_on() {
        let world = World::new(10);
        world.get("a").await;
        advance(Duration::from_secs(49)).await;
        let started = Instant::now();
        let (first, second) = tokio::join!(world.get("a"), async {
            let value = world.get("a").await;
            (value, started.elapsed())
        });
        assert_eq!((first, second, world.calls.get()), (2, (1, Duration::ZERO), 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_that_ended_is_never_given() {
        let world = World::new(10);
        world.get("a").await;
        advance(MINUTE).await;
        assert!(world.fail("a").await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refresh_that_fails_leaves_what_is_still_good_and_is_not_repeated_at_once() {
        let world = World::new(10);
        world.get("a").await;
        advance(Duration::from_secs(49)).await;
        assert_eq!((world.fail("a").await, world.fail("a").await), (Ok(1.into()), Ok(1.into())));
        assert_eq!(world.calls.get(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_shared_for_a_second_and_then_forgotten() {
        let world = World::new(10);
        let failures = join_all((0..60).map(|_| world.fail("a"))).await;
        assert!(failures.iter().all(|failure| *failure == Err(Error::Refused(1))), "{failures:?}");
        advance(DAMPING).await;
        assert_eq!(world.get("a").await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_takes_over_when_the_caller_before_goes_away() {
        let world = World::new(10);
        let soon = Instant::now() + Duration::from_secs(5);
        let hanging = world.kept.get(&"a", soon, async |_| pending().await);
        let waiting = async {
            tokio::task::yield_now().await;
            world.get("a").await
        };
        let (gone, value) = tokio::join!(timeout_at(soon, hanging), waiting);
        assert!(gone.is_err());
        assert_eq!(value, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_in_time() {
        let world = World::new(10);
        let slow = world.get("a");
        let hasty = async {
            tokio::task::yield_now().await;
            let until = Instant::now() + Duration::from_millis(10);
            world.kept.get(&"a", until, async |_| panic!("it is not its turn")).await
        };
        assert_eq!(tokio::join!(slow, hasty), (1, Err(Error::TooLate)));
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_value_that_is_bad_is_forgotten() {
        let world = World::new(10);
        world.get("a").await;
        world.kept.forget(&"a", |value| *value == 7);
        assert_eq!(world.get("a").await, 1);
        world.kept.forget(&"a", |value| *value == 1);
        assert_eq!(world.get("a").await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_is_good_is_counted() {
        let world = World::new(10);
        world.get("a").await;
        advance(MINUTE / 2).await;
        world.get("b").await;
        world.fail("c").await.unwrap_err();
        assert_eq!((world.kept.count_good(), world.kept.len()), (2, 3));
        assert_eq!((world.kept.holds(&"a"), world.kept.holds(&"c")), (true, false));
        advance(MINUTE / 2).await;
        assert_eq!(world.kept.count_good(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn equal_keys_are_one() {
        let kept: Kept<Arc<str>, u32, Error> = Kept::new(10);
        let (first, second): (Arc<str>, Arc<str>) = ("a".into(), "a".into());
        assert!(kept.key(&first).is_none());
        let learn = async |_| Ok((1, Freshness::whole(MINUTE)));
        kept.get(&first, Instant::now() + MINUTE, learn).await.unwrap();
        assert!(Arc::ptr_eq(&kept.key(&second).unwrap(), &first));
    }

    #[tokio::test(start_paused = true)]
    async fn the_least_recently_used_goes_when_there_are_too_many() {
        let world = World::new(2);
        for key in ["a", "b", "a", "c"] {
            world.get(key).await;
        }
        assert_eq!((world.get("a").await, world.kept.len()), (1, 2));
        assert_eq!(world.get("b").await, 4);
    }
}
