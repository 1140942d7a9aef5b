//! The operations of the products: one file per product, one function per action. Touches no sockets.
//!
//! STS, RAM, IMS and the instance metadata will each be a file beside [`kms`] and a line in [`Product`].

mod error;
mod kms;
mod oos;
mod parameters;

use jiff::Timestamp;
use serde_json::Value;

pub(crate) use self::{
    error::{ApiError, Origin},
    parameters::Parameters,
};
use crate::{
    auth::Caller,
    state::{
        State,
        name::{InstanceId, Region},
    },
};

/// The products of the cloud that the fake plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    /// Key Management Service, of which the secrets are played.
    Kms,
    /// The orchestration service (OOS), of which the parameters are played.
    Oos,
}

impl Product {
    pub(crate) const ALL: [Self; 2] = [Self::Kms, Self::Oos];

    /// The name in host names, policies and the journal.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kms => "kms",
            Self::Oos => "oos",
        }
    }

    /// The API version it speaks.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::Kms => "2016-01-20",
            Self::Oos => "2019-06-01",
        }
    }

    /// Whether it refuses calls in the clear, by the endpoint page of the product.
    pub(crate) fn needs_https(self) -> bool {
        match self {
            Self::Kms => true,
            Self::Oos => false,
        }
    }

    /// Finds an operation by its name, whose case matters.
    pub(crate) fn operation(self, action: &str) -> Option<&'static Operation> {
        let operations = match self {
            Self::Kms => kms::OPERATIONS,
            Self::Oos => oos::OPERATIONS,
        };
        operations.iter().find(|operation| operation.action == action)
    }
}

/// One operation: its name, what the gateway insists on, and what it does.
pub(crate) struct Operation {
    action: &'static str,
    required: &'static [&'static str],
    run: fn(&Call<'_>, &mut State) -> Result<Value, ApiError>,
}

impl Operation {
    /// Runs the operation; the answer has all fields except `RequestId`.
    pub(crate) fn run(&self, call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
        state.settle(call.now);
        for parameter in self.required {
            if call.parameters.text(parameter).is_none() {
                return Err(ApiError::missing(parameter));
            }
        }
        // An instance is where it is, whatever the request says.
        let region = call.instance.and_then(|id| state.instance(id)).map(|instance| instance.region.clone());
        let call = Call { region: region.as_ref().unwrap_or(call.region), ..*call };
        kms::enter(&call, self.action, state)?;
        (self.run)(&call, state)
    }
}

/// A call that passed the gateway: who wants what, where and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) region: &'a Region,
    /// The dedicated KMS instance whose own gateway was called.
    pub(crate) instance: Option<&'a InstanceId>,
    pub(crate) parameters: Parameters<'a>,
    pub(crate) now: Timestamp,
}
