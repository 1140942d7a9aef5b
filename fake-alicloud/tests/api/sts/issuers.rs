//! Issuers: their sites, their keys, and the control door's part in them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fake_alicloud::{
    Algorithm, ControlClient, ControlError, KeyRotation, Options, Seed, ServiceAccountToken,
};
use reqwest::{Certificate, Client};
use serde_json::{Value, json};

use super::*;

async fn page(world: &World, path: &str) -> Value {
    let response = world.http.get(format!("{}{path}", world.fake.api_url())).send().await.expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"application/json".parse().expect("a value"))
    );
    serde_json::from_str(&response.text().await.expect("a text")).expect("JSON")
}

#[tokio::test]
async fn an_issuer_publishes_where_its_keys_are_and_which() {
    let world = world().await;
    let discovery = page(&world, "/c1/.well-known/openid-configuration").await;
    assert_eq!(discovery["issuer"], ISSUER);
    assert_eq!(discovery["jwks_uri"], format!("{ISSUER}/openid/v1/jwks"));
    assert_eq!(discovery["id_token_signing_alg_values_supported"], json!(["ES256"]));
    let keys = page(&world, "/c1/openid/v1/jwks").await;
    assert_eq!(keys["keys"], json!(world.fake.issuers()[0].keys));
    let [one, other] = world.fake.journal().try_into().expect("two entries");
    assert_eq!((one.product.as_str(), one.action.as_str()), ("oidc", "GetDiscovery"));
    assert_eq!((other.product.as_str(), other.action.as_str()), ("oidc", "GetJwks"));
}

#[tokio::test]
async fn a_site_is_served_over_https_under_its_own_name_and_as_long_as_it_is_there() {
    let world = world().await;
    let address: std::net::SocketAddr =
        world.fake.api_tls_url().trim_start_matches("https://").parse().expect("an address");
    let host = "oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com";
    let url = format!("https://{host}:{}/c1/openid/v1/jwks", address.port());
    let get = async || {
        let ca = Certificate::from_pem(world.fake.ca_pem().as_bytes()).expect("a certificate");
        let client = Client::builder().no_proxy().tls_certs_only([ca]).resolve(host, address);
        client.build().expect("a client").get(&url).send().await
    };
    assert_eq!(get().await.expect("an answer").status().as_u16(), 200);
    world.fake.reset();
    assert!(get().await.is_err_and(|error| error.is_connect()));
}

#[tokio::test]
async fn what_is_no_page_is_an_api_call_as_ever() {
    let world = world().await;
    for path in ["/c2/openid/v1/jwks", "/c1", "/openid/v1/jwks"] {
        let url = format!("{}{path}", world.fake.api_url());
        let reply =
            world.deliver(Signed { method: Method::GET, url, headers: BTreeMap::new(), body: String::new() });
        assert_eq!(reply.await.refusal(), (404, "InvalidApi.NotFound".to_owned()));
    }
}

#[tokio::test]
async fn a_foreign_issuer_is_believed_by_its_keys() {
    let (world, cluster) = (world().await, World::new().await);
    let url = "https://foreign.test/c9";
    let keys = cluster.fake.add_issuer(url, Algorithm::Rs256).expect("a new one").keys;
    let seed = json!({
        "issuers": [{ "url": url, "jwks": { "keys": keys } }],
        "accounts": [{
            "id": "1111111111111111",
            "oidcProviders": [{ "name": "foreign", "issuerUrl": url, "clientIds": ["sts.aliyuncs.com"] }],
            "roles": [{
                "name": "guest",
                "trust": { "Statement": [{
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": { "Federated": ["acs:ram::1111111111111111:oidc-provider/foreign"] },
                    "Condition": { "StringEquals": { "oidc:aud": "sts.aliyuncs.com" } },
                }] },
            }],
        }],
    });
    world.fake.seed(&Seed::from_yaml(&seed.to_string()).expect("a seed")).expect("it is new");
    let token = cluster.fake.mint_token(&reader()).expect("the only issuer");
    let provider = "acs:ram::1111111111111111:oidc-provider/foreign";
    let role = "acs:ram::1111111111111111:role/guest";
    Credentials::of(&unsigned(&world, &federation(role, provider, &token)).await);
    let error = world.fake.mint_token(&reader().issuer(url)).expect_err("no private key");
    assert_eq!(
        error.to_string(),
        "the issuer https://foreign.test/c9 is foreign: the fake knows its public keys alone"
    );
}

