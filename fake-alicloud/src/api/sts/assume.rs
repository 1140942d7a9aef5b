//! `AssumeRole`: a caller with a key becomes a role, if both its own policies and the role let it.

use serde_json::Value;

use super::{
    super::{ApiError, Call},
    argument::{Wish, external_id},
    error, open,
};
use crate::{
    policy::{self, Assumer, PolicyType, Question, Refusal},
    state::{State, account::Identity},
};

pub(super) fn assume_role(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let wish = Wish::read(call)?;
    let external_id = external_id(call)?;
    let caller = call.caller;
    if caller.principal.identity == Identity::Root {
        return Err(error::root_may_not());
    }
    let mut context = call.context.clone();
    if let Some(id) = external_id {
        context.set("sts:ExternalId", id);
    }
    // The role's side is its trust, so what is asked here is the caller's own side, in its own account, whosever the role.
    let question = Question {
        caller,
        action: "sts:AssumeRole",
        resource: &wish.role.to_string(),
        owner: &caller.principal.account,
        resource_policy: None,
        context: &context,
    };
    policy::authorize(state, &question).map_err(ApiError::no_permission)?;
    let role = state.role(&wish.role).ok_or_else(error::role_not_found)?;
    let assumer = Assumer::Ram(&caller.principal);
    if !role.trust.admits(assumer, &context) {
        let explicit = role.trust.shuts_out(assumer, &context);
        let refusal = Refusal::new(state, caller, question.action, PolicyType::AssumeRole, explicit);
        return Err(ApiError::no_permission(Box::new(refusal)));
    }
    open(state, wish, call.now)
}
