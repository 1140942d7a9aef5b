//! Pages of long answers.
//!
//! A token says after which entry the next page begins, not how many came before: what is added or removed in between
//! neither repeats an entry nor skips one.

use std::{cmp::Ordering, ops::RangeInclusive};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    super::{ApiError, Call},
    error::invalid_parameter,
};

/// Which page is asked for.
pub(super) struct Window<K> {
    pub(super) max_results: usize,
    after: Option<K>,
}

/// A page, and the token of the next one if there is one.
pub(super) struct Page<T> {
    pub(super) entries: Vec<T>,
    pub(super) next_token: Option<String>,
    /// On all pages.
    pub(super) total: usize,
}

impl<K: Serialize + DeserializeOwned> Window<K> {
    /// Reads `MaxResults` and `NextToken`.
    pub(super) fn read(
        call: &Call<'_>,
        allowed: RangeInclusive<usize>,
        default: usize,
    ) -> Result<Self, ApiError> {
        let max_results = match call.parameters.text("MaxResults") {
            None => default,
            Some(text) => text
                .parse()
                .ok()
                .filter(|number| allowed.contains(number))
                .ok_or_else(|| invalid_parameter("MaxResults"))?,
        };
        let after = match call.parameters.text("NextToken") {
            None => None,
            Some(text) => Some(decode(text).ok_or_else(|| invalid_parameter("NextToken"))?),
        };
        Ok(Self { max_results, after })
    }

    /// Cuts the page from all entries, each with the key that gives its place.
    pub(super) fn cut<T>(&self, mut entries: Vec<(K, T)>, compare: impl Fn(&K, &K) -> Ordering) -> Page<T> {
        entries.sort_by(|(one, _), (other, _)| compare(one, other));
        let total = entries.len();
        let start = match &self.after {
            None => 0,
            Some(after) => entries.partition_point(|(key, _)| compare(key, after).is_le()),
        };
        let mut page: Vec<_> = entries.drain(start..).collect();
        let more = page.len() > self.max_results;
        page.truncate(self.max_results);
        let next_token = page.last().filter(|_| more).map(|(key, _)| encode(key));
        Page { entries: page.into_iter().map(|(_, entry)| entry).collect(), next_token, total }
    }
}

fn encode(key: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).expect("texts and numbers have a JSON form"))
}

fn decode<K: DeserializeOwned>(token: &str) -> Option<K> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(max_results: usize, token: Option<&str>) -> Window<u32> {
        Window { max_results, after: token.map(|token| decode(token).expect("a token")) }
    }

    fn keyed(keys: impl IntoIterator<Item = u32>) -> Vec<(u32, u32)> {
        keys.into_iter().map(|key| (key, key)).collect()
    }

    #[test]
    fn pages_follow_each_other_in_either_order_until_there_are_no_more() {
        for descending in [false, true] {
            let compare = |one: &u32, other: &u32| {
                if descending { other.cmp(one) } else { one.cmp(other) }
            };
            let (mut seen, mut token) = (Vec::new(), None);
            loop {
                let page = window(2, token.as_deref()).cut(keyed([3, 1, 5, 2, 4]), compare);
                assert_eq!(page.total, 5);
                seen.extend(page.entries);
                token = page.next_token;
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, if descending { [5, 4, 3, 2, 1] } else { [1, 2, 3, 4, 5] });
        }
    }

    #[test]
    fn a_change_between_pages_neither_repeats_nor_skips() {
        let first = window(2, None).cut(keyed([1, 2, 3, 4]), Ord::cmp);
        let next = window(2, first.next_token.as_deref()).cut(keyed([0, 1, 3, 4]), Ord::cmp);
        assert_eq!((first.entries, next.entries), (vec![1, 2], vec![3, 4]));
    }

    #[test]
    fn a_page_that_is_just_full_is_the_last() {
        assert_eq!(window(2, None).cut(keyed([1, 2]), Ord::cmp).next_token, None);
    }

    #[test]
    fn a_token_that_was_never_given_is_none() {
        assert_eq!(decode::<u32>("!"), None);
        assert_eq!(decode::<u32>(&encode(&"text")), None);
    }
}
