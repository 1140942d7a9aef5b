//! The load generator as its users start it, small: it measures, judges nothing that it was not asked, and leaves nothing behind.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use conformance::target::provider_binary;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

async fn load(temporary: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
    command.args(["load", "--runs", "1", "--mounts", "20", "--objects", "2", "--concurrency", "4"]);
    // So many that no mount reads what another is reading: a provider would ask but once.
    command.args(["--secrets", "100", "--latency", "1ms"]).args(more);
    command.env("TMPDIR", temporary).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(60), command.output()).await;
    output.expect("the load is over within a minute").expect("the generator runs")
}

#[tokio::test]
async fn a_small_load_is_measured_and_leaves_nothing() {
    let (temporary, results) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (binary, json) = (provider_binary(None).unwrap(), results.path().join("figures.json"));
    let (binary, json) = (binary.to_str().unwrap(), json.to_str().unwrap());

    let output = load(temporary.path(), &["--provider", binary, "--json", json]).await;

    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("generator alone") && text.contains("fake alone"), "{text}");
    let results: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    let row = &results["targets"][0]["rows"][0];
    let figures = &row["medians"];
    assert_eq!((figures["mounts"].as_f64(), figures["kmsCalls"].as_f64()), (Some(20.0), Some(40.0)), "{row}");
    assert_eq!(row["failures"]["count"], 0, "{row}");
    for measured in ["p50", "p99", "secretRate", "memoryIdle", "memoryPeak", "files", "processor"] {
        assert!(figures[measured].is_number(), "{measured}: {row}");
    }
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_target_that_does_not_start_is_told_with_its_own_words() {
    let (temporary, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let json = folder.path().join("figures.json");
    let output =
        load(temporary.path(), &["--provider", "/bin/false", "--json", json.to_str().unwrap()]).await;

    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("the provider ended with exit status: 1 before it served"), "{text}");
    assert!(fs::read_to_string(json).unwrap().contains("before it served"));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}
