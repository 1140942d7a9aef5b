//! Who a credential stands for: what sessions, and what is read with them, are kept by.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{Claims, Source};
use crate::alicloud::{Credential, OidcProviderArn, RoleArn};
use crate::kubernetes::Name;
use crate::sensitive::Sensitive;

/// Two credentials of equal identities may do the same; anything else that decides about that belongs in here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// Whoever holds a long-lived key pair.
    KeyPair(Fingerprint),
    /// A role, become by presenting a token.
    Federated {
        /// Which.
        role: RoleArn,
        /// Who vouches.
        provider: OidcProviderArn,
        /// The pod's service account; none for the provider's own.
        account: Option<Name>,
        /// What the pod's token says.
        claims: Option<Claims>,
        /// Trust policies may look at it.
        session_name: String,
        /// What was asked for.
        seconds: Option<u32>,
    },
    /// A role, become by another identity.
    Assumed {
        /// Which other.
        by: Arc<Self>,
        /// Which role.
        role: RoleArn,
        /// What the role's trust policy may ask for.
        external_id: Option<String>,
        /// Trust policies may look at it.
        session_name: String,
        /// What was asked for.
        seconds: Option<u32>,
    },
    /// The node's instance.
    Instance {
        /// The role, if the operator named it.
        role: Option<String>,
    },
}

impl Identity {
    /// The metric label of sessions of this identity, which `source` is behind.
    pub(super) fn label(&self, source: Source) -> &'static str {
        match self {
            // The role that the operator's key pair assumes is a source; others are on top of one.
            Self::Assumed { by, .. } if source == Source::RamRole && matches!(**by, Self::KeyPair(_)) => {
                source.as_str()
            }
            Self::Assumed { .. } => "cross_account",
            _ => source.as_str(),
        }
    }

    /// Whether it stays the same, whatever the cloud's administrators do. The node's instance may be given another role.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::KeyPair(_) | Self::Federated { .. } | Self::Instance { role: Some(_) } => true,
            Self::Instance { role: None } => false,
            Self::Assumed { by, .. } => by.is_settled(),
        }
    }
}

/// Tells key pairs apart without being one: equal for equal pairs within a process, meaningless outside of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint")
    }
}

/// Takes fingerprints, with a key of its own.
#[derive(Debug)]
pub(crate) struct Fingerprints(Sensitive<[u8; 32]>);

impl Default for Fingerprints {
    fn default() -> Self {
        let mut key = [0; 32];
        key[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        key[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        Self(key.into())
    }
}

impl Fingerprints {
    /// The fingerprint of a key pair.
    pub(crate) fn of(&self, credential: &Credential) -> Fingerprint {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose()).expect("HMAC takes keys of any length");
        // The length keeps `ab` + `c` from being `a` + `bc`.
        mac.update(&(credential.access_key_id.len() as u64).to_be_bytes());
        mac.update(credential.access_key_id.as_bytes());
        mac.update(credential.access_key_secret.expose().as_bytes());
        Fingerprint(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(id: &str, secret: &str) -> Credential {
        Credential { access_key_id: id.to_owned(), access_key_secret: secret.into(), security_token: None }
    }

    #[test]
    fn the_same_key_id_with_another_secret_is_somebody_else() {
        let fingerprints = Fingerprints::default();
        let of = |id, secret| fingerprints.of(&credential(id, secret));
        assert_eq!(of("ab", "c"), of("ab", "c"));
        assert_ne!(of("ab", "c"), of("ab", "d"));
        assert_ne!(of("ab", "c"), of("a", "bc"));
    }

    #[test]
    fn a_fingerprint_means_nothing_to_another_process() {
        let pair = credential("ab", "c");
        assert_ne!(Fingerprints::default().of(&pair), Fingerprints::default().of(&pair));
    }
}
