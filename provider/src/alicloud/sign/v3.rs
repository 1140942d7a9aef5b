//! ACS3-HMAC-SHA256, as in "Request syntax and signature method V3 for Alibaba Cloud API".
//!
//! Each stage is a function of its own, so that a vector says where a signature went wrong.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Operation, Signed, canonical_parameters};
use crate::alicloud::Credential;
use crate::clock;
use crate::sensitive::Sensitive;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// Signs a call to `host`. Parameters travel in the query and there is no body, as the official clients send it.
pub fn sign(
    host: &str,
    operation: &Operation<'_>,
    credential: &Credential,
    time: Timestamp,
    nonce: &str,
) -> Signed {
    let query = canonical_parameters(operation.parameters);
    let payload_hash = hex_sha256(b"");
    let mut headers = signed_headers(host, operation, credential, time, nonce, &payload_hash);
    let canonical_request = canonical_request(&query, &headers, &payload_hash);
    let signature = signature(&string_to_sign(&canonical_request), credential);
    let names = signed_header_names(&headers);
    let authorization = format!(
        "{ALGORITHM} Credential={},SignedHeaders={names},Signature={signature}",
        credential.access_key_id
    );
    // The HTTP client sends the host by itself, from the same endpoint.
    headers.retain(|(name, _)| *name != "host");
    headers.push(("authorization", authorization.into()));
    headers.push(("accept", Sensitive::from("application/json")));
    Signed { query, headers, body: String::new().into() }
}

/// The headers that take part, sorted by name: the host and every `x-acs-*`.
pub fn signed_headers(
    host: &str,
    operation: &Operation<'_>,
    credential: &Credential,
    time: Timestamp,
    nonce: &str,
    payload_hash: &str,
) -> Vec<(&'static str, Sensitive<String>)> {
    let mut headers: Vec<(&'static str, Sensitive<String>)> = vec![
        ("host", host.into()),
        ("x-acs-action", operation.action.into()),
        ("x-acs-content-sha256", payload_hash.into()),
        ("x-acs-date", clock::to_utc_seconds(time).into()),
        ("x-acs-signature-nonce", nonce.into()),
        ("x-acs-version", operation.version.into()),
    ];
    if let Some(token) = &credential.security_token {
        headers.push(("x-acs-accesskey-id", credential.access_key_id.as_str().into()));
        headers.push(("x-acs-security-token", token.expose().as_str().into()));
    }
    headers.sort_unstable_by_key(|(name, _)| *name);
    headers
}

/// Method, path, query, headers, names of headers, hash of the body: six parts, each on its own line.
pub fn canonical_request(
    query: &str,
    headers: &[(&'static str, Sensitive<String>)],
    payload_hash: &str,
) -> Sensitive<String> {
    let mut lines = String::new();
    for (name, value) in headers {
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{name}:{}", value.expose().trim());
    }
    let lines = Sensitive::from(lines);
    let names = signed_header_names(headers);
    format!("POST\n/\n{query}\n{}\n{names}\n{payload_hash}", lines.expose()).into()
}

/// The algorithm's name and the hash of the canonical request.
pub fn string_to_sign(canonical_request: &Sensitive<String>) -> String {
    format!("{ALGORITHM}\n{}", hex_sha256(canonical_request.expose().as_bytes()))
}

/// Lower-case hex. The key is the plain access key secret: this scheme derives none.
pub fn signature(string_to_sign: &str, credential: &Credential) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(credential.access_key_secret.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(string_to_sign.as_bytes());
    base16ct::lower::encode_string(&mac.finalize().into_bytes())
}

/// Lower-case hex SHA-256.
pub fn hex_sha256(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

fn signed_header_names(headers: &[(&'static str, Sensitive<String>)]) -> String {
    headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
}
