//! Calls under way, by what they ask for. Who asks for the same waits for the one who calls.
//!
//! Nothing runs by itself: the one who calls does so as a part of his own work. If he goes away, the next who waits calls.
//! What a call brought is kept no longer than those who waited for it need.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// All calls under way.
pub(super) struct Flights<K, T>(Mutex<HashMap<K, Weak<Flight<T>>>>);

/// Locked by the one who calls; then holds what he got.
type Flight<T> = tokio::sync::Mutex<Option<T>>;

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K, T> fmt::Debug for Flights<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flights").field(&lock(&self.0).len()).finish()
    }
}

impl<K: Clone + Eq + Hash, T> Flights<K, T> {
    /// A seat in the call for `key`, which is under way or about to begin.
    pub(super) fn board(&self, key: K) -> Seat<'_, K, T> {
        let mut flights = lock(&self.0);
        let flight = if let Some(flight) = flights.get(&key).and_then(Weak::upgrade) {
            flight
        } else {
            let flight = Arc::new(Flight::default());
            flights.insert(key.clone(), Arc::downgrade(&flight));
            flight
        };
        Seat { flights: self, key, flight: Some(flight) }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

/// The part of one who asks in a call.
pub(super) struct Seat<'a, K: Eq + Hash, T> {
    flights: &'a Flights<K, T>,
    key: K,
    flight: Option<Arc<Flight<T>>>,
}

impl<K: Eq + Hash, T> Seat<'_, K, T> {
    /// Waits until the call has brought something, or until it is one's own turn to call.
    pub(super) async fn turn(&self) -> Turn<'_, T> {
        let flight = self.flight.as_ref().expect("it is given up only at the end");
        Turn(flight.lock().await)
    }

    /// Whoever asks from now on is not to be told what this call brought.
    pub(super) fn land(&self) {
        let mut flights = lock(&self.flights.0);
        let own = self.flight.as_ref().map(Arc::as_ptr);
        if flights.get(&self.key).map(Weak::as_ptr) == own {
            flights.remove(&self.key);
        }
    }
}

impl<K: Eq + Hash, T> Drop for Seat<'_, K, T> {
    fn drop(&mut self) {
        let mut flights = lock(&self.flights.0);
        // Under the lock, so that of two who leave at once the second sees that he is the last.
        self.flight = None;
        if flights.get(&self.key).is_some_and(|flight| flight.strong_count() == 0) {
            flights.remove(&self.key);
        }
    }
}

/// What a call brought, or the turn to make it.
pub(super) struct Turn<'a, T>(tokio::sync::MutexGuard<'a, Option<T>>);

impl<T> Turn<'_, T> {
    /// Nothing, if it is one's own turn.
    pub(super) fn brought(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// Tells those who wait.
    pub(super) fn bring(mut self, what: T) {
        *self.0 = Some(what);
    }
}

/// No invariant spans two critical sections, so a panic in one breaks nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    use futures_util::FutureExt as _;

    type Calls = Flights<&'static str, u32>;

    #[tokio::test]
    async fn who_boards_while_it_is_under_way_is_told_what_it_brought() {
        let calls = Calls::default();
        let (caller, waiting) = (calls.board("a"), calls.board("a"));
        let turn = caller.turn().await;
        assert!(turn.brought().is_none() && waiting.turn().now_or_never().is_none());
        caller.land();
        turn.bring(1);
        assert_eq!(waiting.turn().await.brought(), Some(&1));
    }

    #[tokio::test]
    async fn who_boards_after_it_landed_is_not() {
        let calls = Calls::default();
        let caller = calls.board("a");
        let turn = caller.turn().await;
        caller.land();
        turn.bring(1);
        assert!(calls.board("a").turn().await.brought().is_none());
        assert!(calls.board("b").turn().await.brought().is_none());
    }

    #[tokio::test]
    async fn when_the_caller_goes_away_the_next_calls() {
        let calls = Calls::default();
        let (caller, waiting) = (calls.board("a"), calls.board("a"));
        drop(caller.turn().await);
        drop(caller);
        assert!(waiting.turn().await.brought().is_none());
    }

    #[tokio::test]
    async fn nothing_is_left_when_everybody_is_gone() {
        let calls = Calls::default();
        let (caller, waiting) = (calls.board("a"), calls.board("a"));
        drop(caller.turn().await);
        drop((caller, waiting));
        assert_eq!(calls.len(), 0);
    }

    #[tokio::test]
    async fn a_call_that_landed_does_not_take_the_next_one_with_it() {
        let calls = Calls::default();
        let landed = calls.board("a");
        landed.land();
        let next = calls.board("a");
        let turn = next.turn().await;
        landed.land();
        drop(landed);
        assert!(calls.board("a").turn().now_or_never().is_none());
        drop(turn);
    }
}
