//! Calling a provider over its socket as the driver's gRPC client does (grpc-go 1.79.3 in driver v1.6.0,
//! `pkg/secrets-store/provider_client.go`): wait until the provider listens, repeat what is `Unavailable`, up to three attempts.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::time::Instant;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, ConnectError, Request, Response, Status, TimeoutExpired};

use super::protocol::{
    CsiDriverProviderClient, MountRequest, MountResponse, VersionRequest, VersionResponse,
};
use super::socket_path_authority::{SocketPathAuthority, placeholder};

const ATTEMPTS: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// Reconnecting may wait 120 s in the driver; nobody wants to see that in a test, so it is capped lower here.
const MAX_RECONNECT_BACKOFF: Duration = Duration::from_secs(2);
const USER_AGENT: &str = "grpc-go/1.79.3";

/// What a client writes into the HTTP/2 `:authority` of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Authority {
    /// `localhost`: the driver since v1.6.0.
    #[default]
    Localhost,
    /// The socket's path: every driver until v1.5.6.
    SocketPath,
    /// The socket's path, percent-encoded: many gRPC clients for `unix:` targets.
    EncodedSocketPath,
}

impl Authority {
    fn text(self, socket: &Path) -> String {
        let socket = socket.to_string_lossy();
        match self {
            Self::Localhost => "localhost".into(),
            Self::SocketPath => socket.into_owned(),
            Self::EncodedSocketPath => {
                percent_encoding::utf8_percent_encode(&socket, percent_encoding::NON_ALPHANUMERIC).to_string()
            }
        }
    }
}

