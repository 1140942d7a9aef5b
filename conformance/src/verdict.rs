//! From what ran to what holds: scenario by scenario, promise by promise, and the whole.

use std::collections::BTreeMap;

use crate::catalogue::{Catalogue, Entry};
use crate::deviations::Deviations;
use crate::report::{Outcome, Ran, RequirementResult, ScenarioResult, Verdict, millis};
use crate::requirements::{Evidence, Level, Requirement, Requirements};
use crate::selection::{Choice, Selection};

/// Why a scenario that was selected has no result.
pub const NOT_REACHED: &str = "the run ended before it";

/// All that a verdict depends on beside what ran.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The promises.
    pub requirements: &'a Requirements,
    /// The scenarios.
    pub catalogue: &'a Catalogue,
    /// What was asked for.
    pub selection: &'a Selection,
    /// What is known to fail.
    pub deviations: &'a Deviations,
    /// How the target proves things.
    pub evidence: Evidence,
}

/// What holds.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// Scenario by scenario.
    pub scenarios: Vec<ScenarioResult>,
    /// Promise by promise.
    pub requirements: Vec<RequirementResult>,
    /// The whole.
    pub verdict: Verdict,
    /// What failed the run beside scenarios, and what else is worth saying.
    pub remarks: Vec<String>,
}

