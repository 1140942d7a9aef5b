//! Names of resources that hold across accounts and regions.

use std::{fmt, str::FromStr};

use super::name::{AccountId, OidcProviderName, Region, RoleName, SecretName};

/// `acs:kms:<region>:<account>:secret/<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretArn {
    pub(crate) region: Region,
    pub(crate) account: AccountId,
    pub(crate) name: SecretName,
}

/// The text is not the ARN of a secret.
#[derive(Debug, thiserror::Error)]
#[error("not of the form acs:kms:<region>:<account>:secret/<name>")]
pub(crate) struct ArnError;

/// Defines the ARN of something that RAM keeps; it has no region.
macro_rules! ram_arn {
    ($(#[$doc:meta])* $type:ident, $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) struct $type {
            pub(crate) account: AccountId,
            pub(crate) name: $name,
        }

        impl FromStr for $type {
            type Err = RamArnError;

            fn from_str(text: &str) -> Result<Self, RamArnError> {
                let read = |text: &str| {
                    let (account, rest) = text.strip_prefix("acs:ram::")?.split_once(':')?;
                    let name = rest.strip_prefix(concat!($kind, "/"))?;
                    Some(Self { account: account.parse().ok()?, name: name.parse().ok()? })
                };
                read(text).ok_or(RamArnError($kind))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!("acs:ram::{}:", $kind, "/{}"), self.account, self.name)
            }
        }
    };
}

ram_arn!(
    /// `acs:ram::<account>:role/<name>`.
    RoleArn,
    RoleName,
    "role"
);
ram_arn!(
    /// `acs:ram::<account>:oidc-provider/<name>`.
    OidcProviderArn,
    OidcProviderName,
    "oidc-provider"
);

/// The text is not the ARN of that kind of thing.
#[derive(Debug, thiserror::Error)]
#[error("not of the form acs:ram::<account>:{0}/<name>")]
pub(crate) struct RamArnError(&'static str);

impl FromStr for SecretArn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        let mut parts = text.strip_prefix("acs:kms:").ok_or(ArnError)?.splitn(3, ':');
        let region = parts.next().and_then(|part| part.parse().ok()).ok_or(ArnError)?;
        let account = parts.next().and_then(|part| part.parse().ok()).ok_or(ArnError)?;
        let name =
            parts.next().and_then(|part| part.strip_prefix("secret/")?.parse().ok()).ok_or(ArnError)?;
        Ok(Self { region, account, name })
    }
}

impl fmt::Display for SecretArn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "acs:kms:{}:{}:secret/{}", self.region, self.account, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_survives_a_round_trip() {
        let text = "acs:kms:cn-hangzhou:1234567890123456:secret/db/password";
        let arn: SecretArn = text.parse().expect("the documented form");
        assert_eq!(arn.name.as_ref(), "db/password");
        assert_eq!(arn.to_string(), text);
    }

    #[rstest::rstest]
    #[case("db/password")]
    #[case("acs:kms:cn-hangzhou:1234567890123456:key/db")]
    #[case("acs:oos:cn-hangzhou:1234567890123456:secret/db")]
    #[case("acs:kms:*:1234567890123456:secret/db")]
    #[case("acs:kms:cn-hangzhou::secret/db")]
    #[case("acs:kms:cn-hangzhou:1234567890123456:secret/")]
    fn anything_else_is_no_arn(#[case] text: &str) {
        assert!(text.parse::<SecretArn>().is_err());
    }

    #[rstest::rstest]
    #[case("acs:ram::1:role/app", true)]
    #[case("acs:ram::1:role/", false)]
    #[case("acs:ram:cn-hangzhou:1:role/app", false)]
    #[case("acs:ram::one:role/app", false)]
    #[case("acs:ram::1:user/app", false)]
    #[case("app", false)]
    fn roles_have_an_arn_without_a_region(#[case] text: &str, #[case] fits: bool) {
        let arn = text.parse::<RoleArn>();
        assert_eq!(arn.map(|arn| arn.to_string()).ok().as_deref(), fits.then_some(text));
    }

    #[test]
    fn a_provider_has_an_arn_of_its_own() {
        let text = "acs:ram::1:oidc-provider/ack-rrsa-c1";
        assert_eq!(text.parse::<OidcProviderArn>().expect("an ARN").to_string(), text);
        assert!(text.parse::<RoleArn>().is_err());
    }
}
