//! What stands before every product: recognising, signatures, replay, formats and headers.

use reqwest::Method;
use rstest::rstest;

use crate::{
    client::{Call, Reply, minutes_from_now},
    world::{ALICE, DISABLED, ROOT, World},
};

const HANGZHOU: &str = "kms.cn-hangzhou.aliyuncs.com";

fn read() -> Call {
    Call::kms("GetSecretValue", ROOT).with("SecretName", "db/password")
}

fn assert_read(reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.json()["SecretData"], "second");
}

#[rstest]
#[case(Method::GET)]
#[case(Method::POST)]
#[tokio::test]
async fn both_signatures_are_good_for_both_methods(#[case] method: Method) {
    let world = World::new().await;
    let call = read().by(method).with("Comment", "reserved: ~*+/ é");
    assert_read(&world.send(&call).await);
    let again = Call { nonce: "another".to_owned(), ..call };
    assert_read(&world.send_v1(&again).await);
}

#[tokio::test]
async fn parameters_may_come_in_query_or_form() {
    let world = World::new().await;
    let call = || Call::kms("GetSecretValue", ROOT).with("VersionStage", "ACSCurrent");
    assert_read(&world.send(&call().with_form("SecretName", "db/password")).await);
    assert_read(&world.send_v1(&call().with_form("SecretName", "db/password")).await);
}

#[tokio::test]
async fn further_headers_may_be_signed() {
    let world = World::new().await;
    let call = read().with_header("user-agent", "Python/3").with_header("accept", "application/json");
    assert_read(&world.send(&call.with_header("x-acs-credentials-provider", "static_ak")).await);
}

#[rstest]
#[case(read().at("ecs.cn-hangzhou.aliyuncs.com"), 404, "InvalidProduct.NotFound")]
#[case(Call { path: "/secrets".to_owned(), ..read() }, 404, "InvalidApi.NotFound")]
#[case(Call { action: "getSecretValue".to_owned(), ..read() }, 404, "InvalidAction.NotFound")]
#[case(Call { version: "2015-01-01".to_owned(), ..read() }, 400, "InvalidParameter")]
#[case(Call { version: "2015-01-01".to_owned(), ..read() }.at(HANGZHOU), 400, "InvalidVersion")]
#[case(Call { action: String::new(), ..read() }, 400, "MissingAction")]
#[case(Call { version: String::new(), ..read() }, 400, "MissingVersion")]
#[case(read().with("RegionId", "NOT A REGION"), 400, "InvalidParameter")]
#[case(read().with("Format", "YAML"), 400, "InvalidParameter.Format")]
#[case(read().by(Method::PUT), 403, "UnsupportedHTTPMethod")]
#[case(Call { date: minutes_from_now(-16), ..read() }, 400, "InvalidTimeStamp.Expired")]
#[case(Call { date: minutes_from_now(16), ..read() }, 400, "InvalidTimeStamp.Expired")]
#[case(Call { date: "yesterday".to_owned(), ..read() }, 400, "InvalidTimeStamp.Format")]
#[case(Call { key: ("LTAI5tNobody".to_owned(), "x".to_owned()), ..read() }, 404, "InvalidAccessKeyId.NotFound")]
#[case(Call { key: ("<stray>".to_owned(), "x".to_owned()), ..read() }, 404, "InvalidAccessKeyId.NotFound")]
#[case(Call { key: (DISABLED.0.to_owned(), DISABLED.1.to_owned()), ..read() }, 400, "InvalidAccessKeyId.Inactive")]
#[case(Call { key: (ROOT.0.to_owned(), ALICE.1.to_owned()), ..read() }, 400, "SignatureDoesNotMatch")]
#[tokio::test]
async fn both_signatures_meet_the_same_refusals(#[case] call: Call, #[case] status: u16, #[case] code: &str) {
    let world = World::new().await;
    for reply in [world.send(&call).await, world.send_v1(&call).await] {
        assert_eq!(reply.refusal(), (status, code.to_owned()), "{}", reply.text);
        assert_eq!(world.last_entry().code.as_deref(), Some(code));
        assert_eq!(world.last_entry().account, None);
    }
}

#[tokio::test]
async fn fourteen_minutes_either_way_are_tolerated() {
    let world = World::new().await;
    assert_read(&world.send(&Call { date: minutes_from_now(-14), ..read() }).await);
    assert_read(&world.send(&Call { date: minutes_from_now(14), ..read() }).await);
}

