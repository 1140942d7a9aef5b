//! `GetCallerIdentity`, which needs no permission.

use serde_json::{Value, json};

use super::super::{ApiError, Call};
use crate::state::{State, account::Identity};

pub(super) fn get_caller_identity(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let principal = &call.caller.principal;
    let account = state.accounts.get(&principal.account);
    let mut answer = json!({ "AccountId": principal.account, "Arn": principal.arn() });
    // Who is not there any more has lost its key since the signature was checked.
    match &principal.identity {
        Identity::Root => {
            answer["IdentityType"] = json!("Account");
            answer["PrincipalId"] = json!(principal.account);
            answer["UserId"] = json!(principal.account);
        }
        Identity::User(name) => {
            let user = account.and_then(|account| account.users.get(name));
            let id = &user.ok_or_else(ApiError::unknown_access_key)?.id;
            answer["IdentityType"] = json!("RAMUser");
            answer["PrincipalId"] = json!(id);
            answer["UserId"] = json!(id);
        }
        Identity::AssumedRole(name, session) => {
            let role = account.and_then(|account| account.roles.get(name));
            let id = &role.ok_or_else(ApiError::unknown_access_key)?.id;
            answer["IdentityType"] = json!("AssumedRoleUser");
            answer["PrincipalId"] = json!(format!("{id}:{session}"));
            answer["RoleId"] = json!(id);
        }
    }
    Ok(answer)
}
