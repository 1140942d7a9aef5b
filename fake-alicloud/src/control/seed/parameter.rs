//! The OOS parameters of a seed.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_yaml::Spanned;

use super::{SeedError, TagSeed, exposed, placeless, wrong};
use crate::state::{
    State,
    hidden::Hidden,
    name::{AccountId, Region},
    parameter::{
        Home, Parameter, ParameterType, ParameterValue, ParameterVersion, ParameterVersions,
        constraints::Constraints, fresh_id, name::ParameterName,
    },
    secret::{MAX_TAGS, is_tag},
};

/// An OOS parameter.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::control) struct ParameterSeed {
    /// Its name, unique in account, region and family: secret parameters are one family, all others another.
    #[schemars(with = "String")]
    name: Spanned<String>,
    /// Where it is; the fake's region by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
    /// What it holds.
    #[serde(rename = "type", default = "secret")]
    kind: ParameterType,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// What its values must be like: an object with the fields of the API (`AllowedValues`, `AllowedPattern`, `MinLength`,
    /// `MaxLength`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    constraints: Option<Spanned<serde_json::Value>>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<TagSeed>,
    /// The key that encrypts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    /// The KMS instance that the key is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    dkms_instance_id: Option<String>,
    /// The resource group that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_group_id: Option<String>,
    /// Its id; a fresh one by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// When it was created; the time of seeding by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    create_time: Option<Timestamp>,
    /// Who created it, such as `root(1234567890123456)`; the account itself by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    /// Oldest first; the first is version 1 and the last the one that is read.
    #[schemars(with = "Vec<ParameterVersionSeed>")]
    versions: Vec<Spanned<ParameterVersionSeed>>,
}

fn secret() -> ParameterType {
    ParameterType::Secret
}

/// A version of a parameter: its value alone, or with more about it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum ParameterVersionSeed {
    /// The value. Make it up.
    Value(
        #[serde(serialize_with = "exposed")]
        #[schemars(with = "String")]
        Hidden,
    ),
    /// The value, and when and by whom it was written.
    Written(WrittenValue),
}

/// A value, and when and by whom it was written.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenValue {
    /// The value. Make it up.
    #[serde(serialize_with = "exposed")]
    #[schemars(with = "String")]
    value: Hidden,
    /// When it was written; the parameter's `createTime` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    update_time: Option<Timestamp>,
    /// Who wrote it; the parameter's `createdBy` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by: Option<String>,
}

/// By hand, since serde tells no mistake within an untagged choice.
impl<'de> Deserialize<'de> for ParameterVersionSeed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = ParameterVersionSeed;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text, or an object with the field `value`")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(ParameterVersionSeed::Value(Hidden::from(text.to_owned())))
            }

            // The usual error would show what could be a secret.
            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
                Err(unquoted())
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
                Err(unquoted())
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
                Err(unquoted())
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
                Err(unquoted())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(map)).map(ParameterVersionSeed::Written)
            }
        }

        fn unquoted<E: de::Error>() -> E {
            E::custom("the value of a parameter is a text: put it in quotes")
        }

        deserializer.deserialize_any(Either)
    }
}

impl ParameterSeed {
    /// The rules that the form alone does not tell.
    pub(super) fn check(&self) -> Result<(), SeedError> {
        self.build(Timestamp::UNIX_EPOCH, "root").map(|_| ())
    }

    /// Adds the parameter to an account.
    pub(super) fn apply(
        &self,
        state: &mut State,
        account: &AccountId,
        default_region: &Region,
        now: Timestamp,
    ) -> Result<(), SeedError> {
        let (name, parameter) = self.build(now, &format!("root({account})"))?;
        let region = self.region.as_ref().unwrap_or(default_region).clone();
        let home = Home { account: account.clone(), region, family: self.kind.family() };
        if state.parameters.find(&home, &name).is_some() {
            let what = format!("the parameter {name} of account {account} in {}", home.region);
            return Err(SeedError::Taken { place: self.name.referenced.into(), what });
        }
        state.parameters.insert(home, name, parameter);
        Ok(())
    }

