//! The words of the feature files, by concept. A step says what an operator would say; how it is done stays in the rooms beside.

#![expect(clippy::needless_pass_by_value, reason = "the runner hands the words of a step over by value")]

#[macro_use]
mod complain;

mod asked;
mod calls;
mod class;
mod cloud;
mod credentials;
mod crowd;
mod holdings;
mod identities;
mod lint;
mod mount;
mod node;
mod pages;
mod pods;
mod process;
mod request;
mod settings;
mod stores;
mod sync;
mod traces;
mod trouble;
pub(crate) mod words;

use anyhow::Context as _;
use cucumber::gherkin::Step;

// Rooms that are read in the cluster's words, too, find their world here.
use crate::world::World;

/// The rows of a step's table without its header; the header must be the expected one, so that columns cannot be mixed up.
pub(crate) fn rows<'a, const N: usize>(
    step: &'a Step,
    header: [&str; N],
) -> anyhow::Result<Vec<[&'a str; N]>> {
    let table = step.table.as_ref().context("the step needs a table")?;
    let (first, rest) = table.rows.split_first().context("the table is empty")?;
    ensure!(first.iter().eq(header.iter()), "the table's columns are {first:?}, expected {header:?}");
    let row = |row: &'a Vec<String>| {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        <[&str; N]>::try_from(cells)
            .ok()
            .context("a row of the table has another number of cells than its header")
    };
    rest.iter().map(row).collect()
}

/// The text below a step, without the line break that the quotes add at its start.
pub(crate) fn text_below(step: &Step) -> anyhow::Result<&str> {
    let text = step.docstring.as_deref().context("the step needs a text below it")?;
    Ok(text.strip_prefix('\n').unwrap_or(text))
}

/// The quoted words of a list such as `"a", "b" and "c"`.
pub(crate) fn quoted(list: &str) -> impl Iterator<Item = &str> {
    list.split('"').skip(1).step_by(2)
}
