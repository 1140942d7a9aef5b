//! JSON Web Tokens as they come (RFC 7519, RFC 7515): what they say, and whether it is to be believed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::{json, key::Algorithm, public_key::PublicKey};

/// The lengths that the API takes.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=20_000;

/// Why a token is not believed, in the order of the checks. What a token claims is weighed only after its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    Empty,
    /// Not three parts, or too short or too long for them.
    Parts,
    /// A part is no Base64 for URLs without padding.
    Encoding,
    /// A part is no object of JSON, or lacks what it must have, or has it in another type.
    Content,
    /// Signed in a way that is not accepted, or not at all.
    Algorithm(String),
    /// Not that of the provider.
    Issuer,
    /// There is no such issuer, so that nobody can tell its keys.
    IssuerUnknown,
    /// The issuer's site has a certificate that the provider does not know.
    Fingerprint,
    Signature,
    Expired,
    /// From the future.
    NotYet,
    /// Issued longer ago than the provider allows.
    TooOld,
    Audience,
}

/// A token taken apart, of which nothing is believed yet.
#[derive(Debug)]
pub(crate) struct Token<'a> {
    algorithm: Algorithm,
    key_id: Option<String>,
    claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

/// What a token says about its bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) issued: Timestamp,
    pub(crate) expires: Timestamp,
    not_before: Option<Timestamp>,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    pub(crate) fn read(text: &'a str) -> Result<Self, TokenError> {
        if text.is_empty() {
            return Err(TokenError::Empty);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None, true) =
            (parts.next(), parts.next(), parts.next(), parts.next(), LENGTHS.contains(&text.len()))
        else {
            return Err(TokenError::Parts);
        };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Encoding);
        let header = json::object(&decode(header)?).ok_or(TokenError::Content)?;
        let algorithm = text_of(&header, "alg")?;
        let algorithm = Algorithm::named(algorithm).ok_or_else(|| TokenError::Algorithm(shown(algorithm)))?;
        // What a header says is critical must be understood, and none of it is.
        if header.contains_key("crit") {
            return Err(TokenError::Content);
        }
        let key_id = match header.get("kid") {
            None => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => return Err(TokenError::Content),
        };
        let claims = Claims::read(&json::object(&decode(payload)?).ok_or(TokenError::Content)?)?;
        let signature = decode(signature)?;
        let signed = text.rsplit_once('.').map_or(text, |(signed, _)| signed);
        Ok(Self { algorithm, key_id, claims, signed, signature })
    }

    /// Who is said to have issued it.
    pub(crate) fn issuer(&self) -> &str {
        &self.claims.issuer
    }

    /// What it says, if one of the keys signed it. A token that names no key may be signed by any.
    pub(crate) fn verified<'k>(
        self,
        keys: impl IntoIterator<Item = &'k PublicKey>,
    ) -> Result<Claims, TokenError> {
        let mut named = keys.into_iter().filter(|key| {
            key.algorithm() == self.algorithm && (self.key_id.is_none() || self.key_id.as_deref() == key.id())
        });
        if named.any(|key| key.verifies(self.signed.as_bytes(), &self.signature)) {
            Ok(self.claims)
        } else {
            Err(TokenError::Signature)
        }
    }
}

impl Claims {
    fn read(payload: &Map<String, Value>) -> Result<Self, TokenError> {
        let audiences = match payload.get("aud") {
            Some(Value::String(audience)) => vec![audience.clone()],
            Some(Value::Array(audiences)) => audiences
                .iter()
                .map(|audience| audience.as_str().map(str::to_owned).ok_or(TokenError::Content))
                .collect::<Result<_, _>>()?,
            _ => return Err(TokenError::Content),
        };
        let not_before = payload.contains_key("nbf").then(|| time_of(payload, "nbf")).transpose()?;
        Ok(Self {
            issuer: text_of(payload, "iss")?.to_owned(),
            subject: text_of(payload, "sub")?.to_owned(),
            audiences,
            issued: time_of(payload, "iat")?,
            expires: time_of(payload, "exp")?,
            not_before,
        })
    }

    /// Whether this is the time for it.
    pub(crate) fn check_times(
        &self,
        issuance_limit: SignedDuration,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        if self.expires <= now {
            Err(TokenError::Expired)
        } else if self.issued > now || self.not_before.is_some_and(|start| start > now) {
            Err(TokenError::NotYet)
        } else if now.duration_since(self.issued) > issuance_limit {
            Err(TokenError::TooOld)
        } else {
            Ok(())
        }
    }
}

fn text_of<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a str, TokenError> {
    object.get(name).and_then(Value::as_str).ok_or(TokenError::Content)
}

/// A number of seconds, of which fractions do not count.
fn time_of(object: &Map<String, Value>, name: &str) -> Result<Timestamp, TokenError> {
    let value = object.get(name).ok_or(TokenError::Content)?;
    #[expect(clippy::cast_possible_truncation, reason = "what is beyond the range is no time")]
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
    seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or(TokenError::Content)
}

/// As much of a stranger's text as fits into a message.
fn shown(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(32).collect()
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
