//! A node over time: kubelet and driver do what is due, in order, while the clock is moved.

use std::time::Duration;

use super::clock::later;
use super::{Attempt, Driver, Kubelet};

/// What runs on a node by itself.
#[derive(Debug, Default)]
pub struct Node {
    /// Publishes volumes.
    pub kubelet: Kubelet,
}

impl Node {
    /// Lets so much time pass. Whatever falls due meanwhile happens at its own moment, and is told if it is a publication.
    pub async fn pass(&mut self, driver: &Driver, span: Duration) -> anyhow::Result<Vec<Attempt>> {
        let end = later(driver.clock.now(), span);
        let mut attempts = Vec::new();
        while let Some(due) = self.kubelet.next_due().filter(|due| *due <= end) {
            driver.clock.move_to(due);
            attempts.extend(self.kubelet.run_due(driver).await?);
        }
        driver.clock.move_to(end);
        Ok(attempts)
    }
}
