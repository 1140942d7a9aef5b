//! The goals, by name: which load, which figures, and what they are to reach.

use std::time::Duration;

use clap::ValueEnum;

use super::figures::{Figure, Goal};
use super::workload::{Amount, Source, Workload};

/// What a class may have under way at once where the bound is raised: 50 mounts of 20 objects.
const RAISED: u16 = 1000;
/// Documented: so many reads of an account in a region a second.
const READS_PER_SECOND: f64 = 450.0;
/// The bound under which open files are counted.
const FILES_BOUND: u16 = 32;

/// A group of goals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// All of them, which takes a quarter of an hour.
    All,
    /// Mounts of 1, 5 and 20 objects, one at a time.
    Single,
    /// The same, 50 at a time, the bound raised.
    Fifty,
    /// 50 mounts of 20 objects at a time, none twice, the bound raised.
    Throughput,
    /// Calls for who reads, at the second mount and later, for each source.
    Repeat,
    /// 60 identical first mounts at once.
    Burst,
    /// 100 pods of the same 5 secrets, asked again every 60 to 90 seconds, while a secret changes.
    Republish,
    /// Resident memory: idle, after 5,000 mounts of each source, with 1,000 pods of 5 secrets.
    Memory,
    /// Open files under load and a minute later.
    Files,
    /// 50 nodes with 1,000 pods start at once under the cloud's quotas.
    Rollout,
}

/// How a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Warmed up, then loaded; ceilings are measured, too.
    Warm,
    /// The same without ceilings.
    Plain,
    /// Loaded from the first moment.
    Cold,
    /// [`Preset::Republish`], time running so many times as fast.
    Republish(u32),
    /// All mounts, and then each again.
    Twice,
    /// [`Preset::Files`]
    Files,
}

/// A row of the table.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) workload: Workload,
    pub(super) how: How,
    pub(super) goals: Vec<Goal>,
}

impl How {
    /// Whether it is too long to be run several times.
    pub(super) fn is_long(self) -> bool {
        matches!(self, Self::Republish(_) | Self::Twice | Self::Files)
    }
}

impl Preset {
    /// Its rows.
    pub(super) fn plans(self, scale: u32) -> Vec<Plan> {
        match self {
            Self::All => {
                let all = Self::value_variants().iter().filter(|preset| **preset != Self::All);
                all.flat_map(|preset| preset.plans(scale)).collect()
            }
            Self::Single => [1, 5, 20].map(single).into(),
            Self::Fifty => [(1, 5000), (5, 2000), (20, 1000)].map(fifty).into(),
            Self::Throughput => vec![throughput()],
            Self::Repeat => Source::value_variants().iter().copied().map(repeat).collect(),
            Self::Burst => [Source::RamRole, Source::PodServiceAccount].map(burst).into(),
            Self::Republish => vec![republish(scale)],
            Self::Memory => Source::value_variants().iter().copied().map(memory).chain([cached()]).collect(),
            Self::Files => vec![files()],
            Self::Rollout => vec![rollout()],
        }
    }
}

