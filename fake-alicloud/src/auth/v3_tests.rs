use http::{HeaderMap, HeaderName, StatusCode};

use super::*;

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (name.parse::<HeaderName>().expect("a header name"), value.parse().expect("a header value"))
    };
    pairs.iter().map(pair).collect()
}

/// The example printed in "Request syntax and signature method V3": ECS `RunInstances`.
fn published() -> Request {
    let authorization = "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0";
    let headers = headers(&[
        ("host", "ecs.cn-shanghai.aliyuncs.com"),
        ("x-acs-action", "RunInstances"),
        ("x-acs-content-sha256", EMPTY),
        ("x-acs-date", "2023-10-26T10:22:32Z"),
        ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
        ("x-acs-version", "2014-05-26"),
        ("authorization", authorization),
    ]);
    let query = "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai";
    Request::new("POST", "/", query, headers, Vec::new())
}

/// Computed from the same rules: KMS `GetSecretValue` with a security token and reserved characters.
fn derived() -> Request {
    let authorization = "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-security-token;x-acs-signature-nonce;x-acs-version,Signature=c1707115b13382c47a57393e1eeff578f1c2cac1445a94caebb0f04e79cbde60";
    let headers = headers(&[
        ("host", "kms.cn-hangzhou.aliyuncs.com"),
        ("x-acs-accesskey-id", "testid"),
        ("x-acs-action", "GetSecretValue"),
        ("x-acs-content-sha256", EMPTY),
        ("x-acs-date", "2024-01-01T00:00:00Z"),
        ("x-acs-security-token", "testtoken"),
        ("x-acs-signature-nonce", "0123456789abcdef0123456789abcdef"),
        ("x-acs-version", "2016-01-20"),
        ("authorization", authorization),
    ]);
    Request::new("POST", "/", "SecretName=db%2Fpass~word%2A1&VersionStage=ACSCurrent", headers, Vec::new())
}

fn accepted(request: &Request) -> Claim {
    read(request).expect("a complete request")
}

fn refused(request: &Request) -> ApiError {
    read(request).err().expect("an incomplete request")
}

#[test]
fn the_published_example_holds_at_every_stage() {
    let claim = accepted(&published());
    let string = "ACS3-HMAC-SHA256\n7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259";
    assert_eq!(claim.proof.strings_to_sign[0], string);
    let signature = base16ct::lower::encode_string(&signature_of("YourAccessKeySecret", string));
    assert_eq!(signature, "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0");
    assert!(claim.proof.holds("YourAccessKeySecret"));
}

#[test]
fn the_canonical_request_of_the_published_example_is_the_printed_one() {
    let request = published();
    let authorization =
        Authorization::parse(&request.header("authorization").expect("there")).expect("well formed");
    let canonical = canonical_request(&request, &authorization.signed_headers, EMPTY, percent_encode);
    let printed = "POST\n/\n\
        ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai\n\
        host:ecs.cn-shanghai.aliyuncs.com\n\
        x-acs-action:RunInstances\n\
        x-acs-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\
        x-acs-date:2023-10-26T10:22:32Z\n\
        x-acs-signature-nonce:3156853299f313e23d1673dc12e1703d\n\
        x-acs-version:2014-05-26\n\n\
        host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version\n\
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(canonical, printed);
}

#[test]
fn the_derived_example_holds_at_every_stage() {
    let claim = accepted(&derived());
    let string = "ACS3-HMAC-SHA256\nf881c5a8407606557014039bb77412d04fab52c7cc611db199b25c3ef289b878";
    assert_eq!(claim.proof.strings_to_sign[0], string);
    assert_eq!(claim.security_token.as_deref(), Some("testtoken"));
    assert!(claim.proof.holds("testsecret"));
}

