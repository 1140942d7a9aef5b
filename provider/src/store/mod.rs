//! The cloud's stores of secrets: a name and a version selector give a value and a version id.
//!
//! Chooses neither credentials nor file names.

pub mod kms;

pub use kms::KmsStore;

use crate::sensitive::Sensitive;

/// What a store keeps under a name, at one version.
#[derive(Debug)]
pub struct Value {
    /// As the user stored it; a binary secret is decoded.
    pub contents: Sensitive<Vec<u8>>,
    /// Changes exactly when the contents' version does.
    pub version_id: String,
}
