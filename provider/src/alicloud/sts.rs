//! Becoming a role with Security Token Service (API version 2015-04-01, `AssumeRole` and `AssumeRoleWithOIDC`).

use std::sync::Arc;

use serde::Deserialize;
use tokio::time::Instant;

use super::call::{Answer, Error, Service};
use super::session::Keys;
use super::sign::{Operation, Scheme};
use super::{Client, Credential, Endpoint, OidcProviderArn, RoleArn, Session};
use crate::clock;
use crate::sensitive::Sensitive;

const VERSION: &str = "2015-04-01";

/// The role to become, and what the session is to be like.
#[derive(Clone, Copy, Debug)]
pub struct Assumption<'a> {
    /// Which role.
    pub role: &'a RoleArn,
    /// What the account's audit log calls the session.
    pub session_name: &'a str,
    /// How long it is good for; the cloud's own default is an hour.
    pub seconds: Option<u32>,
}

impl Assumption<'_> {
    fn parameters<'a>(&'a self, seconds: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut parameters = vec![("RoleArn", self.role.as_str()), ("RoleSessionName", self.session_name)];
        if !seconds.is_empty() {
            parameters.push(("DurationSeconds", seconds));
        }
        parameters
    }

    fn seconds(&self) -> String {
        self.seconds.map_or_else(String::new, |seconds| seconds.to_string())
    }
}

/// Asks the token service.
#[derive(Debug)]
pub struct Sts {
    client: Arc<Client>,
}

impl Sts {
    /// Over the shared pool of connections.
    pub fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    /// Becomes a role as whoever `credential` belongs to.
    pub async fn assume_role(
        &self,
        endpoint: &Endpoint,
        credential: &Credential,
        assumption: Assumption<'_>,
        external_id: Option<&str>,
        until: Instant,
    ) -> Result<Session, Error> {
        let seconds = assumption.seconds();
        let mut parameters = assumption.parameters(&seconds);
        mutate!(ExternalIdUnsaid: external_id = None);
        parameters.extend(external_id.map(|id| ("ExternalId", id)));
        let operation = Operation { action: "AssumeRole", version: VERSION, parameters: &parameters };
        let answer =
            self.client.call(Service::Sts, endpoint, Scheme::V3, &operation, credential, until).await?;
        parse(endpoint, &answer)
    }

    /// Becomes a role as the subject of `token`, whose issuer the account knows as `provider`.
    pub async fn assume_role_with_oidc(
        &self,
        endpoint: &Endpoint,
        provider: &OidcProviderArn,
        token: &Sensitive<String>,
        assumption: Assumption<'_>,
        until: Instant,
    ) -> Result<Session, Error> {
        let seconds = assumption.seconds();
        let mut parameters = assumption.parameters(&seconds);
        parameters.push(("OIDCProviderArn", provider.as_str()));
        let operation = Operation { action: "AssumeRoleWithOIDC", version: VERSION, parameters: &parameters };
        let proof = ("OIDCToken", token);
        let answer = self.client.call_unsigned(Service::Sts, endpoint, &operation, proof, until).await?;
        parse(endpoint, &answer)
    }
}

fn parse(endpoint: &Endpoint, answer: &Answer) -> Result<Session, Error> {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(rename = "Credentials")]
        credentials: Option<Keys>,
    }
    // A JSON error may quote what it found, and what it finds here is a key: only its place is repeated.
    let envelope: Envelope = serde_json::from_slice(answer.body.expose()).map_err(|error| {
        let reason = format!("no AssumeRole answer (line {}, column {})", error.line(), error.column());
        Error::nonsense(endpoint, reason)
    })?;
    let keys =
        envelope.credentials.ok_or_else(|| Error::nonsense(endpoint, "an answer without Credentials"))?;
    keys.into_session(clock::now()).map_err(|reason| Error::nonsense(endpoint, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("hunter2-hunter2", "no AssumeRole answer")]
    #[case("{}", "without Credentials")]
    #[case(r#"{"Credentials":{"AccessKeyId":["hunter2"]}}"#, "no AssumeRole answer")]
    #[case(r#"{"Credentials":{"AccessKeyId":"STS.a","AccessKeySecret":"hunter2"}}"#, "without SecurityToken")]
    fn an_answer_that_lacks_something_is_an_error_without_content(
        #[case] body: &str,
        #[case] expected: &str,
    ) {
        let answer = Answer { body: body.as_bytes().to_vec().into(), request_id: None };
        let message = parse(&"sts.aliyuncs.com".parse().unwrap(), &answer).unwrap_err().to_string();
        assert!(message.contains(expected) && !message.contains("hunter2"), "{message}");
    }
}
