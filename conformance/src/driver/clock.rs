//! The model's time. Scenarios move it; nothing waits for it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use super::locked;

/// A clock that stands still until it is moved. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<Timestamp>>);

impl Clock {
    /// Every model begins at the same moment: nothing may depend on the day on which it runs.
    pub fn new() -> Self {
        let start = Timestamp::from_second(1_767_225_600).expect("2026 can be represented");
        Self(Arc::new(Mutex::new(start)))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        *locked(&self.0)
    }

    /// Moves the clock forward; it never goes back.
    pub fn move_to(&self, time: Timestamp) {
        let mut now = locked(&self.0);
        *now = time.max(*now);
    }

    /// The time so much later.
    pub fn after(&self, span: Duration) -> Timestamp {
        later(self.now(), span)
    }

    /// Gives a folder the model's time of modification, as if its file system looked at this clock.
    pub(super) fn stamp(&self, folder: &Path) -> io::Result<()> {
        let now = SystemTime::try_from(self.now()).map_err(io::Error::other)?;
        File::open(folder)?.set_modified(now)
    }

    /// Does something to a folder and stamps it if that modified it.
    pub(super) fn stamp_if_modified<T, E: From<io::Error>>(
        &self,
        folder: &Path,
        change: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let before = modified(folder)?;
        let result = change();
        if modified(folder)? != before {
            self.stamp(folder)?;
        }
        result
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// A time and a span of it.
pub(super) fn later(time: Timestamp, span: Duration) -> Timestamp {
    let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
    time.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// When a folder was modified.
pub(super) fn modified(folder: &Path) -> io::Result<SystemTime> {
    folder.metadata()?.modified()
}
