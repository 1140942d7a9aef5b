//! Clients whose `:authority` is the path of the socket are served: each request is made by hand, octet by
//! octet, and answered by a real tonic server behind the adapter. The same server without it refuses them, or
//! the adapter would prove nothing.

#[path = "authority/client.rs"]
mod client;
#[path = "authority/judge.rs"]
mod judge;
#[path = "authority/wire.rs"]
mod wire;

use client::{Answer, Client, Door, FRAME_SIZE_ERROR, PROTOCOL_ERROR};
use csi_secrets_store_provider_alibabacloud::authority::{AcceptAnyAuthority, Rewriter};
use proptest::prelude::*;
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use wire::{Coding, Form, Name};

const PLAIN_PATH: &str = "/var/run/secrets-store-csi-providers/alibabacloud.sock";
/// As grpcio 1.85 writes it, for a target such as `unix:/var/run/a.sock`.
const ENCODED_PATH_WITHOUT_FIRST_SLASH: &str = "var%2Frun%2Fa.sock";
const ENCODED_PATH: &str = "%2Fvar%2Frun%2Fsecrets-store-csi-providers%2Falibabacloud.sock";

/// Longer than the 127 octets that a one-octet length can say, even in Huffman code.
fn long_path() -> String {
    "%2Fvar%2Flib%2Fkubelet%2Fplugins".repeat(12)
}

fn indexed_authority(value: &str) -> Vec<u8> {
    wire::field(Form::Indexed, Name::Index(wire::AUTHORITY), Coding::Huffman, value)
}

