//! What generator and fake reach alone, on the same cores, a moment after the target: no target can be seen to be faster.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::future::try_join_all;
use tokio::net::UnixListener;
use tokio::task::JoinSet;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use super::cloud::Cloud;
use super::drive::{Outcome, count, drive};
use super::figures::{Figure, Figures};
use super::node::Node;
use super::process::Usage;
use super::requests::Requests;
use super::signer::{Connection, Signer};
use super::workload::{Amount, Workload};
use crate::driver::protocol::{
    CsiDriverProvider, CsiDriverProviderServer, File, MountRequest, MountResponse, ObjectVersion,
    VersionRequest, VersionResponse,
};

/// Rounds of all workers, if the workload is bounded by time.
const ROUNDS: u64 = 100;

/// A provider that has its answer ready. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct NullProvider {
    node: Node,
    _server: JoinSet<()>,
}

struct Ready(MountResponse);

#[tonic::async_trait]
impl CsiDriverProvider for Ready {
    async fn version(&self, _: Request<VersionRequest>) -> Result<Response<VersionResponse>, Status> {
        Ok(Response::new(VersionResponse { version: "v1alpha1".to_owned(), ..VersionResponse::default() }))
    }

    async fn mount(&self, _: Request<MountRequest>) -> Result<Response<MountResponse>, Status> {
        Ok(Response::new(self.0.clone()))
    }
}

impl NullProvider {
    /// Listens in the folder and answers every mount with as many bytes as the workload's mounts have.
    pub(super) fn start(workload: &Workload, folder: &Path) -> anyhow::Result<Self> {
        let name = |number| Workload::secret(number).replace('/', "_");
        let files = (0..workload.objects).map(|number| File {
            path: name(number),
            mode: 0o644,
            contents: workload.value(number, 1).into_bytes(),
        });
        let versions =
            (0..workload.objects).map(|number| ObjectVersion { id: name(number), version: "v1".to_owned() });
        let answer = MountResponse {
            files: files.collect(),
            object_version: versions.collect(),
            ..MountResponse::default()
        };
        let socket = folder.join("null.sock");
        let listener = UnixListener::bind(&socket).context("listening as a provider that does nothing")?;
        let service = CsiDriverProviderServer::new(Ready(answer));
        let serving =
            Server::builder().add_service(service).serve_with_incoming(UnixListenerStream::new(listener));
        let mut server = JoinSet::new();
        server.spawn(async move {
            // It never ends by itself.
            let _ = serving.await;
        });
        Ok(Self { node: Node::new(socket), _server: server })
    }

    pub(super) fn node(&self) -> Node {
        self.node.clone()
    }
}

/// The generator, against a provider that has its answer ready.
pub(super) async fn of_generator(workload: &Workload, tokens: &[String]) -> anyhow::Result<Figures> {
    let folder = tempfile::tempdir()?;
    let provider = NullProvider::start(workload, folder.path())?;
    let nodes = vec![provider.node(); workload.processes];
    let before = own_processor()?;
    let outcome = drive(&nodes, &Arc::new(Requests::new(workload, tokens)), workload).await;
    let spent = own_processor()?.saturating_sub(before);
    anyhow::ensure!(
        outcome.failures.count == 0,
        "the provider that does nothing failed: {:?}",
        outcome.failures.texts
    );
    Ok(with_processor(&outcome, workload.objects, spent))
}

/// Processor time of this process, in which all is that is measured here.
fn own_processor() -> anyhow::Result<Duration> {
    Ok(Usage::of(std::process::id())?.processor)
}

fn with_processor(outcome: &Outcome, objects: usize, spent: Duration) -> Figures {
    let mut figures = outcome.figures(objects);
    let secrets = count(outcome.latencies.len() * objects);
    figures.insert(Figure::Processor, spent.as_secs_f64() * 1e3 / secrets);
    figures
}

/// The fake: as many reads at once as the workload's mounts have objects, each on a connection that is kept alive, signed before
/// the clock runs. A mount is then as long as the last of its reads.
pub(super) async fn of_fake(workload: &Workload, cloud: &Cloud) -> anyhow::Result<Figures> {
    let Workload { concurrency, objects, secrets, .. } = *workload;
    let mounts = match workload.amount {
        Amount::Mounts(mounts) => mounts,
        Amount::For(_) => ROUNDS * concurrency as u64,
    };
    let signer = cloud.signer();
    let read = |number: usize| sign(signer, number % secrets);
    let mounts = usize::try_from(mounts)?;
    let reads: Arc<Vec<Vec<_>>> = Arc::new(
        (0..mounts)
            .map(|mount| (0..objects).map(|object| read(mount * objects + object)).collect())
            .collect(),
    );
    let mut lanes = Vec::new();
    for _ in 0..concurrency {
        lanes.push(try_join_all((0..objects).map(|_| Connection::open(signer.address()))).await?);
    }
    let (next, before, start) = (Arc::new(AtomicUsize::new(0)), own_processor()?, Instant::now());
    let mut workers = JoinSet::new();
    for mut lane in lanes {
        let (reads, next) = (Arc::clone(&reads), Arc::clone(&next));
        workers.spawn(async move {
            let mut latencies = Vec::new();
            while let Some(mount) = reads.get(next.fetch_add(1, Ordering::Relaxed)) {
                let start = Instant::now();
                try_join_all(lane.iter_mut().zip(mount).map(|(connection, read)| connection.call(read)))
                    .await?;
                latencies.push(start.elapsed());
            }
            anyhow::Ok(latencies)
        });
    }
    let mut outcome = Outcome::default();
    while let Some(worker) = workers.join_next().await {
        outcome.latencies.append(&mut worker??);
    }
    outcome.elapsed = start.elapsed();
    outcome.latencies.sort_unstable();
    Ok(with_processor(&outcome, objects, own_processor()?.saturating_sub(before)))
}

fn sign(signer: &Signer, secret: usize) -> Vec<u8> {
    signer.request("GetSecretValue", &[("SecretName", &Workload::secret(secret))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Workload {
        Workload { amount: Amount::Mounts(20), concurrency: 4, objects: 2, secrets: 8, ..Workload::default() }
    }

    #[tokio::test]
    async fn the_provider_that_does_nothing_answers_with_the_bytes_of_a_mount() {
        let (folder, workload) = (tempfile::tempdir().unwrap(), small());
        let provider = NullProvider::start(&workload, folder.path()).unwrap();
        let answer = provider.node().mount(MountRequest::default(), 2).await.unwrap();
        assert!(answer.files.iter().all(|file| file.contents.len() == workload.value_bytes));
        assert!(provider.node().mount(MountRequest::default(), 3).await.unwrap_err().contains("2 files"));
    }

    #[tokio::test]
    async fn the_generator_alone_counts_what_it_sent() {
        let figures = of_generator(&small(), &[]).await.unwrap();
        assert!(figures[&Figure::Mounts] >= 20.0 && figures[&Figure::SecretRate] > 0.0, "{figures:?}");
    }

    #[tokio::test]
    async fn the_fake_alone_takes_at_least_its_latency() {
        let (folder, workload) = (tempfile::tempdir().unwrap(), small());
        let cloud = Cloud::start(&workload, folder.path(), None).await.unwrap();
        let figures = of_fake(&workload, &cloud).await.unwrap();
        assert!(figures[&Figure::Mounts] >= 20.0 && figures[&Figure::P50] >= 20.0, "{figures:?}");
        assert_eq!(cloud.calls().unwrap().kms, 40);
    }
}
