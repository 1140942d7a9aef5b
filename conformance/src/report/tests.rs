//! The forms of a report: each says what the report says, none more than text.

use std::collections::BTreeMap;

use rstest::rstest;
use tempfile::TempDir;

use super::*;
use crate::leak::LeakSearch;

fn requirement(id: &str, outcome: Outcome) -> RequirementResult {
    RequirementResult {
        id: id.into(),
        statement: "A promise".into(),
        source: "The page: Capabilities".into(),
        level: Level::Core,
        outcome,
        evidence: Some(Evidence::Model),
        reason: None,
        passed: 1,
        judged: 1,
        took_ms: 12,
        scenarios: vec!["files.feature/A file".into()],
    }
}

fn scenario(name: &str, outcome: Outcome) -> ScenarioResult {
    let step = StepResult {
        text: "Given a thing".into(),
        argument: Some("| a | b |".into()),
        outcome: Outcome::Pass,
        at_ms: 0,
        took_ms: 3,
    };
    let call = Call {
        step: Some(0),
        product: "kms".into(),
        action: "GetSecretValue".into(),
        region: "cn-hangzhou".into(),
        parameters: BTreeMap::from([("SecretName".into(), "db/password".into())]),
        caller: Some("acs:ram::1:root".into()),
        status: 404,
        code: Some("Forbidden.ResourceNotFound".into()),
        fault: None,
    };
    ScenarioResult {
        scenario: Scenario {
            id: format!("files.feature/{name}"),
            file: "files.feature".into(),
            line: 12,
            feature: "Files".into(),
            name: name.into(),
            requirements: ["ACK-01".to_owned()].into(),
        },
        outcome,
        evidence: Some(Evidence::Model),
        reason: (outcome != Outcome::Pass).then(|| "it broke".to_owned()),
        deviation: None,
        took_ms: 12,
        steps: vec![step],
        calls: vec![call],
        seen: (outcome == Outcome::Fail)
            .then(|| Seen { exit: Some("exit status: 3".into()), output: "last words".into() }),
    }
}

fn report(requirements: &[(&str, Outcome)], scenarios: &[(&str, Outcome)]) -> Report {
    Report {
        format: FORMAT,
        suite: Suite { version: "0.1.0".into(), digest: "sha256:0".into(), fake_version: "0.1.0".into() },
        target: Target {
            name: "provider".into(),
            version: Some("provider v1".into()),
            evidence: Evidence::Model,
            claims: BTreeSet::new(),
        },
        started: "2030-01-01T00:00:00Z".into(),
        took_ms: 1234,
        level: Level::Core,
        filters: Vec::new(),
        verdict: Verdict::Pass,
        remarks: Vec::new(),
        requirements: requirements.iter().map(|(id, outcome)| requirement(id, *outcome)).collect(),
        scenarios: scenarios.iter().map(|(name, outcome)| scenario(name, *outcome)).collect(),
    }
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_code() {
    let written = include_str!("../../report.schema.json");

    assert_eq!(
        written,
        Report::schema(),
        "`conformance report-schema > conformance/report.schema.json` makes it anew"
    );
}

#[test]
fn a_scenario_with_a_field_that_nobody_knows_is_refused_by_its_name() {
    let report = report(&[], &[("A file", Outcome::Pass)]);
    let mut written: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    written["scenarios"][0]["colour"] = "red".into();

    let error = serde_json::from_value::<Report>(written).unwrap_err().to_string();

    assert!(error.contains("unknown field `colour`"), "{error}");
}

#[test]
fn what_is_written_can_be_read() {
    let folder = TempDir::new().unwrap();
    let report = report(&[("ACK-01", Outcome::Fail)], &[("A file", Outcome::Fail)]);

    write(&report, folder.path(), &LeakSearch::default()).unwrap();

    assert_eq!(Report::read(&folder.path().join("report.json")).unwrap(), report);
}

#[rstest]
#[case::another_format(
    r#"{ "format": 2, "rows": [] }"#,
    "is a report of format 2, and this suite reads format 1"
)]
#[case::another_file(r#"{ "name": "package" }"#, "is no report of a conformance run")]
#[case::no_json("<html>", "is no report of a conformance run")]
#[case::half(r#"{ "format": 1 }"#, "is no whole report")]
fn a_file_that_is_no_report_of_ours_is_called_so(#[case] text: &str, #[case] complaint: &str) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.json");
    std::fs::write(&path, text).unwrap();

    let error = Report::read(&path).unwrap_err();

    assert!(error.to_string().contains(complaint), "{error}");
    assert!(error.to_string().contains("a.json"), "{error}");
}

#[test]
fn a_form_with_a_secret_is_not_written_and_an_older_one_goes() {
    let folder = TempDir::new().unwrap();
    let mut secrets = LeakSearch::default();
    secrets.add("password", b"correct horse battery").unwrap();
    let mut report = report(&[], &[("A file", Outcome::Fail)]);
    std::fs::write(folder.path().join("report.json"), "older").unwrap();
    report.scenarios[0].reason = Some("it said correct horse battery".into());

    let written = write(&report, folder.path(), &secrets).unwrap();

    let names: Vec<_> = written.files.iter().filter_map(|path| path.file_name()).collect();
    assert_eq!(names, ["badge.svg"]);
    assert!(!folder.path().join("report.json").exists());
    assert_eq!(written.leaks.len(), 3, "{:?}", written.leaks);
}

