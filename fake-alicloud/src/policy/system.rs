//! The policies that every account has from the cloud. It has hundreds; these are the ones that its products here need.
//!
//! From the list of system policies in the RAM console.

/// A policy of the cloud's own. It has one version, `v1`.
#[derive(Debug)]
pub(crate) struct SystemPolicy {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) document: &'static str,
}

/// All of them, by name.
pub(crate) const SYSTEM_POLICIES: &[SystemPolicy] = &[
    SystemPolicy {
        name: "AdministratorAccess",
        description: "Full access to all resources of the account.",
        document: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunKMSFullAccess",
        description: "Full access to KMS.",
        document: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunOOSFullAccess",
        description: "Full access to OOS.",
        document: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"oos:*","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunRAMFullAccess",
        description: "Full access to RAM.",
        document: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:*","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunSTSAssumeRoleAccess",
        description: "Assuming roles.",
        document: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}"#,
    },
];

/// The one of that name.
pub(crate) fn system_policy(name: &str) -> Option<&'static SystemPolicy> {
    SYSTEM_POLICIES.iter().find(|policy| policy.name == name)
}
