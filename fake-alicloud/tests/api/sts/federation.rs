//! `AssumeRoleWithOIDC`: what it answers, and every way in which a token is not believed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fake_alicloud::{Algorithm, KeyRotation, Seed, ServiceAccountToken};
use jiff::SignedDuration;
use serde_json::json;

use super::*;

fn mint(world: &World, token: &ServiceAccountToken) -> String {
    world.fake.mint_token(&token.clone().issuer(ISSUER)).expect("an issuer")
}

#[tokio::test]
async fn the_bearer_of_a_token_becomes_a_role_that_reads() {
    let world = world().await;
    let reply = federate(&world, &mint(&world, &reader())).await;
    let session = Credentials::of(&reply);
    assert_eq!(reply.json()["AssumedRoleUser"]["Arn"], format!("{POD}/test"));
    assert_eq!(world.send(&session.on(read())).await.json()["SecretData"], "second");
}

#[tokio::test]
async fn the_answer_tells_what_the_token_said() {
    let world = world().await;
    let now = "2030-01-01T00:00:00Z".parse().expect("a time");
    world.fake.clock().freeze_at(now);
    let token = reader().audiences(["other", "sts.aliyuncs.com"]).expires_in(SignedDuration::from_mins(30));
    let reply = federate(&world, &mint(&world, &token)).await.json();
    let expected = json!({
        "ClientIds": "other,sts.aliyuncs.com",
        "ExpirationTime": "2030-01-01T00:30:00Z",
        "IssuanceTime": "2030-01-01T00:00:00Z",
        "Issuer": ISSUER,
        "Subject": "system:serviceaccount:shop:reader",
        "VerificationInfo": "Success",
    });
    assert_eq!(reply["OIDCTokenInfo"], expected);
    assert_eq!(reply["Credentials"]["Expiration"], "2030-01-01T01:00:00Z");
}

#[tokio::test]
async fn the_official_clients_forms_of_the_call_are_understood() {
    let world = world().await;
    let token = mint(&world, &reader());
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(federation(POD, PROVIDER, &token)).finish();
    let headers = BTreeMap::from([
        ("host".to_owned(), "sts.cn-hangzhou.aliyuncs.com".to_owned()),
        ("x-acs-action".to_owned(), "AssumeRoleWithOIDC".to_owned()),
        ("x-acs-version".to_owned(), "2015-04-01".to_owned()),
    ]);
    for method in [Method::GET, Method::POST] {
        let url = format!("{}/?{query}&SignatureNonce=1", world.fake.api_url());
        let body = String::new();
        let reply = world.deliver(Signed { method, url, headers: headers.clone(), body }).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(world.last_entry().region, "cn-hangzhou");
    }
}

fn invalid(reply: &Reply, message: &str) {
    assert_refused(reply, 401, "AuthenticationFail.OIDCToken.Invalid", message);
}

#[rstest::rstest]
#[case("", "The OIDCToken can not empty.")]
#[case("abc", "The number of Jwt field should be divided into 3 parts with '.' .")]
#[case("a.b", "The number of Jwt field should be divided into 3 parts with '.' .")]
#[case(&"a.b.".repeat(5_001), "The number of Jwt field should be divided into 3 parts with '.' .")]
#[case("e30.e30.e30", "The Jwt content is invalid that cannot be recognized.")]
#[case("????.e30.e30", "The Jwt content is not encoded by base64url.")]
#[tokio::test]
async fn a_text_that_is_no_token_is_told_how(#[case] token: &str, #[case] message: &str) {
    let world = world().await;
    invalid(&federate(&world, token).await, message);
}

#[rstest::rstest]
#[case("none")]
#[case("HS256")]
#[tokio::test]
async fn a_token_that_nobody_signed_is_refused(#[case] algorithm: &str) {
    let world = world().await;
    let minted = mint(&world, &reader());
    let header = URL_SAFE_NO_PAD.encode(json!({ "alg": algorithm }).to_string());
    let payload = minted.split('.').nth(1).expect("three parts");
    let reply = federate(&world, &format!("{header}.{payload}.AAAA")).await;
    invalid(&reply, &format!("The algorithm {algorithm} that be specified in Jwt header is unknown."));
}

