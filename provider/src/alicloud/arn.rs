//! Names of resources that hold across accounts and regions.

use std::fmt;
use std::str::FromStr;

use super::Region;

/// `acs:kms:<region>:<account>:secret/<name>`: a secret, in whichever account it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretArn {
    text: String,
    region: Region,
}

impl SecretArn {
    /// The region that the secret is in.
    pub fn region(&self) -> &Region {
        &self.region
    }
}

impl fmt::Display for SecretArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for SecretArn {
    type Err = NotAnArn;

    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let mut parts = text.strip_prefix("acs:kms:").ok_or(NotAnArn)?.splitn(3, ':');
        let region = parts.next().and_then(|part| part.parse().ok()).ok_or(NotAnArn)?;
        let account = parts.next().is_some_and(is_account);
        let name = parts.next().and_then(|part| part.strip_prefix("secret/"));
        if account && name.is_some_and(is_plain) {
            Ok(Self { text: text.to_owned(), region })
        } else {
            Err(NotAnArn)
        }
    }
}

/// `acs:ram::<account>:role/<name>`: a role, in whichever account it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoleArn(String);

impl RoleArn {
    /// The ARN as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RoleArn {
    type Err = NotAnArn;

    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let (account, role) =
            text.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(':')).ok_or(NotAnArn)?;
        let name = role.strip_prefix("role/").ok_or(NotAnArn)?;
        let well_formed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if is_account(account) && (1..=64).contains(&name.len()) && name.bytes().all(well_formed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnArn)
        }
    }
}

/// `acs:ram::<account>:oidc-provider/<name>`: what an account knows an issuer of tokens as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OidcProviderArn(String);

impl OidcProviderArn {
    /// The provider that RRSA makes for a cluster, in the cluster's account.
    pub fn of_cluster(account: &str, cluster: &str) -> Result<Self, NotAnArn> {
        format!("acs:ram::{account}:oidc-provider/ack-rrsa-{cluster}").parse()
    }

    /// The ARN as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OidcProviderArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OidcProviderArn {
    type Err = NotAnArn;

    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let (account, provider) =
            text.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(':')).ok_or(NotAnArn)?;
        let name = provider.strip_prefix("oidc-provider/").ok_or(NotAnArn)?;
        let well_formed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if is_account(account) && (1..=128).contains(&name.len()) && name.bytes().all(well_formed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnArn)
        }
    }
}

/// The text has another form. Who reads it knows which form was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnArn;

fn is_account(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(|character: char| character.is_control() || character.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn the_arn_of_a_secret_tells_its_region() {
        let text = "acs:kms:cn-beijing:1234567890123456:secret/db/password";
        let arn: SecretArn = text.parse().unwrap();
        assert_eq!((arn.to_string().as_str(), arn.region().as_str()), (text, "cn-beijing"));
    }

    #[rstest]
    #[case("acs:kms:cn-beijing:1234567890123456:key/db")]
    #[case("acs:kms::1234567890123456:secret/db")]
    #[case("acs:kms:*:1234567890123456:secret/db")]
    #[case("acs:kms:cn-beijing:*:secret/db")]
    #[case("acs:kms:cn-beijing:1234567890123456:secret/")]
    #[case("acs:kms:cn-beijing:1234567890123456:secret/a b")]
    #[case("acs:oos:cn-beijing:1234567890123456:secret/db")]
    #[case("acs:kms:cn-beijing")]
    fn other_texts_name_no_secret(#[case] text: &str) {
        assert_eq!(text.parse::<SecretArn>(), Err(NotAnArn));
    }

    #[test]
    fn the_provider_of_a_cluster_is_named_after_it() {
        let arn = OidcProviderArn::of_cluster("1234567890123456", "c0ffee").unwrap();
        assert_eq!(arn.as_str(), "acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0ffee");
        assert_eq!(OidcProviderArn::of_cluster("1234567890123456", "c0/ffee"), Err(NotAnArn));
        assert_eq!("acs:ram::1234567890123456:role/x".parse::<OidcProviderArn>(), Err(NotAnArn));
    }

    #[rstest]
    #[case("acs:ram::1234567890123456:role/reader", true)]
    #[case("acs:ram::1234567890123456:role/Reader-2.a_b", true)]
    #[case("acs:ram::1234567890123456:user/reader", false)]
    #[case("acs:ram:cn-beijing:1234567890123456:role/reader", false)]
    #[case("acs:ram::*:role/reader", false)]
    #[case("acs:ram::1234567890123456:role/", false)]
    #[case("acs:ram::1234567890123456:role/a/b", false)]
    #[case("reader", false)]
    fn a_role_is_named_by_account_and_name(#[case] text: &str, #[case] accepted: bool) {
        assert_eq!(text.parse::<RoleArn>().is_ok(), accepted);
    }
}
