//! What a test puts into the cloud before it begins: the seed format and how it enters the state.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::Deserialize;
use serde_yaml::{Location, Spanned};

use crate::state::{
    State,
    account::{AccessKey, Identity, Principal},
    arn::SecretArn,
    hidden::Hidden,
    name::{AccessKeyId, AccountId, Region, SecretName, UserName, VersionId},
    secret::{DataType, MAX_DATA_BYTES, Secret, SecretValue, Stored, Version, VersionStage, Versions},
};

/// Accounts with their keys, users and secrets, to be added to a fake. The format is in the crate's README.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seed {
    accounts: Vec<AccountSeed>,
}

/// A seed that cannot be used. The message says where and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The text is not a seed: its author must correct it.
    #[error("cannot read the seed{place}: {problem}")]
    Unreadable {
        /// Where in the text.
        place: Place,
        /// What is wrong there.
        problem: String,
    },
    /// Something in the seed is in the fake already: seed it once, or reset the fake before.
    #[error("cannot add the seed{place}: {what} exists already")]
    Taken {
        /// Where in the text.
        place: Place,
        /// What is there twice.
        what: String,
    },
}

/// A place in the text of a seed, counted from 1; zeros if it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => Ok(()),
            line => write!(formatter, " at line {line}, column {}", self.column),
        }
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self { line: location.line(), column: location.column() }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AccountSeed {
    id: AccountId,
    #[serde(default)]
    access_keys: Vec<AccessKeySeed>,
    #[serde(default)]
    users: Vec<UserSeed>,
    #[serde(default)]
    secrets: Vec<SecretSeed>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UserSeed {
    name: UserName,
    #[serde(default)]
    access_keys: Vec<AccessKeySeed>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AccessKeySeed {
    id: Spanned<AccessKeyId>,
    secret: Hidden,
    #[serde(default)]
    status: KeyStatus,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum KeyStatus {
    #[default]
    Active,
    Inactive,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SecretSeed {
    name: Spanned<SecretName>,
    region: Option<Region>,
    #[serde(default)]
    data_type: DataType,
    #[serde(default)]
    description: String,
    versions: Vec<VersionSeed>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VersionSeed {
    id: Spanned<VersionId>,
    data: Spanned<Hidden>,
    /// Custom stages; the built-in ones follow from the order.
    #[serde(default)]
    stages: Vec<Spanned<VersionStage>>,
}

impl FromStr for Seed {
    type Err = SeedError;

    fn from_str(text: &str) -> Result<Self, SeedError> {
        Self::from_yaml(text)
    }
}

impl Seed {
    /// Reads a seed from YAML, of which JSON is a part.
    pub fn from_yaml(text: &str) -> Result<Self, SeedError> {
        let seed: Self = serde_yaml::from_str(text).map_err(|error| unreadable(&error))?;
        for secret in seed.accounts.iter().flat_map(|account| &account.secrets) {
            secret.check()?;
        }
        Ok(seed)
    }

    /// Adds the seed to a state, which is half changed after an error: give a copy.
    pub(crate) fn apply(
        &self,
        state: &mut State,
        default_region: &Region,
        now: Timestamp,
    ) -> Result<(), SeedError> {
        for account in &self.accounts {
            let principal = |identity| Principal { account: account.id.clone(), identity };
            let known = state.accounts.entry(account.id.clone()).or_default();
            known.users.extend(account.users.iter().map(|user| user.name.clone()));
            add_keys(state, &account.access_keys, &principal(Identity::Root))?;
            for user in &account.users {
                add_keys(state, &user.access_keys, &principal(Identity::User(user.name.clone())))?;
            }
            for secret in &account.secrets {
                let region = secret.region.as_ref().unwrap_or(default_region).clone();
                let arn = SecretArn { region, account: account.id.clone(), name: secret.name.value.clone() };
                if state.secret(&arn).is_some() {
                    return Err(SeedError::Taken {
                        place: secret.name.referenced.into(),
                        what: format!("the secret {arn}"),
                    });
                }
                state.insert_secret(&arn, secret.build(now)?);
            }
        }
        Ok(())
    }
}

fn add_keys(state: &mut State, keys: &[AccessKeySeed], owner: &Principal) -> Result<(), SeedError> {
    for key in keys {
        let id = key.id.value.clone();
        let active = key.status == KeyStatus::Active;
        let entry = AccessKey { secret: key.secret.clone(), owner: owner.clone(), active };
        if state.access_keys.insert(id, entry).is_some() {
            let what = format!("the access key {}", key.id.value);
            return Err(SeedError::Taken { place: key.id.referenced.into(), what });
        }
    }
    Ok(())
}

impl SecretSeed {
    /// The rules that span more than one field.
    fn check(&self) -> Result<(), SeedError> {
        let wrong = |location: Location, problem: &str| {
            Err(SeedError::Unreadable { place: location.into(), problem: problem.to_owned() })
        };
        if self.name.value.as_ref().starts_with("acs/") {
            return wrong(
                self.name.referenced,
                "a secret name must not start with acs/, which is for managed secrets",
            );
        }
        if self.versions.is_empty() {
            return wrong(self.name.referenced, "a secret must have a version: add one under `versions`");
        }
        for version in &self.versions {
            if !(1..=MAX_DATA_BYTES).contains(&version.data.value.expose().len()) {
                return wrong(version.data.referenced, "the data of a version must be 1 to 30720 bytes long");
            }
            for stage in &version.stages {
                if !matches!(stage.value, VersionStage::Custom(_)) {
                    let problem =
                        "the built-in stages follow from the order of the versions: name custom ones only";
                    return wrong(stage.referenced, problem);
                }
            }
        }
        self.build(Timestamp::UNIX_EPOCH).map(|_| ())
    }

    fn build(&self, now: Timestamp) -> Result<Secret, SeedError> {
        let version = |seed: &VersionSeed| Version {
            id: seed.id.value.clone(),
            value: SecretValue { data: seed.data.value.clone(), data_type: self.data_type },
            created: now,
        };
        let [first, later @ ..] = self.versions.as_slice() else {
            let problem = "a secret must have a version".to_owned();
            return Err(SeedError::Unreadable { place: self.name.referenced.into(), problem });
        };
        let mut versions = Versions::first(version(first), custom_stages(first));
        for seed in later {
            let stages = std::iter::once(VersionStage::Current).chain(custom_stages(seed));
            if versions.put(version(seed), stages) != Ok(Stored::Now) {
                let problem = format!("the version id {} is there twice", seed.id.value);
                return Err(SeedError::Unreadable { place: seed.id.referenced.into(), problem });
            }
        }
        Ok(Secret {
            created: now,
            updated: now,
            description: self.description.clone(),
            encryption_key_id: None,
            tags: Vec::new(),
            versions,
        })
    }
}

fn custom_stages(seed: &VersionSeed) -> impl Iterator<Item = VersionStage> {
    seed.stages.iter().map(|stage| stage.value.clone())
}

fn unreadable(error: &serde_yaml::Error) -> SeedError {
    let place = error.location().map(Place::from).unwrap_or_default();
    // Without the lines around it, which could hold secrets, and without the place, which is told already.
    let text = error.without_snippet().to_string();
    let problem = text.strip_suffix(&place.to_string()).unwrap_or(&text).to_owned();
    SeedError::Unreadable { place, problem }
}

#[cfg(test)]
#[path = "seed_tests.rs"]
mod tests;
