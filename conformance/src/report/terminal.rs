//! The report at the end of a run: a line per promise, and what the whole comes to.

use std::fmt::Write as _;

use super::{Outcome, Report};

/// A statement is cut after so many characters.
const STATEMENT: usize = 72;

/// The summary.
pub fn summary(report: &Report) -> String {
    let mut text = String::from("\n");
    for row in &report.requirements {
        let scenarios = if row.judged > 0 { format!("{}/{}", row.passed, row.judged) } else { "-".into() };
        let evidence = row.evidence.map_or_else(|| "-".into(), |evidence| evidence.to_string());
        let statement: String = row.statement.chars().take(STATEMENT).collect();
        let rest = if statement.len() < row.statement.len() { "..." } else { "" };
        let (id, outcome) = (&row.id, row.outcome.words());
        let _ = writeln!(text, "{id:7} {outcome:13} {evidence:7} {scenarios:>7}  {statement}{rest}");
        if let Some(reason) = row.reason.as_ref().filter(|_| row.outcome < Outcome::Pass) {
            let _ = writeln!(text, "{:38}{reason}", "");
        }
    }
    let of = |outcome| report.requirements.iter().filter(|row| row.outcome == outcome).count();
    let counts =
        Outcome::ALL.into_iter().map(|outcome| (outcome, of(outcome))).filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts.map(|(outcome, count)| format!("{count} {}", outcome.words())).collect();
    text.push('\n');
    for remark in &report.remarks {
        let _ = writeln!(text, "{remark}");
    }
    let scenarios = |outcome| report.scenarios.iter().filter(|scenario| scenario.outcome == outcome).count();
    let left_out = scenarios(Outcome::Unselected);
    let _ = writeln!(text, "requirements: {}", counts.join(", "));
    let _ = writeln!(
        text,
        "{} of {} scenarios passed; {left_out} not selected",
        scenarios(Outcome::Pass),
        report.scenarios.len() - left_out
    );
    let _ = writeln!(
        text,
        "{} of {} at level {}{}: {}",
        report.target.version.as_deref().unwrap_or("a target without version"),
        report.target.name,
        report.level,
        report.filters.iter().fold(String::new(), |only, filter| only + ", only " + filter),
        report.verdict.name()
    );
    text
}
