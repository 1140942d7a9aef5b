//! No caller ever receives what its own identity did not read, nor anything older than it may be, nor another's failure,
//! whatever happens in between.

use super::*;

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use proptest::prelude::*;
use proptest::sample::Index;
use tokio::time::{advance, sleep, timeout};

use crate::alicloud::{Credential, Fault, sign};
use crate::credential::{Claims, Fingerprints};
use crate::kubernetes::Name;
use crate::store::{Door, kms};

const WINDOW: Duration = Duration::from_secs(6);
const STALE: Duration = Duration::from_secs(10);
const SECRETS: usize = 2;

/// Whom the cloud tells apart: an identity, and the access key id of its session.
struct Principal {
    identity: Arc<Identity>,
    session: &'static str,
}

/// Each differs from another in one thing only.
fn principals() -> Vec<Principal> {
    let fingerprints = Fingerprints::default();
    let pair = |secret: &str| {
        let access_key_id = "LTAI1".to_owned();
        let pair = Credential { access_key_id, access_key_secret: secret.into(), security_token: None };
        Identity::KeyPair(fingerprints.of(&pair))
    };
    let role = |name: &str| format!("acs:ram::1111111111111111:role/{name}").parse().unwrap();
    let pod = |name: &str, account: &str| Identity::Federated {
        role: role(name),
        provider: "acs:ram::1111111111111111:oidc-provider/p".parse().unwrap(),
        account: Name::new("shop", account),
        claims: Some(Claims::default()),
        session_name: "n".to_owned(),
        seconds: None,
    };
    let assumed = |by: Identity, external_id: Option<&str>| Identity::Assumed {
        by: Arc::new(by),
        role: role("partner"),
        external_id: external_id.map(str::to_owned),
        session_name: "n".to_owned(),
        seconds: None,
    };
    let instance = || Identity::Instance { role: None };
    let all = [
        (pair("x"), "LTAI1"),
        // The same key id with another secret.
        (pair("y"), "LTAI1"),
        (pod("reader", "web"), "STS.1"),
        // The service account was annotated anew.
        (pod("clerk", "web"), "STS.1"),
        (pod("reader", "job"), "STS.1"),
        (assumed(pair("x"), None), "STS.1"),
        (assumed(pair("x"), Some("team-a")), "STS.1"),
        (assumed(pair("y"), None), "STS.1"),
        (instance(), "STS.1"),
        // The instance was given another role.
        (instance(), "STS.2"),
    ];
    all.map(|(identity, session)| Principal { identity: Arc::new(identity), session }).into()
}

#[derive(Clone, Debug)]
enum Event {
    Mount { who: Index, secret: Index, republish: bool, latency: u64, patience: u64, cancelled: Option<u64> },
    Wait(u64),
    Rotate(Index),
    Permit { who: Index, allowed: bool },
    Outage(bool),
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    let mount = (
        // Few identities at a time, so that they meet.
        any::<Index>(),
        any::<Index>(),
        any::<bool>(),
        1..800_u64,
        500..6_000_u64,
        proptest::option::weighted(0.2, 0..1_500_u64),
    );
    let mount = mount.prop_map(|(who, secret, republish, latency, patience, cancelled)| Event::Mount {
        who,
        secret,
        republish,
        latency,
        patience,
        cancelled,
    });
    prop_oneof![
        10 => mount,
        6 => (0..2_500_u64).prop_map(Event::Wait),
        2 => any::<Index>().prop_map(Event::Rotate),
        2 => (any::<Index>(), any::<bool>()).prop_map(|(who, allowed)| Event::Permit { who, allowed }),
        1 => any::<bool>().prop_map(Event::Outage),
        1 => Just(Event::Restart),
    ]
}

/// A call to the cloud, as the cloud remembers it.
struct Call {
    process: usize,
    who: usize,
    secret: usize,
    began: Instant,
    /// Its place in the order of all that happened.
    ended: Option<u64>,
    refused: bool,
}

