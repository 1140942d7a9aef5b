//! The workspace's own requirements, features and README agree.

use std::collections::BTreeSet;
use std::path::Path;

use conformance::catalogue::Catalogue;
use conformance::coverage;
use conformance::requirements::{Evidence, Requirement, Requirements};
use conformance::target::TargetFile;

/// Rows that a scenario on the model could show and none does yet. The list only shrinks: a row that is shown has to leave it.
const AWAITED: &[&str] = &["VEN-12", "DRV-09", "DRV-10", "EXT-03", "EXT-05"];

fn workspace() -> (Catalogue, Requirements) {
    let features = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("features");
    Catalogue::load(Some(&features)).expect("the features can be read")
}

#[test]
fn every_row_has_a_scenario_and_every_tag_a_row() {
    let (catalogue, requirements) = workspace();

    assert_eq!(requirements.disagreements(&catalogue), Vec::<String>::new());
}

#[test]
fn only_the_cluster_is_waited_for_but_for_a_list_that_shrinks() {
    let (_, requirements) = workspace();

    let planned = requirements.rows().iter().filter(|row| row.planned && row.evidence == Evidence::Model);

    assert_eq!(planned.map(Requirement::id).collect::<Vec<_>>(), AWAITED);
}

#[test]
fn the_workspaces_provider_claims_everything_that_can_be_shown() {
    let (_, requirements) = workspace();
    let target = TargetFile::provider();
    let claims: BTreeSet<&str> = target.capabilities().collect();

    let unclaimed = requirements.capabilities().into_iter().filter(|id| !claims.contains(id.as_str()));

    assert_eq!(unclaimed.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn the_readmes_table_is_made_of_them() {
    let (catalogue, requirements) = workspace();

    coverage::check(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"),
        &coverage::table(&requirements, &catalogue),
    )
    .unwrap();
}

#[test]
fn the_features_that_are_built_in_are_those_of_the_workspace() {
    let (catalogue, _) = workspace();
    let (embedded, _) = Catalogue::load(None).unwrap();

    assert_eq!(embedded.digest(), catalogue.digest());
}
