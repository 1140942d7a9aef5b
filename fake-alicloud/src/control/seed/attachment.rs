//! The policies that the users and roles of a seed have.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_yaml::Spanned;

use super::{SeedError, placeless, wrong};
use crate::{
    policy::{system_policies, system_policy},
    state::{
        account::Account,
        name::PolicyName,
        ram::{AttachError, AttachedPolicy, Attachments, MAX_CUSTOM, MAX_SYSTEM},
    },
};

/// A policy that somebody has: its name alone, which the account's own policies have first, or with more about it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum AttachmentSeed {
    /// Its name.
    Name(PolicyName),
    /// Its name, whose it is, and when it was attached.
    Attached(Attached),
}

/// A policy, whose it is, and when it was attached.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Attached {
    /// Its name.
    name: PolicyName,
    /// Whose it is; by default the account's if it has one of that name.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<PolicyType>,
    /// When it was attached; the time of seeding by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    attach_time: Option<Timestamp>,
}

/// Whose a policy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
enum PolicyType {
    /// The cloud's.
    System,
    /// The account's.
    Custom,
}

/// By hand, since serde tells no mistake within an untagged choice.
impl<'de> Deserialize<'de> for AttachmentSeed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = AttachmentSeed;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the name of a policy, or an object with the field `name`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map(AttachmentSeed::Name).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(map)).map(AttachmentSeed::Attached)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl AttachmentSeed {
    fn name(&self) -> &PolicyName {
        match self {
            Self::Name(name) | Self::Attached(Attached { name, .. }) => name,
        }
    }

    /// Which policy of which owner this is, if there is one.
    fn resolve(&self, account: &Account) -> Option<AttachedPolicy> {
        let (name, kind) = match self {
            Self::Name(name) => (name, None),
            Self::Attached(attached) => (&attached.name, attached.kind),
        };
        let custom = account.policies.contains_key(name) && kind != Some(PolicyType::System);
        let system = system_policy(name.as_ref()).is_some() && kind != Some(PolicyType::Custom);
        match (custom, system) {
            (true, _) => Some(AttachedPolicy::Custom(name.clone())),
            (false, true) => Some(AttachedPolicy::System(name.clone())),
            (false, false) => None,
        }
    }

    /// Attaches all of a list, of policies that the cloud or the account has.
    pub(super) fn attach_all(
        seeds: &[Spanned<Self>],
        account: &Account,
        policies: &mut Attachments,
        now: Timestamp,
    ) -> Result<(), SeedError> {
        for Spanned { value: seed, referenced, .. } in seeds {
            let Some(policy) = seed.resolve(account) else {
                return Err(wrong(*referenced, unknown(seed.name(), account)));
            };
            let time = match seed {
                Self::Attached(Attached { attach_time: Some(time), .. }) => *time,
                Self::Attached(_) | Self::Name(_) => now,
            };
            policies.attach(policy, time).map_err(|error| {
                let problem = match error {
                    AttachError::Already => format!("the policy {} is attached already", seed.name()),
                    AttachError::TooMany => format!(
                        "a user or role has at most {MAX_SYSTEM} policies of the cloud's and {MAX_CUSTOM} of the account's"
                    ),
                };
                wrong(*referenced, problem)
            })?;
        }
        Ok(())
    }

    /// The way back: the seeds that attach these policies.
    pub(super) fn all_of(policies: &Attachments) -> Vec<Spanned<Self>> {
        let seed = |(policy, time): (&AttachedPolicy, Timestamp)| {
            let kind = match policy {
                AttachedPolicy::System(_) => PolicyType::System,
                AttachedPolicy::Custom(_) => PolicyType::Custom,
            };
            let name = policy.name().clone();
            placeless(Self::Attached(Attached { name, kind: Some(kind), attach_time: Some(time) }))
        };
        policies.dated().map(seed).collect()
    }
}

/// What a policy that is not there could have been.
fn unknown(name: &PolicyName, account: &Account) -> String {
    let own: Vec<_> = account.policies.keys().map(AsRef::as_ref).collect();
    let own = match own.as_slice() {
        [] => "no policies".to_owned(),
        names => names.join(", "),
    };
    let clouds: Vec<_> = system_policies().iter().map(|policy| policy.name).collect();
    format!("there is no policy {name}: the account has {own}, the cloud has {}", clouds.join(", "))
}
