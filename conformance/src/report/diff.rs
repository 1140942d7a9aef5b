//! What changed between two reports.

use std::fmt;

use super::{Outcome, Report};

/// What changed. Promises are named by their ids, scenarios by theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Failed now, and did not before, or was not there.
    pub newly_failing: Vec<String>,
    /// Passed now, and failed, was unsupported, or did not run before.
    pub newly_passing: Vec<String>,
    /// Was judged before and is not now.
    pub gone: Vec<String>,
    /// Is judged now, and was not known before.
    pub new: Vec<String>,
    /// What makes the two hard to compare.
    pub remarks: Vec<String>,
}

impl Difference {
    /// Compares a report with an earlier one.
    pub fn between(before: &Report, after: &Report) -> Self {
        let mut difference = Self::default();
        if before.suite.digest != after.suite.digest {
            difference.remarks.push("the two runs asked different things: their suites differ".into());
        }
        if before.target.name != after.target.name {
            difference.remarks.push(format!(
                "the two runs judged different targets: {} and {}",
                before.target.name, after.target.name
            ));
        }
        difference.compare(&promises(before), &promises(after));
        difference.compare(&scenarios(before), &scenarios(after));
        difference
    }

    /// Whether something that held does not hold any more, or something new does not hold.
    pub fn is_regression(&self) -> bool {
        !self.newly_failing.is_empty()
    }

    fn compare(&mut self, before: &[(String, Outcome)], after: &[(String, Outcome)]) {
        let find = |list: &[(String, Outcome)], id: &str| {
            list.iter().find(|(known, _)| known == id).map(|(_, outcome)| *outcome)
        };
        for (id, now) in after {
            let then = find(before, id);
            // What held and is not there any more fails, whatever the target claims now.
            let has_failed =
                *now == Outcome::Fail || (*now == Outcome::Unsupported && then == Some(Outcome::Pass));
            match then {
                Some(then) if then != Outcome::Fail && has_failed => self.newly_failing.push(id.clone()),
                None if has_failed => self.newly_failing.push(id.clone()),
                None if is_judged(*now) => self.new.push(id.clone()),
                Some(then) if then != Outcome::Pass && *now == Outcome::Pass => {
                    self.newly_passing.push(id.clone());
                }
                Some(then) if is_judged(then) && !is_judged(*now) => self.gone.push(id.clone()),
                _ => {}
            }
        }
        let missing = before.iter().filter(|(id, then)| is_judged(*then) && find(after, id).is_none());
        self.gone.extend(missing.map(|(id, _)| id.clone()));
    }
}

fn is_judged(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Pass | Outcome::Fail | Outcome::Unsupported)
}

fn promises(report: &Report) -> Vec<(String, Outcome)> {
    report.requirements.iter().map(|row| (row.id.clone(), row.outcome)).collect()
}

fn scenarios(report: &Report) -> Vec<(String, Outcome)> {
    report.scenarios.iter().map(|result| (result.scenario.id.clone(), result.outcome)).collect()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for remark in &self.remarks {
            writeln!(f, "{remark}")?;
        }
        let kinds = [
            ("newly failing", &self.newly_failing),
            ("newly passing", &self.newly_passing),
            ("gone", &self.gone),
            ("new", &self.new),
        ];
        for (kind, ids) in kinds {
            writeln!(f, "{kind}: {}", ids.len())?;
            for id in ids {
                writeln!(f, "  {id}")?;
            }
        }
        Ok(())
    }
}
