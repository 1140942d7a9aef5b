//! Catching one mutant: the scenarios of its requirements, until each requirement has caught it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tempfile::TempDir;

use super::order::{Single, singles};
use super::roster::{Mutant, VARIABLE};
use crate::catalogue::Catalogue;
use crate::report::{Collector, Notes, Planned, Ran};
use crate::suite::{Performance, processors};
use crate::target::TargetFile;

/// A hunt is long with so many scenarios.
const MANY: usize = 100;
/// Scenarios at once of a long hunt: alone, it would go on when the others are over.
const AT_ONCE_IF_LONG: usize = 3;

/// Scenarios and binaries.
#[derive(Debug)]
pub(super) struct Ground {
    singles: Vec<Single>,
    binary: PathBuf,
    /// Holds a program for each mutant.
    folder: TempDir,
}

/// What became of a mutant.
#[derive(Debug)]
pub(super) struct Catch {
    /// The ids of the scenarios that ran.
    pub(super) ran: BTreeSet<String>,
    pub(super) failures: Vec<Failure>,
    pub(super) took: Duration,
}

/// A scenario that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) scenario: String,
    requirements: BTreeSet<String>,
    is_served: bool,
}

/// By which scenario of each of its requirements a mutant was caught, if by any.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict(pub(super) BTreeMap<String, Option<String>>);

impl Verdict {
    pub(super) fn is_caught(&self) -> bool {
        self.0.values().all(Option::is_some)
    }
}

impl Catch {
    /// Failures count that are an assertion's, and of scenarios that pass without the mutant.
    pub(super) fn verdict(&self, mutant: &Mutant, alibis: &BTreeSet<String>) -> Verdict {
        let by = |id: &String| {
            let mut failures = self.failures.iter().filter(|failure| failure.counts(mutant, id));
            failures
                .find(|failure| alibis.contains(&failure.scenario))
                .map(|failure| failure.scenario.clone())
        };
        Verdict(mutant.requirements.iter().map(|id| (id.clone(), by(id))).collect())
    }

    fn has_caught(&self, mutant: &Mutant, id: &str) -> bool {
        self.failures.iter().any(|failure| failure.counts(mutant, id))
    }
}

impl Failure {
    fn counts(&self, mutant: &Mutant, id: &str) -> bool {
        self.requirements.contains(id) && (self.is_served || !mutant.serves)
    }
}