#[rstest]
#[tokio::test]
async fn a_socket_path_is_served_however_it_is_encoded(
    #[values(Form::Indexed, Form::NotIndexed, Form::NeverIndexed)] form: Form,
    #[values(Name::Index(wire::AUTHORITY), Name::Plain(":authority"), Name::Huffman(":authority"))]
    name: Name<'_>,
    #[values(Coding::Plain, Coding::Huffman)] coding: Coding,
) {
    let mut client = Client::open(Door::AnyAuthority);
    let long_path = long_path();
    for (stream, path) in [(1, PLAIN_PATH), (3, ENCODED_PATH), (5, &long_path), (7, "/")] {
        let block = wire::health_check(&wire::field(form, name, coding, path));
        assert_eq!(client.call(stream, &block).await, Answer::serving(), "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn a_stock_server_refuses_a_socket_path(
    #[values(PLAIN_PATH, ENCODED_PATH, ENCODED_PATH_WITHOUT_FIRST_SLASH)] path: &str,
    #[values(Coding::Plain, Coding::Huffman)] coding: Coding,
) {
    let mut client = Client::open(Door::Stock);
    let block =
        wire::health_check(&wire::field(Form::NotIndexed, Name::Index(wire::AUTHORITY), coding, path));
    assert_eq!(client.call(1, &block).await, Answer::Reset(PROTOCOL_ERROR));
}

#[rstest]
#[tokio::test]
async fn localhost_is_served_with_and_without_the_adapter(
    #[values(Door::Stock, Door::AnyAuthority)] door: Door,
) {
    let mut client = Client::open(door);
    let block = wire::health_check(&indexed_authority("localhost"));
    assert_eq!(client.call(1, &block).await, Answer::serving());
}

#[tokio::test]
async fn a_request_without_authority_is_served() {
    let mut client = Client::open(Door::AnyAuthority);
    assert_eq!(client.call(1, &wire::health_check(&[])).await, Answer::serving());
}

#[tokio::test]
async fn later_requests_refer_to_the_substitute_by_index() {
    let mut client = Client::open(Door::AnyAuthority);
    let first = wire::health_check(&indexed_authority(ENCODED_PATH));
    assert_eq!(client.call(1, &first).await, Answer::serving());

    // The content type was put in after the authority, once more with each request.
    for (stream, index) in [(3, 63), (5, 64), (7, 65)] {
        let block = wire::health_check(&wire::indexed(index));
        assert_eq!(client.call(stream, &block).await, Answer::serving());
    }
}

#[tokio::test]
async fn a_new_path_under_an_old_name_is_served() {
    let mut client = Client::open(Door::AnyAuthority);
    let first = wire::health_check(&indexed_authority(PLAIN_PATH));
    assert_eq!(client.call(1, &first).await, Answer::serving());

    let again = wire::field(Form::Indexed, Name::Index(63), Coding::Huffman, ENCODED_PATH);
    assert_eq!(client.call(3, &wire::health_check(&again)).await, Answer::serving());
}

// Both sides drop the same entries only if the substitute is as long as the original.
#[rstest]
#[case::as_without_the_adapter(Door::Stock, "b")]
#[case::behind_the_adapter(Door::AnyAuthority, "/")]
#[tokio::test]
async fn entries_leave_the_table_at_the_same_moment(#[case] door: Door, #[case] letter: &str) {
    let mut client = Client::open(door);
    // Entries of 2000 octets, and of 60 for the content type: the second request has no room for the first
    // one's.
    let block = wire::health_check(&indexed_authority(&letter.repeat(1958)));
    assert_eq!(client.call(1, &block).await, Answer::serving());
    assert_eq!(client.call(3, &block).await, Answer::serving());

    // Content type, authority, content type; then a content type more, and the fifth entry is the one that
    // left.
    assert_eq!(client.call(5, &wire::health_check(&wire::indexed(63))).await, Answer::serving());
    let fifth = wire::health_check(&wire::indexed(66));
    assert_eq!(client.call(7, &fifth).await, Answer::Closed(Some(PROTOCOL_ERROR)));
}

#[tokio::test]
async fn a_client_that_turns_its_table_off_is_served() {
    let mut client = Client::open(Door::AnyAuthority);
    for stream in [1, 3, 5] {
        let block = wire::health_check(&indexed_authority(PLAIN_PATH));
        let block = [wire::table_size(0), block].concat();
        assert_eq!(client.call(stream, &block).await, Answer::serving());
    }
}

#[tokio::test]
async fn a_client_heard_one_octet_at_a_time_is_served() {
    let mut client = Client::connect(Door::AnyAuthority, 1);
    let block = wire::health_check(&indexed_authority(ENCODED_PATH));
    let request = [wire::opening(), wire::headers(1, &block), wire::empty_message(1)].concat();
    client.send(&request);
    assert_eq!(client.answer(1).await, Answer::serving());
}

#[tokio::test]
async fn a_block_may_be_cut_anywhere() {
    let mut client = Client::open(Door::AnyAuthority);
    let length = wire::health_check(&indexed_authority(ENCODED_PATH)).len();
    for (cut, stream) in (0..=length).zip((1..).step_by(2)) {
        let block = wire::health_check(&indexed_authority(ENCODED_PATH));
        let (start, end) = block.split_at(cut);
        let frames = wire::headers_in_fragments(stream, &[start, &[], end]);
        client.send(&[frames, wire::empty_message(stream)].concat());
        assert_eq!(client.answer(stream).await, Answer::serving(), "cut after {cut} octets");
    }
}

#[test]
fn an_empty_frame_may_end_a_block() {
    let block = wire::health_check(&indexed_authority(PLAIN_PATH));
    let input = [wire::opening(), wire::headers_in_fragments(1, &[&block, &[]])].concat();
    let mut output = Vec::new();
    // Nothing more comes for now, and the server must not have to wait for it.
    Rewriter::new().feed(&input, &mut output);
    judge::assert_rewritten(&input, &output);
}

#[rstest]
#[tokio::test]
async fn padding_and_priority_do_not_matter(#[values(true, false)] has_priority: bool) {
    let mut client = Client::open(Door::AnyAuthority);
    let priority: &[u8] = if has_priority { &[0x80, 0, 0, 0, 15] } else { &[] };
    let priority_flag = if has_priority { wire::PRIORITY } else { 0 };
    for (padding, stream) in [0, 1, 255].into_iter().zip((1..).step_by(2)) {
        let block = wire::health_check(&indexed_authority(PLAIN_PATH));
        let payload = [&[padding], priority, &block, &vec![0; usize::from(padding)]].concat();
        let flags = wire::PADDED | wire::END_HEADERS | priority_flag;
        let headers = wire::frame(wire::HEADERS, flags, stream, &payload);
        client.send(&[headers, wire::empty_message(stream)].concat());
        assert_eq!(client.answer(stream).await, Answer::serving(), "{padding} octets of padding");
    }
}

// What is wrong stays wrong, and the server has the word.
#[rstest]
#[case::index_out_of_the_table(wire::headers(1, &[0xff, 0x7f]), PROTOCOL_ERROR)]
#[case::integer_without_end(wire::headers(1, &[0x41, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), PROTOCOL_ERROR)]
#[case::text_beyond_the_block(wire::headers(1, &[0x41, 0x7e, b'/']), PROTOCOL_ERROR)]
#[case::end_of_string_in_a_text(wire::headers(1, &[0x41, 0x84, 0xff, 0xff, 0xff, 0xff]), PROTOCOL_ERROR)]
#[case::table_beyond_the_limit(wire::headers(1, &wire::table_size(4097)), PROTOCOL_ERROR)]
#[case::padding_beyond_the_frame(padded(9, &[0x82]), PROTOCOL_ERROR)]
#[case::block_that_did_not_begin(wire::frame(wire::CONTINUATION, wire::END_HEADERS, 1, &[]), PROTOCOL_ERROR)]
#[case::block_that_is_interrupted([wire::frame(wire::HEADERS, 0, 1, &[]), wire::settings()].concat(), PROTOCOL_ERROR)]
#[case::frame_beyond_the_limit(wire::headers(1, &vec![0x82; 16_385]), FRAME_SIZE_ERROR)]
#[tokio::test]
async fn what_is_malformed_is_refused_as_by_a_stock_server(
    #[values(Door::Stock, Door::AnyAuthority)] door: Door,
    #[case] frames: Vec<u8>,
    #[case] error: u32,
) {
    let mut client = Client::open(door);
    client.send(&frames);
    assert_eq!(client.answer(1).await, Answer::Closed(Some(error)));
}

fn padded(padding: u8, payload: &[u8]) -> Vec<u8> {
    wire::frame(wire::HEADERS, wire::PADDED | wire::END_HEADERS, 1, &[&[padding], payload].concat())
}

#[rstest]
#[case::frame_of_16_385_octets(wire::headers(1, &[indexed_authority("/"), vec![0x82; 16_382]].concat()))]
#[case::block_of_80_kib(many_fragments(&[0x82; 10_240], 8))]
#[case::endless_empty_frames(many_fragments(&[], 8_000))]
fn what_is_beyond_the_limits_is_not_held(#[case] frames: Vec<u8>) {
    let input = [wire::opening(), frames].concat();
    let mut output = Vec::new();
    Rewriter::new().feed(&input, &mut output);
    assert!(output == input, "{} octets became {}", input.len(), output.len());
}

fn many_fragments(fragment: &[u8], count: usize) -> Vec<u8> {
    let first = indexed_authority("/");
    let mut fragments = vec![fragment; count];
    fragments.insert(0, &first);
    wire::headers_in_fragments(1, &fragments)
}

#[tokio::test]
async fn a_stranger_to_http2_is_refused() {
    let mut client = Client::connect(Door::AnyAuthority, 1024);
    client.send(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let answer = client.answer(1).await;
    assert!(matches!(answer, Answer::Closed(_)), "{answer:?}");
}

#[tokio::test]
async fn a_real_client_can_send_a_long_message() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("health.sock");
    let listener = UnixListener::bind(&socket).expect("a new socket");
    let accepted = async move { listener.accept().await.map(|(stream, _)| AcceptAnyAuthority::new(stream)) };
    tokio::spawn(client::health_server().serve_with_incoming(futures_util::stream::once(accepted)));

    let endpoint = Endpoint::from_shared(format!("unix:{}", socket.display())).expect("an address");
    let mut health = HealthClient::new(endpoint.connect().await.expect("the server accepts"));
    let unknown = HealthCheckRequest { service: "x".repeat(3 << 20) };
    let status = health.check(unknown).await.expect_err("no such service");
    assert_eq!(status.code(), tonic::Code::NotFound);
    let served = health.check(HealthCheckRequest::default()).await.expect("the server itself");
    assert_eq!(served.into_inner().status, 1);
}

fn arbitrary_text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,40}", "%2F[a-z]{100,400}", any::<String>()]
}

