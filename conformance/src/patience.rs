//! Waiting for conditions. Nothing in the suite sleeps for a fixed time and hopes, and nothing waits for a target without end.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long anything that should happen at once may take on a busy machine, unless a run says otherwise.
pub const LIMIT: Duration = Duration::from_secs(20);

/// The first pause between two looks, and the longest: what happens at once is seen at once, and what does not costs little.
const PAUSES: [Duration; 2] = [Duration::from_micros(500), Duration::from_millis(10)];

/// In milliseconds. One process judges one target at a time, so that its patience is its own.
static CHOSEN: AtomicU64 = AtomicU64::new(LIMIT.as_secs() * 1000);

/// Between two questions to a cluster, which is other people's.
pub(crate) const PAUSE_OF_CLUSTERS: Duration = Duration::from_millis(250);

/// What was awaited did not happen.
#[derive(Debug, thiserror::Error)]
#[error("waited {} s in vain until {what}", limit().as_secs_f32())]
pub struct OutOfPatience {
    what: String,
}

/// How long anything that should happen at once may take.
pub fn limit() -> Duration {
    Duration::from_millis(CHOSEN.load(Ordering::Relaxed))
}

/// Sets it, for the whole process.
pub fn set_limit(limit: Duration) {
    CHOSEN.store(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// How long a mount may take, whatever the kubelet's deadline: a few times as long as all else, because a provider asks a cloud.
pub fn of_a_mount() -> Duration {
    limit() * 3
}

/// Lets something that a target could hold up forever take no longer than the limit.
pub(crate) async fn bounded<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let in_vain =
        |_| io::Error::new(io::ErrorKind::TimedOut, format!("no end after {} s", limit().as_secs_f32()));
    tokio::time::timeout(limit(), work).await.map_err(in_vain)?
}

/// Asks again and again until the probe finds something.
pub async fn until<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> Result<T, OutOfPatience> {
    within(limit(), async || probe().await.ok_or_else(|| OutOfPatience { what: what.into() })).await
}

/// Asks again and again until the probe has nothing to complain of. Its last complaint stands when the time is over.
pub async fn within<T, E>(limit: Duration, probe: impl AsyncFnMut() -> Result<T, E>) -> Result<T, E> {
    looking(PAUSES, |_| limit, probe).await
}

/// The same with a look each so often. What is complained of may say how long that is borne.
pub async fn every<T, E>(
    pause: Duration,
    limit: impl Fn(&E) -> Duration,
    probe: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    looking([pause, pause], limit, probe).await
}

async fn looking<T, E>(
    [mut pause, longest]: [Duration; 2],
    limit: impl Fn(&E) -> Duration,
    mut probe: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    let start = Instant::now();
    loop {
        match probe().await {
            Err(complaint) if start.elapsed() > limit(&complaint) => return Err(complaint),
            Err(_) => tokio::time::sleep(pause).await,
            found => return found,
        }
        pause = (pause * 2).min(longest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_complaint_that_is_not_borne_ends_the_wait_that_another_may_prolong() {
        let mut looks = 0;
        let limit = |complaint: &&str| if *complaint == "broken" { Duration::ZERO } else { LIMIT };

        let end: Result<(), _> = every(Duration::from_millis(1), limit, async || {
            looks += 1;
            Err(if looks < 5 { "not yet" } else { "broken" })
        })
        .await;

        assert_eq!((end, looks), (Err("broken"), 5));
    }
}