fn named(source: Source) -> String {
    source.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn single(objects: usize) -> Plan {
    let name = format!("single: {objects} objects");
    let workload =
        Workload { name, objects, concurrency: 1, amount: Amount::Mounts(100), ..Workload::default() };
    Plan { workload, how: How::Warm, goals: vec![Goal::new(Figure::P50, 24.0)] }
}

fn fifty((objects, mounts): (usize, u64)) -> Plan {
    let name = format!("fifty at once: {objects} objects");
    let amount = Amount::Mounts(mounts);
    let workload = Workload { name, objects, amount, bound: Some(RAISED), ..Workload::default() };
    Plan { workload, how: How::Warm, goals: vec![Goal::new(Figure::P99, 200.0).or_of_ceiling(1.2)] }
}

fn throughput() -> Plan {
    let workload = Workload {
        name: "throughput: 50 × 20 objects".to_owned(),
        objects: 20,
        amount: Amount::Mounts(2000),
        bound: Some(RAISED),
        ..Workload::default()
    };
    let goals =
        vec![Goal::new(Figure::SecretRate, 6000.0).or_of_ceiling(0.8), Goal::new(Figure::Processor, 0.15)];
    Plan { workload, how: How::Warm, goals }
}

fn repeat(source: Source) -> Plan {
    let workload = Workload {
        name: format!("repeat: {}", named(source)),
        source,
        objects: 2,
        concurrency: 1,
        shared: true,
        republish_percent: 50,
        amount: Amount::Mounts(20),
        secrets: 10,
        ..Workload::default()
    };
    let nothing = [Figure::StsCalls, Figure::MetadataCalls, Figure::KubernetesCalls];
    Plan { workload, how: How::Plain, goals: nothing.map(|figure| Goal::new(figure, 0.0)).into() }
}

fn burst(source: Source) -> Plan {
    let workload = Workload {
        name: format!("burst of 60: {}", named(source)),
        source,
        concurrency: 60,
        shared: true,
        amount: Amount::Mounts(60),
        secrets: 10,
        ..Workload::default()
    };
    let goals = vec![Goal::new(Figure::StsCalls, 1.0), Goal::new(Figure::KmsCalls, 5.0)];
    Plan { workload, how: How::Cold, goals }
}

/// What the provider keeps of a value's age below the rotation interval, 90 s, does not scale with the interval. So the interval is
/// chosen such that the rest does: 30 s of the usual 120 s.
fn republish(scale: u32) -> Plan {
    let interval = Duration::from_secs(90) + Duration::from_secs(30) / scale;
    let workload = Workload {
        name: format!("republish: 100 pods × 5, time × {scale}"),
        shared: true,
        concurrency: 100,
        amount: Amount::Mounts(100),
        secrets: 10,
        rotation_interval: (scale != 1).then_some(interval),
        ..Workload::default()
    };
    let spread = 120.0 / f64::from(scale);
    let goals = vec![Goal::new(Figure::KmsCalls, 25.0), Goal::new(Figure::Spread, spread)];
    Plan { workload, how: How::Republish(scale), goals }
}

fn memory(source: Source) -> Plan {
    let workload = Workload {
        name: format!("memory, 5000 mounts: {}", named(source)),
        source,
        objects: 1,
        amount: Amount::Mounts(5000),
        identities: 100,
        ..Workload::default()
    };
    let goals = vec![Goal::new(Figure::MemoryIdle, 12.0), Goal::new(Figure::MemoryAfter, 20.0)];
    Plan { workload, how: How::Cold, goals }
}

fn cached() -> Plan {
    let workload = Workload {
        name: "memory, 1000 pods × 5 cached".to_owned(),
        amount: Amount::Mounts(1000),
        ..Workload::default()
    };
    Plan { workload, how: How::Twice, goals: vec![Goal::new(Figure::MemoryAfter, 32.0)] }
}

fn files() -> Plan {
    let workload = Workload {
        name: format!("open files, bound {FILES_BOUND}"),
        objects: 20,
        amount: Amount::For(Duration::from_secs(5)),
        bound: Some(FILES_BOUND),
        ..Workload::default()
    };
    let under_load = Goal::new(Figure::Files, 40.0 + f64::from(FILES_BOUND));
    Plan { workload, how: How::Files, goals: vec![under_load, Goal::new(Figure::FilesLater, 40.0)] }
}

fn rollout() -> Plan {
    let workload = Workload {
        name: "rollout: 50 nodes, 1000 pods × 5".to_owned(),
        source: Source::PodServiceAccount,
        concurrency: 1000,
        amount: Amount::Mounts(1000),
        quotas: true,
        processes: 50,
        identities: 10,
        ..Workload::default()
    };
    let needed = 5000.0 / READS_PER_SECOND;
    Plan { workload, how: How::Cold, goals: vec![Goal::new(Figure::LastMount, 1.2 * needed)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_had_and_has_a_goal() {
        for plan in Preset::All.plans(1) {
            plan.workload.check().unwrap();
            assert!(!plan.goals.is_empty(), "{}", plan.workload.name);
        }
    }

    #[test]
    fn time_that_runs_faster_leaves_the_share_of_the_interval_that_values_are_kept() {
        let [usual, fast] =
            [1, 10].map(|scale| Preset::Republish.plans(scale).remove(0).workload.rotation_interval);
        assert_eq!((usual, fast), (None, Some(Duration::from_secs(93))));
    }
}
