//! In which order the scenarios of a requirement are tried on a mutant: most are caught by one of the first few.

use std::collections::BTreeMap;

use cucumber::gherkin::Feature;

use crate::catalogue::{Catalogue, Scenario};
use crate::report::Place;

/// A scenario that can be run by itself.
#[derive(Debug)]
pub(super) struct Single {
    pub(super) scenario: Scenario,
    /// Its feature, without the others.
    pub(super) feature: Feature,
    /// Which row of its outline it is.
    row: usize,
}

impl Single {
    pub(super) fn place(&self) -> Place {
        (self.scenario.file.clone(), self.scenario.line)
    }
}

/// All scenarios: what shows least beside comes first, and the first rows of all outlines before their second ones.
pub(super) fn singles(catalogue: &Catalogue) -> Vec<Single> {
    let mut rows: BTreeMap<Place, usize> = BTreeMap::new();
    let mut singles = Vec::new();
    for feature in catalogue.features() {
        for scenario in &feature.scenarios {
            let Some(known) = catalogue.at(feature, scenario.position.line) else { continue };
            let outline =
                scenario.examples.first().map_or(scenario.position.line, |table| table.position.line);
            let row = rows.entry((known.file.clone(), outline)).or_default();
            let feature = Feature { scenarios: vec![scenario.clone()], ..bare(feature) };
            singles.push(Single { scenario: known.clone(), feature, row: *row });
            *row += 1;
        }
    }
    singles.sort_by_key(|single| (single.row, single.scenario.requirements.len()));
    singles
}

/// A feature without its scenarios.
fn bare(feature: &Feature) -> Feature {
    Feature {
        keyword: feature.keyword.clone(),
        name: feature.name.clone(),
        description: feature.description.clone(),
        background: feature.background.clone(),
        scenarios: Vec::new(),
        rules: Vec::new(),
        tags: feature.tags.clone(),
        span: feature.span,
        position: feature.position,
        path: feature.path.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEATURE: &str = "\
Feature: Files

  @ACK-01
  Scenario Outline: A file <name>
    Given the file \"<name>\"

    Examples:
      | name |
      | a    |
      | b    |

  @ACK-01 @ACK-02
  Scenario: Two files
    Given the file \"a\"
";

    #[test]
    fn the_first_row_of_each_outline_comes_before_any_second() {
        let catalogue = Catalogue::parse([("files.feature".to_owned(), FEATURE.to_owned())], "").unwrap();

        let singles = singles(&catalogue);

        let names: Vec<_> = singles.iter().map(|single| single.scenario.name.as_str()).collect();
        assert_eq!(names, ["A file a", "Two files", "A file b"]);
        assert!(singles.iter().all(|single| single.feature.scenarios.len() == 1));
    }
}