#[tokio::test]
async fn the_control_door_does_the_same_for_other_processes() {
    let world = world().await;
    let control = ControlClient::new(world.fake.control_url()).expect("a URL");
    assert_eq!(control.issuers().await.expect("a list"), world.fake.issuers());
    let token = control.mint_token(&reader()).await.expect("the only issuer");
    assert_eq!(federate(&world, &token).await.status, 200);
    let rotated = control.rotate_keys(&KeyRotation::of(ISSUER).withdrawing_old()).await.expect("an issuer");
    assert_eq!((rotated.keys.len(), &rotated), (1, &world.fake.issuers()[0]));
    assert_eq!(federate(&world, &token).await.status, 401);
    let added = control.add_issuer("https://added.test", Algorithm::Es256).await.expect("a new one");
    assert_eq!(world.fake.issuers().first(), Some(&added));
    let again = control.add_issuer("https://added.test", Algorithm::Es256).await.expect_err("it is there");
    assert!(matches!(again, ControlError::Refused { status: 409, .. }), "{again}");
    assert!(again.to_string().ends_with("the issuer https://added.test exists already"), "{again}");
}

#[rstest::rstest]
#[case("/issuers", r#"{"url":"http://plain.test"}"#, 400, "the URL of an issuer must be a URL")]
#[case("/issuers", r#"{"url":"https://a.test","jwks":{"keys":[]}}"#, 400, "cannot use it as a key set")]
#[case("/issuers", r#"{"url":"https://a.test","privateKeys":["x"]}"#, 400, "cannot use it as a private key")]
#[case("/issuers", r#"{"url":"https://a.test","algorithm":"HS256"}"#, 400, "unknown variant `HS256`")]
#[case(
    "/issuers/rotate",
    r#"{"issuer":"https://a.test"}"#,
    404,
    "there is no issuer https://a.test; there are https://oidc-ack"
)]
#[case(
    "/tokens",
    r#"{"issuer":"https://a.test"}"#,
    404,
    "there is no issuer https://a.test; there are https://oidc-ack"
)]
#[case("/tokens", r#"{"keyId":"other"}"#, 404, "has no key other; it has ")]
#[case("/tokens", r#"{"audience":"sts"}"#, 400, "unknown field `audience`")]
#[case("/tokens", r#"{"expiresIn":"soon"}"#, 400, "cannot read what the token shall say")]
#[tokio::test]
async fn a_mistake_is_answered_with_a_sentence(
    #[case] path: &str,
    #[case] body: &str,
    #[case] status: u16,
    #[case] sentence: &str,
) {
    let world = world().await;
    let (answered, text) = world.control(Method::POST, path, body).await;
    assert!(answered == status && text.contains(sentence), "{answered} {text}");
}

#[tokio::test]
async fn an_issuer_must_be_named_unless_there_is_but_one() {
    let world = World::new().await;
    let error = world.fake.mint_token(&reader()).expect_err("no issuer");
    assert_eq!(error.to_string(), "name the issuer: the fake plays none");
    for url in ["https://a.test", "https://b.test"] {
        world.fake.add_issuer(url, Algorithm::Es256).expect("a new one");
    }
    let error = world.fake.mint_token(&reader()).expect_err("two issuers");
    assert_eq!(error.to_string(), "name the issuer: the fake plays https://a.test, https://b.test");
}

#[tokio::test]
async fn an_export_has_the_issuers_keys_so_that_tokens_stay_good() {
    let (one, other) = (world().await, World::with(Options::default()).await);
    one.fake.rotate_keys(&KeyRotation::of(ISSUER)).expect("an issuer");
    let token = one.fake.mint_token(&reader()).expect("the only issuer");
    other.fake.reset();
    let exported = Seed::from_yaml(&one.fake.export().to_json()).expect("a seed");
    other.fake.seed(&exported).expect("an empty fake");
    assert_eq!(federate(&other, &token).await.status, 200);
    assert_eq!(other.fake.issuers()[0].keys, one.fake.issuers()[0].keys);
}

#[tokio::test]
async fn a_token_has_the_claims_of_kubernetes_and_those_of_the_test() {
    let world = world().await;
    let now = world.fake.clock();
    now.freeze();
    let token = ServiceAccountToken::new("shop", "reader")
        .pod("reader-0", "7f0c")
        .claim("extra", 7)
        .claim("nbf", Value::Null);
    let minted = world.fake.mint_token(&token).expect("the only issuer");
    let claims = minted.split('.').nth(1).expect("three parts");
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("Base64")).expect("JSON");
    assert_eq!(claims["sub"], "system:serviceaccount:shop:reader");
    assert_eq!(claims["aud"], json!(["sts.aliyuncs.com"]));
    assert_eq!(claims["iat"], now.now().as_second());
    assert_eq!(claims["exp"], now.now().as_second() + 3600);
    assert_eq!((&claims["extra"], claims.get("nbf")), (&json!(7), None));
    let cluster = &claims["kubernetes.io"];
    assert_eq!(
        (&cluster["namespace"], &cluster["serviceaccount"]["name"]),
        (&json!("shop"), &json!("reader"))
    );
    assert_eq!(cluster["pod"], json!({ "name": "reader-0", "uid": "7f0c" }));
}
