use super::*;

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
        versions.put(version(next), [VersionStage::Current]).expect("a new id");
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
    versions.put(version("v3"), [stage("canary")]).expect("a new id");
    assert_eq!(at(&versions, "canary").as_deref(), Some("v3"));
    assert_eq!(at(&versions, "ACSCurrent").as_deref(), Some("v2"));
    assert_eq!(at(&versions, "ACSPrevious").as_deref(), Some("v1"));
}

#[test]
fn a_stage_moves_and_never_marks_two_versions() {
    let mut versions = history(&["v1"]);
    versions.put(version("v2"), [stage("canary")]).expect("a new id");
    versions.put(version("v3"), [VersionStage::Current, stage("canary")]).expect("a new id");
    assert_eq!(versions.stages_of(&id("v3")), [&VersionStage::Current, &stage("canary")]);
    assert_eq!(versions.stages_of(&id("v2")), Vec::<&VersionStage>::new());
}

#[test]
fn the_same_data_under_the_same_id_changes_nothing() {
    let mut versions = history(&["v1", "v2"]);
    assert_eq!(versions.put(version("v1"), [VersionStage::Current]), Ok(Stored::Before));
    assert_eq!(at(&versions, "ACSCurrent").as_deref(), Some("v2"));
}

#[test]
fn other_data_under_the_same_id_is_refused() {
    let mut versions = history(&["v1"]);
    assert_eq!(versions.put(holding("v1", "other"), [VersionStage::Current]), Err(VersionTaken));
    let mut binary = version("v1");
    binary.value.data_type = DataType::Binary;
    assert_eq!(versions.put(binary, [VersionStage::Current]), Err(VersionTaken));
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
fn when_all_are_labelled_the_oldest_that_is_not_current_goes() {
    let mut versions = history(&["v1"]);
    for number in 2..=11 {
        versions.put(version(&format!("v{number}")), [stage(&format!("s{number}"))]).expect("a new id");
    }
    assert_eq!(at(&versions, "ACSCurrent").as_deref(), Some("v1"));
    assert_eq!(at(&versions, "s2"), None);
    assert_eq!(at(&versions, "s3").as_deref(), Some("v3"));
}
