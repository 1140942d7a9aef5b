//! `ListSecrets` and `ListSecretVersionIds`: pages of what is there.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{authorize, authorize_all, find},
    argument, describe, error,
};
use crate::{
    clock::wire_time,
    state::{State, arn::SecretArn, name::SecretName, secret::Secret},
};

const MAX_PAGE_SIZE: usize = 100;
const MAX_FILTERS: usize = 10;
const MAX_FILTER_VALUES: usize = 10;

/// `ListSecrets`: the caller's secrets at this endpoint, by name.
pub(super) fn list_secrets(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    authorize_all(call, state)?;
    let fetch_tags = argument::flag(call, "FetchTags")?;
    let page = Page::read(call, 10)?;
    let filters = filters(call)?;
    let account = &call.caller.principal.account;
    let found = state
        .secrets_at(account, call.region)
        .filter(|(name, secret)| filters.iter().all(|filter| filter.admits(name, secret, account.as_ref())));
    let (secrets, total) = page.cut(found);
    let secrets = secrets.into_iter().map(|(name, secret)| summary(name, secret, fetch_tags));
    Ok(page.answer(total, json!({ "SecretList": { "Secret": secrets.collect::<Vec<_>>() } })))
}

fn summary(name: &SecretName, secret: &Secret, with_tags: bool) -> Value {
    let mut summary = json!({
        "SecretName": name.as_ref(),
        "SecretType": secret.kind.as_str(),
        "CreateTime": wire_time(secret.created),
        "UpdateTime": wire_time(secret.updated),
    });
    if let Some(time) = secret.planned_deletion {
        summary["PlannedDeleteTime"] = json!(wire_time(time));
    }
    if with_tags {
        summary["Tags"] = describe::tags(secret);
    }
    summary
}

/// `ListSecretVersionIds`: the versions of a secret, oldest first; those without a stage only on demand.
pub(super) fn list_secret_version_ids(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let arn: SecretArn = argument::secret(call)?;
    authorize(call, state, &arn)?;
    let include_deprecated = argument::flag(call, "IncludeDeprecated")?;
    let page = Page::read(call, 20)?;
    let versions = &find(state, call, &arn)?.versions;
    let found = versions
        .iter()
        .map(|version| (version, versions.stages_of(&version.id)))
        .filter(|(_, stages)| include_deprecated || !stages.is_empty());
    let (found, total) = page.cut(found);
    let found = found.into_iter().map(|(version, stages)| {
        json!({
            "VersionId": version.id.as_ref(),
            "CreateTime": wire_time(version.created),
            "VersionStages": stages_value(&stages),
        })
    });
    let list = json!({ "VersionId": found.collect::<Vec<_>>() });
    Ok(page.answer(total, json!({ "SecretName": arn.name.as_ref(), "VersionIds": list })))
}

/// Stages as they go over the wire.
pub(super) fn stages_value<T: ToString>(stages: &[T]) -> Value {
    json!({ "VersionStage": stages.iter().map(ToString::to_string).collect::<Vec<_>>() })
}

/// `PageNumber`, from 1, and `PageSize`.
struct Page {
    number: usize,
    size: usize,
}

impl Page {
    fn read(call: &Call<'_>, default_size: usize) -> Result<Self, ApiError> {
        let number = argument::number(call, "PageNumber", 1..=usize::MAX)?.unwrap_or(1);
        let size = argument::number(call, "PageSize", 1..=MAX_PAGE_SIZE)?.unwrap_or(default_size);
        Ok(Self { number, size })
    }

    /// This page's part, and how many there are in all.
    fn cut<T>(&self, all: impl Iterator<Item = T>) -> (Vec<T>, usize) {
        let first = (self.number - 1).saturating_mul(self.size);
        let mut total = 0;
        let part = all
            .enumerate()
            .inspect(|_| total += 1)
            .filter(|(position, _)| (first..first.saturating_add(self.size)).contains(position));
        let part = part.map(|(_, item)| item).collect();
        (part, total)
    }

    fn answer(&self, total: usize, mut fields: Value) -> Value {
        fields["PageNumber"] = json!(self.number);
        fields["PageSize"] = json!(self.size);
        fields["TotalCount"] = json!(total);
        fields
    }
}

/// One of `Filters`; a secret must pass them all.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    key: FilterKey,
    /// Any of these will do.
    values: Vec<String>,
}

#[derive(Deserialize)]
enum FilterKey {
    SecretName,
    Description,
    TagKey,
    TagValue,
    DKMSInstanceId,
    SecretType,
    Creator,
}

impl Filter {
    fn admits(&self, name: &SecretName, secret: &Secret, creator: &str) -> bool {
        let is = |text: &str| self.values.iter().any(|value| value == text);
        match self.key {
            FilterKey::SecretName => is(name.as_ref()),
            FilterKey::Description => is(&secret.description),
            FilterKey::TagKey => secret.tags.iter().any(|(key, _)| is(key)),
            FilterKey::TagValue => secret.tags.iter().any(|(_, value)| is(value)),
            FilterKey::DKMSInstanceId => {
                secret.instance.as_ref().is_some_and(|instance| is(instance.as_ref()))
            }
            // The page writes `RDS` here and `Rds` everywhere else.
            FilterKey::SecretType => {
                self.values.iter().any(|value| value.eq_ignore_ascii_case(secret.kind.as_str()))
            }
            FilterKey::Creator => is(creator),
        }
    }
}

fn filters(call: &Call<'_>) -> Result<Vec<Filter>, ApiError> {
    let filters: Vec<Filter> = argument::json(call, "Filters")?.unwrap_or_default();
    let fits = |filter: &Filter| (1..=MAX_FILTER_VALUES).contains(&filter.values.len());
    if filters.len() > MAX_FILTERS || !filters.iter().all(fits) {
        return Err(error::invalid_parameter("Filters"));
    }
    Ok(filters)
}
