//! What a test puts into the cloud before it begins: the seed format and how it enters the state.
//!
//! The same types are written by `export` and described by the JSON Schema, so each field has a doc comment for its readers.

mod key;
mod parameter;
mod secret;
mod version;

use std::{
    fmt::{self, Write as _},
    str::FromStr,
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_yaml::{Location, Spanned};

pub(super) use self::{
    key::{InstanceSeed, KeySeed},
    parameter::ParameterSeed,
    secret::SecretSeed,
};
use crate::{
    behaviour::Behaviour,
    state::{
        State,
        account::{AccessKey, Identity, Principal},
        hidden::Hidden,
        name::{AccessKeyId, AccountId, Region, UserName},
        ram::User,
    },
};

/// Accounts with their keys, users and secrets, to be added to a fake. The format is in the crate's README.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seed {
    /// How the fake answers where the documentation is silent. It replaces what was set before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) behaviour: Option<Behaviour>,
    /// The accounts of the cloud and all that is theirs.
    #[serde(default)]
    pub(super) accounts: Vec<AccountSeed>,
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

/// An account.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AccountSeed {
    /// Its number; quote it in YAML.
    pub(super) id: AccountId,
    /// Access keys of the account itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) access_keys: Vec<AccessKeySeed>,
    /// RAM users.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) users: Vec<UserSeed>,
    /// Dedicated KMS instances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) instances: Vec<InstanceSeed>,
    /// KMS keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) keys: Vec<KeySeed>,
    /// KMS secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) secrets: Vec<SecretSeed>,
    /// OOS parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) parameters: Vec<ParameterSeed>,
}

/// A RAM user.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UserSeed {
    /// Its name within the account.
    pub(super) name: UserName,
    /// Its access keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) access_keys: Vec<AccessKeySeed>,
}

/// An access key.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AccessKeySeed {
    /// Its public half, unique in the whole fake.
    #[schemars(with = "AccessKeyId")]
    pub(super) id: Spanned<AccessKeyId>,
    /// Its private half. Make it up.
    #[serde(serialize_with = "exposed")]
    #[schemars(with = "String")]
    pub(super) secret: Hidden,
    /// Whether it may be used.
    #[serde(default)]
    pub(super) status: KeyStatus,
}

/// Whether an access key may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(super) enum KeyStatus {
    /// It may.
    #[default]
    Active,
    /// Calls with it are refused.
    Inactive,
}

/// A tag of a resource.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TagSeed {
    /// Its name.
    pub(super) key: String,
    /// Its value.
    pub(super) value: String,
}

/// An export is for seeding another fake, so here what is hidden comes out.
fn exposed<S: Serializer>(hidden: &Hidden, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(hidden.expose())
}

fn exposed_with_place<S: Serializer>(hidden: &Spanned<Hidden>, serializer: S) -> Result<S::Ok, S::Error> {
    exposed(&hidden.value, serializer)
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
        for key in seed.accounts.iter().flat_map(|account| &account.keys) {
            key.check()?;
        }
        for secret in seed.accounts.iter().flat_map(|account| &account.secrets) {
            secret.check()?;
        }
        for parameter in seed.accounts.iter().flat_map(|account| &account.parameters) {
            parameter.check()?;
        }
        Ok(seed)
    }

    /// The seed as JSON, secrets and keys in the clear, good for [`from_yaml`](Self::from_yaml).
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("keys are texts and values are trees");
        // YAML does not take these as they are, and in JSON they can only be within texts.
        let needs_escape = |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
        json.chars().fold(String::with_capacity(json.len()), |mut text, c| {
            if needs_escape(c) {
                write!(text, "\\u{:04x}", u32::from(c)).expect("a text takes more text");
            } else {
                text.push(c);
            }
            text
        })
    }

    /// The JSON Schema of seeds, in YAML or JSON.
    pub fn schema() -> String {
        let schema = schemars::schema_for!(Self);
        serde_json::to_string_pretty(&schema).expect("a schema is a tree") + "\n"
    }

    /// Id and secret of the first access key that may be used.
    pub fn first_access_key(&self) -> Option<(&str, &str)> {
        let keys = self.accounts.iter().flat_map(|account| {
            account.access_keys.iter().chain(account.users.iter().flat_map(|user| &user.access_keys))
        });
        let mut active = keys.filter(|key| key.status == KeyStatus::Active);
        active.next().map(|key| (key.id.value.as_ref(), key.secret.expose()))
    }

    /// Adds the seed to a state, which is half changed after an error: give a copy.
    pub(crate) fn apply(
        &self,
        state: &mut State,
        default_region: &Region,
        now: Timestamp,
    ) -> Result<(), SeedError> {
        if let Some(behaviour) = &self.behaviour {
            state.behaviour = behaviour.clone();
        }
        for account in &self.accounts {
            let principal = |identity| Principal { account: account.id.clone(), identity };
            let known = state.accounts.entry(account.id.clone()).or_default();
            for user in &account.users {
                known.users.entry(user.name.clone()).or_insert_with(|| User::new(now));
            }
            add_keys(state, &account.access_keys, &principal(Identity::Root))?;
            for user in &account.users {
                add_keys(state, &user.access_keys, &principal(Identity::User(user.name.clone())))?;
            }
            for instance in &account.instances {
                instance.apply(state, &account.id, default_region)?;
            }
            for key in &account.keys {
                key.apply(state, &account.id, default_region)?;
            }
            for secret in &account.secrets {
                secret.apply(state, &account.id, default_region, now)?;
            }
            for parameter in &account.parameters {
                parameter.apply(state, &account.id, default_region, now)?;
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

/// A mistake at a place.
fn wrong(location: Location, problem: impl fmt::Display) -> SeedError {
    SeedError::Unreadable { place: location.into(), problem: problem.to_string() }
}

/// A value that was never in a text.
pub(super) fn placeless<T>(value: T) -> Spanned<T> {
    Spanned::new(value, Location::UNKNOWN, Location::UNKNOWN)
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
