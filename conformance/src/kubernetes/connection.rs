//! Connections: TLS, HTTP, and how to break them.

use std::sync::Arc;

use axum::{Extension, Router};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Breaks the connection on which a request came.
#[derive(Debug, Clone, Default)]
pub(super) struct Cutter(Arc<Notify>);

impl Cutter {
    pub(super) fn cut(&self) {
        self.0.notify_one();
    }
}

/// Accepts until the task is aborted; connections end with it.
pub(super) async fn serve(listener: TcpListener, acceptor: TlsAcceptor, router: Router) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, router) = (acceptor.clone(), router.clone());
        connections.spawn(async move {
            // A client that does not trust the authority ends the handshake; that is its business.
            if let Ok(stream) = acceptor.accept(stream).await {
                speak(stream, router).await;
            }
        });
    }
}

async fn speak(stream: TlsStream<TcpStream>, router: Router) {
    let cutter = Cutter::default();
    let service = TowerToHyperService::new(router.layer(Extension(cutter.clone())));
    let mut connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // However it ends, the client knows.
        _ = &mut connection => {}
        () = cutter.0.notified() => {
            let stream = connection.into_parts().io.into_inner();
            // A linger time of zero makes the kernel send a reset instead of an orderly end.
            let _ = stream.get_ref().0.set_zero_linger();
        }
    }
}
