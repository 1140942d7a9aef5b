//! The workspace's own requirements, features and README agree.

use std::collections::BTreeSet;
use std::path::Path;

use conformance::catalogue::Catalogue;
use conformance::coverage;
use conformance::requirements::{Evidence, Requirement, Requirements};
use conformance::target::TargetFile;

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
fn only_what_takes_a_cluster_may_be_planned() {
    let (_, requirements) = workspace();

    let planned = requirements.rows().iter().filter(|row| row.planned && row.evidence == Evidence::Model);

    assert_eq!(planned.map(Requirement::id).collect::<Vec<_>>(), Vec::<&str>::new());
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
