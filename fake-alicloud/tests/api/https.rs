//! The HTTPS door: its certificates, both versions of HTTP, and what it does with those who do not speak TLS.

use std::{net::SocketAddr, time::Duration};

use fake_alicloud::{Options, Scheme};
use reqwest::{Certificate, Client, Version};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    client::{Call, Reply},
    world::{ROOT, World},
};

const HANGZHOU: &str = "kms.cn-hangzhou.aliyuncs.com";
const INSTANCE: &str = "kst-hzz62abc";
const GATEWAY: &str = "kst-hzz62abc.cryptoservice.kms.aliyuncs.com";

fn read() -> Call {
    Call::kms("GetSecretValue", ROOT).with("SecretName", "db/password")
}

fn address(world: &World) -> SocketAddr {
    world.fake.api_tls_url().trim_start_matches("https://").parse().expect("an address")
}

/// A client that trusts one authority and finds one host at the fake.
fn client(world: &World, ca_pem: &str, host: &str) -> reqwest::ClientBuilder {
    let ca = Certificate::from_pem(ca_pem.as_bytes()).expect("a certificate");
    Client::builder().no_proxy().tls_certs_only([ca]).resolve(host, address(world))
}

/// Calls a host of the cloud's, which the client believes to reach.
async fn call(world: &World, client: Client, host: &str) -> Reply {
    let host = format!("{host}:{}", address(world).port());
    read().at(&host).sign_v3(&format!("https://{host}")).send(&client).await
}

async fn is_refused(world: &World, client: Client, host: &str) -> bool {
    let url = format!("https://{host}:{}/", address(world).port());
    client.get(url).send().await.is_err_and(|error| error.is_connect())
}

#[rstest::rstest]
#[case(HANGZHOU)]
#[case("kms-vpc.cn-hangzhou.aliyuncs.com")]
#[case("localhost")]
#[case("127.0.0.1")]
#[case("cloud.test")]
#[tokio::test]
async fn a_client_that_trusts_the_authority_gets_its_secret(#[case] host: &str) {
    let world = World::with(Options { tls_names: vec!["cloud.test".to_owned()], ..Options::default() }).await;
    let client = client(&world, world.fake.ca_pem(), host).build().expect("a client");
    let reply = call(&world, client, host).await;
    assert_eq!(reply.json()["SecretData"], "second", "{}", reply.text);
    assert_eq!(world.last_entry().scheme, Scheme::Https);
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_and_signed_alike() {
    let world = World::new().await;
    let builder = || client(&world, world.fake.ca_pem(), HANGZHOU);
    for (client, version) in [(builder().http1_only(), Version::HTTP_11), (builder(), Version::HTTP_2)] {
        let client = client.build().expect("a client");
        let url = format!("https://{HANGZHOU}:{}/", address(&world).port());
        assert_eq!(client.get(url).send().await.expect("an answer").version(), version);
        let reply = call(&world, client, HANGZHOU).await;
        assert_eq!(reply.json()["SecretData"], "second", "{}", reply.text);
        assert_eq!(reply.headers.contains_key("keep-alive"), version == Version::HTTP_11);
    }
}

#[tokio::test]
async fn an_instances_gateway_has_an_authority_of_its_own() {
    let world = World::new().await;
    let own = world.fake.instance_ca_pem(INSTANCE).expect("an instance");
    let trusting_own = client(&world, &own, GATEWAY).build().expect("a client");
    let reply = call(&world, trusting_own.clone(), GATEWAY).await;
    assert_eq!(reply.json()["HostId"].as_str().unwrap_or(GATEWAY).split(':').next(), Some(GATEWAY));
    let trusting_shared = client(&world, world.fake.ca_pem(), GATEWAY).build().expect("a client");
    assert!(is_refused(&world, trusting_shared, GATEWAY).await, "the shared one is not behind it");
    let elsewhere = client(&world, &own, HANGZHOU).build().expect("a client");
    assert!(is_refused(&world, elsewhere, HANGZHOU).await, "it covers nothing else");
}

#[tokio::test]
async fn a_strangers_name_and_a_strangers_authority_end_the_handshake() {
    let (world, other) = (World::new().await, World::new().await);
    let stranger = client(&world, world.fake.ca_pem(), "example.org").build().expect("a client");
    assert!(is_refused(&world, stranger, "example.org").await);
    let distrusting = client(&world, other.fake.ca_pem(), HANGZHOU).build().expect("a client");
    assert!(is_refused(&world, distrusting, HANGZHOU).await, "each fake has its own authority");
}

#[tokio::test]
async fn kms_needs_https_unless_it_is_told_not_to() {
    let world = World::with(Options { allow_http: false, ..Options::default() }).await;
    let refused = world.send(&read()).await;
    assert_eq!(refused.refusal(), (400, "InvalidProtocol.NeedSsl".to_owned()));
    assert_eq!(refused.message(), "Your request is denied as lack of ssl protect.");
    let client = client(&world, world.fake.ca_pem(), HANGZHOU).build().expect("a client");
    assert_eq!(call(&world, client, HANGZHOU).await.status, 200);
}

#[tokio::test]
async fn oos_needs_no_https() {
    let world = World::with(Options { allow_http: false, ..Options::default() }).await;
    let call = Call { version: "2019-06-01".to_owned(), ..Call::kms("Nothing", ROOT) };
    assert_eq!(world.send(&call).await.refusal().1, "InvalidAction.NotFound");
    let call = Call { action: "ListSecretParameters".to_owned(), ..call };
    assert_ne!(world.send(&call).await.refusal().1, "InvalidProtocol.NeedSsl");
}

#[tokio::test]
async fn what_is_not_tls_ends_the_connection_and_nothing_else() {
    let world = World::new().await;
    // A hello that announces more than follows, an alert, plain HTTP, and noise.
    let openings: [&[u8]; 5] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"GET / HTTP/1.1\r\nHost: kms.cn-hangzhou.aliyuncs.com\r\n\r\n",
        &[0xff; 600],
        b"",
    ];
    for opening in openings {
        let talk = async {
            let mut stream = TcpStream::connect(address(&world)).await.expect("a connection");
            let _ = stream.write_all(opening).await;
            let _ = stream.shutdown().await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            answer
        };
        let answer = timeout(Duration::from_secs(10), talk).await.expect("an end");
        assert!(answer.len() < 32, "an alert at most: {answer:?}");
    }
    let client = client(&world, world.fake.ca_pem(), HANGZHOU).build().expect("a client");
    assert_eq!(call(&world, client, HANGZHOU).await.status, 200);
}