#[test]
fn another_key_another_header_or_another_query_breaks_the_signature() {
    assert!(!accepted(&published()).proof.holds("YourAccessKeySecret2"));
    let mut moved = published();
    moved.headers.insert("host", "ecs.cn-beijing.aliyuncs.com".parse().expect("a header value"));
    assert!(!accepted(&moved).proof.holds("YourAccessKeySecret"));
    let mut widened = published();
    widened.query.push(("DryRun".to_owned(), "false".to_owned()));
    assert!(!accepted(&widened).proof.holds("YourAccessKeySecret"));
}

#[test]
fn names_may_be_signed_as_the_official_clients_do() {
    let mut request = published();
    request.query = vec![("a[0]".to_owned(), "v/1".to_owned())];
    let [encoded, plain] = accepted(&request).proof.strings_to_sign.try_into().expect("two readings");
    let canonical = |query: &str| {
        let authorization =
            Authorization::parse(&request.header("authorization").expect("there")).expect("well formed");
        let bare = Request::new("POST", "/", "", request.headers.clone(), Vec::new());
        let empty = canonical_request(&bare, &authorization.signed_headers, EMPTY, percent_encode);
        string_to_sign(&empty.replacen("POST\n/\n\n", &format!("POST\n/\n{query}\n"), 1))
    };
    assert_eq!(encoded, canonical("a%5B0%5D=v%2F1"));
    assert_eq!(plain, canonical("a[0]=v%2F1"));
}

#[test]
fn a_body_that_was_not_hashed_is_refused() {
    let mut request = published();
    request.body = b"SecretData=other".to_vec();
    assert_eq!(refused(&request).code, "SignatureDoesNotMatch");
}

#[rstest::rstest]
#[case("x-acs-action")]
#[case("x-acs-version")]
#[case("x-acs-date")]
#[case("x-acs-signature-nonce")]
#[case("x-acs-content-sha256")]
#[case("host")]
fn each_required_header_is_missed_by_name(#[case] name: &str) {
    let mut request = published();
    request.headers.remove(name);
    let error = refused(&request);
    assert_eq!((error.status, error.code.as_str()), (StatusCode::BAD_REQUEST, "MissingParameter"));
    assert!(error.message.contains(name), "{}", error.message);
}

#[rstest::rstest]
#[case("content-type", "application/x-www-form-urlencoded")]
#[case("x-acs-credentials-provider", "default/static_ak")]
fn headers_that_must_be_signed_are_missed_by_name(#[case] name: &'static str, #[case] value: &str) {
    let mut request = published();
    request.headers.insert(name, value.parse().expect("a header value"));
    let error = refused(&request);
    assert_eq!(error.code, "IncompleteSignature");
    assert!(error.message.contains(name), "{}", error.message);
}

#[test]
fn a_signed_header_that_never_came_is_missed_by_name() {
    let mut request = published();
    let authorization = request.header("authorization").expect("there").replace("=host;", "=accept;host;");
    request.headers.insert("authorization", authorization.parse().expect("a header value"));
    let error = refused(&request);
    assert_eq!(error.code, "IncompleteSignature");
    assert!(error.message.contains("accept"), "{}", error.message);
}

#[test]
fn headers_outside_the_list_need_not_be_signed() {
    let mut request = published();
    request.headers.insert("user-agent", "curl".parse().expect("a header value"));
    assert!(accepted(&request).proof.holds("YourAccessKeySecret"));
}

#[rstest::rstest]
#[case("", "IncompleteSignature")]
#[case("ACS3-HMAC-SHA256", "IncompleteSignature")]
#[case("ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host", "IncompleteSignature")]
#[case("ACS3-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=00", "IncompleteSignature")]
#[case("ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=00", "IncompleteSignature")]
#[case("ACS3-HMAC-SHA256 Credential=a,Credential=b,SignedHeaders=host,Signature=00", "IncompleteSignature")]
#[case("ACS3-HMAC-SM3 Credential=a,SignedHeaders=host,Signature=00", "InvalidSignatureMethod")]
#[case("Bearer abc", "InvalidSignatureMethod")]
fn a_malformed_authorization_is_refused(#[case] text: &str, #[case] code: &str) {
    assert_eq!(Authorization::parse(text).expect_err("malformed").code, code);
}
