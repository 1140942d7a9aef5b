//! OOS 2019-06-01: the operations on parameters.
//!
//! Secret and plain parameters have operations of the same form, so each pair shares a function that is told the family.
//! From the OOS API reference (`CreateSecretParameter`, `GetSecretParameter` and the pages beside them) and the models of
//! the official SDK `alibabacloud_oos20190601`; where these are silent, the choice is listed under "Limits" in the
//! crate's README.

mod access;
mod answer;
mod argument;
mod error;
mod list;
mod page;
#[cfg(test)]
mod policy_tests;
mod read;

use serde_json::{Value, json};

use self::{
    access::{authorize, authorize_in_kms, home},
    answer::Shown,
};
use super::{ApiError, Call, Operation, Run};
use crate::state::{
    State,
    parameter::{
        Creation, Parameter, ParameterVersion, ParameterVersions, fresh_id,
        name::{Family, ParameterName},
    },
};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        action: "CreateParameter",
        required: &["Name", "Type", "Value"],
        run: Run::Signed(|call, state| create(Family::Common, call, state)),
    },
    Operation {
        action: "CreateSecretParameter",
        required: &["Name", "Value"],
        run: Run::Signed(|call, state| create(Family::Secret, call, state)),
    },
    Operation {
        action: "DeleteParameter",
        required: &["Name"],
        run: Run::Signed(|call, state| delete(Family::Common, call, state)),
    },
    Operation {
        action: "DeleteSecretParameter",
        required: &["Name"],
        run: Run::Signed(|call, state| delete(Family::Secret, call, state)),
    },
    Operation {
        action: "GetParameter",
        required: &["Name"],
        run: Run::Signed(|call, state| read::one(Family::Common, call, state)),
    },
    Operation {
        action: "GetParameters",
        required: &["Names"],
        run: Run::Signed(|call, state| read::several(Family::Common, call, state)),
    },
    Operation {
        action: "GetParametersByPath",
        required: &["Path"],
        run: Run::Signed(|call, state| read::by_path(Family::Common, call, state)),
    },
    Operation {
        action: "GetSecretParameter",
        required: &["Name"],
        run: Run::Signed(|call, state| read::one(Family::Secret, call, state)),
    },
    Operation {
        action: "GetSecretParameters",
        required: &["Names"],
        run: Run::Signed(|call, state| read::several(Family::Secret, call, state)),
    },
    Operation {
        action: "GetSecretParametersByPath",
        required: &["Path"],
        run: Run::Signed(|call, state| read::by_path(Family::Secret, call, state)),
    },
    Operation {
        action: "ListParameterVersions",
        required: &["Name"],
        run: Run::Signed(|call, state| list::versions(Family::Common, call, state)),
    },
    Operation {
        action: "ListParameters",
        required: &[],
        run: Run::Signed(|call, state| list::parameters(Family::Common, call, state)),
    },
    Operation {
        action: "ListSecretParameterVersions",
        required: &["Name"],
        run: Run::Signed(|call, state| list::versions(Family::Secret, call, state)),
    },
    Operation {
        action: "ListSecretParameters",
        required: &[],
        run: Run::Signed(|call, state| list::parameters(Family::Secret, call, state)),
    },
    Operation {
        action: "UpdateParameter",
        required: &["Name", "Value"],
        run: Run::Signed(|call, state| update(Family::Common, call, state)),
    },
    Operation {
        action: "UpdateSecretParameter",
        required: &["Name", "Value"],
        run: Run::Signed(|call, state| update(Family::Secret, call, state)),
    },
];

/// `CreateParameter`, `CreateSecretParameter`: a new parameter with its first version.
fn create(family: Family, call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::new_name(call, family)?;
    let home = home(call, family);
    authorize(call, state, &home, name.as_ref())?;
    if family == Family::Secret {
        authorize_in_kms("CreateSecret", call, state, &name)?;
    }
    let parameter = new_parameter(family, call)?;
    let fingerprint = argument::fingerprint(call);
    let token = argument::client_token(call)?;
    if let Some(token) = &token
        && let Some(before) = state.parameters.creation(&home, token)
    {
        return if before.fingerprint == fingerprint {
            Ok(answer_to_write(&before.name, &before.parameter))
        } else {
            Err(error::other_request_of_that_token())
        };
    }
    if state.parameters.find(&home, &name).is_some() {
        return Err(error::already_exists(&name));
    }
    let answer = answer_to_write(&name, &parameter);
    if let Some(token) = token {
        let creation = Creation { fingerprint, name: name.clone(), parameter: parameter.clone() };
        state.parameters.note_creation(home.clone(), token, creation);
    }
    state.parameters.insert(home, name, parameter);
    Ok(answer)
}

fn new_parameter(family: Family, call: &Call<'_>) -> Result<Parameter, ApiError> {
    let version = version(call)?;
    let constraints = argument::constraints(call)?;
    if let Some(constraints) = &constraints {
        constraints.check(version.value.expose()).map_err(error::violation)?;
    }
    // The key belongs to what is encrypted; plain parameters have no such field.
    let secret_only =
        |name| call.parameters.text(name).filter(|_| family == Family::Secret).map(str::to_owned);
    Ok(Parameter {
        id: fresh_id(),
        kind: argument::parameter_type(call, family)?,
        description: argument::description(call)?,
        constraints,
        key_id: secret_only("KeyId"),
        instance_id: secret_only("DKMSInstanceId"),
        resource_group_id: call.parameters.text("ResourceGroupId").map(str::to_owned),
        tags: argument::tags(call)?,
        created_by: version.updated_by.clone(),
        created: call.now,
        versions: ParameterVersions::first(version),
    })
}

/// `UpdateParameter`, `UpdateSecretParameter`: a further version, and perhaps other properties.
fn update(family: Family, call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::name(call, family)?;
    let home = home(call, family);
    authorize(call, state, &home, name.as_ref())?;
    let version = version(call)?;
    let description = argument::description(call)?;
    let tags = argument::tags(call)?;
    let parameter = state.parameters.find_mut(&home, &name).ok_or_else(|| error::not_found(&name))?;
    if let Some(constraints) = &parameter.constraints {
        constraints.check(version.value.expose()).map_err(error::violation)?;
    }
    parameter.versions.add(version).map_err(|_| error::too_many_versions(&name))?;
    if description.is_some() {
        parameter.description = description;
    }
    if let Some(group) = call.parameters.text("ResourceGroupId") {
        parameter.resource_group_id = Some(group.to_owned());
    }
    parameter.tags.extend(tags);
    let mut answer = answer_to_write(&name, parameter);
    // This operation alone answers the tags as text.
    answer["Parameter"]["Tags"] = json!(json!(parameter.tags).to_string());
    Ok(answer)
}

/// `DeleteParameter`, `DeleteSecretParameter`: the parameter and all its versions, at once.
fn delete(family: Family, call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::name(call, family)?;
    let home = home(call, family);
    authorize(call, state, &home, name.as_ref())?;
    state.parameters.remove(&home, &name).ok_or_else(|| error::not_found(&name))?;
    Ok(json!({}))
}

fn version(call: &Call<'_>) -> Result<ParameterVersion, ApiError> {
    Ok(ParameterVersion {
        value: argument::value(call)?,
        updated_by: argument::signature(call),
        updated: call.now,
    })
}

/// What creating and updating answer: all but the value.
fn answer_to_write(name: &ParameterName, parameter: &Parameter) -> Value {
    let (number, version) = parameter.versions.latest();
    json!({ "Parameter": answer::parameter(name, parameter, number, version, Shown::NoValue) })
}
