//! The way back from the state to a seed, so that a test can keep what it made and begin there next time.
//!
//! What only matters to calls under way is left out: nonces and sessions are not kept, nor what is to go wrong.

use super::seed::{
    AccessKeySeed, AccountSeed, InstanceSeed, KeySeed, NewIssuer, OidcProviderSeed, ParameterSeed,
    PolicySeed, RoleSeed, SecretSeed, Seed, UserSeed, placeless,
};
use crate::state::{
    State,
    account::{Account, Identity, Principal},
    name::AccountId,
};

/// A seed that makes the same state from nothing.
pub(crate) fn export(state: &State) -> Seed {
    Seed {
        behaviour: Some(state.behaviour.clone()),
        issuers: NewIssuer::all_of(&state.issuers),
        accounts: state.accounts.iter().map(|(id, account)| account_seed(state, id, account)).collect(),
        ecs_instance: state.ecs.as_ref().map(|instance| placeless(instance.described().clone())),
        faults: Vec::new(),
    }
}

fn account_seed(state: &State, id: &AccountId, account: &Account) -> AccountSeed {
    let root = Principal { account: id.clone(), identity: Identity::Root };
    let users = account.users.iter();
    let roles = account.roles.iter();
    let policies = account.policies.iter();
    let providers = account.oidc_providers.iter();
    AccountSeed {
        id: id.clone(),
        access_keys: AccessKeySeed::all_of(state, &root),
        users: users.map(|(name, user)| UserSeed::of(state, id, name, user)).collect(),
        roles: roles.map(|(name, role)| RoleSeed::of(name, role)).collect(),
        policies: policies.map(|(name, policy)| PolicySeed::of(name, policy)).collect(),
        oidc_providers: providers.map(|(name, provider)| OidcProviderSeed::of(name, provider)).collect(),
        instances: instances(state, id),
        keys: keys(state, id),
        secrets: secrets(state, id),
        parameters: parameters(state, id),
    }
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
