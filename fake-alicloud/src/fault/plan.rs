//! What is planned, and whether it happens now.

use std::{sync::Mutex, time::Duration};

use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{
    CertificateFlaw, Effect, Fault, FaultError, FaultProduct, Malformation, Stall, Truncation, quota::Meter,
};
use crate::{api::ApiError, cloud::lock, pattern::Pattern, random};

/// A planned fault and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedFault {
    /// Its name, or what stands for it.
    pub id: String,
    /// The fault. If it fires by chance, its seed is in it.
    pub fault: Fault,
    /// How many calls, connections or handshakes were among those that it is for.
    pub matched: u64,
    /// How often it fired.
    pub fired: u64,
    /// How often it will still fire; none if there is no end.
    pub remaining: Option<u64>,
}

/// All that is planned in one cloud, in the order of planning.
#[derive(Debug, Default)]
pub(crate) struct Plans(Mutex<Planned>);

#[derive(Debug, Default)]
struct Planned {
    list: Vec<Plan>,
    /// How many were planned since the start.
    count: u64,
}

#[derive(Debug)]
struct Plan {
    id: String,
    fault: Fault,
    matched: u64,
    fired: u64,
    dice: Dice,
    meter: Meter,
    /// Dropped with the plan, which lets go of all that waits for it.
    end: watch::Sender<()>,
}

/// What is known of a call when it meets the plans.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) product: FaultProduct,
    pub(crate) action: &'a str,
    /// Names and ARNs of what it is about.
    pub(crate) resources: Vec<String>,
    pub(crate) region: &'a str,
    /// Whose quota it counts for, if that is known.
    pub(crate) account: Option<String>,
    pub(crate) access_key_id: Option<String>,
    pub(crate) caller: Option<String>,
    pub(crate) host: String,
    /// Whether it came through the gateway of an instance.
    pub(crate) is_dedicated: bool,
    pub(crate) now: Timestamp,
}

/// What happens to a call: nothing, by default.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) delays: Vec<Delay>,
    pub(crate) refusal: Option<(ApiError, HeaderMap)>,
    pub(crate) damage: Option<Damage>,
    /// The fault that decided: the last that fired.
    pub(crate) fault: Option<String>,
}

/// A wait that ends at its time, or as soon as its fault is removed.
#[derive(Debug)]
pub(crate) struct Delay {
    time: Option<Duration>,
    end: watch::Receiver<()>,
}

impl Delay {
    pub(crate) async fn pass(mut self) {
        let removed = async {
            // Nothing is ever sent; an error means that the plan is gone.
            while self.end.changed().await.is_ok() {}
        };
        match self.time {
            Some(time) => drop(tokio::time::timeout(time, removed).await),
            None => removed.await,
        }
    }
}

/// What happens to an answer.
#[derive(Debug)]
pub(crate) enum Damage {
    Reset,
    /// Before the first byte.
    Silence(Delay),
    /// In the middle of the body.
    Pause(Delay),
    Truncate(Truncation),
    Malform(Malformation),
}

impl Plans {
    /// Plans all faults or, after an error, none.
    pub(crate) fn add(&self, faults: Vec<Fault>) -> Result<Vec<PlannedFault>, FaultError> {
        let mut planned = lock(&self.0);
        let mut names: Vec<_> = planned.list.iter().map(|plan| plan.id.clone()).collect();
        for fault in &faults {
            fault.check()?;
            if let Some(name) = &fault.name {
                if names.contains(name) {
                    return Err(FaultError::Taken { name: name.clone() });
                }
                names.push(name.clone());
            }
        }
        let mut added = Vec::new();
        for fault in faults {
            let plan = Plan::new(fault, |fault| planned.name_for(fault, &names));
            tracing::info!(fault.id = plan.id, fault.seed = plan.fault.seed, "planned a fault");
            added.push(plan.told());
            planned.list.push(plan);
        }
        Ok(added)
    }

    /// All that is planned, spent faults included.
    pub(crate) fn list(&self) -> Vec<PlannedFault> {
        lock(&self.0).list.iter().map(Plan::told).collect()
    }

