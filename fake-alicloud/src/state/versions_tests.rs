use proptest::prelude::*;

use super::*;
use crate::state::{hidden::Hidden, secret::DataType};

const DEFAULT: Eviction = Eviction::OldestWithoutStage;

fn id(text: &str) -> VersionId {
    text.parse().expect("a version id")
}

fn stage(text: &str) -> VersionStage {
    VersionStage::try_from(text.to_owned()).expect("a version stage")
}

fn version(text: &str) -> Version {
    holding(text, &format!("data of {text}"))
}

fn holding(text: &str, data: &str) -> Version {
    let value = SecretValue { data: Hidden::from(data.to_owned()), data_type: DataType::Text };
    Version { id: id(text), value, created: Timestamp::UNIX_EPOCH }
}

/// A secret whose versions were made current one after the other.
fn history(ids: &[&str]) -> Versions {
    let mut versions = Versions::first(version(ids[0]), []);
    for next in &ids[1..] {
        versions.put(version(next), [VersionStage::Current], DEFAULT).expect("a new id");
    }
    versions
}

fn at(versions: &Versions, label: &str) -> Option<String> {
    versions.select(&VersionSelector::Stage(stage(label))).ok().map(|version| version.id.to_string())
}

#[test]
fn the_first_version_is_current_and_nothing_is_previous() {
    let versions = history(&["v1"]);
    assert_eq!(at(&versions, "ACSCurrent").as_deref(), Some("v1"));
    assert_eq!(at(&versions, "ACSPrevious"), None);
}

#[test]
fn the_former_current_becomes_previous_and_the_former_previous_loses_its_label() {
    let versions = history(&["v1", "v2", "v3"]);
    assert_eq!(at(&versions, "ACSCurrent").as_deref(), Some("v3"));
    assert_eq!(at(&versions, "ACSPrevious").as_deref(), Some("v2"));
    assert_eq!(versions.stages_of(&id("v1")), Vec::<&VersionStage>::new());
}

#[test]
fn a_version_without_labels_is_still_read_by_its_id() {
    let versions = history(&["v1", "v2", "v3"]);
    let found = versions.select(&VersionSelector::Id(id("v1"))).expect("a kept version");
    assert_eq!(found.value.data.expose(), "data of v1");
}

#[test]
fn custom_stages_alone_leave_the_built_in_ones_where_they_are() {
    let mut versions = history(&["v1", "v2"]);
    versions.put(version("v3"), [stage("canary")], DEFAULT).expect("a new id");
    assert_eq!(at(&versions, "canary").as_deref(), Some("v3"));
    assert_eq!(at(&versions, "ACSCurrent").as_deref(), Some("v2"));
    assert_eq!(at(&versions, "ACSPrevious").as_deref(), Some("v1"));
}

#[test]
fn a_stage_moves_and_never_marks_two_versions() {
    let mut versions = history(&["v1"]);
    versions.put(version("v2"), [stage("canary")], DEFAULT).expect("a new id");
    versions.put(version("v3"), [VersionStage::Current, stage("canary")], DEFAULT).expect("a new id");
    assert_eq!(versions.stages_of(&id("v3")), [&VersionStage::Current, &stage("canary")]);
    assert_eq!(versions.stages_of(&id("v2")), Vec::<&VersionStage>::new());
}

#[test]
fn the_same_data_under_the_same_id_changes_nothing() {
    let mut versions = history(&["v1", "v2"]);
    assert_eq!(versions.put(version("v1"), [VersionStage::Current], DEFAULT), Ok(Stored::Before));
    assert_eq!(at(&versions, "ACSCurrent").as_deref(), Some("v2"));
}

#[test]
fn other_data_under_the_same_id_is_refused() {
    let mut versions = history(&["v1"]);
    assert_eq!(
        versions.put(holding("v1", "other"), [VersionStage::Current], DEFAULT),
        Err(PutError::VersionTaken)
    );
    let mut binary = version("v1");
    binary.value.data_type = DataType::Binary;
    assert_eq!(versions.put(binary, [VersionStage::Current], DEFAULT), Err(PutError::VersionTaken));
}

