//! The operations of the products: one file per product, one function per action. Touches no sockets.
//!
//! Most operations want a caller whose signature holds; some of STS prove in their own way who asks ([`Run`]).

mod error;
mod ims;
mod kms;
mod oos;
mod parameters;
mod ram;
mod sts;
#[cfg(test)]
mod unsigned;

use std::ops::Deref;

use jiff::Timestamp;
use serde_json::Value;

pub(crate) use self::{
    error::{ApiError, Origin},
    parameters::Parameters,
};
use crate::{
    auth::Caller,
    policy::Context,
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
    /// The Security Token Service: sessions of roles.
    Sts,
    /// Resource Access Management: users, roles and policies.
    Ram,
    /// Identity Management, of which the OIDC providers are played.
    Ims,
}

impl Product {
    pub(crate) const ALL: [Self; 5] = [Self::Kms, Self::Oos, Self::Sts, Self::Ram, Self::Ims];

    /// The name in host names, policies and the journal.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kms => "kms",
            Self::Oos => "oos",
            Self::Sts => "sts",
            Self::Ram => "ram",
            Self::Ims => "ims",
        }
    }

    /// The API version it speaks.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::Kms => "2016-01-20",
            Self::Oos => "2019-06-01",
            Self::Sts => "2015-04-01",
            Self::Ram => "2015-05-01",
            Self::Ims => "2019-08-15",
        }
    }

    /// Whether it refuses calls in the clear, by the endpoint page of the product.
    pub(crate) fn needs_https(self) -> bool {
        match self {
            Self::Kms | Self::Sts | Self::Ram | Self::Ims => true,
            Self::Oos => false,
        }
    }

    /// Whether one host without a region serves the product, alone or beside those of the regions.
    pub(crate) fn is_global(self) -> bool {
        match self {
            Self::Sts | Self::Ram | Self::Ims => true,
            Self::Kms | Self::Oos => false,
        }
    }

    /// Finds an operation by its name, whose case matters.
    pub(crate) fn operation(self, action: &str) -> Option<&'static Operation> {
        self.operations().iter().find(|operation| operation.action == action)
    }

    /// The names of its operations.
    pub(crate) fn actions(self) -> impl Iterator<Item = &'static str> {
        self.operations().iter().map(|operation| operation.action)
    }

    fn operations(self) -> &'static [Operation] {
        match self {
            Self::Kms => kms::OPERATIONS,
            Self::Oos => oos::OPERATIONS,
            Self::Sts => sts::OPERATIONS,
            Self::Ram => ram::OPERATIONS,
            Self::Ims => ims::OPERATIONS,
        }
    }
}

/// One operation: its name, what the gateway insists on, and what it does.
pub(crate) struct Operation {
    action: &'static str,
    required: &'static [&'static str],
    run: Run,
}

/// What an operation does, by what it must know of its caller. The answer has all fields except `RequestId`.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// For a caller whose signature holds.
    Signed(fn(&Call<'_>, &mut State) -> Result<Value, ApiError>),
    /// For anybody: the parameters prove who asks, or nobody need know.
    Unsigned(fn(&Asked<'_>, &mut State) -> Result<Value, ApiError>),
}

impl Operation {
    pub(crate) fn action(&self) -> &'static str {
        self.action
    }

    pub(crate) fn kind(&self) -> Run {
        self.run
    }

    /// Runs one that is for signed callers.
    pub(crate) fn run(
        &self,
        run: fn(&Call<'_>, &mut State) -> Result<Value, ApiError>,
        call: &Call<'_>,
        state: &mut State,
    ) -> Result<Value, ApiError> {
        self.prepare(&call.asked, state)?;
        // An instance is where it is, whatever the request says.
        let region = call.instance.and_then(|id| state.instance(id)).map(|instance| instance.region.clone());
        let asked = Asked { region: region.as_ref().unwrap_or(call.region), ..call.asked };
        let call = Call { asked, ..*call };
        kms::enter(&call, self.action, state)?;
        run(&call, state)
    }

    /// Brings the state up to date and makes sure that the required parameters are there.
    pub(crate) fn prepare(&self, asked: &Asked<'_>, state: &mut State) -> Result<(), ApiError> {
        state.settle(asked.now);
        let missing = self.required.iter().find(|name| asked.parameters.text(name).is_none());
        missing.map_or(Ok(()), |name| Err(ApiError::missing(name)))
    }
}

/// What is asked for, where and when; by whom is another question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The operation's name, without its product.
    pub(crate) action: &'static str,
    pub(crate) region: &'a Region,
    /// The dedicated KMS instance whose own gateway was called.
    pub(crate) instance: Option<&'a InstanceId>,
    pub(crate) parameters: Parameters<'a>,
    /// What policies may ask about the call.
    pub(crate) context: &'a Context,
    pub(crate) now: Timestamp,
}

/// A call that passed the gateway: who wants what, where and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) caller: &'a Caller,
    asked: Asked<'a>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(caller: &'a Caller, asked: Asked<'a>) -> Self {
        Self { caller, asked }
    }
}

impl<'a> Deref for Call<'a> {
    type Target = Asked<'a>;

    fn deref(&self) -> &Asked<'a> {
        &self.asked
    }
}
