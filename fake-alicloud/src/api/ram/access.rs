//! Who may do what in RAM and IMS. Both products go by actions and resources of the service `ram`.

use std::fmt;

use super::super::{ApiError, Call};
use crate::{
    policy::{self, Question},
    state::{State, account::Account, ram::AttachedPolicy},
};

/// What is worked on, within the caller's account: `<kind>/<name>`.
///
/// The documentation writes `*` where a region would stand. Nothing stands there in an ARN, and both match `*`.
pub(in crate::api) fn authorize(
    call: &Call<'_>,
    state: &State,
    kind: &str,
    name: impl fmt::Display,
) -> Result<(), ApiError> {
    ask(call, state, &format!("acs:ram::{}:{kind}/{name}", call.caller.principal.account))
}

/// The same for a policy, which may be the cloud's.
pub(super) fn authorize_policy(
    call: &Call<'_>,
    state: &State,
    policy: &AttachedPolicy,
) -> Result<(), ApiError> {
    match policy {
        AttachedPolicy::Custom(name) => authorize(call, state, "policy", name),
        AttachedPolicy::System(name) => ask(call, state, &format!("acs:ram::system:policy/{name}")),
    }
}

fn ask(call: &Call<'_>, state: &State, resource: &str) -> Result<(), ApiError> {
    let question = Question {
        caller: call.caller,
        action: &format!("ram:{}", call.action),
        resource,
        owner: &call.caller.principal.account,
        resource_policy: None,
        context: call.context,
    };
    policy::authorize(state, &question).map_err(ApiError::no_permission)
}

/// The caller's account.
pub(in crate::api) fn account<'a>(call: &Call<'_>, state: &'a mut State) -> &'a mut Account {
    state.accounts.entry(call.caller.principal.account.clone()).or_default()
}
