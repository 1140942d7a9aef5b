//! Accounts, the identities within them, and the access keys of these.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use super::{
    State,
    hidden::Hidden,
    name::{AccessKeyId, AccountId, OidcProviderName, PolicyName, RoleName, RoleSessionName, UserName},
    oidc::OidcProvider,
    ram::{CustomPolicy, Role, User},
};

/// One customer of the cloud.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) users: BTreeMap<UserName, User>,
    pub(crate) roles: BTreeMap<RoleName, Role>,
    pub(crate) policies: BTreeMap<PolicyName, CustomPolicy>,
    pub(crate) oidc_providers: BTreeMap<OidcProviderName, OidcProvider>,
}

/// Who a key speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) account: AccountId,
    pub(crate) identity: Identity,
}

/// The kinds of identity within an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The account itself.
    Root,
    /// A RAM user of the account.
    User(UserName),
    /// Somebody who has become a role of the account.
    AssumedRole(RoleName, RoleSessionName),
}

impl Principal {
    /// The principal's name in answers and the journal.
    pub(crate) fn arn(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "acs:ram::{}:", self.account)?;
        match &self.identity {
            Identity::Root => formatter.write_str("root"),
            Identity::User(name) => write!(formatter, "user/{name}"),
            Identity::AssumedRole(role, session) => write!(formatter, "assumed-role/{role}/{session}"),
        }
    }
}

/// A long-lived pair of access key id (the map's key) and secret.
#[derive(Clone, Debug)]
pub(crate) struct AccessKey {
    pub(crate) secret: Hidden,
    pub(crate) owner: Principal,
    pub(crate) active: bool,
    pub(crate) created: Timestamp,
}

impl State {
    /// The long-lived keys of an identity, by their ids.
    pub(crate) fn access_keys_of(
        &self,
        owner: &Principal,
    ) -> impl Iterator<Item = (&AccessKeyId, &AccessKey)> {
        self.access_keys.iter().filter(move |(_, key)| key.owner == *owner)
    }
}
