//! What is looked at after every scenario, whatever it was about: the provider is alive and ends cleanly, it has not panicked, and no
//! secret stands anywhere.

use crate::leak::LeakSearch;
use crate::target::Provider;
use crate::world::World;

/// The operator's pages of a provider.
const PAGES: [&str; 3] = ["/metrics", "/healthz", "/readyz"];

/// Ends the scenario's provider and says all that is wrong; nothing when all is well.
pub async fn inspect(world: &mut World) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut texts = vec![("the gRPC answers".to_owned(), world.texts.join("\n").into_bytes())];
    end_running_mounts(world).await;
    complaints.extend(world.driver.trespasses().into_iter().map(|name| {
        format!("the provider wrote {name:?} into the volume itself; files belong into its answer")
    }));
    if let Some(provider) = world.provider.as_mut().filter(|_| world.exit.is_none()) {
        if let Some(status) = provider.ended_by_itself() {
            complaints.push(format!("the provider ended by itself with {status}"));
        }
        for page in PAGES {
            let Some(answer) = provider.http_get(page).await else { continue };
            match answer {
                Ok(answer) => texts.push((format!("the page {page}"), answer.text.into_bytes())),
                // A provider that was told to stop closes its door.
                Err(_) if provider.is_told_to_stop() || provider.ended_by_itself().is_some() => {}
                Err(error) => complaints.push(format!("the page {page} cannot be read: {error}")),
            }
        }
        let end = if provider.is_started() { Some(provider.stop().await) } else { None };
        match end {
            None => {}
            Some(Ok(exit)) if exit.status.success() || !provider.is_told_to_stop() => {}
            Some(Ok(exit)) => {
                complaints.push(format!("the provider ended with {} after the scenario", exit.status));
            }
            Some(Err(error)) => complaints.push(format!("the provider does not stop: {error:#}")),
        }
    }
    if let Some(bytes) = world.provider.as_ref().map(Provider::output_left_out).filter(|bytes| *bytes > 0) {
        complaints.push(format!(
            "the provider floods its log: {bytes} bytes are too many to be kept and searched for secrets"
        ));
    }
    let output = world.provider_output();
    if String::from_utf8_lossy(&output).contains("panicked at") {
        complaints.push("the provider panicked".into());
    }
    texts.push(("the provider's output".into(), output));
    for cloud in [Some(&world.cloud), world.other_cloud.as_ref()].into_iter().flatten() {
        match serde_json::to_vec(&cloud.calls()) {
            Ok(journal) => texts.push(("the fake's journal".into(), journal)),
            Err(error) => complaints.push(format!("the fake's journal cannot be read: {error}")),
        }
    }
    if let Some(cluster) = &world.cluster {
        match serde_json::to_vec(&cluster.requests()) {
            Ok(journal) => texts.push(("the Kubernetes API's journal".into(), journal)),
            Err(error) => complaints.push(format!("the Kubernetes API's journal cannot be read: {error}")),
        }
    }
    let search = world.values.search();
    complaints.extend(texts.iter().flat_map(|(place, text)| leaks(search, place, text)));
    complaints
}

/// Complaints about the values found in a text.
pub fn leaks(search: &LeakSearch, place: &str, text: &[u8]) -> Vec<String> {
    search.search(place, text).iter().map(ToString::to_string).collect()
}

async fn end_running_mounts(world: &mut World) {
    let crowd = world.crowd.drain(..).map(|waiting| waiting.running);
    for mount in world.running.take().into_iter().chain(crowd) {
        mount.abort();
        // Its end is awaited because it still holds the driver.
        let _ = mount.await;
    }
}
