//! What a fault must be like to be planned.

use jiff::SignedDuration;

use super::{Effect, ErrorEffect, Fault, FaultProduct};
use crate::{api::Product, metadata, pattern::Pattern};

/// The longest delay, stall or window.
const MAX_TIME: SignedDuration = SignedDuration::from_hours(1);

/// A fault that cannot be planned. The message says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// The text is not a fault: its author must correct it.
    #[error("cannot read the faults{place}: {problem}")]
    Unreadable {
        /// Where in the text.
        place: crate::Place,
        /// What is wrong there.
        problem: String,
    },
    /// The name is none: choose another.
    #[error("cannot plan a fault of the name `{name}`: expected 1 to 64 letters, digits and any of . _ -")]
    Name {
        /// The text that was given.
        name: String,
    },
    /// There is a fault of that name: choose another, or remove the one that is there.
    #[error("cannot plan a second fault of the name `{name}`: remove the first, or choose another name")]
    Taken {
        /// The name.
        name: String,
    },
    /// The probability is none: choose another.
    #[error("cannot fire with a probability of {probability}: expected a number above 0 and up to 1")]
    Probability {
        /// The number that was given.
        probability: String,
    },
    /// The fault would never fire: say how often.
    #[error("cannot plan a fault that fires 0 times: leave `times` out, or say 1 or more")]
    Never,
    /// No operation has such a name: correct it.
    #[error("no operation of {product} fits `{action}`: {product} has {known}")]
    Action {
        /// The text that was given.
        action: String,
        /// The product, or all.
        product: String,
        /// The names of its operations.
        known: String,
    },
    /// The status and text of the code are not known: give a status.
    #[error("cannot refuse with `{code}` without a `status` of 400 to 599: without one go only {known}")]
    Status {
        /// The error code.
        code: String,
        /// The codes that need none.
        known: String,
    },
    /// A header's name or value cannot be sent: correct it.
    #[error(
        "cannot send the headers of the fault: names are letters, digits and hyphens, values visible ASCII"
    )]
    Header,
    /// The duration is none: choose another.
    #[error("cannot use {time:#} for `{field}`: expected more than 0 and at most 1h")]
    Time {
        /// The field.
        field: &'static str,
        /// What was given.
        time: SignedDuration,
    },
    /// Without any call, plan an error instead.
    #[error("cannot plan a quota of 0 requests: say 1 or more, or plan an error")]
    EmptyQuota,
    /// The field cannot be known when the fault fires: leave it out.
    #[error("cannot choose by `{field}` for `{effect}`: {reason}")]
    Unknowable {
        /// The field.
        field: &'static str,
        /// The effect.
        effect: &'static str,
        /// Why not, and what to do instead.
        reason: &'static str,
    },
}

/// Reads one fault or a list of them from YAML, of which JSON is a part.
pub(crate) fn faults(text: &str) -> Result<Vec<Fault>, FaultError> {
    let is_list = text.trim_start().starts_with(['[', '-']);
    let read =
        if is_list { serde_yaml::from_str(text) } else { serde_yaml::from_str(text).map(|one| vec![one]) };
    read.map_err(|error| {
        let (place, problem) = crate::control::seed::place_and_problem(&error);
        FaultError::Unreadable { place, problem }
    })
}

impl Fault {
    /// The rules that the types do not tell.
    pub(crate) fn check(&self) -> Result<(), FaultError> {
        if let Some(name) = self.name.as_ref().filter(|name| !is_name(name)) {
            return Err(FaultError::Name { name: name.clone() });
        }
        if let Some(probability) = self.probability.filter(|p| !(*p > 0.0 && *p <= 1.0)) {
            return Err(FaultError::Probability { probability: probability.to_string() });
        }
        if self.times == Some(0) {
            return Err(FaultError::Never);
        }
        self.check_effect()?;
        self.check_knowable()?;
        self.check_action()
    }

