//! Every vector of `tests/vectors`, compared stage by stage.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use csi_secrets_store_provider_alibabacloud::alicloud::Credential;
use csi_secrets_store_provider_alibabacloud::alicloud::sign::{Operation, v1, v3};
use rstest::rstest;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    access_key_id: String,
    access_key_secret: String,
    security_token: Option<String>,
    #[serde(default)]
    method: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    time: String,
    #[serde(default)]
    nonce: String,
    parameters: BTreeMap<String, String>,
}

impl Case {
    fn credential(&self) -> Credential {
        Credential {
            access_key_id: self.access_key_id.clone(),
            access_key_secret: self.access_key_secret.as_str().into(),
            security_token: self.security_token.as_deref().map(Into::into),
        }
    }

    fn parameters(&self) -> Vec<(&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

#[rstest]
fn v1_agrees_at_every_stage(#[files("tests/vectors/v1/*/case.json")] path: PathBuf) {
    let case = read(&path);
    let string_to_sign = v1::string_to_sign(&case.method, &case.parameters());
    assert_eq!(string_to_sign.expose(), &stage(&path, "string-to-sign.txt"));
    assert_eq!(v1::signature(&string_to_sign, &case.credential()), stage(&path, "signature.txt"));
}

#[rstest]
fn v3_agrees_at_every_stage(#[files("tests/vectors/v3/*/case.json")] path: PathBuf) {
    let case = read(&path);
    let (credential, parameters) = (case.credential(), case.parameters());
    let operation = Operation { action: &case.action, version: &case.version, parameters: &parameters };
    let time = case.time.parse().unwrap();
    let payload_hash = v3::hex_sha256(b"");
    let signed = v3::sign(&case.host, &operation, &credential, time, &case.nonce);
    let headers = v3::signed_headers(&case.host, &operation, &credential, time, &case.nonce, &payload_hash);

    let canonical_request = v3::canonical_request(&signed.query, &headers, &payload_hash);
    assert_eq!(canonical_request.expose(), &stage(&path, "canonical-request.txt"));
    let string_to_sign = v3::string_to_sign(&canonical_request);
    assert_eq!(string_to_sign, stage(&path, "string-to-sign.txt"));
    let signature = stage(&path, "signature.txt");
    assert_eq!(v3::signature(&string_to_sign, &credential), signature);

    let authorization = signed.headers.iter().find(|(name, _)| *name == "authorization").unwrap().1.expose();
    let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
    let expected = format!(
        "ACS3-HMAC-SHA256 Credential={},SignedHeaders={},Signature={signature}",
        case.access_key_id,
        names.join(";")
    );
    assert_eq!(authorization, &expected);
}

fn read(path: &Path) -> Case {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn stage(case: &Path, name: &str) -> String {
    fs::read_to_string(case.with_file_name(name)).unwrap()
}
