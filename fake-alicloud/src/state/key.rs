//! KMS keys: who owns them, whether they may be used, and what they encrypt.

use std::{collections::BTreeMap, str::FromStr};

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use super::name::{AccountId, InstanceId, KeyAlias, KeyId, NameError, Region};
use crate::random;

/// A symmetric key, `Aliyun_AES_256`; its id is the key of the map that holds it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) state: KeyState,
    pub(crate) alias: Option<KeyAlias>,
    pub(crate) instance: Option<InstanceId>,
    /// When it will be gone, if it is `PendingDeletion`.
    pub(crate) planned_deletion: Option<Timestamp>,
}

/// Whether a key may be used: only `Enabled` ones may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum KeyState {
    /// It may.
    #[default]
    Enabled,
    /// Its owner switched it off.
    Disabled,
    /// It waits for its end.
    PendingDeletion,
    /// It waits for its material.
    PendingImport,
}

/// A key as a caller names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyReference {
    /// Region and owner, if the caller gave an ARN.
    pub(crate) place: Option<(Region, AccountId)>,
    pub(crate) name: KeyName,
}

/// The part of a reference that names the key within its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyName {
    Id(KeyId),
    Alias(KeyAlias),
}

impl FromStr for KeyReference {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let refused = || {
            NameError::new(
                "a key",
                "an id, alias/<name>, or acs:kms:<region>:<account>: and key/<id> or alias/<name>",
            )
        };
        let Some(arn) = text.strip_prefix("acs:kms:") else {
            return Ok(Self { place: None, name: name(text).ok_or_else(refused)? });
        };
        let mut parts = arn.splitn(3, ':');
        let region = parts.next().and_then(|part| part.parse().ok()).ok_or_else(refused)?;
        let account = parts.next().and_then(|part| part.parse().ok()).ok_or_else(refused)?;
        let relative = parts.next().unwrap_or_default();
        let name = match relative.strip_prefix("key/") {
            Some(id) => id.parse().map(KeyName::Id).ok(),
            None => relative.parse().map(KeyName::Alias).ok(),
        };
        Ok(Self { place: Some((region, account)), name: name.ok_or_else(refused)? })
    }
}

fn name(text: &str) -> Option<KeyName> {
    if text.starts_with("alias/") {
        text.parse().map(KeyName::Alias).ok()
    } else {
        text.parse().map(KeyName::Id).ok()
    }
}

/// Key and value pairs that a ciphertext is bound to.
pub(crate) type EncryptionContext = BTreeMap<String, String>;

/// The first byte of a ciphertext, so that another layout could follow one day.
const LAYOUT: u8 = 1;

/// Encrypts with AES-256-GCM. The ciphertext names its key and is bound to the context.
pub(crate) fn seal(key: &KeyId, plaintext: &[u8], context: &EncryptionContext) -> Vec<u8> {
    let nonce: [u8; NONCE_LEN] = random::bytes();
    let header = header(key);
    let mut sealed = plaintext.to_vec();
    cipher(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(&header, context), &mut sealed)
        .expect("plaintexts are far shorter than the cipher's limit");
    [header, nonce.to_vec(), sealed].concat()
}

/// The key that a ciphertext names; none if it is no ciphertext of this fake.
pub(crate) fn sealed_with(ciphertext: &[u8]) -> Option<KeyId> {
    let [LAYOUT, length, rest @ ..] = ciphertext else { return None };
    std::str::from_utf8(rest.get(..usize::from(*length))?).ok()?.parse().ok()
}

/// Decrypts; none if the ciphertext was changed or the context is another.
pub(crate) fn open(key: &KeyId, ciphertext: &[u8], context: &EncryptionContext) -> Option<Vec<u8>> {
    let header = header(key);
    let (nonce, sealed) = ciphertext.strip_prefix(header.as_slice())?.split_first_chunk::<NONCE_LEN>()?;
    let mut buffer = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    cipher(key)
        .open_in_place(nonce, aad(&header, context), &mut buffer)
        .ok()
        .map(|plaintext| plaintext.to_vec())
}

/// The id of a key's only version.
pub(crate) fn version_id(key: &KeyId) -> String {
    let digest = derive(key, "version");
    Uuid::from_slice(&digest[..16]).expect("16 bytes").to_string()
}

fn header(key: &KeyId) -> Vec<u8> {
    let id = key.as_ref().as_bytes();
    let length = u8::try_from(id.len()).expect("ids are at most 64 bytes");
    [&[LAYOUT, length], id].concat()
}

fn aad(header: &[u8], context: &EncryptionContext) -> Aad<Vec<u8>> {
    let context = serde_json::to_vec(context).expect("texts alone");
    Aad::from([header, &context].concat())
}

fn cipher(key: &KeyId) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derive(key, "material")).expect("32 bytes"))
}

/// The material follows from the id, so that ciphertexts outlive a fake that is seeded again. It protects nothing.
fn derive(key: &KeyId, purpose: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"fake-alicloud").expect("any length");
    mac.update(format!("{purpose}:{key}").as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> KeyId {
        text.parse().expect("a key id")
    }

    fn context(value: &str) -> EncryptionContext {
        BTreeMap::from([("tenant".to_owned(), value.to_owned())])
    }

    #[test]
    fn a_ciphertext_opens_with_its_key_and_context_only() {
        let sealed = seal(&key("key-1"), b"hello", &context("a"));
        assert_eq!(sealed_with(&sealed), Some(key("key-1")));
        assert_eq!(open(&key("key-1"), &sealed, &context("a")).as_deref(), Some(b"hello".as_slice()));
        assert_eq!(open(&key("key-1"), &sealed, &context("b")), None);
        assert_eq!(open(&key("key-2"), &sealed, &context("a")), None);
    }

    #[test]
    fn no_byte_of_a_ciphertext_can_be_changed() {
        let sealed = seal(&key("key-1"), b"hello", &EncryptionContext::new());
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert_eq!(open(&key("key-1"), &changed, &EncryptionContext::new()), None, "byte {position}");
        }
        assert_eq!(open(&key("key-1"), &sealed[..sealed.len() - 1], &EncryptionContext::new()), None);
    }

    #[test]
    fn sealing_twice_gives_two_ciphertexts() {
        let sealed = || seal(&key("key-1"), b"hello", &EncryptionContext::new());
        assert_ne!(sealed(), sealed());
    }

    #[rstest::rstest]
    #[case("key-1", true)]
    #[case("alias/app/main", true)]
    #[case("acs:kms:cn-hangzhou:1:key/key-1", true)]
    #[case("acs:kms:cn-hangzhou:1:alias/app", true)]
    #[case("acs:kms:cn-hangzhou:1:key-1", false)]
    #[case("acs:kms:cn-hangzhou:1:secret/a", false)]
    #[case("acs:kms::1:key/a", false)]
    #[case("alias/", false)]
    #[case("key_1", false)]
    #[case("", false)]
    fn a_key_is_named_by_id_alias_or_arn(#[case] text: &str, #[case] allowed: bool) {
        assert_eq!(text.parse::<KeyReference>().is_ok(), allowed);
    }
}
