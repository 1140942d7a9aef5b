//! When a managed secret gets its next value.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::name::NameError;

/// The rotation of one managed secret.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rotation {
    pub(crate) automatic: AutomaticRotation,
    /// When the value last changed, by the clock or by a call.
    pub(crate) last: Option<Timestamp>,
}

/// Whether the clock rotates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum AutomaticRotation {
    /// It does not.
    #[default]
    Disabled,
    /// It does, next at that time.
    Enabled { interval: RotationInterval, next: Timestamp },
    /// It should and cannot. Only a seed brings this about.
    Invalid,
}

impl Rotation {
    pub(crate) fn enabled(interval: RotationInterval, now: Timestamp) -> AutomaticRotation {
        AutomaticRotation::Enabled { interval, next: interval.after(now) }
    }

    /// When the clock will rotate, if it will.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        match self.automatic {
            AutomaticRotation::Enabled { next, .. } => Some(next),
            AutomaticRotation::Disabled | AutomaticRotation::Invalid => None,
        }
    }

    /// Notes a rotation, from which the next interval counts.
    pub(crate) fn rotated(&mut self, now: Timestamp) {
        self.last = Some(now);
        if let AutomaticRotation::Enabled { interval, next } = &mut self.automatic {
            *next = interval.after(now);
        }
    }

    /// The latest time up to now at which the clock should have rotated, if there is one.
    pub(crate) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let AutomaticRotation::Enabled { interval, next } = self.automatic else { return None };
        if now < next {
            return None;
        }
        let late = now.duration_since(next).as_secs();
        Some(next + SignedDuration::from_secs(late - late % interval.0))
    }
}

/// How often the clock rotates: from 6 hours to 8,760, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub(crate) struct RotationInterval(i64);

const HOUR: i64 = 3_600;

impl RotationInterval {
    fn after(self, time: Timestamp) -> Timestamp {
        // At the end of time nothing rotates any more.
        time.checked_add(SignedDuration::from_secs(self.0)).unwrap_or(Timestamp::MAX)
    }
}

impl FromStr for RotationInterval {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let refused = || {
            NameError::new(
                "a rotation interval",
                "a number and one of d, h, m or s, from 6h to 8760h, such as 7d",
            )
        };
        let unit = match text.bytes().last() {
            Some(b'd') => 24 * HOUR,
            Some(b'h') => HOUR,
            Some(b'm') => 60,
            Some(b's') => 1,
            _ => return Err(refused()),
        };
        let digits = &text[..text.len() - 1];
        let number =
            if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse::<i64>().ok() } else { None };
        let seconds = number.and_then(|number| number.checked_mul(unit)).ok_or_else(refused)?;
        if (6 * HOUR..=8_760 * HOUR).contains(&seconds) { Ok(Self(seconds)) } else { Err(refused()) }
    }
}

impl TryFrom<String> for RotationInterval {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<RotationInterval> for String {
    fn from(interval: RotationInterval) -> Self {
        interval.to_string()
    }
}

impl fmt::Display for RotationInterval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}s", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("7d", Some("604800s"))]
    #[case("604800s", Some("604800s"))]
    #[case("6h", Some("21600s"))]
    #[case("360m", Some("21600s"))]
    #[case("365d", Some("31536000s"))]
    #[case("5h", None)]
    #[case("8761h", None)]
    #[case("7", None)]
    #[case("d", None)]
    #[case("+7d", None)]
    #[case("7w", None)]
    #[case("7日", None)]
    #[case("9223372036854775807d", None)]
    fn an_interval_is_read_in_four_units_and_told_in_seconds(
        #[case] text: &str,
        #[case] seconds: Option<&str>,
    ) {
        let read = text.parse::<RotationInterval>().ok().map(|interval| interval.to_string());
        assert_eq!(read.as_deref(), seconds);
    }

    #[test]
    fn what_is_due_is_the_latest_of_the_missed_times() {
        let at = |hours: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        let interval = "6h".parse().expect("an interval");
        let mut rotation = Rotation { automatic: Rotation::enabled(interval, at(0)), last: None };
        assert_eq!(rotation.due(at(5)), None);
        assert_eq!(rotation.due(at(6)), Some(at(6)));
        assert_eq!(rotation.due(at(20)), Some(at(18)));
        rotation.rotated(at(18));
        assert_eq!((rotation.last, rotation.next()), (Some(at(18)), Some(at(24))));
    }
}
