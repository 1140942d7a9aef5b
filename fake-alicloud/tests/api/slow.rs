//! Clients that take their time: each is given some, and then the connection back.

use std::{sync::Arc, time::Duration};

use fake_alicloud::{Options, Timeouts};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::{
    client::Call,
    world::{ROOT, World},
};

const SHORT: Duration = Duration::from_millis(100);
/// Far beyond what the fake allows, and within what it allows by default.
const PATIENCE: Duration = Duration::from_secs(9);

async fn impatient(change: impl Fn(&mut Timeouts)) -> World {
    let mut timeouts = Timeouts::default();
    change(&mut timeouts);
    World::with(Options { timeouts, ..Options::default() }).await
}

/// What comes back until the fake hangs up, while the client sends no more and keeps its side open.
async fn end_of(url: &str, opening: &[u8]) -> String {
    let address = url.split("//").nth(1).expect("a URL");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(opening).await.expect("a listener");
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the fake hangs up");
    String::from_utf8_lossy(&answer).into_owned()
}

#[rstest::rstest]
#[case(b"")]
#[case(b"GET / HTTP/1.1\r\nHost: ")]
#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection(#[case] opening: &[u8]) {
    let world = impatient(|timeouts| timeouts.head = SHORT).await;
    for door in [world.fake.api_url(), world.fake.control_url()] {
        assert!(!end_of(door, opening).await.starts_with("HTTP/1.1 2"));
    }
}

#[tokio::test]
async fn a_connection_without_further_requests_ends() {
    let world = impatient(|timeouts| timeouts.head = SHORT).await;
    let answer = end_of(world.fake.control_url(), b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused() {
    let world = impatient(|timeouts| timeouts.body = SHORT).await;
    let head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf";
    let answer = end_of(world.fake.api_url(), head).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("did not arrive in time"), "{answer}");
    assert_eq!(world.last_entry().code.as_deref(), Some("IncompleteBody"));
}

#[tokio::test]
async fn a_handshake_that_does_not_come_ends_the_connection() {
    let world = impatient(|timeouts| timeouts.handshake = SHORT).await;
    assert_eq!(end_of(world.fake.api_tls_url(), b"\x16\x03\x01").await, "");
}

#[rstest::rstest]
#[case::nothing_at_all(b"")]
#[case::preface_and_settings(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")]
#[tokio::test]
async fn a_connection_over_http2_without_requests_ends(#[case] opening: &[u8]) {
    let world = impatient(|timeouts| timeouts.head = SHORT).await;
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(world.fake.ca_pem().as_bytes()).expect("a certificate");
    roots.add(ca).expect("an authority");
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(world.fake.api_tls_url().trim_start_matches("https://"))
        .await
        .expect("a connection");
    let name = "localhost".try_into().expect("a name");
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake");
    stream.write_all(opening).await.expect("a listener");
    let _ = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await.expect("the fake hangs up");
}

#[tokio::test]
async fn heads_have_a_limit_and_longer_ones_are_refused() {
    let world = World::new().await;
    let many = "X-Filler: x\r\n".repeat(200);
    let long = "x".repeat(200_000);
    for head in [
        format!("GET / HTTP/1.1\r\nHost: h\r\n{many}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: h\r\nX-Long: {long}\r\n\r\n"),
        format!("GET /?{long} HTTP/1.1\r\nHost: h\r\n\r\n"),
    ] {
        let address = world.fake.api_url().trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let (mut reader, mut writer) = stream.split();
        // The fake refuses before it has read all of it.
        let send = async {
            let _ = writer.write_all(head.as_bytes()).await;
        };
        let mut answer = [0; 12];
        let receive = timeout(PATIENCE, reader.read_exact(&mut answer));
        let ((), received) = tokio::join!(send, receive);
        received.expect("an answer in time").expect("an answer");
        assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 431");
    }
}

/// A socket that is closed with something unread in it sends a reset, and clients that cannot send do not look for an answer.
#[tokio::test]
async fn a_refused_client_may_go_on_sending_and_sees_an_orderly_end() {
    let world = World::new().await;
    let address = world.fake.api_url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let half = "x".repeat(100_000);
    stream
        .write_all(format!("GET / HTTP/1.1\r\nHost: h\r\nX-Long: {half}").as_bytes())
        .await
        .expect("a fake");
    let mut answer = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("in time").expect("an answer");
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 431");
    stream.write_all(half.as_bytes()).await.expect("nobody objects");
    stream.write_all(b"\r\n\r\n").await.expect("still not");
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("in time").expect("an orderly end");
}

#[tokio::test]
async fn a_slow_client_does_not_hold_up_others() {
    let world = World::new().await;
    let address = world.fake.api_url().trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(&address).await.expect("a connection");
        stream
            .write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n1")
            .await
            .expect("a listener");
        slow.push(stream);
    }
    let call = Call::kms("GetSecretValue", ROOT).with("SecretName", "db/password");
    assert_eq!(timeout(PATIENCE, world.send(&call)).await.expect("at once").status, 200);
}
