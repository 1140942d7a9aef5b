//! The control door, the journal, and what two fakes share.

use std::time::Duration;

use fake_alicloud::{FakeAlicloud, JournalEntry, Options, Seed, SignatureKind, StartError};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    client::Call,
    world::{ROOT, World},
};

fn read(name: &str) -> Call {
    Call::kms("GetSecretValue", ROOT).with("SecretName", name)
}

const MORE: &str = r#"{"accounts": [{"id": "1111111111111111", "secrets": [
    {"name": "more", "versions": [{"id": "v", "data": "added"}]}]}]}"#;

#[tokio::test]
async fn a_seed_adds_to_what_is_there() {
    let world = World::new().await;
    assert_eq!(world.control(Method::POST, "/seed", MORE).await, (204, String::new()));
    assert_eq!(world.send(&read("more")).await.json()["SecretData"], "added");
    assert_eq!(world.send(&read("db/password")).await.json()["SecretData"], "second");
}

#[tokio::test]
async fn a_seed_that_meets_itself_adds_nothing_and_names_the_clash() {
    let world = World::new().await;
    let clash = r"
accounts:
  - id: '1111111111111111'
    secrets:
      - { name: fresh, versions: [{ id: v, data: x }] }
      - { name: db/password, versions: [{ id: v, data: x }] }
";
    let (status, text) = world.control(Method::POST, "/seed", clash).await;
    let sentence = "cannot add the seed at line 6, column 17: \
                    the secret acs:kms:cn-hangzhou:1111111111111111:secret/db/password exists already";
    assert_eq!((status, text), (409, json!({ "error": sentence }).to_string()));
    assert_eq!(world.send(&read("fresh")).await.status, 404);
}

#[tokio::test]
async fn a_mistake_at_the_control_door_is_answered_with_a_sentence() {
    let world = World::new().await;
    let error = |(status, text): (u16, String)| {
        let body: Value = serde_json::from_str(&text).expect("JSON");
        (status, body["error"].as_str().expect("a sentence").to_owned())
    };
    let seed = error(world.control(Method::POST, "/seed", "accounts:\n  - id: x\n").await);
    assert_eq!(
        seed,
        (400, "cannot read the seed at line 2, column 9: an account id must be 1 to 32 digits".to_owned())
    );
    let method = error(world.control(Method::GET, "/seed", "").await);
    assert_eq!(method, (405, "/seed does not take GET".to_owned()));
    let (status, path) = error(world.control(Method::GET, "/seeds", "").await);
    assert!(status == 404 && path.contains("POST /seed"), "{path}");
}

#[tokio::test]
async fn the_doors_do_not_serve_each_other() {
    let world = World::new().await;
    let signed = world.sign(&read("db/password"));
    let url = signed.url.replace(world.fake.api_url(), world.fake.control_url());
    let status = world.http.post(url).send().await.expect("an answer").status().as_u16();
    assert_eq!(status, 404);
    let journal = format!("{}/journal", world.fake.api_url());
    assert_eq!(world.http.get(journal).send().await.expect("an answer").status().as_u16(), 404);
}

#[tokio::test]
async fn a_reset_forgets_keys_secrets_and_journal() {
    let world = World::new().await;
    world.send(&read("db/password")).await;
    assert_eq!(world.control(Method::POST, "/reset", "").await.0, 204);
    assert_eq!(world.fake.journal(), []);
    assert_eq!(world.send(&read("db/password")).await.refusal().1, "InvalidAccessKeyId.NotFound");
    assert_eq!(world.last_entry().sequence, 1);
}

