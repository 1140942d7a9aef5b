//! A simulated node: one HTTP/2 connection to one provider, as the driver has it.

use std::path::PathBuf;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::Request;
use tonic::transport::{Channel, Endpoint, Uri};

use crate::driver::protocol::{CsiDriverProviderClient, MountRequest, MountResponse, VersionRequest};

/// The kubelet's deadline, which the driver passes on.
const DEADLINE: Duration = Duration::from_secs(120);

/// The driver's end of a socket.
#[derive(Debug, Clone)]
pub(super) struct Node {
    client: CsiDriverProviderClient<Channel>,
}

impl Node {
    /// The connection is made with the first call. A call that finds none fails at once: who drives a load wants to know.
    pub(super) fn new(socket: PathBuf) -> Self {
        let endpoint = Endpoint::from_static("http://localhost");
        let endpoint = endpoint.user_agent("grpc-go/1.79.3").expect("letters make a header");
        let channel = endpoint.connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
            let socket = socket.clone();
            async move { Ok::<_, std::io::Error>(TokioIo::new(UnixStream::connect(socket).await?)) }
        }));
        Self { client: CsiDriverProviderClient::new(channel) }
    }

    /// Asks who is there.
    pub(super) async fn version(&self, deadline: Duration) -> Result<(), String> {
        let mut request = Request::new(VersionRequest { version: "v1alpha1".to_owned() });
        request.set_timeout(deadline);
        self.client.clone().version(request).await.map(drop).map_err(|status| status.to_string())
    }

    /// Mounts, and holds the answer to so many files.
    pub(super) async fn mount(&self, request: MountRequest, files: usize) -> Result<MountResponse, String> {
        let mut request = Request::new(request);
        request.set_timeout(DEADLINE);
        let answer = self.client.clone().mount(request).await;
        let answer =
            answer.map_err(|status| format!("{:?}: {}", status.code(), status.message()))?.into_inner();
        if let Some(error) = answer.error.as_ref().filter(|error| !error.code.is_empty()) {
            return Err(format!("the answer has the error {:?}", error.code));
        }
        if answer.files.len() != files {
            return Err(format!("the answer has {} files, expected {files}", answer.files.len()));
        }
        Ok(answer)
    }
}
