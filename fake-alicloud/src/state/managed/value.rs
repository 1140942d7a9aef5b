//! The values of managed secrets: JSON texts that are read, made and made anew here and nowhere else.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::config::Pattern;
use crate::{clock::wire_time, random, state::hidden::Hidden};

const LETTERS_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const PASSWORD_CHARACTERS: usize = 32;
/// A RAM user has at most two access keys, and all of them must be given.
const MAX_ACCESS_KEYS: usize = 2;

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Account {
    account_name: String,
    account_password: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Accounts {
    accounts: Vec<Account>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccessKey {
    access_key_id: String,
    access_key_secret: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AccessKeys {
    access_keys: Vec<AccessKey>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DatedAccessKey {
    access_key_id: String,
    access_key_secret: String,
    generate_timestamp: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Login {
    user_name: String,
    password: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyLogin {
    user_name: String,
    public_key: String,
    private_key: String,
}

/// The accounts of `{"Accounts":[…]}`, each as a value of its own.
pub(super) fn given_accounts(text: &str, count: usize) -> Option<Vec<Hidden>> {
    let Accounts { accounts } = read(text)?;
    let fits = accounts.len() == count
        && accounts
            .iter()
            .all(|account| !account.account_name.is_empty() && !account.account_password.is_empty());
    fits.then(|| accounts.iter().map(write).collect())
}

/// An account with a password that nobody chose.
pub(super) fn new_account(name: &str) -> Hidden {
    write(&Account { account_name: name.to_owned(), account_password: password() })
}

/// The first key of `{"AccessKeys":[…]}`.
pub(super) fn given_access_key(text: &str, now: Timestamp) -> Option<Hidden> {
    let AccessKeys { access_keys } = read(text)?;
    let fits = access_keys.len() <= MAX_ACCESS_KEYS
        && access_keys.iter().all(|key| !key.access_key_id.is_empty() && !key.access_key_secret.is_empty());
    let first = access_keys.into_iter().next().filter(|_| fits)?;
    Some(write(&DatedAccessKey {
        access_key_id: first.access_key_id,
        access_key_secret: first.access_key_secret,
        generate_timestamp: wire_time(now),
    }))
}

/// Makes a value anew that keeps who it is for; none if the text has another shape.
pub(super) fn renew(pattern: &Pattern, text: &str, now: Timestamp) -> Option<Hidden> {
    Some(match pattern {
        Pattern::GivenAccounts { .. } | Pattern::OwnAccounts { .. } => {
            let account: Account = read(text)?;
            new_account(&account.account_name)
        }
        Pattern::AccessKey => {
            read::<DatedAccessKey>(text)?;
            write(&DatedAccessKey {
                access_key_id: format!("LTAI5t{}", random::text(18, LETTERS_AND_DIGITS)),
                access_key_secret: random::text(30, LETTERS_AND_DIGITS),
                generate_timestamp: wire_time(now),
            })
        }
        Pattern::Password => {
            let Login { user_name, .. } = read(text)?;
            write(&Login { user_name, password: password() })
        }
        Pattern::KeyPair => {
            let KeyLogin { user_name, .. } = read(text)?;
            let (public_key, private_key) = key_pair();
            write(&KeyLogin { user_name, public_key, private_key })
        }
    })
}

fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

fn write(value: &impl Serialize) -> Hidden {
    Hidden::from(serde_json::to_string(value).expect("texts alone"))
}

fn password() -> String {
    random::text(PASSWORD_CHARACTERS, LETTERS_AND_DIGITS)
}

/// A public key in the form of `authorized_keys`, and its private half in PKCS #8.
fn key_pair() -> (String, String) {
    let document = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new())
        .expect("the system has a source of randomness");
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("just made");
    let mut wire = Vec::new();
    for part in [b"ssh-ed25519".as_slice(), pair.public_key().as_ref()] {
        let length = u32::try_from(part.len()).expect("a few bytes");
        wire.extend(length.to_be_bytes());
        wire.extend(part);
    }
    let public = format!("ssh-ed25519 {}", STANDARD.encode(wire));
    let body = STANDARD.encode(document.as_ref());
    let lines: Vec<_> = body.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    (public, format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")))
}
