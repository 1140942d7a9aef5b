//! A running fake, for tests in Rust.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    JournalEntry, Seed, SeedError, cloud::Cloud, control, front, listener::serve, state::name::Region,
};

/// How long requests under way may take to finish after [`FakeAlicloud::stop`].
const GRACE: Duration = Duration::from_secs(5);

/// Where a fake listens and what it assumes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address of the API door; port 0 picks a free one.
    pub api: SocketAddr,
    /// Address of the control door; port 0 picks a free one.
    pub control: SocketAddr,
    /// Region of calls whose host names none, and of seeded secrets that name none.
    pub region: String,
}

impl Default for Options {
    /// Free ports on the loopback interface, region `cn-hangzhou`.
    fn default() -> Self {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { api: any_port, control: any_port, region: "cn-hangzhou".to_owned() }
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
    control_url: String,
    stop: watch::Sender<()>,
    doors: JoinSet<()>,
}

impl FakeAlicloud {
    /// Starts an empty cloud within the current runtime. Both doors answer once this returns.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let region: Region =
            options.region.parse().map_err(|_| StartError::Region { region: options.region.clone() })?;
        let (api, api_url) = bind("API", options.api).await?;
        let (control, control_url) = bind("control", options.control).await?;
        let cloud = Arc::new(Cloud::new(region));
        let (stop, stopped) = watch::channel(());
        let mut doors = JoinSet::new();
        doors.spawn(serve(api, front::router(cloud.clone()), stopped.clone()));
        doors.spawn(serve(control, control::router(cloud.clone()), stopped));
        Ok(Self { cloud, api_url, control_url, stop, doors })
    }

    /// Base URL of the API door, such as `http://127.0.0.1:8980`.
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// Base URL of the control door.
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// Adds a seed to what is there, all of it or, after an error, nothing.
    pub fn seed(&self, seed: &Seed) -> Result<(), SeedError> {
        self.cloud.seed(seed)
    }

    /// All calls so far, refused ones included, oldest first.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.cloud.journal.entries()
    }

    /// Empties state and journal.
    pub fn reset(&self) {
        self.cloud.reset();
    }

    /// Stops accepting, lets the requests under way finish for a few seconds, and ends.
    pub async fn stop(mut self) {
        // Nobody listens when both doors have ended already.
        let _ = self.stop.send(());
        let finished = async { while self.doors.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, finished).await.is_err() {
            tracing::warn!("connections were cut that did not end in time");
        }
    }
}

async fn bind(door: &'static str, address: SocketAddr) -> Result<(TcpListener, String), StartError> {
    let failed = |source| StartError::Listen { door, address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let url = format!("http://{}", listener.local_addr().map_err(failed)?);
    Ok((listener, url))
}
