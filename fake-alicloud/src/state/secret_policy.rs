//! The policy of a secret in an instance: its shape. What it allows is decided elsewhere.
//!
//! From `SetSecretPolicy` in the KMS API reference.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::name::{AccountId, NameError};

const MAX_BYTES: usize = 32_768;
const MAX_SID_CHARACTERS: usize = 128;

/// The text of a policy that obeys the grammar.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub(crate) struct SecretPolicy(String);

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
        Self(policy.to_string())
    }
}

impl AsRef<str> for SecretPolicy {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SecretPolicy {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        let policy: Option<Policy> = serde_json::from_str(&text).ok();
        let fits = text.len() <= MAX_BYTES && policy.is_some_and(|policy| policy.obeys());
        let rule = "JSON of up to 32768 bytes with Version 1 and statements of Effect, Principal, Action and Resource";
        if fits { Ok(Self(text)) } else { Err(NameError::new("a secret policy", rule)) }
    }
}

impl From<SecretPolicy> for String {
    fn from(policy: SecretPolicy) -> Self {
        policy.0
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    version: String,
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(default)]
    sid: String,
    effect: Effect,
    principal: Principal,
    action: OneOrMany,
    resource: OneOrMany,
    #[serde(default, rename = "Condition")]
    _condition: Map<String, Value>,
}

#[derive(Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Principal {
    #[serde(rename = "RAM")]
    ram: OneOrMany,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn all(&self, obeys: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::One(text) => obeys(text),
            Self::Many(texts) => !texts.is_empty() && texts.iter().all(|text| obeys(text)),
        }
    }
}

impl Policy {
    fn obeys(&self) -> bool {
        self.version == "1" && !self.statement.is_empty() && self.statement.iter().all(Statement::obeys)
    }
}

impl Statement {
    fn obeys(&self) -> bool {
        // The published example has blanks in its Sid, which the rule beside it forgets.
        let named = |c: char| c.is_ascii_alphanumeric() || "_/+=.@- ".contains(c);
        let (Effect::Allow | Effect::Deny) = self.effect;
        self.sid.chars().count() <= MAX_SID_CHARACTERS
            && self.sid.chars().all(named)
            && self.principal.ram.all(|principal| principal.starts_with("acs:ram::"))
            && self.action.all(|action| action.starts_with("kms:"))
            && self.resource.all(|resource| resource == "*")
    }
}

#[cfg(test)]
mod tests {
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