#[tokio::test]
async fn a_nonce_is_good_for_one_call() {
    let world = World::new().await;
    let signed = world.sign(&read());
    assert_read(&world.deliver(signed.clone()).await);
    let replayed = world.deliver(signed).await;
    assert_eq!(replayed.refusal(), (400, "SignatureNonceUsed".to_owned()));
    let v1 = read();
    assert_read(&world.send_v1(&v1).await);
    assert_eq!(world.send_v1(&v1).await.refusal(), (400, "SignatureNonceUsed".to_owned()));
}

#[tokio::test]
async fn a_forged_call_uses_up_nobodys_nonce() {
    let world = World::new().await;
    let forged = Call { key: (ROOT.0.to_owned(), "guess".to_owned()), nonce: "shared".to_owned(), ..read() };
    assert_eq!(world.send(&forged).await.refusal().1, "SignatureDoesNotMatch");
    assert_read(&world.send(&Call { nonce: "shared".to_owned(), ..read() }).await);
}

#[tokio::test]
async fn a_token_that_was_never_issued_is_malformed() {
    let world = World::new().await;
    let v3 = world.send(&read().with_header("x-acs-security-token", "abc")).await;
    let v1 = world.send_v1(&read().with("SecurityToken", "abc")).await;
    for reply in [v3, v1] {
        assert_eq!(reply.refusal(), (400, "InvalidSecurityToken.Malformed".to_owned()));
    }
}

#[tokio::test]
async fn a_wrong_signature_is_shown_what_the_server_signed() {
    let world = World::new().await;
    let wrong = || Call { key: (ROOT.0.to_owned(), "guess".to_owned()), ..read() };
    let v1 = world.send_v1(&wrong()).await.message();
    let expected =
        "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&";
    assert!(v1.starts_with(expected) && v1.contains("SecretName%3Ddb%252Fpassword"), "{v1}");
    let v3 = world.send(&wrong()).await.message();
    assert!(v3.contains("server string to sign is:ACS3-HMAC-SHA256\n"), "{v3}");
    assert!(v3.contains("canonical request is:POST\n/\nSecretName=db%2Fpassword\nhost:"), "{v3}");
}

#[tokio::test]
async fn a_query_changed_after_signing_breaks_both_signatures() {
    let world = World::new().await;
    for mut signed in [world.sign(&read()), read().sign_v1(world.fake.api_url())] {
        signed.url += "&VersionId=v1";
        assert_eq!(world.deliver(signed).await.refusal(), (400, "SignatureDoesNotMatch".to_owned()));
    }
}

#[tokio::test]
async fn what_v1_signed_is_called_whatever_the_headers_say() {
    let world = World::new().await;
    let mut signed = read().sign_v1(world.fake.api_url());
    signed.headers.insert("x-acs-action".to_owned(), "DeleteSecret".to_owned());
    signed.headers.insert("x-acs-version".to_owned(), "2019-06-01".to_owned());
    assert_read(&world.deliver(signed).await);
    let mut unnamed = read().with("Action", "").sign_v1(world.fake.api_url());
    unnamed.headers.insert("x-acs-action".to_owned(), "DeleteSecret".to_owned());
    assert_eq!(world.deliver(unnamed).await.refusal(), (400, "MissingAction".to_owned()));
}

#[tokio::test]
async fn a_body_changed_after_signing_breaks_v3() {
    let world = World::new().await;
    let mut signed = world.sign(&read().with_form("VersionId", "v1"));
    signed.body = "VersionId=v2".to_owned();
    let reply = world.deliver(signed).await;
    assert_eq!(reply.refusal(), (400, "SignatureDoesNotMatch".to_owned()));
    assert!(reply.message().contains("x-acs-content-sha256"), "{}", reply.message());
}

#[tokio::test]
async fn the_host_is_signed_in_v3() {
    let world = World::new().await;
    let mut signed = world.sign(&read().at(HANGZHOU));
    signed.headers.insert("host".to_owned(), "kms.cn-beijing.aliyuncs.com".to_owned());
    assert_eq!(world.deliver(signed).await.refusal(), (400, "SignatureDoesNotMatch".to_owned()));
}

#[rstest]
#[case("x-acs-date", "MissingParameter")]
#[case("x-acs-signature-nonce", "MissingParameter")]
#[case("x-acs-content-sha256", "MissingParameter")]
#[case("x-acs-action", "MissingAction")]
#[case("x-acs-version", "MissingVersion")]
#[case("authorization", "IncompleteSignature")]
#[tokio::test]
async fn each_header_of_v3_is_required(#[case] header: &str, #[case] code: &str) {
    let world = World::new().await;
    let mut signed = world.sign(&read());
    signed.headers.remove(header);
    assert_eq!(world.deliver(signed).await.refusal(), (400, code.to_owned()));
}

