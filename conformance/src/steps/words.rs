//! Words with a meaning of their own, for the worlds of both drivers.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cucumber::Parameter;
use cucumber::gherkin::Step;
use jiff::SignedDuration;
use serde_json::Value;

use super::{quoted, rows};
use crate::cloud::Owner;
use crate::target::AccessKey;
use crate::values::Values;

/// On every Secret that the driver makes.
pub(crate) const MANAGED: &str = "secrets-store.csi.k8s.io/managed";

/// Where a service account names the role of its pods.
const ROLE_ANNOTATION: &str = "ack.alibabacloud.com/role-arn";

/// A time, such as `5 minutes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Parameter)]
#[param(name = "span", regex = r"\d+ (?:second|minute|hour)s?")]
pub(crate) struct Span(pub(crate) Duration);

impl FromStr for Span {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.parse::<SignedDuration>()?.unsigned_abs()))
    }
}

/// What a service account tells of the role of its pods.
#[derive(Debug, Clone, PartialEq, Eq, Parameter)]
#[param(name = "annotations", regex = r#"with the role "[^"]*"|annotated with "[^"]*"|without a role"#)]
pub(crate) struct Annotations(pub(crate) BTreeMap<String, String>);

impl FromStr for Annotations {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let role = quoted(text).next().map(|role| {
            if text.starts_with("with the role") { Owner::Cluster.role_arn(role) } else { role.to_owned() }
        });
        Ok(Self(role.map(|role| (ROLE_ANNOTATION.to_owned(), role)).into_iter().collect()))
    }
}

/// What a pod brings to be known by.
#[derive(Default)]
pub(crate) struct Brought {
    /// Whose identity it has.
    pub(crate) service_account: Option<String>,
    /// What the Secret of `nodePublishSecretRef` holds.
    pub(crate) secret: BTreeMap<String, String>,
}

impl Brought {
    /// Reads a list such as `the key of "developer" and the service account "web"`.
    pub(crate) fn read(list: &str, keys: &BTreeMap<String, AccessKey>) -> anyhow::Result<Self> {
        let mut brought = Self::default();
        for what in list.split(" and ") {
            let named = quoted(what).next().unwrap_or_default();
            let halves: &[&str] = match what.split('"').next().unwrap_or_default().trim_end() {
                "nothing" => &[],
                "the service account" => {
                    brought.service_account = Some(named.to_owned());
                    &[]
                }
                "the key of" => &["access_key", "access_secret"],
                "in other letter case the key of" => &["Access_Key", "ACCESS_SECRET"],
                "only the id of the key of" => &["access_key"],
                "only the secret of the key of" => &["access_secret"],
                other => bail!("a pod does not bring {other}"),
            };
            for &half in halves {
                let key = keys.get(named).with_context(|| format!("the user {named:?} has no access key"))?;
                let is_id = half.eq_ignore_ascii_case("access_key");
                let value = if is_id { &key.id } else { &key.secret };
                brought.secret.insert(half.to_owned(), value.clone());
            }
        }
        Ok(brought)
    }
}

/// What a Secret is to be, by the table of a step.
pub(crate) struct Expected {
    secret_type: String,
    content: BTreeMap<String, String>,
}

impl Expected {
    /// Reads the table; its values must be known.
    pub(crate) fn read(secret_type: String, step: &Step, values: &Values) -> anyhow::Result<Self> {
        let mut content = BTreeMap::new();
        for [key, label] in rows(step, ["key", "value"])? {
            values.value(label)?;
            content.insert(key.to_owned(), format!("the value {label:?}"));
        }
        Ok(Self { secret_type, content })
    }

    /// Complains of a Secret that is another.
    pub(crate) fn check(&self, secret: &Value, values: &Values) -> anyhow::Result<()> {
        let expected = &self.content;
        ensure!(secret["type"] == self.secret_type.as_str(), "the Secret is of type {}", secret["type"]);
        let label = &secret["metadata"]["labels"][MANAGED];
        ensure!(label == "true", "the Secret's label is {label}");
        let mut found = BTreeMap::new();
        for (key, value) in secret["data"].as_object().context("the Secret has no data")? {
            let content = STANDARD.decode(value.as_str().unwrap_or_default())?;
            found.insert(key.clone(), values.describe(&content));
        }
        ensure!(found == *expected, "the Secret holds {found:?}, expected {expected:?}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one("1 second", 1)]
    #[case::minutes("5 minutes", 300)]
    #[case::hours("24 hours", 86_400)]
    fn a_span_is_as_long_as_it_says(#[case] text: &str, #[case] seconds: u64) {
        assert_eq!(text.parse::<Span>().unwrap(), Span(Duration::from_secs(seconds)));
    }
}
