use super::*;

use std::cell::Cell;
use std::future::pending;

use futures_util::future::join_all;
use rstest::rstest;
use tokio::time::{advance, sleep, timeout};

use crate::alicloud::{Fault, sign};
use crate::store::{Door, kms};

const MINUTE: Duration = Duration::from_secs(60);
const WINDOW: Duration = Duration::from_secs(30);

fn key(role: Option<&str>) -> Arc<Key> {
    let door = Door { endpoint: "kms.example.com".parse().unwrap(), scheme: sign::Scheme::V3 };
    let selection = kms::Selection { secret_name: "a".to_owned(), version_id: None, version_stage: None };
    let identity = Arc::new(Identity::Instance { role: role.map(str::to_owned) });
    Arc::new(Key { identity, door, region: None, selection: selection.into() })
}

fn refused(fault: Fault) -> Error {
    let (host, request_id) = ("kms.example.com".to_owned(), "1".to_owned());
    call::Error::Refused { host, code: "C".to_owned(), status: 400, request_id, fault }.into()
}

struct World {
    cache: Cache,
    calls: Cell<u32>,
}

impl World {
    fn new(serve_stale: Option<Duration>) -> Self {
        let settings = Settings { window: Some(WINDOW), serve_stale, bytes: 100_000 };
        Self { cache: Cache::new(settings, Metrics::new()), calls: Cell::new(0) }
    }

    /// Reads the number of the call, which takes a second.
    async fn read(&self) -> Result<Value, Error> {
        self.calls.set(self.calls.get() + 1);
        let text = self.calls.get().to_string();
        sleep(Duration::from_secs(1)).await;
        Ok(Value { contents: text.into_bytes().into(), version_id: "v1".to_owned() })
    }

    async fn mount(&self, arrival: Arrival) -> u32 {
        number(
            &self
                .cache
                .get(&key(Some("a")), "s", arrival, in_time(), async || self.read().await)
                .await
                .unwrap(),
        )
    }

    async fn first(&self) -> u32 {
        self.mount(self.cache.arrive(false)).await
    }

    async fn again(&self) -> u32 {
        self.mount(self.cache.arrive(true)).await
    }

    async fn fail(&self, error: Error, until: Instant) -> Error {
        let fail = async || {
            self.calls.set(self.calls.get() + 1);
            sleep(Duration::from_secs(1)).await;
            Err(error)
        };
        self.cache.get(&key(Some("a")), "s", self.cache.arrive(false), until, fail).await.unwrap_err()
    }
}

fn in_time() -> Instant {
    Instant::now() + MINUTE
}

