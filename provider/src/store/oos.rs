//! Secret parameters of CloudOps Orchestration Service (API version 2019-06-01, `GetSecretParameter`).

use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use tokio::time::Instant;

use super::{Door, Error, Value};
use crate::alicloud::call::{self, Service};
use crate::alicloud::sign::Operation;
use crate::alicloud::{Client, Credential, Endpoint, Region};
use crate::sensitive::Sensitive;

const VERSION: &str = "2019-06-01";

/// A parameter, and the version of it if not the latest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selection {
    /// The parameter's name.
    pub name: String,
    /// The one that is wanted.
    pub version: Option<ParameterVersion>,
}

/// `ParameterVersion`: counts the updates of a parameter, from 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParameterVersion(u8);

impl FromStr for ParameterVersion {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten();
        number.filter(|number| (1..=100).contains(number)).map(Self).ok_or(())
    }
}

/// Reads secret parameters.
#[derive(Debug)]
pub struct OosStore {
    client: Arc<Client>,
}

impl OosStore {
    /// A store that is reached over `client`.
    pub fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    /// Reads a parameter, decrypted, or gives up when it is `until`. The region is said as well, for hosts that name none.
    pub async fn read(
        &self,
        door: &Door,
        region: Option<&Region>,
        credential: &Credential,
        selection: &Selection,
        until: Instant,
    ) -> Result<Value, Error> {
        let version = mutate!(ParameterVersionIgnored, selection.version, None);
        let version = version.map(|ParameterVersion(number)| number.to_string());
        let decryption = mutate!(StillEncrypted, "true", "false");
        let mut parameters = vec![("Name", selection.name.as_str()), ("WithDecryption", decryption)];
        parameters.extend(version.as_deref().map(|version| ("ParameterVersion", version)));
        parameters.extend(region.map(|region| ("RegionId", region.as_str())));
        let operation = Operation { action: "GetSecretParameter", version: VERSION, parameters: &parameters };
        let (endpoint, scheme) = (&door.endpoint, door.scheme);
        let answer = self.client.call(Service::Oos, endpoint, scheme, &operation, credential, until).await?;
        parse(endpoint, answer.body.expose())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    parameter: Option<Parameter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    value: Option<Sensitive<String>>,
    parameter_version: Option<u64>,
}

fn parse(endpoint: &Endpoint, body: &[u8]) -> Result<Value, Error> {
    // A JSON error may quote what it found, and what it finds here is a secret: only its place is repeated.
    let answer: Answer = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        call::Error::nonsense(
            endpoint,
            format!("no GetSecretParameter answer (line {line}, column {column})"),
        )
    })?;
    let missing = |field: &str| call::Error::nonsense(endpoint, format!("an answer without {field}"));
    let parameter = answer.parameter.ok_or_else(|| missing("Parameter"))?;
    let version = parameter.parameter_version.ok_or_else(|| missing("ParameterVersion"))?;
    // A value has at least one character, so an empty one is none. It comes only with WithDecryption, and the documents
    // leave open how a refused decryption is told.
    let value = parameter.value.filter(|value| !value.expose().is_empty());
    let value = value.ok_or_else(|| Error::Withheld { host: endpoint.host().to_owned() })?;
    Ok(Value { contents: value.into_exposed().into_bytes().into(), version_id: version.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn endpoint() -> Endpoint {
        "http://127.0.0.1:1".parse().unwrap()
    }

    #[rstest]
    #[case("1", true)]
    #[case("100", true)]
    #[case("0", false)]
    #[case("101", false)]
    #[case("+1", false)]
    #[case("1.0", false)]
    #[case("v1", false)]
    fn a_version_is_a_number_up_to_a_hundred(#[case] text: &str, #[case] accepted: bool) {
        assert_eq!(text.parse::<ParameterVersion>().is_ok(), accepted);
    }

    #[test]
    fn value_and_version_are_those_of_the_answer() {
        let body = br#"{"RequestId":"1","Parameter":{"Name":"a","Value":"hunter","ParameterVersion":7}}"#;
        let value = parse(&endpoint(), body).unwrap();
        assert_eq!((value.contents.expose().as_slice(), value.version_id.as_str()), (&b"hunter"[..], "7"));
    }

    #[rstest]
    #[case(r#"{"Parameter":{"Name":"a","ParameterVersion":7}}"#)]
    #[case(r#"{"Parameter":{"Name":"a","Value":null,"ParameterVersion":7}}"#)]
    #[case(r#"{"Parameter":{"Name":"a","Value":"","ParameterVersion":7}}"#)]
    fn a_value_that_was_not_decrypted_is_an_error(#[case] body: &str) {
        assert!(matches!(parse(&endpoint(), body.as_bytes()), Err(Error::Withheld { .. })));
    }

    #[rstest]
    #[case::no_json("hunter2-hunter2")]
    #[case::no_parameter(r#"{"Value":"hunter2-hunter2"}"#)]
    #[case::null(r#"{"Parameter":null}"#)]
    #[case::no_version(r#"{"Parameter":{"Value":"hunter2-hunter2"}}"#)]
    #[case::another_type(r#"{"Parameter":{"Value":{"hunter2-hunter2":1},"ParameterVersion":7}}"#)]
    #[case::another_version(r#"{"Parameter":{"Value":"x","ParameterVersion":"hunter2-hunter2"}}"#)]
    #[case::truncated(r#"{"Parameter":{"Value":"hunter2-hunter2","Par"#)]
    fn an_answer_that_lacks_something_is_an_error_without_content(#[case] body: &str) {
        let error = parse(&endpoint(), body.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::Call(call::Error::Nonsense { .. })));
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
