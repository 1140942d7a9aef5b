//! The report as JUnit XML, for machines that show test results: a suite per feature, a case per scenario.

use std::fmt::Write as _;

use super::html::escaped;
use super::{Outcome, Report, ScenarioResult};

/// The whole document.
pub(super) fn render(report: &Report) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&ScenarioResult> = report.scenarios.iter().collect();
    let _ = writeln!(xml, "<testsuites{}>", counts(&all));
    for scenarios in all.chunk_by(|one, next| one.scenario.file == next.scenario.file) {
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\"{}>",
            escaped(&scenarios[0].scenario.file),
            counts(scenarios)
        );
        for scenario in scenarios {
            case(&mut xml, scenario);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml + "</testsuites>\n"
}

fn counts(scenarios: &[&ScenarioResult]) -> String {
    let failures = scenarios.iter().filter(|scenario| counts_as_failure(scenario)).count();
    let skipped =
        scenarios.iter().filter(|scenario| !counts_as_failure(scenario) && scenario.outcome != Outcome::Pass);
    let time = seconds(scenarios.iter().map(|scenario| scenario.took_ms).sum());
    format!(
        " tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{}\" time=\"{time}\"",
        scenarios.len(),
        skipped.count()
    )
}

fn case(xml: &mut String, result: &ScenarioResult) {
    let (file, name) = (escaped(&result.scenario.file), escaped(&result.scenario.name));
    let class = escaped(&result.scenario.feature);
    let _ = write!(
        xml,
        "    <testcase classname=\"{class}\" name=\"{name}\" file=\"features/{file}\" line=\"{}\" time=\"{}\"",
        result.scenario.line,
        seconds(result.took_ms)
    );
    let reason = result.deviation.as_ref().or(result.reason.as_ref()).map(String::as_str).unwrap_or_default();
    if result.outcome == Outcome::Pass {
        xml.push_str("/>\n");
    } else if counts_as_failure(result) {
        let first = escaped(reason.lines().next().unwrap_or_default());
        let seen = result.seen.as_ref().map_or_else(String::new, |seen| {
            let exit = seen.exit.as_deref().unwrap_or("still running");
            format!("\n\nthe target's last lines ({exit}):\n{}", seen.output)
        });
        let _ = writeln!(
            xml,
            ">\n      <failure message=\"{first}\">{}</failure>",
            escaped(&format!("{reason}{seen}"))
        );
        xml.push_str("    </testcase>\n");
    } else {
        let message = escaped(&format!("{}: {reason}", result.outcome.words()));
        let _ = writeln!(xml, ">\n      <skipped message=\"{message}\"/>\n    </testcase>");
    }
}

/// What is known or not claimed is no failure to a machine.
fn counts_as_failure(scenario: &ScenarioResult) -> bool {
    scenario.outcome == Outcome::Fail && scenario.deviation.is_none()
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}
