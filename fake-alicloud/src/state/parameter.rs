//! OOS parameters: what they hold, how their versions count, and where they lie.
//!
//! Rules from the OOS API reference (`CreateParameter`, `CreateSecretParameter` and the operations around them).

pub(crate) mod constraints;
pub(crate) mod name;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::{
    constraints::Constraints,
    name::{ClientToken, Family, ParameterName},
};
use super::{
    hidden::Hidden,
    name::{AccountId, NameError, Region},
};

/// One parameter of one account in one region.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) id: String,
    pub(crate) kind: ParameterType,
    pub(crate) description: Option<String>,
    pub(crate) constraints: Option<Constraints>,
    pub(crate) key_id: Option<String>,
    pub(crate) instance_id: Option<String>,
    pub(crate) resource_group_id: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created_by: String,
    pub(crate) created: Timestamp,
    pub(crate) versions: ParameterVersions,
}

/// What a parameter holds. It decides the family that the parameter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum ParameterType {
    /// One text, encrypted.
    Secret,
    /// One text.
    String,
    /// Several texts, joined by commas.
    StringList,
}

impl ParameterType {
    pub(crate) fn family(self) -> Family {
        match self {
            Self::Secret => Family::Secret,
            Self::String | Self::StringList => Family::Common,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::String => "String",
            Self::StringList => "StringList",
        }
    }
}

/// An id for a new parameter.
pub(crate) fn fresh_id() -> String {
    let mut id = Uuid::new_v4().simple().to_string();
    id.truncate(20);
    format!("p-{id}")
}

/// What one version holds, 1 to 4096 characters.
#[derive(Clone, Debug)]
pub(crate) struct ParameterValue(Hidden);

impl ParameterValue {
    pub(crate) fn parse(text: &str) -> Result<Self, NameError> {
        if (1..=4096).contains(&text.chars().count()) {
            Ok(Self(Hidden::from(text.to_owned())))
        } else {
            Err(NameError::new("the value of a parameter", "1 to 4096 characters long"))
        }
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The number of a version, from 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VersionNumber(usize);

impl VersionNumber {
    const LAST: usize = 100;

    pub(crate) fn new(number: usize) -> Option<Self> {
        (1..=Self::LAST).contains(&number).then_some(Self(number))
    }

    pub(crate) fn get(self) -> usize {
        self.0
    }
}

/// One unchangeable version.
#[derive(Clone, Debug)]
pub(crate) struct ParameterVersion {
    pub(crate) value: ParameterValue,
    pub(crate) updated_by: String,
    pub(crate) updated: Timestamp,
}

/// There is no number left for a further version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooManyVersions;

/// The versions of a parameter, numbered from 1 without gaps: at least one, at most a hundred.
#[derive(Clone, Debug)]
pub(crate) struct ParameterVersions {
    earlier: Vec<ParameterVersion>,
    latest: ParameterVersion,
}

impl ParameterVersions {
    pub(crate) fn first(version: ParameterVersion) -> Self {
        Self { earlier: Vec::new(), latest: version }
    }

    /// Adds a version, which is the latest from now on.
    pub(crate) fn add(&mut self, version: ParameterVersion) -> Result<(), TooManyVersions> {
        if self.latest().0.get() == VersionNumber::LAST {
            return Err(TooManyVersions);
        }
        self.earlier.push(std::mem::replace(&mut self.latest, version));
        Ok(())
    }

    pub(crate) fn latest(&self) -> (VersionNumber, &ParameterVersion) {
        (VersionNumber(self.earlier.len() + 1), &self.latest)
    }

    /// The version of that number; without one, the latest.
    pub(crate) fn select(&self, number: Option<VersionNumber>) -> Option<(VersionNumber, &ParameterVersion)> {
        match number {
            None => Some(self.latest()),
            Some(number) => self.iter().find(|(candidate, _)| *candidate == number),
        }
    }

    /// All of them, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (VersionNumber, &ParameterVersion)> {
        self.earlier
            .iter()
            .chain([&self.latest])
            .enumerate()
            .map(|(i, version)| (VersionNumber(i + 1), version))
    }
}

/// Where a parameter lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Home {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) family: Family,
}

