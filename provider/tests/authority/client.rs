//! A client that sends frames made by hand to a real tonic server and reads what comes back.

use std::collections::HashMap;
use std::io;

use csi_secrets_store_provider_alibabacloud::authority::AcceptAnyAuthority;
use futures_util::{Stream, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf};
use tokio::sync::mpsc;
use tonic::transport::Server;
use tonic::transport::server::Router;

use crate::wire;

/// How the server takes its connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Door {
    /// As a stock tonic server does.
    Stock,
    AnyAuthority,
}

/// How one call ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The message of the response, after a gRPC status of zero.
    Message(Vec<u8>),
    /// The stream was reset with this HTTP/2 error code.
    Reset(u32),
    /// The connection ended, with this HTTP/2 error code if the server said one.
    Closed(Option<u32>),
}

pub(crate) const PROTOCOL_ERROR: u32 = 1;
pub(crate) const FRAME_SIZE_ERROR: u32 = 6;

impl Answer {
    /// What the health service says: status (field 1) is `SERVING` (1).
    pub(crate) fn serving() -> Self {
        Self::Message(vec![0x08, 0x01])
    }
}

pub(crate) struct Client {
    requests: mpsc::UnboundedSender<Vec<u8>>,
    responses: ReadHalf<DuplexStream>,
    decoder: loona_hpack::Decoder<'static>,
    bodies: HashMap<u32, Vec<u8>>,
}

impl Client {
    /// Opens a connection to a health service.
    pub(crate) fn open(door: Door) -> Self {
        let client = Self::connect(door, 64 * 1024);
        client.send(&wire::opening());
        client
    }

    /// Connects and sends nothing. No more than `in_flight` octets are on the way at a time.
    pub(crate) fn connect(door: Door, in_flight: usize) -> Self {
        let (responses, mut writer) = tokio::io::split(serve(door, in_flight));
        let (requests, mut waiting) = mpsc::unbounded_channel::<Vec<u8>>();
        // On its own, because a server may want to be read before it reads on.
        tokio::spawn(async move {
            while let Some(octets) = waiting.recv().await {
                writer.write_all(&octets).await?;
            }
            io::Result::Ok(())
        });
        Self { requests, responses, decoder: loona_hpack::Decoder::new(), bodies: HashMap::new() }
    }

    pub(crate) fn send(&self, octets: &[u8]) {
        // A server that has hung up does not read; the test is about to learn why.
        let _ = self.requests.send(octets.to_vec());
    }

    /// Sends one call with `block` and reads its answer.
    pub(crate) async fn call(&mut self, stream: u32, block: &[u8]) -> Answer {
        self.send(&[wire::headers(stream, block), wire::empty_message(stream)].concat());
        self.answer(stream).await
    }

    /// Reads until the call on `stream` has ended.
    pub(crate) async fn answer(&mut self, stream: u32) -> Answer {
        loop {
            let Some((kind, flags, on, payload)) = self.read_frame().await else {
                return Answer::Closed(None);
            };
            match kind {
                wire::HEADERS => {
                    let fields = self.decoder.decode(&payload).expect("the server encodes well");
                    if on == stream && flags & wire::END_STREAM != 0 {
                        let is_ok = fields.contains(&(b"grpc-status".to_vec(), b"0".to_vec()));
                        assert!(is_ok, "the call failed: {fields:?}");
                        let body = self.bodies.remove(&stream).expect("a message before the trailers");
                        return Answer::Message(body[5..].to_vec());
                    }
                }
                wire::DATA => self.bodies.entry(on).or_default().extend(payload),
                wire::RST_STREAM if on == stream => return Answer::Reset(code(&payload[..4])),
                wire::GOAWAY => return Answer::Closed(Some(code(&payload[4..8]))),
                _ => {}
            }
        }
    }

    async fn read_frame(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.responses.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).expect("a length fits")];
        self.responses.read_exact(&mut payload).await.ok()?;
        Some((head[3], head[4], code(&head[5..]), payload))
    }
}

/// Serves one connection and returns the client's end.
fn serve(door: Door, in_flight: usize) -> DuplexStream {
    let (client, server) = tokio::io::duplex(in_flight);
    tokio::spawn(async move {
        match door {
            Door::Stock => health_server().serve_with_incoming(once(server)).await,
            Door::AnyAuthority => {
                health_server().serve_with_incoming(once(AcceptAnyAuthority::new(server))).await
            }
        }
    });
    client
}

pub(crate) fn health_server() -> Router {
    let (_, health) = tonic_health::server::health_reporter();
    Server::builder().add_service(health)
}

fn once<S: Send>(connection: S) -> impl Stream<Item = io::Result<S>> {
    stream::iter([Ok(connection)])
}

fn code(octets: &[u8]) -> u32 {
    u32::from_be_bytes(octets.try_into().expect("four octets"))
}
