//! Scenarios that a target is known to fail, each with a reason. There are no wildcards, and a known failure that is none any more
//! fails the run, so that the list only shrinks.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_yaml::Spanned;

use crate::catalogue::Catalogue;

/// Reasons by scenario id.
#[derive(Debug, Clone, Default)]
pub struct Deviations(BTreeMap<String, String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    scenario: Spanned<String>,
    reason: String,
}

impl Deviations {
    /// Reads a file of them. Each must name a scenario and give a reason.
    pub fn read(path: &Path, catalogue: &Catalogue) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("reading the known deviations in {name}; --deviations names another file")
        })?;
        Self::parse(&name, &text, catalogue)
    }

    /// Reads their text, of a file of this name.
    pub fn parse(name: &str, text: &str, catalogue: &Catalogue) -> anyhow::Result<Self> {
        let entries: Vec<Entry> = serde_yaml::from_str(text).with_context(|| format!("reading {name}"))?;
        let mut deviations = BTreeMap::new();
        for Entry { scenario, reason } in entries {
            let place = format!("{name}:{}", scenario.referenced.line());
            let id = scenario.value;
            ensure!(
                catalogue.scenarios().any(|known| known.id == id),
                "{place}: no scenario has the id {id:?}; `conformance list --scenarios` shows them all"
            );
            ensure!(!reason.trim().is_empty(), "{place}: a known deviation needs a reason");
            ensure!(
                deviations.insert(id, reason).is_none(),
                "{place}: this scenario is listed for the second time; remove one of the two"
            );
        }
        Ok(Self(deviations))
    }

    /// Why a scenario may fail, if it may.
    pub fn reason(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn parse(text: &str) -> anyhow::Result<Deviations> {
        let feature = "Feature: F\n\n  Scenario: S\n    Given a thing\n";
        let catalogue = Catalogue::parse([("f.feature".to_owned(), feature.to_owned())], "").unwrap();
        Deviations::parse("other.yaml", text, &catalogue)
    }

    #[test]
    fn a_known_deviation_has_a_reason() {
        let deviations = parse("- { scenario: f.feature/S, reason: they do it otherwise }").unwrap();

        assert_eq!(deviations.reason("f.feature/S"), Some("they do it otherwise"));
        assert_eq!(deviations.reason("f.feature/T"), None);
    }

    #[rstest]
    #[case::wildcard("- { scenario: f.feature/*, reason: r }", "other.yaml:1: no scenario has the id")]
    #[case::no_reason(
        "\n- { scenario: f.feature/S, reason: ' ' }",
        "other.yaml:2: a known deviation needs a reason"
    )]
    #[case::twice(
        "- { scenario: f.feature/S, reason: r }\n- { scenario: f.feature/S, reason: r }",
        "other.yaml:2: this scenario is listed"
    )]
    #[case::unknown_field("- { scenario: f.feature/S, reason: r, until: 2030 }", "line 1")]
    fn a_wrong_entry_is_an_error_with_its_line(#[case] text: &str, #[case] complaint: &str) {
        let error = parse(text).unwrap_err();

        assert!(format!("{error:#}").contains(complaint), "{error:#}");
    }
}