impl Case<'_> {
    /// Judges what ran.
    pub fn judge(&self, ran: Vec<Ran>) -> Judgement {
        let mut ran: BTreeMap<String, Ran> = ran.into_iter().map(|ran| (ran.id.clone(), ran)).collect();
        let scenarios: Vec<ScenarioResult> = self
            .catalogue
            .entries()
            .iter()
            .map(|entry| self.scenario(entry, ran.remove(&entry.scenario.id)))
            .collect();
        let requirements: Vec<RequirementResult> =
            self.requirements.rows().iter().map(|row| self.requirement(row, &scenarios)).collect();
        let mut faults = self.faults(&scenarios, &requirements);
        let has_failed = scenarios
            .iter()
            .any(|scenario| scenario.outcome == Outcome::Fail && scenario.deviation.is_none());
        // A promise of which nothing could be shown was not judged, whatever the target is.
        let is_unjudged = |row: &RequirementResult| {
            let is_unclaimed = row.level == Level::Extended && !self.selection.claims.contains(&row.id);
            row.outcome == Outcome::Unsupported && !is_unclaimed
        };
        let is_partial = scenarios.iter().any(|scenario| scenario.outcome == Outcome::Skipped)
            || requirements.iter().any(is_unjudged);
        let verdict = match (has_failed || !faults.is_empty(), is_partial) {
            (true, _) => Verdict::Fail,
            (false, true) => Verdict::Partial,
            (false, false) => Verdict::Pass,
        };
        faults.extend(self.hints(&requirements));
        Judgement { scenarios, requirements, verdict, remarks: faults }
    }

    fn scenario(&self, entry: &Entry, ran: Option<Ran>) -> ScenarioResult {
        let choice = self.selection.choose(entry, self.requirements);
        let deviation = self.deviations.reason(&entry.scenario.id).map(str::to_owned);
        let mut result = ScenarioResult {
            scenario: entry.scenario.clone(),
            outcome: Outcome::Skipped,
            evidence: None,
            reason: Some(NOT_REACHED.into()),
            deviation: None,
            took_ms: 0,
            steps: Vec::new(),
            calls: Vec::new(),
            seen: None,
        };
        match (choice, ran) {
            (Choice::Leave(reason) | Choice::Filter(reason), _) => {
                result.outcome = Outcome::Unselected;
                result.reason = Some(reason);
            }
            (_, None) => {}
            (choice, Some(ran)) => {
                result.outcome = match (&ran.failure, choice) {
                    (None, _) => Outcome::Pass,
                    (Some(_), Choice::Probe) => Outcome::Unsupported,
                    (Some(_), _) if ran.is_impossible => Outcome::Unsupported,
                    (Some(_), _) => Outcome::Fail,
                };
                result.deviation = deviation.filter(|_| result.outcome == Outcome::Fail);
                result.evidence = Some(self.evidence);
                result.reason = ran.failure;
                result.took_ms = millis(ran.took);
                result.steps = ran.steps;
                result.calls = ran.calls;
                result.seen = ran.seen;
            }
        }
        result
    }

    fn requirement(&self, row: &Requirement, scenarios: &[ScenarioResult]) -> RequirementResult {
        let own: Vec<&ScenarioResult> =
            scenarios.iter().filter(|result| result.scenario.requirements.contains(row.id())).collect();
        let with = |outcome| own.iter().filter(move |scenario| scenario.outcome == outcome);
        let passed = with(Outcome::Pass).count();
        let failed: Vec<_> = with(Outcome::Fail).collect();
        // A probe says nothing against a promise that it only touches; what is not possible on the target says nothing at all.
        let is_unclaimed = row.level == Level::Extended && !self.selection.claims.contains(row.id());
        let unsupported = if is_unclaimed { with(Outcome::Unsupported).count() } else { 0 };
        let impossible: Vec<_> =
            with(Outcome::Unsupported).filter(|scenario| self.was_to_pass(scenario)).collect();
        let skipped = with(Outcome::Skipped).count();
        let judged = passed + failed.len() + unsupported;
        let filtered =
            own.iter().filter(|result| matches!(self.choice(result), Some(Choice::Filter(_)))).count();
        let is_claimed = row.level == Level::Extended && !is_unclaimed;
        let needs_cluster = row.evidence == Evidence::Cluster && self.evidence == Evidence::Model;
        let (outcome, reason) = if needs_cluster {
            let shown =
                (judged > 0).then(|| format!("of its scenarios on the model {passed} of {judged} pass"));
            (Outcome::NeedsCluster, shown)
        } else if row.planned {
            (Outcome::Planned, Some("no scenario shows it yet".into()))
        } else if !failed.is_empty() {
            let known = failed.iter().filter_map(|scenario| scenario.deviation.clone()).collect::<Vec<_>>();
            let reason = (known.len() == failed.len()).then(|| format!("known: {}", known.join("; ")));
            (Outcome::Fail, reason)
        } else if skipped > 0 && is_claimed {
            (Outcome::Fail, Some(format!("it is claimed, and {skipped} of its scenarios did not run")))
        } else if skipped > 0 {
            (Outcome::Skipped, Some(format!("{skipped} of its scenarios did not run")))
        } else if unsupported > 0 {
            (Outcome::Unsupported, Some("it is not claimed, and it is not there".into()))
        } else if passed == 0 && !impossible.is_empty() {
            let why = impossible.iter().find_map(|scenario| scenario.reason.as_deref()).unwrap_or_default();
            if is_claimed {
                (Outcome::Fail, Some(format!("it is claimed, and nothing shows it: {why}")))
            } else {
                (Outcome::Unsupported, Some(why.to_owned()))
            }
        } else if passed > 0 && !impossible.is_empty() {
            let all = passed + impossible.len();
            let untried = impossible.len();
            (Outcome::Pass, Some(format!("{untried} of its {all} scenarios are not possible on this target")))
        } else if passed > 0 {
            (Outcome::Pass, is_unclaimed.then(|| "it is there, and it is not claimed".into()))
        } else {
            (Outcome::Unselected, own.iter().find_map(|scenario| scenario.reason.clone()))
        };
        // What was not looked at may not hold, so what was looked at stands for itself alone.
        let (outcome, reason) = if outcome == Outcome::Pass && filtered > 0 {
            let chosen = passed + with(Outcome::Unsupported).count();
            let chose = format!("the filters chose {chosen} of its {} scenarios", chosen + filtered);
            (Outcome::Partial, Some(reason.map_or(chose.clone(), |reason| format!("{chose}; {reason}"))))
        } else {
            (outcome, reason)
        };
        RequirementResult {
            id: row.id().to_owned(),
            statement: row.statement.clone(),
            source: self.requirements.source_of(row),
            level: row.level,
            outcome,
            evidence: is_shown(outcome).then_some(self.evidence),
            reason,
            passed,
            judged,
            took_ms: own.iter().map(|scenario| scenario.took_ms).sum(),
            scenarios: own.iter().map(|result| result.scenario.id.clone()).collect(),
        }
    }

    /// Whether a scenario's failure would have counted.
    fn was_to_pass(&self, result: &ScenarioResult) -> bool {
        self.choice(result) == Some(Choice::Run)
    }

    /// What was to become of a scenario.
    fn choice(&self, result: &ScenarioResult) -> Option<Choice> {
        let entry = self.catalogue.entries().iter().find(|entry| entry.scenario.id == result.scenario.id)?;
        Some(self.selection.choose(entry, self.requirements))
    }

    /// What fails a run although no scenario does.
    fn faults(&self, scenarios: &[ScenarioResult], requirements: &[RequirementResult]) -> Vec<String> {
        let mut faults = Vec::new();
        let judged = |scenario: &&ScenarioResult| {
            matches!(scenario.outcome, Outcome::Pass | Outcome::Fail | Outcome::Unsupported)
        };
        if !scenarios.iter().any(|scenario| judged(&scenario)) {
            faults.push("no scenario ran".into());
        }
        for ScenarioResult { scenario, .. } in
            scenarios.iter().filter(|result| result.outcome == Outcome::Pass)
        {
            if self.deviations.reason(&scenario.id).is_some() {
                faults.push(format!(
                    "{:?} is listed as known to fail, and it passed: take it from the list",
                    scenario.id
                ));
            }
        }
        let claimed = |row: &&RequirementResult| {
            row.level == Level::Extended && self.selection.claims.contains(&row.id)
        };
        for row in requirements.iter().filter(claimed) {
            let has_skipped = row.scenarios.iter().any(|id| {
                scenarios.iter().any(|result| &result.scenario.id == id && result.outcome == Outcome::Skipped)
            });
            if has_skipped {
                faults.push(format!("{} is claimed, and not all of its scenarios ran", row.id));
            }
        }
        faults
    }

    fn hints(&self, requirements: &[RequirementResult]) -> Vec<String> {
        let is_surprise = |row: &&RequirementResult| {
            row.level == Level::Extended
                && row.outcome == Outcome::Pass
                && !self.selection.claims.contains(&row.id)
        };
        let surprises = requirements.iter().filter(is_surprise);
        surprises
            .map(|row| format!("{} is there and not claimed: the target file may claim it", row.id))
            .collect()
    }
}

