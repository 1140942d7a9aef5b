//! When pod statuses are looked at: at once when they change, later as a pass asks for, owners every five seconds.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::super::clock::later;
use super::super::objects::{POD_STATUSES, text};
use super::super::{Driver, pod_status};
use super::{Again, owners, reconcile};

const OWNER_PERIOD: Duration = Duration::from_secs(5);
const FIRST_BACKOFF: Duration = Duration::from_millis(5);
const MAX_BACKOFF: Duration = Duration::from_secs(1000);

/// The controller's queue.
#[derive(Debug, Default)]
pub(in super::super) struct Queue {
    by_status: BTreeMap<(String, String), Item>,
    owners_due: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct Item {
    /// The resource version that was seen last: only a change counts as one.
    seen: String,
    due: Option<Timestamp>,
    failures: u32,
}

impl Queue {
    /// Looks at the pod statuses of this node, as the controller's watch does. One that goes is not told.
    pub(in super::super) fn notice(&mut self, driver: &Driver) {
        let now = driver.clock.now();
        self.owners_due.get_or_insert_with(|| later(now, OWNER_PERIOD));
        for status in driver.objects.list(POD_STATUSES) {
            if !pod_status::is_of_node(&status, &driver.options.node) {
                continue;
            }
            let [namespace, name, version] = ["namespace", "name", "resourceVersion"]
                .map(|key| text(&status["metadata"], &format!("/{key}")));
            let item = self.by_status.entry((namespace.into(), name.into())).or_default();
            if item.seen != version {
                version.clone_into(&mut item.seen);
                item.due = Some(now);
            }
        }
    }

    pub(in super::super) fn next_due(&self) -> Option<Timestamp> {
        self.by_status.values().filter_map(|item| item.due).chain(self.owners_due).min()
    }

    /// Does what is due now.
    pub(in super::super) fn run_due(&mut self, driver: &Driver) {
        let now = driver.clock.now();
        for ((namespace, name), item) in &mut self.by_status {
            if item.due.is_none_or(|due| due > now) {
                continue;
            }
            item.due = match reconcile(driver, namespace, name) {
                Again::Never => None,
                Again::After(span) => {
                    item.failures = 0;
                    Some(later(now, span))
                }
                Again::RateLimited => {
                    let backoff = FIRST_BACKOFF.saturating_mul(2_u32.saturating_pow(item.failures));
                    item.failures += 1;
                    Some(later(now, backoff.min(MAX_BACKOFF)))
                }
            };
        }
        if self.owners_due.is_some_and(|due| due <= now) {
            // A pass that fails is logged by the driver, and the next one comes anyway.
            drop(owners::patch(driver));
            self.owners_due = Some(later(now, OWNER_PERIOD));
        }
    }
}
