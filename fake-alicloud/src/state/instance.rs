//! Dedicated KMS instances: where secrets and keys may live apart from the shared service.
//!
//! The states are those of `GetKmsInstance` in the KMS API reference.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::name::{AccountId, ImageVersion, Region};

/// One dedicated instance; its id is the key of the map that holds it.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) state: InstanceState,
    /// Whether the shared gateway may reach into it.
    pub(crate) internet_access: bool,
    pub(crate) image_version: ImageVersion,
}

impl Instance {
    /// Whether its own gateway speaks the ordinary API, as images do from 3.0.0 on.
    pub(crate) fn speaks_open_api(&self) -> bool {
        self.image_version.major() >= 3
    }
}

/// How an instance is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum InstanceState {
    /// Bought and not enabled.
    Uninitialized,
    /// On its way to `Connected`.
    Connecting,
    /// Enabled: the only state in which it serves.
    #[default]
    Connected,
    /// Cut off.
    Disconnected,
    /// Broken.
    Error,
}
