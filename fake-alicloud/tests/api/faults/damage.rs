//! Answers that stop, break off, or make no sense.

use fake_alicloud::{Effect, Fault, Malformation, Stall, StallPoint, Truncation};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{PATIENCE, SILENCE, connection::wire, met, put, read};
use crate::{client::Call, world::World};

/// Sends a call over a connection of its own.
async fn start(world: &World, call: &Call) -> TcpStream {
    let address = world.fake.api_url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(&wire(world.sign(call))).await.expect("a listener");
    stream
}

/// What comes until the end, or until nothing comes.
async fn available(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut room = [0; 4096];
    while let Ok(Ok(count @ 1..)) = timeout(SILENCE, stream.read(&mut room)).await {
        text.extend(&room[..count]);
    }
    String::from_utf8(text).expect("UTF-8")
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut text)).await.expect("an end").expect("UTF-8");
    text
}

/// The length that the head tells, and the body that came.
fn parts(answer: &str) -> (usize, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    (length.parse().expect("a number"), body)
}

#[tokio::test]
async fn an_answer_that_stalls_comes_when_its_fault_is_removed() {
    let world = World::new().await;
    world.fake.plan(Fault::stall().named("stuck")).expect("a fault");
    let mut stream = start(&world, &put("v3")).await;
    assert_eq!(available(&mut stream).await, "");
    assert_eq!(met(&world, "stuck")[0].status, 200, "the operation has run");
    world.fake.clear_faults();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
    assert_eq!(world.send(&read()).await.json()["SecretData"], "third");
}

#[tokio::test]
async fn an_answer_can_stall_in_its_body() {
    let world = World::new().await;
    world.fake.plan(Fault::stall_in_body().named("stuck")).expect("a fault");
    let mut stream = start(&world, &read()).await;
    let first = available(&mut stream).await;
    let (length, body) = parts(&first);
    assert_eq!(body.len(), length / 2);
    assert!(world.fake.remove_fault("stuck"));
    let whole = first.clone() + &rest(&mut stream).await;
    assert_eq!(parts(&whole).1.len(), length);
    assert!(whole.contains(r#""SecretData":"second""#), "{whole}");
}

#[rstest::rstest]
#[case(StallPoint::Answer)]
#[case(StallPoint::Body)]
#[tokio::test]
async fn a_stall_may_have_an_end(#[case] at: StallPoint) {
    let world = World::new().await;
    let limit = Some("20ms".parse().expect("a time"));
    world.fake.plan(Fault::new(Effect::Stall(Stall { at, limit }))).expect("a fault");
    let reply = timeout(PATIENCE, world.send(&read())).await.expect("an answer");
    assert_eq!(reply.json()["SecretData"], "second");
}

#[tokio::test]
async fn a_stalled_answer_holds_up_neither_others_nor_the_end() {
    let world = World::new().await;
    world.fake.plan(Fault::stall().once()).expect("a fault");
    let mut stream = start(&world, &read()).await;
    assert_eq!(available(&mut stream).await, "");
    assert_eq!(world.send(&read()).await.status, 200);
    timeout(PATIENCE, async { tokio::join!(world.fake.stop(), rest(&mut stream)) }).await.expect("an end");
}

#[rstest::rstest]
#[case(None, |length| length / 2)]
#[case(Some(0), |_| 0)]
#[case(Some(7), |_| 7)]
#[case(Some(1_000_000), |length| length - 1)]
#[tokio::test]
async fn a_truncated_body_is_shorter_than_its_head_says(
    #[case] after: Option<usize>,
    #[case] sent: fn(usize) -> usize,
) {
    let world = World::new().await;
    let fault = Fault::new(Effect::Truncate(Truncation { after }));
    world.fake.plan(fault.named("short").once()).expect("a fault");
    let mut stream = start(&world, &put("v3")).await;
    let answer = rest(&mut stream).await;
    let (length, body) = parts(&answer);
    assert_eq!(body.len(), sent(length));
    assert_eq!(met(&world, "short").len(), 1);
    assert_eq!(world.send(&read()).await.json()["SecretData"], "third", "the operation has run");
}

#[rstest::rstest]
#[case(Malformation::Html, "text/html")]
#[case(Malformation::Half, "application/json;charset=utf-8")]
#[case(Malformation::Garbage, "application/json;charset=utf-8")]
#[case(Malformation::Empty, "application/json;charset=utf-8")]
#[case(Malformation::MissingFields, "application/json;charset=utf-8")]
#[tokio::test]
async fn a_malformed_body_comes_whole_and_with_the_status_of_the_answer(
    #[case] how: Malformation,
    #[case] content_type: &str,
) {
    let world = World::new().await;
    world.fake.plan(Fault::malform(how).once()).expect("a fault");
    let reply = world.send(&read()).await;
    assert_eq!((reply.status, reply.headers["content-type"].to_str().expect("text")), (200, content_type));
    let json: Result<serde_json::Value, _> = serde_json::from_str(&reply.text);
    match how {
        Malformation::MissingFields => assert_eq!(json.expect("JSON"), serde_json::json!({})),
        Malformation::Empty => assert_eq!(reply.text, ""),
        _ => assert!(json.is_err() && !reply.text.is_empty(), "{}", reply.text),
    }
    assert_eq!(world.send(&read()).await.json()["SecretData"], "second");
}
