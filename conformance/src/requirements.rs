//! The promises as data: `features/requirements.yaml`, and its agreement with the tags of the scenarios.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_yaml::Spanned;

use crate::catalogue::Catalogue;

/// The file's name in the folder of features.
pub const FILE: &str = "requirements.yaml";

/// How far a provider wants to be judged; each level holds those before it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The product page and the driver's contract
    Core,
    /// And what the vendor's provider adds
    DropIn,
    /// And the capabilities that the target claims
    Extended,
}

/// How something was proven, or can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The driver that the suite plays.
    Model,
    /// The real driver in a real Kubernetes.
    Cluster,
}

/// One promise.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    id: Spanned<String>,
    /// What is promised.
    pub statement: String,
    source: Source,
    /// From which level on it counts.
    pub level: Level,
    /// What can prove it.
    pub evidence: Evidence,
    /// No scenario shows it yet.
    #[serde(default)]
    pub planned: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    from: String,
    at: Option<String>,
}

impl Requirement {
    /// The tag of its scenarios, without the `@`.
    pub fn id(&self) -> &str {
        &self.id.value
    }
}

/// All promises, in the file's order.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirements {
    sources: std::collections::BTreeMap<String, String>,
    #[serde(rename = "requirements")]
    rows: Vec<Requirement>,
}

impl Requirements {
    /// Reads the file. A row that contradicts itself or another is an error with its line.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let requirements: Self =
            serde_yaml::from_str(text).with_context(|| format!("reading features/{FILE}"))?;
        let mut seen = BTreeSet::new();
        for row in &requirements.rows {
            let (id, place) = (row.id(), row.place());
            let level = level_of(id).with_context(|| {
                format!("{place}: {id:?} is no id; ids are ACK, DRV, VEN or EXT and a number, such as ACK-22")
            })?;
            ensure!(seen.insert(id), "{place}: {id} stands here for the second time; give it another number");
            ensure!(
                level == row.level,
                "{place}: {id} is of level {level} by its letters and of level {} by its row",
                row.level
            );
            let source = &row.source.from;
            ensure!(
                requirements.sources.contains_key(source),
                "{place}: the source {source:?} of {id} is not listed under sources"
            );
        }
        Ok(requirements)
    }

    /// All promises.
    pub fn rows(&self) -> &[Requirement] {
        &self.rows
    }

    /// One of them.
    pub fn row(&self, id: &str) -> Option<&Requirement> {
        self.rows.iter().find(|row| row.id() == id)
    }

    /// One of them, or an error that guesses which was meant.
    pub fn known(&self, id: &str) -> anyhow::Result<&Requirement> {
        self.row(id).with_context(|| {
            let guess = self.nearest(id).unwrap_or("none");
            format!(
                "no requirement has the id {id:?}; {guess} is near, and `conformance list` shows them all"
            )
        })
    }

    /// Where a promise is made, as a reader would look for it.
    pub fn source_of(&self, row: &Requirement) -> String {
        let title = self.sources.get(&row.source.from).map_or("", String::as_str);
        row.source.at.as_ref().map_or_else(|| title.to_owned(), |at| format!("{title}: {at}"))
    }

    /// All capabilities that a target can claim and the suite can show.
    pub fn capabilities(&self) -> BTreeSet<String> {
        let extended = self.rows.iter().filter(|row| row.level == Level::Extended && !row.planned);
        extended.map(|row| row.id().to_owned()).collect()
    }

    /// The id that somebody may have meant.
    fn nearest(&self, id: &str) -> Option<&str> {
        let distance = |row: &&Requirement| strsim::damerau_levenshtein(row.id(), &id.to_uppercase());
        self.rows.iter().min_by_key(distance).map(Requirement::id)
    }

    /// What disagrees between the rows and the tags; nothing when each row has a scenario that shows it and each tag has a row.
    pub fn disagreements(&self, catalogue: &Catalogue) -> Vec<String> {
        let strangers = catalogue.tags().filter(|tag| self.row(&tag.id).is_none()).map(|tag| {
            let guess = self.nearest(&tag.id).unwrap_or("none");
            format!(
                "features/{}:{}: the tag @{} has no row in {FILE}; {guess} is near",
                tag.file, tag.line, tag.id
            )
        });
        let rows = self.rows.iter().filter_map(|row| {
            let (id, place) = (row.id(), row.place());
            let shown = catalogue.scenarios().find(|scenario| self.shows(&scenario.requirements, row));
            match (row.planned, shown) {
                (true, Some(scenario)) => Some(format!(
                    "{place}: {id} is no longer planned, features/{}:{} shows it: remove the mark",
                    scenario.file, scenario.line
                )),
                (false, None) => Some(format!(
                    "{place}: no scenario shows {id}: tag one with @{id} that needs nothing beyond its level"
                )),
                _ => None,
            }
        });
        strangers.chain(rows).collect()
    }

    /// Whether a scenario with these ids can show a row by itself: it needs no higher level and no other capability, without
    /// which it would not run.
    fn shows(&self, ids: &BTreeSet<String>, row: &Requirement) -> bool {
        ids.contains(row.id())
            && ids.iter().filter_map(|id| self.row(id)).all(|other| {
                other.id() == row.id() || (other.level <= row.level && other.level != Level::Extended)
            })
    }
}

