//! How often was asked for what.

use std::collections::BTreeMap;

/// How often each request was made, by its name.
pub type Tally = BTreeMap<String, usize>;

/// Counts requests.
pub(crate) fn tally(requests: impl IntoIterator<Item = String>) -> Tally {
    let mut asked = Tally::new();
    for request in requests {
        *asked.entry(request).or_default() += 1;
    }
    asked
}

/// What was asked beyond what an earlier count knows; nothing is told of what was not asked again.
pub(crate) fn since(earlier: &Tally, now: Tally) -> Tally {
    let before = |request: &String| earlier.get(request).copied().unwrap_or_default();
    let more = now.into_iter().map(|(request, times)| {
        let more = times.saturating_sub(before(&request));
        (request, more)
    });
    more.filter(|(_, times)| *times > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(requests: &[&str]) -> Tally {
        tally(requests.iter().map(|&request| request.to_owned()))
    }

    #[test]
    fn only_what_was_asked_since_the_earlier_count_is_told() {
        let earlier = asked(&["AssumeRole", "GetSecretValue"]);

        let more = since(&earlier, asked(&["AssumeRole", "GetSecretValue", "GetSecretValue", "ListSecrets"]));

        assert_eq!(more, asked(&["GetSecretValue", "ListSecrets"]));
    }
}
