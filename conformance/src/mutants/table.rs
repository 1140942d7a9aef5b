//! What the hunt comes to, for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::hunt::{Catch, Verdict};
use super::roster::Mutant;
use crate::catalogue::Catalogue;

/// A line for each mutant and requirement. A survivor is told with what it does and how many scenarios it passed.
pub(super) fn of(
    mutants: &[&Mutant],
    catches: &[Catch],
    verdicts: &[Verdict],
    catalogue: &Catalogue,
) -> String {
    let width = mutants.iter().map(|mutant| mutant.name.len()).max().unwrap_or_default();
    let mut text = format!("{:width$}  {:7}  {:>7}  caught by\n", "mutant", "breaks", "time");
    for ((mutant, catch), Verdict(verdict)) in mutants.iter().zip(catches).zip(verdicts) {
        let seconds = catch.took.as_secs_f64();
        for (id, by) in verdict {
            let caught_by = match by {
                Some(scenario) => place(catalogue, scenario),
                None => survived(mutant, catch, id, catalogue),
            };
            let _ = writeln!(text, "{:width$}  {id:7}  {seconds:5.1} s  {caught_by}", mutant.name);
        }
    }
    text
}

fn place(catalogue: &Catalogue, id: &str) -> String {
    let scenario = catalogue.scenarios().find(|scenario| scenario.id == id);
    scenario
        .map_or_else(String::new, |scenario| format!("{}:{} {}", scenario.file, scenario.line, scenario.name))
}

fn survived(mutant: &Mutant, catch: &Catch, id: &str, catalogue: &Catalogue) -> String {
    let own = |scenario: &&crate::catalogue::Scenario| scenario.requirements.contains(id);
    let ran = catalogue.scenarios().filter(own).filter(|own| catch.ran.contains(&own.id)).count();
    let odd: Vec<_> = catch.failures.iter().map(|failure| failure.scenario.as_str()).collect();
    let odd = if odd.is_empty() {
        String::new()
    } else {
        format!("; what failed did so without serving, or does without the mutant, too: {}", odd.join(", "))
    };
    format!("NOTHING of {ran} scenarios{odd}. {}", mutant.about)
}

/// The scenarios that no mutant failed, and of them those that no mutant was tried on.
pub(super) fn unfailed(mutants: &[&Mutant], catches: &[Catch], catalogue: &Catalogue) -> String {
    let failed: BTreeSet<_> =
        catches.iter().flat_map(|catch| &catch.failures).map(|failure| &failure.scenario).collect();
    let tried: BTreeSet<_> = catches.iter().flat_map(|catch| &catch.ran).collect();
    let unfailed: Vec<_> = catalogue.scenarios().filter(|scenario| !failed.contains(&scenario.id)).collect();
    let total = catalogue.scenarios().len();
    let mut text =
        format!("\n{} of {total} scenarios fail with none of {} mutants:\n", unfailed.len(), mutants.len());
    for scenario in unfailed {
        let mark = if tried.contains(&scenario.id) { "" } else { "  (not tried)" };
        let _ = writeln!(text, "  {}:{} {}{mark}", scenario.file, scenario.line, scenario.name);
    }
    text
}

/// The last line.
pub(super) fn total(mutants: usize, survivors: usize, took: Duration, budget: Option<u64>) -> String {
    let budget = budget.map_or_else(String::new, |budget| format!(", of {budget} s that it may take"));
    format!("\n{} of {mutants} mutants caught in {:.0} s{budget}\n", mutants - survivors, took.as_secs_f64())
}
