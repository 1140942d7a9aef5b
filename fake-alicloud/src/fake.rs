//! A running fake, for tests in Rust.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper_util::service::TowerToHyperService;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    Algorithm, Behaviour, CallFilter, Clock, EcsInstance, EcsInstanceError, Fault, FaultError, IssuerError,
    IssuerReading, JournalEntry, KeyRotation, PlannedFault, Seed, SeedError, ServiceAccountToken,
    cloud::{Cloud, Settings},
    control::{self, seed::NewIssuer},
    front,
    listener::{Door, Timeouts, Trouble},
    metadata,
    request::Scheme,
    state::name::Region,
};

/// How long requests under way may take to finish after [`FakeAlicloud::stop`].
const GRACE: Duration = Duration::from_secs(5);

/// Where a fake listens and what it assumes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address of the API door for HTTP; port 0 picks a free one.
    pub api: SocketAddr,
    /// Address of the API door for HTTPS; port 0 picks a free one.
    pub api_tls: SocketAddr,
    /// Address of the control door; port 0 picks a free one.
    pub control: SocketAddr,
    /// Address of the instance metadata service; port 0 picks a free one. On `100.100.100.200:80` clients find it by themselves.
    pub metadata: SocketAddr,
    /// Region of calls whose host names none, and of seeded secrets that name none.
    pub region: String,
    /// Whether products that want HTTPS, such as KMS, also answer over HTTP. The real ones do not.
    pub allow_http: bool,
    /// Names beside the cloud's, `localhost` and addresses for which the HTTPS door has a certificate.
    pub tls_names: Vec<String>,
    /// How to answer where the documentation is silent.
    pub behaviour: Behaviour,
    /// How many calls the journal keeps; the oldest go first.
    pub journal_capacity: usize,
    /// How long a client may take.
    pub timeouts: Timeouts,
}

impl Default for Options {
    /// Free ports on the loopback interface, region `cn-hangzhou`, HTTP for all products.
    fn default() -> Self {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            api: any_port,
            api_tls: any_port,
            control: any_port,
            metadata: any_port,
            region: "cn-hangzhou".to_owned(),
            allow_http: true,
            tls_names: Vec::new(),
            behaviour: Behaviour::default(),
            journal_capacity: 100_000,
            timeouts: Timeouts::default(),
        }
    }
}

