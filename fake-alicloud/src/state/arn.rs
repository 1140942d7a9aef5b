//! Names of resources that hold across accounts and regions.

use std::{fmt, str::FromStr};

use super::name::{AccountId, Region, SecretName};

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
}
