//! How long a mount may take, as a pure function of what the caller allows.
//!
//! The kubelet gives the driver two minutes and the driver passes them on. When such a deadline fires at the caller, the
//! call ends with a code that is not final, and a first mount may leave the pod on an empty volume. So ours always fires
//! first, with time left for the answer to travel.

use std::time::Duration;

/// No mount takes longer, whatever the caller allows.
const LONGEST: Duration = Duration::from_secs(60);
/// What is left of a generous caller's time for the answer to travel.
const MARGIN: Duration = Duration::from_secs(5);
/// Callers with less time than this give up four fifths of it instead of all but the margin.
const SHORT: Duration = Duration::from_secs(10);

/// The time a mount may take when its caller waits `caller` (or says nothing).
pub fn budget(caller: Option<Duration>) -> Duration {
    match caller {
        None => LONGEST,
        Some(allowed) if allowed < SHORT => allowed * 4 / 5,
        Some(allowed) => LONGEST.min(allowed.saturating_sub(MARGIN)),
    }
}

/// Reads a `grpc-timeout` header: up to eight digits and a unit, one of `HMSmun` (gRPC over HTTP/2, "Requests").
pub fn parse_grpc_timeout(header: &str) -> Option<Duration> {
    let (digits, unit) = header.split_at_checked(header.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::silent_caller(None, 60_000)]
    #[case::the_kubelet(Some(120_000), 60_000)]
    #[case::just_under_ours(Some(60_000), 55_000)]
    #[case::ten_seconds(Some(10_000), 5_000)]
    #[case::short(Some(9_000), 7_200)]
    #[case::tiny(Some(1), 0)]
    fn ours_fires_before_the_callers(#[case] caller: Option<u64>, #[case] expected_ms: u128) {
        let budget = budget(caller.map(Duration::from_millis));
        assert_eq!(budget.as_millis(), expected_ms);
    }

    #[rstest]
    #[case("119900000u", None)] // nine digits
    #[case("11990000u", Some(11_990))]
    #[case("2S", Some(2_000))]
    #[case("1H", Some(3_600_000))]
    #[case("99999999H", Some(359_999_996_400_000))]
    #[case("250m", Some(250))]
    #[case("", None)]
    #[case("S", None)]
    #[case("-1S", None)]
    #[case("12s", None)]
    #[case("1µ", None)]
    fn grpc_timeouts_are_read_as_specified(#[case] header: &str, #[case] expected_ms: Option<u64>) {
        assert_eq!(parse_grpc_timeout(header), expected_ms.map(Duration::from_millis));
    }
}
