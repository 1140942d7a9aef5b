//! Whatever comes as the token of `AssumeRoleWithOIDC`, the answer is a documented one, and the only tokens that open a
//! session are those that the issuer signed and that say what the role trusts.
//!
//! The first byte of an input says what the rest is: the token itself, changes of a good one, the two parts of an unsigned
//! one, or the claims of a signed one.

#![no_main]

use std::cell::LazyCell;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fake_alicloud::{Seed, ServiceAccountToken, fuzzing::Door};
use http::Request;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

/// The time at which the cloud's clock stands, 1704067200.
const MOMENT: &str = "2024-01-01T00:00:00Z";
const ISSUER: &str = "https://issuer.test/c1";
const SUBJECT: &str = "system:serviceaccount:shop:reader";
const AUDIENCE: &str = "sts.aliyuncs.com";

const SEED: &str = r#"
issuers: [{ url: "https://issuer.test/c1", algorithm: ES256 }]
accounts:
  - id: "1"
    oidcProviders: [{ name: cluster, issuerUrl: "https://issuer.test/c1", clientIds: [sts.aliyuncs.com] }]
    roles:
      - name: pod
        trust:
          Statement:
            - Effect: Allow
              Action: sts:AssumeRole
              Principal: { Federated: ["acs:ram::1:oidc-provider/cluster"] }
              Condition:
                StringEquals:
                  oidc:aud: sts.aliyuncs.com
                  oidc:iss: https://issuer.test/c1
                  oidc:sub: system:serviceaccount:shop:reader
"#;

/// The codes that the reference of the operation has for its token.
const CODES: [&str; 8] = [
    "AuthenticationFail.OIDCToken.Expired",
    "AuthenticationFail.OIDCToken.Invalid",
    "AuthenticationFail.OIDCToken.InvalidSignature",
    "AuthenticationFail.OIDCToken.AudienceNotMatch",
    "AuthenticationFail.OIDCToken.IssuerNotMatch",
    "AuthenticationFail.OIDCToken.IssuerConfigurationBroken",
    "AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch",
    "AuthenticationFail.NoPermission",
];

struct Cloud {
    door: Door,
    good: String,
}

thread_local! {
    static CLOUD: LazyCell<Cloud> = LazyCell::new(|| {
        let seed = Seed::from_yaml(SEED).expect("a seed");
        let door = Door::open(&seed, MOMENT.parse().expect("a time")).expect("an empty cloud");
        let good = door.mint(&token());
        assert!(is_session(&door, &good), "a good token is good");
        Cloud { door, good }
    });
}

fn token() -> ServiceAccountToken {
    ServiceAccountToken::new("shop", "reader")
}

fuzz_target!(|input: &[u8]| CLOUD.with(|cloud| {
    let Some((kind, rest)) = input.split_first() else { return };
    let Cloud { door, good } = &**cloud;
    door.rewind();
    match kind % 4 {
        0 => assert_only_if_signed(door, good, &String::from_utf8_lossy(rest)),
        1 => {
            let mut changed = good.clone().into_bytes();
            for change in rest.chunks_exact(3) {
                let place = usize::from(u16::from_be_bytes([change[0], change[1]])) % changed.len();
                changed[place] = change[2];
            }
            assert_only_if_signed(door, good, &String::from_utf8_lossy(&changed));
        }
        2 => {
            let place = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let (header, payload) = (&rest[..place], rest.get(place + 1..).unwrap_or_default());
            let (header, payload) = (URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
            let signature = good.rsplit('.').next().expect("three parts");
            assert_only_if_signed(door, good, &format!("{header}.{payload}.{signature}"));
        }
        _ => {
            let Ok(claims) = serde_json::from_slice::<Map<String, Value>>(rest) else { return };
            let add = |token: ServiceAccountToken, (name, value): (&String, &Value)| {
                token.claim(name.clone(), value.clone())
            };
            let signed = door.mint(&claims.iter().fold(token(), add));
            assert!(!is_session(door, &signed) || says_what_is_trusted(&signed), "{claims:?}");
        }
    }
}));

/// Of one content there may be two signatures, since anybody can make the second from the first.
fn assert_only_if_signed(door: &Door, good: &str, token: &str) {
    let signed = |token: &str| token.rsplit_once('.').map(|(signed, _)| signed.to_owned());
    assert!(!is_session(door, token) || signed(token) == signed(good), "a forged token came through");
}

/// Presents a token, and tells whether it opened a session; if not, the refusal is a documented one.
fn is_session(door: &Door, token: &str) -> bool {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", "AssumeRoleWithOIDC")
        .append_pair("Version", "2015-04-01")
        .append_pair("RoleArn", "acs:ram::1:role/pod")
        .append_pair("RoleSessionName", "fuzz")
        .append_pair("OIDCProviderArn", "acs:ram::1:oidc-provider/cluster")
        .append_pair("OIDCToken", token);
    let request = Request::post("/").body(form.finish().into_bytes()).expect("a request");
    let answer = door.answer(request);
    let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
    match answer.status().as_u16() {
        200 => {
            assert!(body["Credentials"]["SecurityToken"].is_string(), "{body}");
            true
        }
        401 => {
            let code = body["Code"].as_str().expect("a code");
            assert!(CODES.contains(&code), "{code}");
            false
        }
        other => panic!("status {other}: {body}"),
    }
}

/// A second reading of what a token must say.
fn says_what_is_trusted(token: &str) -> bool {
    let payload = token.split('.').nth(1).expect("three parts");
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("Base64")).expect("JSON");
    let now: Timestamp = MOMENT.parse().expect("a time");
    let seconds = |name: &str| claims[name].as_f64();
    let is_for_us = match &claims["aud"] {
        Value::String(audience) => audience == AUDIENCE,
        Value::Array(audiences) => audiences.iter().any(|audience| audience == AUDIENCE),
        _ => false,
    };
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century have few digits")]
    let now = now.as_second() as f64;
    is_for_us
        && claims["iss"] == ISSUER
        && claims["sub"] == SUBJECT
        && seconds("exp").is_some_and(|end| end > now)
        && seconds("iat").is_some_and(|start| start < now + 1.0 && start > now - 12.0 * 3600.0 - 1.0)
        && (claims.get("nbf").is_none() || seconds("nbf").is_some_and(|start| start < now + 1.0))
}
