//! Who may work on parameters: the policies decide in OOS, and for the values of secret ones in KMS as well.

use super::{
    super::{ApiError, Call},
    answer::Shown,
};
use crate::{
    policy::{self, Question},
    state::{
        State,
        parameter::{
            Home,
            name::{Family, ParameterName},
        },
    },
};

/// The name in place of a parameter's for operations that look at all of them.
pub(super) const ALL: &str = "*";

/// Where the caller's parameters are: names never reach another account.
pub(super) fn home(call: &Call<'_>, family: Family) -> Home {
    Home { account: call.caller.principal.account.clone(), region: call.region.clone(), family }
}

/// Decides whether the caller may do what was called with the parameter of that name, or with [`ALL`].
pub(super) fn authorize(call: &Call<'_>, state: &State, home: &Home, name: &str) -> Result<(), ApiError> {
    let kind = match home.family {
        Family::Secret => "secretparameter",
        Family::Common => "parameter",
    };
    let resource = format!("acs:oos:{}:{}:{kind}/{name}", home.region, home.account);
    decide(&format!("oos:{}", call.action), call, state, &resource)
}

/// Decides whether the caller may do that in KMS with the secret that keeps the parameter's value.
pub(super) fn authorize_in_kms(
    operation: &str,
    call: &Call<'_>,
    state: &State,
    name: &ParameterName,
) -> Result<(), ApiError> {
    let resource = format!("acs:kms:{}:{}:secret/{name}", call.region, call.caller.principal.account);
    decide(&format!("kms:{operation}"), call, state, &resource)
}

/// The same for showing the value, if it is shown and a secret.
pub(super) fn authorize_value(
    call: &Call<'_>,
    state: &State,
    family: Family,
    shown: Shown,
    name: &ParameterName,
) -> Result<(), ApiError> {
    match (family, shown) {
        (Family::Secret, Shown::Value) => authorize_in_kms("GetSecretValue", call, state, name),
        (Family::Secret, Shown::NoValue | Shown::Withheld) | (Family::Common, _) => Ok(()),
    }
}

fn decide(action: &str, call: &Call<'_>, state: &State, resource: &str) -> Result<(), ApiError> {
    let owner = &call.caller.principal.account;
    let question = Question {
        caller: call.caller,
        action,
        resource,
        owner,
        resource_policy: None,
        context: call.context,
    };
    policy::authorize(state, &question).map_err(ApiError::no_permission)
}
