//! Which scenarios are run for a target, and why the others are not.

use std::collections::BTreeSet;

use cucumber::gherkin::tagexpr::TagOperation;
use cucumber::tag::Ext as _;
use regex::Regex;

use crate::catalogue::Entry;
use crate::requirements::{Evidence, Level, Requirements};

/// What is asked of a run.
#[derive(Debug, Clone)]
pub struct Selection {
    /// How far the target is judged.
    pub level: Level,
    /// How the target proves things.
    pub evidence: Evidence,
    /// The capabilities that the target says it has.
    pub claims: BTreeSet<String>,
    /// Only scenarios with these tags.
    pub tags: Option<Tags>,
    /// Only scenarios with such a name.
    pub name: Option<Regex>,
    /// Only scenarios of features whose file has such a name; `*` stands for any text.
    pub input: Option<String>,
}

/// A tag expression and how it was written.
#[derive(Debug, Clone)]
pub struct Tags {
    written: String,
    operation: TagOperation,
}

/// What becomes of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// It is run, and its failure counts.
    Run,
    /// It is run to see whether the target has a capability that it does not claim.
    Probe,
    /// It is not run, for this reason.
    Leave(String),
    /// It could be run, and this filter of the run does not choose it.
    Filter(String),
}

impl Selection {
    /// Decides about one scenario.
    pub fn choose(&self, entry: &Entry, requirements: &Requirements) -> Choice {
        let scenario = &entry.scenario;
        let rows = scenario.requirements.iter().filter_map(|id| requirements.row(id));
        let level = rows.clone().map(|row| row.level).max().unwrap_or(Level::Core);
        if level > self.level {
            return Choice::Leave(format!("it is of level {level}, and --level {} ends before", self.level));
        }
        if !entry.stage.shows(self.evidence) {
            return Choice::Leave(match self.evidence {
                Evidence::Model => {
                    "only a real cluster can show it: --target conformance/targets/cluster.yaml".into()
                }
                Evidence::Cluster => "only the played driver can show it".into(),
            });
        }
        if let Some(tags) = self.tags.as_ref().filter(|tags| !tags.operation.eval(&entry.tags)) {
            return Choice::Filter(format!("--tags '{}' does not choose it", tags.written));
        }
        if let Some(name) = self.name.as_ref().filter(|name| !name.is_match(&scenario.name)) {
            return Choice::Filter(format!("--name '{name}' does not choose it"));
        }
        if let Some(input) = self.input.as_ref().filter(|input| !fits(&scenario.file, input)) {
            return Choice::Filter(format!("--input '{input}' does not choose it"));
        }
        let mut extended = rows.filter(|row| row.level == Level::Extended);
        if extended.all(|row| self.claims.contains(row.id())) { Choice::Run } else { Choice::Probe }
    }

    /// The filters as they were written, for the report.
    pub fn filters(&self) -> Vec<String> {
        let tags = self.tags.as_ref().map(|tags| format!("--tags '{}'", tags.written));
        let name = self.name.as_ref().map(|name| format!("--name '{name}'"));
        let input = self.input.as_ref().map(|input| format!("--input '{input}'"));
        [tags, name, input].into_iter().flatten().collect()
    }
}

impl std::str::FromStr for Tags {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        let operation = written.parse().map_err(|error| {
            format!("no tag expression ({error}); examples: @ACK-22, '@ACK-22 or @DRV-05', 'not @EXT-09'")
        })?;
        Ok(Self { written: written.into(), operation })
    }
}

impl Tags {
    /// The ids in the expression, so that a misspelt one is not taken for one that nothing has.
    pub fn ids(&self) -> BTreeSet<&str> {
        fn collect<'a>(operation: &'a TagOperation, ids: &mut BTreeSet<&'a str>) {
            match operation {
                TagOperation::And(left, right) | TagOperation::Or(left, right) => {
                    collect(left, ids);
                    collect(right, ids);
                }
                TagOperation::Not(inner) => collect(inner, ids),
                TagOperation::Tag(tag) => drop(ids.insert(tag)),
            }
        }
        let mut ids = BTreeSet::new();
        collect(&self.operation, &mut ids);
        ids
    }
}

