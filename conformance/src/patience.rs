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
    let start = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return Ok(found);
        }
        if start.elapsed() > LIMIT {
            return Err(OutOfPatience { what: what.into() });
        }
        tokio::time::sleep(PAUSE).await;
    }
}
