//! Listening to the runner: what each scenario did, step by step, with what was seen of its target and its clouds. Tells the
//! terminal as it goes. Nothing leaves it before the scenario's own secrets are taken out.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use cucumber::event::{Cucumber, Event, Feature, Hook, Rule, Scenario, Step, StepError};
use cucumber::writer::Normalized;
use cucumber::{Writer, cli, gherkin, parser};
use fake_alicloud::JournalEntry;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Outcome, StepResult};
use crate::leak::LeakSearch;

/// More of a complaint or an output is left out in its middle.
const MAX_TEXT: usize = 8 * 1024;

/// A feature's file and a line in it: what the runner and the suite both know of a scenario.
pub type Place = (String, usize);

/// A scenario that is to be run.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Called when it fails; more than a plain failure if that is foreseen.
    pub failure: &'static str,
}

/// What is noted about a scenario at its end, while its world is still there.
#[derive(Debug, Default)]
pub struct Note {
    /// Why it is not possible on this target, if its steps failed for that reason.
    pub impossible: Option<String>,
    /// What is wrong beside its steps.
    pub complaints: Vec<String>,
    /// Its secrets.
    pub search: LeakSearch,
    /// What its clouds were asked.
    pub calls: Vec<JournalEntry>,
    /// Whether its target came up and did not end by itself.
    pub is_served: bool,
    /// What was seen of its target, if something is wrong.
    pub seen: Option<Seen>,
}

/// What was seen of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seen {
    /// How it had ended, if it had.
    pub exit: Option<String>,
    /// The last lines that it wrote.
    pub output: String,
}

/// The notes of scenarios that are over and not yet told.
pub type Notes = Arc<Mutex<BTreeMap<Place, Note>>>;

/// What a scenario did.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Its id.
    pub id: String,
    /// Why it failed, if it did.
    pub failure: Option<String>,
    /// Whether that is because the target is of a kind, or has a file, with which it is not possible.
    pub is_impossible: bool,
    /// How long it took.
    pub took: Duration,
    /// Its steps.
    pub steps: Vec<StepResult>,
    /// The calls to its clouds.
    pub calls: Vec<Call>,
    /// What was seen of its target, if it failed.
    pub seen: Option<Seen>,
    /// Whether its target came up and did not end by itself: if not, a failure says nothing about its steps.
    pub is_served: bool,
}

/// The runner's listener.
#[derive(Debug)]
pub struct Collector {
    planned: BTreeMap<Place, Planned>,
    notes: Notes,
    running: BTreeMap<Place, Running>,
    record: Record,
    is_quiet: bool,
}

/// What a listener has heard; it stays when the run is interrupted.
#[derive(Debug, Clone, Default)]
pub struct Record(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    ran: Vec<Ran>,
    secrets: LeakSearch,
    /// Everything that was told, to be searched when all secrets are known.
    told: String,
}

impl Record {
    /// What ran, the secrets of it all, and what was told.
    pub fn take(&self) -> (Vec<Ran>, LeakSearch, String) {
        let Heard { ran, secrets, told } = std::mem::take(&mut *locked(&self.0));
        (ran, secrets, told)
    }
}

#[derive(Debug)]
struct Running {
    started: SystemTime,
    step_started: SystemTime,
    /// How many steps have begun.
    begun: usize,
    steps: Vec<StepResult>,
    failure: Option<String>,
}

impl Collector {
    /// A listener for these scenarios.
    pub fn new(planned: BTreeMap<Place, Planned>, notes: Notes) -> Self {
        Self { planned, notes, running: BTreeMap::new(), record: Record::default(), is_quiet: false }
    }

    /// The same, and the terminal is told nothing.
    #[must_use]
    pub fn quiet(self) -> Self {
        Self { is_quiet: true, ..self }
    }

    /// What it hears, to be taken when the run is over.
    pub fn record(&self) -> Record {
        self.record.clone()
    }

    fn handle<W>(
        &mut self,
        feature: &gherkin::Feature,
        rule: Option<&gherkin::Rule>,
        scenario: &gherkin::Scenario,
        event: Scenario<W>,
        at: SystemTime,
    ) {
        let file = feature.path.as_deref().and_then(|path| path.to_str()).unwrap_or_default();
        let place = (file.to_owned(), scenario.position.line);
        match event {
            Scenario::Started => {
                let backgrounds =
                    [feature.background.as_ref(), rule.and_then(|rule| rule.background.as_ref())];
                let steps = backgrounds.into_iter().flatten().flat_map(|background| &background.steps);
                let steps = steps.chain(&scenario.steps).map(unreached).collect();
                let running = Running { started: at, step_started: at, begun: 0, steps, failure: None };
                self.running.insert(place, running);
            }
            Scenario::Hook(_, Hook::Failed(_, info)) => {
                self.of(&place, |running| running.fail(&said(&*info)));
            }
            Scenario::Background(_, event) | Scenario::Step(_, event) => {
                self.of(&place, |running| running.step(&event, at));
            }
            Scenario::Hook(..) | Scenario::Log(_) => {}
            Scenario::Finished => self.finish(&place, at),
        }
    }

