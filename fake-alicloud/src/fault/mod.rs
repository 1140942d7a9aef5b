//! Planned trouble: what a test wants to go wrong, when, and how often. Nothing here fires that was not planned.
//!
//! A fault says which calls it is for, which of those it meets, and what it does to them. The doors ask the [`Plans`] at the
//! few moments at which something can go wrong; the rules of the cloud itself are elsewhere and always hold.

mod body;
mod check;
mod effect;
mod plan;
mod quota;

use std::time::Duration;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    body::AnswerBody,
    check::faults,
    plan::{Facts, Plans, Trouble},
};
pub use self::{
    check::FaultError,
    effect::{CertificateFlaw, Effect, ErrorEffect, Malformation, Speaker, Stall, StallPoint, Truncation},
    plan::PlannedFault,
    quota::{Quota, QuotaPreset},
};

/// A fault to be planned: for which calls, for which of these, and what happens to them.
///
/// Texts may have the wildcards `*` (any characters) and `?` (one character). All that are given must fit.
///
/// ```
/// use fake_alicloud::{Fault, FaultProduct};
///
/// let throttled = Fault::error("Rejected.Throttling").product(FaultProduct::Kms).resource("db/*").times(3);
/// let slow = Fault::delay(std::time::Duration::from_secs(2)).action("GetSecretValue").probability(0.2).seed(7);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// Its id, made up if there is none: letters, digits and any of `. _ -`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The product that is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<FaultProduct>,
    /// The operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// What the operation is about: the name or ARN of a secret, parameter, key or role; of the metadata service the path
    /// after `/latest/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The region that is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The caller's account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The access key that signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// The caller's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// The host that is called, without its port. For `certificate` the name in the handshake, or the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// How many of these calls go unharmed first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after: u64,
    /// How often it fires before it is spent; always, if that is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// How likely it fires, above 0 and up to 1; certain, if that is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Where the chance begins. The same seed makes the same choices; one is made up, and told, if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// What happens.
    pub effect: Effect,
}

/// What can be called: the products of the API doors, and the metadata service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FaultProduct {
    /// Key Management Service.
    Kms,
    /// Parameters of the orchestration service.
    Oos,
    /// Security Token Service.
    Sts,
    /// Resource Access Management.
    Ram,
    /// Identity Management.
    Ims,
    /// The instance metadata service.
    Metadata,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What happens.
impl Fault {
    /// A fault for all calls.
    pub fn new(effect: Effect) -> Self {
        Self {
            name: None,
            product: None,
            action: None,
            resource: None,
            region: None,
            account: None,
            access_key_id: None,
            caller: None,
            host: None,
            after: 0,
            times: None,
            probability: None,
            seed: None,
            effect,
        }
    }

    /// The call is refused with that code, one whose status and text are known: a throttling or a failure of the cloud. For
    /// others, give an [`ErrorEffect`] to [`new`](Self::new).
    pub fn error(code: &str) -> Self {
        Self::new(Effect::Error(ErrorEffect::new(code)))
    }

    /// The call takes that much longer, by the real clock. More than an hour is refused when it is planned.
    pub fn delay(time: Duration) -> Self {
        Self::new(Effect::Delay(time.try_into().unwrap_or(SignedDuration::MAX)))
    }

    /// Calls beyond so many in a second, of an account in a region, are refused as the product does.
    pub fn quota_per_second(requests: u32) -> Self {
        Self::new(Effect::Quota(Quota { requests, per: SignedDuration::from_secs(1) }))
    }

    /// The documented quotas of a product.
    pub fn quotas(preset: QuotaPreset) -> Self {
        Self::new(Effect::Quotas(preset))
    }

    /// New connections are closed before anything is read.
    pub fn refuse() -> Self {
        Self::new(Effect::Refuse)
    }

    /// The connection is reset instead of an answer. The operation has run.
    pub fn reset() -> Self {
        Self::new(Effect::Reset)
    }

    /// The answer does not come. The operation has run.
    pub fn stall() -> Self {
        Self::new(Effect::Stall(Stall::default()))
    }

    /// The answer stops in the middle of its body. The operation has run.
    pub fn stall_in_body() -> Self {
        Self::new(Effect::Stall(Stall { at: StallPoint::Body, ..Stall::default() }))
    }

    /// The connection ends in the middle of the answer's body. The operation has run.
    pub fn truncate() -> Self {
        Self::new(Effect::Truncate(Truncation::default()))
    }

    /// The answer's body is not what it should be. The operation has run.
    pub fn malform(how: Malformation) -> Self {
        Self::new(Effect::Malform(how))
    }

    /// TLS handshakes get a wrong certificate.
    pub fn certificate(flaw: CertificateFlaw) -> Self {
        Self::new(Effect::Certificate(flaw))
    }
}

/// For which calls.
impl Fault {
    /// Gives it an id.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// For calls of that product.
    #[must_use]
    pub fn product(mut self, product: FaultProduct) -> Self {
        self.product = Some(product);
        self
    }

    /// For calls of that operation.
    #[must_use]
    pub fn action(mut self, pattern: impl Into<String>) -> Self {
        self.action = Some(pattern.into());
        self
    }

    /// For calls about that secret, parameter, key, role or path.
    #[must_use]
    pub fn resource(mut self, pattern: impl Into<String>) -> Self {
        self.resource = Some(pattern.into());
        self
    }

    /// For calls in that region.
    #[must_use]
    pub fn region(mut self, pattern: impl Into<String>) -> Self {
        self.region = Some(pattern.into());
        self
    }

    /// For calls by that account.
    #[must_use]
    pub fn account(mut self, pattern: impl Into<String>) -> Self {
        self.account = Some(pattern.into());
        self
    }

    /// For calls signed with that key.
    #[must_use]
    pub fn access_key_id(mut self, pattern: impl Into<String>) -> Self {
        self.access_key_id = Some(pattern.into());
        self
    }

    /// For calls by that caller, by ARN.
    #[must_use]
    pub fn caller(mut self, pattern: impl Into<String>) -> Self {
        self.caller = Some(pattern.into());
        self
    }

    /// For calls to that host.
    #[must_use]
    pub fn host(mut self, pattern: impl Into<String>) -> Self {
        self.host = Some(pattern.into());
        self
    }

    /// Lets so many of these calls go unharmed first.
    #[must_use]
    pub fn after(mut self, calls: u64) -> Self {
        self.after = calls;
        self
    }

    /// Fires so often and is spent then.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Fires once.
    #[must_use]
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Fires that likely.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }

    /// Makes the choices of that seed.
    #[must_use]
    pub fn seed(mut self, seed: u32) -> Self {
        self.seed = Some(seed);
        self
    }
}
