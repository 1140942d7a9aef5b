//! The versions of a secret: the state machine of version ids and stages.
//!
//! Rules from "Manage and use generic secrets" and the API pages of `CreateSecret`, `PutSecretValue`,
//! `UpdateSecretVersionStage` and `GetSecretValue` in the KMS documentation.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    name::{NameError, VersionId},
    secret::SecretValue,
};
use crate::behaviour::Eviction;

/// How many versions a secret keeps.
const KEPT_VERSIONS: usize = 10;
/// How many stages a secret has, over all its versions.
pub(crate) const MAX_STAGES: usize = 8;

/// A label that marks one version of a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum VersionStage {
    /// `ACSCurrent`: what is read when nothing else is asked for.
    Current,
    /// `ACSPrevious`: what was current before.
    Previous,
    /// A label of the user's own.
    Custom(String),
}

impl TryFrom<String> for VersionStage {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        match text.as_str() {
            "ACSCurrent" => Ok(Self::Current),
            "ACSPrevious" => Ok(Self::Previous),
            _ if (1..=64).contains(&text.chars().count()) => Ok(Self::Custom(text)),
            _ => Err(NameError::new("a version stage", "1 to 64 characters")),
        }
    }
}

impl From<VersionStage> for String {
    fn from(stage: VersionStage) -> Self {
        stage.to_string()
    }
}

impl fmt::Display for VersionStage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Current => "ACSCurrent",
            Self::Previous => "ACSPrevious",
            Self::Custom(name) => name,
        })
    }
}

/// One unchangeable version.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) id: VersionId,
    pub(crate) value: SecretValue,
    pub(crate) created: Timestamp,
}

/// Which version is asked for.
#[derive(Clone, Debug)]
pub(crate) enum VersionSelector {
    /// The one that holds the label.
    Stage(VersionStage),
    /// The one of that id, whatever its labels.
    Id(VersionId),
    /// The one of that id, provided that it holds the label.
    IdAtStage(VersionId, VersionStage),
}

/// Why no version was selected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SelectError {
    /// There is no such version.
    NotFound,
    /// The version exists and does not hold the label that was named beside it.
    StageMismatch,
}

/// What became of a version that was put.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    Now,
    /// The same data was there under the same id.
    Before,
}

/// Why a version was not stored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PutError {
    /// A version of that id exists and holds something else.
    VersionTaken,
    /// The secret would have more stages than it may.
    TooManyStages,
}

/// A change of the version that a label marks.
#[derive(Clone, Debug)]
pub(crate) enum StageChange {
    /// It marks that version from now on, whatever it marked before.
    Attach { to: VersionId },
    /// It marks nothing any more. Only custom labels may.
    Detach { from: VersionId },
    /// It leaves the one for the other.
    Move { from: VersionId, to: VersionId },
}

/// Why a label was not moved.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StageError {
    /// There is no such version.
    NotFound,
    /// The label does not mark the version that it should leave.
    NotThere,
    /// A built-in label marks one version always.
    BuiltIn,
    /// What is current cannot be what was current before.
    CurrentAsPrevious,
    /// The secret would have more stages than it may.
    TooMany,
}

/// The versions of a secret. `ACSCurrent` always points to one of them, and a label never to two.
#[derive(Clone, Debug)]
pub(crate) struct Versions {
    /// Oldest first, never empty, ids unique.
    list: Vec<Version>,
    stages: BTreeMap<VersionStage, VersionId>,
}

impl Versions {
    /// The first version of a new secret, which is current and may have further labels.
    pub(crate) fn first(version: Version, more_stages: impl IntoIterator<Item = VersionStage>) -> Self {
        let stages = std::iter::once(VersionStage::Current).chain(more_stages);
        Self { stages: stages.map(|stage| (stage, version.id.clone())).collect(), list: vec![version] }
    }

    /// Versions as they were once before, oldest first, each with its labels; none if that is not how they can be.
    pub(crate) fn restore(list: Vec<(Version, Vec<VersionStage>)>) -> Option<Self> {
        let mut versions = Self { list: Vec::new(), stages: BTreeMap::new() };
        for (version, stages) in list {
            for stage in stages {
                if versions.stages.insert(stage, version.id.clone()).is_some() {
                    return None;
                }
            }
            if versions.find(&version.id).is_some() {
                return None;
            }
            versions.list.push(version);
        }
        let current = versions.stages.get(&VersionStage::Current);
        let fits = versions.list.len() <= KEPT_VERSIONS
            && versions.stages.len() <= MAX_STAGES
            && current.is_some()
            && current != versions.stages.get(&VersionStage::Previous);
        fits.then_some(versions)
    }

