//! Listing parameters and the versions of one.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{ALL, authorize, authorize_value, home},
    answer::{self, Shown},
    argument,
    error::{self, invalid_parameter},
    page::Window,
};
use crate::{
    clock::wire_time,
    state::{
        State,
        parameter::{
            Parameter, ParameterType,
            name::{Depth, Family, ParameterName, ParameterPath},
        },
    },
};

/// Creation in microseconds of the epoch, and the name.
type Key = (i64, String);

/// `ListParameters`, `ListSecretParameters`: what a filter lets through, without values.
pub(super) fn parameters(family: Family, call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let home = home(call, family);
    authorize(call, state, &home, ALL)?;
    let filter = Filter::read(family, call)?;
    let compare = order(call)?;
    let window = Window::<Key>::read(call, 10..=100, 50)?;
    let lacking: &[&str] = match family {
        Family::Secret => &["Constraints", "DKMSInstanceId"],
        Family::Common => &["Constraints"],
    };
    let passing = state.parameters.at(&home).filter(|(name, parameter)| filter.passes(name, parameter));
    let keyed = passing.map(|entry| ((entry.1.created.as_microsecond(), entry.0.to_string()), entry));
    let page = window.cut(keyed.collect(), compare);
    let parameters: Vec<_> = page
        .entries
        .into_iter()
        .map(|(name, parameter)| {
            let (number, version) = parameter.versions.latest();
            answer::without(answer::parameter(name, parameter, number, version, Shown::NoValue), lacking)
        })
        .collect();
    let mut answer = json!({ "Parameters": parameters, "MaxResults": window.max_results });
    if family == Family::Common {
        answer["TotalCount"] = json!(page.total);
    }
    if let Some(token) = page.next_token {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

/// `ListParameterVersions`, `ListSecretParameterVersions`: the versions of a parameter, the latest first.
pub(super) fn versions(family: Family, call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::name(call, family)?;
    let home = home(call, family);
    authorize(call, state, &home, name.as_ref())?;
    let window = Window::<usize>::read(call, 10..=100, 50)?;
    let shown = Shown::of(family, argument::flag(call, "WithDecryption")?);
    authorize_value(call, state, family, shown, &name)?;
    let found = if argument::asks_for_public(call)? { None } else { state.parameters.find(&home, &name) };
    let parameter = found.ok_or_else(|| error::not_found(&name))?;
    let all = parameter.versions.iter().map(|entry| (entry.0.get(), entry)).collect();
    let page = window.cut(all, |one, other| other.cmp(one));
    let entries = page.entries.into_iter();
    let versions: Vec<_> = entries.map(|(number, version)| answer::version(number, version, shown)).collect();
    let mut answer = json!({
        "Id": parameter.id,
        "Name": name.as_ref(),
        "Type": parameter.kind.as_str(),
        "CreatedBy": parameter.created_by,
        "CreatedDate": wire_time(parameter.created),
        "ParameterVersions": versions,
        "MaxResults": window.max_results,
        "TotalCount": page.total,
    });
    if let Some(description) = &parameter.description {
        answer["Description"] = json!(description);
    }
    if let Some(token) = page.next_token {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

/// What a parameter must be like to be listed. All that is given must hold.
struct Filter<'a> {
    part_of_name: Option<&'a str>,
    path: Option<(ParameterPath, Depth)>,
    kind: Option<ParameterType>,
    resource_group_id: Option<&'a str>,
    tags: Vec<(String, String)>,
    public: bool,
}

impl<'a> Filter<'a> {
    fn read(family: Family, call: &Call<'a>) -> Result<Self, ApiError> {
        let depth = argument::depth(call)?;
        // Secret parameters have neither of the two.
        let (kind, public) = match family {
            Family::Secret => (None, false),
            Family::Common => (argument::type_filter(call)?, argument::asks_for_public(call)?),
        };
        Ok(Self {
            part_of_name: call.parameters.text("Name"),
            path: argument::path(call)?.map(|path| (path, depth)),
            kind,
            resource_group_id: call.parameters.text("ResourceGroupId"),
            tags: argument::tags(call)?.into_iter().collect(),
            public,
        })
    }

    fn passes(&self, name: &ParameterName, parameter: &Parameter) -> bool {
        !self.public
            && self.part_of_name.is_none_or(|part| name.as_ref().contains(part))
            && self.path.as_ref().is_none_or(|(path, depth)| path.holds(name, *depth))
            && self.kind.is_none_or(|wanted| parameter.kind == wanted)
            && self
                .resource_group_id
                .is_none_or(|group| parameter.resource_group_id.as_deref() == Some(group))
            && self.tags.iter().all(|(key, value)| parameter.tags.get(key) == Some(value))
    }
}

/// `SortField` and `SortOrder`.
fn order(call: &Call<'_>) -> Result<impl Fn(&Key, &Key) -> Ordering, ApiError> {
    let by_name = match call.parameters.text("SortField") {
        None | Some("CreatedDate") => false,
        Some("Name") => true,
        Some(_) => return Err(invalid_parameter("SortField")),
    };
    let ascending = match call.parameters.text("SortOrder") {
        None | Some("Descending") => false,
        Some("Ascending") => true,
        Some(_) => return Err(invalid_parameter("SortOrder")),
    };
    Ok(move |one: &Key, other: &Key| {
        let order = if by_name { one.1.cmp(&other.1) } else { one.cmp(other) };
        if ascending { order } else { order.reverse() }
    })
}
