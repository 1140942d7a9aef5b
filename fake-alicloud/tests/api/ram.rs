//! The operations of RAM.

mod access_keys;
mod attachments;
mod permissions;
mod policies;
mod roles;
mod users;
mod versions;

use fake_alicloud::Seed;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    client::{Call, Reply},
    world::{ROOT, World},
};

/// What may be read, and nothing else.
const DOCUMENT: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"kms:GetSecretValue","Resource":"*"}]}"#;

/// The whole of the first account may assume the role.
const TRUST: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":["acs:ram::1111111111111111:root"]}}]}"#;

/// A user with both kinds of policies, a role with one of them, and a policy that nobody has.
const SEED: &str = r#"
accounts:
  - id: "1111111111111111"
    users:
      - name: carol
        displayName: Carol
        accessKeys: [{ id: LTAI5tCarol, secret: secret-of-carol }]
        policies: [AliyunKMSFullAccess, read]
      - { name: dave }
    roles:
      - { name: app, description: for tests, trust: &trust { Statement: [{ Effect: Allow, Action: "sts:AssumeRole", Principal: { RAM: "acs:ram::1111111111111111:root" } }] }, policies: [read] }
      - { name: idle, trust: *trust }
    policies:
      - { name: read, description: to read, document: { Statement: [{ Effect: Allow, Action: "kms:GetSecretValue", Resource: "*" }] } }
      - { name: spare, document: { Statement: [{ Effect: Deny, Action: "*", Resource: "*" }] } }
"#;

async fn world() -> World {
    let world = World::new().await;
    world.fake.seed(&Seed::from_yaml(SEED).expect("a seed")).expect("no such identities before");
    world
}

fn ram(action: &str) -> Call {
    Call { version: "2015-05-01".to_owned(), ..Call::kms(action, ROOT) }
}

fn with_all(call: Call, parameters: &[(&str, &str)]) -> Call {
    parameters.iter().fold(call, |call, (name, value)| call.with(name, value))
}

/// The answer to a call that succeeds.
async fn answer(world: &World, call: &Call) -> Value {
    let reply = world.send(call).await;
    assert_eq!(reply.status, 200, "{} {}", call.action, reply.text);
    reply.json()
}

/// The answers to a call that names the page, up to the last page.
async fn all_pages(world: &World, call: &Call) -> Vec<Value> {
    let mut pages: Vec<Value> = Vec::new();
    loop {
        let marker = pages.last().and_then(|page| page["Marker"].as_str()).unwrap_or_default().to_owned();
        let next = call.clone().with("Marker", &marker);
        pages.push(answer(world, &Call { nonce: Uuid::new_v4().to_string(), ..next }).await);
        if pages.last().is_some_and(|page| page["IsTruncated"] == false) {
            return pages;
        }
    }
}

/// The field of each entry.
fn column(entries: &Value, field: &str) -> Vec<String> {
    let entries = entries.as_array().expect("a list").iter();
    entries.map(|entry| entry[field].as_str().expect("a text").to_owned()).collect()
}

/// What a refusal says, which is RAM's in the words of the gateway.
fn refusal(reply: &Reply) -> (u16, String) {
    assert!(reply.json()["HostId"].is_string() && reply.json()["Recommend"].is_string(), "{}", reply.text);
    reply.refusal()
}
