//! The KMS keys and dedicated instances of a seed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_yaml::Spanned;

use super::{SeedError, placeless, wrong};
use crate::state::{
    State,
    instance::{Instance, InstanceState},
    key::{Key, KeyState},
    name::{AccountId, ImageVersion, InstanceId, KeyAlias, KeyId, Region},
};

/// A symmetric KMS key. Its material follows from its id.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::control) struct KeySeed {
    /// Its id, unique in the whole fake.
    #[schemars(with = "KeyId")]
    id: Spanned<KeyId>,
    /// Where it is; the fake's region by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
    /// Whether it may be used.
    #[serde(default)]
    state: KeyState,
    /// Another name for it, unique in account and region.
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<KeyAlias>,
    /// The instance that it lives in.
    #[serde(skip_serializing_if = "Option::is_none")]
    dkms_instance_id: Option<InstanceId>,
    /// When it will be gone, if it is `PendingDeletion`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    planned_deletion: Option<Timestamp>,
}

impl KeySeed {
    /// The rules that span more than one field.
    pub(super) fn check(&self) -> Result<(), SeedError> {
        if self.planned_deletion.is_some() && self.state != KeyState::PendingDeletion {
            let problem = "only a key whose `state` is PendingDeletion has a planned deletion";
            return Err(wrong(self.id.referenced, problem));
        }
        Ok(())
    }

    /// Adds the key to an account.
    pub(super) fn apply(
        &self,
        state: &mut State,
        account: &AccountId,
        default_region: &Region,
    ) -> Result<(), SeedError> {
        let key = Key {
            account: account.clone(),
            region: self.region.as_ref().unwrap_or(default_region).clone(),
            state: self.state,
            alias: self.alias.clone(),
            instance: self.dkms_instance_id.clone(),
            planned_deletion: self.planned_deletion,
        };
        let id = &self.id.value;
        if state.insert_key(id.clone(), key) {
            return Ok(());
        }
        let what = match &self.alias {
            Some(alias) if state.key(id).is_none() => format!("the alias {alias}"),
            Some(_) | None => format!("the key {id}"),
        };
        Err(SeedError::Taken { place: self.id.referenced.into(), what })
    }

    /// The way back: the seed that makes this key.
    pub(in crate::control) fn of(id: &KeyId, key: &Key) -> Self {
        Self {
            id: placeless(id.clone()),
            region: Some(key.region.clone()),
            state: key.state,
            alias: key.alias.clone(),
            dkms_instance_id: key.instance.clone(),
            planned_deletion: key.planned_deletion,
        }
    }
}

/// A dedicated KMS instance.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::control) struct InstanceSeed {
    /// Its id, unique in the whole fake.
    #[schemars(with = "InstanceId")]
    id: Spanned<InstanceId>,
    /// Where it is; the fake's region by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
    /// Whether it serves: only `Connected` ones do.
    #[serde(default)]
    state: InstanceState,
    /// Whether what is in it can be read through the shared gateway.
    #[serde(default)]
    internet_access: bool,
    /// The version of its software. Before 3.0.0 its own gateway does not speak the ordinary API.
    #[serde(default = "default_image_version")]
    image_version: ImageVersion,
}

fn default_image_version() -> ImageVersion {
    "3.0.0".parse().expect("three numbers")
}

impl InstanceSeed {
    /// Adds the instance to an account.
    pub(super) fn apply(
        &self,
        state: &mut State,
        account: &AccountId,
        default_region: &Region,
    ) -> Result<(), SeedError> {
        let id = &self.id.value;
        let instance = Instance {
            account: account.clone(),
            region: self.region.as_ref().unwrap_or(default_region).clone(),
            state: self.state,
            internet_access: self.internet_access,
            image_version: self.image_version.clone(),
        };
        if state.insert_instance(id.clone(), instance) {
            Ok(())
        } else {
            Err(SeedError::Taken { place: self.id.referenced.into(), what: format!("the instance {id}") })
        }
    }

    /// The way back: the seed that makes this instance.
    pub(in crate::control) fn of(id: &InstanceId, instance: &Instance) -> Self {
        Self {
            id: placeless(id.clone()),
            region: Some(instance.region.clone()),
            state: instance.state,
            internet_access: instance.internet_access,
            image_version: instance.image_version.clone(),
        }
    }
}
