//! The private keys of issuers that the fake plays.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    rsa,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaPublicKeyComponents,
    },
};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    public_key::{Material, PublicKey},
    rsa::generate,
};

/// How an issuer signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSA with SHA-256, as clusters do. A new key takes some tenths of a second.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA over P-256 with SHA-256. A new key takes no time.
    #[serde(rename = "ES256")]
    Es256,
}

impl Algorithm {
    /// Its name in tokens and key sets.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// Finds one by its name, whose case matters.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Es256].into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// A key that signs tokens. A clone is the same key.
#[derive(Clone)]
pub(crate) struct SigningKey {
    pair: Arc<Pair>,
    public: PublicKey,
    pkcs8: Arc<[u8]>,
}

enum Pair {
    Rsa(Box<rsa::KeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
}

/// A private key that cannot be used. The reason tells nothing of the key.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot use it as a private key: expected PEM with a PKCS #8 key of RSA (2048 bits or more) or of P-256"
)]
pub(crate) struct KeyError;

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKey").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// A key that nobody had before.
    pub(crate) fn generate(algorithm: Algorithm) -> Self {
        let pkcs8 = match algorithm {
            Algorithm::Rs256 => generate(),
            Algorithm::Es256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                    .expect("the system has a source of randomness")
                    .as_ref()
                    .to_vec()
            }
        };
        Self::read(pkcs8).expect("just made")
    }

    /// A key of a test's own, in PEM.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError)?;
        Self::read(der.secret_pkcs8_der().to_vec())
    }

    fn read(pkcs8: Vec<u8>) -> Result<Self, KeyError> {
        if let Ok(pair) = rsa::KeyPair::from_pkcs8(&pkcs8) {
            let RsaPublicKeyComponents { n, e } = pair.public().into();
            let public = PublicKey::of(Material::Rsa { n, e });
            return Ok(Self { pair: Arc::new(Pair::Rsa(Box::new(pair))), public, pkcs8: pkcs8.into() });
        }
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &random)
            .map_err(|_| KeyError)?;
        let public = PublicKey::of(Material::P256 { point: pair.public_key().as_ref().to_vec() });
        Ok(Self { pair: Arc::new(Pair::Ecdsa(Box::new(pair))), public, pkcs8: pkcs8.into() })
    }

    /// Its name in the headers of tokens, which follows from the key.
    pub(crate) fn id(&self) -> &str {
        self.public.id().expect("a key of ours is named")
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key itself, for exports.
    pub(crate) fn to_pem(&self) -> String {
        let text = STANDARD.encode(&self.pkcs8);
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("room for a signature");
                signature
            }
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&random, message);
                signature.expect("the system has a source of randomness").as_ref().to_vec()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(Algorithm::Rs256)]
    #[case(Algorithm::Es256)]
    fn a_key_comes_back_from_its_pem_and_signs_alike(#[case] algorithm: Algorithm) {
        let key = SigningKey::generate(algorithm);
        let again = SigningKey::from_pem(&key.to_pem()).expect("a key");
        assert_eq!((again.id(), again.algorithm()), (key.id(), algorithm));
        assert!(key.public().verifies(b"message", &again.sign(b"message")));
        assert!(!key.public().verifies(b"other", &again.sign(b"message")));
    }

    #[test]
    fn anything_else_is_no_key_and_debug_shows_none() {
        assert!(
            SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_err()
        );
        assert!(SigningKey::from_pem("").is_err());
        let key = SigningKey::generate(Algorithm::Es256);
        assert_eq!(format!("{key:?}"), format!("SigningKey {{ id: {:?}, .. }}", key.id()));
    }
}
