//! Requests of official clients, byte for byte as they came over the wire, against the verifier behind the real door.
//!
//! `scripts/sdk-interop --update-captures` records them. Each is accepted, and each is refused once any byte of what its
//! signature covers is another.

use std::{fs, ops::Range, path::PathBuf, time::Duration};

use fake_alicloud::{FakeAlicloud, Options, Seed};
use jiff::Timestamp;
use rstest::rstest;
use serde::Deserialize;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// The least change, the change of a letter's case, and the change to what is not ASCII.
const FLIPS: [u8; 3] = [0x01, 0x20, 0x80];

/// A request as it was recorded.
struct Capture {
    bytes: Vec<u8>,
    facts: Facts,
}

/// What is beside it: who signed it, and when.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Facts {
    #[serde(rename = "client")]
    _client: String,
    signature: String,
    access_key_id: String,
    access_key_secret: String,
    time: Timestamp,
}

/// How a covered part is read, which decides whether other bytes are another value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Every byte counts.
    Plain,
    /// Percent-encoded pairs: `%2f` is `%2F`.
    Pairs,
}

impl Capture {
    fn read(path: &PathBuf) -> Self {
        let facts = fs::read_to_string(path.with_extension("json")).expect("facts beside the capture");
        Self {
            bytes: fs::read(path).expect("a capture"),
            facts: serde_json::from_str(&facts).expect("the facts of a capture"),
        }
    }

    /// A fake at the time of the capture, with its key, whose owner may do everything, and what it asks for.
    async fn fake(&self) -> FakeAlicloud {
        let fake = FakeAlicloud::start(Options::default()).await.expect("free ports");
        fake.clock().freeze_at(self.facts.time);
        let key = json!({ "id": self.facts.access_key_id, "secret": self.facts.access_key_secret });
        let seed = json!({ "accounts": [{
            "id": "1000000000000001",
            "users": [{ "name": "alice", "accessKeys": [key], "policies": ["AdministratorAccess"] }],
            "roles": [{ "name": "reader", "trust": { "Statement": [{
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": { "RAM": ["acs:ram::1000000000000001:root"] },
            }]}}],
            "secrets": [{ "name": "db/password", "versions": [{ "id": "v1", "data": "first" }] }],
            "parameters": [{ "name": "/prod/db/password", "versions": ["first"] }],
        }]});
        fake.seed(&seed.to_string().parse::<Seed>().expect("a seed")).expect("an empty fake");
        fake
    }

    /// The parts that the signature covers, and the signature itself.
    fn covered(&self) -> Vec<(Range<usize>, Reading)> {
        let text = String::from_utf8(self.bytes.clone()).expect("ASCII, since bodies are encoded");
        let head = text.find("\r\n\r\n").expect("a head");
        let request_line = text.find("\r\n").expect("a request line");
        let target = text.find(' ').expect("a method") + 1;
        let query = text.find('?').expect("a query") + 1;
        let target_end = text[..request_line].rfind(' ').expect("a version");
        let mut parts = vec![
            (0..target - 1, Reading::Plain),
            (target..query - 1, Reading::Plain),
            (query..target_end, Reading::Pairs),
            (head + 4..text.len(), Reading::Pairs),
        ];
        if self.facts.signature == "V3" {
            let signed = text.split_once("SignedHeaders=").and_then(|(_, rest)| rest.split_once(','));
            let mut covered: Vec<_> = signed.expect("a V3 signature").0.split(';').collect();
            covered.push("authorization");
            let mut start = request_line + 2;
            for line in text[start..head].split("\r\n") {
                let (name, value) = line.split_once(": ").expect("a header");
                if covered.contains(&name.to_ascii_lowercase().as_str()) {
                    let end = start + line.len();
                    parts.push((end - value.len()..end, Reading::Plain));
                }
                start += line.len() + 2;
            }
            assert_eq!(parts.len(), covered.len() + 4, "every signed header is in the request");
        }
        parts
    }

