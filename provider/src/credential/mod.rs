//! Which credential a mount uses: one file per source, and the order among them.
//!
//! Knows neither objects nor paths. Sessions are kept by [`Identity`], opened by one caller for all who ask, and replaced ahead
//! of their end.

pub mod access_key;
mod caller;
mod claims;
mod cross_account;
mod ecs_ram_role;
mod error;
mod federation;
mod identity;
mod node_publish_secret;
pub mod plan;
mod pod_service_account;
pub mod provider_oidc;
mod ram_role;
pub mod session_name;
pub mod setting;
pub mod settings;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

pub use access_key::KeyPair;
pub use caller::Caller;
pub use claims::Claims;
pub use error::Error;
pub(crate) use identity::Fingerprints;
pub use identity::{Fingerprint, Identity};
pub use plan::Source;
pub use settings::Settings;

use crate::alicloud::{Credential, Endpoint, Metadata, Network, Region, RoleArn, Session, Sts, call};
use crate::clock;
use crate::kept::{Freshness, Kept};
use crate::kubernetes::Kubernetes;
use crate::metrics::{Exchange, Metrics};
use plan::{Order, RoleAlone};

/// More than a node has pods.
const MOST_SESSIONS: usize = 1_000;

/// Hands out credentials.
#[derive(Debug)]
pub struct Credentials {
    settings: Arc<Settings>,
    order: Order,
    sts: Sts,
    metadata: Arc<Metadata>,
    kubernetes: Kubernetes,
    fingerprints: Fingerprints,
    sessions: Arc<Kept<Arc<Identity>, Credential, Error>>,
    metrics: Arc<Metrics>,
}

/// A credential, whose it is, and what is odd about that.
#[derive(Debug)]
pub struct Granted {
    /// To sign with.
    pub credential: Arc<Credential>,
    /// Where it came from.
    pub source: Source,
    /// What may be shared among those who have the same.
    pub identity: Arc<Identity>,
    /// For the mount's log line.
    pub warning: Option<Warning>,
}

/// No credential, and whose, as far as that is known.
#[derive(Debug)]
pub struct Ungranted {
    /// Known if nothing but the session is missing.
    pub identity: Option<Arc<Identity>>,
    /// For the mount's log line, if there is one.
    pub warning: Option<Warning>,
    /// Why.
    pub cause: Error,
}

impl<E: Into<Error>> From<E> for Ungranted {
    fn from(cause: E) -> Self {
        Self { identity: None, warning: None, cause: cause.into() }
    }
}

/// Something about a mount's identity that its author should know.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Warning {
    /// The pod brought a key pair for nothing.
    #[error(
        "the key pair of the pod's nodePublishSecretRef is not used, since {} goes before it; remove the reference, or start the \
         provider with --prefer-node-publish-secret",
        used.describe()
    )]
    KeyPairIgnored {
        /// What is used.
        used: Source,
    },
    /// The pod reads as somebody else.
    #[error("{reason}; as --pod-identity-fallback allows, {} is used instead", used.describe())]
    FellBack {
        /// What is used.
        used: Source,
        /// Why the pod's own is not.
        reason: Box<Error>,
    },
}

impl Credentials {
    /// With settings that make sense together.
    pub fn new(
        settings: Settings,
        sts: Sts,
        metadata: Arc<Metadata>,
        kubernetes: Kubernetes,
        metrics: Arc<Metrics>,
    ) -> Result<Self, RoleAlone> {
        let order = settings.order()?;
        let (fingerprints, sessions) = (Fingerprints::default(), Arc::new(Kept::new(MOST_SESSIONS)));
        let counted = Arc::downgrade(&sessions);
        metrics
            .identities
            .count_sessions_with(move || counted.upgrade().map_or(0, |sessions| sessions.count_good()));
        let settings = Arc::new(settings);
        Ok(Self { settings, order, sts, metadata, kubernetes, fingerprints, sessions, metrics })
    }