#[tokio::test]
async fn a_token_from_the_future_is_not_valid_yet() {
    let world = world().await;
    let tomorrow = world.fake.clock().now() + SignedDuration::from_hours(24);
    let reply = federate(&world, &mint(&world, &reader().issued_at(tomorrow))).await;
    invalid(&reply, "This JsonWebToken is not valid yet.");
}

#[tokio::test]
async fn a_token_that_was_changed_or_whose_key_was_withdrawn_has_no_valid_signature() {
    let world = world().await;
    let (code, message) =
        ("AuthenticationFail.OIDCToken.InvalidSignature", "OIDC token validate failed: invalid signature.");
    let minted = mint(&world, &reader());
    let (signed, signature) = minted.rsplit_once('.').expect("three parts");
    let other = mint(&world, &ServiceAccountToken::new("shop", "other"));
    let stolen = other.rsplit_once('.').expect("three parts").1;
    assert_ne!(signature, stolen);
    assert_refused(&federate(&world, &format!("{signed}.{stolen}")).await, 401, code, message);

    world.fake.rotate_keys(&KeyRotation::of(ISSUER)).expect("an issuer");
    assert_eq!(federate(&world, &minted).await.status, 200, "the old key is still published");
    world.fake.rotate_keys(&KeyRotation::of(ISSUER).withdrawing_old()).expect("an issuer");
    assert_refused(&federate(&world, &minted).await, 401, code, message);
    assert_eq!(federate(&world, &mint(&world, &reader())).await.status, 200);
}

#[tokio::test]
async fn a_token_ends_and_must_not_be_older_than_its_provider_allows() {
    let world = world().await;
    let (code, message) = ("AuthenticationFail.OIDCToken.Expired", "This JsonWebToken is expired.");
    let short = mint(&world, &reader().expires_in(SignedDuration::from_mins(10)));
    let long = mint(&world, &reader().expires_in(SignedDuration::from_hours(24)));
    world.fake.clock().advance(SignedDuration::from_mins(10));
    assert_refused(&federate(&world, &short).await, 401, code, message);
    assert_eq!(federate(&world, &long).await.status, 200);
    world.fake.clock().advance(SignedDuration::from_hours(12));
    assert_refused(&federate(&world, &long).await, 401, code, message);
}

