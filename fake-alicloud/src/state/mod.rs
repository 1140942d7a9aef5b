//! All that the fake remembers, in memory and behind one lock. Knows no HTTP.

pub(crate) mod account;
pub(crate) mod arn;
pub(crate) mod ecs;
pub(crate) mod hidden;
pub(crate) mod instance;
pub(crate) mod issuer;
pub(crate) mod key;
pub(crate) mod kms;
pub(crate) mod managed;
pub(crate) mod name;
pub(crate) mod nonce;
pub(crate) mod oidc;
pub(crate) mod parameter;
pub(crate) mod ram;
pub(crate) mod rotation;
pub(crate) mod secret;
pub(crate) mod secret_policy;
pub(crate) mod session;
pub(crate) mod versions;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use self::{
    account::{AccessKey, Account},
    ecs::Ecs,
    instance::Instance,
    issuer::Issuers,
    key::Key,
    name::{AccessKeyId, AccountId, InstanceId, KeyId, Region, SecretName},
    nonce::Nonces,
    parameter::Parameters,
    secret::Secret,
    session::Sessions,
};
use crate::behaviour::Behaviour;

/// The whole cloud. A clone is a snapshot, which makes changes of all or nothing simple.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// How the operations answer where the documentation is silent.
    pub(crate) behaviour: Behaviour,
    pub(crate) accounts: BTreeMap<AccountId, Account>,
    /// Access key ids are unique in the whole cloud.
    pub(crate) access_keys: BTreeMap<AccessKeyId, AccessKey>,
    /// Those who have become a role.
    pub(crate) sessions: Sessions,
    /// The issuers of OIDC tokens that the world has, whoever trusts them.
    pub(crate) issuers: Issuers,
    /// The instance that the metadata service speaks of.
    pub(crate) ecs: Option<Ecs>,
    pub(crate) nonces: Nonces,
    pub(crate) parameters: Parameters,
    secrets: BTreeMap<(AccountId, Region), BTreeMap<SecretName, Secret>>,
    /// Ids of keys are unique in the whole cloud.
    keys: BTreeMap<KeyId, Key>,
    /// Ids of instances are unique in the whole cloud.
    instances: BTreeMap<InstanceId, Instance>,
    /// When `RotateSecret` was called within the last hour.
    rotations: BTreeMap<(AccountId, Region), VecDeque<Timestamp>>,
    /// The earliest time at which the clock alone changes something.
    next_change: Option<Timestamp>,
}

impl State {
    /// An empty cloud. The sites of its issuers show a certificate of that fingerprint.
    pub(crate) fn new(behaviour: Behaviour, site_fingerprint: String) -> Self {
        Self { behaviour, issuers: Issuers::new(site_fingerprint), ..Self::default() }
    }

    /// The same world with nothing in its accounts. Who has become a role still is, if there is such a role again.
    pub(crate) fn without_accounts(&self) -> Self {
        Self {
            behaviour: self.behaviour.clone(),
            sessions: self.sessions.clone(),
            issuers: self.issuers.clone(),
            ecs: self.ecs.clone(),
            nonces: self.nonces.clone(),
            ..Self::default()
        }
    }
}