struct Cloud {
    versions: [u32; SECRETS],
    allowed: Vec<bool>,
    outage: bool,
    calls: Vec<Call>,
    under_way: usize,
    happened: u64,
}

impl Cloud {
    fn next(&mut self) -> u64 {
        self.happened += 1;
        self.happened
    }
}

type Shared = Rc<RefCell<Cloud>>;

/// A call that is counted as under way for as long as somebody waits for it.
struct UnderWay(Shared);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.borrow_mut().under_way -= 1;
    }
}

/// The cloud decides when the call reaches it. Values and errors tell which call they are from.
async fn read(
    cloud: Shared,
    process: usize,
    who: usize,
    secret: usize,
    latency: u64,
) -> Result<Value, Error> {
    let (number, answer) = {
        let mut cloud = cloud.borrow_mut();
        cloud.under_way += 1;
        cloud.calls.push(Call { process, who, secret, began: Instant::now(), ended: None, refused: false });
        let fault = if cloud.outage {
            Err(Fault::Unavailable)
        } else if cloud.allowed[who] {
            Ok(cloud.versions[secret])
        } else {
            Err(Fault::Denied)
        };
        (cloud.calls.len() - 1, fault)
    };
    let _under_way = UnderWay(Rc::clone(&cloud));
    sleep(Duration::from_millis(latency)).await;
    let mut cloud = cloud.borrow_mut();
    let ended = cloud.next();
    let call = &mut cloud.calls[number];
    (call.ended, call.refused) = (Some(ended), answer == Err(Fault::Denied));
    match answer {
        Ok(version) => {
            let contents = format!("{number}").into_bytes().into();
            Ok(Value { contents, version_id: version.to_string() })
        }
        Err(fault) => {
            let (host, request_id) = ("kms.example.com".to_owned(), number.to_string());
            Err(call::Error::Refused { host, code: "C".to_owned(), status: 403, request_id, fault }.into())
        }
    }
}

struct Mount {
    who: usize,
    secret: usize,
    republish: bool,
    arrived: u64,
    /// Which of the caches, since the process was started again.
    process: usize,
}

impl Mount {
    /// Holds what the mount was given against what the cloud remembers.
    fn judge(&self, cloud: &Cloud, value: &Value, stale: bool) {
        let number: usize = std::str::from_utf8(value.contents.expose()).unwrap().parse().unwrap();
        let call = &cloud.calls[number];
        let (reader, own) = ((call.process, call.who, call.secret), (self.process, self.who, self.secret));
        assert_eq!(reader, own, "it was read by somebody else");
        let ended = call.ended.expect("nobody gets what is still being read");
        let age = call.began.elapsed();
        if stale {
            assert!(age <= STALE, "it is too old even for an outage");
        } else if ended < self.arrived {
            assert!(self.republish, "a first mount was given what was read before it came");
            assert!(age <= WINDOW, "it is too old");
        }
        let refused_since = cloud.calls.iter().any(|other| {
            let same = other.refused && (other.process, other.who, other.secret) == own;
            // Until a refusal is there it binds nobody.
            same && other.ended.is_some_and(|at| at > ended && at < self.arrived)
        });
        assert!(!refused_since, "it was given although it had been refused since");
    }

    fn judge_failure(&self, cloud: &Cloud, error: &Error) {
        let Error::Call(call::Error::Refused { request_id, .. }) = error else { return };
        let call = &cloud.calls[request_id.parse::<usize>().unwrap()];
        assert_eq!((call.who, call.secret), (self.who, self.secret), "somebody else failed");
        assert!(call.ended.unwrap() > self.arrived, "it failed before the mount came");
    }
}

fn settings() -> Settings {
    // Room for a few values, so that some are displaced.
    Settings { window: Some(WINDOW), serve_stale: Some(STALE), bytes: 8_000 }
}

