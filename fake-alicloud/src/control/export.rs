//! The way back from the state to a seed, so that a test can keep what it made and begin there next time.
//!
//! What only matters to calls under way is left out: nonces are not kept.

use super::seed::{
    AccessKeySeed, AccountSeed, InstanceSeed, KeySeed, KeyStatus, ParameterSeed, SecretSeed, Seed, UserSeed,
    placeless,
};
use crate::state::{
    State,
    account::{Identity, Principal},
    name::{AccountId, UserName},
};

/// A seed that makes the same state from nothing.
pub(crate) fn export(state: &State) -> Seed {
    let account = |id: &AccountId, users: Vec<UserSeed>| AccountSeed {
        id: id.clone(),
        access_keys: access_keys(state, &Principal { account: id.clone(), identity: Identity::Root }),
        users,
        instances: instances(state, id),
        keys: keys(state, id),
        secrets: secrets(state, id),
        parameters: parameters(state, id),
    };
    let user = |id: &AccountId, name: &UserName| UserSeed {
        name: name.clone(),
        access_keys: access_keys(
            state,
            &Principal { account: id.clone(), identity: Identity::User(name.clone()) },
        ),
    };
    let accounts = state.accounts.iter();
    Seed {
        behaviour: Some(state.behaviour.clone()),
        accounts: accounts
            .map(|(id, known)| account(id, known.users.keys().map(|name| user(id, name)).collect()))
            .collect(),
    }
}

fn access_keys(state: &State, owner: &Principal) -> Vec<AccessKeySeed> {
    let keys = state.access_keys.iter().filter(|(_, key)| key.owner == *owner);
    keys.map(|(id, key)| AccessKeySeed {
        id: placeless(id.clone()),
        secret: key.secret.clone(),
        status: if key.active { KeyStatus::Active } else { KeyStatus::Inactive },
    })
    .collect()
}

fn parameters(state: &State, owner: &AccountId) -> Vec<ParameterSeed> {
    let parameters = state.parameters.iter().filter(|(home, ..)| home.account == *owner);
    parameters.map(|(home, name, parameter)| ParameterSeed::of(home, name, parameter)).collect()
}

fn instances(state: &State, owner: &AccountId) -> Vec<InstanceSeed> {
    let instances = state.instances().filter(|(_, instance)| instance.account == *owner);
    instances.map(|(id, instance)| InstanceSeed::of(id, instance)).collect()
}

fn keys(state: &State, owner: &AccountId) -> Vec<KeySeed> {
    let keys = state.keys().filter(|(_, key)| key.account == *owner);
    keys.map(|(id, key)| KeySeed::of(id, key)).collect()
}

fn secrets(state: &State, owner: &AccountId) -> Vec<SecretSeed> {
    let secrets = state.secrets().filter(|(account, ..)| *account == owner);
    secrets.map(|(_, region, name, secret)| SecretSeed::of(region, name, secret)).collect()
}
