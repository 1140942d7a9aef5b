//! Secrets whose value the cloud itself makes and changes: accounts of databases, access keys, logins of machines.
//!
//! The shapes are those of `ExtendedConfig` and `SecretData` on the pages of `CreateSecret` and `GetSecretValue` in the KMS
//! API reference. Nothing is changed at a database or machine: the fake has none.

mod config;
mod value;

use jiff::Timestamp;

pub(crate) use self::config::ExtendedConfig;
use self::config::Pattern;
use super::{hidden::Hidden, rotation::Rotation};

/// The types of managed secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// An account of `ApsaraDB` RDS.
    Rds,
    /// An account of Tair or Redis.
    Redis,
    /// An account of `PolarDB`.
    PolarDb,
    /// The access key of a RAM user.
    RamCredentials,
    /// A login of an ECS machine.
    Ecs,
}

impl Service {
    /// The word on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Rds => "Rds",
            Self::Redis => "Redis",
            Self::PolarDb => "PolarDB",
            Self::RamCredentials => "RAMCredentials",
            Self::Ecs => "ECS",
        }
    }

    /// The type of that word, in exactly this spelling.
    pub(crate) fn read(text: &str) -> Option<Self> {
        [Self::Rds, Self::Redis, Self::PolarDb, Self::RamCredentials, Self::Ecs]
            .into_iter()
            .find(|service| service.as_str() == text)
    }

    /// How the names of such secrets must begin; the others must not begin with `acs/`.
    pub(crate) fn name_prefix(self) -> Option<&'static str> {
        match self {
            Self::RamCredentials => Some("acs/ram/user/"),
            Self::Ecs => Some("acs/ecs/"),
            Self::Rds | Self::Redis | Self::PolarDb => None,
        }
    }
}

/// What a managed secret has beyond a generic one.
#[derive(Clone, Debug)]
pub(crate) struct Managed {
    pub(crate) service: Service,
    pub(crate) config: ExtendedConfig,
    pub(crate) rotation: Rotation,
}

/// The values that a new managed secret begins with.
pub(crate) struct FirstValues {
    pub(crate) current: Hidden,
    /// The second account of a pair.
    pub(crate) previous: Option<Hidden>,
}

impl ExtendedConfig {
    /// Makes the first values from the `SecretData` of `CreateSecret`; none if it has not the shape that the type asks for.
    pub(crate) fn first_values(&self, secret_data: &str, now: Timestamp) -> Option<FirstValues> {
        let mut values = match self.pattern() {
            Pattern::GivenAccounts { count } => value::given_accounts(secret_data, *count)?,
            Pattern::OwnAccounts { names } if secret_data == "$Auto" => {
                names.iter().map(|name| value::new_account(name)).collect()
            }
            Pattern::OwnAccounts { .. } => return None,
            Pattern::AccessKey => vec![value::given_access_key(secret_data, now)?],
            Pattern::Password | Pattern::KeyPair => {
                self.fits(secret_data).then(|| vec![Hidden::from(secret_data.to_owned())])?
            }
        }
        .into_iter();
        Some(FirstValues { current: values.next()?, previous: values.next() })
    }

    /// Whether a text has the shape that reading such a secret gives.
    pub(crate) fn fits(&self, data: &str) -> bool {
        value::renew(self.pattern(), data, Timestamp::UNIX_EPOCH).is_some()
    }

    /// Makes the value that follows: of a pair of accounts the one that is not current gets a new password.
    pub(crate) fn next_value(&self, current: &Hidden, previous: Option<&Hidden>, now: Timestamp) -> Hidden {
        let account = previous.filter(|_| self.pattern().is_pair()).unwrap_or(current);
        value::renew(self.pattern(), account.expose(), now)
            .expect("the shape was checked when the value was stored")
    }
}

#[cfg(test)]
#[path = "managed_tests.rs"]
mod tests;
