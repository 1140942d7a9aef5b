//! Texts with wildcards.

/// Whether the whole text fits the pattern, in which `*` stands for any characters and `?` for one. Takes at most the
/// product of both lengths.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // The last star and where its text ends by now; if all else fails, it takes one character more.
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, end)) = star else { return false };
                star = Some((at, end + 1));
                p = at + 1;
                t = end + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
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
    #[case("*", "", true)]
    #[case("", "", true)]
    #[case("", "a", false)]
    #[case("**", "a", true)]
    #[case("A", "a", false)]
    fn a_pattern_fits_whole_texts(#[case] pattern: &str, #[case] text: &str, #[case] fitting: bool) {
        assert_eq!(fits(pattern, text), fitting);
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!fits(&"a*".repeat(500), &"a".repeat(400)));
    }
}
