//! Texts with wildcards: `*` is any run of characters, `?` is one. Depends on no other module.

/// A text with wildcards, cut where its `*` are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    text: String,
    parts: Vec<Vec<char>>,
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        let parts = text.split('*').map(|part| part.chars().collect()).collect();
        Self { text: text.to_owned(), parts }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole text fits.
    ///
    /// Each part takes the first place after the part before it, and a later place would leave less room for the rest, so
    /// there is nothing to try again: the time is at most the length of the text times that of the longest part.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let Some((first, others)) = self.parts.split_first() else { return false };
        let Some((last, inner)) = others.split_last() else { return fits(first, &text) };
        let Some(middle) = text.len().checked_sub(first.len() + last.len()) else { return false };
        let (start, rest) = text.split_at(first.len());
        let (mut rest, end) = rest.split_at(middle);
        if !fits(first, start) || !fits(last, end) {
            return false;
        }
        for part in inner.iter().filter(|part| !part.is_empty()) {
            let Some(place) = rest.windows(part.len()).position(|window| fits(part, window)) else {
                return false;
            };
            rest = &rest[place + part.len()..];
        }
        true
    }
}

fn fits(part: &[char], text: &[char]) -> bool {
    part.len() == text.len() && part.iter().zip(text).all(|(wanted, c)| *wanted == '?' || wanted == c)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", "", true)]
    #[case("", "a", false)]
    #[case("*", "", true)]
    #[case("*", "acs:kms:cn-hangzhou:1:secret/a/b", true)]
    #[case("a*", "a", true)]
    #[case("a*a", "a", false)]
    #[case("a*a", "aa", true)]
    #[case("a?c", "abc", true)]
    #[case("a?c", "ac", false)]
    #[case("a?", "a密", true)]
    #[case("*ab*ab", "abab", true)]
    #[case("*ab*ab", "abb", false)]
    #[case("*a?c*", "xxabaacx", true)]
    #[case("acs:ram::***:role/****", "acs:ram::1:role/reader", true)]
    #[case("acs:kms:*:secret/db/*", "acs:kms:cn-hangzhou:1:secret/db/a/b", true)]
    #[case("acs:kms:*:secret/db/*", "acs:kms:cn-hangzhou:1:secret/DB/a", false)]
    fn wildcards_stand_for_runs_and_single_characters(
        #[case] pattern: &str,
        #[case] text: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(Pattern::new(pattern).matches(text), expected);
    }

    #[rstest]
    #[case("db/password", "db/password", true)]
    #[case("db/password", "db/passwords", false)]
    #[case("db/password", "a/db/password", false)]
    #[case("db/*", "db/a/b", true)]
    #[case("db/*", "db", false)]
    #[case("*word", "db/password", true)]
    #[case("a*b*c", "a-b-b-c", true)]
    #[case("a*b*c", "a-c-b", false)]
    #[case("v?", "v1", true)]
    #[case("v?", "v", false)]
    #[case("?", "é", true)]
    #[case("**", "a", true)]
    #[case("A", "a", false)]
    fn a_pattern_fits_whole_texts(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(Pattern::new(pattern).matches(text), expected);
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!Pattern::new(&"a*".repeat(500)).matches(&"a".repeat(400)));
    }

    /// With trial and error it would take longer than anybody waits.
    #[test]
    fn many_wildcards_take_no_longer_than_few() {
        let pattern = Pattern::new(&format!("{}b", "*a".repeat(2_000)));
        let start = Instant::now();
        assert!(!pattern.matches(&"a".repeat(20_000)));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