    fn of(&mut self, place: &Place, change: impl FnOnce(&mut Running)) {
        if let Some(running) = self.running.get_mut(place) {
            change(running);
        }
    }

    fn finish(&mut self, place: &Place, at: SystemTime) {
        let Some(mut running) = self.running.remove(place) else { return };
        let Some(planned) = self.planned.get(place) else { return };
        let note = locked(&self.notes).remove(place).unwrap_or_default();
        let impossible = note.impossible.filter(|_| note.complaints.is_empty() && running.failure.is_some());
        let is_impossible = impossible.is_some();
        running.failure = impossible.or(running.failure);
        note.complaints.iter().for_each(|complaint| running.fail(complaint));
        let clean = |text: &str| shortened(&note.search.redact(text));
        let failure = running.failure.as_deref().map(clean);
        let seen = note.seen.filter(|_| failure.is_some());
        let seen = seen.map(|seen| Seen { output: clean(&seen.output), ..seen });
        let calls = note.calls.iter().map(|entry| call(entry, &running, at)).collect();
        let took = since(running.started, at);
        let is_served = note.is_served;
        let ran = Ran {
            id: planned.id.clone(),
            failure,
            is_impossible,
            took,
            steps: running.steps,
            calls,
            seen,
            is_served,
        };
        let mut heard = locked(&self.record.0);
        heard.secrets.merge(&note.search);
        let text = self.line(heard.ran.len() + 1, place, planned, &ran);
        heard.ran.push(ran);
        if self.is_quiet {
            return;
        }
        // Nobody may be listening any more; the report is written all the same.
        let _ = io::stdout().lock().write_all(text.as_bytes());
        heard.told.push_str(&text);
    }

    fn line(&self, count: usize, (file, line): &Place, planned: &Planned, ran: &Ran) -> String {
        let total = self.planned.len();
        let outcome = match &ran.failure {
            None => Outcome::Pass.name(),
            Some(_) if ran.is_impossible => Outcome::Unsupported.name(),
            Some(_) => planned.failure,
        };
        let width = total.to_string().len();
        let seconds = ran.took.as_secs_f64();
        let mut text = format!(
            "[{count:width$}/{total}] {outcome:13} {seconds:6.2} s  {file}:{line} {}\n",
            planned.name
        );
        if let Some(failure) = ran.failure.as_deref().filter(|_| outcome == Outcome::Fail.name()) {
            for step in &ran.steps {
                let mark = match step.outcome {
                    Outcome::Pass => "  passed   ",
                    Outcome::Fail => "  FAILED   ",
                    _ => "  skipped  ",
                };
                let _ = writeln!(text, "{mark}{}", step.text);
            }
            text += &indented(failure, "  | ");
            if let Some(seen) = &ran.seen {
                let exit = seen.exit.as_deref().map_or_else(String::new, |exit| format!(" ({exit})"));
                let _ = writeln!(text, "  the target's last lines{exit}:");
                text += &indented(&seen.output, "  > ");
            }
        }
        text
    }
}

impl<W> Writer<W> for Collector {
    type Cli = cli::Empty;

    async fn handle_event(&mut self, event: parser::Result<Event<Cucumber<W>>>, _: &Self::Cli) {
        // The catalogue has read the features already: nothing is parsed during a run.
        let Ok(event) = event else { return };
        let at = event.at;
        match event.into_inner() {
            Cucumber::Feature(feature, Feature::Scenario(scenario, event)) => {
                self.handle(&feature, None, &scenario, event.event, at);
            }
            Cucumber::Feature(feature, Feature::Rule(rule, Rule::Scenario(scenario, event))) => {
                self.handle(&feature, Some(&rule), &scenario, event.event, at);
            }
            _ => {}
        }
    }
}

/// Scenarios are told apart by their places, so their events may come mixed.
impl Normalized for Collector {}

