//! Signature V1 (HMAC-SHA1 over the parameters), as in "Request syntax and signature method V2 for RPC APIs".
//!
//! The documentation counts it as method V2; on the wire it is `SignatureVersion=1.0`.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::{
    Claim, Proof,
    encode::{canonical_pairs, percent_encode},
    read_time,
};
use crate::{api::ApiError, request::Request};

/// Reads the claim from query and form.
pub(super) fn read(request: &Request) -> Result<Claim, ApiError> {
    let text = |name| request.parameter(name).filter(|value| !value.is_empty());
    let required = |name| text(name).ok_or_else(|| ApiError::missing(name));

    let access_key_id = required("AccessKeyId")?.to_owned();
    let signature = text("Signature")
        .ok_or_else(|| ApiError::incomplete_signature("The parameter Signature is missing."))?;
    if required("SignatureMethod")? != "HMAC-SHA1" {
        return Err(ApiError::unsupported_signature_method("HMAC-SHA1"));
    }
    if required("SignatureVersion")? != "1.0" {
        return Err(ApiError::invalid_gateway_parameter("SignatureVersion"));
    }
    let nonce = required("SignatureNonce")?.to_owned();
    let time = read_time(required("Timestamp")?)?;

    let string_to_sign = string_to_sign(&request.method, request.pairs());
    Ok(Claim {
        access_key_id,
        security_token: text("SecurityToken").map(str::to_owned),
        time,
        nonce,
        proof: Proof {
            // What is not even Base64 equals no signature.
            signature: STANDARD.decode(signature).unwrap_or_default(),
            strings_to_sign: vec![string_to_sign],
            canonical_request: None,
            sign: signature_of,
        },
    })
}

/// Method, path and parameters but the signature; the parameters are encoded twice.
fn string_to_sign<'a>(method: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let signed = pairs.filter(|(name, _)| *name != "Signature");
    format!("{method}&%2F&{}", percent_encode(&canonical_pairs(signed, percent_encode)))
}

fn signature_of(access_key_secret: &str, string_to_sign: &str) -> Vec<u8> {
    let key = format!("{access_key_secret}&");
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(string_to_sign.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECS_STRING: &str = "GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureVersion%3D1.0%26Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26";
    const STS_STRING: &str = "GET&%2F&AccessKeyId%3Dtestid%26Action%3DAssumeRole%26Format%3DJSON%26RoleArn%3Dacs%253Aram%253A%253A1234567890123%253Arole%252Ffirstrole%26RoleSessionName%3Dclient%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D571f8fb8-506e-11e5-8e12-b8e8563dc8d2%26SignatureVersion%3D1.0%26Timestamp%3D2015-09-01T05%253A57%253A34Z%26Version%3D2015-04-01";

    const ECS_REGIONS: &str = "Format=XML&SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf&Version=2014-05-26&Action=DescribeRegions&Timestamp=2016-02-23T12%3A46%3A24Z";
    const STS_ASSUME_ROLE: &str = "Format=JSON&RoleArn=acs%3Aram%3A%3A1234567890123%3Arole%2Ffirstrole&RoleSessionName=client&SignatureNonce=571f8fb8-506e-11e5-8e12-b8e8563dc8d2&Version=2015-04-01&Action=AssumeRole&Timestamp=2015-09-01T05%3A57%3A34Z";
    const RAM_CREATE_USER: &str = "Format=JSON&UserName=test&SignatureNonce=6a6e0ca6-4557-11e5-86a2-b8e8563dc8d2&Version=2015-05-01&Action=CreateUser&Timestamp=2015-08-18T03%3A15%3A45Z";
    const ECS_HOSTS: &str = "Format=JSON&RegionId=cn-beijing&SignatureNonce=edb2b34af0af9a6d14deaf7c1a5315eb&Version=2014-05-26&Action=DescribeDedicatedHosts&Timestamp=2023-03-13T08%3A34%3A30Z";
    const KMS_SECRET_VALUE: &str = "Format=JSON&SecretName=db%2Fpass~word%2A1&SecurityToken=testtoken&SignatureNonce=0123456789abcdef0123456789abcdef&Version=2016-01-20&Action=GetSecretValue&Timestamp=2024-01-01T00%3A00%3A00Z";
    const FIXED: &str = "&AccessKeyId=testid&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0";

    fn request(method: &str, parameters: &str, signature: &str) -> Request {
        let signature = percent_encode(signature);
        let query = format!("{parameters}{FIXED}&Signature={signature}");
        Request::new(method, "/", &query, http::HeaderMap::new(), Vec::new())
    }

    /// Vectors printed in "Request syntax and signature method V2 for RPC APIs" and in the request-signature pages of
    /// ECS, STS and RAM; the last two are computed from the same rules.
    #[rstest::rstest]
    #[case("GET", ECS_REGIONS, "OLeaidS1JvxuMvnyHOwuJ+uX5qY=")]
    #[case("GET", STS_ASSUME_ROLE, "gNI7b0AyKZHxDgjBGPDgJ1Ce3L4=")]
    #[case("GET", RAM_CREATE_USER, "kRA2cnpJVacIhDMzXnoNZG9tDCI=")]
    #[case("GET", ECS_HOSTS, "9NaGiOspFP5UPcwX8Iwt2YJXXuk=")]
    #[case("POST", STS_ASSUME_ROLE, "gyoTXBqArvZT/gKwPjXIYR9ZuB0=")]
    #[case("POST", KMS_SECRET_VALUE, "DPgGlymSztXkLFyGsVPyq1faMao=")]
    fn published_signatures_hold(#[case] method: &str, #[case] parameters: &str, #[case] signature: &str) {
        let claim = read(&request(method, parameters, signature)).expect("a complete request");
        assert_eq!(claim.access_key_id, "testid");
        assert_eq!(STANDARD.encode(signature_of("testsecret", &claim.proof.strings_to_sign[0])), signature);
        assert!(claim.proof.holds("testsecret"));
        assert!(!claim.proof.holds("testsecret2"));
    }

    #[rstest::rstest]
    #[case(ECS_REGIONS, ECS_STRING)]
    #[case(STS_ASSUME_ROLE, STS_STRING)]
    fn published_strings_to_sign_are_met(#[case] parameters: &str, #[case] string: &str) {
        assert_eq!(string_to_sign("GET", request("GET", parameters, "x").pairs()), string);
    }

    #[test]
    fn a_parameter_signs_alike_in_query_and_form() {
        let (query, form) = STS_ASSUME_ROLE.split_once("&RoleSessionName").expect("a place to cut");
        let form = format!("RoleSessionName{form}{FIXED}");
        let signature = percent_encode("gyoTXBqArvZT/gKwPjXIYR9ZuB0=");
        let query = format!("{query}&Signature={signature}");
        let split = Request::new("POST", "/", &query, http::HeaderMap::new(), form.into_bytes());
        assert!(read(&split).expect("a complete request").proof.holds("testsecret"));
    }

    #[test]
    fn a_signature_that_is_not_base64_never_holds() {
        let claim = read(&request("GET", ECS_REGIONS, "!!!")).expect("a complete request");
        assert!(!claim.proof.holds("testsecret"));
    }
}
