//! The provider's binary: given, or built from this workspace.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// The provider's package, binary and process name.
pub const PROVIDER_NAME: &str = "csi-secrets-store-provider-alibabacloud";

/// The binary that can play mutants.
const MUTANTS_NAME: &str = "csi-secrets-store-provider-alibabacloud-mutants";

/// The given binary, or a fresh build of this workspace's provider in the profile in which the suite itself was built.
///
/// Cargo builds only the binaries of the package that it tests or runs, so the provider has to be asked for. Where it lies is for
/// Cargo to say: its messages name the path.
pub fn provider_binary(given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let profile: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
    given.map_or_else(|| build(&[&["--bin", PROVIDER_NAME], profile].concat()), |path| existing(&path))
}

/// The given binary with mutants, or a fresh build of the workspace's. Whatever the suite's profile, theirs has debug assertions.
pub fn mutants_binary(given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    given.map_or_else(|| build(&["--bin", MUTANTS_NAME, "--features", "mutants"]), |path| existing(&path))
}

fn existing(path: &Path) -> anyhow::Result<PathBuf> {
    path.canonicalize().with_context(|| format!("provider binary {}", path.display()))
}

fn build(what: &[&str]) -> anyhow::Result<PathBuf> {
    let build = Command::new(env!("CARGO"))
        .args(["build", "--message-format", "json-render-diagnostics"])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")])
        .args(["--package", PROVIDER_NAME])
        .args(what)
        // Progress and complaints are for the reader of this process's own standard error.
        .stderr(Stdio::inherit())
        .output()
        .context("running cargo to build the provider; --provider names one that is built already")?;
    ensure!(
        build.status.success(),
        "building the provider failed ({}); see what cargo says above",
        build.status
    );
    let messages =
        build.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    messages.rev().find_map(Message::executable).context("cargo built the provider and did not say where")
}

/// Of Cargo's messages only what names a binary.
#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
}

impl Message {
    fn executable(self) -> Option<PathBuf> {
        self.executable.filter(|_| self.reason == "compiler-artifact")
    }
}
