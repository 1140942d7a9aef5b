//! The fake's own clock: the only place that knows what time it is.
//!
//! Time enters every rule as a value, so a rule can be tried at any moment. Freezing and advancing belong here when the
//! control door learns them; nothing else will have to change.

use jiff::Timestamp;

/// Tells the time for one fake.
#[derive(Debug, Default)]
pub(crate) struct Clock;

impl Clock {
    /// The present moment.
    #[expect(
        clippy::disallowed_methods,
        clippy::unused_self,
        reason = "this is the clock that the ban points to"
    )]
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Writes a moment as the cloud does: UTC, whole seconds, `YYYY-MM-DDThh:mm:ssZ`.
pub(crate) fn wire_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Reads the cloud's form of a moment and no other.
pub(crate) fn parse_wire_time(text: &str) -> Option<Timestamp> {
    // The parser below is generous about separators and fractions, the cloud is not.
    let shape = b"dddd-dd-ddTdd:dd:ddZ";
    let fits = text.len() == shape.len()
        && text.bytes().zip(shape).all(
            |(byte, &form)| {
                if form == b'd' { byte.is_ascii_digit() } else { byte == form }
            },
        );
    if fits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_survives_a_round_trip() {
        let text = "2023-10-26T10:22:32Z";
        let time = parse_wire_time(text).expect("the documented form");
        assert_eq!(wire_time(time), text);
    }

    #[rstest::rstest]
    #[case("")]
    #[case("2023-10-26 10:22:32Z")]
    #[case("2023-10-26T10:22:32.5Z")]
    #[case("2023-10-26T10:22:32+00:00")]
    #[case("2023-13-26T10:22:32Z")]
    #[case("二〇二三年T10:22:32Z")]
    fn any_other_form_is_refused(#[case] text: &str) {
        assert_eq!(parse_wire_time(text), None);
    }
}
