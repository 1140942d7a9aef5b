//! Accepting connections, for all doors: with or without TLS, over HTTP/1.1 or HTTP/2, and no longer than they deserve.

mod activity;
mod wire;

use std::{convert::Infallible, io, net::IpAddr, pin::pin, sync::Arc, time::Duration};

use http::{Request, Response};
use hyper::{
    body::{Body, Incoming},
    server::conn::{http1, http2},
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

pub(crate) use self::wire::Cut;
use self::{activity::Activity, wire::Wire};
use crate::{
    fault::{CertificateFlaw, Plans},
    tls::Authority,
};

/// How long to leave a full file table alone before accepting again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The largest head of a request: room for the longest parameter in a query, several times over.
const MAX_HEAD_BYTES: u16 = u16::MAX;

/// How long a client may take. A connection that exceeds one of these is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For a TLS handshake; 10 seconds by default.
    pub handshake: Duration,
    /// For the head of a request, and between two requests; 30 seconds by default.
    pub head: Duration,
    /// For the body of a request; 30 seconds by default. A call whose body is late is refused before the end.
    pub body: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { handshake: seconds(10), head: seconds(30), body: seconds(30) }
    }
}

/// Where a request came from; among the extensions of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// One door, about to open.
#[derive(Debug)]
pub(crate) struct Door<S> {
    pub(crate) listener: TcpListener,
    /// Present if the door speaks TLS.
    pub(crate) authority: Option<Arc<Authority>>,
    pub(crate) service: S,
    pub(crate) timeouts: Timeouts,
    /// What may go wrong with its connections.
    pub(crate) trouble: Trouble,
}

/// Which planned faults can meet the connections of a door.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// None: the control door must be there whatever is planned.
    None,
    Api(Arc<Plans>),
    Metadata(Arc<Plans>),
}

impl Trouble {
    fn refuses(&self) -> bool {
        match self {
            Self::None => false,
            Self::Api(plans) => plans.refuses_connection(false),
            Self::Metadata(plans) => plans.refuses_connection(true),
        }
    }

    fn certificate_flaw(&self, name: Option<&str>, address: IpAddr) -> Option<CertificateFlaw> {
        let Self::Api(plans) = self else { return None };
        match name {
            Some(name) => plans.certificate_flaw(name),
            None => plans.certificate_flaw(&address.to_string()),
        }
    }
}

/// What answers the requests of a door.
pub(crate) trait Answerer<B>:
    Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<B, S> Answerer<B> for S where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

impl<S> Door<S> {
    /// Serves until told to stop, then lets the requests under way finish. Connections end with this future when it is
    /// dropped.
    pub(crate) async fn serve<B>(self, mut stop: watch::Receiver<()>)
    where
        S: Answerer<B>,
        B: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
    {
        let Self { listener, authority, service, timeouts, trouble } = self;
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                // An error means that the sender is gone, and with it the fake.
                _ = stop.changed() => break,
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) if trouble.refuses() => wire::reset(&stream),
                    Ok((stream, address)) => {
                        let connection = Connection {
                            service: service.clone(),
                            peer: Peer(address.ip()),
                            timeouts,
                            stop: stop.clone(),
                            cut: Cut::default(),
                            trouble: trouble.clone(),
                        };
                        connections.spawn(connection.serve(stream, authority.clone()));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        while connections.join_next().await.is_some() {}
    }
}

/// What one connection needs to know.
struct Connection<S> {
    service: S,
    peer: Peer,
    timeouts: Timeouts,
    stop: watch::Receiver<()>,
    cut: Cut,
    trouble: Trouble,
}

impl<S> Connection<S> {
    async fn serve<B>(self, stream: TcpStream, authority: Option<Arc<Authority>>)
    where
        S: Answerer<B>,
        B: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
    {
        // Answers are small and written at once; waiting to fill a packet would only add latency.
        let _ = stream.set_nodelay(true);
        let Some(authority) = authority else {
            let wire = Wire::new(stream, self.cut.clone());
            return self.serve_http1(wire).await;
        };
        match timeout(self.timeouts.handshake, self.handshake(stream, &authority)).await {
            Ok(Ok(stream)) => {
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    self.serve_http2(stream).await;
                } else {
                    self.serve_http1(stream).await;
                }
            }
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    /// Reads which host is meant before it chooses the certificate to go on with.
    async fn handshake(&self, stream: TcpStream, authority: &Authority) -> io::Result<TlsStream<Wire>> {
        let address = stream.local_addr()?.ip();
        let wire = Wire::new(stream, self.cut.clone());
        let started = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), wire).await?;
        let hello = started.client_hello();
        let name = hello.server_name();
        let config = match self.trouble.certificate_flaw(name, address) {
            None => authority.config_for(name, address),
            Some(flaw) => authority.flawed_config_for(name, address, flaw),
        };
        started.into_stream(config).await
    }

    /// Tells a request where it came from and how to cut its connection.
    fn sign<B>(&self, mut request: Request<B>) -> Request<B> {
        request.extensions_mut().insert(self.peer);
        request.extensions_mut().insert(self.cut.clone());
        request
    }

    async fn serve_http1<B>(self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static)
    where
        S: Answerer<B>,
        B: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
    {
        let activity = Activity::default();
        let service = service_fn(|request| activity.during(self.service.call(self.sign(request))));
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(self.timeouts.head);
        builder.max_buf_size(MAX_HEAD_BYTES.into());
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        drive(connection, &activity, self.timeouts.head, self.stop.clone(), &self.cut).await;
    }

    async fn serve_http2<B>(self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static)
    where
        S: Answerer<B>,
        B: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
    {
        // The requests of such a connection run as tasks of their own.
        let activity = Arc::new(Activity::default());
        let service = service_fn(|request| {
            let (activity, answer) = (activity.clone(), self.service.call(self.sign(request)));
            async move { activity.during(answer).await }
        });
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).max_header_list_size(MAX_HEAD_BYTES.into());
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        drive(connection, &activity, self.timeouts.head, self.stop.clone(), &self.cut).await;
    }
}

/// Serves until the client leaves, the connection is cut, the door closes, or nothing has been asked for so long that nothing more is expected.
async fn drive<C>(
    connection: C,
    activity: &Activity,
    idle: Duration,
    mut stop: watch::Receiver<()>,
    cut: &Cut,
) where
    C: GracefulConnection<Error = hyper::Error>,
{
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = cut.made() => return,
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended,
                () = cut.made() => return,
            }
        }
        () = activity.pause(idle) => {
            connection.as_mut().graceful_shutdown();
            // What the client has not taken off by then it never will.
            timeout(idle, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
