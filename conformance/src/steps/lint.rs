//! Checking manifests without cluster and cloud.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::Context as _;
use cucumber::gherkin::Step;
use cucumber::{given, then, when};
use serde_json::Value;
use tokio::process::Command;

use super::{quoted, rows, text_below};
use crate::world::{StepError, World};

#[given(expr = "the manifest {string}:")]
fn manifest(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    Ok(fs::write(path(world, &name), text_below(step)?)?)
}

#[given(expr = "the spec of the manifest {string} continues:")]
fn continued(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    let earlier = fs::read_to_string(path(world, &name))?;
    Ok(fs::write(
        path(world, &name),
        format!("{}\n{}", earlier.trim_end(), indented("  ", text_below(step)?)),
    )?)
}

#[given(expr = "the manifest {string} with the objects:")]
fn with_objects(world: &mut World, name: String, step: &Step) -> Result<(), StepError> {
    let earlier = fs::read_to_string(path(world, &name))?;
    let (before, _) = earlier.split_once("objects: |\n").context("the manifest has no objects to replace")?;
    let objects = indented("      ", text_below(step)?);
    Ok(fs::write(path(world, &name), format!("{before}objects: |\n{objects}"))?)
}

#[given(regex = r#"^the manifest "([^"]*)" with `(.*)` replaced by `(.*)`$"#)]
fn replaced(world: &mut World, name: String, from: String, to: String) -> Result<(), StepError> {
    let earlier = fs::read_to_string(path(world, &name))?;
    ensure!(earlier.matches(&from).count() == 1, "{from:?} is not once in {name}");
    Ok(fs::write(path(world, &name), earlier.replace(&from, &to))?)
}

#[when(regex = r#"^an operator checks (".+)$"#)]
async fn check(world: &mut World, files: String) -> Result<(), StepError> {
    world.needs_binary("its check of manifests")?;
    let output = Command::new(&world.binary)
        .args(["lint", "--format=json"])
        .args(quoted(&files))
        .current_dir(world.desk())
        .env_clear()
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("running the check")?;
    world.earlier_output.extend([output.stdout.as_slice(), output.stderr.as_slice()].concat());
    world.check = Some(output);
    Ok(())
}

#[then(expr = "the check ends with code {int}")]
fn ends(world: &mut World, code: i32) -> Result<(), StepError> {
    let output = world.check.as_ref().context("nothing was checked")?;
    ensure!(output.status.code() == Some(code), "the check ended with {output:?}");
    // A report of nothing would look like a report of no mistakes.
    ensure!(code != 2 || (output.stdout.is_empty() && !output.stderr.is_empty()), "{output:?}");
    Ok(())
}

#[then("the check finds nothing")]
fn finds_nothing(world: &mut World) -> Result<(), StepError> {
    let report = report(world)?;
    ensure!(
        report["findings"].as_array().is_some_and(Vec::is_empty),
        "the check finds {}",
        report["findings"]
    );
    Ok(())
}

#[then(regex = r#"^the check finds line (\d+), column (\d+) of "([^"]*)" with (".+)$"#)]
fn finds(world: &mut World, line: u64, column: u64, file: String, list: String) -> Result<(), StepError> {
    let report = report(world)?;
    let findings = report["findings"].as_array().context("the report has no findings")?;
    let is_meant = |finding: &&Value| {
        let message = finding["message"].as_str().unwrap_or_default();
        finding["file"] == file.as_str()
            && (finding["line"].as_u64(), finding["column"].as_u64()) == (Some(line), Some(column))
            && names(&list).all(|name| message.contains(name))
    };
    ensure!(findings.iter().any(|finding| is_meant(&finding)), "the check finds {findings:#?}");
    Ok(())
}

#[then(expr = "the check says that {string} mounts exactly these files:")]
fn mounts(world: &mut World, class: String, step: &Step) -> Result<(), StepError> {
    let report = report(world)?;
    let classes = report["classes"].as_array().context("the report has no classes")?;
    let found =
        classes.iter().find(|found| found["name"] == class.as_str()).context("there is no such class")?;
    let files = found["files"].as_array().context("the class has no files")?;
    let found: Vec<_> = files.iter().map(|file| [file["path"].as_str(), file["source"].as_str()]).collect();
    let expected: Vec<_> = rows(step, ["file", "source"])?.iter().map(|row| row.map(Some)).collect();
    ensure!(found == expected, "it mounts {found:?}, expected {expected:?}");
    Ok(())
}

/// The items of a list such as `"a", "b" and "c"`, each of which may hold quotes itself.
fn names(list: &str) -> impl Iterator<Item = &str> {
    let items = list.strip_prefix('"').and_then(|list| list.strip_suffix('"')).unwrap_or(list);
    items.split("\", \"").flat_map(|items| items.split("\" and \""))
}

fn indented(indentation: &str, text: &str) -> String {
    text.lines().flat_map(|line| [indentation, line, "\n"]).collect()
}

fn report(world: &World) -> anyhow::Result<Value> {
    let output = world.check.as_ref().context("nothing was checked")?;
    serde_json::from_slice(&output.stdout).with_context(|| format!("the report is no JSON: {output:?}"))
}

fn path(world: &World, name: &str) -> PathBuf {
    world.desk().join(name)
}
