//! What a token says about itself, read without believing it: for messages, and to tell sessions apart. Whether it is true
//! is the cloud's to decide.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::sensitive::Sensitive;

/// The cloud takes no longer ones.
const LONGEST_TOKEN: usize = 20_000;
/// What is shown of a claim.
const SHOWN: usize = 200;

/// Issuer, audiences and subject of a token, as far as they can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Claims {
    issuer: Option<String>,
    audiences: Vec<String>,
    subject: Option<String>,
}

impl Claims {
    /// Reads the payload of a JWT.
    pub fn of(token: &Sensitive<String>) -> Self {
        #[derive(Default, Deserialize)]
        struct Payload {
            iss: Option<String>,
            aud: Option<Audience>,
            sub: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Audience {
            One(String),
            Many(Vec<String>),
        }
        let token = token.expose();
        let part = token.split('.').nth(1).filter(|_| token.len() <= LONGEST_TOKEN);
        let bytes = part.and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).unwrap_or_default();
        let payload: Payload = serde_json::from_slice(&bytes).unwrap_or_default();
        let audiences = match payload.aud {
            None => Vec::new(),
            Some(Audience::One(audience)) => vec![audience],
            Some(Audience::Many(audiences)) => audiences,
        };
        Self { issuer: payload.iss, audiences, subject: payload.sub }
    }
}

impl fmt::Display for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let audience = (!self.audiences.is_empty()).then(|| self.audiences.join(", "));
        let (issuer, audience) = (shown(self.issuer.as_deref()), shown(audience.as_deref()));
        write!(f, "issuer {issuer}, audience {audience}, subject {}", shown(self.subject.as_deref()))
    }
}

/// Quoted and cut: whoever made the token chose the text.
fn shown(claim: Option<&str>) -> String {
    claim.map_or_else(
        || "(unreadable)".to_owned(),
        |claim| format!("{:?}", claim.chars().take(SHOWN).collect::<String>()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn shown(payload: &str) -> String {
        Claims::of(&format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload)).into()).to_string()
    }

    #[rstest]
    #[case(r#"["sts.aliyuncs.com"]"#)]
    #[case(r#""sts.aliyuncs.com""#)]
    fn a_tokens_claims_are_shown(#[case] audience: &str) {
        let payload = format!(
            r#"{{"iss":"https://issuer/c1","aud":{audience},"sub":"system:serviceaccount:shop:reader","exp":1}}"#
        );
        assert_eq!(
            shown(&payload),
            r#"issuer "https://issuer/c1", audience "sts.aliyuncs.com", subject "system:serviceaccount:shop:reader""#
        );
    }

    #[test]
    fn a_line_break_or_a_megabyte_in_a_claim_does_no_harm() {
        let text = shown(&format!(r#"{{"iss":"a\nb","sub":"{}"}}"#, "x".repeat(10_000)));
        assert!(text.contains(r#"issuer "a\nb", audience (unreadable)"#) && text.len() < 400, "{text}");
    }

    #[rstest]
    #[case("")]
    #[case("hunter2")]
    #[case("a.hunter2.c")]
    #[case("a.e30.c")]
    fn what_is_no_token_has_no_claims(#[case] token: &str) {
        assert_eq!(Claims::of(&token.into()), Claims::default());
    }

    #[test]
    fn a_token_that_the_cloud_would_not_take_is_not_read() {
        let payload = format!(r#"{{"iss":"{}"}}"#, "x".repeat(20_000));
        assert_eq!(
            Claims::of(&format!("e30.{}.c", URL_SAFE_NO_PAD.encode(payload)).into()),
            Claims::default()
        );
    }
}
