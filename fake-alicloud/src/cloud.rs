//! One fake's belongings, shared by its two doors.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    clock::Clock,
    control::seed::{Seed, SeedError},
    journal::Journal,
    state::{State, name::Region},
};

/// State, journal and clock of one fake. Nothing of it is shared with another.
#[derive(Debug)]
pub(crate) struct Cloud {
    state: Mutex<State>,
    pub(crate) journal: Journal,
    pub(crate) clock: Clock,
    /// Where a call belongs whose host names no region.
    pub(crate) default_region: Region,
}

impl Cloud {
    pub(crate) fn new(default_region: Region) -> Self {
        Self { state: Mutex::default(), journal: Journal::default(), clock: Clock, default_region }
    }

    /// The state, for as long as the guard lives; never across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Adds all of a seed or nothing.
    pub(crate) fn seed(&self, seed: &Seed) -> Result<(), SeedError> {
        let mut state = self.state();
        let mut next = state.clone();
        seed.apply(&mut next, &self.default_region, self.clock.now())?;
        *state = next;
        Ok(())
    }

    /// Forgets everything.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        *state = State::default();
        self.journal.clear();
    }
}

/// Locks, also after a panic elsewhere: a test that went wrong should see its own failure and not this one.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