    /// All requests that differ in one covered byte, and in what it means.
    fn changed(&self) -> Vec<Vec<u8>> {
        let mut requests = Vec::new();
        for (part, reading) in self.covered() {
            for (position, flip) in part.clone().flat_map(|position| FLIPS.map(|flip| (position, flip))) {
                let mut bytes = self.bytes.clone();
                bytes[position] ^= flip;
                let pairs =
                    |bytes: &[u8]| form_urlencoded::parse(&bytes[part.clone()]).into_owned().collect();
                let (new, old): (Vec<_>, Vec<_>) = (pairs(&bytes), pairs(&self.bytes));
                if reading == Reading::Plain || new != old {
                    requests.push(bytes);
                }
            }
        }
        requests
    }
}

/// A connection that is made again whenever the other side has ended it.
struct Wire {
    door: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Wire {
    fn to(fake: &FakeAlicloud) -> Self {
        Self { door: fake.api_url().trim_start_matches("http://").to_owned(), stream: None }
    }

    /// The status of the answer; none if the request ended the connection.
    async fn send(&mut self, request: &[u8]) -> Option<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::new(TcpStream::connect(&self.door).await.expect("a connection")),
        };
        let exchange = async {
            stream.write_all(request).await.ok()?;
            let (mut head, mut line) = (String::new(), String::new());
            while line != "\r\n" {
                line.clear();
                if stream.read_line(&mut line).await.ok()? == 0 {
                    return None;
                }
                head += &line.to_ascii_lowercase();
            }
            let length = head.split("content-length: ").nth(1)?.lines().next()?.parse().ok()?;
            stream.read_exact(&mut vec![0; length]).await.ok()?;
            head.split(' ').nth(1)?.parse().ok().map(|status| (status, head.contains("connection: close")))
        };
        let (status, closes) = timeout(Duration::from_secs(10), exchange).await.expect("an end")?;
        if !closes {
            self.stream = Some(stream);
        }
        Some(status)
    }
}

#[rstest]
#[tokio::test]
async fn a_captured_request_is_accepted_once(#[files("tests/captures/*.http")] path: PathBuf) {
    let capture = Capture::read(&path);
    let fake = capture.fake().await;
    let mut wire = Wire::to(&fake);
    assert_eq!(wire.send(&capture.bytes).await, Some(200), "{:?}", fake.journal());
    assert_eq!(wire.send(&capture.bytes).await, Some(400));
    let codes: Vec<_> = fake.journal().into_iter().map(|call| call.code).collect();
    assert_eq!(codes, [None, Some("SignatureNonceUsed".to_owned())]);
}

#[rstest]
#[tokio::test]
async fn a_captured_request_is_refused_with_any_covered_byte_changed(
    #[files("tests/captures/*.http")] path: PathBuf,
) {
    let capture = Capture::read(&path);
    let fake = capture.fake().await;
    let mut wire = Wire::to(&fake);
    for request in capture.changed() {
        let status = wire.send(&request).await;
        let text = String::from_utf8_lossy(&request);
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{status:?} to {text}");
    }
    // Nor did one get past the signature and fall for another reason.
    let believed: Vec<_> = fake.journal().into_iter().filter(|call| call.account.is_some()).collect();
    assert!(believed.is_empty(), "{believed:?}");
    assert_eq!(wire.send(&capture.bytes).await, Some(200), "nothing has used up its nonce");
}

#[test]
fn every_client_is_there_with_every_signature_that_it_has() {
    let captures = fs::read_dir("tests/captures").expect("the captures");
    let names = captures.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
    let mut names: Vec<_> = names.filter_map(|name| Some(name.strip_suffix(".http")?.to_owned())).collect();
    names.sort();
    let everyday = ["kms-v1", "kms-v3", "oos-v1", "oos-v3"].map(|product| format!("python-{product}"));
    let everyday = everyday.into_iter().chain(["node-kms-v1", "python-core-kms-v1"].map(str::to_owned));
    let mut expected: Vec<_> =
        everyday.flat_map(|client| ["create", "read"].map(|call| format!("{client}-{call}"))).collect();
    for (product, call) in [("sts", "assume"), ("ram", "create"), ("ims", "create")] {
        for client in ["python", "python-core"] {
            expected.push(format!("{client}-{product}-v1-{call}"));
        }
        expected.push(format!("python-{product}-v3-{call}"));
    }
    expected.extend(["v1", "v3"].map(|signature| format!("node-sts-{signature}-assume")));
    expected.sort();
    assert_eq!(names, expected);
}