/// Whether scenarios of the run speak for an outcome.
fn is_shown(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Pass | Outcome::Partial | Outcome::Fail | Outcome::Unsupported)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::*;

    const ROWS: &str = "
sources: { page: The page }
requirements:
- { id: ACK-01, statement: s, source: { from: page }, level: core, evidence: model }
- { id: ACK-02, statement: s, source: { from: page }, level: core, evidence: cluster, planned: true }
- { id: ACK-03, statement: s, source: { from: page }, level: core, evidence: model, planned: true }
- { id: EXT-01, statement: s, source: { from: page }, level: extended, evidence: model }
- { id: EXT-02, statement: s, source: { from: page }, level: extended, evidence: model }
";
    const FEATURE: &str = "
Feature: F

  @ACK-01
  Scenario: core
    Given a thing

  @ACK-01 @EXT-01
  Scenario: claimed
    Given a thing

  @ACK-01 @EXT-02
  Scenario: unclaimed
    Given a thing
";

    /// Judges a run in which these scenarios passed and those failed; the rest did not run.
    fn judge(passed: &[&str], failed: &[&str], level: Level, known: &str) -> Judgement {
        let ran = [ran(passed, None), ran(failed, Some("it broke"))].concat();
        judge_ran(ran, level, known)
    }

    fn ran(names: &[&str], failure: Option<&str>) -> Vec<Ran> {
        let ran = |name: &&str| Ran {
            is_served: true,
            id: format!("f/{name}"),
            failure: failure.map(str::to_owned),
            is_impossible: false,
            took: Duration::from_millis(5),
            steps: Vec::new(),
            calls: Vec::new(),
            seen: None,
        };
        names.iter().map(ran).collect()
    }

    fn judge_ran(ran: Vec<Ran>, level: Level, known: &str) -> Judgement {
        judge_chosen(ran, level, None, known)
    }

    /// The same of a run with a filter.
    fn judge_chosen(ran: Vec<Ran>, level: Level, name: Option<&str>, known: &str) -> Judgement {
        let requirements = Requirements::parse(ROWS).unwrap();
        let catalogue = Catalogue::parse([("f".to_owned(), FEATURE.to_owned())], "").unwrap();
        let claims = ["EXT-01".to_owned()].into();
        let name = name.map(|name| name.parse().unwrap());
        let selection = Selection { level, evidence: Evidence::Model, claims, tags: None, name, input: None };
        let deviations = Deviations::parse("known.yaml", known, &catalogue).unwrap();
        Case {
            requirements: &requirements,
            catalogue: &catalogue,
            selection: &selection,
            deviations: &deviations,
            evidence: Evidence::Model,
        }
        .judge(ran)
    }

    fn outcome(judgement: &Judgement, id: &str) -> Outcome {
        judgement.requirements.iter().find(|row| row.id == id).unwrap().outcome
    }

    #[test]
    fn what_is_not_claimed_and_not_there_is_unsupported_and_fails_nothing() {
        let judgement = judge(&["core", "claimed"], &["unclaimed"], Level::Extended, "[]");

        assert_eq!(judgement.verdict, Verdict::Pass);
        assert_eq!(outcome(&judgement, "EXT-02"), Outcome::Unsupported);
        assert_eq!(outcome(&judgement, "ACK-01"), Outcome::Pass);
    }

    #[test]
    fn what_is_there_and_not_claimed_is_said() {
        let judgement = judge(&["core", "claimed", "unclaimed"], &[], Level::Extended, "[]");

        assert_eq!(judgement.verdict, Verdict::Pass);
        assert_eq!(judgement.remarks, ["EXT-02 is there and not claimed: the target file may claim it"]);
    }

    #[test]
    fn a_failure_fails_every_promise_that_the_scenario_shows() {
        let judgement = judge(&["core", "unclaimed"], &["claimed"], Level::Extended, "[]");

        assert_eq!(judgement.verdict, Verdict::Fail);
        assert_eq!(outcome(&judgement, "ACK-01"), Outcome::Fail);
        assert_eq!(outcome(&judgement, "EXT-01"), Outcome::Fail);
    }

    #[rstest]
    #[case::core(&["claimed", "unclaimed"], Verdict::Partial, "ACK-01", Outcome::Skipped)]
    #[case::claimed(&["core", "unclaimed"], Verdict::Fail, "EXT-01", Outcome::Fail)]
    fn what_was_selected_and_did_not_run_makes_the_report_partial_or_fails_a_claim(
        #[case] passed: &[&str],
        #[case] verdict: Verdict,
        #[case] id: &str,
        #[case] expected: Outcome,
    ) {
        let judgement = judge(passed, &[], Level::Extended, "[]");

        assert_eq!(judgement.verdict, verdict);
        assert_eq!(outcome(&judgement, id), expected);
    }

    #[test]
    fn what_was_not_asked_for_is_unselected_with_a_reason() {
        let judgement = judge(&["core"], &[], Level::Core, "[]");

        assert_eq!(judgement.verdict, Verdict::Pass);
        assert_eq!(outcome(&judgement, "EXT-01"), Outcome::Unselected);
        let row = judgement.requirements.iter().find(|row| row.id == "EXT-01").unwrap();
        assert!(row.reason.as_ref().unwrap().contains("--level core"), "{row:?}");
    }

    #[rstest]
    #[case::some_pass("core", None, Outcome::Partial, Some("the filters chose 1 of its 3 scenarios"))]
    #[case::some_fail("core", Some("it broke"), Outcome::Fail, None)]
    #[case::all_pass(".", None, Outcome::Pass, None)]
    fn a_promise_holds_in_part_when_a_filter_chose_a_part_of_its_scenarios(
        #[case] name: &str,
        #[case] failure: Option<&str>,
        #[case] expected: Outcome,
        #[case] reason: Option<&str>,
    ) {
        let chosen: &[&str] = if name == "." { &["core", "claimed", "unclaimed"] } else { &["core"] };

        let judgement = judge_chosen(ran(chosen, failure), Level::Extended, Some(name), "[]");

        let row = judgement.requirements.iter().find(|row| row.id == "ACK-01").unwrap();
        assert_eq!((row.outcome, row.reason.as_deref()), (expected, reason));
        assert!(row.evidence.is_some(), "{row:?}");
    }

    #[test]
    fn what_a_level_leaves_out_makes_no_promise_partial() {
        let judgement = judge(&["core"], &[], Level::Core, "[]");

        assert_eq!(outcome(&judgement, "ACK-01"), Outcome::Pass);
    }

    #[test]
    fn rows_of_the_cluster_and_planned_rows_are_neither_passed_nor_failed() {
        let judgement = judge(&["core", "claimed", "unclaimed"], &[], Level::Extended, "[]");

        assert_eq!(outcome(&judgement, "ACK-02"), Outcome::NeedsCluster);
        assert_eq!(outcome(&judgement, "ACK-03"), Outcome::Planned);
    }

    #[test]
    fn a_known_failure_is_forgiven_and_its_passing_is_not() {
        let known = "[{ scenario: f/core, reason: they do it otherwise }]";

        let failing = judge(&["claimed", "unclaimed"], &["core"], Level::Extended, known);
        let passing = judge(&["core", "claimed", "unclaimed"], &[], Level::Extended, known);

        assert_eq!(failing.verdict, Verdict::Pass);
        assert_eq!(outcome(&failing, "ACK-01"), Outcome::Fail);
        assert_eq!(failing.scenarios[0].deviation.as_deref(), Some("they do it otherwise"));
        assert_eq!(passing.verdict, Verdict::Fail);
        assert!(passing.remarks[0].contains("take it from the list"), "{:?}", passing.remarks);
    }

    #[test]
    fn what_is_not_possible_on_the_target_is_unsupported_and_makes_the_report_partial() {
        let mut all = ran(&["core", "claimed", "unclaimed"], None);
        for ran in &mut all {
            (ran.failure, ran.is_impossible) = (Some("no".into()), true);
        }
        let mut some = ran(&["core", "claimed", "unclaimed"], None);
        (some[0].failure, some[0].is_impossible) = (Some("no".into()), true);

        let [all, some] = [all, some].map(|ran| judge_ran(ran, Level::Core, "[]"));

        assert_eq!((all.verdict, outcome(&all, "ACK-01")), (Verdict::Partial, Outcome::Unsupported));
        assert_eq!(some.scenarios[0].outcome, Outcome::Unsupported);
        assert_eq!(some.verdict, Verdict::Partial);
    }

    #[test]
    fn a_claim_that_nothing_can_show_on_the_target_fails() {
        let mut some = ran(&["core", "claimed", "unclaimed"], None);
        (some[1].failure, some[1].is_impossible) = (Some("it runs already".into()), true);

        let judgement = judge_ran(some, Level::Extended, "[]");

        let row = judgement.requirements.iter().find(|row| row.id == "EXT-01").unwrap();
        assert_eq!(row.outcome, Outcome::Fail);
        assert!(row.reason.as_ref().unwrap().contains("it runs already"), "{row:?}");
        let touched = judgement.requirements.iter().find(|row| row.id == "ACK-01").unwrap();
        assert!(touched.reason.as_ref().unwrap().contains("1 of its 3 scenarios"), "{touched:?}");
    }

    #[test]
    fn a_run_of_nothing_fails() {
        let judgement = judge(&[], &[], Level::Core, "[]");

        assert_eq!(judgement.verdict, Verdict::Fail);
        assert_eq!(judgement.remarks[0], "no scenario ran");
    }
}