#[tokio::test]
async fn a_token_for_another_audience_or_of_another_issuer_is_refused() {
    let world = world().await;
    let elsewhere = mint(&world, &reader().audiences(["elsewhere"]));
    let code = "AuthenticationFail.OIDCToken.AudienceNotMatch";
    assert_refused(&federate(&world, &elsewhere).await, 401, code, "Invalid audience.");

    world.fake.add_issuer("https://other.test", Algorithm::Es256).expect("a new one");
    let other = world.fake.mint_token(&reader().issuer("https://other.test")).expect("an issuer");
    let code = "AuthenticationFail.OIDCToken.IssuerNotMatch";
    let message = "The issuer in the OIDC Token doesn't match the OIDC Provider registered.";
    assert_refused(&federate(&world, &other).await, 401, code, message);
    let forged = world.fake.mint_token(&reader().issuer("https://other.test").claim("iss", ISSUER));
    let code = "AuthenticationFail.OIDCToken.InvalidSignature";
    assert_eq!(federate(&world, &forged.expect("an issuer")).await.refusal(), (401, code.to_owned()));
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_is_told() {
    let world = world().await;
    let token = mint(&world, &reader().claim("iss", "https://nowhere.test"));
    let nowhere = "acs:ram::1111111111111111:oidc-provider/nowhere";
    let reply = unsigned(&world, &federation(POD, nowhere, &token)).await;
    let code = "AuthenticationFail.OIDCToken.IssuerConfigurationBroken";
    assert_refused(&reply, 401, code, "The public keys of the issuer could not be fetched.");
}

#[tokio::test]
async fn the_fingerprint_of_the_issuers_site_must_be_known_if_any_is() {
    let world = world().await;
    let fingerprint = world.fake.issuers()[0].fingerprint.clone();
    let provider = |name: &str, fingerprint: &str| {
        format!(
            "{{ name: {name}, issuerUrl: \"https://{name}.test\", clientIds: [sts.aliyuncs.com], fingerprints: [\"{fingerprint}\"] }}"
        )
    };
    let stale = "0123456789012345678901234567890123456789";
    let seed = format!(
        "issuers: [{{ url: \"https://right.test\", algorithm: ES256 }}, {{ url: \"https://wrong.test\", algorithm: ES256 }}]
accounts: [{{ id: \"1111111111111111\", oidcProviders: [{}, {}] }}]",
        provider("right", &fingerprint),
        provider("wrong", stale),
    );
    world.fake.seed(&Seed::from_yaml(&seed).expect("a seed")).expect("it is new");
    let code = async |name: &str| {
        let token =
            world.fake.mint_token(&reader().issuer(format!("https://{name}.test"))).expect("an issuer");
        let provider = format!("acs:ram::1111111111111111:oidc-provider/{name}");
        unsigned(&world, &federation(POD, &provider, &token)).await.refusal()
    };
    // Believed, and not trusted by the role.
    assert_eq!(code("right").await, (401, "AuthenticationFail.NoPermission".to_owned()));
    let mismatch = "AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch";
    assert_eq!(code("wrong").await, (401, mismatch.to_owned()));
}

#[tokio::test]
async fn a_provider_or_a_role_that_is_not_there_is_told() {
    let world = world().await;
    let token = mint(&world, &reader());
    let absent = "acs:ram::1111111111111111:oidc-provider/absent";
    let reply = unsigned(&world, &federation(POD, absent, &token)).await;
    assert_refused(&reply, 401, "AuthenticationFail.NoPermission", "No such OIDC Provider registered.");
    let absent = "acs:ram::1111111111111111:role/absent";
    let reply = unsigned(&world, &federation(absent, PROVIDER, &token)).await;
    let message = format!("The role not exists: {absent}.");
    assert_refused(&reply, 404, "EntityNotExist.Role", &message);
}

#[tokio::test]
async fn a_role_that_trusts_others_is_not_given() {
    let world = world().await;
    let token = mint(&world, &reader());
    let reply = unsigned(&world, &federation(APP, PROVIDER, &token)).await;
    assert_refused(&reply, 401, "AuthenticationFail.NoPermission", "There is no permission");
}

#[rstest::rstest]
#[case("OIDCProviderArn", "", "MissingOIDCProviderArn")]
#[case("RoleArn", "", "MissingRoleArn")]
#[case("RoleSessionName", "", "MissingRoleSessionName")]
#[case("OIDCProviderArn", "ack-rrsa-c1", "InvalidParameter.OIDCProviderArn")]
#[case("RoleArn", "pod", "InvalidParameter.RoleArn")]
#[case("RoleSessionName", "with blank", "InvalidParameter.RoleSessionName")]
#[case("DurationSeconds", "3601", "InvalidParameter.DurationSeconds")]
#[case("DurationSeconds", "899", "InvalidParameter.DurationSeconds")]
#[case("Policy", "{", "InvalidParameter.PolicyGrammar")]
#[case("Policy", &" ".repeat(2049), "InvalidParameter.PolicySize")]
#[tokio::test]
async fn each_parameter_has_its_rule(#[case] name: &str, #[case] value: &str, #[case] code: &str) {
    let world = world().await;
    let token = mint(&world, &reader());
    let mut parameters = federation(POD, PROVIDER, &token).to_vec();
    parameters.retain(|(existing, _)| *existing != name);
    parameters.push((name, value));
    assert_eq!(unsigned(&world, &parameters).await.refusal(), (400, code.to_owned()));
}
