//! What can be run: the features, read once, and their scenarios with ids that stay when lines move.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow, ensure};
use cucumber::feature::Ext as _;
use cucumber::gherkin::{Feature, GherkinEnv, Rule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::requirements::{self, Evidence, Requirements};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/features.rs"));
}

/// All features of a folder.
#[derive(Debug, Clone)]
pub struct Catalogue {
    features: Vec<Feature>,
    entries: Vec<Entry>,
    tags: Vec<Tag>,
    digest: String,
}

/// One scenario; of an outline, one row of its examples. It is known by this in reports, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scenario {
    /// The feature's file and the scenario's name; stays when lines move.
    pub id: String,
    /// The feature's file.
    pub file: String,
    /// The line in it.
    pub line: usize,
    /// The feature's title.
    pub feature: String,
    /// The scenario's name.
    pub name: String,
    /// The promises that it shows.
    pub requirements: BTreeSet<String>,
}

/// A scenario with what decides whether it is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The scenario.
    pub scenario: Scenario,
    /// The tags, its own and those that it inherits, without the `@`.
    pub tags: BTreeSet<String>,
    /// Where it can be shown.
    pub stage: Stage,
}

/// Where a scenario can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// By the played driver alone.
    Played,
    /// By both, with the same words: tagged `@cluster`.
    Both,
    /// In a real cluster alone: tagged `@only-cluster`.
    Cluster,
}

impl Stage {
    /// The tags that are no ids.
    pub const TAGS: [&str; 2] = ["cluster", "only-cluster"];

    fn of(tags: &BTreeSet<String>) -> Self {
        match Self::TAGS.map(|tag| tags.contains(tag)) {
            [_, true] => Self::Cluster,
            [true, false] => Self::Both,
            [false, false] => Self::Played,
        }
    }

    /// Whether it is shown by this kind of evidence.
    pub fn shows(self, evidence: Evidence) -> bool {
        match self {
            Self::Played => evidence == Evidence::Model,
            Self::Both => true,
            Self::Cluster => evidence == Evidence::Cluster,
        }
    }
}

/// A tag where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Without the `@`.
    pub id: String,
    /// The feature's file.
    pub file: String,
    /// The line.
    pub line: usize,
}

impl Catalogue {
    /// The features and requirements of a folder, or those that were compiled in.
    pub fn load(folder: Option<&Path>) -> anyhow::Result<(Self, Requirements)> {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        let built_in = || (embedded::FEATURES.iter().map(owned).collect(), embedded::REQUIREMENTS.to_owned());
        let (features, rows) = folder.map_or_else(|| Ok(built_in()), read)?;
        Ok((Self::parse(features, &rows)?, Requirements::parse(&rows)?))
    }

    /// Reads features from their texts; what stands beside them counts for the digest only.
    pub fn parse(files: impl IntoIterator<Item = (String, String)>, beside: &str) -> anyhow::Result<Self> {
        let mut catalogue =
            Self { features: Vec::new(), entries: Vec::new(), tags: Vec::new(), digest: String::new() };
        let mut digest = Sha256::new();
        for (file, text) in files {
            // The lengths keep two suites apart that differ only in where a file ends.
            digest.update(format!("{file}\0{}\0{text}", text.len()));
            catalogue.add(&file, &text)?;
        }
        digest.update(beside);
        catalogue.digest = format!("sha256:{}", base16ct::lower::encode_string(&digest.finalize()));
        let mut twins: BTreeMap<String, usize> = BTreeMap::new();
        for Entry { scenario, .. } in &mut catalogue.entries {
            let twin = twins.entry(scenario.id.clone()).or_default();
            *twin += 1;
            if *twin > 1 {
                // One name may stand for several.
                scenario.id = format!("{} #{twin}", scenario.id);
            }
        }
        Ok(catalogue)
    }

    fn add(&mut self, file: &str, text: &str) -> anyhow::Result<()> {
        let mut feature = Feature::parse(text, GherkinEnv::default())
            .map_err(|error| anyhow!("features/{file} cannot be read: {error}"))?;
        feature.path = Some(file.into());
        self.find_tags(file, text, &feature);
        let feature =
            feature.expand_examples().with_context(|| format!("features/{file} cannot be expanded"))?;
        let own = feature.scenarios.iter().map(|scenario| (None, scenario));
        let ruled = feature
            .rules
            .iter()
            .flat_map(|rule| rule.scenarios.iter().map(move |scenario| (Some(rule), scenario)));
        for (rule, scenario) in own.chain(ruled) {
            let tags = feature.tags.iter().chain(rule.into_iter().flat_map(|rule: &Rule| &rule.tags));
            let tags: BTreeSet<String> = tags.chain(&scenario.tags).cloned().collect();
            let is_id = |tag: &&String| !Stage::TAGS.contains(&tag.as_str());
            let scenario = Scenario {
                id: format!("{file}/{}", scenario.name),
                file: file.into(),
                line: scenario.position.line,
                feature: feature.name.clone(),
                name: scenario.name.clone(),
                requirements: tags.iter().filter(is_id).cloned().collect(),
            };
            self.entries.push(Entry { scenario, stage: Stage::of(&tags), tags });
        }
        self.features.push(feature);
        Ok(())
    }

