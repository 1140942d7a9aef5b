//! The words of a cluster against all features.

use cucumber::World as _;
use cucumber::gherkin::Step;

use super::World;
use crate::catalogue::{Catalogue, Entry, Stage};
use crate::requirements::Evidence;

/// The steps of a scenario, those of its backgrounds first.
fn steps(catalogue: &Catalogue, file: &str, line: usize) -> Vec<Step> {
    let feature =
        catalogue.features().iter().find(|feature| feature.path.as_deref() == Some(file.as_ref())).unwrap();
    let mut steps: Vec<Step> =
        feature.background.iter().flat_map(|background| background.steps.clone()).collect();
    for rule in &feature.rules {
        if let Some(scenario) = rule.scenarios.iter().find(|scenario| scenario.position.line == line) {
            steps.extend(rule.background.iter().flat_map(|background| background.steps.clone()));
            steps.extend(scenario.steps.clone());
        }
    }
    let own = feature.scenarios.iter().filter(|scenario| scenario.position.line == line);
    steps.extend(own.flat_map(|scenario| scenario.steps.clone()));
    steps
}

#[test]
fn a_cluster_knows_every_sentence_of_the_scenarios_that_it_shows() {
    let (catalogue, _) = Catalogue::load(None).unwrap();
    let words = World::collection();
    let mut unknown = Vec::new();
    let mut shown = 0;
    for Entry { scenario, .. } in
        catalogue.entries().iter().filter(|entry| entry.stage.shows(Evidence::Cluster))
    {
        let steps = steps(&catalogue, &scenario.file, scenario.line);
        assert!(!steps.is_empty(), "{}", scenario.id);
        shown += 1;
        let is_unknown = |step: &&Step| !matches!(words.find(step), Ok(Some(_)));
        unknown
            .extend(steps.iter().filter(is_unknown).map(|step| format!("{}: {}", scenario.id, step.value)));
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    assert!(shown >= 11, "the vendor's cases alone are so many");
}

#[test]
fn the_played_driver_knows_every_sentence_of_the_scenarios_of_both() {
    let (catalogue, _) = Catalogue::load(None).unwrap();
    let words = crate::world::World::collection();
    for Entry { scenario, .. } in catalogue.entries().iter().filter(|entry| entry.stage == Stage::Both) {
        for step in steps(&catalogue, &scenario.file, scenario.line) {
            assert!(matches!(words.find(&step), Ok(Some(_))), "{}: {}", scenario.id, step.value);
        }
    }
}
