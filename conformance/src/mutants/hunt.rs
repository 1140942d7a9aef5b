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

    /// Runs the scenarios of a mutant's requirements until it is caught for each, or all of them.
    pub(super) async fn hunt(&self, mutant: &Mutant, all: bool) -> Catch {
        let began = Instant::now();
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
                let ran = self.play(&left, self.folder.path().join(&mutant.name), 1, !all).await;
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
