//! The words of the cloud that obey a rule: parsed once, correct ever after.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A text that breaks the rule of its kind. It does not repeat the text, which may be anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be {rule}")]
pub(crate) struct NameError {
    kind: &'static str,
    rule: &'static str,
}

impl NameError {
    pub(super) fn new(kind: &'static str, rule: &'static str) -> Self {
        Self { kind, rule }
    }
}

/// Defines a checked text: its kind and rule in words, and the check itself.
macro_rules! checked_text {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[serde(try_from = "String")]
        pub(crate) struct $type(String);

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                let check: fn(&str) -> bool = $check;
                if check(&text) { Ok(Self(text)) } else { Err(NameError::new($kind, $rule)) }
            }
        }

        impl std::str::FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::try_from(text.to_owned())
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": concat!($kind, ": ", $rule) })
            }
        }
    };
}

checked_text!(
    /// The number that names an account.
    AccountId,
    "an account id",
    "1 to 32 digits",
    |text| (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
);

checked_text!(
    /// A region; any that looks like one, since the list grows.
    Region,
    "a region",
    "lower-case letters, digits and hyphens, such as cn-hangzhou",
    |text| {
        (1..=64).contains(&text.len())
            && !text.starts_with('-')
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    }
);

checked_text!(
    /// The name of a RAM user.
    UserName,
    "a user name",
    "1 to 64 letters, digits, '.', '_' or '-'",
    |text| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    }
);

checked_text!(
    /// The name of a RAM role.
    RoleName,
    "a role name",
    "1 to 64 letters, digits, '.', '_' or '-'",
    |text| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    }
);

checked_text!(
    /// What a caller calls a session of a role.
    RoleSessionName,
    "a role session name",
    "2 to 64 letters, digits or any of '. @ - _'",
    |text| {
        (2..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte))
    }
);

checked_text!(
    /// The name of a policy, the cloud's or an account's own.
    PolicyName,
    "a policy name",
    "1 to 128 letters, digits or hyphens",
    |text| {
        (1..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    }
);

checked_text!(
    /// The name of an OIDC provider.
    OidcProviderName,
    "an OIDC provider name",
    "1 to 128 letters, digits or any of '. - _', not a sign at either end",
    |text| {
        let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        (1..=128).contains(&text.len())
            && is_letter(text.as_bytes().first())
            && is_letter(text.as_bytes().last())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    }
);

checked_text!(
    /// Where the issuer of OIDC tokens is.
    IssuerUrl,
    "the URL of an issuer",
    "a URL of at most 255 characters that begins with https:// and has no '?', '#' or '@'",
    |text| {
        (1..=255).contains(&text.len())
            && text.starts_with("https://")
            && !text.contains(['?', '#', '@'])
            && text.parse::<http::Uri>().is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()))
    }
);

checked_text!(
    /// Whom a token of an OIDC issuer may be for.
    ClientId,
    "a client id",
    "1 to 128 letters, digits or any of '. - _ : /', the first a letter or digit",
    |text| {
        (1..=128).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:/".contains(&byte))
    }
);

