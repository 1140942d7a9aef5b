//! The demonstration as a newcomer starts it: it shows the job, succeeds, and leaves nothing behind.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use conformance::target::provider_binary;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// The demonstration in a folder for temporary files of its own, started from elsewhere.
fn demo(temporary: &Path, more: &[&str]) -> Command {
    let binary = provider_binary(None).expect("the provider builds");
    let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
    command.arg("demo").arg("--provider").arg(binary).args(more);
    command.current_dir("/").env("TMPDIR", temporary).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

#[tokio::test]
async fn the_demonstration_shows_both_versions_and_leaves_nothing() {
    let temporary = TempDir::new().unwrap();

    let run = tokio::time::timeout(Duration::from_secs(5), demo(temporary.path(), &[]).output());
    let output = run.await.expect("the demonstration takes less than five seconds").unwrap();

    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("db_password -> ..data/db_password: correct horse battery staple"), "{text}");
    assert!(text.contains("db_password -> ..data/db_password: the horse has bolted"), "{text}");
    assert!(!text.contains('\x1b'), "no colours where no terminal is");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn kept_alive_it_tells_how_to_talk_to_it_and_ends_on_a_signal() {
    let temporary = TempDir::new().unwrap();
    let mut child = demo(temporary.path(), &["--keep"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();

    let mut text = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        text = format!("{text}{line}\n");
        if line.contains("the provider is process") {
            break;
        }
    }
    let provider = text
        .rsplit(' ')
        .next()
        .and_then(|word| word.trim().trim_end_matches(')').parse().ok())
        .and_then(Pid::from_raw);
    let provider = provider.unwrap_or_else(|| panic!("no process id in {text}"));
    assert!(text.contains("grpcurl") && text.contains("/metrics") && text.contains("/journal"), "{text}");
    test_kill_process(provider).expect("the provider runs");

    kill_process(Pid::from_raw(child.id().unwrap().cast_signed()).unwrap(), Signal::INT).unwrap();

    let status = tokio::time::timeout(Duration::from_secs(5), child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
    assert!(test_kill_process(provider).is_err(), "the provider is gone");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}
