//! The policies of an account's own in a seed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_yaml::Spanned;

use super::{SeedError, document::DocumentSeed, placeless, taken, within, wrong};
use crate::state::{
    State,
    name::{AccountId, PolicyName},
    ram::{CustomPolicy, MAX_DESCRIPTION_CHARACTERS, MAX_VERSIONS, PolicyVersion, VersionNumber},
};

/// A policy of the account's own: one document, or the versions of an export.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::control) struct PolicySeed {
    /// Its name, unique in the account.
    #[schemars(with = "PolicyName")]
    name: Spanned<PolicyName>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    /// What it says, as an object or as the text of one. `Version` may be left out of an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<DocumentSeed>,
    /// When it was created; the time of seeding by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    create_time: Option<Timestamp>,
    /// When it last changed; `createTime` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    update_time: Option<Timestamp>,
    /// Its versions, in place of `document`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    versions: Vec<PolicyVersionSeed>,
    /// The version that holds; the last by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    default_version: Option<Spanned<VersionId>>,
    /// The last version that was made, kept or not; the last one here by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    last_version: Option<Spanned<VersionId>>,
}

/// A version of a policy.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PolicyVersionSeed {
    /// Its id, such as `v1`.
    #[schemars(with = "String")]
    id: Spanned<VersionId>,
    /// What it says, as an object or as the text of one. `Version` may be left out of an object.
    document: DocumentSeed,
    /// When it was created; the policy's `createTime` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    create_time: Option<Timestamp>,
}

/// The id of a version as seeds have it.
#[derive(Clone, Copy, Debug)]
struct VersionId(VersionNumber);

impl<'de> Deserialize<'de> for VersionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(de::Error::custom)
    }
}

impl Serialize for VersionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl PolicySeed {
    /// The rules that the form alone does not tell.
    pub(super) fn check(&self) -> Result<(), SeedError> {
        self.build(Timestamp::UNIX_EPOCH).map(|_| ())
    }

    /// Adds the policy to an account.
    pub(super) fn apply(
        &self,
        state: &mut State,
        account: &AccountId,
        now: Timestamp,
    ) -> Result<(), SeedError> {
        let name = &self.name.value;
        let known = state.accounts.entry(account.clone()).or_default();
        if known.policies.contains_key(name) {
            return Err(taken(&self.name, format!("the policy acs:ram::{account}:policy/{name}")));
        }
        known.policies.insert(name.clone(), self.build(now)?);
        Ok(())
    }

    fn build(&self, now: Timestamp) -> Result<CustomPolicy, SeedError> {
        let place = self.name.referenced;
        within("description", &self.description, MAX_DESCRIPTION_CHARACTERS)
            .map_err(|problem| wrong(place, problem))?;
        let created = self.create_time.unwrap_or(now);
        let mut policy = match (&self.document, self.versions.as_slice()) {
            (Some(document), []) => CustomPolicy::new(String::new(), document.read()?, created),
            (None, versions @ [_, ..]) => self.build_versions(versions, created)?,
            (None, []) | (Some(_), _) => {
                return Err(wrong(place, "a policy must have either a `document` or `versions`"));
            }
        };
        policy.description.clone_from(&self.description);
        policy.updated = self.update_time.unwrap_or(created);
        for (given, number) in [
            (&self.default_version, &mut policy.default_version),
            (&self.last_version, &mut policy.last_version),
        ] {
            if let Some(Spanned { value: VersionId(VersionNumber(given)), .. }) = given {
                *number = *given;
            }
        }
        if !policy.versions.contains_key(&policy.default_version) {
            let place = self.default_version.as_ref().map_or(place, |version| version.referenced);
            return Err(wrong(place, "the version that holds must be there"));
        }
        if policy.versions.keys().any(|number| *number > policy.last_version) {
            let place = self.last_version.as_ref().map_or(place, |version| version.referenced);
            return Err(wrong(place, "no version can be later than the last one"));
        }
        Ok(policy)
    }

    fn build_versions(
        &self,
        seeds: &[PolicyVersionSeed],
        created: Timestamp,
    ) -> Result<CustomPolicy, SeedError> {
        if seeds.len() > MAX_VERSIONS {
            let problem = format!("a policy has at most {MAX_VERSIONS} versions");
            return Err(wrong(self.name.referenced, problem));
        }
        let mut versions = BTreeMap::new();
        let mut last = 0;
        for seed in seeds {
            let VersionId(number) = seed.id.value;
            let version = PolicyVersion {
                document: seed.document.read()?,
                created: seed.create_time.unwrap_or(created),
            };
            if versions.insert(number.0, version).is_some() {
                return Err(wrong(seed.id.referenced, format!("the version {number} is there twice")));
            }
            last = last.max(number.0);
        }
        Ok(CustomPolicy {
            description: String::new(),
            created,
            updated: created,
            versions,
            default_version: last,
            last_version: last,
        })
    }

    /// The way back: the seed that makes this policy.
    pub(in crate::control) fn of(name: &PolicyName, policy: &CustomPolicy) -> Self {
        let version = |(number, version): (&u32, &PolicyVersion)| PolicyVersionSeed {
            id: placeless(VersionId(VersionNumber(*number))),
            document: DocumentSeed::of(&version.document),
            create_time: Some(version.created),
        };
        let number = |number| Some(placeless(VersionId(VersionNumber(number))));
        Self {
            name: placeless(name.clone()),
            description: policy.description.clone(),
            document: None,
            create_time: Some(policy.created),
            update_time: Some(policy.updated),
            versions: policy.versions.iter().map(version).collect(),
            default_version: number(policy.default_version),
            last_version: number(policy.last_version),
        }
    }
}