    fn build(&self, now: Timestamp, author: &str) -> Result<(ParameterName, Parameter), SeedError> {
        let name = ParameterName::parse(&self.name.value, self.kind.family())
            .map_err(|error| wrong(self.name.referenced, error))?;
        if name.is_reserved() {
            let problem = "the name of a parameter must not start with aliyun, acs, alibaba, alicloud or oos";
            return Err(wrong(self.name.referenced, problem));
        }
        if self.tags.len() > MAX_TAGS || !self.tags.iter().all(|tag| is_tag(&tag.key, &tag.value)) {
            let problem =
                "a parameter has at most 20 tags of 1 to 128 characters, none beginning with aliyun or acs:";
            return Err(wrong(self.name.referenced, problem));
        }
        let constraints = match &self.constraints {
            None => None,
            Some(given) => Some(
                Constraints::parse(&given.value.to_string())
                    .map_err(|error| wrong(given.referenced, error))?,
            ),
        };
        let created = self.create_time.unwrap_or(now);
        let created_by = self.created_by.clone().unwrap_or_else(|| author.to_owned());
        let version = |seed: &Spanned<ParameterVersionSeed>| {
            let (value, updated, updated_by) = match &seed.value {
                ParameterVersionSeed::Value(value) => (value, None, None),
                ParameterVersionSeed::Written(written) => {
                    (&written.value, written.update_time, written.updated_by.clone())
                }
            };
            let value =
                ParameterValue::parse(value.expose()).map_err(|error| wrong(seed.referenced, error))?;
            if let Some(constraints) = &constraints {
                constraints.check(value.expose()).map_err(|error| wrong(seed.referenced, error))?;
            }
            Ok(ParameterVersion {
                value,
                updated: updated.unwrap_or(created),
                updated_by: updated_by.unwrap_or_else(|| created_by.clone()),
            })
        };
        let [first, later @ ..] = self.versions.as_slice() else {
            return Err(wrong(
                self.name.referenced,
                "a parameter must have a version: add a value under `versions`",
            ));
        };
        let mut versions = ParameterVersions::first(version(first)?);
        for seed in later {
            versions
                .add(version(seed)?)
                .map_err(|_| wrong(seed.referenced, "a parameter has at most 100 versions"))?;
        }
        let parameter = Parameter {
            id: self.id.clone().unwrap_or_else(fresh_id),
            kind: self.kind,
            description: self.description.clone(),
            key_id: self.key_id.clone(),
            instance_id: self.dkms_instance_id.clone(),
            resource_group_id: self.resource_group_id.clone(),
            tags: self.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
            created,
            versions,
            created_by,
            constraints,
        };
        Ok((name, parameter))
    }

    /// The way back: the seed that makes this parameter.
    pub(in crate::control) fn of(home: &Home, name: &ParameterName, parameter: &Parameter) -> Self {
        let versions = parameter.versions.iter().map(|(_, version)| {
            placeless(ParameterVersionSeed::Written(WrittenValue {
                value: Hidden::from(version.value.expose().to_owned()),
                update_time: Some(version.updated),
                updated_by: Some(version.updated_by.clone()),
            }))
        });
        let constraints = parameter
            .constraints
            .as_ref()
            .map(|constraints| serde_json::from_str(constraints.text()).expect("read as JSON before"));
        let tags = parameter.tags.iter();
        Self {
            name: placeless(name.to_string()),
            region: Some(home.region.clone()),
            kind: parameter.kind,
            description: parameter.description.clone(),
            constraints: constraints.map(placeless),
            tags: tags.map(|(key, value)| TagSeed { key: key.clone(), value: value.clone() }).collect(),
            key_id: parameter.key_id.clone(),
            dkms_instance_id: parameter.instance_id.clone(),
            resource_group_id: parameter.resource_group_id.clone(),
            id: Some(parameter.id.clone()),
            create_time: Some(parameter.created),
            created_by: Some(parameter.created_by.clone()),
            versions: versions.collect(),
        }
    }
}

#[cfg(test)]
#[path = "parameter_tests.rs"]
mod tests;
