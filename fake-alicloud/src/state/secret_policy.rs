//! The policy of a secret in an instance: a resource's policy with some rules more.
//!
//! From `SetSecretPolicy` in the KMS API reference.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::name::AccountId;
use crate::policy::{PolicyError, ResourcePolicy, ResourceStatement};

const MAX_BYTES: usize = 32_768;
const MAX_SID_CHARACTERS: usize = 128;

/// A policy that KMS takes for a secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub(crate) struct SecretPolicy(ResourcePolicy);

impl SecretPolicy {
    /// What holds for a secret whose owner said nothing: the account decides.
    pub(crate) fn of_account(account: &AccountId) -> Self {
        let policy = json!({
            "Version": "1",
            "Statement": [{
                "Sid": "kms default secret policy",
                "Effect": "Allow",
                "Principal": { "RAM": [format!("acs:ram::{account}:*")] },
                "Action": ["kms:*"],
                "Resource": ["*"],
            }],
        });
        Self(policy.to_string().try_into().expect("a policy of the right form"))
    }

    /// What it says, for a decision.
    pub(crate) fn rules(&self) -> &ResourcePolicy {
        &self.0
    }
}

impl AsRef<str> for SecretPolicy {
    fn as_ref(&self) -> &str {
        self.0.as_ref()
    }
}

impl TryFrom<String> for SecretPolicy {
    type Error = PolicyError;

    fn try_from(text: String) -> Result<Self, PolicyError> {
        if text.len() > MAX_BYTES {
            return Err(PolicyError { problem: format!("it has more than {MAX_BYTES} bytes") });
        }
        let policy = ResourcePolicy::try_from(text)?;
        for (statement, number) in policy.statements().zip(1..) {
            check(statement)
                .map_err(|problem| PolicyError { problem: format!("statement {number}: {problem}") })?;
        }
        Ok(Self(policy))
    }
}

impl From<SecretPolicy> for String {
    fn from(policy: SecretPolicy) -> Self {
        policy.0.into()
    }
}

/// The rules that KMS has beside those of every policy.
fn check(statement: ResourceStatement<'_>) -> Result<(), &'static str> {
    // The published example has blanks in its Sid, which the rule beside it forgets.
    let named = |c: char| c.is_ascii_alphanumeric() || "_/+=.@- ".contains(c);
    let sid = statement.sid();
    if sid.chars().count() > MAX_SID_CHARACTERS || !sid.chars().all(named) {
        return Err("its Sid must be up to 128 letters, digits, blanks or any of '_ / + = . @ -'");
    }
    if !statement.is_for_ram() {
        return Err("its Principal must be of the kind RAM");
    }
    if !statement.actions().all(|action| action.starts_with("kms:")) {
        return Err("its actions must be of kms");
    }
    if !statement.resources().all(|resource| resource == "*") {
        return Err("its Resource must be *");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn statement() -> Value {
        json!({
            "Sid": "Enable RAM User Permissions",
            "Effect": "Allow",
            "Principal": { "RAM": ["acs:ram::1:*"] },
            "Action": ["kms:*"],
            "Resource": ["*"],
        })
    }

    fn is_policy(version: &str, statement: &Value) -> bool {
        SecretPolicy::try_from(json!({ "Version": version, "Statement": [statement] }).to_string()).is_ok()
    }

    #[test]
    fn the_published_example_and_the_default_are_policies() {
        assert!(is_policy("1", &statement()));
        let default = SecretPolicy::of_account(&"1".parse().expect("an id"));
        assert!(SecretPolicy::try_from(String::from(default)).is_ok());
    }

    #[rstest::rstest]
    #[case("Sid", json!("semi;colon"))]
    #[case("Sid", json!("s".repeat(129)))]
    #[case("Effect", json!("Maybe"))]
    #[case("Principal", json!({ "Service": ["ecs.aliyuncs.com"] }))]
    #[case("Principal", json!({ "RAM": [] }))]
    #[case("Action", json!(["oss:*"]))]
    #[case("Resource", json!(["acs:kms:*:*:secret/a"]))]
    #[case("Condition", json!("none"))]
    #[case("Extra", json!("field"))]
    fn a_wrong_field_makes_it_no_policy(#[case] field: &str, #[case] value: Value) {
        let mut statement = statement();
        statement[field] = value;
        assert!(!is_policy("1", &statement));
    }

    #[test]
    fn only_version_1_is_known() {
        assert!(!is_policy("2", &statement()));
        assert!(SecretPolicy::try_from("{}".to_owned()).is_err());
        assert!(SecretPolicy::try_from(format!("{{}}{}", " ".repeat(MAX_BYTES))).is_err());
    }
}