fn number(value: &Value) -> u32 {
    std::str::from_utf8(value.contents.expose()).unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn sixty_first_mounts_at_once_cost_one_call() {
    let world = World::new(None);
    let answers = join_all((0..60).map(|_| world.first())).await;
    assert_eq!((answers, world.calls.get()), (vec![1; 60], 1));
}

#[tokio::test(start_paused = true)]
async fn a_first_mount_takes_nothing_that_was_read_before_it_came() {
    let world = World::new(Some(MINUTE));
    assert_eq!((world.first().await, world.first().await), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_first_mount_takes_what_was_read_while_it_was_on_its_way() {
    let world = World::new(None);
    let arrival = world.cache.arrive(false);
    assert_eq!((world.first().await, world.mount(arrival).await), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_republish_takes_what_was_read_within_the_window_counted_from_the_calls_begin() {
    let world = World::new(None);
    world.first().await;
    advance(Duration::from_secs(29)).await;
    assert_eq!(world.again().await, 1);
    advance(Duration::from_millis(1)).await;
    assert_eq!(world.again().await, 2);
}

#[tokio::test(start_paused = true)]
async fn another_session_or_identity_gets_nothing_of_it() {
    let world = World::new(None);
    world.first().await;
    for (call, (role, session)) in [(2, ("b", "s")), (3, ("a", "t"))] {
        let arrival = world.cache.arrive(true);
        let read = async || world.read().await;
        let value = world.cache.get(&key(Some(role)), session, arrival, in_time(), read).await.unwrap();
        assert_eq!(number(&value), call);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_to_those_who_waited_and_to_nobody_else() {
    let world = World::new(None);
    let failures = join_all((0..60).map(|_| world.fail(refused(Fault::Denied), in_time()))).await;
    assert_eq!((failures.len(), world.calls.get()), (60, 1));
    assert_eq!(world.first().await, 2);
}

#[tokio::test(start_paused = true)]
async fn when_the_caller_goes_away_the_next_calls_and_nothing_goes_on_unwatched() {
    let world = World::new(None);
    let half = Duration::from_millis(500);
    let ((), value) = tokio::join!(async { assert!(timeout(half, world.first()).await.is_err()) }, async {
        tokio::task::yield_now().await;
        world.first().await
    });
    assert_eq!((value, world.calls.get()), (2, 2));
    assert!(timeout(half, world.first()).await.is_err());
    assert_eq!((world.cache.flights.len(), world.first().await), (0, 4));
}

#[tokio::test(start_paused = true)]
async fn who_has_more_time_than_the_caller_does_not_fail_for_want_of_it() {
    let world = World::new(None);
    let hasty = world.fail(refused(Fault::Throttled), Instant::now() + Duration::from_secs(2));
    let patient = async {
        tokio::task::yield_now().await;
        world.first().await
    };
    let (_, value) = tokio::join!(hasty, patient);
    assert_eq!(value, 2);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_in_time() {
    let world = World::new(None);
    let slow = world.first();
    let hasty = async {
        tokio::task::yield_now().await;
        let until = Instant::now() + Duration::from_millis(10);
        world
            .cache
            .get(&key(Some("a")), "s", world.cache.arrive(false), until, async || pending().await)
            .await
    };
    let (_, error) = tokio::join!(slow, hasty);
    assert!(matches!(error, Err(Error::Call(call::Error::TimedOut { .. }))));
}

#[rstest]
#[case(Fault::Denied, false)]
#[case(Fault::NotFound, false)]
#[case(Fault::Credential, false)]
#[case(Fault::Invalid, false)]
#[case(Fault::Throttled, true)]
#[case(Fault::Unavailable, true)]
#[tokio::test(start_paused = true)]
async fn a_refusal_ends_what_is_remembered_and_an_outage_does_not(#[case] fault: Fault, #[case] stays: bool) {
    let world = World::new(Some(MINUTE));
    world.first().await;
    world.fail(refused(fault), in_time()).await;
    assert_eq!(world.cache.stale(&key(Some("a")), Some("s")).is_some(), stays);
    assert_eq!(world.again().await, if stays { 1 } else { 3 });
}

#[tokio::test(start_paused = true)]
async fn old_values_are_served_for_as_long_as_the_operator_says_and_to_the_same_identity() {
    let world = World::new(Some(MINUTE));
    world.first().await;
    advance(Duration::from_secs(59)).await;
    let (value, age) = world.cache.stale(&key(Some("a")), None).unwrap();
    assert_eq!((number(&value), age), (1, MINUTE));
    assert!(world.cache.stale(&key(Some("b")), None).is_none());
    advance(Duration::from_millis(1)).await;
    assert!(world.cache.stale(&key(Some("a")), None).is_none());
    assert!(World::new(None).cache.stale(&key(Some("a")), None).is_none());
}

#[tokio::test(start_paused = true)]
async fn what_republishes_may_have_is_not_served_in_an_outage_beyond_the_operators_limit() {
    let world = World::new(Some(WINDOW / 3));
    world.first().await;
    advance(WINDOW / 2).await;
    assert!(world.cache.stale(&key(Some("a")), Some("s")).is_none());
    assert_eq!(world.again().await, 1);
}

#[tokio::test(start_paused = true)]
async fn who_may_be_somebody_else_by_now_gets_no_old_values_without_his_session() {
    let world = World::new(Some(MINUTE));
    let arrival = world.cache.arrive(false);
    world.cache.get(&key(None), "s", arrival, in_time(), async || world.read().await).await.unwrap();
    assert!(world.cache.stale(&key(None), None).is_none());
    assert!(world.cache.stale(&key(None), Some("t")).is_none());
    assert!(world.cache.stale(&key(None), Some("s")).is_some());
}

#[tokio::test(start_paused = true)]
async fn an_identity_that_ended_leaves_nothing_behind() {
    let world = World::new(Some(MINUTE));
    world.first().await;
    world.cache.forget(&key(Some("a")).identity);
    assert!(world.cache.stale(&key(Some("a")), Some("s")).is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_goes_without_anybody_asking() {
    let world = World::new(None);
    world.first().await;
    assert!(timeout(Duration::from_secs(28), world.cache.keep_tidy()).await.is_err());
    assert_eq!(lock(&world.cache.memory).size().0, 1);
    assert!(timeout(MINUTE, world.cache.keep_tidy()).await.is_err());
    assert_eq!(lock(&world.cache.memory).size().0, 0);
}
