//! An API server as a pod meets it: TLS of the cluster's own authority, and a token in a file.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use axum::serve::Listener;
use csi_secrets_store_provider_alibabacloud::kubernetes::Access;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

/// What it says to those it knows.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    /// A service account with this role.
    Role(String),
    /// A refusal.
    Status(u16),
    /// Text that is no JSON.
    Garbage,
    /// Nothing, for ever.
    Nothing,
}

struct Shared {
    token: String,
    says: Says,
    /// The status of each answer; 0 for none.
    answers: Vec<u16>,
}

/// The running server, and the folder that it mounts into the provider's pod.
pub(crate) struct ApiServer {
    shared: Arc<Mutex<Shared>>,
    address: SocketAddr,
    folder: TempDir,
}

impl ApiServer {
    /// Knows the token `first` and says that the role is `role`.
    pub(crate) async fn start(role: &str) -> Self {
        let (authority, config) = certificates();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let says = Says::Role(role.to_owned());
        let shared = Arc::new(Mutex::new(Shared { token: "first".to_owned(), says, answers: Vec::new() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let listener = Tls { listener, acceptor: TlsAcceptor::from(Arc::new(config)) };
        tokio::spawn(async move { axum::serve(listener, router).await });
        let server = Self { shared, address, folder: TempDir::new().unwrap() };
        server.mount("ca.crt", &authority);
        server.mount("token", "first");
        server
    }

    /// Writes a file of the pod's service account.
    pub(crate) fn mount(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// From now on no other token is taken.
    pub(crate) fn take_only(&self, token: &str) {
        token.clone_into(&mut self.shared.lock().unwrap().token);
    }

    /// From now on this is said.
    pub(crate) fn say(&self, says: Says) {
        self.shared.lock().unwrap().says = says;
    }

    /// The status of each answer so far; 0 for none.
    pub(crate) fn answers(&self) -> Vec<u16> {
        self.shared.lock().unwrap().answers.clone()
    }

    /// As the variables in a pod say.
    pub(crate) fn access(&self) -> Access {
        let (host, port) = (self.address.ip().to_string(), self.address.port().to_string());
        Access::InCluster { host, port, folder: self.folder.path().to_owned() }
    }
}

/// An authority in PEM, and a server that it vouches for.
pub(crate) fn certificates() -> (String, ServerConfig) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()));
    (authority, config.unwrap())
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            // Whoever does not trust the certificate hangs up.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

async fn answer(State(shared): State<Arc<Mutex<Shared>>>, headers: HeaderMap) -> Response<Body> {
    let (status, body) = {
        let mut shared = shared.lock().unwrap();
        let token = format!("Bearer {}", shared.token);
        let known = headers.get("authorization").is_some_and(|value| *value == token);
        let says = if known { shared.says.clone() } else { Says::Status(401) };
        let (status, body) = match says {
            Says::Role(role) => {
                let annotations = json!({ "ack.alibabacloud.com/role-arn": role });
                (200, json!({ "metadata": { "annotations": annotations } }).to_string())
            }
            Says::Status(code) => {
                (code, json!({ "status": "Failure", "code": code, "reason": "Because" }).to_string())
            }
            Says::Garbage => (200, "hunter2 is no JSON".to_owned()),
            Says::Nothing => (0, String::new()),
        };
        shared.answers.push(status);
        (status, body)
    };
    if status == 0 {
        std::future::pending::<()>().await;
    }
    Response::builder().status(status).header("content-type", "application/json").body(body.into()).unwrap()
}
