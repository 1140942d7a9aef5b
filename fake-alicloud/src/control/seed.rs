//! What a test puts into the cloud before it begins: the seed format and how it enters the state.
//!
//! The same types are written by `export` and described by the JSON Schema, so each field has a doc comment for its readers.

mod attachment;
mod document;
mod issuer;
mod key;
mod oidc_provider;
mod parameter;
mod policy;
mod role;
mod secret;
mod user;
mod version;

use std::{
    fmt::{self, Write as _},
    str::FromStr,
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_yaml::{Location, Spanned};

pub(crate) use self::issuer::NewIssuer;
use self::user::{KeyStatus, add_keys};
pub(super) use self::{
    key::{InstanceSeed, KeySeed},
    oidc_provider::OidcProviderSeed,
    parameter::ParameterSeed,
    policy::PolicySeed,
    role::RoleSeed,
    secret::SecretSeed,
    user::{AccessKeySeed, UserSeed},
};
use crate::{
    behaviour::Behaviour,
    fault::{Fault, FaultError, Plans},
    metadata::EcsInstance,
    state::{
        State,
        account::{Identity, Principal},
        hidden::Hidden,
        name::{AccountId, Region},
    },
};

/// Accounts with their identities, keys and secrets, to be added to a fake. The format is in the crate's README.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seed {
    /// How the fake answers where the documentation is silent. It replaces what was set before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) behaviour: Option<Behaviour>,
    /// Issuers of OIDC tokens, which accounts may trust.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) issuers: Vec<NewIssuer>,
    /// The accounts of the cloud and all that is theirs.
    #[serde(default)]
    pub(super) accounts: Vec<AccountSeed>,
    /// The instance that the metadata service speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<EcsInstance>")]
    pub(super) ecs_instance: Option<Spanned<EcsInstance>>,
    /// What is to go wrong. An export does not have it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Fault>")]
    pub(super) faults: Vec<Spanned<Fault>>,
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
    /// RAM roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<RoleSeed>,
    /// RAM policies of the account's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) policies: Vec<PolicySeed>,
    /// OIDC issuers that the account trusts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) oidc_providers: Vec<OidcProviderSeed>,
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
        seed.issuers.iter().try_for_each(NewIssuer::check)?;
        for account in &seed.accounts {
            account.users.iter().try_for_each(UserSeed::check)?;
            account.roles.iter().try_for_each(RoleSeed::check)?;
            account.policies.iter().try_for_each(PolicySeed::check)?;
            account.oidc_providers.iter().try_for_each(OidcProviderSeed::check)?;
            account.keys.iter().try_for_each(KeySeed::check)?;
            account.secrets.iter().try_for_each(SecretSeed::check)?;
            account.parameters.iter().try_for_each(ParameterSeed::check)?;
        }
        for fault in &seed.faults {
            fault.value.check().map_err(|error| wrong(fault.referenced, error))?;
        }
        if let Some(instance) = &seed.ecs_instance {
            let somewhere = "cn-hangzhou".parse().expect("a region");
            instance.value.build(&somewhere).map_err(|error| wrong(instance.referenced, error))?;
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
        for issuer in &self.issuers {
            issuer.apply(state)?;
        }
        for account in &self.accounts {
            let root = Principal { account: account.id.clone(), identity: Identity::Root };
            state.accounts.entry(account.id.clone()).or_default();
            add_keys(state, &account.access_keys, &root, now)?;
            // What users and roles have must be there before them.
            for policy in &account.policies {
                policy.apply(state, &account.id, now)?;
            }
            for user in &account.users {
                user.apply(state, &account.id, now)?;
            }
            for role in &account.roles {
                role.apply(state, &account.id, now)?;
            }
            for provider in &account.oidc_providers {
                provider.apply(state, &account.id, now)?;
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
        if let Some(Spanned { value, referenced, .. }) = &self.ecs_instance {
            if state.ecs.is_some() {
                let what = "the ECS instance of the metadata service".to_owned();
                return Err(SeedError::Taken { place: (*referenced).into(), what });
            }
            state.set_ecs(value.build(default_region).map_err(|error| wrong(*referenced, error))?);
        }
        Ok(())
    }

    /// Plans all its faults or, after an error, none.
    pub(crate) fn plan(&self, plans: &Plans) -> Result<(), SeedError> {
        let added = plans.add(self.faults.iter().map(|fault| fault.value.clone()).collect());
        added.map(drop).map_err(|error| {
            let FaultError::Taken { name } = &error else { return wrong(Location::UNKNOWN, error) };
            let is_it = |fault: &&Spanned<Fault>| fault.value.name.as_ref() == Some(name);
            // The last of that name met another: one that is planned, or one before it.
            let place = self.faults.iter().rfind(is_it).map_or(Location::UNKNOWN, |fault| fault.referenced);
            SeedError::Taken { place: place.into(), what: format!("the fault {name}") }
        })
    }
}

/// Something at a place that is there already.
fn taken<T>(at: &Spanned<T>, what: String) -> SeedError {
    SeedError::Taken { place: at.referenced.into(), what }
}

/// Makes sure that a text is not too long; an error says how long it may be.
fn within(field: &str, text: &str, limit: usize) -> Result<(), String> {
    if text.chars().count() <= limit {
        Ok(())
    } else {
        Err(format!("the field `{field}` has at most {limit} characters"))
    }
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
    let (place, problem) = place_and_problem(error);
    SeedError::Unreadable { place, problem }
}

/// Where a text cannot be read, and why.
pub(crate) fn place_and_problem(error: &serde_yaml::Error) -> (Place, String) {
    let place = error.location().map(Place::from).unwrap_or_default();
    // Without the lines around it, which could hold secrets, and without the place, which is told already.
    let text = error.without_snippet().to_string();
    let problem = text.strip_suffix(&place.to_string()).unwrap_or(&text).to_owned();
    (place, problem)
}

#[cfg(test)]
#[path = "seed_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "seed/identity_tests.rs"]
mod identity_tests;