/// Why a fake could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The region of the options does not look like one: correct it.
    #[error(
        "cannot use `{region}` as the region: expected lower-case letters, digits and hyphens, such as cn-hangzhou"
    )]
    Region {
        /// The text that was given.
        region: String,
    },
    /// A further name for the HTTPS door is none: correct it.
    #[error(
        "cannot make certificates for `{name}`: expected a host name of letters, digits, hyphens and dots"
    )]
    TlsName {
        /// The text that was given.
        name: String,
    },
    /// The address is taken or not this machine's: choose another, or port 0.
    #[error("cannot listen on {address} for the {door} door")]
    Listen {
        /// The door's name.
        door: &'static str,
        /// The address that was given.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// A running fake cloud. It ends, with all its connections, when it is dropped.
#[derive(Debug)]
pub struct FakeAlicloud {
    cloud: Arc<Cloud>,
    api_url: String,
    api_tls_url: String,
    control_url: String,
    metadata_url: String,
    stop: watch::Sender<()>,
    doors: JoinSet<()>,
}

impl FakeAlicloud {
    /// Starts an empty cloud within the current runtime. All doors answer once this returns.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let Options { api, api_tls, control, metadata, region, allow_http, tls_names, .. } = options;
        let default_region: Region = region.parse().map_err(|_| StartError::Region { region })?;
        if let Some(name) = tls_names.iter().find(|name| !is_host_name(name)) {
            return Err(StartError::TlsName { name: name.clone() });
        }
        let (api, api_address) = bind("API", api).await?;
        let (api_tls, api_tls_address) = bind("HTTPS API", api_tls).await?;
        let (control, control_address) = bind("control", control).await?;
        let (metadata_listener, metadata_address) = bind("metadata", metadata).await?;
        let cloud = Arc::new(Cloud::new(Settings {
            default_region,
            allows_http: allow_http,
            behaviour: options.behaviour,
            journal_capacity: options.journal_capacity,
            tls_names,
        }));

        let (stop, stopped) = watch::channel(());
        let timeouts = options.timeouts;
        let mut doors = JoinSet::new();
        let trouble = Trouble::Api(cloud.plans.clone());
        let service = front::door(cloud.clone(), Scheme::Http, timeouts.body);
        let door = Door { listener: api, authority: None, service, timeouts, trouble: trouble.clone() };
        doors.spawn(door.serve(stopped.clone()));
        let service = front::door(cloud.clone(), Scheme::Https, timeouts.body);
        let authority = Some(cloud.authority.clone());
        let door = Door { listener: api_tls, authority, service, timeouts, trouble };
        doors.spawn(door.serve(stopped.clone()));
        let trouble = Trouble::Metadata(cloud.plans.clone());
        let service = metadata::door(cloud.clone());
        let door = Door { listener: metadata_listener, authority: None, service, timeouts, trouble };
        doors.spawn(door.serve(stopped.clone()));
        let service = TowerToHyperService::new(control::router(cloud.clone()));
        let door = Door { listener: control, authority: None, service, timeouts, trouble: Trouble::None };
        doors.spawn(door.serve(stopped));
        Ok(Self {
            cloud,
            api_url: format!("http://{api_address}"),
            api_tls_url: format!("https://{api_tls_address}"),
            control_url: format!("http://{control_address}"),
            metadata_url: format!("http://{metadata_address}"),
            stop,
            doors,
        })
    }

    /// Base URL of the API door for HTTP, such as `http://127.0.0.1:8980`.
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// Base URL of the API door for HTTPS. Clients must trust [`ca_pem`](Self::ca_pem).
    pub fn api_tls_url(&self) -> &str {
        &self.api_tls_url
    }

    /// Base URL of the control door.
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// Base URL of the instance metadata service, without `/latest`.
    pub fn metadata_url(&self) -> &str {
        &self.metadata_url
    }

    /// The certificate of the authority behind the HTTPS door, in PEM. Each fake has its own.
    pub fn ca_pem(&self) -> &str {
        self.cloud.authority.ca_pem()
    }

    /// The certificate of the authority behind the dedicated gateway of a KMS instance (`kst-…`), in PEM; none if that is
    /// not the id of an instance.
    pub fn instance_ca_pem(&self, instance: &str) -> Option<String> {
        self.cloud.authority.instance_ca_pem(instance)
    }

    /// Adds a seed to what is there, all of it or, after an error, nothing.
    pub fn seed(&self, seed: &Seed) -> Result<(), SeedError> {
        self.cloud.seed(seed)
    }

    /// Lets a seed take the place of all accounts, or changes nothing. The world around them stays: issuers, the instance, plans,
    /// journal and clock, and so do the sessions of roles that the seed names with the ids that they had.
    pub fn replace(&self, seed: &Seed) -> Result<(), SeedError> {
        self.cloud.replace(seed)
    }

    /// All issuers of OIDC tokens, by their URLs.
    pub fn issuers(&self) -> Vec<IssuerReading> {
        self.cloud.issuers()
    }

    /// Adds an issuer that the fake plays, with a new key. Seeds add foreign ones, and such with keys of a test's own.
    pub fn add_issuer(&self, url: &str, algorithm: Algorithm) -> Result<IssuerReading, SeedError> {
        self.cloud.add_issuer(&NewIssuer::played(url, algorithm)?)
    }

    /// Gives an issuer a new key to sign with.
    pub fn rotate_keys(&self, rotation: &KeyRotation) -> Result<IssuerReading, IssuerError> {
        self.cloud.rotate_keys(rotation)
    }

    /// A token for a service account, signed by an issuer that the fake plays.
    pub fn mint_token(&self, token: &ServiceAccountToken) -> Result<String, IssuerError> {
        self.cloud.mint_token(token)
    }

    /// A seed that makes the present state, in this fake after a reset or in another.
    pub fn export(&self) -> Seed {
        self.cloud.export()
    }

    /// The fake's clock, to be read, frozen, advanced and released.
    pub fn clock(&self) -> &Clock {
        &self.cloud.clock
    }

    /// How the fake answers where the documentation is silent.
    pub fn behaviour(&self) -> Behaviour {
        self.cloud.state().behaviour.clone()
    }

    /// Changes how the fake answers where the documentation is silent, until the next reset.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        self.cloud.state().behaviour = behaviour;
    }

    /// All calls that the journal keeps, refused ones included, oldest first.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.cloud.journal.entries()
    }

    /// The calls among them that are meant.
    pub fn calls(&self, filter: &CallFilter) -> Vec<JournalEntry> {
        self.cloud.journal.select(filter)
    }

    /// How many calls among them are meant.
    pub fn count_calls(&self, filter: &CallFilter) -> usize {
        self.cloud.journal.count(filter)
    }

    /// Waits until there are so many calls that are meant and returns them; after the timeout, those that there are.
    pub async fn wait_for_calls(
        &self,
        filter: &CallFilter,
        count: usize,
        timeout: Duration,
    ) -> Vec<JournalEntry> {
        self.cloud.journal.wait(filter, count, timeout).await;
        self.calls(filter)
    }

    /// Plans a fault, and tells its id and its seed.
    pub fn plan(&self, fault: Fault) -> Result<PlannedFault, FaultError> {
        self.cloud.plans.add(vec![fault]).map(|mut added| added.remove(0))
    }

    /// What is planned and how often it fired, spent faults included.
    pub fn faults(&self) -> Vec<PlannedFault> {
        self.cloud.plans.list()
    }

    /// Removes a fault and lets go of the answers that it holds; tells whether there was one.
    pub fn remove_fault(&self, id: &str) -> bool {
        self.cloud.plans.remove(id)
    }

    /// Removes all faults and lets go of the answers that they hold.
    pub fn clear_faults(&self) {
        self.cloud.plans.clear();
    }

    /// The instance that the metadata service speaks of.
    pub fn ecs_instance(&self) -> Option<EcsInstance> {
        self.cloud.state().ecs.as_ref().map(|instance| instance.described().clone())
    }

    /// Puts an instance in its place. If it has the same id, it is the same, and its session tokens hold on.
    pub fn set_ecs_instance(&self, instance: &EcsInstance) -> Result<(), EcsInstanceError> {
        let built = instance.build(&self.cloud.default_region)?;
        self.cloud.state().set_ecs(built);
        Ok(())
    }

    /// Empties state, journal and plans, lets the clock run, and goes back to the behaviour of the options.
    pub fn reset(&self) {
        self.cloud.reset();
    }

    /// Stops accepting, lets the requests under way finish for a few seconds, and ends.
    pub async fn stop(mut self) {
        // What a fault holds would never finish.
        self.cloud.plans.clear();
        // Nobody listens when all doors have ended already.
        let _ = self.stop.send(());
        let finished = async { while self.doors.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, finished).await.is_err() {
            tracing::warn!("connections were cut that did not end in time");
        }
    }
}

async fn bind(door: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { door, address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn is_host_name(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
}
