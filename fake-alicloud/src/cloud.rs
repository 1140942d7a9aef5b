//! One fake's belongings, shared by its doors.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    behaviour::Behaviour,
    clock::Clock,
    control::{
        export::export,
        issuers::IssuerReading,
        seed::{NewIssuer, Seed, SeedError},
    },
    fault::Plans,
    journal::Journal,
    state::{State, name::Region},
    tls::Authority,
};

/// State, journal, clock and certificates of one fake. Nothing of it is shared with another.
#[derive(Debug)]
pub(crate) struct Cloud {
    state: Mutex<State>,
    pub(crate) journal: Journal,
    pub(crate) clock: Clock,
    /// What is to go wrong.
    pub(crate) plans: Arc<Plans>,
    pub(crate) authority: Arc<Authority>,
    /// Where a call belongs whose host names no region.
    pub(crate) default_region: Region,
    /// Whether products that want HTTPS also answer in the clear.
    pub(crate) allows_http: bool,
    /// What a reset goes back to.
    behaviour: Behaviour,
}

/// What a cloud has from its start to its end.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) default_region: Region,
    pub(crate) allows_http: bool,
    pub(crate) behaviour: Behaviour,
    pub(crate) journal_capacity: usize,
    pub(crate) tls_names: Vec<String>,
}

impl Cloud {
    pub(crate) fn new(settings: Settings) -> Self {
        let Settings { default_region, allows_http, behaviour, journal_capacity, tls_names } = settings;
        let authority = Authority::new(tls_names);
        let state = State::new(behaviour.clone(), authority.fingerprint().to_owned());
        Self {
            state: Mutex::new(state),
            journal: Journal::new(journal_capacity),
            clock: Clock::default(),
            authority: Arc::new(authority),
            plans: Arc::default(),
            default_region,
            allows_http,
            behaviour,
        }
    }

    /// The state, for as long as the guard lives; never across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Adds all of a seed or nothing.
    pub(crate) fn seed(&self, seed: &Seed) -> Result<(), SeedError> {
        self.seed_on(seed, State::clone)
    }

    /// Lets a seed take the place of all accounts, or changes nothing.
    pub(crate) fn replace(&self, seed: &Seed) -> Result<(), SeedError> {
        self.seed_on(seed, State::without_accounts)
    }

    fn seed_on(&self, seed: &Seed, ground: impl FnOnce(&State) -> State) -> Result<(), SeedError> {
        let mut state = self.state();
        let mut next = ground(&state);
        seed.apply(&mut next, &self.default_region, self.clock.now())?;
        seed.plan(&self.plans)?;
        self.authority.serve_issuers(next.issuers.hosts());
        *state = next;
        Ok(())
    }

    /// Adds an issuer.
    pub(crate) fn add_issuer(&self, issuer: &NewIssuer) -> Result<IssuerReading, SeedError> {
        let mut state = self.state();
        issuer.apply(&mut state)?;
        self.authority.serve_issuers(state.issuers.hosts());
        Ok(IssuerReading::of(&state.issuers, issuer.url()).expect("just added"))
    }

    /// A seed that makes the present state.
    pub(crate) fn export(&self) -> Seed {
        let mut state = self.state();
        state.settle(self.clock.now());
        export(&state)
    }

    /// Forgets everything but the certificates, which clients may hold, plans included, and lets the clock run.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        *state = State::new(self.behaviour.clone(), self.authority.fingerprint().to_owned());
        self.authority.serve_issuers(Vec::new());
        self.clock.release();
        self.journal.clear();
        self.plans.clear();
    }
}

/// Locks, also after a panic elsewhere: a test that went wrong should see its own failure and not this one.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