    /// Removes a fault and lets go of what waits for it; tells whether there was one.
    pub(crate) fn remove(&self, id: &str) -> bool {
        let mut planned = lock(&self.0);
        let before = planned.list.len();
        planned.list.retain(|plan| plan.id != id);
        planned.list.len() < before
    }

    /// Removes all faults and lets go of what waits for them.
    pub(crate) fn clear(&self) {
        lock(&self.0).list.clear();
    }

    /// What happens to a call that was read and, if it is signed, whose signature holds.
    pub(crate) fn meet<'a>(&self, facts: impl FnOnce() -> Facts<'a>) -> Trouble {
        let mut trouble = Trouble::default();
        let mut planned = lock(&self.0);
        if planned.list.is_empty() {
            return trouble;
        }
        let facts = facts();
        for plan in planned.list.iter_mut().filter(|plan| plan.is_for(&facts)) {
            if plan.meet(&facts, &mut trouble) {
                break;
            }
        }
        trouble
    }

    /// Whether a door closes a connection at once.
    pub(crate) fn refuses_connection(&self, of_metadata: bool) -> bool {
        let is_for = |plan: &Plan| {
            plan.fault.effect == Effect::Refuse
                && (plan.fault.product == Some(FaultProduct::Metadata)) == of_metadata
        };
        // Each that is for it meets it, and the first that fires decides.
        lock(&self.0).list.iter_mut().filter(|plan| is_for(plan)).any(Plan::fires)
    }

    /// What is wrong with the certificate for a host.
    pub(crate) fn certificate_flaw(&self, host: &str) -> Option<CertificateFlaw> {
        lock(&self.0).list.iter_mut().find_map(|plan| {
            let Effect::Certificate(flaw) = plan.fault.effect else { return None };
            (fits(plan.fault.host.as_deref(), Some(host)) && plan.fires()).then_some(flaw)
        })
    }
}

impl Planned {
    /// The fault's own name, or a number that nobody has.
    fn name_for(&mut self, fault: &Fault, names: &[String]) -> String {
        loop {
            self.count += 1;
            let name = fault.name.clone().unwrap_or_else(|| format!("fault-{}", self.count));
            if fault.name.is_some() || !names.contains(&name) {
                return name;
            }
        }
    }
}

impl Plan {
    fn new(mut fault: Fault, name: impl FnOnce(&Fault) -> String) -> Self {
        if fault.probability.is_some() {
            fault.seed.get_or_insert_with(|| u32::from_le_bytes(random::bytes()));
        }
        let dice = Dice::new(fault.seed.unwrap_or_default());
        let id = name(&fault);
        Self { id, fault, matched: 0, fired: 0, dice, meter: Meter::default(), end: watch::Sender::new(()) }
    }

    fn told(&self) -> PlannedFault {
        PlannedFault {
            id: self.id.clone(),
            fault: self.fault.clone(),
            matched: self.matched,
            fired: self.fired,
            remaining: self.fault.times.map(|times| times - self.fired),
        }
    }

    fn is_for(&self, facts: &Facts<'_>) -> bool {
        let fault = &self.fault;
        let resource = || {
            fault.resource.as_deref().is_none_or(|wanted| {
                facts.resources.iter().any(|resource| Pattern::new(wanted).matches(resource))
            })
        };
        let effect = match &fault.effect {
            Effect::Refuse | Effect::Certificate(_) => false,
            Effect::Quotas(preset) => {
                facts.product == preset.product()
                    && !facts.is_dedicated
                    && preset.group(facts.action).is_some()
            }
            _ => true,
        };
        effect
            && fault.product.is_none_or(|product| product == facts.product)
            && fits(fault.action.as_deref(), Some(facts.action))
            && resource()
            && fits(fault.region.as_deref(), Some(facts.region))
            && fits(fault.account.as_deref(), facts.account.as_deref())
            && fits(fault.access_key_id.as_deref(), facts.access_key_id.as_deref())
            && fits(fault.caller.as_deref(), facts.caller.as_deref())
            && fits(fault.host.as_deref(), Some(without_port(&facts.host)))
    }