async fn play(events: &[Event], among: usize) {
    let principals = Rc::new(principals());
    let cloud = Rc::new(RefCell::new(Cloud {
        versions: [1; SECRETS],
        allowed: vec![true; principals.len()],
        outage: false,
        calls: Vec::new(),
        under_way: 0,
        happened: 0,
    }));
    let (mut cache, mut process) = (Rc::new(Cache::new(settings(), Metrics::new())), 0);
    let mut mounts = FuturesUnordered::new();
    for event in events {
        match event {
            Event::Mount { who, secret, republish, latency, patience, cancelled } => {
                // Neighbours in the list differ in one thing.
                let who = (among + who.index(3)) % principals.len();
                let secret = secret.index(SECRETS);
                let (cloud, cache, principals) =
                    (Rc::clone(&cloud), Rc::clone(&cache), Rc::clone(&principals));
                let (latency, republish) = (*latency, *republish);
                let arrived = cloud.borrow_mut().next();
                let arrival = cache.arrive(republish);
                let mount = Mount { who, secret, republish, arrived, process };
                let until = Instant::now() + Duration::from_millis(*patience);
                let work = async move {
                    let Principal { identity, session } = &principals[who];
                    let key = key(identity, secret);
                    let own = async || {
                        let reading = read(Rc::clone(&cloud), process, who, secret, latency);
                        let late = call::Error::timed_out(&key.door.endpoint).into();
                        timeout_at(until, reading).await.unwrap_or(Err(late))
                    };
                    match cache.get(&key, session, arrival, until, own).await {
                        Ok(value) => mount.judge(&cloud.borrow(), &value, false),
                        Err(error) => {
                            mount.judge_failure(&cloud.borrow(), &error);
                            let stale = is_outage(&error).then(|| cache.stale(&key, Some(session))).flatten();
                            if let Some((value, _)) = stale {
                                mount.judge(&cloud.borrow(), &value, true);
                            }
                        }
                    }
                };
                let limit = Duration::from_millis(cancelled.unwrap_or(1_000_000));
                mounts.push(async move { timeout(limit, work).await });
                // It begins before the next event.
                drain(&mut mounts).await;
            }
            Event::Wait(millis) => {
                // In steps, so that whatever is under way goes on meanwhile.
                for _ in 0..millis.div_ceil(100) {
                    advance(Duration::from_millis(100)).await;
                    drain(&mut mounts).await;
                }
            }
            Event::Rotate(secret) => cloud.borrow_mut().versions[secret.index(SECRETS)] += 1,
            Event::Permit { who, allowed } => {
                let who = (among + who.index(3)) % principals.len();
                cloud.borrow_mut().allowed[who] = *allowed;
            }
            Event::Outage(outage) => cloud.borrow_mut().outage = *outage,
            Event::Restart => {
                cache = Rc::new(Cache::new(settings(), Metrics::new()));
                process += 1;
            }
        }
    }
    while mounts.next().await.is_some() {}
    assert_eq!((cloud.borrow().under_way, cache.flights.len()), (0, 0), "something is left behind");
}

/// Lets all go on as far as they can at this moment.
async fn drain<F: Future>(mounts: &mut FuturesUnordered<F>) {
    for _ in 0..4 {
        let _ = mounts.next().now_or_never();
        tokio::task::yield_now().await;
    }
}

fn key(identity: &Arc<Identity>, secret: usize) -> Arc<Key> {
    let door = Door { endpoint: "kms.example.com".parse().unwrap(), scheme: sign::Scheme::V3 };
    let secret_name = format!("secret-{secret}");
    let selection = kms::Selection { secret_name, version_id: None, version_stage: None };
    Arc::new(Key { identity: Arc::clone(identity), door, region: None, selection: selection.into() })
}

proptest! {
    #[test]
    fn nobody_gets_what_he_did_not_read_himself(
        events in proptest::collection::vec(event(), 1..60),
        among in 0..10_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(play(&events, among));
    }
}
