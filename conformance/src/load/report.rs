//! What a reader gets: a table of all that was measured, a table of goals, ratios, and the same as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::drive::Failures;
use super::figures::{Ceilings, Figure, Figures, Goal, Judged, medians, number};
use super::preset::Plan;
use super::stage::Run;
use super::workload::Workload;

/// A row, judged.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) workload: Workload,
    pub(super) runs: Vec<Run>,
    pub(super) medians: Figures,
    pub(super) ceilings: Ceilings,
    pub(super) failures: Failures,
    pub(super) goals: Vec<Judged>,
}

impl Row {
    /// Takes the medians and judges them.
    pub(super) fn new(plan: &Plan, runs: Vec<Run>, ceilings: &[Ceilings]) -> Self {
        let of_runs = runs.iter().map(|run| run.figures.clone()).collect::<Vec<_>>();
        let figures = medians(&of_runs);
        let of_ceilings =
            |of: fn(&Ceilings) -> &Figures| medians(&ceilings.iter().map(of).cloned().collect::<Vec<_>>());
        let ceilings =
            Ceilings { generator: of_ceilings(|one| &one.generator), fake: of_ceilings(|one| &one.fake) };
        let mut failures = Failures::default();
        for run in &runs {
            failures.merge(run.failures.clone());
        }
        let judge = |goal: &Goal| goal.judge(&figures, &ceilings, failures.count);
        let goals = plan.goals.iter().map(judge).collect();
        Self { workload: plan.workload.clone(), runs, medians: figures, ceilings, failures, goals }
    }

    /// Whether nothing failed and nothing was missed.
    pub(super) fn is_good(&self) -> bool {
        self.failures.count == 0 && self.goals.iter().all(|goal| goal.met)
    }
}

/// The columns of what was measured. Calls are those of a mount.
const COLUMNS: &[(&str, Figure)] = &[
    ("mounts", Figure::Mounts),
    ("p50 ms", Figure::P50),
    ("p99 ms", Figure::P99),
    ("mounts/s", Figure::MountRate),
    ("secrets/s", Figure::SecretRate),
    ("KMS", Figure::KmsCalls),
    ("STS", Figure::StsCalls),
    ("metadata", Figure::MetadataCalls),
    ("K8s", Figure::KubernetesCalls),
    ("throttled", Figure::Throttled),
    ("idle MiB", Figure::MemoryIdle),
    ("after", Figure::MemoryAfter),
    ("peak", Figure::MemoryPeak),
    ("files", Figure::Files),
    ("CPU ms", Figure::Processor),
];

/// All that was measured, one line a row, the ceilings below theirs.
pub(super) fn measured(rows: &[Row]) -> String {
    let head = ["load", "runs"].into_iter().chain(COLUMNS.iter().map(|(name, _)| *name)).chain(["failed"]);
    let mut lines = vec![head.map(str::to_owned).collect::<Vec<_>>()];
    for row in rows {
        lines.push(line(
            &row.workload.name,
            &row.runs.len().to_string(),
            &row.medians,
            &row.failures.count.to_string(),
        ));
        for (name, figures) in
            [("  generator alone", &row.ceilings.generator), ("  fake alone", &row.ceilings.fake)]
        {
            if !figures.is_empty() {
                lines.push(line(name, "", figures, ""));
            }
        }
    }
    let mut text = table(&lines);
    for row in rows {
        for failure in &row.failures.texts {
            let _ = writeln!(text, "{}: {failure}", row.workload.name);
        }
    }
    text
}

fn line(name: &str, runs: &str, figures: &Figures, failed: &str) -> Vec<String> {
    let mounts = figures.get(&Figure::Mounts).copied().filter(|mounts| *mounts > 0.0);
    let cell = |figure: Figure| {
        let value = figures.get(&figure).copied();
        let value =
            if figure.is_calls() { value.zip(mounts).map(|(calls, mounts)| calls / mounts) } else { value };
        value.map(number).unwrap_or_default()
    };
    let cells = COLUMNS.iter().map(|(_, figure)| cell(*figure));
    [name.to_owned(), runs.to_owned()].into_iter().chain(cells).chain([failed.to_owned()]).collect()
}

