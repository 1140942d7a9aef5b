//! The public keys of issuers, as their key sets have them (RFC 7517, RFC 7518).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::key::Algorithm;

/// A key that verifies tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey {
    id: Option<String>,
    material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The uncompressed form: 4, then both coordinates.
    P256 {
        point: Vec<u8>,
    },
}

/// A text that is no set of keys, or has one that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use it as a key set: {0}")]
pub(crate) struct JwkError(&'static str);

const SET: &str = "expected `keys`, a list of at least one key";
const KIND: &str = "expected keys of kind RSA, or EC with the curve P-256";
const NUMBERS: &str = "expected `n` of 2048 to 8192 bits and `e`, or `x` and `y` of 32 bytes, in Base64 for URLs without padding";
const PRIVATE: &str = "expected public keys: take `d` and what goes with it out";
const ALGORITHM: &str = "expected no `alg`, or that of the key's kind, RS256 or ES256";

impl PublicKey {
    /// A key whose name follows from it (RFC 7638).
    pub(super) fn of(material: Material) -> Self {
        let unnamed = Self { id: None, material };
        // The members that make the key, in the order of their names.
        let mut members = unnamed.jwk();
        members.as_object_mut().expect("an object").retain(|name, _| !matches!(&**name, "alg" | "use"));
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(members.to_string()));
        Self { id: Some(id), ..unnamed }
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Rsa { .. } => Algorithm::Rs256,
            Material::P256 { .. } => Algorithm::Es256,
        }
    }

    /// Reads a key set.
    pub(crate) fn set(set: &Value) -> Result<Vec<Self>, JwkError> {
        let keys = set["keys"].as_array().filter(|keys| !keys.is_empty()).ok_or(JwkError(SET))?;
        keys.iter().map(Self::read).collect()
    }

    fn read(jwk: &Value) -> Result<Self, JwkError> {
        if jwk.get("d").is_some() || jwk.get("k").is_some() {
            return Err(JwkError(PRIVATE));
        }
        let number = |name: &str| jwk[name].as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let coordinate = |name: &str| number(name).filter(|bytes| bytes.len() == 32);
        let material = match (jwk["kty"].as_str(), jwk["crv"].as_str()) {
            (Some("RSA"), _) => {
                let n = number("n").filter(|n| (256..=1024).contains(&n.len()) && n[0] >= 0x80);
                let e = number("e").filter(|e| (1..=4).contains(&e.len()));
                n.zip(e).map(|(n, e)| Material::Rsa { n, e })
            }
            (Some("EC"), Some("P-256")) => coordinate("x").zip(coordinate("y")).map(|(x, y)| {
                let point = [&[4], &*x, &*y].concat();
                Material::P256 { point }
            }),
            _ => return Err(JwkError(KIND)),
        };
        let key =
            Self { id: jwk["kid"].as_str().map(str::to_owned), material: material.ok_or(JwkError(NUMBERS))? };
        match jwk.get("alg") {
            Some(name) if *name != key.algorithm().name() => Err(JwkError(ALGORITHM)),
            _ => Ok(key),
        }
    }

    /// The key as a key set has it.
    pub(crate) fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.material {
            Material::Rsa { n, e } => json!({ "e": encode(e), "kty": "RSA", "n": encode(n) }),
            Material::P256 { point } => {
                json!({ "crv": "P-256", "kty": "EC", "x": encode(&point[1..33]), "y": encode(&point[33..]) })
            }
        };
        jwk["alg"] = json!(self.algorithm().name());
        jwk["use"] = json!("sig");
        if let Some(id) = &self.id {
            jwk["kid"] = json!(id);
        }
        jwk
    }

    /// Whether the key's owner signed that.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rsa { n, e } => {
                PublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            Material::P256 { point } => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7638, section 3.1, with the name that it derives.
    const MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

    fn rsa() -> Value {
        json!({ "kty": "RSA", "n": MODULUS, "e": "AQAB" })
    }

    #[test]
    fn a_keys_name_is_its_thumbprint() {
        let [key] = PublicKey::set(&json!({ "keys": [rsa()] })).expect("a set").try_into().expect("one key");
        let named = PublicKey::of(key.material);
        assert_eq!(named.id(), Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
        let again = PublicKey::set(&json!({ "keys": [named.jwk()] })).expect("a set");
        assert_eq!(again, [named]);
    }

    #[rstest::rstest]
    #[case(json!([]), SET)]
    #[case(json!({ "keys": [] }), SET)]
    #[case(json!({ "keys": [7] }), KIND)]
    #[case(json!({ "keys": [{ "kty": "EC", "crv": "P-384", "x": "", "y": "" }] }), KIND)]
    #[case(json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA" }] }), NUMBERS)]
    #[case(json!({ "keys": [{ "kty": "RSA", "n": "AQAB", "e": "AQAB" }] }), NUMBERS)]
    #[case(json!({ "keys": [{ "kty": "RSA", "n": format!("{MODULUS}="), "e": "AQAB" }] }), NUMBERS)]
    #[case(json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] }), PRIVATE)]
    #[case(json!({ "keys": [{ "kty": "RSA", "n": MODULUS, "e": "AQAB", "d": "AAAA" }] }), PRIVATE)]
    #[case(json!({ "keys": [{ "kty": "RSA", "n": MODULUS, "e": "AQAB", "alg": "PS256" }] }), ALGORITHM)]
    fn what_cannot_verify_is_refused(#[case] set: Value, #[case] reason: &str) {
        assert_eq!(PublicKey::set(&set).expect_err("no set").0, reason);
    }
}