    /// The parser keeps tags without their places: they stand in the lines before what they belong to.
    fn find_tags(&mut self, file: &str, text: &str, feature: &Feature) {
        let lines: Vec<&str> = text.lines().collect();
        let rules = feature.rules.iter();
        let scenarios = feature.scenarios.iter().chain(rules.clone().flat_map(|rule| &rule.scenarios));
        let tagged = [(&feature.tags, feature.position.line)].into_iter();
        let tagged = tagged.chain(rules.map(|rule| (&rule.tags, rule.position.line)));
        let tagged = tagged.chain(scenarios.clone().map(|scenario| (&scenario.tags, scenario.position.line)));
        let examples = scenarios.flat_map(|scenario| &scenario.examples);
        let tagged = tagged.chain(examples.map(|examples| (&examples.tags, examples.position.line)));
        for (tags, end) in tagged {
            for id in tags.iter().filter(|tag| !Stage::TAGS.contains(&tag.as_str())) {
                let before = lines.iter().take(end).enumerate().rev();
                let is_tag = |word: &str| word.strip_prefix('@') == Some(id);
                let mut here = before.filter(|(_, line)| line.split_whitespace().any(is_tag));
                let line = here.next().map_or(end, |(index, _)| index + 1);
                self.tags.push(Tag { id: id.clone(), file: file.into(), line });
            }
        }
    }

    /// The features, their examples written out.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The scenarios in the order of files and lines.
    pub fn scenarios(&self) -> impl DoubleEndedIterator<Item = &Scenario> + ExactSizeIterator {
        self.entries.iter().map(|entry| &entry.scenario)
    }

    /// The same with what decides whether they are chosen.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The scenario at a place, as the runner names it.
    pub fn at(&self, feature: &Feature, line: usize) -> Option<&Scenario> {
        let file = feature.path.as_deref()?.to_str()?;
        self.scenarios().find(|scenario| scenario.line == line && scenario.file == file)
    }

    /// Every id among the tags, each as often as it is written.
    pub fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.tags.iter()
    }

    /// What stands for the texts of all features and requirements.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

type Files = (Vec<(String, String)>, String);

fn read(folder: &Path) -> anyhow::Result<Files> {
    let text_of =
        |path: &Path| fs::read_to_string(path).with_context(|| format!("reading {}", path.display()));
    let mut features = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| {
        format!("reading the features in {}; --features names another folder", folder.display())
    })?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "feature") {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.with_context(|| format!("the name of {} is no UTF-8", path.display()))?;
            features.push((name.to_owned(), text_of(&path)?));
        }
    }
    ensure!(!features.is_empty(), "{} holds no feature; --features names another folder", folder.display());
    features.sort();
    Ok((features, text_of(&folder.join(requirements::FILE))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTLINE: &str = "\
@ACK-01
Feature: Files

  @ACK-02
  Scenario Outline: A file <name>
    Given the file \"<name>\"

    Examples:
      | name |
      | a    |
      | b    |

  Scenario Outline: Another file
    Given the file \"<name>\"

    @ACK-03
    Examples:
      | name |
      | a    |
      | b    |
";

    fn catalogue(text: &str) -> anyhow::Result<Catalogue> {
        Catalogue::parse([("files.feature".to_owned(), text.to_owned())], "")
    }

    #[test]
    fn every_row_of_examples_is_a_scenario_with_an_id_of_its_own() {
        let catalogue = catalogue(OUTLINE).unwrap();

        let scenarios: Vec<_> =
            catalogue.scenarios().map(|scenario| (scenario.id.as_str(), scenario.line)).collect();
        assert_eq!(
            scenarios,
            [
                ("files.feature/A file a", 10),
                ("files.feature/A file b", 11),
                ("files.feature/Another file", 19),
                ("files.feature/Another file #2", 20)
            ]
        );
    }

    #[test]
    fn tags_are_inherited_and_found_where_they_stand() {
        let catalogue = catalogue(OUTLINE).unwrap();

        let last = catalogue.scenarios().next_back().unwrap();
        assert_eq!(last.requirements, ["ACK-01", "ACK-03"].map(str::to_owned).into());
        let places: Vec<_> = catalogue.tags().map(|tag| (tag.id.as_str(), tag.line)).collect();
        assert_eq!(places, [("ACK-01", 1), ("ACK-02", 4), ("ACK-03", 16)]);
    }

    #[test]
    fn a_feature_that_cannot_be_read_is_named_with_its_line() {
        let error = catalogue("Feature: F\n\n  Scenario S\n    Given a\n").unwrap_err();

        assert!(
            error.to_string().starts_with("features/files.feature cannot be read: Error at 4:"),
            "{error}"
        );
    }

    #[test]
    fn the_digest_changes_with_any_text() {
        let digest = |text: &str, beside| {
            Catalogue::parse([("f".to_owned(), text.to_owned())], beside).unwrap().digest
        };

        let plain = digest("Feature: F\n", "");
        assert_eq!(plain, digest("Feature: F\n", ""));
        assert_ne!(plain, digest("Feature: G\n", ""));
        assert_ne!(plain, digest("Feature: F\n", "rows"));
    }
}
