//! HMAC-SHA1 with `SignatureVersion=1.0`, which the cloud's documents call "Request syntax and signature method V2 for
//! RPC APIs". The host is not part of what is signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use percent_encoding::utf8_percent_encode;
use sha1::Sha1;

use super::{Operation, RESERVED, Signed, canonical_parameters};
use crate::alicloud::Credential;
use crate::clock;
use crate::sensitive::Sensitive;

/// Signs a call. Everything travels in a form, so that no token stands in a URL.
pub fn sign(operation: &Operation<'_>, credential: &Credential, time: Timestamp, nonce: &str) -> Signed {
    let time = clock::to_utc_seconds(time);
    let mut parameters = operation.parameters.to_vec();
    parameters.extend([
        ("AccessKeyId", credential.access_key_id.as_str()),
        ("Action", operation.action),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", &time),
        ("Version", operation.version),
    ]);
    if let Some(token) = &credential.security_token {
        parameters.push(("SecurityToken", token.expose()));
    }
    let signature = signature(&string_to_sign("POST", &parameters), credential);
    parameters.push(("Signature", &signature));
    Signed {
        query: String::new(),
        headers: vec![("content-type", Sensitive::from("application/x-www-form-urlencoded"))],
        body: canonical_parameters(&parameters).into(),
    }
}

/// Method, path and parameters; values end up encoded twice.
pub fn string_to_sign(method: &str, parameters: &[(&str, &str)]) -> Sensitive<String> {
    let canonical = Sensitive::from(canonical_parameters(parameters));
    format!("{method}&%2F&{}", utf8_percent_encode(canonical.expose(), RESERVED)).into()
}

/// Base64. The key is the access key secret followed by `&`.
pub fn signature(string_to_sign: &Sensitive<String>, credential: &Credential) -> String {
    let key = Sensitive::from(format!("{}&", credential.access_key_secret.expose()));
    let mut mac =
        Hmac::<Sha1>::new_from_slice(key.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(string_to_sign.expose().as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
