//! The table of coverage in the README, made of the requirements and the tags.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::catalogue::Catalogue;
use crate::requirements::Requirements;

const START: &str = "<!-- coverage: made by `conformance requirements --update-readme` -->\n";
const END: &str = "<!-- end of coverage -->\n";

/// The table.
pub fn table(requirements: &Requirements, catalogue: &Catalogue) -> String {
    let mut table = String::from("| Id | Promise | Level | Proven by | Shown in |\n|---|---|---|---|---|\n");
    for row in requirements.rows() {
        let own = catalogue.scenarios().filter(|scenario| scenario.requirements.contains(row.id()));
        let files: BTreeSet<&str> = own.map(|scenario| scenario.file.trim_end_matches(".feature")).collect();
        let shown = match (row.planned, files.is_empty()) {
            (true, true) => "planned".to_owned(),
            (true, false) => format!("planned; touched by {}", joined(&files)),
            (false, _) => joined(&files),
        };
        let (id, level, evidence) = (row.id(), row.level, row.evidence);
        let _ = writeln!(table, "| {id} | {} | {level} | {evidence} | {shown} |", row.statement);
    }
    table
}

/// The text with the table where the marks are.
pub fn inserted(text: &str, table: &str) -> anyhow::Result<String> {
    let before = text.split_once(START).map(|(before, _)| before);
    let after = text.split_once(END).map(|(_, after)| after);
    let (before, after) = before
        .zip(after)
        .with_context(|| format!("no place for the table: the lines {START:?} and {END:?} are missing"))?;
    Ok(format!("{before}{START}{table}{END}{after}"))
}

/// Puts the table into a file, and tells whether that changed it.
pub fn update(path: &Path, table: &str) -> anyhow::Result<bool> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {name}"))?;
    let updated = inserted(&text, table).with_context(|| format!("updating {name}"))?;
    let is_change = updated != text;
    if is_change {
        std::fs::write(path, updated).with_context(|| format!("writing {name}"))?;
    }
    Ok(is_change)
}

/// Fails when a file's table is not this one.
pub fn check(path: &Path, table: &str) -> anyhow::Result<()> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {name}"))?;
    let is_current = inserted(&text, table).with_context(|| format!("checking {name}"))? == text;
    ensure!(
        is_current,
        "the table in {name} is out of date: `conformance requirements --update-readme` makes it anew"
    );
    Ok(())
}

fn joined(files: &BTreeSet<&str>) -> String {
    let links = files.iter().map(|file| format!("[{file}](../features/{file}.feature)"));
    links.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_takes_the_place_between_the_marks() {
        let text = format!("before\n{START}old\n{END}after\n");

        assert_eq!(inserted(&text, "new\n").unwrap(), format!("before\n{START}new\n{END}after\n"));
        assert!(inserted("no marks", "new\n").is_err());
    }
}
