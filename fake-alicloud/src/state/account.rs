//! Accounts, their users, and the access keys of both.

use std::{collections::BTreeSet, fmt};

use super::{
    hidden::Hidden,
    name::{AccountId, UserName},
};

/// One customer of the cloud.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) users: BTreeSet<UserName>,
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
}

impl Principal {
    /// The principal's name in policies and answers.
    pub(crate) fn arn(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.identity {
            Identity::Root => write!(formatter, "acs:ram::{}:root", self.account),
            Identity::User(name) => write!(formatter, "acs:ram::{}:user/{name}", self.account),
        }
    }
}

/// A long-lived pair of access key id (the map's key) and secret.
#[derive(Clone, Debug)]
pub(crate) struct AccessKey {
    pub(crate) secret: Hidden,
    pub(crate) owner: Principal,
    pub(crate) active: bool,
}
