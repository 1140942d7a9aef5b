//! How many calls to a host may be under way: up to a ceiling, and fewer while the host throttles.
//!
//! Nodes that share a quota do not know of each other. So each takes a throttled call as a sign that all together are too many,
//! halves what it lets through, and adds one more for every round of calls that succeeded, as TCP does. A host that hangs holds
//! nobody up who calls another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::call::Service;
use crate::metrics::Metrics;

/// Calls to STS under way at once. The documented quota is 100 a second for the whole account.
const STS: usize = 32;
/// What is left of the bound by a throttled call.
const SHRINK: f64 = 0.5;
/// What a round of calls that succeeded adds.
const GROWTH: f64 = 1.0;
/// Hosts that nobody calls are forgotten when there are more. Authors of classes may name hosts.
const MOST_HOSTS: usize = 64;

/// How many calls to a host of each service may be under way at most.
#[derive(Clone, Copy, Debug)]
pub struct Ceilings {
    /// Key Management Service.
    pub kms: usize,
    /// CloudOps Orchestration Service.
    pub oos: usize,
}

impl Default for Ceilings {
    /// A class of twenty objects takes one round trip.
    fn default() -> Self {
        Self { kms: 32, oos: 32 }
    }
}

impl Ceilings {
    /// More connections to a host are never of use.
    pub(super) fn highest(self) -> usize {
        self.kms.max(self.oos).max(STS)
    }

    fn of(self, service: Service) -> Option<usize> {
        match service {
            Service::Kms => Some(self.kms),
            Service::Oos => Some(self.oos),
            Service::Sts => Some(STS),
            // One item is read at a time, by whoever keeps it.
            Service::Metadata => None,
        }
    }
}

/// The bounds of all hosts.
#[derive(Debug)]
pub struct Bounds {
    ceilings: Ceilings,
    hosts: Mutex<HashMap<(Service, String), Arc<Bound>>>,
    metrics: Arc<Metrics>,
}

impl Bounds {
    pub(super) fn new(ceilings: Ceilings, metrics: Arc<Metrics>) -> Self {
        Self { ceilings, hosts: Mutex::default(), metrics }
    }

    /// The bound of a host's service, if it has one.
    pub(super) fn of(&self, service: Service, host: &str) -> Option<Arc<Bound>> {
        let ceiling = self.ceilings.of(service)?;
        let mut hosts = lock(&self.hosts);
        let key = (service, host.to_owned());
        if let Some(bound) = hosts.get(&key) {
            return Some(Arc::clone(bound));
        }
        if hosts.len() >= MOST_HOSTS {
            hosts.retain(|_, bound| Arc::strong_count(bound) > 1);
        }
        let bound = Arc::new(Bound::new(service, ceiling, Arc::clone(&self.metrics)));
        hosts.insert(key, Arc::clone(&bound));
        Some(bound)
    }
}

/// The bound of one host.
#[derive(Debug)]
pub(super) struct Bound {
    service: Service,
    ceiling: usize,
    places: Semaphore,
    state: Mutex<State>,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
struct State {
    /// How many may be under way; its fraction is growth that is not a whole place yet.
    limit: f64,
    /// Places that are taken or free. More than the limit only while calls that began before are under way.
    places: usize,
    /// When the limit was last lowered.
    shrunk: Option<Instant>,
}

impl State {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and a ceiling that is a usize"
    )]
    fn whole(&self) -> usize {
        self.limit as usize
    }
}

impl Bound {
    #[expect(clippy::cast_precision_loss, reason = "ceilings are small numbers")]
    fn new(service: Service, ceiling: usize, metrics: Arc<Metrics>) -> Self {
        mutate!(OneCallAtATime: ceiling = 1);
        mutate!(BoundIgnored: ceiling = 100);
        let state = State { limit: ceiling as f64, places: ceiling, shrunk: None };
        metrics.bounds.limit(service, ceiling);
        Self { service, ceiling, places: Semaphore::new(ceiling), state: Mutex::new(state), metrics }
    }

    /// A place among the calls under way, in the order of asking, if there is one before it is `until`.
    pub(super) async fn enter(self: Arc<Self>, until: Instant) -> Option<Place> {
        mutate!(OneCallAtATime: until = Instant::now() + std::time::Duration::from_secs(1));
        let permit = timeout_at(until, self.places.acquire()).await.ok()?;
        permit.expect("the semaphore is never closed").forget();
        self.metrics.bounds.entered(self.service);
        Some(Place(self))
    }

    fn leave(&self) {
        self.metrics.bounds.left(self.service);
        let mut state = lock(&self.state);
        if state.places > state.whole() {
            state.places -= 1;
        } else {
            self.places.add_permits(1);
        }
    }

