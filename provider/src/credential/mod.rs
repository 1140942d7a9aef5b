//! Which credential a mount uses. One file per source; knows neither objects nor paths.

pub mod access_key;

use std::sync::Arc;

use crate::alicloud::Credential;

/// The credentials that the provider was started with, and the choice among them.
#[derive(Debug)]
pub struct Credentials {
    access_key: Option<Arc<Credential>>,
}

impl Credentials {
    /// Static keys, or none.
    pub fn new(access_key: Option<Credential>) -> Self {
        Self { access_key: access_key.map(Arc::new) }
    }

    /// The credential for a mount whose class asks for none of its own.
    pub fn provider_level(&self) -> Result<Arc<Credential>, Error> {
        self.access_key.clone().ok_or(Error::NoneConfigured)
    }
}

/// Why there is no credential. The operator must act.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was configured at all.
    #[error(
        "the provider has no credential; set {} and {} in its environment",
        access_key::ID_VARIABLE,
        access_key::SECRET_VARIABLE
    )]
    NoneConfigured,
}
