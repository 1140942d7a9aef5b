//! The pod's own identity: its service account token, exchanged for the role in the account's annotation.

use std::collections::BTreeMap;

use serde::Deserialize;
use tokio::time::Instant;

use super::federation::Federation;
use super::{Caller, Claims, Credentials, Error, Granted, Source, Ungranted};
use crate::alicloud::Region;
use crate::sensitive::Sensitive;

/// Whom the token must be for, whichever endpoint of STS is asked.
const AUDIENCE: &str = "sts.aliyuncs.com";

impl Credentials {
    pub(super) async fn pod_service_account(
        &self,
        caller: &Caller,
        region: Option<&Region>,
        until: Instant,
    ) -> Result<Granted, Ungranted> {
        let account = caller.account.as_ref().ok_or(Error::NoServiceAccount)?;
        let provider = self.settings.provider()?.ok_or(Error::NoProvider)?;
        let token = token(caller.tokens.as_ref())?;
        let role = self.kubernetes.role(account, until).await?;
        let role = role.ok_or_else(|| Error::NoAnnotation { account: account.clone() })?;
        let role = role.parse().map_err(|_| Error::Annotation {
            account: account.clone(),
            found: role.chars().take(200).collect(),
        })?;
        let claims = Some(Claims::of(&token));
        let federation =
            Federation { source: Source::PodServiceAccount, role, provider, account: Some(account), claims };
        self.federate(federation, async || Ok(token), region, until).await
    }
}

/// The token for our audience, out of the JSON text that the driver hands on.
fn token(tokens: Option<&Sensitive<String>>) -> Result<Sensitive<String>, Error> {
    #[derive(Deserialize)]
    struct Entry {
        token: Sensitive<String>,
    }
    let tokens = tokens.ok_or(Error::NoTokens)?;
    let mut tokens: BTreeMap<String, Entry> = serde_json::from_str(tokens.expose())
        .map_err(|error| Error::Tokens { line: error.line(), column: error.column() })?;
    let entry = mutate!(AnyAudience, tokens.remove(AUDIENCE), tokens.pop_first().map(|(_, entry)| entry));
    if let Some(entry) = entry {
        return Ok(entry.token);
    }
    let audiences: Vec<_> = tokens.keys().map(|audience| format!("{audience:?}")).collect();
    Err(Error::NoAudience { found: audiences.join(", ").chars().take(300).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn the_token_for_sts_is_found_among_others() {
        let tokens = r#"{"":{"token":"api","expirationTimestamp":"2026-01-01T00:00:00Z"},
            "sts.aliyuncs.com":{"token":"hunter2","expirationTimestamp":"2026-01-01T00:00:00Z"}}"#;
        assert_eq!(token(Some(&tokens.into())).unwrap().expose(), "hunter2");
    }

    #[rstest]
    #[case(None, "no service account token")]
    #[case(Some("hunter2"), "no JSON")]
    #[case(Some(r#"{"sts.aliyuncs.com":"hunter2"}"#), "no JSON")]
    #[case(Some(r#"{"vault":{"token":"hunter2"}}"#), r#"only for "vault""#)]
    #[case(Some("{}"), "none at all")]
    fn without_it_the_driver_must_be_told(#[case] tokens: Option<&str>, #[case] expected: &str) {
        let message = token(tokens.map(Into::into).as_ref()).unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains("tokenRequests"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}