    fn check_effect(&self) -> Result<(), FaultError> {
        let time = |field, time: SignedDuration| {
            let fits = time.is_positive() && time <= MAX_TIME;
            if fits { Ok(()) } else { Err(FaultError::Time { field, time }) }
        };
        match &self.effect {
            Effect::Error(error) => {
                if error.refusal().is_none() {
                    let known: Vec<_> = ErrorEffect::known_codes().collect();
                    return Err(FaultError::Status { code: error.code.clone(), known: known.join(", ") });
                }
                error.headers().map(drop).ok_or(FaultError::Header)
            }
            Effect::Delay(delay) => time("delay", *delay),
            Effect::Quota(quota) if quota.requests == 0 => Err(FaultError::EmptyQuota),
            Effect::Quota(quota) => time("per", quota.per),
            Effect::Stall(stall) => stall.limit.map_or(Ok(()), |limit| time("for", limit)),
            Effect::Quotas(_)
            | Effect::Refuse
            | Effect::Reset
            | Effect::Truncate(_)
            | Effect::Malform(_)
            | Effect::Certificate(_) => Ok(()),
        }
    }

    /// A fault that fires before a request is read cannot choose by what is in it.
    fn check_knowable(&self) -> Result<(), FaultError> {
        let given = [
            ("product", self.product.is_some()),
            ("action", self.action.is_some()),
            ("resource", self.resource.is_some()),
            ("region", self.region.is_some()),
            ("account", self.account.is_some()),
            ("accessKeyId", self.access_key_id.is_some()),
            ("caller", self.caller.is_some()),
            ("host", self.host.is_some()),
        ];
        let refuse = |effect, reason, knowable: fn(&str) -> bool| {
            let unknowable = given.iter().find(|(field, given)| *given && !knowable(field));
            unknowable.map_or(Ok(()), |(field, _)| Err(FaultError::Unknowable { field, effect, reason }))
        };
        match &self.effect {
            Effect::Refuse if self.product == Some(FaultProduct::Metadata) => {
                let reason = "nothing is read of the connection; only `product: metadata` may be given";
                refuse("refuse", reason, |field| field == "product")
            }
            Effect::Refuse => {
                let reason = "nothing is read of the connection; only `product: metadata` may be given";
                refuse("refuse", reason, |_| false)
            }
            Effect::Certificate(_) => {
                let reason = "only `host` is known in a handshake";
                refuse("certificate", reason, |field| field == "host")
            }
            Effect::Quotas(preset) if self.product.is_some_and(|product| product != preset.product()) => {
                let reason = "the quotas are another product's; leave it out";
                Err(FaultError::Unknowable { field: "product", effect: "quotas", reason })
            }
            _ => Ok(()),
        }
    }

    fn check_action(&self) -> Result<(), FaultError> {
        let Some(action) = &self.action else { return Ok(()) };
        let mut known: Vec<_> = match self.product {
            Some(product) => product.actions(),
            None => FaultProduct::ALL.into_iter().flat_map(FaultProduct::actions).collect(),
        };
        if known.iter().any(|known| Pattern::new(action).matches(known)) {
            return Ok(());
        }
        known.sort_unstable();
        known.dedup();
        let product = self.product.map_or("all products together", FaultProduct::name).to_owned();
        Err(FaultError::Action { action: action.clone(), product, known: known.join(", ") })
    }
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

impl FaultProduct {
    const ALL: [Self; 6] = [Self::Kms, Self::Oos, Self::Sts, Self::Ram, Self::Ims, Self::Metadata];

    /// The name in plans and the journal.
    pub(crate) fn name(self) -> &'static str {
        self.of_api().map_or(metadata::PRODUCT, Product::name)
    }

    fn of_api(self) -> Option<Product> {
        match self {
            Self::Kms => Some(Product::Kms),
            Self::Oos => Some(Product::Oos),
            Self::Sts => Some(Product::Sts),
            Self::Ram => Some(Product::Ram),
            Self::Ims => Some(Product::Ims),
            Self::Metadata => None,
        }
    }

    fn actions(self) -> Vec<&'static str> {
        match self.of_api() {
            Some(product) => product.actions().collect(),
            None => metadata::ACTIONS.to_vec(),
        }
    }
}