    /// Does to a call what it is to do, and tells whether that is the last.
    fn meet(&mut self, facts: &Facts<'_>, trouble: &mut Trouble) -> bool {
        if !self.is_due() {
            return false;
        }
        let delay = |time: Option<_>| Delay { time, end: self.end.subscribe() };
        let damage = match &self.fault.effect {
            Effect::Delay(time) => {
                trouble.delays.push(delay(Some(time.unsigned_abs())));
                None
            }
            Effect::Error(error) => {
                trouble.refusal = error.refusal().zip(error.headers());
                None
            }
            Effect::Quota(_) | Effect::Quotas(_) => {
                if self.is_within_quota(facts) {
                    return false;
                }
                trouble.refusal = Some((over_quota(facts.product), HeaderMap::new()));
                None
            }
            Effect::Reset => Some(Damage::Reset),
            Effect::Stall(Stall { at, limit }) => {
                let delay = delay(limit.map(SignedDuration::unsigned_abs));
                Some(match at {
                    super::StallPoint::Answer => Damage::Silence(delay),
                    super::StallPoint::Body => Damage::Pause(delay),
                })
            }
            Effect::Truncate(truncation) => Some(Damage::Truncate(truncation.clone())),
            Effect::Malform(how) => Some(Damage::Malform(*how)),
            Effect::Refuse | Effect::Certificate(_) => None,
        };
        self.fired += 1;
        trouble.damage = damage;
        trouble.fault = Some(self.id.clone());
        !matches!(self.fault.effect, Effect::Delay(_))
    }

    fn is_within_quota(&mut self, facts: &Facts<'_>) -> bool {
        let (group, quota) = match &self.fault.effect {
            Effect::Quota(quota) => (0, quota.clone()),
            Effect::Quotas(preset) => match preset.group(facts.action) {
                Some((group, quota)) => (group, quota),
                None => return true,
            },
            _ => return true,
        };
        // STS serves all regions at once.
        let region = if facts.product == FaultProduct::Sts { "" } else { facts.region };
        let who = (group, facts.account.clone().unwrap_or_default(), region.to_owned());
        self.meter.admits(&quota, who, facts.now)
    }

    /// Counts what it is for and tells whether it is its turn. What comes of it is another question for a quota only.
    fn is_due(&mut self) -> bool {
        self.matched += 1;
        let is_spent = self.fault.times.is_some_and(|times| self.fired >= times);
        self.matched > self.fault.after
            && !is_spent
            && self.fault.probability.is_none_or(|probability| self.dice.roll() < probability)
    }

    fn fires(&mut self) -> bool {
        let due = self.is_due();
        self.fired += u64::from(due);
        due
    }
}

fn fits(wanted: Option<&str>, value: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| value.is_some_and(|value| Pattern::new(wanted).matches(value)))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// How a product words that there were too many calls.
fn over_quota(product: FaultProduct) -> ApiError {
    match product {
        FaultProduct::Kms => {
            ApiError::product(StatusCode::TOO_MANY_REQUESTS, "Rejected.Throttling", "QPS Limit Exceeded")
        }
        FaultProduct::Metadata => ApiError::gateway(
            StatusCode::TOO_MANY_REQUESTS,
            "Throttling",
            "Request was denied due to request throttling.",
        ),
        FaultProduct::Oos | FaultProduct::Sts | FaultProduct::Ram | FaultProduct::Ims => ApiError::gateway(
            StatusCode::BAD_REQUEST,
            "Throttling.User",
            "Request was denied due to user flow control.",
        ),
    }
}

/// Chance that can be repeated: the generator `SplitMix64`.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn new(seed: u32) -> Self {
        Self(seed.into())
    }

    /// A number from 0 up to and without 1.
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let high = u32::try_from(bits >> 32).expect("32 bits are left");
        f64::from(high) / 2f64.powi(32)
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