    /// All versions, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Version> {
        self.list.iter()
    }

    /// Adds a version and moves the labels. Storing the same once more under its id is a success without effect.
    pub(crate) fn put(
        &mut self,
        version: Version,
        stages: impl IntoIterator<Item = VersionStage>,
        eviction: Eviction,
    ) -> Result<Stored, PutError> {
        if let Some(existing) = self.find(&version.id) {
            let same = existing.value.data_type == version.value.data_type
                && existing.value.data.expose() == version.value.data.expose();
            return if same { Ok(Stored::Before) } else { Err(PutError::VersionTaken) };
        }
        let mut marked = self.stages.clone();
        for stage in stages {
            mark(&mut marked, stage, &version.id);
        }
        if marked.len() > MAX_STAGES {
            return Err(PutError::TooManyStages);
        }
        self.stages = marked;
        self.list.push(version);
        self.evict(eviction);
        Ok(Stored::Now)
    }

    /// Moves one label, with what follows from it for `ACSPrevious`.
    pub(crate) fn change_stage(
        &mut self,
        stage: VersionStage,
        change: &StageChange,
    ) -> Result<(), StageError> {
        let (from, to) = match change {
            StageChange::Attach { to } => (None, Some(to)),
            StageChange::Detach { from } => (Some(from), None),
            StageChange::Move { from, to } => (Some(from), Some(to)),
        };
        if [from, to].into_iter().flatten().any(|id| self.find(id).is_none()) {
            return Err(StageError::NotFound);
        }
        if from.is_some_and(|from| self.stages.get(&stage) != Some(from)) {
            return Err(StageError::NotThere);
        }
        let mut marked = self.stages.clone();
        match to {
            None if !matches!(stage, VersionStage::Custom(_)) => return Err(StageError::BuiltIn),
            None => drop(marked.remove(&stage)),
            Some(to) if stage == VersionStage::Previous && marked.get(&VersionStage::Current) == Some(to) => {
                return Err(StageError::CurrentAsPrevious);
            }
            Some(to) => mark(&mut marked, stage, to),
        }
        if marked.len() > MAX_STAGES {
            return Err(StageError::TooMany);
        }
        self.stages = marked;
        Ok(())
    }

    /// Finds what is asked for.
    pub(crate) fn select(&self, selector: &VersionSelector) -> Result<&Version, SelectError> {
        let id = match selector {
            VersionSelector::Stage(stage) => self.stages.get(stage).ok_or(SelectError::NotFound)?,
            VersionSelector::Id(id) | VersionSelector::IdAtStage(id, _) => id,
        };
        let version = self.find(id).ok_or(SelectError::NotFound)?;
        match selector {
            VersionSelector::IdAtStage(_, stage) if self.stages.get(stage) != Some(id) => {
                Err(SelectError::StageMismatch)
            }
            _ => Ok(version),
        }
    }

    /// The labels of a version, built-in ones first.
    pub(crate) fn stages_of(&self, id: &VersionId) -> Vec<&VersionStage> {
        self.stages.iter().filter(|(_, holder)| *holder == id).map(|(stage, _)| stage).collect()
    }

    fn find(&self, id: &VersionId) -> Option<&Version> {
        self.list.iter().find(|version| version.id == *id)
    }

    /// Drops a version once there are too many; the current one stays in any case.
    fn evict(&mut self, eviction: Eviction) {
        if self.list.len() <= KEPT_VERSIONS {
            return;
        }
        let labelled: BTreeSet<_> = self.stages.values().collect();
        let current = self.stages.get(&VersionStage::Current);
        let oldest =
            |may_go: &dyn Fn(&VersionId) -> bool| self.list.iter().position(|version| may_go(&version.id));
        let without_stage = match eviction {
            Eviction::OldestWithoutStage => oldest(&|id| !labelled.contains(id)),
            Eviction::Oldest => None,
        };
        if let Some(position) = without_stage.or_else(|| oldest(&|id| Some(id) != current)) {
            let gone = self.list.remove(position);
            self.stages.retain(|_, id| *id != gone.id);
        }
    }
}

/// Lets a label mark a version. The version that was current is the previous one then.
fn mark(stages: &mut BTreeMap<VersionStage, VersionId>, stage: VersionStage, id: &VersionId) {
    let becomes_current = stage == VersionStage::Current;
    let former = stages.insert(stage, id.clone()).filter(|former| becomes_current && former != id);
    if let Some(former) = former {
        stages.insert(VersionStage::Previous, former);
    }
}

#[cfg(test)]
#[path = "versions_tests.rs"]
mod tests;
