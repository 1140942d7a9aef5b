//! The cloud's own policies, as many as the products that are played have use for.
//!
//! Names and rights are those of the pages `AliyunKMSFullAccess`, `AliyunKMSSecretUserAccess` and so on in the RAM
//! documentation, reduced to the products that are played.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::IdentityPolicy;

/// A policy that every account can attach and none can change.
#[derive(Debug)]
pub(crate) struct SystemPolicy {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) document: IdentityPolicy,
}

/// All of them, by name.
pub(crate) fn system_policies() -> &'static [SystemPolicy] {
    &*POLICIES
}

/// The one of that name.
pub(crate) fn system_policy(name: &str) -> Option<&'static SystemPolicy> {
    POLICIES.iter().find(|policy| policy.name == name)
}

static POLICIES: LazyLock<[SystemPolicy; 7]> = LazyLock::new(|| {
    [
        policy("AdministratorAccess", "Everything in all products", &json!(["*"])),
        policy(
            "AliyunKMSCryptoUserAccess",
            "Encryption and decryption with the keys of KMS",
            &json!([
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:AsymmetricDecrypt",
                "kms:AsymmetricEncrypt",
                "kms:AsymmetricSign",
                "kms:AsymmetricVerify",
                "kms:GetPublicKey",
            ]),
        ),
        policy("AliyunKMSFullAccess", "Everything in KMS", &json!(["kms:*"])),
        policy(
            "AliyunKMSSecretUserAccess",
            "Reading the secrets of KMS",
            &json!(["kms:GetSecretValue", "kms:DescribeSecret", "kms:ListSecretVersionIds"]),
        ),
        policy("AliyunOOSFullAccess", "Everything in OOS", &json!(["oos:*"])),
        policy("AliyunRAMFullAccess", "Everything in RAM and IMS", &json!(["ram:*", "ims:*"])),
        policy(
            "AliyunSTSAssumeRoleAccess",
            "Assuming every role that admits one",
            &json!(["sts:AssumeRole"]),
        ),
    ]
});

fn policy(name: &'static str, description: &'static str, actions: &Value) -> SystemPolicy {
    let document = json!({
        "Version": "1",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
    });
    let document = document.to_string().try_into().expect("a policy of the right form");
    SystemPolicy { name, description, document }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name_and_by_no_other() {
        for policy in system_policies() {
            assert_eq!(system_policy(policy.name).map(|found| &found.document), Some(&policy.document));
        }
        assert!(system_policies().is_sorted_by_key(|policy| policy.name));
        assert!(system_policy("aliyunkmsfullaccess").is_none());
    }
}
