//! `GetRandomPassword`.

use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access, argument, error,
};
use crate::{random, state::State};

const DEFAULT_LENGTH: usize = 32;
/// The kinds of characters, each with the parameter that leaves it out.
const KINDS: [(&str, &str); 4] = [
    ("ExcludeLowercase", "abcdefghijklmnopqrstuvwxyz"),
    ("ExcludeUppercase", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("ExcludeNumbers", "0123456789"),
    ("ExcludePunctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
];

/// `GetRandomPassword`: a password that nobody keeps.
pub(super) fn random_password(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    access::authorize_all(call, state)?;
    let length = argument::number(call, "PasswordLength", 8..=128)?.unwrap_or(DEFAULT_LENGTH);
    let excluded = call.parameters.text("ExcludeCharacters").unwrap_or_default();
    let require_each = argument::flag(call, "RequireEachIncludedType")?;
    let mut kinds = Vec::new();
    for (parameter, characters) in KINDS {
        if argument::flag(call, parameter)? {
            continue;
        }
        let kept: Vec<u8> = characters.bytes().filter(|byte| !excluded.contains(char::from(*byte))).collect();
        if !kept.is_empty() {
            kinds.push(kept);
        }
    }
    if kinds.is_empty() {
        return Err(error::invalid_parameter("ExcludeCharacters"));
    }
    Ok(json!({ "RandomPassword": password(length, &kinds, require_each) }))
}

/// Draws until every kind is there, if it has to be: of four kinds in eight characters that takes a few draws.
fn password(length: usize, kinds: &[Vec<u8>], require_each: bool) -> String {
    let alphabet = kinds.concat();
    loop {
        let drawn = random::text(length, &alphabet);
        if !require_each || kinds.iter().all(|kind| drawn.bytes().any(|byte| kind.contains(&byte))) {
            return drawn;
        }
    }
}
