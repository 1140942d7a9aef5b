//! So many calls in a time, and no more.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FaultProduct;

/// How many accounts and regions are counted at once before those that rest are forgotten.
const MAX_RESTING: usize = 1024;

/// A limit for each account in each region; the window slides, by the fake's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quota {
    /// How many calls.
    pub requests: u32,
    /// In which time; a second, if that is not said.
    #[serde(default = "second")]
    #[schemars(with = "String", default = "second_text")]
    pub per: SignedDuration,
}

fn second() -> SignedDuration {
    SignedDuration::from_secs(1)
}

fn second_text() -> String {
    "1s".to_owned()
}

/// Quotas that are documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum QuotaPreset {
    /// Those of the page "Quotas" of KMS for the shared gateway, per account and region: 450 readings of values a second, 40
    /// lists and calls about metadata, 10 creations and deletions, 1000 uses of keys. Dedicated gateways have none.
    KmsSharedGateway,
    /// 100 `AssumeRole` a second for each account.
    Sts,
}

/// Actions that are counted together, and how many there may be in a second.
type Group = (&'static [&'static str], u32);

const KMS_SHARED_GATEWAY: &[Group] = &[
    (&["BatchGetSecretValue", "GetSecretValue", "ListSecretVersionIds"], 450),
    (
        &[
            "DescribeSecret",
            "GetRandomPassword",
            "GetSecretPolicy",
            "ListSecrets",
            "PutSecretValue",
            "RestoreSecret",
            "SetSecretPolicy",
            "UpdateSecret",
            "UpdateSecretRotationPolicy",
            "UpdateSecretVersionStage",
        ],
        40,
    ),
    (&["CreateSecret", "DeleteSecret"], 10),
    (&["Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"], 1000),
];
const STS: &[Group] = &[(&["AssumeRole"], 100)];

impl QuotaPreset {
    /// Whose quotas they are.
    pub(super) fn product(self) -> FaultProduct {
        match self {
            Self::KmsSharedGateway => FaultProduct::Kms,
            Self::Sts => FaultProduct::Sts,
        }
    }

    /// The place of the action's group, and its limit.
    pub(super) fn group(self, action: &str) -> Option<(usize, Quota)> {
        let groups = match self {
            Self::KmsSharedGateway => KMS_SHARED_GATEWAY,
            Self::Sts => STS,
        };
        let place = groups.iter().position(|(actions, _)| actions.contains(&action))?;
        Some((place, Quota { requests: groups[place].1, per: second() }))
    }
}

/// Who is counted: the group of actions, the account, the region.
pub(super) type Counted = (usize, String, String);

/// The calls that were let through lately.
#[derive(Debug, Default)]
pub(super) struct Meter(HashMap<Counted, VecDeque<Timestamp>>);

impl Meter {
    /// Counts a call if it is within the quota, and tells whether it is.
    pub(super) fn admits(&mut self, quota: &Quota, who: Counted, now: Timestamp) -> bool {
        let is_recent = |time: &Timestamp| {
            // What is ahead was counted before the clock was set back.
            *time <= now && now.duration_since(*time) < quota.per
        };
        if self.0.len() >= MAX_RESTING {
            self.0.retain(|_, calls| calls.back().is_some_and(is_recent));
        }
        let calls = self.0.entry(who).or_default();
        calls.retain(is_recent);
        let fits = u32::try_from(calls.len()).is_ok_and(|count| count < quota.requests);
        if fits {
            calls.push_back(now);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(account: &str) -> Counted {
        (0, account.to_owned(), "cn-hangzhou".to_owned())
    }

    #[test]
    fn the_window_slides() {
        let (mut meter, quota) = (Meter::default(), Quota { requests: 2, per: second() });
        let at = |millis: i64| Timestamp::from_millisecond(millis).expect("a time");
        let mut admits = |millis| meter.admits(&quota, who("1"), at(millis));
        assert_eq!([admits(0), admits(600), admits(700)], [true, true, false]);
        assert!(admits(1000), "the first has left the window, and the refused one was never in it");
        assert!(!admits(1500));
        assert!(admits(1600));
    }

    #[test]
    fn each_account_has_its_own() {
        let (mut meter, quota) = (Meter::default(), Quota { requests: 1, per: second() });
        let now = Timestamp::UNIX_EPOCH;
        assert!(meter.admits(&quota, who("1"), now));
        assert!(meter.admits(&quota, who("2"), now));
        assert!(!meter.admits(&quota, who("1"), now));
    }

    #[test]
    fn a_clock_that_is_set_back_forgets_what_is_ahead() {
        let (mut meter, quota) = (Meter::default(), Quota { requests: 1, per: second() });
        let now = Timestamp::UNIX_EPOCH;
        assert!(meter.admits(&quota, who("1"), now + SignedDuration::from_hours(1)));
        assert!(meter.admits(&quota, who("1"), now));
    }

    #[test]
    fn those_that_rest_are_forgotten() {
        let (mut meter, quota) = (Meter::default(), Quota { requests: 1, per: second() });
        for number in 0..10_000 {
            let now = Timestamp::from_second(number).expect("a time");
            assert!(meter.admits(&quota, who(&number.to_string()), now));
        }
        assert!(meter.0.len() <= MAX_RESTING);
    }
}
