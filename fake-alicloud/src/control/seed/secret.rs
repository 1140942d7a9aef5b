//! The KMS secrets of a seed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_yaml::Spanned;

use super::{
    SeedError, TagSeed, placeless,
    version::{Home, VersionSeed},
    wrong,
};
use crate::state::{
    State,
    arn::SecretArn,
    managed::{ExtendedConfig, Managed, Service},
    name::{AccountId, InstanceId, KeyId, Region, SecretName},
    rotation::{AutomaticRotation, Rotation, RotationInterval},
    secret::{DataType, Kind, MAX_TAGS, Secret, is_tag},
    secret_policy::SecretPolicy,
};

/// A KMS secret.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::control) struct SecretSeed {
    /// Its name, unique in account and region.
    #[schemars(with = "SecretName")]
    name: Spanned<SecretName>,
    /// Where it is; the fake's region by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
    /// Who makes its values.
    #[serde(rename = "type", default)]
    secret_type: SecretType,
    /// What a managed secret is for: an object with the fields of the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    extended_config: Option<Spanned<Map<String, Value>>>,
    /// How a managed secret is rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<RotationSeed>")]
    rotation: Option<Spanned<RotationSeed>>,
    /// What the data of its versions claims to be.
    #[serde(default)]
    data_type: DataType,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    /// The key that encrypts it. A key that is not there is one that was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_key_id: Option<KeyId>,
    /// The instance that it lives in. An instance that is not there is one that was released.
    #[serde(skip_serializing_if = "Option::is_none")]
    dkms_instance_id: Option<InstanceId>,
    /// Its policy, as an object or as the text of one. Only secrets in instances have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    policy: Option<Spanned<Value>>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<TagSeed>,
    /// When it will be gone, if it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    planned_deletion: Option<Timestamp>,
    /// When it was created; the time of seeding by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    create_time: Option<Timestamp>,
    /// When it last changed; `createTime` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    update_time: Option<Timestamp>,
    /// Oldest first. The last is `ACSCurrent` and the one before it `ACSPrevious`, unless `stages` name these.
    versions: Vec<VersionSeed>,
}

/// The types of secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
enum SecretType {
    /// Its owner makes the values.
    #[default]
    Generic,
    /// An account of `ApsaraDB` RDS.
    Rds,
    /// An account of Tair or Redis.
    Redis,
    /// An account of `PolarDB`.
    #[serde(rename = "PolarDB")]
    PolarDb,
    /// The access key of a RAM user. The name must start with `acs/ram/user/`.
    #[serde(rename = "RAMCredentials")]
    RamCredentials,
    /// A login of an ECS machine. The name must start with `acs/ecs/`.
    #[serde(rename = "ECS")]
    Ecs,
}

impl SecretType {
    fn service(self) -> Option<Service> {
        match self {
            Self::Generic => None,
            Self::Rds => Some(Service::Rds),
            Self::Redis => Some(Service::Redis),
            Self::PolarDb => Some(Service::PolarDb),
            Self::RamCredentials => Some(Service::RamCredentials),
            Self::Ecs => Some(Service::Ecs),
        }
    }

    fn of(kind: &Kind) -> Self {
        let Kind::Managed(managed) = kind else { return Self::Generic };
        match managed.service {
            Service::Rds => Self::Rds,
            Service::Redis => Self::Redis,
            Service::PolarDb => Self::PolarDb,
            Service::RamCredentials => Self::RamCredentials,
            Service::Ecs => Self::Ecs,
        }
    }
}

/// The rotation of a managed secret.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RotationSeed {
    /// Whether the clock rotates.
    #[serde(default)]
    automatic: Automatic,
    /// How often, such as `7d`; needed if the clock rotates.
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<RotationInterval>,
    /// When next; one interval after the time of seeding by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    next: Option<Timestamp>,
    /// When it was rotated last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    last: Option<Timestamp>,
}

/// Whether the clock rotates a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
enum Automatic {
    /// It does not.
    #[default]
    Disabled,
    /// It does.
    Enabled,
    /// It should and cannot.
    Invalid,
}

impl SecretSeed {
    /// The rules that span more than one field.
    pub(super) fn check(&self) -> Result<(), SeedError> {
        self.build(Timestamp::UNIX_EPOCH).map(|_| ())
    }

    /// Adds the secret to an account.
    pub(super) fn apply(
        &self,
        state: &mut State,
        account: &AccountId,
        default_region: &Region,
        now: Timestamp,
    ) -> Result<(), SeedError> {
        let region = self.region.as_ref().unwrap_or(default_region).clone();
        let arn = SecretArn { region, account: account.clone(), name: self.name.value.clone() };
        if state.secret(&arn).is_some() {
            return Err(SeedError::Taken {
                place: self.name.referenced.into(),
                what: format!("the secret {arn}"),
            });
        }
        state.insert_secret(&arn, self.build(now)?);
        Ok(())
    }

