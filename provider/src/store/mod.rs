//! The cloud's stores of secrets: a name and a version selector give a value and a version id.
//!
//! Chooses neither credentials nor file names.

pub mod kms;
pub mod oos;

pub use kms::KmsStore;
pub use oos::OosStore;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::alicloud::call;
use crate::alicloud::{Endpoint, sign};
use crate::sensitive::Sensitive;

/// Which version of which secret, in whichever store.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug)]
pub struct Door {
    /// The host.
    pub endpoint: Endpoint,
    /// V1 only where the operator named the host.
    pub scheme: sign::Scheme,
}

/// Why a store gave no value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There was no answer, or a refusal: see [`call::Error`] for who must act.
    #[error(transparent)]
    Call(#[from] call::Error),
    /// The call never began, because as many as are allowed were under way all the time (operator).
    #[error(
        "too many calls to {host} were under way for this one to begin; raise {flag} if that is the rule"
    )]
    Crowded {
        /// Where.
        host: String,
        /// What bounds them.
        flag: &'static str,
    },
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

/// Waits for a permit until it is `until`.
async fn permit<'a>(
    permits: &'a Semaphore,
    flag: &'static str,
    door: &Door,
    until: Instant,
) -> Result<tokio::sync::SemaphorePermit<'a>, Error> {
    let permit = timeout_at(until, permits.acquire()).await;
    let permit = permit.map_err(|_| Error::Crowded { host: door.endpoint.host().to_owned(), flag })?;
    Ok(permit.expect("the semaphore is never closed"))
}
