//! The action for GitHub's workflows tells the suite what its inputs say, in an image or by cargo, and tells the verdict on.
//!
//! Its shell is taken from the file and run as GitHub runs it; the commands that it would start are stubs that write down how they
//! were called.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/actions/conformance")
}

fn action() -> Value {
    serde_yaml::from_str(&fs::read_to_string(folder().join("action.yaml")).unwrap()).unwrap()
}

/// The step that judges.
fn judge() -> Value {
    action()["runs"]["steps"][0].clone()
}

struct Ran {
    output: Output,
    /// The arguments of the command that was started, its name first.
    call: Vec<String>,
    verdict: String,
    here: PathBuf,
}

/// Runs the step with these inputs, as its variables; the suite ends with `code`.
fn run(inputs: &[(&str, &str)], code: u8) -> Ran {
    let scratch = TempDir::new().unwrap();
    let here = scratch.path().canonicalize().unwrap();
    for command in ["docker", "cargo"] {
        let stub = format!("#!/bin/sh\nprintf '%s\\n' {command} \"$@\" >call\nexit {code}\n");
        fs::write(here.join(command), stub).unwrap();
        fs::set_permissions(here.join(command), fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(here.join("step"), judge()["run"].as_str().unwrap()).unwrap();
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "step"]).current_dir(&here).env_clear();
    command
        .env("PATH", format!("{}:/usr/bin:/bin", here.display()))
        .env("GITHUB_OUTPUT", here.join("outputs"));
    command.env("GITHUB_ACTION_PATH", folder().canonicalize().unwrap());
    for name in judge()["env"].as_object().unwrap().keys() {
        let input = &action()["inputs"][name.to_lowercase()];
        command.env(name, input["default"].as_str().unwrap_or("conformance.yaml"));
    }
    let output = command.envs(inputs.iter().copied()).output().unwrap();
    let read = |name: &str| fs::read_to_string(here.join(name)).unwrap_or_default();
    Ran {
        call: read("call").lines().map(str::to_owned).collect(),
        verdict: read("outputs"),
        output,
        here: here.clone(),
    }
}

#[test]
fn each_input_reaches_a_step_and_each_variable_is_an_input() {
    let action = action();
    let inputs: BTreeSet<String> = action["inputs"].as_object().unwrap().keys().cloned().collect();
    let steps = action["runs"]["steps"].to_string();

    let used: BTreeSet<String> =
        inputs.iter().filter(|name| steps.contains(&format!("inputs.{name} "))).cloned().collect();
    assert_eq!(used, inputs);
    for (variable, value) in judge()["env"].as_object().unwrap() {
        assert_eq!(value, &format!("${{{{ inputs.{} }}}}", variable.to_lowercase()));
    }
}

#[test]
fn the_suites_image_is_started_as_the_document_says() {
    let ran = run(
        &[
            ("SUITE", "registry.example.com/conformance:v1"),
            ("IMAGE", "mine:1"),
            ("TAGS", "@ACK-10 or @ACK-11"),
        ],
        0,
    );

    assert!(ran.output.status.success(), "{:?}", ran.output);
    let (before, after) =
        ran.call.split_at(ran.call.iter().position(|word| word.contains("conformance:v1")).unwrap());
    let here = ran.here.display().to_string();
    let engine = ["--network host", "/var/run/docker.sock:/var/run/docker.sock", "/tmp:/tmp"];
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for words in engine {
        assert!(before.join(" ").contains(words), "{words}: {before:?}");
        assert!(document.contains(words), "{words} is not documented");
    }
    assert!(before.join(" ").ends_with(&format!("--volume {here}:{here} --workdir {here}")), "{before:?}");
    let suite = [
        "run",
        "--target",
        "conformance.yaml",
        "--level",
        "drop-in",
        "--report",
        "conformance-report",
        "--tags",
        "@ACK-10 or @ACK-11",
        "--image",
        "mine:1",
    ];
    assert_eq!(after[1..], suite);
}

#[test]
fn without_an_image_the_suite_is_built_from_the_actions_own_repository() {
    let ran = run(&[("PROVIDER", "bin/provider"), ("DEVIATIONS", "known.yaml"), ("LEVEL", "core")], 0);

    assert!(ran.output.status.success(), "{:?}", ran.output);
    let manifest = ran.call.iter().skip_while(|word| *word != "--manifest-path").nth(1).unwrap();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert_eq!(
        Path::new(manifest).canonicalize().unwrap(),
        workspace.join("Cargo.toml").canonicalize().unwrap()
    );
    let suite = ["--deviations", "known.yaml", "--provider", "bin/provider"];
    assert!(ran.call.ends_with(&suite.map(str::to_owned)), "{:?}", ran.call);
}

#[rstest]
#[case::pass(0, "fail", "pass", 0)]
#[case::fail(1, "pass", "fail", 1)]
#[case::nothing_judged(2, "pass", "error", 2)]
#[case::no_engine(125, "pass", "error", 125)]
#[case::partial(3, "fail", "partial", 3)]
#[case::partial_is_enough(3, "pass", "partial", 0)]
fn the_verdict_is_told_and_decides(
    #[case] code: u8,
    #[case] partial: &str,
    #[case] verdict: &str,
    #[case] expected: i32,
    #[values("", "conformance:v1")] suite: &str,
) {
    let ran = run(&[("PARTIAL", partial), ("SUITE", suite)], code);

    assert_eq!(ran.verdict, format!("verdict={verdict}\n"));
    assert_eq!(ran.output.status.code(), Some(expected), "{:?}", ran.output);
}

#[test]
fn a_word_for_partial_that_nobody_knows_is_refused_before_anything_runs() {
    let ran = run(&[("PARTIAL", "true")], 0);

    assert_eq!(ran.output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ran.output.stdout).contains("partial is 'true', expected fail or pass"));
    assert!(ran.call.is_empty(), "{:?}", ran.call);
}
