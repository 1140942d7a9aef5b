//! The percent-encoding that both signatures are built on.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters: a blank becomes `%20`, `*` becomes `%2A`, `~` stays.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Pairs sorted by name in byte order, encoded and joined as `name=value` with `&`.
pub(super) fn canonical_pairs<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    encode_name: impl Fn(&str) -> String,
) -> String {
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_unstable();
    let joined: Vec<_> = pairs
        .into_iter()
        .map(|(name, value)| format!("{}={}", encode_name(name), percent_encode(value)))
        .collect();
    joined.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(percent_encode("aZ09-_.~"), "aZ09-_.~");
        assert_eq!(percent_encode(" *+/é"), "%20%2A%2B%2F%C3%A9");
    }

    #[test]
    fn names_sort_by_byte_and_an_empty_value_keeps_its_sign() {
        let pairs = [("b", ""), ("a", "2"), ("B", "1")];
        assert_eq!(canonical_pairs(pairs.into_iter(), percent_encode), "B=1&a=2&b=");
    }
}
