//! KMS 2016-01-20: the operations on secrets, one function each.
//!
//! From the KMS API reference (`CreateSecret`, `GetSecretValue`, `PutSecretValue`, `DescribeSecret`); where its pages are
//! silent or disagree, the choice is listed under "Limits" in the crate's README.

mod argument;
mod error;

use serde_json::{Value, json};

use super::{ApiError, Call, Operation};
use crate::{
    clock::wire_time,
    policy,
    state::{
        State,
        arn::SecretArn,
        name::VersionId,
        secret::{Secret, SelectError, Stored, Version, VersionStage, Versions},
    },
};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        action: "CreateSecret",
        required: &["SecretName", "SecretData", "VersionId"],
        run: create_secret,
    },
    Operation { action: "DescribeSecret", required: &["SecretName"], run: describe_secret },
    Operation { action: "GetSecretValue", required: &["SecretName"], run: secret_value },
    Operation {
        action: "PutSecretValue",
        required: &["SecretName", "SecretData", "VersionId"],
        run: put_secret_value,
    },
];

/// `CreateSecret`: a new secret with its first version.
fn create_secret(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::new_secret(call)?;
    authorize(call, &arn)?;
    argument::only_generic(call)?;
    let id = argument::version_id(call)?;
    let secret = Secret {
        created: call.now,
        updated: call.now,
        description: call.parameters.text("Description").unwrap_or_default().to_owned(),
        encryption_key_id: call.parameters.text("EncryptionKeyId").map(str::to_owned),
        tags: argument::tags(call)?,
        versions: Versions::first(version(call, id.clone())?, []),
    };
    if state.secret(&arn).is_some() {
        return Err(error::already_exists());
    }
    state.insert_secret(&arn, secret);
    Ok(json!({
        "Arn": arn.to_string(),
        "SecretName": arn.name.as_ref(),
        "SecretType": "Generic",
        "VersionId": id.as_ref(),
    }))
}

/// `GetSecretValue`: the data of one version.
fn secret_value(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::secret(call)?;
    authorize(call, &arn)?;
    let selector = argument::version_selector(call)?;
    // Only managed secrets have an extended configuration; the parameter is checked all the same.
    call.parameters.boolean("FetchExtendedConfig")?;
    let dry_run = call.parameters.boolean("DryRun")? == Some(true);
    if call.parameters.text("Recipient").is_some() {
        return Err(error::unsupported_operation());
    }
    let secret = find(state, call, &arn)?;
    let version = secret.versions.select(&selector).map_err(|error| match error {
        SelectError::NotFound => error::not_found(),
        SelectError::StageMismatch => error::invalid_parameter("VersionStage"),
    })?;
    if dry_run {
        return Err(error::dry_run());
    }
    Ok(json!({
        "SecretName": arn.name.as_ref(),
        "SecretType": "Generic",
        "SecretData": version.value.data.expose(),
        "SecretDataType": version.value.data_type.as_str(),
        "VersionId": version.id.as_ref(),
        "VersionStages": stages(secret.versions.stages_of(&version.id)),
        "CreateTime": wire_time(version.created),
    }))
}

/// `PutSecretValue`: a further version.
fn put_secret_value(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::secret(call)?;
    authorize(call, &arn)?;
    let id = argument::version_id(call)?;
    let version = version(call, id.clone())?;
    let wanted = argument::version_stages(call)?;
    find(state, call, &arn)?;
    let secret = state.secret_mut(&arn).ok_or_else(error::not_found)?;
    let stored = secret.versions.put(version, wanted).map_err(|_| error::already_exists())?;
    if stored == Stored::Now {
        secret.updated = call.now;
    }
    Ok(json!({
        "SecretName": arn.name.as_ref(),
        "VersionId": id.as_ref(),
        "VersionStages": stages(secret.versions.stages_of(&id)),
    }))
}

/// `DescribeSecret`: all about a secret except its data.
fn describe_secret(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn = argument::secret(call)?;
    authorize(call, &arn)?;
    let fetch_tags = call.parameters.boolean("FetchTags")?.unwrap_or(false);
    let secret = find(state, call, &arn)?;
    let mut answer = json!({
        "Arn": arn.to_string(),
        "SecretName": arn.name.as_ref(),
        "SecretType": "Generic",
        "Description": secret.description,
        "CreateTime": wire_time(secret.created),
        "UpdateTime": wire_time(secret.updated),
    });
    if let Some(key) = &secret.encryption_key_id {
        answer["EncryptionKeyId"] = json!(key);
    }
    if fetch_tags {
        let tags: Vec<_> =
            secret.tags.iter().map(|(key, value)| json!({ "TagKey": key, "TagValue": value })).collect();
        answer["Tags"] = json!({ "Tag": tags });
    }
    Ok(answer)
}

fn version(call: &Call<'_>, id: VersionId) -> Result<Version, ApiError> {
    Ok(Version { id, value: argument::secret_value(call)?, created: call.now })
}

fn authorize(call: &Call<'_>, secret: &SecretArn) -> Result<(), ApiError> {
    policy::authorize(call.caller, &secret.account).map_err(|_| error::no_permission(&secret.to_string()))
}

/// Finds a secret at the endpoint that was called; another region's secrets are not there, even by their ARN.
fn find<'a>(state: &'a State, call: &Call<'_>, arn: &SecretArn) -> Result<&'a Secret, ApiError> {
    if arn.region != *call.region {
        return Err(error::not_found());
    }
    state.secret(arn).ok_or_else(error::not_found)
}

fn stages(stages: Vec<&VersionStage>) -> Value {
    let names: Vec<_> = stages.into_iter().map(ToString::to_string).collect();
    json!({ "VersionStage": names })
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use jiff::Timestamp;

    use super::*;
    use crate::{
        api::{Parameters, Product},
        auth::Caller,
        request::Request,
        state::account::{Identity, Principal},
    };

    /// Runs an operation as account 1 at a second of the epoch.
    fn run(operation: &Operation, query: &str, second: i64, state: &mut State) -> Value {
        let request = Request::new("GET", "/", query, HeaderMap::new(), Vec::new());
        let principal = Principal { account: "1".parse().expect("an id"), identity: Identity::Root };
        let call = Call {
            caller: &Caller { principal },
            region: &"cn-hangzhou".parse().expect("a region"),
            parameters: Parameters::new(&request),
            now: Timestamp::from_second(second).expect("a time"),
        };
        operation.run(&call, state).expect("a success")
    }

    #[test]
    fn only_a_version_that_is_new_moves_the_update_time() {
        let [create, describe, put] = ["CreateSecret", "DescribeSecret", "PutSecretValue"]
            .map(|action| Product::Kms.operation(action).expect("an operation"));
        let mut state = State::default();
        let update_time = |state: &mut State| run(describe, "SecretName=a", 9, state)["UpdateTime"].clone();
        run(create, "SecretName=a&VersionId=v1&SecretData=x", 0, &mut state);
        run(put, "SecretName=a&VersionId=v1&SecretData=x", 1, &mut state);
        assert_eq!(update_time(&mut state), "1970-01-01T00:00:00Z");
        run(put, "SecretName=a&VersionId=v2&SecretData=y", 2, &mut state);
        assert_eq!(update_time(&mut state), "1970-01-01T00:00:02Z");
    }
}
