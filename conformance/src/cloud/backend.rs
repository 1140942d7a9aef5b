//! The fake behind a cloud: in this process, or somewhere else, steered over its control door.
//!
//! Scenarios fill a cloud in plain steps. One that is elsewhere hears of it with the next [`exchange`](Backend::exchange), and
//! tells then what it was asked meanwhile.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, bail};
use fake_alicloud::{
    CallFilter, ControlClient, EcsInstance, FakeAlicloud, Fault, JournalEntry, PlannedFault, Seed,
};

/// A fake.
#[derive(Debug)]
pub(super) enum Backend {
    /// In this process.
    Own(Box<FakeAlicloud>),
    /// In another.
    Elsewhere(Box<Elsewhere>),
}

/// Where a fake elsewhere is.
#[derive(Debug, Clone)]
pub struct Address {
    /// Its control door, as this process reaches it.
    pub control: ControlClient,
    /// Its API, as a provider reaches it.
    pub api: String,
    /// Its instance metadata service, likewise.
    pub metadata: String,
}

/// A fake elsewhere, with what it was not told yet and what it told last.
#[derive(Debug)]
pub(super) struct Elsewhere {
    address: Address,
    untold: Mutex<Untold>,
    journal: Mutex<Vec<JournalEntry>>,
}

/// A seed says all that there is, so only the last one counts.
#[derive(Debug, Default)]
struct Untold {
    seed: Option<Seed>,
    instance: Option<EcsInstance>,
}

impl Backend {
    pub(super) fn elsewhere(address: Address) -> Self {
        Self::Elsewhere(Box::new(Elsewhere { address, untold: Mutex::default(), journal: Mutex::default() }))
    }

    /// The fake of this process, for what cannot be asked of one elsewhere.
    pub(super) fn own(&self) -> anyhow::Result<&FakeAlicloud> {
        match self {
            Self::Own(fake) => Ok(fake),
            Self::Elsewhere(_) => bail!("the cloud of this scenario is elsewhere and cannot do this"),
        }
    }

    pub(super) fn api_url(&self) -> &str {
        match self {
            Self::Own(fake) => fake.api_url(),
            Self::Elsewhere(elsewhere) => &elsewhere.address.api,
        }
    }

    pub(super) fn metadata_url(&self) -> &str {
        match self {
            Self::Own(fake) => fake.metadata_url(),
            Self::Elsewhere(elsewhere) => &elsewhere.address.metadata,
        }
    }

    /// What was asked; elsewhere, up to the last exchange.
    pub(super) fn journal(&self) -> Vec<JournalEntry> {
        match self {
            Self::Own(fake) => fake.journal(),
            Self::Elsewhere(elsewhere) => locked(&elsewhere.journal).clone(),
        }
    }

    pub(super) fn faults(&self) -> Vec<PlannedFault> {
        self.own().map(FakeAlicloud::faults).unwrap_or_default()
    }

    pub(super) fn plan(&self, fault: Fault) -> anyhow::Result<()> {
        self.own()?.plan(fault).context("planning trouble")?;
        Ok(())
    }

    pub(super) fn replace(&self, seed: Seed) -> anyhow::Result<()> {
        match self {
            Self::Own(fake) => fake.replace(&seed).context("filling the fake cloud")?,
            Self::Elsewhere(elsewhere) => locked(&elsewhere.untold).seed = Some(seed),
        }
        Ok(())
    }

    pub(super) fn set_instance(&self, instance: EcsInstance) -> anyhow::Result<()> {
        match self {
            Self::Own(fake) => {
                fake.set_ecs_instance(&instance).context("putting the node on an instance")?;
            }
            Self::Elsewhere(elsewhere) => locked(&elsewhere.untold).instance = Some(instance),
        }
        Ok(())
    }

    /// Tells a fake elsewhere what has changed, and hears what it was asked.
    pub(super) async fn exchange(&self) -> anyhow::Result<()> {
        let Self::Elsewhere(elsewhere) = self else { return Ok(()) };
        let Elsewhere { address, untold, journal } = &**elsewhere;
        let Untold { seed, instance } = std::mem::take(&mut *locked(untold));
        if let Some(seed) = seed {
            address.control.replace(&seed).await.context("filling the fake cloud")?;
        }
        if let Some(instance) = instance {
            address.control.set_ecs_instance(&instance).await.context("putting the node on an instance")?;
        }
        let calls = address.control.calls(&CallFilter::default()).await;
        *locked(journal) = calls.context("asking the fake cloud what it was asked")?;
        Ok(())
    }
}

/// Poisoning tells nothing here: what is kept is whole after every statement.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