/// One connection to one provider, shared by all calls, made when first needed and made again when it broke.
#[derive(Debug, Clone)]
pub(super) struct Client {
    stub: CsiDriverProviderClient<Channel>,
    max_answer_bytes: usize,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Client {
    pub(super) fn new(socket: PathBuf, authority: Authority, max_answer_bytes: usize) -> Self {
        let text = authority.text(&socket);
        let in_uri = if authority == Authority::Localhost { text.clone() } else { placeholder(&text) };
        let endpoint = Endpoint::from_shared(format!("http://{in_uri}"))
            .and_then(|endpoint| endpoint.user_agent(USER_AGENT))
            .expect("letters make an authority");
        let connector = tower::service_fn(move |_: Uri| {
            let (socket, text) = (socket.clone(), text.clone());
            async move {
                let stream = UnixStream::connect(socket).await?;
                let stream: Box<dyn Stream> = match authority {
                    Authority::Localhost => Box::new(stream),
                    _ => Box::new(SocketPathAuthority::new(stream, &text)),
                };
                Ok::<_, std::io::Error>(TokioIo::new(stream))
            }
        });
        let channel = endpoint.connect_with_connector_lazy(connector);
        // The driver's limit is checked here, because it answers with another code than this client would.
        let stub = CsiDriverProviderClient::new(channel).max_decoding_message_size(usize::MAX);
        Self { stub, max_answer_bytes }
    }

    pub(super) async fn version(&self, deadline: Duration) -> Result<VersionResponse, Status> {
        let request = VersionRequest { version: "v1alpha1".into() };
        self.call(deadline, request, async |mut stub, request| stub.version(request).await).await
    }

    pub(super) async fn mount(
        &self,
        request: MountRequest,
        deadline: Duration,
    ) -> Result<MountResponse, Status> {
        self.call(deadline, request, async |mut stub, request| stub.mount(request).await).await
    }

    async fn call<Q: Clone, A: Message>(
        &self,
        deadline: Duration,
        message: Q,
        rpc: impl AsyncFn(CsiDriverProviderClient<Channel>, Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<A, Status> {
        let end = Instant::now() + deadline;
        let (mut attempts, mut reconnect_backoff) = (0, FIRST_BACKOFF);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(deadline_exceeded());
            }
            let mut request = Request::new(message.clone());
            request.set_timeout(left);
            let error = match rpc(self.stub.clone(), request).await {
                Ok(answer) => return self.within_limit(answer.into_inner()),
                Err(error) => error,
            };
            let backoff = if is_not_connected(&error) {
                let backoff = reconnect_backoff;
                reconnect_backoff = (backoff * 8 / 5).min(MAX_RECONNECT_BACKOFF);
                backoff
            } else if is_own_timeout(&error) {
                return Err(deadline_exceeded());
            } else {
                attempts += 1;
                match pushback(&error) {
                    _ if error.code() != Code::Unavailable || attempts == ATTEMPTS => return Err(error),
                    Pushback::Never => return Err(error),
                    Pushback::After(pause) => pause,
                    Pushback::None => FIRST_BACKOFF,
                }
            };
            tokio::time::sleep(backoff.min(end.saturating_duration_since(Instant::now()))).await;
        }
    }

    fn within_limit<A: Message>(&self, answer: A) -> Result<A, Status> {
        let (length, limit) = (answer.encoded_len(), self.max_answer_bytes);
        if length > limit {
            let text = format!("grpc: received message larger than max ({length} vs. {limit})");
            return Err(Status::resource_exhausted(text));
        }
        Ok(answer)
    }
}

/// The server's wish for the next attempt, in `grpc-retry-pushback-ms`.
enum Pushback {
    None,
    After(Duration),
    /// Negative, or no number.
    Never,
}

fn pushback(status: &Status) -> Pushback {
    let Some(text) = status.metadata().get("grpc-retry-pushback-ms") else { return Pushback::None };
    let milliseconds = text.to_str().ok().and_then(|text| text.parse().ok());
    milliseconds.map_or(Pushback::Never, |milliseconds| Pushback::After(Duration::from_millis(milliseconds)))
}

fn deadline_exceeded() -> Status {
    Status::deadline_exceeded("context deadline exceeded")
}

fn is_not_connected(status: &Status) -> bool {
    causes(status).any(<dyn Error>::is::<ConnectError>)
}

/// This client reports its own timer as a cancellation; the driver's reports a missed deadline.
fn is_own_timeout(status: &Status) -> bool {
    causes(status).any(<dyn Error>::is::<TimeoutExpired>)
}

fn causes(status: &Status) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(status.source(), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rstest::rstest;
    use tempfile::TempDir;
    use tokio::net::UnixListener;
    use tokio_stream::wrappers::UnixListenerStream;
    use tonic::server::NamedService;
    use tonic::transport::Server;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A provider that answers every request with the same status, and counts.
    #[derive(Clone)]
    struct Refusing {
        code: Code,
        calls: Arc<AtomicUsize>,
    }

    impl NamedService for Refusing {
        const NAME: &'static str = "v1alpha1.CSIDriverProvider";
    }

    impl tower::Service<http::Request<tonic::body::Body>> for Refusing {
        type Response = http::Response<tonic::body::Body>;
        type Error = std::convert::Infallible;
        type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: http::Request<tonic::body::Body>) -> Self::Future {
            self.calls.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Ok(Status::new(self.code, "not today").into_http()))
        }
    }

    /// Starts a stock server; it ends with the test's runtime.
    fn serve(folder: &TempDir, code: Code) -> (PathBuf, Arc<AtomicUsize>) {
        let socket = folder.path().join("stock.sock");
        let incoming = UnixListenerStream::new(UnixListener::bind(&socket).unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let service = Refusing { code, calls: Arc::clone(&calls) };
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        (socket, calls)
    }

    #[tokio::test]
    async fn localhost_reaches_a_stock_server() {
        let folder = TempDir::new().unwrap();
        let (socket, calls) = serve(&folder, Code::NotFound);

        let status = Client::new(socket, Authority::Localhost, 4096).version(SECOND).await.unwrap_err();

        assert_eq!((status.code(), calls.load(Ordering::SeqCst)), (Code::NotFound, 1));
    }

    #[rstest]
    #[case(Authority::SocketPath)]
    #[case(Authority::EncodedSocketPath)]
    #[tokio::test]
    async fn a_stock_server_refuses_the_socket_path_as_authority(#[case] authority: Authority) {
        let folder = TempDir::new().unwrap();
        let (socket, calls) = serve(&folder, Code::NotFound);

        let status = Client::new(socket, authority, 4096).version(SECOND).await.unwrap_err();

        assert_eq!(calls.load(Ordering::SeqCst), 0, "{status}");
        assert!(status.to_string().contains("PROTOCOL_ERROR") || status.code() != Code::NotFound, "{status}");
    }

    #[tokio::test(start_paused = true)]
    async fn unavailable_is_tried_three_times_and_final_codes_once() {
        let folder = TempDir::new().unwrap();
        let (socket, calls) = serve(&folder, Code::Unavailable);

        let status = Client::new(socket, Authority::Localhost, 4096).version(60 * SECOND).await.unwrap_err();

        assert_eq!((status.code(), calls.load(Ordering::SeqCst)), (Code::Unavailable, 3));
    }

    #[rstest]
    #[case::at_once("0", 3)]
    #[case::never("-1", 1)]
    #[case::no_number("soon", 1)]
    #[tokio::test]
    async fn a_servers_wish_decides_about_repetition(#[case] wish: &'static str, #[case] expected: usize) {
        let folder = TempDir::new().unwrap();
        let socket = folder.path().join("stock.sock");
        let provider = super::super::stand_in::StandIn::start(&socket).unwrap();
        let mut status = Status::unavailable("not today");
        status.metadata_mut().insert("grpc-retry-pushback-ms", wish.parse().unwrap());
        provider.answer(Err(status));

        let client = Client::new(socket, Authority::Localhost, 4096);
        client.mount(MountRequest::default(), SECOND).await.unwrap_err();

        assert_eq!(provider.calls().len(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_without_a_listener_uses_up_the_deadline() {
        let folder = TempDir::new().unwrap();
        let socket = folder.path().join("silent.sock");

        let status = Client::new(socket, Authority::Localhost, 4096).version(SECOND / 10).await.unwrap_err();

        assert_eq!(status.code(), Code::DeadlineExceeded);
    }

    #[test]
    fn an_answer_over_the_limit_is_refused_in_grpc_gos_words() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _context = runtime.enter();
        let client = Client::new("/nowhere".into(), Authority::Localhost, 10);
        let answer = VersionResponse { runtime_name: "longer than ten".into(), ..VersionResponse::default() };

        let status = client.within_limit(answer).unwrap_err();

        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(status.message(), "grpc: received message larger than max (17 vs. 10)");
    }
}
