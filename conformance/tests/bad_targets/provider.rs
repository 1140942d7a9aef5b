//! Providers that misbehave, each in the manner of its name. They are started as the workspace's provider is.

use std::convert::Infallible;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use conformance::driver::protocol::{
    CsiDriverProvider, CsiDriverProviderServer, File, MountRequest, MountResponse, ObjectVersion,
    VersionRequest, VersionResponse,
};
use http::Request as HttpRequest;
use prost::bytes::{Buf as _, BufMut as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// What a provider that only hangs says before.
const LAST_WORDS: &str = "the last words";

/// Plays the provider in whose manner the program is called.
pub(super) async fn misbehave(arguments: &[String]) -> ExitCode {
    let manner = Path::new(&arguments[0]).file_name().unwrap().to_str().unwrap().to_owned();
    let after = |name: &str| arguments.iter().find_map(|argument| argument.strip_prefix(name)).unwrap();
    let socket = Path::new(after("--provider-volume=")).join("alibabacloud.sock");
    let door = TcpListener::bind(format!("127.0.0.1:{}", after("--healthz-port="))).await.unwrap();
    println!("{LAST_WORDS}");
    match &*manner {
        "does-not-start" => return ExitCode::from(3),
        "never-listens" => return std::future::pending().await,
        "listens-and-takes-nobody" => {
            let _listener = UnixListener::bind(socket).unwrap();
            return std::future::pending().await;
        }
        "takes-all-and-says-nothing" => return answer_all(&socket, b"").await,
        "is-no-grpc-server" => return answer_all(&socket, b"220 mail.example.com ESMTP ready\r\n").await,
        "speaks-broken-http2" => return answer_all(&socket, &BROKEN_FRAMES).await,
        _ => {}
    }
    if manner == "hides-its-pages" {
        tokio::spawn(keep_pages(door));
    } else {
        tokio::spawn(serve_pages(door));
    }
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
    let incoming = UnixListenerStream::new(UnixListener::bind(socket).unwrap());
    let stubborn = manner == "does-not-stop";
    let service =
        Service { inner: CsiDriverProviderServer::new(Provider { manner: manner.clone() }), manner };
    let serving = Server::builder().add_service(service).serve_with_incoming(incoming);
    tokio::select! {
        result = serving => result.unwrap(),
        () = async {
            terminated.recv().await;
            if stubborn {
                std::future::pending::<()>().await;
            }
        } => {}
    }
    ExitCode::SUCCESS
}

/// An empty SETTINGS frame, as a server begins, and a frame of a length that no peer has allowed.
const BROKEN_FRAMES: [u8; 18] = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1];

/// Takes every connection, says the same on each, and keeps it.
async fn answer_all(socket: &Path, bytes: &[u8]) -> ExitCode {
    let listener = UnixListener::bind(socket).unwrap();
    let mut kept = Vec::new();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        // Who is answered badly may leave first.
        let _ = stream.write_all(bytes).await;
        kept.push(stream);
    }
}

async fn serve_pages(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ =
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").await;
    }
}

async fn keep_pages(listener: TcpListener) {
    let mut kept: Vec<TcpStream> = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        kept.push(stream);
    }
}

#[expect(clippy::disallowed_methods, reason = "a provider that dies does not ask its main")]
fn die() {
    std::process::exit(4);
}

/// Answers in protobuf, but for the manner that cannot.
#[derive(Clone)]
struct Service {
    inner: CsiDriverProviderServer<Provider>,
    manner: String,
}

impl NamedService for Service {
    const NAME: &'static str = "v1alpha1.CSIDriverProvider";
}

impl tower::Service<HttpRequest<Body>> for Service {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Self::Future {
        if self.manner == "answers-garbage" && request.uri().path().ends_with("/Mount") {
            return Box::pin(async { Ok(Grpc::new(Raw).unary(Garbage, request).await) });
        }
        self.inner.call(request)
    }
}

/// Bytes as they are in the frame of a message.
#[derive(Clone)]
struct Raw;

impl Codec for Raw {
    type Encode = &'static [u8];
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = &'static [u8];
    type Error = Status;

    fn encode(&mut self, bytes: &'static [u8], frame: &mut EncodeBuf<'_>) -> Result<(), Status> {
        frame.put_slice(bytes);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        message.advance(message.remaining());
        Ok(Some(()))
    }
}

/// A message that announces a longer member than it has.
struct Garbage;

impl UnaryService<()> for Garbage {
    type Response = &'static [u8];
    type Future = std::future::Ready<Result<Response<Self::Response>, Status>>;

    fn call(&mut self, _: Request<()>) -> Self::Future {
        std::future::ready(Ok(Response::new(&[0x0a, 0x7f, 0xff, 0xfe])))
    }
}

struct Provider {
    manner: String,
}

#[tonic::async_trait]
impl CsiDriverProvider for Provider {
    async fn version(&self, _: Request<VersionRequest>) -> Result<Response<VersionResponse>, Status> {
        Ok(Response::new(VersionResponse {
            version: "v1alpha1".into(),
            runtime_name: "bad".into(),
            runtime_version: "1.0.0".into(),
        }))
    }

    async fn mount(&self, request: Request<MountRequest>) -> Result<Response<MountResponse>, Status> {
        let MountRequest { target_path, .. } = request.into_inner();
        let mut file = File { path: "test".into(), mode: 0o644, contents: b"first".to_vec() };
        match self.manner.as_str() {
            "dies" => die(),
            "never-answers" => std::future::pending().await,
            "leaves-a-child" => {
                // It holds the output open for longer than anybody waits, and ends by itself.
                #[expect(clippy::zombie_processes, reason = "who dies waits for nobody")]
                let _child = Command::new("sleep").arg("30").spawn().unwrap();
                die();
            }
            "floods" => {
                let mut stdout = std::io::stdout().lock();
                (0..30_000).for_each(|number| writeln!(stdout, "{number:0100}").unwrap());
                writeln!(stdout, "{LAST_WORDS}").unwrap();
            }
            "trespasses" => fs::write(Path::new(&target_path).join("mine"), "first").unwrap(),
            "leaks" => println!("{}", fs::read_to_string("/proc/self/environ").unwrap()),
            "answers-nonsense" => file.path = "../test".into(),
            _ => {}
        }
        let object_version = vec![ObjectVersion { id: "test".into(), version: "v1".into() }];
        Ok(Response::new(MountResponse { object_version, files: vec![file], ..MountResponse::default() }))
    }
}
