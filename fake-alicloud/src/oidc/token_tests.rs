use std::sync::LazyLock;

use serde_json::json;

use super::*;
use crate::oidc::{ServiceAccountToken, SigningKey};

const ISSUER: &str = "https://issuer.test/c1";
static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256));

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

fn token() -> ServiceAccountToken {
    ServiceAccountToken::new("shop", "reader").issued_at(at(1_000))
}

fn minted(token: &ServiceAccountToken) -> String {
    token.sign(ISSUER, &KEY, at(1_000))
}

fn verified(text: &str) -> Result<Claims, TokenError> {
    Token::read(text)?.verified([KEY.public()])
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A minted token with another header.
fn with_header(header: &Value) -> String {
    let minted = minted(&token());
    format!("{}.{}", encoded(header), minted.split_once('.').expect("three parts").1)
}

#[rstest::rstest]
#[case(Algorithm::Rs256)]
#[case(Algorithm::Es256)]
fn a_minted_token_says_who_its_bearer_is(#[case] algorithm: Algorithm) {
    let key = SigningKey::generate(algorithm);
    let text = token().audiences(["a", "b"]).sign(ISSUER, &key, at(1_000));
    let claims = Token::read(&text).and_then(|token| token.verified([KEY.public(), key.public()]));
    let expected = Claims {
        issuer: ISSUER.to_owned(),
        subject: "system:serviceaccount:shop:reader".to_owned(),
        audiences: vec!["a".to_owned(), "b".to_owned()],
        issued: at(1_000),
        expires: at(4_600),
        not_before: Some(at(1_000)),
    };
    assert_eq!(claims, Ok(expected));
    assert_eq!(
        Token::read(&text).and_then(|token| token.verified([KEY.public()])),
        Err(TokenError::Signature)
    );
}

#[test]
fn no_part_of_a_token_can_be_changed() {
    let text = minted(&token());
    for place in 0..text.len() {
        let mut forged = text.clone().into_bytes();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).expect("ASCII");
        assert!(verified(&forged).is_err(), "changed at {place}");
    }
}

#[rstest::rstest]
#[case("", TokenError::Empty)]
#[case("abc", TokenError::Parts)]
#[case("a.b", TokenError::Parts)]
#[case("a.b.c.d", TokenError::Parts)]
#[case(&"a.b.c".repeat(5_000), TokenError::Parts)]
#[case("a+b/.e30.e30", TokenError::Encoding)]
#[case("e30=.e30.e30", TokenError::Encoding)]
#[case("e30.e30.e30", TokenError::Content)]
#[case("W10.e30.e30", TokenError::Content)]
#[case("AAAA.AAAA.AAAA", TokenError::Content)]
fn what_is_no_token_is_told_how(#[case] text: &str, #[case] error: TokenError) {
    assert_eq!(Token::read(text).expect_err("no token"), error);
}

#[rstest::rstest]
#[case(json!({ "alg": "none" }), TokenError::Algorithm("none".to_owned()))]
#[case(json!({ "alg": "HS256" }), TokenError::Algorithm("HS256".to_owned()))]
#[case(json!({ "alg": "es256" }), TokenError::Algorithm("es256".to_owned()))]
#[case(json!({ "alg": ["ES256"] }), TokenError::Content)]
#[case(json!({ "alg": "ES256", "crit": ["b64"], "b64": false }), TokenError::Content)]
#[case(json!({ "alg": "ES256", "kid": 7 }), TokenError::Content)]
#[case(json!({ "alg": "ES256", "kid": "another" }), TokenError::Signature)]
#[case(json!({ "alg": "RS256", "kid": KEY.id() }), TokenError::Signature)]
#[case(json!({ "alg": "ES256" }), TokenError::Signature)]
fn a_header_cannot_talk_its_way_in(#[case] header: Value, #[case] error: TokenError) {
    assert_eq!(verified(&with_header(&header)), Err(error));
}

#[test]
fn a_token_that_names_no_key_is_tried_with_all() {
    let payload = minted(&token()).split('.').nth(1).expect("a payload").to_owned();
    let signed = format!("{}.{payload}", encoded(&json!({ "alg": "ES256" })));
    let text = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(KEY.sign(signed.as_bytes())));
    let other = SigningKey::generate(Algorithm::Es256);
    let read = |text| Token::read(text).expect("a token");
    assert!(read(&text).verified([other.public(), KEY.public()]).is_ok());
}

#[test]
fn a_name_that_is_there_twice_is_refused() {
    let header = encoded(&json!({ "alg": "ES256" }));
    let payload = URL_SAFE_NO_PAD.encode(r#"{"iss":"a","sub":"b","sub":"c","aud":"d","iat":1,"exp":2}"#);
    assert_eq!(verified(&format!("{header}.{payload}.AAAA")), Err(TokenError::Content));
}

#[rstest::rstest]
#[case("iss", json!(7))]
#[case("iss", Value::Null)]
#[case("sub", json!(["a"]))]
#[case("sub", Value::Null)]
#[case("aud", json!({ "a": 1 }))]
#[case("aud", json!(["a", 1]))]
#[case("aud", Value::Null)]
#[case("exp", json!("4600"))]
#[case("exp", json!(1e300))]
#[case("exp", Value::Null)]
#[case("iat", Value::Null)]
#[case("nbf", json!("now"))]
fn claims_of_another_type_are_refused(#[case] name: &str, #[case] value: Value) {
    assert_eq!(verified(&minted(&token().claim(name, value))), Err(TokenError::Content));
}

#[rstest::rstest]
#[case(999, Err(TokenError::NotYet))]
#[case(1_000, Ok(()))]
#[case(1_000 + 1_800, Ok(()))]
#[case(1_000 + 1_801, Err(TokenError::TooOld))]
#[case(4_600, Err(TokenError::Expired))]
fn a_token_has_its_time(#[case] now: i64, #[case] outcome: Result<(), TokenError>) {
    let claims = verified(&minted(&token())).expect("a good token");
    assert_eq!(claims.check_times(SignedDuration::from_mins(30), at(now)), outcome);
}

#[test]
fn an_audience_may_be_a_text_and_a_time_a_fraction() {
    let claims = verified(&minted(&token().claim("aud", "one").claim("exp", 2_000.9))).expect("a good token");
    assert_eq!((claims.audiences, claims.expires), (vec!["one".to_owned()], at(2_000)));
}