#[test]
fn an_id_and_a_stage_must_agree() {
    let versions = history(&["v1", "v2"]);
    let select = |id_text: &str, label: &str| {
        let selector = VersionSelector::IdAtStage(id(id_text), stage(label));
        versions.select(&selector).map(|version| version.id.to_string())
    };
    assert_eq!(select("v2", "ACSCurrent"), Ok("v2".to_owned()));
    assert_eq!(select("v1", "ACSCurrent"), Err(SelectError::StageMismatch));
    assert_eq!(select("v9", "ACSCurrent"), Err(SelectError::NotFound));
}

#[test]
fn the_eleventh_version_removes_the_oldest_without_a_label() {
    let ids = ["v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11"];
    let versions = history(&ids);
    assert_eq!(versions.select(&VersionSelector::Id(id("v1"))).err(), Some(SelectError::NotFound));
    assert!(versions.select(&VersionSelector::Id(id("v2"))).is_ok());
}

#[test]
fn the_oldest_goes_first_where_labels_do_not_count() {
    let mut versions = history(&["v1"]);
    versions.put(version("v2"), [stage("canary")], Eviction::Oldest).expect("a new id");
    for number in 3..=11 {
        versions
            .put(version(&format!("v{number}")), [VersionStage::Current], Eviction::Oldest)
            .expect("a new id");
    }
    assert_eq!(versions.select(&VersionSelector::Id(id("v1"))).err(), Some(SelectError::NotFound));
    versions.put(version("v12"), [stage("beta")], Eviction::Oldest).expect("a new id");
    assert_eq!(at(&versions, "canary"), None);
    assert_eq!(at(&versions, "ACSCurrent").as_deref(), Some("v11"));
}

#[test]
fn the_current_version_stays_even_if_it_is_the_oldest() {
    let mut versions = history(&["v1"]);
    for number in 2..=11 {
        versions.put(version(&format!("v{number}")), [stage("canary")], Eviction::Oldest).expect("a new id");
    }
    assert_eq!(at(&versions, "ACSCurrent").as_deref(), Some("v1"));
    assert_eq!(versions.select(&VersionSelector::Id(id("v2"))).err(), Some(SelectError::NotFound));
}

#[test]
fn a_ninth_stage_is_refused_and_stores_nothing() {
    let mut versions = history(&["v1", "v2"]);
    for number in 1..=6 {
        versions
            .put(version(&format!("c{number}")), [stage(&format!("s{number}"))], DEFAULT)
            .expect("a new id");
    }
    assert_eq!(versions.put(version("v3"), [stage("s7")], DEFAULT), Err(PutError::TooManyStages));
    let attach = StageChange::Attach { to: id("v1") };
    assert_eq!(versions.change_stage(stage("s7"), &attach), Err(StageError::TooMany));
    assert_eq!(versions.select(&VersionSelector::Id(id("v3"))).err(), Some(SelectError::NotFound));
}

#[test]
fn moving_what_is_current_makes_the_former_previous() {
    let mut versions = history(&["v1", "v2", "v3"]);
    let attach = |text| StageChange::Attach { to: id(text) };
    assert_eq!(versions.change_stage(VersionStage::Current, &attach("v1")), Ok(()));
    assert_eq!(at(&versions, "ACSCurrent").as_deref(), Some("v1"));
    assert_eq!(at(&versions, "ACSPrevious").as_deref(), Some("v3"));
    assert_eq!(versions.change_stage(VersionStage::Current, &attach("v1")), Ok(()));
    assert_eq!(
        at(&versions, "ACSPrevious").as_deref(),
        Some("v3"),
        "moving it to where it is changes nothing"
    );
}

