//! Which failures are worth another try, and when: a pure policy. The loop is [`super::Client`]'s.
//!
//! Pauses have jitter, so that a fleet of nodes that was refused together does not come back together. What the cloud says
//! about when to come back is a lower bound. A quota refills within a second, so pauses after throttling stay below one for as
//! long as that may help; how many come back at a time is for [`super::Bounds`] to say.

use std::time::Duration;

use reqwest::header::HeaderMap;

use super::Fault;
use super::call::Error;

/// The first pause is at most this long; each further one may be twice as long.
const FIRST: Duration = Duration::from_millis(100);
/// No pause of ours is longer.
const LONGEST: Duration = Duration::from_secs(5);
/// After throttling nobody comes back earlier.
const REFILL: Duration = Duration::from_millis(100);
/// The first time nobody comes back later than this after that, and then ever a little later, up to [`LONGEST_SPREAD`].
const SPREAD: Duration = Duration::from_millis(400);
const LONGEST_SPREAD: Duration = Duration::from_secs(2);
/// Tries in all while a service is in trouble or out of reach. The kubelet mounts again by itself, with longer pauses.
const FEW: u32 = 5;

/// How long a failed call is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// The same request gets the same answer.
    Never,
    /// Trouble may be over in a second, or may last.
    Briefly,
    /// A quota refills for certain: as long as there is time.
    WhileTime,
}

/// What `error` deserves; `status` is that of the answer, if there was one.
pub fn persistence(error: &Error, status: Option<u16>) -> Persistence {
    match error {
        Error::Refused { fault: Fault::Throttled, .. } => {
            mutate!(ThrottlingNotRetried, Persistence::WhileTime, Persistence::Never)
        }
        Error::Refused { fault: Fault::Unavailable, .. }
        | Error::Unreachable { .. }
        | Error::Untrusted { .. }
        | Error::TimedOut { .. } => mutate!(TroubleNotRetried, Persistence::Briefly, Persistence::Never),
        // A gateway in front of the service has pages of its own.
        Error::Nonsense { .. } if status.is_some_and(|status| status >= 500) => Persistence::Briefly,
        Error::Nonsense { .. } if status == Some(429) => Persistence::WhileTime,
        Error::Refused { .. } | Error::Nonsense { .. } | Error::Unsendable { .. } | Error::Crowded { .. } => {
            mutate!(RefusalsRetried, Persistence::Never, Persistence::Briefly)
        }
    }
}

/// How long to wait after the failed try number `tries`, counted from 1, or nothing if that was the last. `hint` is the
/// cloud's word, `dice` a random number.
pub fn pause(persistence: Persistence, tries: u32, hint: Option<Duration>, dice: u32) -> Option<Duration> {
    match persistence {
        Persistence::Never => return None,
        Persistence::Briefly if tries >= FEW => return None,
        Persistence::Briefly | Persistence::WhileTime => {}
    }
    let repeats = tries.saturating_sub(1).min(16);
    let (earliest, spread) = match persistence {
        Persistence::WhileTime => {
            let spread = SPREAD.mul_f64(1.15_f64.powi(repeats.cast_signed())).min(LONGEST_SPREAD);
            (hint.unwrap_or(REFILL), spread)
        }
        _ => (hint.unwrap_or_default(), FIRST.saturating_mul(1 << repeats).min(LONGEST)),
    };
    Some(earliest + spread.mul_f64(f64::from(dice) / f64::from(u32::MAX)))
}

