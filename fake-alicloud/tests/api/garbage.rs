//! Input that no client sends: the fake answers or hangs up, and goes on.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use uuid::Uuid;

use crate::{
    client::Call,
    world::{ROOT, World},
};

/// Sends bytes, says that no more will come, and reads what comes back.
async fn exchange(url: &str, bytes: &[u8]) -> String {
    let talk = async {
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.expect("a connection");
        // The fake may hang up before it has read everything.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    timeout(Duration::from_secs(10), talk).await.expect("an answer or an end")
}

async fn assert_sane(world: &World) {
    let call = Call::kms("GetSecretValue", ROOT).with("SecretName", "db/password");
    assert_eq!(world.send(&call).await.status, 200);
    assert_eq!(world.control(reqwest::Method::GET, "/healthz", "").await.0, 200);
}

#[tokio::test]
async fn odd_requests_are_answered_and_never_break_the_fake() {
    let world = World::new().await;
    let long = "%".repeat(5000);
    let requests = [
        "GET /?%ff%fe=%00&&&==&=%C3%28 HTTP/1.1\r\nHost: \u{e9}\u{ff}:::\r\n\r\n".to_owned(),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "GET http://kms.cn-hangzhou.aliyuncs.com/?Action=\u{0} HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        format!("GET /?Action={long}&Version={long}&Signature={long} HTTP/1.1\r\nHost: h\r\n\r\n"),
        "POST / HTTP/1.1\r\nHost: h\r\nAuthorization: ,=,=,=\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nHost: h\r\nAuthorization: ACS3-HMAC-SHA256 Credential=\u{e9},SignedHeaders=;;,Signature=\u{e9}\r\n\
         x-acs-action: GetSecretValue\r\nx-acs-version: 2016-01-20\r\nx-acs-date: \u{e9}\r\nContent-Length: 0\r\n\r\n"
            .to_owned(),
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "DELETE /\u{1} HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\u{0}".to_owned(),
        String::new(),
    ];
    for request in requests {
        let answer = exchange(world.fake.api_url(), request.as_bytes()).await;
        assert!(
            !answer.starts_with("HTTP/1.1 5") && !answer.starts_with("HTTP/1.1 2"),
            "{request:?}: {answer}"
        );
    }
    assert_sane(&world).await;
}

#[tokio::test]
async fn random_bytes_break_neither_door() {
    let world = World::new().await;
    let mut tried = Vec::new();
    for round in 0..200 {
        // Random ids are random bytes enough; a failure prints them.
        let noise: Vec<u8> = (0..=round % 8).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
        let head = ["", "POST /?", "GET / HTTP/1.1\r\n", "POST /seed HTTP/1.1\r\nContent-Length: 16\r\n\r\n"];
        let request = [head[round % head.len()].as_bytes(), &noise].concat();
        tried.push(request.clone());
        for door in [world.fake.api_url(), world.fake.control_url()] {
            let answer = exchange(door, &request).await;
            assert!(!answer.starts_with("HTTP/1.1 5"), "{request:?}: {answer}");
        }
    }
    assert_sane(&world).await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_refused_call() {
    let world = World::new().await;
    exchange(world.fake.api_url(), b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf").await;
    assert_eq!(world.last_entry().code.as_deref(), Some("IncompleteBody"));
}