#[tokio::test]
async fn the_control_door_says_that_it_is_there() {
    let world = World::new().await;
    assert_eq!(world.control(Method::GET, "/healthz", "").await, (200, r#"{"status":"ok"}"#.to_owned()));
    assert_eq!(world.fake.journal(), [], "the journal is for the API door");
}

#[tokio::test]
async fn the_journal_tells_who_called_what_and_how_it_ended() {
    let world = World::new().await;
    let call = read("db/password").with("VersionId", "v9").at("kms-vpc.cn-hangzhou.aliyuncs.com");
    let reply = world.send(&call).await;
    world.send_v1(&Call { key: ("LTAI5tNobody".to_owned(), "x".to_owned()), ..read("db/password") }).await;

    let (_, text) = world.control(Method::GET, "/journal", "").await;
    let entries: Vec<JournalEntry> = serde_json::from_str(&text).expect("journal entries");
    assert_eq!(entries, world.fake.journal());
    let [known, unknown] = entries.try_into().expect("two calls");
    assert_eq!((known.sequence, unknown.sequence), (1, 2));
    assert_eq!((known.product.as_str(), known.action.as_str()), ("kms", "GetSecretValue"));
    assert_eq!((known.version.as_str(), known.method.as_str()), ("2016-01-20", "POST"));
    assert_eq!(
        (known.host.as_str(), known.region.as_str()),
        ("kms-vpc.cn-hangzhou.aliyuncs.com", "cn-hangzhou")
    );
    assert_eq!((known.signature, unknown.signature), (SignatureKind::V3, SignatureKind::V1));
    assert_eq!(known.access_key_id.as_deref(), Some(ROOT.0));
    assert_eq!(known.account.as_deref(), Some("1111111111111111"));
    assert_eq!(known.caller_arn.as_deref(), Some("acs:ram::1111111111111111:root"));
    assert_eq!(known.parameters["VersionId"], "v9");
    assert_eq!((known.status, known.code.as_deref()), (404, Some("Forbidden.ResourceNotFound")));
    assert_eq!(known.request_id, reply.json()["RequestId"].as_str().expect("an id"));
    assert_eq!(unknown.access_key_id.as_deref(), Some("LTAI5tNobody"));
    assert_eq!((unknown.account, unknown.caller_arn), (None, None));
}

#[tokio::test]
async fn the_journal_keeps_no_secret() {
    let world = World::new().await;
    let create = || {
        let call = Call::kms("CreateSecret", ROOT).with("SecretName", "a").with("VersionId", "v");
        call.with("SecretData", "hunter2").with("secretdata", "hunter2").with("SecurityToken", "hunter2")
    };
    world.send(&create()).await;
    world.send_v1(&create()).await;
    let (_, text) = world.control(Method::GET, "/journal", "").await;
    assert!(text.contains(r#""SecretData":"[withheld]""#), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let [v3, v1] = world.fake.journal().try_into().expect("two calls");
    assert_eq!((v3.status, v1.status), (200, 400));
}

#[tokio::test]
async fn two_fakes_share_nothing() {
    let (one, other) = (World::new().await, World::new().await);
    let call = read("db/password");
    let put = Call { action: "PutSecretValue".to_owned(), ..read("db/password").with("VersionId", "v3") };
    one.send(&put.with_form("SecretData", "third")).await;
    let (from_one, from_other) = tokio::join!(one.send(&call), other.send(&call));
    assert_eq!(from_one.json()["SecretData"], "third");
    assert_eq!(from_other.json()["SecretData"], "second", "the nonce too is fresh at the other");
    assert_eq!((one.fake.journal().len(), other.fake.journal().len()), (2, 1));
}

#[tokio::test]
async fn a_stopped_and_a_dropped_fake_no_longer_listen() {
    for stop in [true, false] {
        let world = World::new().await;
        let address = world.fake.api_url().trim_start_matches("http://").to_owned();
        world.send(&read("db/password")).await;
        if stop {
            // The client keeps its connection; an idle one does not hold up the end.
            timeout(Duration::from_secs(4), world.fake.stop()).await.expect("a prompt end");
        } else {
            drop(world.fake);
        }
        // The runtime takes dropped tasks away when it next comes to them.
        let closed = async { while TcpStream::connect(&address).await.is_ok() {} };
        timeout(Duration::from_secs(10), closed).await.expect("the port is free again");
    }
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_end() {
    let world = World::new().await;
    let mut stream =
        TcpStream::connect(world.fake.api_url().trim_start_matches("http://")).await.expect("a port");
    let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("a listener");
    let mut go_on = [0; 12];
    stream.read_exact(&mut go_on).await.expect("a first line");
    assert_eq!(&go_on, b"HTTP/1.1 100");

    let finish = async {
        stream.write_all(b"A=GT").await.expect("a listener");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    };
    let ((), answer) = tokio::join!(world.fake.stop(), finish);
    assert!(answer.contains("MissingAction"), "{answer}");
}

#[tokio::test]
async fn a_fake_that_cannot_start_says_why() {
    let world = World::new().await;
    let taken = world.fake.api_url().trim_start_matches("http://").parse().expect("an address");
    let error = FakeAlicloud::start(Options { api: taken, ..Options::default() }).await.expect_err("taken");
    assert_eq!(error.to_string(), format!("cannot listen on {taken} for the API door"));
    let options = Options { region: "Hangzhou".to_owned(), ..Options::default() };
    let error = FakeAlicloud::start(options).await.expect_err("no region");
    assert!(matches!(error, StartError::Region { .. }), "{error}");
}

#[tokio::test]
async fn the_options_region_is_where_unnamed_regions_are() {
    let fake = FakeAlicloud::start(Options { region: "eu-central-1".to_owned(), ..Options::default() })
        .await
        .expect("free ports");
    fake.seed(&Seed::from_yaml(crate::world::SEED).expect("a seed")).expect("an empty fake");
    let http = World::new().await.http;
    let reply = read("db/password").sign_v3(fake.api_url()).send(&http).await;
    assert_eq!(reply.json()["SecretData"], "second");
    assert_eq!(fake.journal()[0].region, "eu-central-1");
}