/// A creation that may be asked for again.
#[derive(Clone, Debug)]
pub(crate) struct Creation {
    /// Of the parameters of the request.
    pub(crate) fingerprint: [u8; 32],
    pub(crate) name: ParameterName,
    /// As it was when it was new.
    pub(crate) parameter: Parameter,
}

/// All parameters, and the creations that a client token repeats.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    homes: BTreeMap<Home, BTreeMap<ParameterName, Parameter>>,
    creations: BTreeMap<(Home, ClientToken), Creation>,
}

impl Parameters {
    pub(crate) fn find(&self, home: &Home, name: &ParameterName) -> Option<&Parameter> {
        self.homes.get(home)?.get(name)
    }

    pub(crate) fn find_mut(&mut self, home: &Home, name: &ParameterName) -> Option<&mut Parameter> {
        self.homes.get_mut(home)?.get_mut(name)
    }

    /// Adds a parameter. The caller has made sure that there is none of that name.
    pub(crate) fn insert(&mut self, home: Home, name: ParameterName, parameter: Parameter) {
        self.homes.entry(home).or_default().insert(name, parameter);
    }

    pub(crate) fn remove(&mut self, home: &Home, name: &ParameterName) -> Option<Parameter> {
        self.homes.get_mut(home)?.remove(name)
    }

    /// What lives there, by name.
    pub(crate) fn at(&self, home: &Home) -> impl Iterator<Item = (&ParameterName, &Parameter)> {
        self.homes.get(home).into_iter().flatten()
    }

    /// All there are, with their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Home, &ParameterName, &Parameter)> {
        let named = |(home, parameters)| {
            let with_home = move |(name, parameter)| (home, name, parameter);
            BTreeMap::iter(parameters).map(with_home)
        };
        self.homes.iter().flat_map(named)
    }

    pub(crate) fn creation(&self, home: &Home, token: &ClientToken) -> Option<&Creation> {
        self.creations.get(&(home.clone(), token.clone()))
    }

    pub(crate) fn note_creation(&mut self, home: Home, token: ClientToken, creation: Creation) {
        self.creations.insert((home, token), creation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(value: &str) -> ParameterVersion {
        ParameterVersion {
            value: ParameterValue::parse(value).expect("a value"),
            updated_by: "root(1)".to_owned(),
            updated: Timestamp::UNIX_EPOCH,
        }
    }

    fn selected(versions: &ParameterVersions, number: usize) -> Option<&str> {
        let number = Some(VersionNumber::new(number).expect("a number"));
        versions.select(number).map(|(_, version)| version.value.expose())
    }

    #[test]
    fn versions_count_from_one_and_the_last_is_the_latest() {
        let mut versions = ParameterVersions::first(version("a"));
        assert_eq!(versions.add(version("b")), Ok(()));
        assert_eq!(versions.latest().0.get(), 2);
        assert_eq!(versions.latest().1.value.expose(), "b");
        assert_eq!(selected(&versions, 1), Some("a"));
        assert_eq!(selected(&versions, 2), Some("b"));
        assert_eq!(selected(&versions, 3), None);
    }

    #[test]
    fn the_hundredth_version_is_the_last() {
        let mut versions = ParameterVersions::first(version("1"));
        for number in 2..=100 {
            assert_eq!(versions.add(version(&number.to_string())), Ok(()));
        }
        assert_eq!(versions.add(version("101")), Err(TooManyVersions));
        assert_eq!(selected(&versions, 100), Some("100"));
        assert_eq!(versions.iter().count(), 100);
        assert_eq!(VersionNumber::new(0).or(VersionNumber::new(101)), None);
    }

    #[test]
    fn a_value_has_1_to_4096_characters_of_any_kind() {
        assert!(ParameterValue::parse(&"密".repeat(4096)).is_ok());
        assert!(ParameterValue::parse(&"x".repeat(4097)).is_err());
        assert!(ParameterValue::parse("").is_err());
    }

    #[test]
    fn debug_shows_no_value() {
        assert!(!format!("{:?}", ParameterVersions::first(version("hunter2"))).contains("hunter2"));
    }
}