/// Whether a feature's file is meant by a pattern; folders before its name do not matter.
pub(crate) fn fits(file: &str, pattern: &str) -> bool {
    let pattern = pattern.rsplit('/').next().unwrap_or(pattern);
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = file.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::catalogue::{Scenario, Stage};

    const ROWS: &str = "
sources: { page: The page }
requirements:
- { id: ACK-01, statement: s, source: { from: page }, level: core, evidence: model }
- { id: VEN-01, statement: s, source: { from: page }, level: drop-in, evidence: model }
- { id: EXT-01, statement: s, source: { from: page }, level: extended, evidence: model }
- { id: EXT-02, statement: s, source: { from: page }, level: extended, evidence: model }
";

    fn entry(ids: &[&str]) -> Entry {
        let tags: BTreeSet<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let scenario = Scenario {
            id: "files.feature/A file".into(),
            file: "files.feature".into(),
            line: 1,
            feature: "Files".into(),
            name: "A file".into(),
            requirements: tags.clone(),
        };
        Entry { scenario, tags, stage: Stage::Played }
    }

    fn selection(level: Level) -> Selection {
        Selection {
            level,
            evidence: Evidence::Model,
            claims: ["EXT-01".to_owned()].into(),
            tags: None,
            name: None,
            input: None,
        }
    }

    fn choice(selection: &Selection, ids: &[&str]) -> Choice {
        selection.choose(&entry(ids), &Requirements::parse(ROWS).unwrap())
    }

    #[rstest]
    #[case::core(&["ACK-01"], Level::Core, "run")]
    #[case::needs_more(&["ACK-01", "VEN-01"], Level::Core, "leave")]
    #[case::drop_in(&["ACK-01", "VEN-01"], Level::DropIn, "run")]
    #[case::claimed(&["ACK-01", "EXT-01"], Level::Extended, "run")]
    #[case::claimed_and_not_asked_for(&["EXT-01"], Level::DropIn, "leave")]
    #[case::unclaimed(&["ACK-01", "EXT-02"], Level::Extended, "probe")]
    #[case::half_claimed(&["EXT-01", "EXT-02"], Level::Extended, "probe")]
    fn levels_and_claims_choose(#[case] ids: &[&str], #[case] level: Level, #[case] expected: &str) {
        let choice = choice(&selection(level), ids);

        let name = match choice {
            Choice::Run => "run",
            Choice::Probe => "probe",
            Choice::Leave(_) => "leave",
            Choice::Filter(_) => "filter",
        };
        assert_eq!(name, expected);
    }

    #[rstest]
    #[case(Stage::Played, [true, false])]
    #[case(Stage::Both, [true, true])]
    #[case(Stage::Cluster, [false, true])]
    fn a_scenario_runs_where_it_can_be_shown(#[case] stage: Stage, #[case] expected: [bool; 2]) {
        let requirements = Requirements::parse(ROWS).unwrap();
        let runs = [Evidence::Model, Evidence::Cluster].map(|evidence| {
            let selection = Selection { evidence, ..selection(Level::Core) };
            selection.choose(&Entry { stage, ..entry(&["ACK-01"]) }, &requirements) == Choice::Run
        });

        assert_eq!(runs, expected);
    }

    #[rstest]
    #[case::tags(Selection { tags: Some("@VEN-01".parse().unwrap()), ..selection(Level::Core) }, "--tags '@VEN-01'")]
    #[case::name(Selection { name: Some(Regex::new("folder").unwrap()), ..selection(Level::Core) }, "--name 'folder'")]
    #[case::input(Selection { input: Some("paths.feature".into()), ..selection(Level::Core) }, "--input 'paths.feature'")]
    #[case::level(selection(Level::Core), "level drop-in")]
    fn what_is_left_out_has_a_reason(#[case] selection: Selection, #[case] reason: &str) {
        let ids: &[&str] = if reason.starts_with("level") { &["VEN-01"] } else { &["ACK-01"] };

        let (Choice::Leave(why) | Choice::Filter(why)) = choice(&selection, ids) else {
            panic!("it is not left out")
        };

        assert!(why.contains(reason), "{why}");
    }

    #[rstest]
    #[case("files.feature", true)]
    #[case("features/files.feature", true)]
    #[case("*/f*s.feature", true)]
    #[case("*", true)]
    #[case("file", false)]
    #[case("*.features", false)]
    fn files_are_chosen_by_name(#[case] pattern: &str, #[case] expected: bool) {
        assert_eq!(fits("files.feature", pattern), expected);
    }
}
