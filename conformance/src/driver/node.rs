//! A node over time: kubelet and driver do what is due, in order, while the clock is moved.

use std::time::Duration;

use super::clock::later;
use super::legacy::Rotation;
use super::sync::Queue;
use super::{Attempt, Driver, Kubelet, Release};

/// What runs on a node by itself.
#[derive(Debug, Default)]
pub struct Node {
    /// Publishes volumes.
    pub kubelet: Kubelet,
    sync: Queue,
    rotation: Rotation,
}

impl Node {
    /// Lets so much time pass. Whatever falls due meanwhile happens at its own moment, and is told if it is a publication.
    pub async fn pass(&mut self, driver: &Driver, span: Duration) -> anyhow::Result<Vec<Attempt>> {
        let end = later(driver.clock.now(), span);
        if driver.options.release == Release::V1_5_6 {
            self.rotation.start(driver);
        }
        let mut attempts = Vec::new();
        loop {
            self.sync.notice(driver);
            let due = [self.kubelet.next_due(), self.rotation.next_due(), self.sync.next_due()];
            let Some(due) = due.into_iter().flatten().min().filter(|due| *due <= end) else { break };
            driver.clock.move_to(due);
            attempts.extend(self.kubelet.run_due(driver).await?);
            self.rotation.run_due(driver, &self.kubelet.tokens()).await;
            self.sync.run_due(driver);
        }
        driver.clock.move_to(end);
        Ok(attempts)
    }
}
