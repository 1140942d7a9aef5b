//! Secrets of Key Management Service (API version 2016-01-20, `GetSecretValue`).

use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tokio::time::Instant;

use super::{Door, Error, Value};
use crate::alicloud::call::{self, Service};
use crate::alicloud::sign::Operation;
use crate::alicloud::{Client, Credential, Endpoint};
use crate::sensitive::Sensitive;

const VERSION: &str = "2016-01-20";

/// A secret, and the version of it if not the one at the stage `ACSCurrent`. Given id and stage, the cloud checks both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selection {
    /// The secret's name, or its ARN.
    pub secret_name: String,
    /// `VersionId`.
    pub version_id: Option<VersionId>,
    /// `VersionStage`.
    pub version_stage: Option<String>,
}

/// `VersionId`: names a version within its secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VersionId(String);

impl FromStr for VersionId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        (1..=64).contains(&text.chars().count()).then(|| Self(text.to_owned())).ok_or(())
    }
}

/// Reads secrets.
#[derive(Debug)]
pub struct KmsStore {
    client: Arc<Client>,
}

impl KmsStore {
    /// A store that is reached over `client`.
    pub fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    /// Reads a secret, or gives up when it is `until`.
    pub async fn read(
        &self,
        door: &Door,
        credential: &Credential,
        selection: &Selection,
        until: Instant,
    ) -> Result<Value, Error> {
        let mut parameters = vec![("SecretName", selection.secret_name.as_str())];
        let version = mutate!(VersionIgnored, selection.version_id.as_ref(), None);
        let stage = mutate!(LabelIgnored, selection.version_stage.as_deref(), None);
        mutate!(WrongStage: stage = stage.or(Some("ACSPrevious")));
        parameters.extend(version.map(|VersionId(id)| ("VersionId", id.as_str())));
        parameters.extend(stage.map(|stage| ("VersionStage", stage)));
        let operation = Operation { action: "GetSecretValue", version: VERSION, parameters: &parameters };
        let (endpoint, scheme) = (&door.endpoint, door.scheme);
        let answer = self.client.call(Service::Kms, endpoint, scheme, &operation, credential, until).await?;
        Ok(parse(endpoint, answer.body.expose())?)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretValue {
    secret_data: Option<Sensitive<String>>,
    #[serde(default)]
    secret_data_type: DataType,
    version_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DataType {
    #[default]
    Text,
    Binary,
}

fn parse(endpoint: &Endpoint, body: &[u8]) -> Result<Value, call::Error> {
    // A JSON error may quote what it found, and what it finds here is a secret: only its place is repeated.
    let answer: SecretValue = serde_json::from_slice(body).map_err(|error| {
        let reason = format!("no GetSecretValue answer (line {}, column {})", error.line(), error.column());
        call::Error::nonsense(endpoint, reason)
    })?;
    let missing = |field: &str| call::Error::nonsense(endpoint, format!("an answer without {field}"));
    let secret_data = answer.secret_data.ok_or_else(|| missing("SecretData"))?;
    let version_id = answer.version_id.filter(|id| !id.is_empty()).ok_or_else(|| missing("VersionId"))?;
    mutate!(TrimmedValue => return Ok(Value { contents: secret_data.expose().trim().as_bytes().to_vec().into(), version_id }));
    let contents = match mutate!(BinaryAsText, answer.secret_data_type, DataType::Text) {
        DataType::Text => secret_data.into_exposed().into_bytes().into(),
        DataType::Binary => {
            Sensitive::from(STANDARD.decode(secret_data.expose().trim_ascii()).map_err(|_| {
                call::Error::nonsense(endpoint, "a binary secret whose SecretData is no Base64")
            })?)
        }
    };
    Ok(Value { contents, version_id })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn endpoint() -> Endpoint {
        "http://127.0.0.1:1".parse().unwrap()
    }

    #[rstest]
    #[case::text(r#"{"SecretData":"aHVudGVy","SecretDataType":"text","VersionId":"v1"}"#, b"aHVudGVy")]
    #[case::no_type(r#"{"SecretData":"aHVudGVy","VersionId":"v1"}"#, b"aHVudGVy")]
    #[case::binary(r#"{"SecretData":"aHVudGVy\n","SecretDataType":"binary","VersionId":"v1"}"#, b"hunter")]
    #[case::empty(r#"{"SecretData":"","VersionId":"v1"}"#, b"")]
    fn values_come_as_they_were_stored(#[case] body: &str, #[case] expected: &[u8]) {
        let value = parse(&endpoint(), body.as_bytes()).unwrap();
        assert_eq!((value.contents.expose().as_slice(), value.version_id.as_str()), (expected, "v1"));
    }

    #[rstest]
    #[case::no_json("hunter2-hunter2")]
    #[case::no_data(r#"{"VersionId":"v1"}"#)]
    #[case::no_version(r#"{"SecretData":"hunter2-hunter2"}"#)]
    #[case::empty_version(r#"{"SecretData":"hunter2-hunter2","VersionId":""}"#)]
    #[case::data_of_another_type(r#"{"SecretData":["hunter2-hunter2"],"VersionId":"v1"}"#)]
    #[case::unknown_type(r#"{"SecretData":"x","SecretDataType":"hunter2-hunter2","VersionId":"v1"}"#)]
    #[case::binary_without_base64(
        r#"{"SecretData":"hunter2-hunter2","SecretDataType":"binary","VersionId":"v1"}"#
    )]
    #[case::truncated(r#"{"SecretData":"hunter2-hunter2","Ver"#)]
    fn an_answer_that_lacks_something_is_an_error_without_content(#[case] body: &str) {
        let error = parse(&endpoint(), body.as_bytes()).unwrap_err();
        assert!(matches!(error, call::Error::Nonsense { .. }));
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