impl Running {
    fn step<W>(&mut self, event: &Step<W>, at: SystemTime) {
        if matches!(event, Step::Started) {
            self.step_started = at;
            if let Some(step) = self.steps.get_mut(self.begun) {
                step.at_ms = millis(since(self.started, at));
            }
            self.begun += 1;
            return;
        }
        let outcome = if matches!(event, Step::Passed(..)) { Outcome::Pass } else { Outcome::Fail };
        let took = since(self.step_started, at);
        if let Some(step) = self.begun.checked_sub(1).and_then(|index| self.steps.get_mut(index)) {
            step.outcome = outcome;
            step.took_ms = millis(took);
        }
        match event {
            Step::Failed(.., StepError::Panic(info)) => self.fail(&said(&**info)),
            Step::Failed(.., error) => self.fail(&error.to_string()),
            Step::Skipped => self.fail("the suite knows no step of these words; is one misspelt?"),
            Step::Started | Step::Passed(..) => {}
        }
    }

    fn fail(&mut self, why: &str) {
        let earlier = self.failure.take().map_or_else(String::new, |earlier| earlier + "\n");
        self.failure = Some(earlier + why);
    }
}

/// Each change of what is shared is whole, whoever panics.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unreached(step: &gherkin::Step) -> StepResult {
    let table = step.table.as_ref().map(|table| {
        let rows = table.rows.iter().map(|row| format!("| {} |", row.join(" | ")));
        rows.collect::<Vec<_>>().join("\n")
    });
    let text = step.docstring.as_ref().map(|text| text.trim_matches('\n').to_owned());
    StepResult {
        text: format!("{} {}", step.keyword.trim(), step.value),
        argument: table.or(text),
        outcome: Outcome::Skipped,
        at_ms: 0,
        took_ms: 0,
    }
}

fn call(entry: &JournalEntry, running: &Running, end: SystemTime) -> Call {
    let time = SystemTime::try_from(entry.time).unwrap_or(SystemTime::UNIX_EPOCH);
    let is_real = (running.started..=end).contains(&time);
    let at = millis(since(running.started, time));
    let begun = running.steps.iter().take(running.begun);
    let step = begun.enumerate().rfind(|(_, step)| step.at_ms <= at).map(|(index, _)| index);
    Call {
        step: step.filter(|_| is_real),
        product: entry.product.clone(),
        action: entry.action.clone(),
        region: entry.region.clone(),
        parameters: entry.parameters.clone(),
        caller: entry.caller_arn.clone().or_else(|| entry.access_key_id.clone()),
        status: entry.status,
        code: entry.code.clone(),
        fault: entry.fault.clone(),
    }
}

/// What a panic said.
fn said(info: &(dyn Any + Send)) -> String {
    let text = info.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| info.downcast_ref::<&str>().copied()).unwrap_or("it panicked without words").to_owned()
}

fn since(start: SystemTime, end: SystemTime) -> Duration {
    end.duration_since(start).unwrap_or_default()
}

/// Milliseconds, as reports have them.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn indented(text: &str, margin: &str) -> String {
    text.lines().flat_map(|line| [margin, line, "\n"]).collect()
}

/// A text without its middle, if it is long, and without what a terminal would obey.
fn shortened(text: &str) -> String {
    let is_shown = |character: &char| !character.is_control() || matches!(character, '\n' | '\t');
    let text: String = text.chars().filter(is_shown).collect();
    if text.len() <= MAX_TEXT {
        return text;
    }
    let start = boundary(&text, MAX_TEXT / 4);
    let end = boundary(&text, text.len() - MAX_TEXT * 3 / 4);
    format!("{}\n... {} bytes left out ...\n{}", &text[..start], end - start, &text[end..])
}

/// The end of the character before or at an index.
fn boundary(text: &str, index: usize) -> usize {
    (0..=index).rev().find(|index| text.is_char_boundary(*index)).unwrap_or_default()
}

/// A moment by RFC 3339.
pub(crate) fn timestamp(time: SystemTime) -> String {
    Timestamp::try_from(time)
        .map_or_else(|_| "unknown".into(), |time| time.round(jiff::Unit::Second).unwrap_or(time).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_its_ends_and_says_what_is_gone() {
        let text = format!("first{}last", "ä".repeat(MAX_TEXT));

        let short = shortened(&text);

        assert!(short.len() < MAX_TEXT + 100);
        assert!(short.starts_with("first") && short.ends_with("last"), "{short}");
        assert!(short.contains("bytes left out"));
    }

    #[test]
    fn a_terminal_is_told_nothing_that_it_would_obey() {
        assert_eq!(shortened("\u{1b}[2Jgone\u{7}\nstays\t"), "[2Jgone\nstays\t");
    }
}