fn arbitrary_field() -> impl Strategy<Value = Vec<u8>> {
    let form = prop_oneof![Just(Form::Indexed), Just(Form::NotIndexed), Just(Form::NeverIndexed)];
    let coding = || prop_oneof![Just(Coding::Plain), Just(Coding::Huffman)];
    let text_name = prop_oneof![Just(":authority".to_owned()), "[a-z-]{1,20}"];
    let index = prop_oneof![Just(wire::AUTHORITY), 1..=64_usize];
    let literal = (form, coding(), coding(), proptest::option::of(index), text_name, arbitrary_text())
        .prop_map(|(form, name_coding, coding, index, name, value)| {
            let name = match (index, name_coding) {
                (Some(index), _) => Name::Index(index),
                (None, Coding::Plain) => Name::Plain(&name),
                (None, Coding::Huffman) => Name::Huffman(&name),
            };
            wire::field(form, name, coding, &value)
        });
    let by_index = (1..=64_u8).prop_map(|index| wire::indexed(index).to_vec());
    let resize = (0..=4096_usize).prop_map(wire::table_size);
    prop_oneof![8 => literal, 3 => by_index, 1 => resize]
}

/// Requests of any shape: most are well formed HPACK, though hardly HTTP; a few refer to entries that do not
/// exist, and some connections break off.
fn arbitrary_connection() -> impl Strategy<Value = Vec<u8>> {
    let block = proptest::collection::vec(arbitrary_field(), 0..8).prop_map(|fields| fields.concat());
    let request = (block, any::<[prop::sample::Index; 2]>(), proptest::option::of(any::<u8>()), 0..9_usize);
    let missing = prop_oneof![Just(0), 1..100_usize];
    (proptest::collection::vec(request, 1..6), missing).prop_map(|(requests, missing)| {
        let mut connection = wire::opening();
        for ((block, cuts, padding, body), stream) in requests.into_iter().zip((1..).step_by(2)) {
            connection.extend(match padding {
                Some(padding) => padded_with_priority(stream, padding, &block),
                None => cut(stream, cuts.map(|cut| cut.index(block.len() + 1)), &block),
            });
            connection.extend(wire::frame(wire::DATA, wire::END_STREAM, stream, &vec![0x41; body]));
        }
        connection.truncate(connection.len() - missing.min(connection.len()));
        connection
    })
}