#[test]
fn words_of_a_target_stay_words_in_every_form() {
    const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'&\u{1b}";
    let mut report = report(&[("ACK-01", Outcome::Fail)], &[("A file", Outcome::Fail)]);
    report.target.version = Some(HOSTILE.into());
    report.target.name = HOSTILE.into();
    report.remarks = vec![HOSTILE.into()];
    let scenario = &mut report.scenarios[0];
    scenario.scenario.name = HOSTILE.into();
    scenario.reason = Some(HOSTILE.into());
    scenario.seen = Some(Seen { exit: Some(HOSTILE.into()), output: HOSTILE.into() });
    scenario.steps[0].text = HOSTILE.into();
    scenario.calls[0].caller = Some(HOSTILE.into());

    for text in [html::render(&report), junit::render(&report), badge::render(&report)] {
        assert!(!text.contains("<img") && !text.contains('\u{1b}'), "{text}");
        assert!(text.contains("&lt;img src=x"), "{text}");
    }
}

#[test]
fn machines_see_failures_as_failures_and_the_rest_as_skipped() {
    let outcomes = [
        ("passes", Outcome::Pass),
        ("fails", Outcome::Fail),
        ("is known", Outcome::Fail),
        ("is unsupported", Outcome::Unsupported),
        ("did not run", Outcome::Skipped),
        ("is filtered out", Outcome::Unselected),
    ];
    let mut report = report(&[], &outcomes);
    report.scenarios[2].deviation = Some("they do it otherwise".into());

    let xml = junit::render(&report);

    assert!(xml.contains("<testsuites tests=\"6\" failures=\"1\" errors=\"0\" skipped=\"4\""), "{xml}");
    assert_eq!(xml.matches("<failure message=\"it broke\"").count(), 1, "{xml}");
    assert!(xml.contains("the target&#39;s last lines (exit status: 3):\nlast words"), "{xml}");
    assert!(xml.contains("<skipped message=\"fail: they do it otherwise\"/>"), "{xml}");
}

#[test]
fn the_summary_has_a_line_for_every_promise_and_the_verdict() {
    let report =
        report(&[("ACK-01", Outcome::Pass), ("ACK-05", Outcome::NeedsCluster)], &[("A file", Outcome::Pass)]);

    let text = summary(&report);

    assert!(text.contains("ACK-01  pass          model       1/1  A promise"), "{text}");
    assert!(text.contains("ACK-05  needs cluster"), "{text}");
    assert!(text.contains("requirements: 1 pass, 1 needs cluster"), "{text}");
    assert!(text.ends_with("provider v1 of provider at level core: pass\n"), "{text}");
}

#[test]
fn a_part_of_a_promise_is_not_told_as_the_whole() {
    let mut report = report(&[("ACK-01", Outcome::Partial)], &[("A file", Outcome::Pass)]);
    report.filters = vec!["--tags '@ACK-01'".into()];
    report.requirements[0].reason = Some("the filters chose 1 of its 3 scenarios".into());

    let text = summary(&report);
    let page = html::render(&report);

    assert!(text.contains("ACK-01  partial       model       1/1  A promise"), "{text}");
    assert!(text.contains("requirements: 1 partial\n"), "{text}");
    assert!(text.ends_with("at level core, only --tags '@ACK-01': pass\n"), "{text}");
    assert!(page.contains("0 of 1 hold") && page.contains("◐ partial"), "{page}");
    for form in [text, page, report.to_json()] {
        assert!(form.contains("the filters chose 1 of its 3 scenarios"), "{form}");
    }
    assert!(badge::render(&report).contains("core 0/1, pass of a part"));
}

#[rstest]
#[case::the_same(Some(Outcome::Pass), Some(Outcome::Pass), "")]
#[case::still_failing(Some(Outcome::Fail), Some(Outcome::Fail), "")]
#[case::broken(Some(Outcome::Pass), Some(Outcome::Fail), "newly failing")]
#[case::no_longer_there(Some(Outcome::Pass), Some(Outcome::Unsupported), "newly failing")]
#[case::mended(Some(Outcome::Fail), Some(Outcome::Pass), "newly passing")]
#[case::claimed_at_last(Some(Outcome::Unsupported), Some(Outcome::Pass), "newly passing")]
#[case::planned_no_more(Some(Outcome::Planned), Some(Outcome::Pass), "newly passing")]
#[case::removed(Some(Outcome::Pass), None, "gone")]
#[case::not_looked_at(Some(Outcome::Pass), Some(Outcome::Unselected), "gone")]
#[case::looked_at_in_part(Some(Outcome::Pass), Some(Outcome::Partial), "gone")]
#[case::not_reached(Some(Outcome::Pass), Some(Outcome::Skipped), "gone")]
#[case::added(None, Some(Outcome::Pass), "new")]
#[case::added_and_failing(None, Some(Outcome::Fail), "newly failing")]
fn a_change_has_a_name(#[case] before: Option<Outcome>, #[case] after: Option<Outcome>, #[case] name: &str) {
    let with = |outcome: Option<Outcome>| {
        report(&outcome.map(|outcome| ("ACK-01", outcome)).into_iter().collect::<Vec<_>>(), &[])
    };

    let difference = Difference::between(&with(before), &with(after));

    let expected = |kind: &str| if kind == name { vec!["ACK-01".to_owned()] } else { Vec::new() };
    assert_eq!(difference.newly_failing, expected("newly failing"));
    assert_eq!(difference.newly_passing, expected("newly passing"));
    assert_eq!(difference.gone, expected("gone"));
    assert_eq!(difference.new, expected("new"));
    assert_eq!(difference.is_regression(), name == "newly failing");
}

#[test]
fn runs_that_are_hard_to_compare_say_so() {
    let before = report(&[], &[]);
    let mut after = before.clone();
    after.suite.digest = "sha256:1".into();
    after.target.name = "other".into();

    let difference = Difference::between(&before, &after);

    assert_eq!(difference.remarks.len(), 2, "{difference}");
}