checked_text!(
    /// The digest of a certificate.
    Fingerprint,
    "a fingerprint",
    "1 to 128 letters or digits",
    |text| (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
);

checked_text!(
    /// The number that names a user or role for ever.
    IdentityId,
    "the id of a user or role",
    "1 to 32 digits",
    |text| (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
);

checked_text!(
    /// The public half of an access key.
    AccessKeyId,
    "an access key id",
    "1 to 128 letters, digits, '.', '_' or '-'",
    |text| {
        (1..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    }
);

checked_text!(
    /// The name of a secret, without account and region.
    SecretName,
    "a secret name",
    "1 to 192 letters, digits or any of '_ / + = . - @' (64 with Chinese characters)",
    |text| {
        let latin = |c: char| c.is_ascii_alphanumeric() || "_/+=.-@".contains(c);
        let limit = if text.chars().all(latin) { 192 } else { 64 };
        (1..=limit).contains(&text.chars().count()) && text.chars().all(|c| latin(c) || is_chinese(c))
    }
);

checked_text!(
    /// The caller's name for one version of a secret.
    VersionId,
    "a version id",
    "1 to 64 characters",
    |text| (1..=64).contains(&text.chars().count())
);

checked_text!(
    /// The id of a dedicated KMS instance.
    InstanceId,
    "an instance id",
    "kst- and 1 to 60 lower-case letters, digits or hyphens",
    |text| {
        text.strip_prefix("kst-").is_some_and(|rest| {
            (1..=60).contains(&rest.len())
                && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
    }
);

checked_text!(
    /// The version of the software on a dedicated instance.
    ImageVersion,
    "an image version",
    "three numbers with dots between them, such as 3.0.0",
    |text| {
        let mut numbers = text.split('.').map(|part| part.parse::<u16>().is_ok());
        (numbers.next(), numbers.next(), numbers.next(), numbers.next())
            == (Some(true), Some(true), Some(true), None)
    }
);

impl ImageVersion {
    /// The first of the three numbers.
    pub(crate) fn major(&self) -> u16 {
        self.0.split('.').next().and_then(|part| part.parse().ok()).unwrap_or_default()
    }
}

checked_text!(
    /// The id of a KMS key.
    KeyId,
    "a key id",
    "1 to 64 letters, digits or hyphens",
    |text| {
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    }
);

checked_text!(
    /// A name for a KMS key that can move to another.
    KeyAlias,
    "a key alias",
    "alias/ and 1 to 249 letters, digits or any of '_ / -'",
    |text| {
        text.strip_prefix("alias/").is_some_and(|rest| {
            (1..=249).contains(&rest.len())
                && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_/-".contains(&byte))
        })
    }
);

/// The CJK Unified Ideographs, with extension A: what the console's "Chinese characters" covers in practice.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("db/pass_word+1=a.b-c@d", true)]
    #[case(&"n".repeat(192), true)]
    #[case(&"n".repeat(193), false)]
    #[case(&"密".repeat(64), true)]
    #[case(&"密".repeat(65), false)]
    #[case("", false)]
    #[case("with blank", false)]
    #[case("star*", false)]
    #[case("acs:kms", false)]
    fn secret_names_follow_the_published_rule(#[case] text: &str, #[case] allowed: bool) {
        assert_eq!(text.parse::<SecretName>().is_ok(), allowed);
    }

    #[rstest::rstest]
    #[case("https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c123", true)]
    #[case("https://issuer.example:8443", true)]
    #[case("http://issuer.example", false)]
    #[case("https://", false)]
    #[case("https:///path", false)]
    #[case("https://issuer.example/?a=b", false)]
    #[case("https://issuer.example/#a", false)]
    #[case("https://user@issuer.example", false)]
    #[case("https://issuer.example/with blank", false)]
    #[case(&format!("https://issuer.example/{}", "p".repeat(232)), true)]
    #[case(&format!("https://issuer.example/{}", "p".repeat(233)), false)]
    fn issuer_urls_follow_the_published_rule(#[case] text: &str, #[case] allowed: bool) {
        assert_eq!(text.parse::<IssuerUrl>().is_ok(), allowed);
    }

    #[rstest::rstest]
    #[case("sts.aliyuncs.com", true)]
    #[case("api://a/b_c-d", true)]
    #[case(":a", false)]
    #[case("a,b", false)]
    #[case("", false)]
    #[case(&"c".repeat(128), true)]
    #[case(&"c".repeat(129), false)]
    fn client_ids_follow_the_published_rule(#[case] text: &str, #[case] allowed: bool) {
        assert_eq!(text.parse::<ClientId>().is_ok(), allowed);
    }

    #[test]
    fn version_ids_end_at_64_characters() {
        assert!("版".repeat(64).parse::<VersionId>().is_ok());
        assert!("v".repeat(65).parse::<VersionId>().is_err());
        assert!("".parse::<VersionId>().is_err());
    }

    #[test]
    fn a_refusal_states_the_rule_and_not_the_text() {
        let error = "UPPER".parse::<Region>().expect_err("upper case");
        assert_eq!(
            error.to_string(),
            "a region must be lower-case letters, digits and hyphens, such as cn-hangzhou"
        );
    }
}
