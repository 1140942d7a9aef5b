//! What the documents point to is there: links, files, commands, and the sentences that operators look up.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

/// All files below a folder with this ending, but what tools make or fetch.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !["target", ".git", "node_modules"].contains(&name) {
                found.extend(files(&path, ending));
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The documents, each with its name in the workspace and its text.
fn documents() -> Vec<(PathBuf, String)> {
    let paths = files(workspace(), ".md");
    assert!(paths.len() >= 6, "the documents are found: {paths:?}");
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// A text without its blocks of code, in which nothing is a heading or a link.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence && !line.starts_with("    ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What a heading is called in a link.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose = prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let kept = |letter: char| letter.is_alphanumeric() || " -_".contains(letter);
    let anchor = |heading: &str| {
        let title: String =
            heading.trim_start_matches('#').trim().chars().filter(|letter| kept(*letter)).collect();
        title.to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_within_the_project_leads_somewhere() {
    let link = regex(r"\]\(([^)\s]+)\)");
    let mut broken = Vec::new();
    let mut count = 0;

    for (path, text) in documents() {
        for target in link.captures_iter(&prose(&text)).map(|found| found[1].to_owned()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let is_there = file.exists()
                && (anchor.is_empty() || anchors(&fs::read_to_string(&file).unwrap()).contains(anchor));
            if !is_there {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }

    assert!(count > 50, "only {count} links were found");
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn every_file_that_is_named_is_there() {
    let name = regex(
        r"`((?:\.ci|\.github|charts|conformance|examples|fake-alicloud|features|provider|scripts)/[\w./-]*\w)[ `]",
    );
    let mut missing = Vec::new();

    for (path, text) in documents() {
        for file in name.captures_iter(&text).map(|found| found[1].to_owned()) {
            let beside = path.parent().unwrap().join(&file);
            if !workspace().join(&file).exists() && !beside.exists() {
                missing.push(format!("{}: {file}", path.display()));
            }
        }
    }

    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_script_that_is_named_can_be_run_and_has_its_options() {
    let call = regex(r"\bscripts/([a-z0-9-]+)\b((?: +[^\s`|()#]+)*)");
    let option = regex(r"--[a-z][a-z-]*");
    let mut wrong = Vec::new();

    for (path, text) in documents() {
        for found in call.captures_iter(&text) {
            let script = workspace().join("scripts").join(&found[1]);
            let Ok(content) = fs::read_to_string(&script) else {
                if !script.is_dir() && !workspace().join("scripts").join(format!("{}.d", &found[1])).is_dir()
                {
                    wrong.push(format!("{}: scripts/{}", path.display(), &found[1]));
                }
                continue;
            };
            // Beyond a lone -- the words are somebody else's.
            let own = found[2].split(" -- ").next().unwrap();
            for unknown in option.find_iter(own).filter(|option| !content.contains(option.as_str())) {
                wrong.push(format!("{}: scripts/{} {}", path.display(), &found[1], unknown.as_str()));
            }
        }
    }

    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_cargo_command_names_what_the_workspace_has() {
    let call = regex(r"cargo +(?:run|test|bench|build|clippy)\b[^`\n#|]*");
    let help = Command::new(env!("CARGO_BIN_EXE_conformance")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let is_command = |word: &str| help.lines().any(|line| line.trim_start().starts_with(&format!("{word} ")));
    let mut wrong = Vec::new();
    let mut count = 0;

    for (path, text) in documents() {
        for command in call.find_iter(&text).map(|found| found.as_str()) {
            count += 1;
            let (own, more) = command.split_once(" -- ").unwrap_or((command, ""));
            let words: Vec<_> = own.split_whitespace().collect();
            let value = |name: &str| words.windows(2).find(|pair| pair[0] == name).map(|pair| pair[1]);
            let folder = match value("-p") {
                Some("csi-secrets-store-provider-alibabacloud") => "provider",
                Some(package) => package,
                None => ".",
            };
            let has = |kind: &str, name: Option<&str>| {
                name.is_none_or(|name| {
                    let place = workspace().join(folder).join(kind);
                    [format!("{name}.rs"), format!("{name}/main.rs")]
                        .iter()
                        .any(|file| place.join(file).exists())
                })
            };
            let subcommand = more.split_whitespace().next().filter(|word| !word.starts_with('-'));
            let is_right = workspace().join(folder).join("Cargo.toml").exists()
                && has("tests", value("--test"))
                && has("benches", value("--bench"))
                && (folder != "conformance" || words[1] != "run" || subcommand.is_none_or(is_command));
            if !is_right {
                wrong.push(format!("{}: {command}", path.display()));
            }
        }
    }

    assert!(count > 10, "only {count} commands were found");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_fuzz_target_that_is_named_is_there() {
    let call = regex(r"cd ([a-z-]+) && cargo \+nightly fuzz run ([a-z]+)");
    let mut count = 0;

    for (path, text) in documents() {
        for found in call.captures_iter(&text) {
            count += 1;
            let target =
                workspace().join(&found[1]).join("fuzz/fuzz_targets").join(format!("{}.rs", &found[2]));
            assert!(target.exists(), "{}: {}", path.display(), &found[0]);
        }
    }

    assert!(count > 0, "the README tells how to fuzz");
}

/// The texts of the first column of a table below a heading, as code spans.
fn first_column(text: &str, heading: &str) -> Vec<String> {
    let span = regex(r"`([^`]+)`");
    let section = text.split(&format!("\n{heading}\n")).nth(1).expect("the heading is there");
    let section = section.split("\n#").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split(" | ").next().unwrap());
    cells
        .flat_map(|cell| span.captures_iter(cell).map(|found| found[1].to_owned()).collect::<Vec<_>>())
        .collect()
}

#[test]
fn every_sentence_that_an_operator_looks_up_is_one_of_the_providers() {
    let readme = workspace().join("charts/csi-secrets-store-provider-alibabacloud/README.md");
    let sentences = first_column(&fs::read_to_string(readme).unwrap(), "### What the provider says");
    let mut source = String::new();
    for path in files(&workspace().join("provider/src"), ".rs") {
        source += &fs::read_to_string(path).unwrap();
    }
    source += &fs::read_to_string(workspace().join("provider/tests/snapshots/messages.snap")).unwrap();
    // Texts go over several lines, and have quotes in them.
    let source = regex(r"\\\n\s*").replace_all(&source, "").replace("\\\"", "\"");

    let is_unknown = |sentence: &&String| !sentence.split('…').all(|part| source.contains(part.trim()));
    let unknown: Vec<_> = sentences.iter().filter(is_unknown).collect();

    assert!(sentences.len() > 40, "only {} sentences were found", sentences.len());
    assert_eq!(unknown, Vec::<&String>::new());
}
