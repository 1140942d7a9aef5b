//! Signing as pure functions: a call, a credential, a time and a nonce give what must be sent. No clock, no I/O, and no
//! request that is changed half way.
//!
//! [`v3`] is the default. It signs the host, so a captured request cannot be replayed against another service. [`v1`]
//! does not, and is offered only for hosts that the operator named.

pub mod v1;
pub mod v3;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::clock;
use crate::sensitive::Sensitive;

/// Everything but `A–Z a–z 0–9 - _ . ~` is encoded, upper case, a space as `%20`
/// ("Request syntax and signature method V3 for Alibaba Cloud API").
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// An operation of a service, before it is signed.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// `GetSecretValue`.
    pub action: &'a str,
    /// The API's date: `2016-01-20`.
    pub version: &'a str,
    /// Names and values, in any order.
    pub parameters: &'a [(&'a str, &'a str)],
}

/// What to send: `POST /` with this query, these headers and this body.
#[derive(Debug)]
pub struct Signed {
    /// Encoded; empty when everything travels in the body.
    pub query: String,
    /// Names in lower case. A value may be a token, so all are treated as such.
    pub headers: Vec<(&'static str, Sensitive<String>)>,
    /// A form, encoded; empty when everything travels in query and headers.
    pub body: Sensitive<String>,
}

/// Which of the cloud's signature schemes a call uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Scheme {
    /// ACS3-HMAC-SHA256: the host is signed.
    #[default]
    V3,
    /// HMAC-SHA1 over the parameters: the host is not signed.
    V1,
}

/// A request without a signature, for operations that take another `proof` of identity. Only what no log minds stands in the
/// query.
pub fn unsigned(
    operation: &Operation<'_>,
    proof: (&str, &Sensitive<String>),
    time: Timestamp,
    nonce: &str,
) -> Signed {
    let timestamp = clock::to_utc_seconds(time);
    let query = canonical_parameters(&[
        ("Action", operation.action),
        ("Format", "JSON"),
        ("SignatureNonce", nonce),
        ("Timestamp", &timestamp),
        ("Version", operation.version),
    ]);
    let (name, value) = proof;
    let parameters: Vec<_> =
        operation.parameters.iter().copied().chain([(name, value.expose().as_str())]).collect();
    Signed {
        query,
        headers: vec![
            ("accept", "application/json".into()),
            ("content-type", "application/x-www-form-urlencoded".into()),
        ],
        body: canonical_parameters(&parameters).into(),
    }
}

/// `name=value` pairs, encoded, sorted by name in byte order, joined with `&`.
fn canonical_parameters(parameters: &[(&str, &str)]) -> String {
    let mut sorted = parameters.to_vec();
    sorted.sort_unstable();
    // Growing would leave copies of a token behind that are not wiped.
    let longest = sorted.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
    let mut text = String::with_capacity(longest);
    for (name, value) in sorted {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(utf8_percent_encode(name, RESERVED));
        text.push('=');
        text.extend(utf8_percent_encode(value, RESERVED));
    }
    text
}
