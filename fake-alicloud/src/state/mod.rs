//! All that the fake remembers, in memory and behind one lock. Knows no HTTP.
//!
//! Roles, policies, OIDC providers, parameters and instances will stand beside what is here, one file each.

pub(crate) mod account;
pub(crate) mod arn;
pub(crate) mod hidden;
pub(crate) mod name;
pub(crate) mod nonce;
pub(crate) mod secret;

use std::collections::BTreeMap;

use self::{
    account::{AccessKey, Account},
    arn::SecretArn,
    name::{AccessKeyId, AccountId, Region, SecretName},
    nonce::Nonces,
    secret::Secret,
};

/// The whole cloud. A clone is a snapshot, which makes changes of all or nothing simple.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<AccountId, Account>,
    /// Access key ids are unique in the whole cloud.
    pub(crate) access_keys: BTreeMap<AccessKeyId, AccessKey>,
    pub(crate) nonces: Nonces,
    secrets: BTreeMap<(AccountId, Region), BTreeMap<SecretName, Secret>>,
}

impl State {
    pub(crate) fn secret(&self, arn: &SecretArn) -> Option<&Secret> {
        self.secrets.get(&place(arn))?.get(&arn.name)
    }

    pub(crate) fn secret_mut(&mut self, arn: &SecretArn) -> Option<&mut Secret> {
        self.secrets.get_mut(&place(arn))?.get_mut(&arn.name)
    }

    /// Adds a secret. The caller has made sure that there is none of that name.
    pub(crate) fn insert_secret(&mut self, arn: &SecretArn, secret: Secret) {
        self.secrets.entry(place(arn)).or_default().insert(arn.name.clone(), secret);
    }
}

fn place(arn: &SecretArn) -> (AccountId, Region) {
    (arn.account.clone(), arn.region.clone())
}
