//! The mutants that a binary can play, as it tells them itself.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::requirements::{Evidence, Requirement, Requirements};
use crate::target::mutants_binary;

/// Which mutant a process is to play, or `list`.
pub(super) const VARIABLE: &str = "PROVIDER_MUTANT";

/// A wrong behaviour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mutant {
    pub(super) name: String,
    /// A scenario of each must fail.
    pub(super) requirements: Vec<String>,
    /// Whether it comes up: one whose mistake is that it does not is caught by just that.
    pub(super) serves: bool,
    /// What it does.
    pub(super) about: String,
}

/// All of them, and who plays them.
#[derive(Debug)]
pub(super) struct Roster {
    pub(super) binary: PathBuf,
    mutants: Vec<Mutant>,
}

impl Roster {
    /// Asks the given binary, or a fresh build.
    pub(super) fn read(given: Option<PathBuf>, requirements: &Requirements) -> anyhow::Result<Self> {
        let binary = mutants_binary(given)?;
        let output = Command::new(&binary).env(VARIABLE, "list").output();
        let output = output.with_context(|| format!("asking {} for its mutants", binary.display()))?;
        ensure!(
            output.status.success() && !output.stdout.is_empty(),
            "{} tells no mutants ({}); build it with --features mutants",
            binary.display(),
            output.status
        );
        let mutants = parse(&String::from_utf8_lossy(&output.stdout))?;
        for id in mutants.iter().flat_map(|mutant| &mutant.requirements) {
            requirements.known(id)?;
        }
        Ok(Self { binary, mutants })
    }

    /// Those with these names; without any, all.
    pub(super) fn chosen(&self, names: &[String]) -> anyhow::Result<Vec<&Mutant>> {
        if let Some(name) = names.iter().find(|name| self.mutants.iter().all(|mutant| mutant.name != **name))
        {
            let known: Vec<_> = self.mutants.iter().map(|mutant| mutant.name.as_str()).collect();
            bail!("there is no mutant {name:?}; there are {}", known.join(", "));
        }
        let is_chosen = |mutant: &&Mutant| names.is_empty() || names.contains(&mutant.name);
        Ok(self.mutants.iter().filter(is_chosen).collect())
    }

    /// The requirements that a process can break and no mutant does.
    pub(super) fn uncovered<'a>(&self, requirements: &'a Requirements) -> Vec<&'a str> {
        let covered: BTreeSet<_> = self.mutants.iter().flat_map(|mutant| &mutant.requirements).collect();
        let rows = requirements.rows().iter().filter(|row| row.evidence == Evidence::Model);
        rows.map(Requirement::id).filter(|id| !covered.contains(&(*id).to_owned())).collect()
    }
}

/// A mutant a line, its fields separated by tabs.
fn parse(text: &str) -> anyhow::Result<Vec<Mutant>> {
    let mutants = text.lines().map(|line| {
        let fields: Vec<_> = line.split('\t').collect();
        let [name, requirements, serves, about] = fields[..] else {
            bail!("{line:?} is no mutant, expected its name, its requirements, whether it serves, and what it does");
        };
        let requirements: Vec<_> = requirements.split_whitespace().map(str::to_owned).collect();
        ensure!(!requirements.is_empty(), "the mutant {name} breaks no requirement");
        Ok(Mutant { name: name.into(), requirements, serves: serves == "serves", about: about.into() })
    });
    mutants.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_is_a_line() {
        let mutants = parse("wrong-mode\tDRV-04 EXT-08\tserves\tFiles have the mode 0600.").unwrap();

        assert_eq!(mutants[0].requirements, ["DRV-04", "EXT-08"]);
        assert!(mutants[0].serves);
    }

    #[test]
    fn a_line_that_is_none_is_quoted() {
        let error = parse("error: unexpected argument").unwrap_err().to_string();

        assert!(error.contains("unexpected argument"), "{error}");
    }
}
