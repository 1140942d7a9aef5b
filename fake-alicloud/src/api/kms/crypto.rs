//! `Encrypt`, `Decrypt`, `GenerateDataKey` and `GenerateDataKeyWithoutPlaintext`, with real AES-256-GCM.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access, argument, error,
};
use crate::{
    random,
    state::{
        State,
        key::{self, EncryptionContext, KeyName},
        name::KeyId,
    },
};

/// How much `Encrypt` takes, in bytes.
const MAX_PLAINTEXT_BYTES: usize = 6_144;
const MAX_DATA_KEY_BYTES: usize = 1_024;

/// `Encrypt`.
pub(super) fn encrypt(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let plaintext = argument::bytes(call, "Plaintext")?;
    if !(1..=MAX_PLAINTEXT_BYTES).contains(&plaintext.len()) {
        return Err(error::invalid_parameter("Plaintext"));
    }
    let context = context(call)?;
    dry_or_not(call, || Ok(sealed(&named_key(call, state)?, &plaintext, &context)))
}

/// `Decrypt`: the ciphertext names its key.
pub(super) fn decrypt(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let ciphertext = argument::bytes(call, "CiphertextBlob")?;
    let context = context(call)?;
    dry_or_not(call, || {
        let invalid = || error::invalid_parameter("CiphertextBlob");
        let id = key::sealed_with(&ciphertext).ok_or_else(invalid)?;
        let key = state.key(&id).filter(|key| key.region == *call.region).ok_or_else(error::key_not_found)?;
        access::authorize_encryption(call.action, call, state, &id)?;
        access::reach(call, state, key.instance.as_ref())?;
        access::usable_key(state, &id)?;
        let plaintext = key::open(&id, &ciphertext, &context).ok_or_else(invalid)?;
        let mut answer = key_fields(&id);
        answer["Plaintext"] = json!(STANDARD.encode(plaintext));
        Ok(answer)
    })
}

/// `GenerateDataKey`: random bytes, plain and encrypted.
pub(super) fn generate_data_key(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    data_key(call, state, true)
}

/// `GenerateDataKeyWithoutPlaintext`: random bytes, encrypted only.
pub(super) fn generate_data_key_without_plaintext(
    call: &Call<'_>,
    state: &mut State,
) -> Result<Value, ApiError> {
    data_key(call, state, false)
}

fn data_key(call: &Call<'_>, state: &State, with_plaintext: bool) -> Result<Value, ApiError> {
    let by_spec = match call.parameters.text("KeySpec") {
        None | Some("AES_256") => 32,
        Some("AES_128") => 16,
        Some(_) => return Err(error::invalid_parameter("KeySpec")),
    };
    let length = argument::number(call, "NumberOfBytes", 1..=MAX_DATA_KEY_BYTES)?.unwrap_or(by_spec);
    if call.parameters.text("Recipient").is_some() {
        return Err(error::unsupported_operation());
    }
    let context = context(call)?;
    dry_or_not(call, || {
        let key = named_key(call, state)?;
        let mut plaintext = vec![0; length];
        random::fill(&mut plaintext);
        let mut answer = sealed(&key, &plaintext, &context);
        if with_plaintext {
            answer["Plaintext"] = json!(STANDARD.encode(plaintext));
        }
        Ok(answer)
    })
}

/// The key that `KeyId` names, if it can be used from here.
fn named_key(call: &Call<'_>, state: &State) -> Result<KeyId, ApiError> {
    let reference = argument::key(call, "KeyId")?.ok_or_else(|| ApiError::missing("KeyId"))?;
    let absent = || match reference.name {
        KeyName::Id(_) => error::key_not_found(),
        KeyName::Alias(_) => error::alias_not_found(),
    };
    let id = access::find_key(call.action, call, state, &reference)?.ok_or_else(absent)?;
    access::reach(call, state, state.key(&id).and_then(|key| key.instance.as_ref()))?;
    access::usable_key(state, &id)?;
    Ok(id)
}

fn sealed(key: &KeyId, plaintext: &[u8], context: &EncryptionContext) -> Value {
    let mut answer = key_fields(key);
    answer["CiphertextBlob"] = json!(STANDARD.encode(key::seal(key, plaintext, context)));
    answer
}

fn key_fields(key: &KeyId) -> Value {
    json!({ "KeyId": key.as_ref(), "KeyVersionId": key::version_id(key) })
}

fn context(call: &Call<'_>) -> Result<EncryptionContext, ApiError> {
    Ok(argument::json(call, "EncryptionContext")?.unwrap_or_default())
}

fn dry_or_not(call: &Call<'_>, run: impl FnOnce() -> Result<Value, ApiError>) -> Result<Value, ApiError> {
    if argument::flag(call, "DryRun")? { Err(error::dry_run(&run())) } else { run() }
}
