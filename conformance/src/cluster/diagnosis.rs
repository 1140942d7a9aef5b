//! What a scenario leaves behind in a cluster: looked at after each, searched for secrets, and kept if something is wrong.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use regex::Regex;
use serde_json::json;

use super::World;
use super::driver;
use super::kube::name;
use super::session::Session;
use crate::inspection::leaks;
use crate::leak::LeakSearch;
use crate::report::{Note, Seen};

/// So many lines of the provider are shown when a scenario fails.
const LAST_LINES: usize = 20;

/// A text and where it comes from.
type Text = (String, String);

/// Looks at everything that a scenario leaves behind, and keeps of it what its report needs. Its namespace goes.
pub(super) async fn noted(world: &mut World, scenario: &str, steps_passed: bool) -> Note {
    let mut complaints = Vec::new();
    if let Err(error) = world.cloud.exchange().await {
        complaints.push(format!("{error:#}"));
    }
    let provider = match logs_of_provider(world).await {
        Ok(logs) => logs,
        Err(error) => {
            complaints.push(format!("the provider's log cannot be read: {error:#}"));
            Vec::new()
        }
    };
    complaints.extend(restarts(world).await);
    let search = world.values.search().clone();
    let token = Regex::new(r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}").expect("it is one");
    for (place, log) in &provider {
        complaints.extend(leaks(&search, place, log.as_bytes()));
        if log.contains("panicked at") {
            complaints.push(format!("{place}: the provider panicked"));
        }
        if token.is_match(log) {
            complaints.push(format!("{place}: a token stands in it"));
        }
    }
    let journal = serde_json::to_string(&world.cloud.calls()).unwrap_or_default();
    complaints.extend(leaks(&search, "the fake's journal", journal.as_bytes()));
    let impossible = world.impossible.as_ref().filter(|_| !steps_passed).map(ToString::to_string);
    let is_wrong = (!steps_passed && impossible.is_none()) || !complaints.is_empty();
    let seen = is_wrong.then(|| {
        let lines: Vec<&str> = provider.iter().flat_map(|(_, log)| log.lines()).collect();
        Seen { exit: None, output: lines[lines.len().saturating_sub(LAST_LINES)..].join("\n") }
    });
    if is_wrong && let Some(folder) = &world.session.report {
        let folder = folder.join("cluster").join(world.namespace());
        let texts = [provider, beside_the_provider(world).await].concat();
        if let Err(error) = keep(&folder, scenario, &search, &texts) {
            complaints.push(format!("what was seen cannot be kept: {error:#}"));
        }
    }
    if let Err(error) = end(&world.session, world.namespace()).await {
        complaints.push(format!("what the scenario made cannot be removed: {error:#}"));
    }
    Note { impossible, complaints, search, calls: world.cloud.calls(), seen, ..Note::default() }
}

/// The namespace goes while the next scenario begins.
async fn end(session: &Session, namespace: &str) -> anyhow::Result<()> {
    session.kube.delete("v1", "Namespace", "", namespace).await
}

async fn logs_of_provider(world: &World) -> anyhow::Result<Vec<Text>> {
    if !world.is_installed {
        return Ok(Vec::new());
    }
    let namespace = &world.release.namespace;
    let mut logs = Vec::new();
    for pod in world.session.provider_pods(&world.release).await? {
        let log = world.session.kube.log(namespace, name(&pod), None).await?;
        logs.push((format!("the log of {}", name(&pod)), log));
    }
    Ok(logs)
}

async fn restarts(world: &World) -> Vec<String> {
    let pods = world.session.provider_pods(&world.release).await.unwrap_or_default();
    let restarted = pods.iter().flat_map(|pod| {
        let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
        statuses.filter(|status| status.restart_count > 0).map(move |status| {
            format!("the provider {} was restarted {} times", name(pod), status.restart_count)
        })
    });
    restarted.collect()
}

/// What a reader wants to see beside: the driver, the fake, the pods and what their descriptions tell. Whatever cannot be read is
/// left out.
async fn beside_the_provider(world: &World) -> Vec<Text> {
    let session = &world.session;
    let kube = &session.kube;
    let mut texts = Vec::new();
    if let Ok(log) = kube.log(&session.namespace, super::fake::POD, None).await {
        texts.push(("the log of the fake cloud".to_owned(), log));
    }
    for (pod, container) in driver::pods(kube).await.unwrap_or_default() {
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        if let Ok(log) = kube.log(&namespace, name(&pod), Some(&container)).await {
            texts.push((format!("the log of the driver {}", name(&pod)), log));
        }
    }
    let pods = kube.pods_of(world.namespace(), "").await.unwrap_or_default();
    for pod in &pods {
        let events = kube.events(world.namespace(), name(pod)).await.unwrap_or_default();
        let lines =
            events.iter().map(|event| format!("{} {}: {}\n", event.severity, event.reason, event.message));
        texts.push((format!("the events of {}", name(pod)), lines.collect()));
        let status = serde_json::to_string_pretty(&json!(pod.status)).unwrap_or_default();
        texts.push((format!("the status of {}", name(pod)), status));
    }
    texts
}

/// Writes what was seen, values taken out. A text in which one still stands is not written.
fn keep(folder: &Path, scenario: &str, search: &LeakSearch, texts: &[Text]) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    fs::write(folder.join("scenario.txt"), format!("{scenario}\n")).context("writing the scenario's id")?;
    for (place, text) in texts {
        let text = search.redact(text);
        let left = leaks(search, place, text.as_bytes());
        let text = if left.is_empty() { text } else { left.join("\n") };
        let file = folder.join(format!("{}.txt", place.replace([' ', '/'], "-")));
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_holds_names_in_place_of_values() {
        let folder = tempfile::tempdir().unwrap();
        let mut search = LeakSearch::default();
        search.add("password", b"a-long-password").unwrap();
        let texts = [("the log of a/b".to_owned(), "it is a-long-password\n".to_owned())];

        keep(folder.path(), "f/s", &search, &texts).unwrap();

        let text = fs::read_to_string(folder.path().join("the-log-of-a-b.txt")).unwrap();
        assert_eq!(text, "it is [withheld: password]\n");
        assert_eq!(fs::read_to_string(folder.path().join("scenario.txt")).unwrap(), "f/s\n");
    }
}