    fn throttled(&self, began: Instant) {
        let mut state = lock(&self.state);
        // Whatever began before the limit was lowered says nothing about the lower one.
        if state.shrunk.is_some_and(|shrunk| began <= shrunk) {
            return;
        }
        state.limit = (state.limit * SHRINK).max(1.0);
        state.shrunk = Some(Instant::now());
        let surplus = state.places.saturating_sub(state.whole());
        state.places -= self.places.forget_permits(surplus);
        self.metrics.bounds.limit(self.service, state.whole());
    }

    #[expect(clippy::cast_precision_loss, reason = "ceilings are small numbers")]
    fn succeeded(&self) {
        let mut state = lock(&self.state);
        if state.whole() >= self.ceiling {
            return;
        }
        let before = state.whole();
        state.limit = (state.limit + GROWTH / state.limit).min(self.ceiling as f64);
        if state.whole() > before {
            let missing = state.whole().saturating_sub(state.places);
            state.places += missing;
            self.places.add_permits(missing);
            self.metrics.bounds.limit(self.service, state.whole());
        }
    }
}

/// The right to have one call under way.
#[derive(Debug)]
pub(super) struct Place(Arc<Bound>);

impl Place {
    /// A try that `began` then was throttled.
    pub(super) fn throttled(&self, began: Instant) {
        self.0.throttled(began);
    }

    /// The call was answered.
    pub(super) fn succeeded(&self) {
        self.0.succeeded();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// No invariant spans two critical sections, so a panic in one breaks nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use tokio::time::advance;

    const MOMENT: Duration = Duration::from_millis(20);

    fn bounds(kms: usize) -> Bounds {
        Bounds::new(Ceilings { kms, oos: 1 }, Metrics::new())
    }

    async fn enter(bound: &Arc<Bound>) -> Option<Place> {
        Arc::clone(bound).enter(Instant::now() + MOMENT).await
    }

    /// How many calls may be under way.
    async fn room(bound: &Arc<Bound>) -> usize {
        let mut places = Vec::new();
        while let Some(place) = enter(bound).await {
            places.push(place);
        }
        places.len()
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_ceiling_are_under_way() {
        let bound = bounds(3).of(Service::Kms, "a").unwrap();
        let first = enter(&bound).await;
        assert_eq!(room(&bound).await, 2);
        drop(first);
        assert_eq!(room(&bound).await, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_of_throttled_calls_halves_the_bound_once() {
        let bound = bounds(8).of(Service::Kms, "a").unwrap();
        let mut burst = Vec::new();
        for _ in 0..8 {
            burst.push(enter(&bound).await.unwrap());
        }
        let began = Instant::now();
        advance(MOMENT).await;
        for place in &burst {
            place.throttled(began);
        }
        drop(burst);
        assert_eq!(room(&bound).await, 4);
        enter(&bound).await.unwrap().throttled(Instant::now());
        assert_eq!(room(&bound).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_is_always_let_through() {
        let bound = bounds(8).of(Service::Kms, "a").unwrap();
        for _ in 0..20 {
            advance(MOMENT).await;
            enter(&bound).await.unwrap().throttled(Instant::now());
        }
        assert_eq!(room(&bound).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_of_calls_that_succeed_adds_one_up_to_the_ceiling() {
        let bound = bounds(4).of(Service::Kms, "a").unwrap();
        enter(&bound).await.unwrap().throttled(Instant::now());
        assert_eq!(room(&bound).await, 2);
        for _ in 0..3 {
            enter(&bound).await.unwrap().succeeded();
        }
        assert_eq!(room(&bound).await, 3);
        for _ in 0..100 {
            enter(&bound).await.unwrap().succeeded();
        }
        assert_eq!(room(&bound).await, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_hangs_holds_nobody_up_who_calls_another() {
        let bounds = bounds(1);
        let hanging = enter(&bounds.of(Service::Kms, "a").unwrap()).await;
        assert!(enter(&bounds.of(Service::Kms, "a").unwrap()).await.is_none());
        assert!(enter(&bounds.of(Service::Kms, "b").unwrap()).await.is_some());
        assert!(enter(&bounds.of(Service::Oos, "a").unwrap()).await.is_some());
        drop(hanging);
        assert!(enter(&bounds.of(Service::Kms, "a").unwrap()).await.is_some());
    }

    #[test]
    fn hosts_that_nobody_calls_are_forgotten() {
        let bounds = bounds(1);
        for number in 0..10_000 {
            bounds.of(Service::Kms, &format!("kst-{number}.cryptoservice.kms.aliyuncs.com"));
        }
        assert!(lock(&bounds.hosts).len() <= MOST_HOSTS);
    }
}
