//! Both signatures, from the published rules and not from the code under test.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Digest;

use crate::draft::{Draft, Signing};

/// The access key that the cloud knows.
pub const KEY: (&str, &str) = ("LTAI5tFuzz", "fuzz-secret");
/// The time at which the cloud's clock stands.
pub const MOMENT: &str = "2024-01-01T00:00:00Z";

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Signs as the draft wants it, for the nonce.
pub fn sign(draft: &mut Draft, nonce: &str) {
    match draft.signing {
        Signing::None => {}
        Signing::V1 => sign_v1(draft, nonce),
        Signing::V3 => sign_v3(draft, nonce),
    }
}

fn sign_v1(draft: &mut Draft, nonce: &str) {
    let common = [
        ("AccessKeyId", KEY.0),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", nonce),
        ("Timestamp", MOMENT),
    ];
    for (name, value) in common {
        add_parameter(draft, name, value);
    }
    let mut pairs = decode(draft.query.as_bytes());
    let content_type = draft.headers.get(CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase());
    let is_form = content_type.is_none_or(|value| value.starts_with(b"application/x-www-form-urlencoded"));
    if draft.method == "POST" && is_form {
        pairs.extend(decode(&draft.body));
    }
    let text = format!("{}&%2F&{}", draft.method, encode(&canonical(pairs)));
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(format!("{}&", KEY.1).as_bytes()).expect("any length");
    mac.update(text.as_bytes());
    add_parameter(draft, "Signature", &STANDARD.encode(mac.finalize().into_bytes()));
}

fn sign_v3(draft: &mut Draft, nonce: &str) {
    draft.headers.remove(AUTHORIZATION);
    let hash = base16ct::lower::encode_string(&sha2::Sha256::digest(&draft.body));
    let own =
        [("x-acs-date", MOMENT), ("x-acs-signature-nonce", nonce), ("x-acs-content-sha256", hash.as_str())];
    for (name, value) in own {
        draft.headers.insert(HeaderName::from_static(name), value.parse().expect("visible ASCII"));
    }
    if !draft.headers.contains_key("host") {
        draft.headers.insert("host", HeaderValue::from_static("127.0.0.1"));
    }
    let mut names: Vec<_> = draft.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    let lines: String =
        names.iter().map(|name| format!("{name}:{}\n", value_of(&draft.headers, name))).collect();
    let names = names.join(";");
    let query = canonical(decode(draft.query.as_bytes()));
    let request = format!("{}\n{}\n{query}\n{lines}\n{names}\n{hash}", draft.method, draft.path);
    let digest = base16ct::lower::encode_string(&sha2::Sha256::digest(&request));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(KEY.1.as_bytes()).expect("any length");
    mac.update(format!("ACS3-HMAC-SHA256\n{digest}").as_bytes());
    let signature = base16ct::lower::encode_string(&mac.finalize().into_bytes());
    let text = format!("ACS3-HMAC-SHA256 Credential={},SignedHeaders={names},Signature={signature}", KEY.0);
    draft.headers.insert(AUTHORIZATION, text.parse().expect("visible ASCII"));
}

/// Adds a parameter to the query.
pub fn add_parameter(draft: &mut Draft, name: &str, value: &str) {
    if !draft.query.is_empty() {
        draft.query.push('&');
    }
    draft.query.push_str(&format!("{}={}", encode(name), encode(value)));
}

/// All values of a header, each without the blanks around it.
fn value_of(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).iter();
    let texts: Vec<_> =
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned()).collect();
    texts.join(",")
}

fn decode(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn canonical(mut pairs: Vec<(String, String)>) -> String {
    pairs.sort();
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}