impl From<Product> for FaultProduct {
    fn from(product: Product) -> Self {
        match product {
            Product::Kms => Self::Kms,
            Product::Oos => Self::Oos,
            Product::Sts => Self::Sts,
            Product::Ram => Self::Ram,
            Product::Ims => Self::Ims,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        let read = faults(text).and_then(|faults| faults.iter().try_for_each(Fault::check));
        read.expect_err("a mistake").to_string()
    }

    #[rstest::rstest]
    #[case("effect: reset")]
    #[case(
        "{effect: {error: {code: Throttling.User, headers: {x-acs-retry-after: '2'}}}, product: sts, times: 3}"
    )]
    #[case("{effect: {error: {code: Own.Code, status: 418, message: tea, by: product}}}")]
    #[case(
        "[{effect: {delay: 2s}}, {effect: {quota: {requests: 3, per: 1m}}}, {effect: {quotas: kms-shared-gateway}}]"
    )]
    #[case(
        "- effect: {stall: {}}\n- effect: {stall: {at: body, for: 10s}}\n- effect: {truncate: {after: 3}}"
    )]
    #[case(r#"{"effect":"refuse","product":"metadata","probability":1}"#)]
    #[case("{effect: {certificate: expired}, host: 'kms.*', after: 2, probability: 0.2, seed: 7}")]
    #[case("{effect: {malform: missingFields}, action: 'Get*', name: half.of-it_all}")]
    fn a_fault_survives_a_round_trip(#[case] text: &str) {
        let read = faults(text).expect("faults");
        assert_eq!(read.iter().try_for_each(Fault::check), Ok(()));
        let json = serde_json::to_string(&read).expect("JSON");
        assert_eq!(faults(&json), Ok(read));
    }

    #[rstest::rstest]
    #[case("{effect: reset, acton: x}", "cannot read the faults at line 1, column 17: unknown field `acton`")]
    #[case("{action: x}", "missing field `effect`")]
    #[case("{effect: explode}", "unknown variant `explode`")]
    #[case("{effect: reset, name: 'no blank'}", "cannot plan a fault of the name `no blank`")]
    #[case(
        "{effect: reset, probability: 1.5}",
        "with a probability of 1.5: expected a number above 0 and up to 1"
    )]
    #[case("{effect: reset, probability: 0}", "with a probability of 0:")]
    #[case("{effect: reset, probability: .nan}", "with a probability of NaN:")]
    #[case("{effect: reset, times: 0}", "cannot plan a fault that fires 0 times")]
    #[case(
        "{effect: reset, product: ims, action: GetSecretValue}",
        "no operation of ims fits `GetSecretValue`: ims has "
    )]
    #[case("{effect: reset, product: kms, action: getsecretvalue}", "GetSecretPolicy, GetSecretValue")]
    #[case("{effect: reset, action: Nothing*}", "no operation of all products together fits `Nothing*`")]
    #[case(
        "{effect: {error: {code: Own.Code}}}",
        "cannot refuse with `Own.Code` without a `status` of 400 to 599: without one go only Throttling, "
    )]
    #[case("{effect: {error: {code: Throttling, status: 200}}}", "cannot refuse with `Throttling`")]
    #[case("{effect: {error: {code: Throttling, headers: {'a b': c}}}}", "cannot send the headers")]
    #[case("{effect: {delay: -1s}}", "cannot use 1s ago for `delay`: expected more than 0 and at most 1h")]
    #[case("{effect: {delay: 2h}}", "cannot use 2h for `delay`")]
    #[case("{effect: {stall: {for: 0s}}}", "cannot use 0s for `for`")]
    #[case("{effect: {quota: {requests: 0}}}", "cannot plan a quota of 0 requests")]
    #[case("{effect: {quotas: sts}, product: kms}", "cannot choose by `product` for `quotas`")]
    #[case(
        "{effect: refuse, product: kms}",
        "cannot choose by `product` for `refuse`: nothing is read of the connection"
    )]
    #[case(
        "{effect: refuse, product: metadata, action: GetUserData}",
        "cannot choose by `action` for `refuse`"
    )]
    #[case(
        "{effect: {certificate: expired}, action: GetSecretValue}",
        "cannot choose by `action` for `certificate`: only `host` is known"
    )]
    fn a_mistake_is_told_with_what_would_do(#[case] text: &str, #[case] part: &str) {
        let problem = problem(text);
        assert!(problem.contains(part), "{problem}");
    }
}
