//! The fake's own clock: the only place that knows what time it is.
//!
//! Time enters every rule as a value, so a rule can be tried at any moment: a test freezes or advances this clock instead of
//! waiting.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cloud::lock;

/// Tells the time to one fake. It follows the machine's clock until a test sets it.
#[derive(Debug, Default)]
pub struct Clock(Mutex<Setting>);

#[derive(Clone, Copy, Debug)]
enum Setting {
    /// The machine's time and an offset.
    Running(SignedDuration),
    Frozen(Timestamp),
}

impl Default for Setting {
    fn default() -> Self {
        Self::Running(SignedDuration::ZERO)
    }
}

/// What can be done to a clock. In JSON: `"freeze"`, `{"freezeAt": "2026-01-31T00:00:00Z"}`, `{"advanceBy": "15m"}`, `"release"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClockChange {
    /// Stand still at the present moment.
    Freeze,
    /// Stand still at a moment.
    FreezeAt(Timestamp),
    /// Go forward, or back by a negative duration; frozen or running as before.
    AdvanceBy(SignedDuration),
    /// Follow the machine's clock again.
    Release,
}

/// What a clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClockReading {
    /// The fake's present moment.
    pub now: Timestamp,
    /// Whether it stands still.
    pub frozen: bool,
}

impl Clock {
    /// The fake's present moment.
    pub fn now(&self) -> Timestamp {
        lock(&self.0).now()
    }

    /// What the clock shows.
    pub fn read(&self) -> ClockReading {
        let setting = *lock(&self.0);
        ClockReading { now: setting.now(), frozen: matches!(setting, Setting::Frozen(_)) }
    }

    /// Stands still at the present moment.
    pub fn freeze(&self) {
        self.change(ClockChange::Freeze);
    }

    /// Stands still at a moment.
    pub fn freeze_at(&self, moment: Timestamp) {
        self.change(ClockChange::FreezeAt(moment));
    }

    /// Goes forward, or back by a negative duration; frozen or running as before.
    pub fn advance(&self, by: SignedDuration) {
        self.change(ClockChange::AdvanceBy(by));
    }

    /// Follows the machine's clock again.
    pub fn release(&self) {
        self.change(ClockChange::Release);
    }

    /// Does any of the above.
    pub fn change(&self, change: ClockChange) {
        let mut setting = lock(&self.0);
        *setting = match (change, *setting) {
            (ClockChange::Freeze, now) => Setting::Frozen(now.now()),
            (ClockChange::FreezeAt(moment), _) => Setting::Frozen(moment),
            (ClockChange::AdvanceBy(by), Setting::Frozen(moment)) => Setting::Frozen(later(moment, by)),
            (ClockChange::AdvanceBy(by), Setting::Running(offset)) => {
                Setting::Running(offset.saturating_add(by))
            }
            (ClockChange::Release, _) => Setting::default(),
        };
    }
}

impl Setting {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that the ban points to")]
    fn now(self) -> Timestamp {
        match self {
            Self::Running(offset) => later(Timestamp::now(), offset),
            Self::Frozen(moment) => moment,
        }
    }
}

/// Beyond the calendar the clock stops at its end.
fn later(moment: Timestamp, by: SignedDuration) -> Timestamp {
    let end = if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    moment.checked_add(by).unwrap_or(end)
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

    fn moment() -> Timestamp {
        "2030-01-01T00:00:00Z".parse().expect("a time")
    }

    #[test]
    fn a_frozen_clock_stands_still_and_moves_when_told() {
        let clock = Clock::default();
        clock.freeze_at(moment());
        assert_eq!(clock.read(), ClockReading { now: moment(), frozen: true });
        clock.advance(SignedDuration::from_mins(15));
        assert_eq!(clock.now(), moment() + SignedDuration::from_mins(15));
    }

    #[test]
    fn a_running_clock_keeps_running_when_advanced_and_comes_back_when_released() {
        let clock = Clock::default();
        let before = clock.now();
        clock.advance(SignedDuration::from_hours(24));
        let ahead = clock.now().duration_since(before);
        assert!(ahead >= SignedDuration::from_hours(24) && ahead < SignedDuration::from_hours(25), "{ahead}");
        clock.release();
        assert!(clock.now().duration_since(before) < SignedDuration::from_hours(1));
    }

    #[test]
    fn the_clock_stops_at_the_ends_of_the_calendar() {
        let clock = Clock::default();
        clock.freeze_at(Timestamp::MAX);
        clock.advance(SignedDuration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
        clock.release();
        clock.advance(SignedDuration::MIN);
        assert_eq!(clock.now(), Timestamp::MIN);
    }

    #[rstest::rstest]
    #[case(r#""freeze""#, ClockChange::Freeze)]
    #[case(r#"{"freezeAt":"2030-01-01T00:00:00Z"}"#, ClockChange::FreezeAt(moment()))]
    #[case(r#"{"advanceBy":"15m"}"#, ClockChange::AdvanceBy(SignedDuration::from_mins(15)))]
    #[case(r#"{"advanceBy":"-PT1H"}"#, ClockChange::AdvanceBy(SignedDuration::from_hours(-1)))]
    #[case(r#""release""#, ClockChange::Release)]
    fn a_change_is_written_as_documented(#[case] json: &str, #[case] change: ClockChange) {
        assert_eq!(serde_json::from_str::<ClockChange>(json).expect("a change"), change);
    }

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
