//! Waiting for conditions. Nothing in the suite sleeps for a fixed time and hopes.

use std::time::{Duration, Instant};

/// How long anything that should happen at once may take on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(20);

const PAUSE: Duration = Duration::from_millis(5);

/// What was awaited did not happen.
#[derive(Debug, thiserror::Error)]
#[error("waited {} s in vain until {what}", LIMIT.as_secs())]
pub struct OutOfPatience {
    what: String,
}

/// Asks again and again until the probe finds something.
pub async fn until<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> Result<T, OutOfPatience> {
    within(LIMIT, async || probe().await.ok_or_else(|| OutOfPatience { what: what.into() })).await
}

/// Asks again and again until the probe has nothing to complain of. Its last complaint stands when the time is over.
pub async fn within<T, E>(limit: Duration, mut probe: impl AsyncFnMut() -> Result<T, E>) -> Result<T, E> {
    let start = Instant::now();
    loop {
        match probe().await {
            Err(complaint) if start.elapsed() > limit => return Err(complaint),
            Err(_) => tokio::time::sleep(PAUSE).await,
            found => return found,
        }
    }
}
