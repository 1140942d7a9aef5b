//! Who calls: signatures recomputed from the published rules, and everything about a signed call that can be stale.
//!
//! Keys of accounts and users live until somebody ends them; those of sessions come with a security token and a time.

mod encode;
mod v1;
mod v3;

use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

use crate::{
    api::ApiError,
    clock::parse_wire_time,
    cloud::Cloud,
    journal::SignatureKind,
    policy::IdentityPolicy,
    request::Request,
    state::{
        account::Principal,
        name::AccessKeyId,
        session::{Session, TEMPORARY, looks_like_token},
    },
};

/// How far a request's time may lie from the server's, either way.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(15);

/// A caller whose signature holds.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// What a session may do at most, beside what its role may.
    pub(crate) session_policy: Option<IdentityPolicy>,
}

/// What a signed request claims, read from it and not yet believed.
struct Claim {
    access_key_id: String,
    security_token: Option<String>,
    time: Timestamp,
    nonce: String,
    proof: Proof,
}

/// The signature that came, and what it has to be the signature of.
struct Proof {
    signature: Vec<u8>,
    /// The string to sign of the published rule first, then those of tolerated readings of it.
    strings_to_sign: Vec<String>,
    /// What the first of them is a digest of, if it is one.
    canonical_request: Option<String>,
    sign: fn(&str, &str) -> Vec<u8>,
}

impl Proof {
    fn holds(&self, access_key_secret: &str) -> bool {
        self.strings_to_sign
            .iter()
            .any(|text| (self.sign)(access_key_secret, text).ct_eq(&self.signature).into())
    }

    /// What the caller is shown when it does not hold.
    fn explanation(&self) -> String {
        let text = self.strings_to_sign.first().map_or("", String::as_str);
        match &self.canonical_request {
            Some(canonical) => format!("{text} canonical request is:{canonical}"),
            None => text.to_owned(),
        }
    }
}

/// Which signature the request presents, by its looks.
pub(crate) fn signature_kind(request: &Request) -> SignatureKind {
    if request.header("authorization").is_some() || request.header("x-acs-content-sha256").is_some() {
        SignatureKind::V3
    } else if request.parameter("Signature").is_some() || request.parameter("AccessKeyId").is_some() {
        SignatureKind::V1
    } else {
        SignatureKind::Unsigned
    }
}

/// The access key id that the request names, true or not.
pub(crate) fn claimed_access_key_id(request: &Request) -> Option<String> {
    match signature_kind(request) {
        SignatureKind::V3 => v3::claimed_access_key_id(request),
        SignatureKind::V1 => request.parameter("AccessKeyId").map(str::to_owned),
        SignatureKind::Unsigned => None,
    }
}

/// Establishes who calls, or why that cannot be believed. A call that passes has used up its nonce.
///
/// The state is locked to look up the key and to note the nonce, and not while signatures are computed.
pub(crate) fn authenticate(request: &Request, cloud: &Cloud, now: Timestamp) -> Result<Caller, ApiError> {
    let claim = match signature_kind(request) {
        SignatureKind::V3 => v3::read(request)?,
        // An unsigned call is told what a V1 signature would need first.
        SignatureKind::V1 | SignatureKind::Unsigned => v1::read(request)?,
    };
    let id: AccessKeyId = claim.access_key_id.parse().map_err(|_| ApiError::unknown_access_key())?;
    let security_token = claim.security_token.as_deref().filter(|token| !token.is_empty());
    let (secret, caller) = if id.as_ref().starts_with(TEMPORARY) {
        let session = cloud.state().session(&id).cloned().ok_or_else(ApiError::unknown_access_key)?;
        check_session(&session, security_token, now)?;
        (session.secret, Caller { principal: session.principal, session_policy: session.policy })
    } else {
        let key = cloud.state().access_keys.get(&id).cloned().ok_or_else(ApiError::unknown_access_key)?;
        if !key.active {
            return Err(ApiError::inactive_access_key());
        }
        if let Some(token) = security_token {
            return Err(foreign_token(token));
        }
        (key.secret, Caller { principal: key.owner, session_policy: None })
    };
    if now.duration_since(claim.time).abs() > TOLERANCE {
        return Err(ApiError::expired_time());
    }
    if !claim.proof.holds(secret.expose()) {
        return Err(ApiError::signature_mismatch(&claim.proof.explanation()));
    }
    // Last, so that nobody can use up another's nonce without the key.
    if !cloud.state().nonces.note(&id, &claim.nonce, now) {
        return Err(ApiError::used_nonce());
    }
    Ok(caller)
}

/// A session's key is good with its own token and until its end.
fn check_session(session: &Session, token: Option<&str>, now: Timestamp) -> Result<(), ApiError> {
    let token = token.ok_or_else(|| ApiError::missing("SecurityToken"))?;
    let own = session.security_token.expose();
    if !bool::from(token.as_bytes().ct_eq(own.as_bytes())) {
        return Err(foreign_token(token));
    }
    if session.expires <= now { Err(ApiError::expired_security_token()) } else { Ok(()) }
}

/// What is wrong with a token that is not the key's.
fn foreign_token(token: &str) -> ApiError {
    if looks_like_token(token) {
        ApiError::mismatched_security_token()
    } else {
        ApiError::malformed_security_token()
    }
}

fn read_time(text: &str) -> Result<Timestamp, ApiError> {
    parse_wire_time(text).ok_or_else(ApiError::malformed_time)
}
