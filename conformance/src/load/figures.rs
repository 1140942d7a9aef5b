//! The arithmetic: percentiles, medians, goals, verdicts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Figure {
    /// Mounts that succeeded.
    Mounts,
    /// Half of the mounts took at most so many milliseconds.
    P50,
    /// 99 of a hundred mounts took at most so many milliseconds.
    P99,
    /// Mounts a second.
    MountRate,
    /// Secrets a second.
    SecretRate,
    /// Calls to KMS.
    KmsCalls,
    /// Calls to OOS.
    OosCalls,
    /// Calls to STS.
    StsCalls,
    /// Calls to the metadata service.
    MetadataCalls,
    /// Calls to the Kubernetes API.
    KubernetesCalls,
    /// Calls among those to the cloud that were throttled.
    Throttled,
    /// Resident memory before the first mount, in MiB.
    MemoryIdle,
    /// Resident memory after the last mount, in MiB.
    MemoryAfter,
    /// The most resident memory ever, in MiB.
    MemoryPeak,
    /// The most open files seen.
    Files,
    /// Open files one minute after.
    FilesLater,
    /// Processor time of a secret, in milliseconds.
    Processor,
    /// From the first mount to the end of the last, in seconds.
    LastMount,
    /// From a secret's change to the last pod that has it, in seconds.
    Spread,
}

impl Figure {
    /// What tables call it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Mounts => "mounts",
            Self::P50 => "p50 ms",
            Self::P99 => "p99 ms",
            Self::MountRate => "mounts/s",
            Self::SecretRate => "secrets/s",
            Self::KmsCalls => "KMS calls",
            Self::OosCalls => "OOS calls",
            Self::StsCalls => "STS calls",
            Self::MetadataCalls => "metadata calls",
            Self::KubernetesCalls => "Kubernetes calls",
            Self::Throttled => "throttled calls",
            Self::MemoryIdle => "MiB idle",
            Self::MemoryAfter => "MiB after",
            Self::MemoryPeak => "MiB peak",
            Self::Files => "open files",
            Self::FilesLater => "open files a minute later",
            Self::Processor => "CPU ms/secret",
            Self::LastMount => "last mount after s",
            Self::Spread => "change everywhere after s",
        }
    }

    /// Whether it counts calls of all mounts together.
    pub(super) fn is_calls(self) -> bool {
        use Figure::{KmsCalls, KubernetesCalls, MetadataCalls, OosCalls, StsCalls, Throttled};
        matches!(self, KmsCalls | OosCalls | StsCalls | MetadataCalls | KubernetesCalls | Throttled)
    }

    /// Whether more is better.
    fn is_rate(self) -> bool {
        matches!(self, Self::MountRate | Self::SecretRate)
    }
}

/// The figures of one run, or the medians of several.
pub(super) type Figures = BTreeMap<Figure, f64>;

/// The value below or at which so many percent of the values lie; they are sorted, and none has no percentile.
pub(super) fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// The value in the middle, or the mean of the two there.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[middle - 1], upper) })
}

/// Figure by figure, the median of the runs that have it.
pub(super) fn medians(runs: &[Figures]) -> Figures {
    let figures = runs.iter().flat_map(BTreeMap::keys).copied();
    let median_of = |figure| median(runs.iter().filter_map(|run| run.get(&figure).copied()).collect());
    figures.filter_map(|figure| Some((figure, median_of(figure)?))).collect()
}

/// What generator and fake reach without a target between them.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Ceilings {
    /// The generator, against a provider that answers at once.
    pub(super) generator: Figures,
    /// The fake, asked by the generator itself.
    pub(super) fake: Figures,
}

impl Ceilings {
    /// The ceiling of a figure, and whose it is: the lower rate, the longer time. What a target has of its own has none.
    pub(super) fn of(&self, figure: Figure) -> Option<(f64, &'static str)> {
        if !figure.is_rate() && !matches!(figure, Figure::P50 | Figure::P99) {
            return None;
        }
        let of = |figures: &Figures, whose| Some((*figures.get(&figure)?, whose));
        let (generator, fake) = (of(&self.generator, "generator"), of(&self.fake, "fake"));
        let (Some(one), Some(other)) = (generator, fake) else { return generator.or(fake) };
        Some(if (one.0 < other.0) == figure.is_rate() { one } else { other })
    }

    /// Whose ceiling a value is within a tenth of, if any.
    pub(super) fn limit_of(&self, figure: Figure, value: f64) -> Option<&'static str> {
        let (ceiling, whose) = self.of(figure)?;
        let is_there = if figure.is_rate() { value >= 0.9 * ceiling } else { value <= 1.1 * ceiling };
        is_there.then_some(whose)
    }
}

/// What a figure is to reach.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Goal {
    /// The figure.
    pub(super) figure: Figure,
    /// The most of it, or the least if it is a rate.
    pub(super) limit: f64,
    /// The part of the ceiling that does as well.
    pub(super) of_ceiling: Option<f64>,
}

/// How a goal ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Judged {
    /// The goal.
    #[serde(flatten)]
    pub(super) goal: Goal,
    /// What was reached, if anything was.
    pub(super) reached: Option<f64>,
    /// Whether that is enough.
    pub(super) met: bool,
    /// What has to be known of it.
    pub(super) note: String,
}

impl Goal {
    /// A figure and its limit.
    pub(super) fn new(figure: Figure, limit: f64) -> Self {
        Self { figure, limit, of_ceiling: None }
    }

    /// The part of the ceiling that does as well.
    pub(super) fn or_of_ceiling(mut self, part: f64) -> Self {
        self.of_ceiling = Some(part);
        self
    }

    /// The limit in words.
    pub(super) fn text(&self) -> String {
        let sign = if self.figure.is_rate() { '≥' } else { '≤' };
        let other = self.of_ceiling.map(|part| format!(" or {part} × ceiling")).unwrap_or_default();
        format!("{sign} {}{other}", number(self.limit))
    }

    /// Judges the medians. Whoever failed has not met anything, however fast it was.
    pub(super) fn judge(self, reached: &Figures, ceilings: &Ceilings, failures: u64) -> Judged {
        let Some(value) = reached.get(&self.figure).copied() else {
            return Judged { goal: self, reached: None, met: false, note: "nothing was measured".to_owned() };
        };
        let keeps = |limit: f64| if self.figure.is_rate() { value >= limit } else { value <= limit };
        let ceiling = ceilings.of(self.figure);
        let relative = self.of_ceiling.zip(ceiling).is_some_and(|(part, (ceiling, _))| keeps(part * ceiling));
        let mut notes = Vec::new();
        if failures > 0 {
            notes.push(format!("{failures} failed"));
        }
        if relative && !keeps(self.limit) {
            notes.push("by the ceiling".to_owned());
        }
        if let Some((ceiling, whose)) = ceiling.filter(|_| self.of_ceiling.is_some()) {
            notes.push(format!("ceiling {} ({whose})", number(ceiling)));
        }
        if let Some(whose) = ceilings.limit_of(self.figure, value) {
            notes.push(format!("the {whose} was the limit"));
        }
        let met = failures == 0 && (keeps(self.limit) || relative);
        Judged { goal: self, reached: Some(value), met, note: notes.join("; ") }
    }
}

/// A number with as many digits as say something.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
#[path = "figures_tests.rs"]
mod tests;
