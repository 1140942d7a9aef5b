//! Policies as written: what their authors may say. The text is kept as it came.

use serde::{Deserialize, Serialize};

use super::Context;
use crate::state::account::Principal;

/// A text that is no policy, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct PolicyError {
    pub(crate) problem: String,
}

macro_rules! policy_text {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub(crate) struct $type(String);

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = PolicyError;

            fn try_from(text: String) -> Result<Self, PolicyError> {
                match serde_json::from_str::<serde_json::Value>(&text) {
                    Ok(_) => Ok(Self(text)),
                    Err(error) => Err(PolicyError { problem: error.to_string() }),
                }
            }
        }

        impl From<$type> for String {
            fn from(policy: $type) -> Self {
                policy.0
            }
        }
    };
}

policy_text!(
    /// What the identity that has it may do: a system or custom policy, or that of a session. No statement has a principal.
    IdentityPolicy
);
policy_text!(
    /// Who may do what with the resource that has it, such as a secret.
    ResourcePolicy
);
policy_text!(
    /// Who may become the role that has it.
    TrustPolicy
);

/// Who wants to become a role.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Assumer<'a> {
    /// A caller with a signature.
    Ram(&'a Principal),
    /// The bearer of a token of an OIDC provider, by the provider's ARN.
    Federated(&'a str),
    /// A service of the cloud, such as `ecs.aliyuncs.com`.
    Service(&'a str),
}

impl TrustPolicy {
    /// Whether the role lets them, as far as it is asked: a caller with a signature must be allowed by their own policies too.
    pub(crate) fn admits(&self, _assumer: Assumer<'_>, _context: &Context) -> bool {
        true
    }
}