#[test]
fn a_label_leaves_only_the_version_that_it_marks() {
    let mut versions = history(&["v1", "v2", "v3"]);
    versions.change_stage(stage("canary"), &StageChange::Attach { to: id("v1") }).expect("a version");
    let detach = |text| StageChange::Detach { from: id(text) };
    assert_eq!(versions.change_stage(stage("canary"), &detach("v2")), Err(StageError::NotThere));
    assert_eq!(versions.change_stage(stage("canary"), &detach("v9")), Err(StageError::NotFound));
    let over = StageChange::Move { from: id("v1"), to: id("v2") };
    assert_eq!(versions.change_stage(stage("canary"), &over), Ok(()));
    assert_eq!(versions.change_stage(stage("canary"), &detach("v2")), Ok(()));
    assert_eq!(at(&versions, "canary"), None);
}

#[test]
fn built_in_labels_are_moved_and_never_taken_away() {
    let mut versions = history(&["v1", "v2"]);
    let detach = StageChange::Detach { from: id("v1") };
    assert_eq!(versions.change_stage(VersionStage::Previous, &detach), Err(StageError::BuiltIn));
    let onto_current = StageChange::Attach { to: id("v2") };
    assert_eq!(
        versions.change_stage(VersionStage::Previous, &onto_current),
        Err(StageError::CurrentAsPrevious)
    );
}

/// One step of a random life of a secret.
#[derive(Clone, Debug)]
enum Step {
    Put { id: u8, data: u8, stages: Vec<VersionStage> },
    Change { stage: VersionStage, change: StageChange },
}

fn any_id() -> impl Strategy<Value = VersionId> {
    (0..14_u8).prop_map(|number| id(&format!("v{number}")))
}

fn any_stage() -> impl Strategy<Value = VersionStage> {
    let custom = (0..8_u8).prop_map(|number| stage(&format!("s{number}")));
    prop_oneof![Just(VersionStage::Current), Just(VersionStage::Previous), custom]
}

fn any_step() -> impl Strategy<Value = Step> {
    let putable =
        any_stage().prop_filter("not claimed on the wire", |stage| *stage != VersionStage::Previous);
    let put = (0..14_u8, 0..2_u8, prop::collection::vec(putable, 1..4))
        .prop_map(|(id, data, stages)| Step::Put { id, data, stages });
    let change = prop_oneof![
        any_id().prop_map(|to| StageChange::Attach { to }),
        any_id().prop_map(|from| StageChange::Detach { from }),
        (any_id(), any_id()).prop_map(|(from, to)| StageChange::Move { from, to }),
    ];
    prop_oneof![put, (any_stage(), change).prop_map(|(stage, change)| Step::Change { stage, change })]
}

/// Ids and labels, which are what a step can change.
fn shape(versions: &Versions) -> (Vec<VersionId>, BTreeMap<VersionStage, VersionId>) {
    (versions.list.iter().map(|version| version.id.clone()).collect(), versions.stages.clone())
}

proptest! {
    #[test]
    fn whatever_happens_the_labels_and_versions_stay_in_order(
        steps in prop::collection::vec(any_step(), 1..60),
        eviction in prop_oneof![Just(Eviction::OldestWithoutStage), Just(Eviction::Oldest)],
    ) {
        let mut versions = history(&["first"]);
        for step in steps {
            let before = shape(&versions);
            let refused = match step {
                Step::Put { id, data, stages } => {
                    versions.put(holding(&format!("v{id}"), &data.to_string()), stages, eviction).is_err()
                }
                Step::Change { stage, change } => versions.change_stage(stage, &change).is_err(),
            };
            let (ids, labels) = shape(&versions);
            prop_assert!(!refused || before == (ids.clone(), labels.clone()), "a refusal changes nothing");
            prop_assert!(ids.len() <= 10 && ids.iter().collect::<BTreeSet<_>>().len() == ids.len());
            prop_assert!(labels.len() <= 8 && labels.values().all(|holder| ids.contains(holder)));
            let current = labels.get(&VersionStage::Current);
            prop_assert!(current.is_some(), "one version is current");
            prop_assert_ne!(current, labels.get(&VersionStage::Previous));
        }
    }
}
