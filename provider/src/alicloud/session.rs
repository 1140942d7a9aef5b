//! A temporary credential, and how long it is good for.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::Credential;
use crate::sensitive::Sensitive;

/// What the token service and instance metadata hand out.
#[derive(Debug)]
pub struct Session {
    /// With a security token.
    pub credential: Credential,
    /// From then on the cloud refuses it.
    pub expires: Timestamp,
}

/// A session as the cloud writes it, in the token service and in instance metadata alike.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Keys {
    access_key_id: Option<String>,
    access_key_secret: Option<Sensitive<String>>,
    security_token: Option<Sensitive<String>>,
    expiration: Option<String>,
}

impl Keys {
    /// A session, if nothing is missing and it is still good. Otherwise what is wrong, without any content.
    pub(super) fn into_session(self, now: Timestamp) -> Result<Session, &'static str> {
        let not_empty = |text: &Sensitive<String>| !text.expose().is_empty();
        let access_key_id =
            self.access_key_id.filter(|id| !id.is_empty()).ok_or("an answer without AccessKeyId")?;
        let access_key_secret =
            self.access_key_secret.filter(not_empty).ok_or("an answer without AccessKeySecret")?;
        let security_token =
            self.security_token.filter(not_empty).ok_or("an answer without SecurityToken")?;
        let expiration = self.expiration.ok_or("an answer without Expiration")?;
        let expires =
            parse_utc(&expiration).ok_or("an Expiration that is no time such as 2026-01-02T03:04:05Z")?;
        if expires <= now {
            return Err("a session that has already ended; check the node's clock");
        }
        let credential =
            Credential { access_key_id, access_key_secret, security_token: Some(security_token) };
        Ok(Session { credential, expires })
    }
}

/// Exactly `YYYY-MM-DDThh:mm:ssZ`, as the official clients read it.
fn parse_utc(text: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y-%m-%dT%H:%M:%SZ", text).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn read(json: &str) -> Result<Session, &'static str> {
        let keys: Keys = serde_json::from_str(json).unwrap();
        keys.into_session("2026-01-02T03:04:05Z".parse().unwrap())
    }

    #[test]
    fn a_whole_session_is_read() {
        let session = read(
            r#"{"AccessKeyId":"STS.a","AccessKeySecret":"s","SecurityToken":"t","Expiration":"2026-01-02T04:04:05Z",
                "LastUpdated":"2026-01-02T03:04:05Z"}"#,
        )
        .unwrap();
        assert_eq!(session.credential.access_key_id, "STS.a");
        assert_eq!(session.expires.to_string(), "2026-01-02T04:04:05Z");
    }

    #[rstest]
    #[case(
        r#"{"AccessKeySecret":"s","SecurityToken":"t","Expiration":"2026-01-02T04:04:05Z"}"#,
        "AccessKeyId"
    )]
    #[case(
        r#"{"AccessKeyId":"a","AccessKeySecret":"","SecurityToken":"t","Expiration":"2026-01-02T04:04:05Z"}"#,
        "AccessKeySecret"
    )]
    #[case(
        r#"{"AccessKeyId":"a","AccessKeySecret":"s","SecurityToken":"","Expiration":"2026-01-02T04:04:05Z"}"#,
        "SecurityToken"
    )]
    #[case(r#"{"AccessKeyId":"a","AccessKeySecret":"s","SecurityToken":"t"}"#, "Expiration")]
    #[case(
        r#"{"AccessKeyId":"a","AccessKeySecret":"s","SecurityToken":"t","Expiration":"2026-01-02 04:04:05"}"#,
        "no time"
    )]
    #[case(
        r#"{"AccessKeyId":"a","AccessKeySecret":"s","SecurityToken":"t","Expiration":"2026-01-02T03:04:05Z"}"#,
        "already ended"
    )]
    fn half_a_session_is_none(#[case] json: &str, #[case] expected: &str) {
        let reason = read(json).unwrap_err();
        assert!(reason.contains(expected), "{reason}");
    }
}
