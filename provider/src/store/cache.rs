//! Reads each secret once for all who ask for it as the same identity at the same time, and remembers it for a while.
//!
//! What is remembered is for pods that are asked about over and over (republishes): the first mount of a volume takes only what
//! was read after it arrived, or was being read then. Whoever asks is told apart by his [`Identity`] and by the session that he
//! would ask with, so that nobody gets what he could not have read himself. A failure is told to those who waited for it and to
//! nobody else.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, interval, timeout_at};

use super::flights::Flights;
use super::memory::{Kept, Memory};
use super::{Error, Key, Value};
use crate::alicloud::call;
use crate::credential::Identity;
use crate::metrics::{Lookup, Metrics};

/// A mount that arrived while a value was being read may come for it this much later.
const LINGER: Duration = Duration::from_secs(5);
/// Whoever waited, and has this much more time than the one who called, tries again instead of failing with him.
const MORE_TIME: Duration = Duration::from_secs(1);
/// How often what is too old is looked for.
const TIDY: Duration = Duration::from_secs(10);

/// How much is remembered, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Republishes may be answered with what was read no longer ago.
    pub window: Option<Duration>,
    /// While a service is out of reach, mounts may be answered with what was read no longer ago.
    pub serve_stale: Option<Duration>,
    /// All values together, and what it takes to find them.
    pub bytes: usize,
}

impl Default for Settings {
    /// Nothing is remembered.
    fn default() -> Self {
        Self { window: None, serve_stale: None, bytes: 0 }
    }
}

/// When a mount came, and why.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// How many calls had ended.
    ended: u64,
    /// Whether its volume was mounted before.
    republish: bool,
}

/// Values under way and values remembered.
#[derive(Debug)]
pub struct Cache {
    settings: Settings,
    ended: AtomicU64,
    flights: Flights<(Arc<Key>, Arc<str>), Outcome>,
    memory: Mutex<Memory>,
    metrics: Arc<Metrics>,
}

/// What a call brought; a failure with the time until which its caller could wait.
type Outcome = Result<Arc<Value>, (Error, Instant)>;

impl Cache {
    /// An empty one.
    pub fn new(settings: Settings, metrics: Arc<Metrics>) -> Self {
        let longest = settings.window.max(settings.serve_stale).unwrap_or_default();
        let memory = Mutex::new(Memory::new(settings.bytes, longest.max(LINGER)));
        Self { settings, ended: AtomicU64::new(0), flights: Flights::default(), memory, metrics }
    }

    /// Notes that a mount is here.
    pub fn arrive(&self, republish: bool) -> Arrival {
        Arrival { ended: self.ended.load(Ordering::SeqCst), republish }
    }

    /// The value under `key`: remembered, from a call under way, or from a `read` of one's own, when it is `until` at the
    /// latest. `session` is the access key id that it would be read with.
    pub async fn get(
        &self,
        key: &Arc<Key>,
        session: &str,
        arrival: Arrival,
        until: Instant,
        read: impl AsyncFnOnce() -> Result<Value, Error>,
    ) -> Result<Arc<Value>, Error> {
        let session: Arc<str> = session.into();
        loop {
            if let Some(value) = self.remembered(key, &session, arrival) {
                return Ok(value);
            }
            let flight =
                mutate!(NothingShared, Arc::clone(&session), uuid::Uuid::new_v4().to_string().into());
            let seat = self.flights.board((Arc::clone(key), flight));
            let Ok(turn) = timeout_at(until, seat.turn()).await else {
                return Err(call::Error::timed_out(&key.door.endpoint).into());
            };
            match turn.brought() {
                Some(Ok(value)) => {
                    self.metrics.cache.looked_up(Lookup::Joined);
                    return Ok(Arc::clone(value));
                }
                // Whoever called may have failed for want of time.
                Some(Err((error, theirs))) if is_outage(error) && *theirs + MORE_TIME <= until => continue,
                Some(Err((error, _))) => return Err(error.clone()),
                None => {}
            }
            // The call before may have ended between the look and the boarding.
            if let Some(value) = self.remembered(key, &session, arrival) {
                return Ok(value);
            }
            let began = Instant::now();
            let result = read().await.map(Arc::new);
            // Before the end is counted: a mount that arrives from now on must not be told.
            seat.land();
            let number = self.ended.fetch_add(1, Ordering::SeqCst) + 1;
            match &result {
                Ok(value) => self.keep(key, Kept { value: Arc::clone(value), session, began, number }),
                // The cloud said that the identity may not have it, or that there is no such thing.
                Err(error) if !is_outage(error) => self.change(|memory| memory.forget(key)),
                Err(_) => {}
            }
            self.metrics.cache.looked_up(if result.is_ok() { Lookup::Fetched } else { Lookup::Failed });
            turn.bring(result.clone().map_err(|error| (error, until)));
            return result;
        }
    }

    /// What may be served in an outage, and how old it is. `session` is the one that would have been asked with, if there was
    /// one.
    pub fn stale(&self, key: &Key, session: Option<&str>) -> Option<(Arc<Value>, Duration)> {
        let longest = self.settings.serve_stale?;
        let kept = lock(&self.memory).find(key)?;
        let age = kept.began.elapsed();
        // Where the cloud decides who the identity is, only the session tells that it is still the same.
        let same = key.identity.is_settled() || session == Some(&*kept.session);
        if age > longest || !same {
            return None;
        }
        self.metrics.cache.looked_up(Lookup::Stale);
        self.metrics.cache.served(age);
        Some((kept.value, age))
    }

    /// Forgets all that an identity read, since the cloud no longer lets anybody be it.
    pub fn forget(&self, identity: &Identity) {
        self.change(|memory| memory.forget_all_of(identity));
    }

    /// Forgets what is too old, again and again. Never ends.
    pub async fn keep_tidy(&self) {
        let mut ticks = interval(TIDY);
        loop {
            ticks.tick().await;
            self.change(Memory::tidy);
        }
    }

    fn remembered(&self, key: &Key, session: &str, arrival: Arrival) -> Option<Arc<Value>> {
        let kept = lock(&self.memory).find(key)?;
        let age = kept.began.elapsed();
        let new_enough = kept.number > arrival.ended
            || mutate!(StaleFirstMount, arrival.republish, true)
                && self.settings.window.is_some_and(|window| age <= window);
        mutate!(StaleForever: new_enough = true);
        mutate!(NothingRemembered: new_enough = false);
        if !new_enough || *kept.session != *session {
            return None;
        }
        self.metrics.cache.looked_up(Lookup::Kept);
        self.metrics.cache.served(age);
        Some(kept.value)
    }

    fn keep(&self, key: &Arc<Key>, kept: Kept) {
        self.change(|memory| memory.keep(key, kept));
    }

    fn change(&self, change: impl FnOnce(&mut Memory)) {
        let mut memory = lock(&self.memory);
        change(&mut memory);
        let (entries, bytes) = memory.size();
        self.metrics.cache.size(entries, bytes);
    }
}

/// Whether nothing is known about the secret, because the store is out of reach, in trouble or overrun.
pub fn is_outage(error: &Error) -> bool {
    match error {
        Error::Call(cause) => cause.is_outage(),
        Error::Withheld { .. } => false,
    }
}

/// No invariant spans two critical sections, so a panic in one breaks nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod isolation;
#[cfg(test)]
mod tests;
