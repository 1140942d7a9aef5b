//! Reading parameters: one, several by name, and those of a path.

use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{ALL, authorize, authorize_value, home},
    answer::{self, Shown},
    argument, error,
    page::Window,
};
use crate::state::{
    State,
    parameter::{
        Parameter,
        name::{Family, ParameterName},
    },
};

/// `GetParameter`, `GetSecretParameter`: one version of a parameter.
pub(super) fn one(family: Family, call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::name(call, family)?;
    let home = home(call, family);
    authorize(call, state, &home, name.as_ref())?;
    let number = argument::version_number(call)?;
    let shown = shown(call, family)?;
    authorize_value(call, state, family, shown, &name)?;
    let parameter = state.parameters.find(&home, &name).ok_or_else(|| error::not_found(&name))?;
    let (number, version) = parameter.versions.select(number).ok_or_else(|| error::not_found(&name))?;
    Ok(json!({ "Parameter": answer::parameter(&name, parameter, number, version, shown) }))
}

/// `GetParameters`, `GetSecretParameters`: the latest versions of up to ten. Those that are not there are told apart.
pub(super) fn several(family: Family, call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let names = argument::names(call)?;
    let names: Vec<_> =
        names.into_iter().map(|text| (ParameterName::parse(&text, family).ok(), text)).collect();
    let home = home(call, family);
    let shown = shown(call, family)?;
    // One refusal is a refusal of all: the answer has no place for it beside the names that are not there.
    for name in names.iter().filter_map(|(name, _)| name.as_ref()) {
        authorize(call, state, &home, name.as_ref())?;
        authorize_value(call, state, family, shown, name)?;
    }
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for (name, text) in names {
        let known =
            name.and_then(|name| state.parameters.find(&home, &name).map(|parameter| (name, parameter)));
        match known {
            Some((name, parameter)) => {
                found.push(answer::without(latest(&name, parameter, shown), &["DKMSInstanceId"]));
            }
            None => invalid.push(text),
        }
    }
    Ok(json!({ "Parameters": found, "InvalidParameters": invalid }))
}

/// `GetParametersByPath`, `GetSecretParametersByPath`: the latest versions of what a folder holds, by name.
pub(super) fn by_path(family: Family, call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let path = argument::path(call)?.ok_or_else(|| ApiError::missing("Path"))?;
    let home = home(call, family);
    authorize(call, state, &home, ALL)?;
    let depth = argument::depth(call)?;
    let window = Window::<String>::read(call, 1..=10, 10)?;
    let shown = shown(call, family)?;
    let lacking: &[&str] = match family {
        Family::Secret => &["DKMSInstanceId", "ResourceGroupId", "Tags"],
        Family::Common => &["ResourceGroupId"],
    };
    let held = state.parameters.at(&home).filter(|(name, _)| path.holds(name, depth));
    let page = window.cut(held.map(|entry| (entry.0.to_string(), entry)).collect(), Ord::cmp);
    for (name, _) in &page.entries {
        authorize_value(call, state, family, shown, name)?;
    }
    let entries = page.entries.into_iter();
    let parameters: Vec<_> =
        entries.map(|(name, parameter)| answer::without(latest(name, parameter, shown), lacking)).collect();
    let mut answer = json!({
        "Parameters": parameters,
        "MaxResults": window.max_results,
        "TotalCount": page.total,
    });
    if let Some(token) = page.next_token {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

fn shown(call: &Call<'_>, family: Family) -> Result<Shown, ApiError> {
    Ok(Shown::of(family, argument::flag(call, "WithDecryption")?))
}

fn latest(name: &ParameterName, parameter: &Parameter, shown: Shown) -> Value {
    let (number, version) = parameter.versions.latest();
    answer::parameter(name, parameter, number, version, shown)
}
