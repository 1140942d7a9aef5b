//! The time of day. Durations and deadlines use the runtime's monotonic clock instead.
//!
//! Depends on no other module.

use jiff::Timestamp;

/// The current time, UTC.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks for the wall clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// `time` as the cloud writes it: UTC, whole seconds, `2023-10-26T10:22:32Z`.
pub fn to_utc_seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_a_second_are_cut_off() {
        let time: Timestamp = "2023-10-26T10:22:32.987654Z".parse().unwrap();
        assert_eq!(to_utc_seconds(time), "2023-10-26T10:22:32Z");
    }
}
