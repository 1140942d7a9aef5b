//! `DeleteSecret` and `RestoreSecret`: the way out, and back as long as the window is open.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{authorize, find, find_writable},
    argument, error,
};
use crate::{clock::wire_time, state::State};

const DEFAULT_WINDOW_DAYS: usize = 30;

/// `DeleteSecret`: at once, or after a window in which it can be restored.
pub(super) fn delete_secret(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::secret(call)?;
    authorize(call, state, &arn)?;
    let force = argument::flag(call, "ForceDeleteWithoutRecovery")?;
    let days = argument::number(call, "RecoveryWindowInDays", 7..=30)?;
    if force && days.is_some() {
        return Err(error::invalid_parameter("RecoveryWindowInDays"));
    }
    let secret = find_writable(state, call, &arn)?;
    let end = if force {
        state.remove_secret(&arn);
        call.now
    } else {
        let days = i64::try_from(days.unwrap_or(DEFAULT_WINDOW_DAYS)).expect("at most 30");
        let end = call
            .now
            .saturating_add(SignedDuration::from_hours(24 * days))
            .expect("no span of calendar units");
        secret.planned_deletion = Some(end);
        state.expect_change(Some(end));
        end
    };
    Ok(json!({ "SecretName": arn.name.as_ref(), "PlannedDeleteTime": wire_time(end) }))
}

/// `RestoreSecret`: calls a deletion off.
pub(super) fn restore_secret(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::secret(call)?;
    authorize(call, state, &arn)?;
    if find(state, call, &arn)?.planned_deletion.is_none() {
        return Err(error::in_use());
    }
    let secret = state.secret_mut(&arn).ok_or_else(error::not_found)?;
    secret.planned_deletion = None;
    // A rotation that was due within the window is made up for.
    let change = secret.next_change();
    state.expect_change(change);
    Ok(json!({ "SecretName": arn.name.as_ref() }))
}
