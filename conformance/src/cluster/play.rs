//! The scenarios of a run, one after the other: the chart is there once.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use cucumber::event::ScenarioFinished;
use cucumber::gherkin::Feature;
use cucumber::{World as _, cli, runner};
use futures_util::FutureExt as _;

use super::World;
use super::diagnosis::noted;
use crate::report::{Collector, Notes, Place, Planned};
use crate::suite::{Parsed, place};

/// Runs what is planned.
pub(crate) async fn play(
    features: Vec<Feature>,
    collector: Collector,
    planned: BTreeMap<Place, Planned>,
    notes: Notes,
    fail_fast: bool,
) {
    let runner = runner::basic::Cli { fail_fast, ..Default::default() };
    let ids: BTreeMap<Place, String> =
        planned.iter().map(|(place, planned)| (place.clone(), planned.id.clone())).collect();
    World::cucumber::<&str>()
        .with_parser(Parsed(features))
        .with_writer(collector)
        .with_cli(cli::Opts::<_, _, _, cli::Empty> { runner, ..Default::default() })
        .max_concurrent_scenarios(1)
        .after(move |feature, _, scenario, end, world| {
            let notes = Arc::clone(&notes);
            let steps_passed = matches!(end, ScenarioFinished::StepPassed);
            let place = place(feature, scenario.position.line);
            let id = ids.get(&place).cloned().unwrap_or_default();
            async move {
                let Some(world) = world else { return };
                let note = noted(world, &id, steps_passed).await;
                notes.lock().unwrap_or_else(PoisonError::into_inner).insert(place, note);
            }
            .boxed_local()
        })
        .filter_run((), move |feature, _, scenario| {
            planned.contains_key(&place(feature, scenario.position.line))
        })
        .await;
}