#[rstest]
#[case("x-acs-retry-attempts")]
#[case("content-type")]
#[tokio::test]
async fn v3_must_sign_what_it_sends(#[case] header: &str) {
    let world = World::new().await;
    let mut signed = world.sign(&read());
    signed.headers.insert(header.to_owned(), "1".to_owned());
    let reply = world.deliver(signed).await;
    assert_eq!(reply.refusal(), (400, "IncompleteSignature".to_owned()));
    assert!(reply.message().contains(header), "{}", reply.message());
}

#[rstest]
#[case("AccessKeyId", "", "MissingAccessKeyId")]
#[case("SignatureMethod", "", "MissingSignatureMethod")]
#[case("SignatureMethod", "HMAC-SHA256", "InvalidSignatureMethod")]
#[case("SignatureVersion", "", "MissingSignatureVersion")]
#[case("SignatureVersion", "2.0", "InvalidParameter")]
#[case("SignatureNonce", "", "MissingSignatureNonce")]
#[case("Timestamp", "", "MissingTimestamp")]
#[tokio::test]
async fn each_parameter_of_v1_is_required(#[case] name: &str, #[case] value: &str, #[case] code: &str) {
    let world = World::new().await;
    assert_eq!(world.send_v1(&read().with(name, value)).await.refusal(), (400, code.to_owned()));
}

#[tokio::test]
async fn an_unsigned_call_is_told_what_is_missing() {
    let world = World::new().await;
    let mut signed = read().sign_v1(world.fake.api_url());
    signed.url = signed.url.split("&Signature=").next().expect("a URL").to_owned();
    assert_eq!(world.deliver(signed.clone()).await.refusal(), (400, "IncompleteSignature".to_owned()));
    signed.url = format!("{}/?Action=GetSecretValue&Version=2016-01-20", world.fake.api_url());
    assert_eq!(world.deliver(signed).await.refusal(), (400, "MissingAccessKeyId".to_owned()));
}

#[tokio::test]
async fn a_foreign_signature_algorithm_is_refused() {
    let world = World::new().await;
    let mut signed = world.sign(&read());
    let authorization = signed.headers["authorization"].replace("ACS3-HMAC-SHA256", "ACS3-HMAC-SM3");
    signed.headers.insert("authorization".to_owned(), authorization);
    assert_eq!(world.deliver(signed).await.refusal(), (400, "InvalidSignatureMethod".to_owned()));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let world = World::new().await;
    let mut signed = world.sign(&read());
    signed.body = "x".repeat(10 * 1024 * 1024 + 1);
    assert_eq!(world.deliver(signed).await.refusal(), (413, "RequestEntityTooLarge".to_owned()));
}

#[tokio::test]
async fn answers_bear_the_gateways_headers() {
    let world = World::new().await;
    let reply = world.send(&read()).await;
    let header =
        |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(header("content-type"), "application/json;charset=utf-8");
    assert_eq!(header("x-acs-request-id"), reply.json()["RequestId"].as_str().expect("an id"));
    assert_eq!(header("x-acs-trace-id").len(), 32);
    assert_eq!(header("access-control-allow-origin"), "*");
    assert!(header("etag").starts_with('"'));
}

#[tokio::test]
async fn a_gateway_error_names_host_and_diagnosis() {
    let world = World::new().await;
    let reply = world.send(&Call { action: "Nothing".to_owned(), ..read() }.at(HANGZHOU)).await.json();
    assert_eq!(reply["HostId"], HANGZHOU);
    assert_eq!(reply["Message"], "Specified api is not found, please check your url and method.");
    let recommend = reply["Recommend"].as_str().expect("a URL");
    assert!(
        recommend.starts_with("https://api.aliyun.com/troubleshoot?q=InvalidAction.NotFound&product=kms")
    );
    assert!(reply.get("HttpStatus").is_none());
}

#[tokio::test]
async fn xml_is_answered_when_asked_for() {
    let world = World::new().await;
    let by_parameter = world.send(&read().with("Format", "xml")).await;
    let by_header = world.send(&read().with_header("accept", "application/xml")).await;
    for reply in [by_parameter, by_header] {
        assert_eq!(reply.headers["content-type"], "text/xml;charset=utf-8");
        assert!(reply.text.contains("<GetSecretValueResponse>"), "{}", reply.text);
        assert!(reply.text.contains("<SecretData>second</SecretData>"), "{}", reply.text);
        let stages = "<VersionStages><VersionStage>ACSCurrent</VersionStage></VersionStages>";
        assert!(reply.text.contains(stages), "{}", reply.text);
    }
    let refused = world.send(&read().with("Format", "XML").with("VersionId", "v9")).await;
    assert!(refused.text.contains("<Error><Code>Forbidden.ResourceNotFound</Code>"), "{}", refused.text);
}
