//! What is signed by the rules is taken for signed, and nothing else is.

#![no_main]

mod cloud;
mod draft;
mod sign;

use std::cell::LazyCell;

use fake_alicloud::fuzzing::Door;
use http::header::AUTHORIZATION;
use libfuzzer_sys::fuzz_target;

use self::draft::{Draft, Signing};

/// Refusals of a signature, not one of which a good one meets.
const REFUSALS: [&str; 7] = [
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "InvalidSignatureMethod",
    "InvalidTimeStamp.Format",
    "InvalidTimeStamp.Expired",
    "SignatureNonceUsed",
    "InvalidAccessKeyId.NotFound",
];
/// What a signer of V1 adds; a draft that has one of them already is signed by nobody's rules.
const SIGNERS: [&str; 6] =
    ["AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"];

thread_local! {
    static DOOR: LazyCell<Door> = LazyCell::new(cloud::door);
}

fuzz_target!(|input: &[u8]| DOOR.with(|door| {
    let Some(draft) = draft::drafts(input).next() else { return };
    door.rewind();
    if draft.signing == Signing::None {
        assert!(door.answer(draft.request()).status().is_client_error());
        return;
    }
    if draft.signing == Signing::V1 && !can_be_signed_v1(&draft) {
        return;
    }
    let mut signed = draft.clone();
    sign::sign(&mut signed, "nonce-1");
    door.answer(signed.clone().request());
    let code = door.journal().pop().and_then(|entry| entry.code).unwrap_or_default();
    assert!(!REFUSALS.contains(&code.as_str()), "{code}");

    // The same again is a replay, unless something else was wrong before the nonce was noted.
    assert!(door.answer(signed.clone().request()).status().is_client_error());

    for tamper in [widen, redirect, flip] {
        let mut forged = draft.clone();
        sign::sign(&mut forged, "nonce-2");
        tamper(&mut forged);
        assert!(door.answer(forged.request()).status().is_client_error(), "a forged call came through");
    }
}));

/// Neither signed twice nor read as V3.
fn can_be_signed_v1(draft: &Draft) -> bool {
    let of = |text: &[u8]| form_urlencoded::parse(text).any(|(name, _)| SIGNERS.contains(&&*name));
    let is_v3 =
        ["authorization", "x-acs-content-sha256"].iter().any(|name| draft.headers.contains_key(*name));
    !is_v3 && !of(draft.query.as_bytes()) && !of(&draft.body)
}

fn widen(draft: &mut Draft) {
    sign::add_parameter(draft, "VersionId", "v1");
}

/// Sends it with another method, which both signatures cover.
fn redirect(draft: &mut Draft) {
    draft.method = if draft.method == "GET" { http::Method::POST } else { http::Method::GET };
}

/// Changes one digit of the signature.
fn flip(draft: &mut Draft) {
    let text = match draft.signing {
        Signing::V3 => draft.headers[AUTHORIZATION].to_str().expect("made by the signer").to_owned(),
        Signing::None | Signing::V1 => draft.query.clone(),
    };
    let place = text.rfind("Signature=").expect("just signed") + "Signature=".len();
    let other = if text.as_bytes()[place] == b'1' { "2" } else { "1" };
    let changed = format!("{}{other}{}", &text[..place], &text[place + 1..]);
    match draft.signing {
        Signing::V3 => {
            draft.headers.insert(AUTHORIZATION, changed.parse().expect("as before"));
        }
        Signing::None | Signing::V1 => draft.query = changed,
    }
}
