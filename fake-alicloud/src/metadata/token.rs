//! Session tokens of the hardened mode. They carry their end and the proof that they were made for the instance, so none is
//! remembered and any number may exist.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::hmac;

use crate::random;

/// The longest and the shortest life of a token, in seconds.
const LIFE: std::ops::RangeInclusive<i64> = 1..=21_600;
/// The end in seconds since 1970, and noise that makes each token another.
const CLAIM_BYTES: usize = 8 + 16;

/// What makes the tokens of one instance, and no other's.
#[derive(Clone, Debug)]
pub(crate) struct TokenKey(hmac::Key);

impl TokenKey {
    pub(crate) fn new() -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &random::bytes::<32>()))
    }

    /// A token for as long as the client asked, in seconds; none if that is too short, too long, or no number.
    pub(super) fn issue(&self, life: &str, now: Timestamp) -> Option<String> {
        let life: i64 = life.parse().ok().filter(|life| LIFE.contains(life))?;
        let end = now.as_second().checked_add(life)?;
        let mut token = end.to_be_bytes().to_vec();
        token.extend(random::bytes::<16>());
        let tag = hmac::sign(&self.0, &token);
        token.extend(tag.as_ref());
        Some(URL_SAFE_NO_PAD.encode(token))
    }

    /// Whether a token is one of this instance's that has not ended.
    pub(super) fn accepts(&self, token: &str, now: Timestamp) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((claim, tag)) = bytes.split_at_checked(CLAIM_BYTES) else { return false };
        let Some((end, _)) = claim.split_first_chunk() else { return false };
        hmac::verify(&self.0, claim, tag).is_ok() && now.as_second() < i64::from_be_bytes(*end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn a_token_holds_for_its_life_and_its_instance() {
        let (key, other) = (TokenKey::new(), TokenKey::new());
        let token = key.issue("60", at(0)).expect("a token");
        assert_eq!([0, 59, 60].map(|second| key.accepts(&token, at(second))), [true, true, false]);
        assert!(!other.accepts(&token, at(0)));
        assert_ne!(key.issue("60", at(0)), Some(token));
    }

    #[rstest::rstest]
    #[case("1", true)]
    #[case("21600", true)]
    #[case("0", false)]
    #[case("21601", false)]
    #[case("-1", false)]
    #[case("", false)]
    #[case("1h", false)]
    fn the_life_has_bounds(#[case] life: &str, #[case] fits: bool) {
        assert_eq!(TokenKey::new().issue(life, at(0)).is_some(), fits);
    }

    #[test]
    fn what_was_not_made_here_is_refused() {
        let key = TokenKey::new();
        let token = key.issue("60", at(0)).expect("a token");
        let mut later = URL_SAFE_NO_PAD.decode(&token).expect("Base64");
        later[6] += 1;
        for forged in ["", "token", &token[1..], &URL_SAFE_NO_PAD.encode(later)] {
            assert!(!key.accepts(forged, at(0)), "{forged}");
        }
    }
}