impl Requirement {
    fn place(&self) -> String {
        format!("features/{FILE}:{}", self.id.referenced.line())
    }
}

/// The level that the letters of an id stand for; nothing when it is no id.
fn level_of(id: &str) -> Option<Level> {
    let (family, number) = id.split_once('-')?;
    let is_number = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
    match family {
        "ACK" | "DRV" if is_number => Some(Level::Core),
        "VEN" if is_number => Some(Level::DropIn),
        "EXT" if is_number => Some(Level::Extended),
        _ => None,
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Core => "core",
            Self::DropIn => "drop-in",
            Self::Extended => "extended",
        })
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Model => "model",
            Self::Cluster => "cluster",
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn requirements(rows: &str) -> anyhow::Result<Requirements> {
        Requirements::parse(&format!("sources: {{ page: The page }}\nrequirements:\n{rows}"))
    }

    fn row(id: &str, level: &str, more: &str) -> String {
        format!(
            "- {{ id: {id}, statement: s, source: {{ from: page }}, level: {level}, evidence: model{more} }}\n"
        )
    }

    fn catalogue(tags: &str) -> Catalogue {
        let text = format!("Feature: F\n\n  {tags}\n  Scenario: S\n    Given a thing\n");
        Catalogue::parse([("f.feature".to_owned(), text)], "").unwrap()
    }

    #[rstest]
    #[case::another_id(&row("ABC-01", "core", ""), "requirements.yaml:3: \"ABC-01\" is no id")]
    #[case::twice(&row("ACK-01", "core", "").repeat(2), "requirements.yaml:4: ACK-01 stands here for the second time")]
    #[case::another_level(&row("ACK-01", "extended", ""), "requirements.yaml:3: ACK-01 is of level core")]
    #[case::unknown_field(&row("ACK-01", "core", ", since: 1"), "line 3")]
    #[case::unknown_source(
        "- { id: ACK-01, statement: s, source: { from: book }, level: core, evidence: model }",
        "\"book\""
    )]
    fn a_row_that_is_wrong_is_an_error_with_its_line(#[case] rows: &str, #[case] complaint: &str) {
        let error = requirements(rows).unwrap_err();

        assert!(format!("{error:#}").contains(complaint), "{error:#}");
    }

    #[rstest]
    #[case::agreement("@ACK-01", "", &[])]
    #[case::unknown_tag("@ACK-01 @ACK-11", "", &["features/f.feature:3: the tag @ACK-11 has no row in requirements.yaml; ACK-01 is near"])]
    #[case::no_scenario("@VEN-01", "", &["features/requirements.yaml:3: no scenario shows ACK-01: tag one with @ACK-01 that needs nothing beyond its level"])]
    #[case::needs_a_higher_level("@ACK-01 @VEN-01", "", &["features/requirements.yaml:3: no scenario shows ACK-01: tag one with @ACK-01 that needs nothing beyond its level"])]
    #[case::planned("@VEN-01", ", planned: true", &[])]
    #[case::planned_and_shown("@ACK-01", ", planned: true", &["features/requirements.yaml:3: ACK-01 is no longer planned, features/f.feature:4 shows it: remove the mark"])]
    fn rows_and_tags_agree_or_file_and_line_are_named(
        #[case] tags: &str,
        #[case] more: &str,
        #[case] expected: &[&str],
    ) {
        let planned_elsewhere = if tags.contains("VEN-01") { "" } else { ", planned: true" };
        let rows = row("ACK-01", "core", more) + &row("VEN-01", "drop-in", planned_elsewhere);

        let disagreements = requirements(&rows).unwrap().disagreements(&catalogue(tags));

        assert_eq!(disagreements, expected);
    }
}