fn padded_with_priority(stream: u32, padding: u8, block: &[u8]) -> Vec<u8> {
    let payload = [&[padding], &[0, 0, 0, 0, 7][..], block, &vec![0; usize::from(padding)]].concat();
    wire::frame(wire::HEADERS, wire::END_HEADERS | wire::PADDED | wire::PRIORITY, stream, &payload)
}

fn cut(stream: u32, mut at: [usize; 2], block: &[u8]) -> Vec<u8> {
    at.sort_unstable();
    wire::headers_in_fragments(stream, &[&block[..at[0]], &block[at[0]..at[1]], &block[at[1]..]])
}

proptest! {
    #[test]
    fn only_the_authority_changes(input in arbitrary_connection()) {
        judge::assert_rewritten(&input, &judge::rewrite(&input, &[usize::MAX]));
    }

    #[test]
    fn pieces_do_not_matter(input in arbitrary_connection(), sizes in prop::collection::vec(1..30_usize, 1..5)) {
        let whole = judge::rewrite(&input, &[usize::MAX]);
        prop_assert_eq!(&judge::rewrite(&input, &[1]), &whole);
        prop_assert_eq!(&judge::rewrite(&input, &sizes), &whole);
    }

    #[test]
    fn what_is_read_does_not_depend_on_the_buffers(
        input in arbitrary_connection(),
        in_flight in 1..200_usize,
        buffer in 1..200_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let output = runtime.block_on(read_through(input.clone(), in_flight, buffer));
        prop_assert_eq!(output, judge::rewrite(&input, &[usize::MAX]));
    }
}

/// Sends `input` through the adapter and reads it with buffers of `buffer` octets.
async fn read_through(input: Vec<u8>, in_flight: usize, buffer: usize) -> Vec<u8> {
    let (mut client, server) = tokio::io::duplex(in_flight);
    let mut server = AcceptAnyAuthority::new(server);
    let sending = async move { client.write_all(&input).await.expect("the other end reads") };
    let receiving = async {
        let mut output = Vec::new();
        let mut buffer = vec![0; buffer];
        loop {
            match server.read(&mut buffer).await.expect("no error in memory") {
                0 => return output,
                length => output.extend_from_slice(&buffer[..length]),
            }
        }
    };
    tokio::join!(sending, receiving).1
}
