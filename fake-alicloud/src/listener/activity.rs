//! Whether anything goes on in a connection.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

/// Counts the requests of one connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    started: AtomicU64,
    under_way: AtomicUsize,
}

impl Activity {
    /// Counts as activity while an answer is made, whether it is or its client leaves.
    pub(super) async fn during<T>(&self, answer: impl Future<Output = T>) -> T {
        self.started.fetch_add(1, Relaxed);
        self.under_way.fetch_add(1, Relaxed);
        let _end = End(&self.under_way);
        answer.await
    }

    /// Returns after a time without any request, which is at least `limit` and less than twice that.
    pub(super) async fn pause(&self, limit: Duration) {
        loop {
            let started = self.started.load(Relaxed);
            tokio::time::sleep(limit).await;
            if self.under_way.load(Relaxed) == 0 && self.started.load(Relaxed) == started {
                return;
            }
        }
    }
}

struct End<'a>(&'a AtomicUsize);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::timeout;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_requests_comes_to_its_end() {
        let activity = Activity::default();
        activity.during(async {}).await;
        assert!(timeout(LIMIT * 2, activity.pause(LIMIT)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_under_way_keeps_its_connection() {
        let activity = Activity::default();
        let both = async { tokio::join!(activity.during(pending::<()>()), activity.pause(LIMIT)) };
        assert!(timeout(LIMIT * 100, both).await.is_err());
        assert!(timeout(LIMIT * 2, activity.pause(LIMIT)).await.is_ok(), "the client has left");
    }
}
