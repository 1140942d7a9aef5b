//! A provider of the suite's own, which answers as it is told: for what no good provider does, and to check the model itself.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::net::UnixListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use super::locked;
use super::protocol::{
    CsiDriverProvider, CsiDriverProviderServer, File, MountRequest, MountResponse, ObjectVersion,
    VersionRequest, VersionResponse,
};

/// What the provider answers to one mount.
pub type Answer = Result<MountResponse, Status>;

/// A provider in this process. Dropped, it is gone, and its socket's file stays behind.
#[derive(Debug)]
pub struct StandIn {
    script: Arc<Script>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Script {
    next: Mutex<VecDeque<Answer>>,
    then: Mutex<Option<Answer>>,
    calls: Mutex<Vec<(MetadataMap, MountRequest)>>,
}

struct Service(Arc<Script>);

impl StandIn {
    /// Listens on a socket.
    pub fn start(socket: &Path) -> io::Result<Self> {
        let incoming = UnixListenerStream::new(UnixListener::bind(socket)?);
        let script = Arc::new(Script::default());
        let service = CsiDriverProviderServer::new(Service(Arc::clone(&script)));
        let serving = Server::builder().add_service(service).serve_with_incoming(incoming);
        // It only ends with an error of the listener, after which calls fail and say so.
        let server = tokio::spawn(async move { drop(serving.await) });
        Ok(Self { script, server })
    }

    /// Answers the next call that has no answer yet.
    pub fn answer_next(&self, answer: Answer) {
        locked(&self.script.next).push_back(answer);
    }

    /// Answers every call from now on.
    pub fn answer(&self, answer: Answer) {
        locked(&self.script.next).clear();
        *locked(&self.script.then) = Some(answer);
    }

    /// What it was asked so far.
    pub fn calls(&self) -> Vec<(MetadataMap, MountRequest)> {
        locked(&self.script.calls).clone()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An answer with these files, all of mode 0644, and one object version per file.
pub fn files<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8], &'a str)>) -> MountResponse {
    let mut response = MountResponse::default();
    for (path, contents, version) in files {
        response.files.push(File { path: path.into(), mode: 0o644, contents: contents.into() });
        response.object_version.push(ObjectVersion { id: path.into(), version: version.into() });
    }
    response
}

#[tonic::async_trait]
impl CsiDriverProvider for Service {
    async fn version(&self, _: Request<VersionRequest>) -> Result<Response<VersionResponse>, Status> {
        Ok(Response::new(VersionResponse { version: "v1alpha1".into(), ..VersionResponse::default() }))
    }

    async fn mount(&self, request: Request<MountRequest>) -> Result<Response<MountResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        locked(&self.0.calls).push((metadata, message));
        let answer = locked(&self.0.next).pop_front().or_else(|| locked(&self.0.then).clone());
        answer
            .unwrap_or_else(|| Err(Status::internal("the stand-in was not told what to answer")))
            .map(Response::new)
    }
}
