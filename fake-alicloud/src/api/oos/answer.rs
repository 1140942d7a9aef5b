//! Parameters as they are answered. The fields that an operation's model in the official SDK lacks are left out.

use serde_json::{Value, json};

use crate::{
    clock::wire_time,
    state::parameter::{
        Parameter, ParameterVersion, VersionNumber,
        constraints::Constraints,
        name::{Family, ParameterName},
    },
};

/// What an answer says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// The operation has no such field.
    NoValue,
    /// The field is there and null: decryption was not asked for.
    Withheld,
    /// The value itself.
    Value,
}

impl Shown {
    /// Plain values are always shown, secret ones when decryption is asked for.
    pub(super) fn of(family: Family, with_decryption: bool) -> Self {
        match family {
            Family::Common => Self::Value,
            Family::Secret if with_decryption => Self::Value,
            Family::Secret => Self::Withheld,
        }
    }

    fn field(self, version: &ParameterVersion) -> Option<Value> {
        match self {
            Self::NoValue => None,
            Self::Withheld => Some(Value::Null),
            Self::Value => Some(json!(version.value.expose())),
        }
    }
}

/// One version of a parameter with all properties of the parameter.
pub(super) fn parameter(
    name: &ParameterName,
    parameter: &Parameter,
    number: VersionNumber,
    version: &ParameterVersion,
    shown: Shown,
) -> Value {
    let mut answer = json!({
        "Id": parameter.id,
        "Name": name.as_ref(),
        "ParameterVersion": number.get(),
        "Type": parameter.kind.as_str(),
        "ShareType": "Private",
        "Tags": parameter.tags,
        "CreatedBy": parameter.created_by,
        "CreatedDate": wire_time(parameter.created),
        "UpdatedBy": version.updated_by,
        "UpdatedDate": wire_time(version.updated),
    });
    let optional = [
        ("Description", parameter.description.as_deref()),
        ("Constraints", parameter.constraints.as_ref().map(Constraints::text)),
        ("KeyId", parameter.key_id.as_deref()),
        ("DKMSInstanceId", parameter.instance_id.as_deref()),
        ("ResourceGroupId", parameter.resource_group_id.as_deref()),
    ];
    for (field, text) in optional {
        if let Some(text) = text {
            answer[field] = json!(text);
        }
    }
    if let Some(value) = shown.field(version) {
        answer["Value"] = value;
    }
    answer
}

/// One version of a parameter without them.
pub(super) fn version(number: VersionNumber, version: &ParameterVersion, shown: Shown) -> Value {
    let mut answer = json!({
        "ParameterVersion": number.get(),
        "UpdatedBy": version.updated_by,
        "UpdatedDate": wire_time(version.updated),
    });
    if let Some(value) = shown.field(version) {
        answer["Value"] = value;
    }
    answer
}

/// Takes away what the operation's model lacks.
pub(super) fn without(mut answer: Value, fields: &[&str]) -> Value {
    if let Some(object) = answer.as_object_mut() {
        object.retain(|name, _| !fields.contains(&name.as_str()));
    }
    answer
}
