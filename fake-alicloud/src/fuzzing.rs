//! The API door without sockets, and policies without a door, for the fuzz targets in `fuzz/`. No part of what the library promises.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use http::{Request, Response};
use hyper::body::Body;
use jiff::Timestamp;

use crate::{
    Behaviour, JournalEntry, Scheme, Seed, SeedError, ServiceAccountToken,
    auth::Caller,
    behaviour::AbsentKey,
    cloud::{Cloud, Settings},
    front,
    policy::{self, Assumer, IdentityPolicy, Question, ResourcePolicy, TrustPolicy},
    state::{
        State,
        account::{Account, Identity, Principal},
        name::PolicyName,
        ram::{AttachedPolicy, CustomPolicy, User},
        secret_policy::SecretPolicy,
    },
};

/// A cloud whose clock stands still and whose content can be put back.
#[derive(Debug)]
pub struct Door {
    cloud: Cloud,
    content: State,
}

impl Door {
    /// The door of a cloud that holds a seed.
    pub fn open(seed: &Seed, moment: Timestamp) -> Result<Self, SeedError> {
        let cloud = Cloud::new(Settings {
            default_region: "cn-hangzhou".parse().expect("a region"),
            allows_http: true,
            behaviour: Behaviour::default(),
            journal_capacity: 100,
            tls_names: Vec::new(),
        });
        cloud.clock.freeze_at(moment);
        cloud.seed(seed)?;
        let content = cloud.state().clone();
        Ok(Self { cloud, content })
    }

    /// Puts the content back to the seed and empties the journal.
    pub fn rewind(&self) {
        *self.cloud.state() = self.content.clone();
        self.cloud.journal.clear();
    }

    /// Answers a request that was read to its end.
    pub fn answer(&self, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        let (head, body) = request.into_parts();
        let mut context = Context::from_waker(Waker::noop());
        let reply = pin!(front::reply(&self.cloud, Scheme::Http, head, Ok(body)));
        let Poll::Ready(reply) = reply.poll(&mut context) else {
            unreachable!("only a planned fault delays an answer, and nothing is planned here")
        };
        reply.map(|mut body| match Pin::new(&mut body).poll_frame(&mut context) {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().map(Vec::from).unwrap_or_default(),
            _ => Vec::new(),
        })
    }

    /// A token of the seed's only issuer.
    pub fn mint(&self, token: &ServiceAccountToken) -> String {
        self.cloud.mint_token(token).expect("the seed has one issuer")
    }

    /// What was called since the last rewind.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.cloud.journal.entries()
    }
}

/// A text as each kind of policy, and whether it lets in whom it is asked about; none where it is no such policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Attached to the user who calls.
    pub identity: Option<bool>,
    /// Given to a session that may do everything beside it.
    pub session: Option<bool>,
    /// Of the resource, for a user without rights.
    pub resource: Option<bool>,
    /// Of a secret, for the account that it belongs to.
    pub secret: Option<bool>,
    /// Of a role, for a user, the bearer of a token or a service.
    pub trust: Option<bool>,
}

/// Reads a text as each kind of policy and asks it about alice of account 1. The values are those of the condition keys.
pub fn judge(text: &str, action: &str, resource: &str, values: &[(String, Vec<String>)]) -> Judgement {
    let mut context = policy::Context::new(AbsentKey::default());
    for (key, values) in values {
        context.set_all(key.clone(), values.clone());
    }
    let owner = "1".parse().expect("an id");
    let named = |identity| Principal { account: "1".parse().expect("an id"), identity };
    let alice = || named(Identity::User("alice".parse().expect("a name")));
    let decide = |state: &State, principal, session_policy, resource_policy: Option<&ResourcePolicy>| {
        let caller = Caller { principal, session_policy };
        let question =
            Question { caller: &caller, action, resource, owner: &owner, resource_policy, context: &context };
        policy::authorize(state, &question).is_ok()
    };
    let nothing = State::default();
    let identity = IdentityPolicy::try_from(text.to_owned()).ok();
    let resource_policy = ResourcePolicy::try_from(text.to_owned()).ok();
    let secret = SecretPolicy::try_from(text.to_owned()).ok();
    let trust = TrustPolicy::try_from(text.to_owned()).ok();
    Judgement {
        identity: identity.clone().map(|policy| decide(&with_alice(policy), alice(), None, None)),
        session: identity.map(|policy| decide(&nothing, named(Identity::Root), Some(policy), None)),
        resource: resource_policy.map(|policy| decide(&nothing, alice(), None, Some(&policy))),
        secret: secret.map(|policy| decide(&nothing, named(Identity::Root), None, Some(policy.rules()))),
        trust: trust.map(|policy| {
            let assumers = [
                Assumer::Ram(&alice()),
                Assumer::Federated("acs:ram::1:oidc-provider/a"),
                Assumer::Service("ecs.aliyuncs.com"),
            ];
            assumers.into_iter().any(|assumer| policy.admits(assumer, &context))
        }),
    }
}

/// A cloud whose one user has that policy.
fn with_alice(document: IdentityPolicy) -> State {
    let now = Timestamp::UNIX_EPOCH;
    let name: PolicyName = "p".parse().expect("a name");
    let policy = CustomPolicy::new(String::new(), document, now);
    let mut user = User::new(now);
    user.policies.attach(AttachedPolicy::Custom(name.clone()), now).expect("a free place");
    let account = Account {
        users: [("alice".parse().expect("a name"), user)].into(),
        policies: [(name, policy)].into(),
        ..Account::default()
    };
    let mut state = State::default();
    state.accounts.insert("1".parse().expect("an id"), account);
    state
}
