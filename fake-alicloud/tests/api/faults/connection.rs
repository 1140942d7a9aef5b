//! Connections that are refused, reset, or shown a wrong certificate.

use std::{io, net::SocketAddr};

use fake_alicloud::{CertificateFlaw, Fault, FaultProduct};
use reqwest::{Certificate, Client};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{PATIENCE, met, put, read};
use crate::{
    client::{Call, Signed},
    world::World,
};

const HANGZHOU: &str = "kms.cn-hangzhou.aliyuncs.com";

/// What a new connection to a door says until it ends.
async fn exchange(url: &str, request: &[u8]) -> io::Result<String> {
    let address: SocketAddr = url.split("//").nth(1).expect("a URL").parse().expect("an address");
    let talk = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    };
    timeout(PATIENCE, talk).await.expect("an end")
}

const GET: &[u8] = b"GET /latest/meta-data/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

/// A signed call as it goes over the wire.
pub(super) fn wire(Signed { method, url, headers, body }: Signed) -> Vec<u8> {
    let path = url.splitn(4, '/').nth(3).expect("a path");
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = headers.concat();
    let length = body.len();
    format!(
        "{method} /{path} HTTP/1.1\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

#[tokio::test]
async fn refused_connections_end_before_anything_is_read() {
    let world = World::new().await;
    world.fake.plan(Fault::refuse().times(2)).expect("a fault");
    for door in [world.fake.api_url(), world.fake.api_tls_url()] {
        let error = exchange(door, GET).await.expect_err("a reset");
        assert!(
            matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe),
            "{error}"
        );
    }
    assert!(exchange(world.fake.api_url(), GET).await.expect("an answer").starts_with("HTTP/1.1 404"));
    assert_eq!((world.fake.faults()[0].fired, world.fake.journal().len()), (2, 1));
}

#[tokio::test]
async fn the_metadata_service_is_refused_alone_and_the_control_door_never() {
    let world = World::new().await;
    world.fake.plan(Fault::refuse().product(FaultProduct::Metadata).named("cut")).expect("a fault");
    assert!(exchange(world.fake.metadata_url(), GET).await.is_err());
    assert!(exchange(world.fake.api_url(), GET).await.is_ok());
    world.fake.plan(Fault::refuse()).expect("a fault");
    assert!(exchange(world.fake.control_url(), GET).await.is_ok());
    world.fake.remove_fault("cut");
    assert!(exchange(world.fake.metadata_url(), GET).await.is_ok());
}

#[tokio::test]
async fn a_reset_takes_the_place_of_the_answer_and_the_operation_has_run() {
    let world = World::new().await;
    world.fake.plan(Fault::reset().action("PutSecretValue").named("cut").once()).expect("a fault");
    let request = wire(world.sign(&put("v3")));
    let error = exchange(world.fake.api_url(), &request).await.expect_err("a reset");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(met(&world, "cut")[0].status, 200, "what would have been answered");
    assert_eq!(world.send(&read()).await.json()["SecretData"], "third");
}

/// A client that trusts the fake's authority and finds a host of the cloud's at the fake.
fn client(world: &World) -> Client {
    let ca = Certificate::from_pem(world.fake.ca_pem().as_bytes()).expect("a certificate");
    let address = world.fake.api_tls_url().trim_start_matches("https://").parse().expect("an address");
    let builder = Client::builder().no_proxy().tls_certs_only([ca]).resolve(HANGZHOU, address);
    builder.pool_max_idle_per_host(0).build().expect("a client")
}

async fn call_over_tls(world: &World, client: &Client) -> Result<u16, reqwest::Error> {
    let port = world.fake.api_tls_url().rsplit(':').next().expect("a port");
    let Signed { method, url, headers, body } = {
        let call: Call = read().at(&format!("{HANGZHOU}:{port}"));
        call.sign_v3(&format!("https://{HANGZHOU}:{port}"))
    };
    let mut request = client.request(method, url).body(body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    Ok(request.send().await?.status().as_u16())
}

#[rstest::rstest]
#[case(CertificateFlaw::OtherName, "NotValidForName")]
#[case(CertificateFlaw::OtherAuthority, "UnknownIssuer")]
#[case(CertificateFlaw::Expired, "Expired")]
#[tokio::test]
async fn a_wrong_certificate_is_shown_to_those_who_ask_for_that_host(
    #[case] flaw: CertificateFlaw,
    #[case] reason: &str,
) {
    let world = World::new().await;
    let client = client(&world);
    world.fake.plan(Fault::certificate(flaw).host("kms-vpc.*")).expect("a fault");
    assert_eq!(call_over_tls(&world, &client).await.expect("an answer"), 200, "another host");
    world.fake.plan(Fault::certificate(flaw).host("kms.*").once()).expect("a fault");
    let error = call_over_tls(&world, &client).await.expect_err("a handshake that fails");
    assert!(error.is_connect() && format!("{error:?}").contains(reason), "{error:?}");
    assert_eq!(call_over_tls(&world, &client).await.expect("an answer"), 200, "it was for once");
    assert_eq!(world.fake.faults()[1].fired, 1);
}

#[tokio::test]
async fn a_reset_over_tls_is_one_too() {
    let world = World::new().await;
    let client = client(&world);
    world.fake.plan(Fault::reset().once()).expect("a fault");
    assert!(call_over_tls(&world, &client).await.is_err());
    assert_eq!(call_over_tls(&world, &client).await.expect("an answer"), 200);
}
