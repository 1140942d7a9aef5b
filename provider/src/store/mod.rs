//! The cloud's stores of secrets: a name and a version selector give a value and a version id.
//!
//! Chooses neither credentials nor file names.

pub mod cache;
mod flights;
pub mod kms;
mod memory;
pub mod oos;

pub use cache::{Cache, is_outage};
pub use kms::KmsStore;
pub use oos::OosStore;

use std::sync::Arc;

use crate::alicloud::call;
use crate::alicloud::{Endpoint, Region, sign};
use crate::credential::Identity;
use crate::sensitive::Sensitive;

/// Which version of which secret, in whichever store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selection {
    /// In Key Management Service.
    Kms(kms::Selection),
    /// In CloudOps Orchestration Service.
    Oos(oos::Selection),
}

impl Selection {
    /// The secret's name in its store.
    pub fn name(&self) -> &str {
        match self {
            Self::Kms(selection) => &selection.secret_name,
            Self::Oos(selection) => &selection.name,
        }
    }
}

impl From<kms::Selection> for Selection {
    fn from(selection: kms::Selection) -> Self {
        Self::Kms(selection)
    }
}

impl From<oos::Selection> for Selection {
    fn from(selection: oos::Selection) -> Self {
        Self::Oos(selection)
    }
}

/// What a store keeps under a name, at one version.
#[derive(Debug)]
pub struct Value {
    /// As the user stored it; a binary secret is decoded.
    pub contents: Sensitive<Vec<u8>>,
    /// Changes exactly when the contents' version does.
    pub version_id: String,
}

/// Where to ask, and how to sign there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Door {
    /// The host.
    pub endpoint: Endpoint,
    /// V1 only where the operator named the host.
    pub scheme: sign::Scheme,
}

/// What a value is remembered by: all that decides what the cloud would answer, as long as nothing changes there.
///
/// Rights are the identity's. It says which key pair (a keyed fingerprint of both halves) or which role, and for a role who
/// became it and how: the token's claims and service account, the provider who vouches, the external id, the name and length
/// of the session, and recursively the identity that assumed it. No session is opened with a policy of its own. Whether a token
/// is genuine the cloud says when a session is opened; tokens come from the kubelet, so later ones that say the same are not
/// presented again. The one thing that an identity may leave open is which role a node's instance has; see
/// [`Identity::is_settled`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Who asks.
    pub identity: Arc<Identity>,
    /// Where.
    pub door: Door,
    /// Only where the call says it.
    pub region: Option<Region>,
    /// For what.
    pub selection: Selection,
}

impl Key {
    /// Roughly what its texts take.
    fn text_bytes(&self) -> usize {
        self.door.endpoint.host().len() + self.selection.name().len()
    }
}

/// Why a store gave no value. Cheap enough to clone for all who waited.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There was no answer, or a refusal: see [`call::Error`] for who must act.
    #[error(transparent)]
    Call(#[from] call::Error),
    /// The parameter is there, but its value was not handed out (administrator of the account).
    #[error("{host} answered without the parameter's value, so it could not decrypt it")]
    Withheld {
        /// Where.
        host: String,
    },
}

/// Whether the store says that the secret itself is not there. A missing key, or a secret in its deletion window, is
/// something else.
pub fn is_absence(error: &Error) -> bool {
    let Error::Call(call::Error::Refused { code, .. }) = error else { return false };
    matches!(code.as_str(), "Forbidden.ResourceNotFound" | "EntityNotExists.Parameter")
}
