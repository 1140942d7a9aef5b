//! Signature V3 (ACS3-HMAC-SHA256 over a canonical request), as in "Request syntax and signature method V3".

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{
    Claim, Proof,
    encode::{canonical_pairs, percent_encode},
    read_time,
};
use crate::{api::ApiError, request::Request};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// The parts of `Authorization: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…`.
#[derive(Debug, PartialEq, Eq)]
struct Authorization {
    access_key_id: String,
    /// Sorted, whatever order they came in. Their letter case is not mended: the rule has lower case, and it is signed.
    signed_headers: Vec<String>,
    signature: String,
}

impl Authorization {
    fn parse(text: &str) -> Result<Self, ApiError> {
        let malformed = || {
            ApiError::incomplete_signature(
                "The Authorization header is not of the form \
                 ACS3-HMAC-SHA256 Credential=<id>,SignedHeaders=<a;b;c>,Signature=<hex>.",
            )
        };
        let (algorithm, rest) = text.split_once(' ').ok_or_else(malformed)?;
        if algorithm != ALGORITHM {
            return Err(ApiError::unsupported_signature_method(ALGORITHM));
        }
        let (mut access_key_id, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            let (name, value) = part.split_once('=').ok_or_else(malformed)?;
            let slot = match name {
                "Credential" => &mut access_key_id,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return Err(malformed()),
            };
            if value.is_empty() || slot.replace(value).is_some() {
                return Err(malformed());
            }
        }
        let mut signed_headers: Vec<_> =
            signed_headers.ok_or_else(malformed)?.split(';').map(str::to_owned).collect();
        signed_headers.sort_unstable();
        Ok(Self {
            access_key_id: access_key_id.ok_or_else(malformed)?.to_owned(),
            signed_headers,
            signature: signature.ok_or_else(malformed)?.to_owned(),
        })
    }
}

/// The access key id that the header names, if it can be read.
pub(super) fn claimed_access_key_id(request: &Request) -> Option<String> {
    Authorization::parse(&request.header("authorization")?).ok().map(|header| header.access_key_id)
}

/// Reads the claim from the headers.
pub(super) fn read(request: &Request) -> Result<Claim, ApiError> {
    let required = |name| {
        request.header(name).filter(|value| !value.is_empty()).ok_or_else(|| ApiError::missing_header(name))
    };
    let authorization = request
        .header("authorization")
        .ok_or_else(|| ApiError::incomplete_signature("The header Authorization is missing."))?;
    let authorization = Authorization::parse(&authorization)?;
    for name in ["host", "x-acs-action", "x-acs-version"] {
        required(name)?;
    }
    let time = read_time(&required("x-acs-date")?)?;
    let nonce = required("x-acs-signature-nonce")?.into_owned();
    let payload_hash = hex_sha256(&request.body);
    if required("x-acs-content-sha256")? != payload_hash {
        return Err(ApiError::payload_hash_mismatch());
    }
    check_coverage(request, &authorization.signed_headers)?;

    let canonical = canonical_request(request, &authorization.signed_headers, &payload_hash, percent_encode);
    let mut strings_to_sign = vec![string_to_sign(&canonical)];
    // The official clients encode values and leave names as they are; it shows in names with reserved characters only.
    if request.query.iter().any(|(name, _)| percent_encode(name) != *name) {
        let with_plain_names =
            canonical_request(request, &authorization.signed_headers, &payload_hash, str::to_owned);
        strings_to_sign.push(string_to_sign(&with_plain_names));
    }
    Ok(Claim {
        access_key_id: authorization.access_key_id,
        security_token: request
            .header("x-acs-security-token")
            .filter(|token| !token.is_empty())
            .map(Cow::into_owned),
        time,
        nonce,
        proof: Proof {
            // What is not lower-case hex equals no signature.
            signature: base16ct::lower::decode_vec(&authorization.signature).unwrap_or_default(),
            strings_to_sign,
            canonical_request: Some(canonical),
            sign: signature_of,
        },
    })
}

/// The signature must cover the host, a content type if there is one, and each `x-acs-` header; and only what was sent.
fn check_coverage(request: &Request, signed_headers: &[String]) -> Result<(), ApiError> {
    let is_signed = |name: &str| signed_headers.iter().any(|signed| signed == name);
    for name in request.headers.keys().map(http::HeaderName::as_str) {
        let must_be_signed = name == "host" || name == "content-type" || name.starts_with("x-acs-");
        if must_be_signed && !is_signed(name) {
            return Err(ApiError::incomplete_signature(&format!(
                "The header {name} is not among the signed ones."
            )));
        }
    }
    match signed_headers.iter().find(|name| request.header(name).is_none()) {
        Some(name) => {
            Err(ApiError::incomplete_signature(&format!("The signed header {name} is not in the request.")))
        }
        None => Ok(()),
    }
}

/// Method, path, query, headers, header names and payload hash, one a line; the headers end in a blank one.
fn canonical_request(
    request: &Request,
    signed_headers: &[String],
    payload_hash: &str,
    encode_name: fn(&str) -> String,
) -> String {
    let query = request.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let query = canonical_pairs(query, encode_name);
    let headers: String = signed_headers
        .iter()
        .flat_map(|name| [name.into(), ":".into(), request.header(name).unwrap_or_default(), "\n".into()])
        .collect();
    let names = signed_headers.join(";");
    format!("{}\n{}\n{query}\n{headers}\n{names}\n{payload_hash}", request.method, request.path)
}

fn string_to_sign(canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{}", hex_sha256(canonical_request.as_bytes()))
}

fn signature_of(access_key_secret: &str, string_to_sign: &str) -> Vec<u8> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(access_key_secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(string_to_sign.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex_sha256(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

#[cfg(test)]
#[path = "v3_tests.rs"]
mod tests;