    /// What the operator set, and may have made unusable since.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings)
    }

    /// Where the credential of a mount is to come from; another source only if the operator lets it fall back.
    pub fn planned(&self, caller: &Caller) -> Source {
        plan::plan(self.order, caller.asked()).source
    }

    /// The credential for an object of a mount that `caller` is behind; that of `cross_account` if the object names such a role.
    /// `region` is where the mount reads.
    pub async fn grant(
        &self,
        caller: &Caller,
        cross_account: Option<&RoleArn>,
        region: Option<&Region>,
        until: Instant,
    ) -> Result<Granted, Ungranted> {
        let base = self.base(caller, region, until).await;
        mutate!(CrossAccountIgnored: cross_account = None);
        let Some(role) = cross_account else { return base };
        let base = base.map_err(|Ungranted { identity, warning, cause }| {
            let become_other = |base| self.terms().map(|terms| Arc::new(terms.identity(&base, role)));
            let identity = identity.and_then(|base| become_other(base).ok());
            Ungranted { identity, warning, cause: Error::Base(Box::new(cause)) }
        })?;
        let granted = self.cross_account(&base, caller, role, region, until).await;
        granted.map(|granted| Granted { warning: base.warning, ..granted })
    }

    /// The cloud refused what was granted. Whether asking again may give something else, since it was a session.
    pub fn refuse(&self, granted: &Granted) -> bool {
        let refused = &granted.credential.access_key_id;
        self.sessions.forget(&granted.identity, |credential| credential.access_key_id == *refused);
        granted.credential.security_token.is_some()
    }

    async fn base(
        &self,
        caller: &Caller,
        region: Option<&Region>,
        until: Instant,
    ) -> Result<Granted, Ungranted> {
        let plan = plan::plan(self.order, caller.asked());
        let (result, used, warning) = match self.from(plan.source, caller, region, until).await {
            Err(Ungranted { cause, .. })
                if mutate!(SlidAfterFailure, cause.is_absence(), true) && plan.fallback.is_some() =>
            {
                let used = plan.fallback.unwrap_or(plan.source);
                let warning = Warning::FellBack { used, reason: Box::new(cause) };
                (self.from(used, caller, region, until).await, used, Some(warning))
            }
            result => (result, plan.source, None),
        };
        let warning = warning.or(plan.key_pair_ignored.then_some(Warning::KeyPairIgnored { used }));
        match result {
            Ok(granted) => Ok(Granted { warning, ..granted }),
            Err(ungranted) => Err(Ungranted { warning, ..ungranted }),
        }
    }

    async fn from(
        &self,
        source: Source,
        caller: &Caller,
        region: Option<&Region>,
        until: Instant,
    ) -> Result<Granted, Ungranted> {
        match source {
            Source::PodServiceAccount => self.pod_service_account(caller, region, until).await,
            Source::ProviderOidc => self.provider_oidc(region, until).await,
            Source::RamRole => self.ram_role(region, until).await,
            Source::NodePublishSecret => {
                Ok(self.key_pair(Source::NodePublishSecret, node_publish_secret::credential(caller)?))
            }
            Source::AccessKey => Ok(self.access_key()?),
            Source::EcsRamRole => self.ecs_ram_role(until).await,
        }
    }

    fn access_key(&self) -> Result<Granted, Error> {
        let pair = self.settings.key_pair.as_ref();
        let pair = pair.expect("the order names the key pair only if there is one");
        Ok(self.key_pair(Source::AccessKey, pair.credential()?))
    }

    fn key_pair(&self, source: Source, credential: Credential) -> Granted {
        let identity = Identity::KeyPair(self.fingerprints.of(&credential));
        Granted { credential: Arc::new(credential), source, identity: Arc::new(identity), warning: None }
    }

    /// The session of an identity, or the one that `open` opens.
    async fn session<F>(
        &self,
        source: Source,
        identity: Identity,
        until: Instant,
        open: impl FnOnce(Instant) -> F,
    ) -> Result<Granted, Ungranted>
    where
        F: Future<Output = Result<(Credential, Freshness), Error>>,
    {
        let identity = Arc::new(mutate!(SessionsShared, identity, Identity::Instance { role: None }));
        mutate!(SessionsForgotten => self.sessions.forget(&identity, |_| true));
        let label = identity.label(source);
        let counted = async |until| {
            let exchange =
                if self.sessions.holds(&identity) { Exchange::Refreshed } else { Exchange::Opened };
            let result = open(until).await;
            let exchange = if result.is_ok() { exchange } else { Exchange::Failed };
            self.metrics.identities.count_exchange(label, exchange);
            result
        };
        let result = self.sessions.get(&identity, until, counted).await;
        // What is remembered for an identity holds on to it: one for all, not one for each mount.
        let identity = self.sessions.key(&identity).unwrap_or(identity);
        match result {
            Ok(credential) => Ok(Granted { credential, source, identity, warning: None }),
            Err(cause) => Err(Ungranted { identity: Some(identity), warning: None, cause }),
        }
    }

    /// Where to ask for sessions: near the node, since endpoints within a VPC may not be reached from another region.
    async fn sts_endpoint(&self, region: Option<&Region>, until: Instant) -> Result<Endpoint, Error> {
        let settings = &self.settings;
        match (&settings.sts_endpoint, settings.region.as_ref().or(region), settings.network) {
            (Some(endpoint), _, _) => Ok(endpoint.clone()),
            (None, Some(region), network) => Ok(Endpoint::sts(region, network)),
            (None, None, Network::Public) => Ok(Endpoint::global_sts()),
            (None, None, Network::Vpc) => {
                let region = self.metadata.region(until).await.map_err(Error::NoRegion)?;
                Ok(Endpoint::sts(&region, Network::Vpc))
            }
        }
    }
}

/// Whether the cloud no longer takes a session: it ended, or was revoked.
pub fn is_session_refused(error: &call::Error) -> bool {
    let call::Error::Refused { code, .. } = error else { return false };
    code.starts_with("InvalidSecurityToken") || code.starts_with("InvalidAccessKeyId")
}

/// A session to keep. Its life is counted from now, so a clock that is off shifts nothing but the refresh.
fn kept(session: Session) -> (Credential, Freshness) {
    let life = session.expires.duration_since(clock::now());
    let life = Duration::try_from(life).unwrap_or_default();
    (session.credential, Freshness::of_life(life))
}
