//! A secret and its versions: the state machine of version ids and stages.
//!
//! Rules from "Manage and use generic secrets" and the API pages of `CreateSecret`, `PutSecretValue` and
//! `GetSecretValue` in the KMS documentation.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    hidden::Hidden,
    name::{NameError, VersionId},
};

/// How much data a version holds.
pub(crate) const MAX_DATA_BYTES: usize = 30_720;
/// How many versions a generic secret keeps.
const KEPT_VERSIONS: usize = 10;

/// One secret of one account in one region.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) description: String,
    pub(crate) encryption_key_id: Option<String>,
    /// Key and value, in the order given.
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) versions: Versions,
}

/// What one version holds.
#[derive(Clone, Debug)]
pub(crate) struct SecretValue {
    pub(crate) data: Hidden,
    pub(crate) data_type: DataType,
}

/// What the data claims to be; the service stores the text as given in either case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DataType {
    /// Plain text.
    #[default]
    Text,
    /// Bytes, in Base64 by convention.
    Binary,
}

impl DataType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
        }
    }
}

/// A label that marks one version of a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
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

/// A version of that id exists and holds something else.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct VersionTaken;

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

    /// Adds a version and moves the labels. Storing the same once more under its id is a success without effect.
    pub(crate) fn put(
        &mut self,
        version: Version,
        stages: impl IntoIterator<Item = VersionStage>,
    ) -> Result<Stored, VersionTaken> {
        if let Some(existing) = self.find(&version.id) {
            let same = existing.value.data_type == version.value.data_type
                && existing.value.data.expose() == version.value.data.expose();
            return if same { Ok(Stored::Before) } else { Err(VersionTaken) };
        }
        let id = version.id.clone();
        self.list.push(version);
        for stage in stages {
            let former = self.stages.insert(stage.clone(), id.clone());
            if let (VersionStage::Current, Some(former)) = (stage, former) {
                self.stages.insert(VersionStage::Previous, former);
            }
        }
        self.evict();
        Ok(Stored::Now)
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

    /// Drops the oldest version without a label, else the oldest that is not current, once there are too many.
    /// The documentation names the oldest in one place and the oldest unlabelled in another.
    fn evict(&mut self) {
        if self.list.len() <= KEPT_VERSIONS {
            return;
        }
        let labelled: BTreeSet<_> = self.stages.values().collect();
        let current = self.stages.get(&VersionStage::Current);
        let position = self
            .list
            .iter()
            .position(|version| !labelled.contains(&version.id))
            .or_else(|| self.list.iter().position(|version| Some(&version.id) != current));
        if let Some(position) = position {
            let gone = self.list.remove(position);
            self.stages.retain(|_, id| *id != gone.id);
        }
    }
}

#[cfg(test)]
#[path = "secret_tests.rs"]
mod tests;