/// When to come back, as the gateway says it: `x-acs-retry-after` in milliseconds, `TimeLeft:<milliseconds>` in the
/// headers of its rate limits, or HTTP's own `retry-after` in seconds.
pub fn hint(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let time_left = |name: &str| {
        let mut parts = text(name)?.split(',');
        parts.find_map(|part| part.trim().strip_prefix("TimeLeft:")?.trim().parse().ok())
    };
    let milliseconds = text("x-acs-retry-after").and_then(|text| text.trim().parse().ok());
    let milliseconds =
        milliseconds.or_else(|| time_left("x-ratelimit-user-api")).or_else(|| time_left("x-ratelimit-user"));
    let seconds = || text("retry-after")?.trim().parse().ok().map(Duration::from_secs);
    milliseconds.map(Duration::from_millis).or_else(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};
    use rstest::rstest;

    fn refused(code: &str, status: u16) -> Error {
        Error::Refused {
            host: "h".to_owned(),
            fault: Fault::classify(code, status),
            code: code.to_owned(),
            status,
            request_id: "1".to_owned(),
        }
    }

    #[rstest]
    #[case("Throttling.User", 400, Persistence::WhileTime)]
    #[case("Rejected.Throttling", 429, Persistence::WhileTime)]
    #[case("ServiceUnavailableTemporary", 503, Persistence::Briefly)]
    #[case("InternalError", 500, Persistence::Briefly)]
    #[case("Forbidden.NoPermission", 403, Persistence::Never)]
    #[case("Forbidden.ResourceNotFound", 404, Persistence::Never)]
    #[case("Rejected.Disabled", 409, Persistence::Never)]
    #[case("InvalidSecurityToken.Expired", 400, Persistence::Never)]
    #[case("MissingParameter", 400, Persistence::Never)]
    fn only_what_may_pass_is_tried_again(
        #[case] code: &str,
        #[case] status: u16,
        #[case] expected: Persistence,
    ) {
        assert_eq!(persistence(&refused(code, status), Some(status)), expected);
    }

    #[rstest]
    #[case(Some(502), Persistence::Briefly)]
    #[case(Some(429), Persistence::WhileTime)]
    #[case(Some(403), Persistence::Never)]
    #[case(Some(200), Persistence::Never)]
    #[case(None, Persistence::Never)]
    fn a_page_that_is_none_of_the_services_counts_by_its_status(
        #[case] status: Option<u16>,
        #[case] expected: Persistence,
    ) {
        let error = Error::Nonsense { host: "h".to_owned(), reason: "HTML".to_owned(), status };
        assert_eq!(persistence(&error, status), expected);
    }

    #[rstest]
    #[case(Persistence::Briefly, 1, 0, 100)]
    #[case(Persistence::Briefly, 2, 0, 200)]
    #[case(Persistence::Briefly, 4, 0, 800)]
    #[case(Persistence::WhileTime, 1, 100, 500)]
    #[case(Persistence::WhileTime, 2, 100, 560)]
    #[case(Persistence::WhileTime, 40, 100, 2_100)]
    fn pauses_grow_up_to_a_bound(
        #[case] persistence: Persistence,
        #[case] tries: u32,
        #[case] shortest_ms: u64,
        #[case] longest_ms: u64,
    ) {
        let pause = |dice| pause(persistence, tries, None, dice).unwrap();
        let expected = (Duration::from_millis(shortest_ms), Duration::from_millis(longest_ms));
        assert_eq!((pause(0), pause(u32::MAX)), expected);
    }

    #[test]
    fn trouble_is_given_up_after_five_tries_and_a_quota_is_not() {
        assert!(pause(Persistence::Briefly, 4, None, 0).is_some());
        assert!(pause(Persistence::Briefly, 5, None, 0).is_none());
        assert!(pause(Persistence::WhileTime, 500, None, 0).is_some());
        assert!(pause(Persistence::Never, 1, Some(Duration::ZERO), 0).is_none());
    }

    #[test]
    fn nobody_comes_back_earlier_than_the_cloud_says() {
        let hint = Duration::from_secs(3);
        assert_eq!(pause(Persistence::Briefly, 1, Some(hint), 0), Some(hint));
        assert_eq!(pause(Persistence::WhileTime, 9, Some(hint), 0), Some(hint));
    }

    #[rstest]
    #[case("x-acs-retry-after", "250", Some(250))]
    #[case("x-ratelimit-user-api", "Limit:100,Remain:0,TimeLeft:2002,Reset:1", Some(2_002))]
    #[case("x-ratelimit-user", "Remain:0, TimeLeft: 7", Some(7))]
    #[case("retry-after", "2", Some(2_000))]
    #[case("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT", None)]
    #[case("x-acs-retry-after", "-1", None)]
    #[case("x-ratelimit-user", "TimeLeft:", None)]
    fn the_clouds_hints_are_read(
        #[case] name: &'static str,
        #[case] text: &'static str,
        #[case] expected_ms: Option<u64>,
    ) {
        let header = (HeaderName::from_static(name), HeaderValue::from_static(text));
        assert_eq!(hint(&HeaderMap::from_iter([header])), expected_ms.map(Duration::from_millis));
    }
}