/// The goals, each beside what was reached. Empty if there are none.
pub(super) fn goals(rows: &[Row]) -> String {
    let head = ["goal", "figure", "reached", "limit", "", "note"].map(str::to_owned).into();
    let goals = rows.iter().flat_map(|row| row.goals.iter().map(move |goal| (row, goal)));
    let line = |(row, goal): (&Row, &Judged)| {
        vec![
            row.workload.name.clone(),
            goal.goal.figure.label().to_owned(),
            goal.reached.map_or_else(|| "-".to_owned(), number),
            goal.goal.text(),
            if goal.met { "met" } else { "MISSED" }.to_owned(),
            goal.note.clone(),
        ]
    };
    let lines: Vec<_> = [head].into_iter().chain(goals.map(line)).collect();
    if lines.len() == 1 { String::new() } else { table(&lines) }
}

/// Two targets side by side: each figure that both have, and how many times as large that of the second is.
pub(super) fn ratios(one: &[Row], other: &[Row]) -> String {
    let head = ["load", "figure", "A", "B", "B/A"].map(str::to_owned).into();
    let mut lines = vec![head];
    for (one, other) in one.iter().zip(other) {
        for (figure, value) in &one.medians {
            let Some(second) = other.medians.get(figure) else { continue };
            let ratio = if *value == 0.0 { "-".to_owned() } else { number(second / value) };
            let name = one.workload.name.clone();
            lines.push(vec![name, figure.label().to_owned(), number(*value), number(*second), ratio]);
        }
    }
    table(&lines)
}

/// Columns as wide as their widest cell; numbers are to the right, as is all that begins with a digit.
fn table(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let is_number = |column: usize| {
        let mut cells =
            lines.iter().skip(1).filter_map(|line| line.get(column)).filter(|cell| !cell.is_empty());
        cells.all(|cell| cell.starts_with(|first: char| first.is_ascii_digit() || first == '-'))
    };
    let right: Vec<_> = (0..columns).map(is_number).collect();
    lines.iter().fold(String::new(), |mut text, line| {
        let cells = line.iter().zip(&widths).zip(&right).map(|((cell, width), right)| {
            if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
        text
    })
}

#[cfg(test)]
mod tests {
    use super::super::preset::How;
    use super::*;

    fn row(name: &str, p50: f64, failures: &[&str]) -> Row {
        let workload = Workload { name: name.to_owned(), ..Workload::default() };
        let plan = Plan { workload, how: How::Plain, goals: vec![Goal::new(Figure::P50, 24.0)] };
        let figures = Figures::from([(Figure::P50, p50), (Figure::Mounts, 10.0), (Figure::KmsCalls, 50.0)]);
        let mut run = Run { figures, ..Run::default() };
        for text in failures {
            run.failures.add((*text).to_owned());
        }
        Row::new(&plan, vec![run], &[])
    }

    #[test]
    fn calls_are_those_of_a_mount() {
        let text = measured(&[row("a", 22.0, &[])]);
        let cells: Vec<_> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(cells, ["a", "1", "10", "22", "5", "0"]);
    }

    #[test]
    fn each_goal_has_a_mark_and_failures_have_their_texts() {
        let rows = [row("good", 22.0, &[]), row("slow", 25.0, &[]), row("broken", 1.0, &["no such secret"])];
        let text = goals(&rows);
        let marks: Vec<_> = text.lines().skip(1).map(|line| line.contains("MISSED")).collect();
        assert_eq!(marks, [false, true, true], "{text}");
        assert!(measured(&rows).contains("broken: no such secret"));
        assert_eq!(rows.map(|row| row.is_good()), [true, false, false]);
    }

    #[test]
    fn ratios_are_of_the_second_to_the_first() {
        let text = ratios(&[row("a", 10.0, &[])], &[row("a", 25.0, &[])]);
        assert!(
            text.lines().any(|line| line.split_whitespace().eq(["a", "p50", "ms", "10", "25", "2.50"])),
            "{text}"
        );
    }

    #[test]
    fn columns_stand_below_each_other() {
        let cell = |text: &str| text.to_owned();
        let text = table(&[vec![cell("n"), cell("value")], vec![cell("long"), cell("7")]]);
        assert_eq!(text, "n     value\nlong      7\n");
    }
}