impl Ground {
    /// Makes a program for each mutant. All are there before the first is run: a file that is still open for writing in a child that
    /// is just being made could not be.
    pub(super) fn prepare(catalogue: &Catalogue, binary: &Path, mutants: &[&Mutant]) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("mutants-").tempdir().context("making a folder")?;
        let quoted = binary.to_string_lossy().replace('\'', r"'\''");
        for Mutant { name, .. } in mutants {
            let path = folder.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{VARIABLE}={name} exec '{quoted}' \"$@\"\n"))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
        Ok(Self { singles: singles(catalogue), binary: binary.to_owned(), folder })
    }

    /// Whether many scenarios may have to be run to catch it.
    pub(super) fn is_long(&self, mutant: &Mutant) -> bool {
        let is_its = |id: &String| mutant.requirements.contains(id);
        let its = self.singles.iter().filter(|single| single.scenario.requirements.iter().any(is_its));
        its.count() >= MANY
    }

    /// Runs the scenarios of a mutant's requirements until it is caught for each, or all of them.
    pub(super) async fn hunt(&self, mutant: &Mutant, all: bool) -> Catch {
        let began = Instant::now();
        let at_once = if self.is_long(mutant) { AT_ONCE_IF_LONG } else { 1 };
        let mut catch = Catch { ran: BTreeSet::new(), failures: Vec::new(), took: Duration::ZERO };
        for id in &mutant.requirements {
            loop {
                let is_left = |single: &&Single| {
                    single.scenario.requirements.contains(id) && !catch.ran.contains(&single.scenario.id)
                };
                let left: Vec<_> = self.singles.iter().filter(is_left).collect();
                if left.is_empty() || !all && catch.has_caught(mutant, id) {
                    break;
                }
                let ran = self.play(&left, self.folder.path().join(&mutant.name), at_once, !all).await;
                if ran.is_empty() {
                    // The runner could not even begin; whoever reads the table sees a survivor.
                    break;
                }
                self.note(&mut catch, ran);
            }
        }
        Catch { took: began.elapsed(), ..catch }
    }

    fn note(&self, catch: &mut Catch, ran: Vec<Ran>) {
        for Ran { id, failure, is_served, .. } in ran {
            if failure.is_some() {
                let single = self.singles.iter().find(|single| single.scenario.id == id);
                let requirements =
                    single.map(|single| single.scenario.requirements.clone()).unwrap_or_default();
                catch.failures.push(Failure { scenario: id.clone(), requirements, is_served });
            }
            catch.ran.insert(id);
        }
    }

    /// Of the scenarios that failed, those that pass without a mutant.
    pub(super) async fn pass_without_mutant(&self, catches: &[Catch]) -> BTreeSet<String> {
        let failed: BTreeSet<_> =
            catches.iter().flat_map(|catch| &catch.failures).map(|failure| &failure.scenario).collect();
        let suspects: Vec<_> =
            self.singles.iter().filter(|single| failed.contains(&single.scenario.id)).collect();
        let ran = self.play(&suspects, self.binary.clone(), 2 * processors(), false).await;
        ran.into_iter().filter(|ran| ran.failure.is_none()).map(|ran| ran.id).collect()
    }

    async fn play(
        &self,
        scenarios: &[&Single],
        binary: PathBuf,
        concurrency: usize,
        fail_fast: bool,
    ) -> Vec<Ran> {
        let planned = scenarios.iter().map(|single| {
            let (id, name) = (single.scenario.id.clone(), single.scenario.name.clone());
            (single.place(), Planned { id, name, failure: "fail" })
        });
        let features = scenarios.iter().map(|single| single.feature.clone()).collect();
        let (planned, notes): (BTreeMap<_, _>, _) = (planned.collect(), Notes::default());
        let collector = Collector::new(planned.clone(), notes.clone()).quiet();
        let record = collector.record();
        let target = TargetFile::provider();
        let performance = Performance { features, binary, target, concurrency, fail_fast };
        performance.play(collector, planned, notes).await;
        record.take().0
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn mutant(serves: bool) -> Mutant {
        let requirements = ["ACK-01", "ACK-02"].map(str::to_owned).to_vec();
        Mutant { name: "wrong".into(), requirements, serves, about: "It is wrong.".into() }
    }

    fn catch(is_served: bool) -> Catch {
        let requirements = ["ACK-01", "ACK-02"].map(str::to_owned).into();
        let failure = Failure { scenario: "a".into(), requirements, is_served };
        Catch { ran: ["a".to_owned()].into(), failures: vec![failure], took: Duration::ZERO }
    }

    #[rstest]
    #[case::by_an_assertion(true, true, &["a"], true)]
    #[case::because_it_did_not_start(true, false, &["a"], false)]
    #[case::by_not_starting_where_that_is_the_mistake(false, false, &["a"], true)]
    #[case::by_what_fails_without_it_as_well(true, true, &["b"], false)]
    fn a_mutant_is_caught(
        #[case] serves: bool,
        #[case] is_served: bool,
        #[case] alibis: &[&str],
        #[case] expected: bool,
    ) {
        let alibis = alibis.iter().map(|id| (*id).to_owned()).collect();

        assert_eq!(catch(is_served).verdict(&mutant(serves), &alibis).is_caught(), expected);
    }

    #[test]
    fn each_of_its_requirements_has_to_catch_it() {
        let mut half = catch(true);
        half.failures[0].requirements.remove("ACK-02");

        let Verdict(verdict) = half.verdict(&mutant(true), &["a".to_owned()].into());

        assert_eq!(verdict["ACK-01"].as_deref(), Some("a"));
        assert_eq!(verdict["ACK-02"], None);
    }
}