    fn build(&self, now: Timestamp) -> Result<Secret, SeedError> {
        let created = self.create_time.unwrap_or(now);
        let kind = self.build_kind(now)?;
        let tags: Vec<_> = self.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        if tags.len() > MAX_TAGS || !tags.iter().all(|(key, value)| is_tag(key, value)) {
            let problem =
                "a secret has at most 20 tags, of at most 128 letters, digits or any of '/ \\ _ - . + = : @'";
            return Err(wrong(self.name.referenced, problem));
        }
        Ok(Secret {
            created,
            updated: self.update_time.unwrap_or(created),
            description: self.description.clone(),
            encryption_key_id: self.encryption_key_id.clone(),
            instance: self.dkms_instance_id.clone(),
            tags,
            policy: self.build_policy()?,
            planned_deletion: self.planned_deletion,
            versions: VersionSeed::build_all(
                &self.versions,
                &Home { name: self.name.referenced, data_type: self.data_type, created, kind: &kind },
            )?,
            kind,
        })
    }

    fn build_kind(&self, now: Timestamp) -> Result<Kind, SeedError> {
        let name = self.name.value.as_ref();
        let Some(service) = self.secret_type.service() else {
            if let Some(config) = &self.extended_config {
                return Err(wrong(
                    config.referenced,
                    "only managed secrets have an extended configuration: name a `type`",
                ));
            }
            if let Some(rotation) = &self.rotation {
                return Err(wrong(rotation.referenced, "only managed secrets are rotated: name a `type`"));
            }
            return self.check_prefix(None).map(|()| Kind::Generic);
        };
        self.check_prefix(service.name_prefix())?;
        let Some(config) = &self.extended_config else {
            let problem =
                format!("the managed secret {name} must have an `extendedConfig`, as CreateSecret asks for");
            return Err(wrong(self.name.referenced, problem));
        };
        let place = config.referenced;
        let config = ExtendedConfig::new(service, config.value.clone()).ok_or_else(|| {
            wrong(
                place,
                format!("a field of the configuration is missing or wrong for the type {}", service.as_str()),
            )
        })?;
        let rotation = self.build_rotation(now)?;
        Ok(Kind::Managed(Box::new(Managed { service, config, rotation })))
    }

    fn check_prefix(&self, prefix: Option<&str>) -> Result<(), SeedError> {
        let name = self.name.value.as_ref();
        match prefix {
            None if name.starts_with("acs/") => Err(wrong(
                self.name.referenced,
                "a secret name must not start with acs/, which is for managed secrets",
            )),
            Some(prefix) if !name.starts_with(prefix) => Err(wrong(
                self.name.referenced,
                format!("the name of such a secret must start with {prefix}"),
            )),
            None | Some(_) => Ok(()),
        }
    }

    fn build_rotation(&self, now: Timestamp) -> Result<Rotation, SeedError> {
        let Some(Spanned { value: seed, referenced, .. }) = &self.rotation else {
            return Ok(Rotation::default());
        };
        let automatic = match (seed.automatic, seed.interval, seed.next) {
            (Automatic::Disabled, ..) => AutomaticRotation::Disabled,
            (Automatic::Invalid, ..) => AutomaticRotation::Invalid,
            (Automatic::Enabled, Some(interval), Some(next)) => AutomaticRotation::Enabled { interval, next },
            (Automatic::Enabled, Some(interval), None) => Rotation::enabled(interval, now),
            (Automatic::Enabled, None, _) => {
                return Err(wrong(*referenced, "automatic rotation needs an `interval`, such as 7d"));
            }
        };
        Ok(Rotation { automatic, last: seed.last })
    }

    fn build_policy(&self) -> Result<Option<SecretPolicy>, SeedError> {
        let Some(Spanned { value, referenced, .. }) = &self.policy else { return Ok(None) };
        if self.dkms_instance_id.is_none() {
            let problem = "only secrets in an instance have a policy: name a `dkmsInstanceId`";
            return Err(wrong(*referenced, problem));
        }
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        SecretPolicy::try_from(text).map(Some).map_err(|error| wrong(*referenced, error))
    }

    /// The way back: the seed that makes this secret.
    pub(in crate::control) fn of(region: &Region, name: &SecretName, secret: &Secret) -> Self {
        let (extended_config, rotation) = match &secret.kind {
            Kind::Generic => (None, None),
            Kind::Managed(managed) => (
                Some(placeless(managed.config.fields().clone())),
                Some(placeless(RotationSeed::of(&managed.rotation))),
            ),
        };
        let tags = secret.tags.iter();
        Self {
            name: placeless(name.clone()),
            region: Some(region.clone()),
            secret_type: SecretType::of(&secret.kind),
            extended_config,
            rotation,
            data_type: DataType::default(),
            description: secret.description.clone(),
            encryption_key_id: secret.encryption_key_id.clone(),
            dkms_instance_id: secret.instance.clone(),
            policy: secret.policy.as_ref().map(|policy| placeless(Value::from(policy.as_ref()))),
            tags: tags.map(|(key, value)| TagSeed { key: key.clone(), value: value.clone() }).collect(),
            planned_deletion: secret.planned_deletion,
            create_time: Some(secret.created),
            update_time: Some(secret.updated),
            versions: VersionSeed::all_of(&secret.versions),
        }
    }
}

impl RotationSeed {
    fn of(rotation: &Rotation) -> Self {
        let (automatic, interval) = match rotation.automatic {
            AutomaticRotation::Disabled => (Automatic::Disabled, None),
            AutomaticRotation::Enabled { interval, .. } => (Automatic::Enabled, Some(interval)),
            AutomaticRotation::Invalid => (Automatic::Invalid, None),
        };
        Self { automatic, interval, next: rotation.next(), last: rotation.last }
    }
}

#[cfg(test)]
#[path = "secret_tests.rs"]
mod tests;
