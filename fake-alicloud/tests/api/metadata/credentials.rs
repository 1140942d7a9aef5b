//! The credentials of the instance's role, from the service to the cloud that accepts them.

use fake_alicloud::Seed;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::Value;

use super::{LIFE, TOKEN, TOKEN_PATH, ask, get, instance};
use crate::{
    client::{Call, Reply},
    world::World,
};

const PATH: &str = "/latest/meta-data/ram/security-credentials/node";
const ROLES: &str = r"
accounts:
  - id: '1111111111111111'
    roles:
      - name: node
        policies: [AdministratorAccess]
        trust:
          Version: '1'
          Statement: [{ Effect: Allow, Action: 'sts:AssumeRole', Principal: { Service: [ecs.aliyuncs.com] } }]
      - name: closed
        trust:
          Statement: [{ Effect: Allow, Action: 'sts:AssumeRole', Principal: { RAM: ['acs:ram::1111111111111111:root'] } }]
";

async fn world() -> World {
    let world = World::new().await;
    world.fake.seed(&Seed::from_yaml(ROLES).expect("a seed")).expect("no roles yet");
    world.fake.set_ecs_instance(&instance()).expect("an instance");
    world.fake.clock().freeze_at("2030-01-01T00:00:00Z".parse().expect("a time"));
    world
}

async fn credentials(world: &World) -> Value {
    let reply = get(world, PATH).await;
    assert_eq!(
        (reply.status, &reply.headers["content-type"]),
        (200, &"application/json".parse().expect("a type"))
    );
    reply.json()
}

/// Reads a secret with them.
async fn use_them(world: &World, credentials: &Value) -> Reply {
    let text = |field: &str| credentials[field].as_str().expect("a text").to_owned();
    let date = world.fake.clock().now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let call = Call::kms("GetSecretValue", ("", "")).with("SecretName", "db/password");
    let call = Call { key: (text("AccessKeyId"), text("AccessKeySecret")), date, ..call };
    world.send(&call.with_header("x-acs-security-token", &text("SecurityToken"))).await
}

#[tokio::test]
async fn a_role_is_given_with_the_documented_fields_and_can_be_used() {
    let world = world().await;
    let given = credentials(&world).await;
    let fields = ["AccessKeyId", "AccessKeySecret", "Code", "Expiration", "LastUpdated", "SecurityToken"];
    assert_eq!(given.as_object().expect("an object").keys().collect::<Vec<_>>(), fields);
    assert_eq!((&given["Code"], &given["LastUpdated"]), (&"Success".into(), &"2030-01-01T00:00:00Z".into()));
    assert_eq!(given["Expiration"], "2030-01-01T06:00:00Z");
    assert!(given["AccessKeyId"].as_str().is_some_and(|id| id.starts_with("STS.")));
    assert_eq!(use_them(&world, &given).await.json()["SecretData"], "second");
    let arn = "acs:ram::1111111111111111:assumed-role/node/i-demo";
    assert_eq!(world.last_entry().caller_arn.as_deref(), Some(arn));
}

#[tokio::test]
async fn a_new_set_appears_half_an_hour_before_the_end_and_both_hold() {
    let world = world().await;
    let first = credentials(&world).await;
    world.fake.clock().advance(SignedDuration::from_mins(5 * 60 + 29));
    assert_eq!(credentials(&world).await, first);
    world.fake.clock().advance(SignedDuration::from_mins(1));
    let second = credentials(&world).await;
    assert_ne!(second["AccessKeyId"], first["AccessKeyId"]);
    assert_eq!(
        (&second["LastUpdated"], &second["Expiration"]),
        (&"2030-01-01T05:30:00Z".into(), &"2030-01-01T11:30:00Z".into())
    );
    assert_eq!([use_them(&world, &first).await.status, use_them(&world, &second).await.status], [200, 200]);
    world.fake.clock().advance(SignedDuration::from_mins(30));
    assert_eq!(use_them(&world, &first).await.refusal().1, "InvalidSecurityToken.Expired");
    assert_eq!(use_them(&world, &second).await.status, 200);
}

#[tokio::test]
async fn the_hardened_mode_guards_them_too() {
    let world = world().await;
    let mut hardened = instance();
    hardened.http_tokens = fake_alicloud::HttpTokens::Required;
    world.fake.set_ecs_instance(&hardened).expect("an instance");
    assert_eq!(get(&world, PATH).await.status, 403);
    let token = ask(&world, Method::PUT, TOKEN_PATH, &[(LIFE, "21600")]).await.text;
    let reply = ask(&world, Method::GET, PATH, &[(TOKEN, &token)]).await;
    assert_eq!((reply.status, &reply.json()["Code"]), (200, &"Success".into()));
}

#[rstest::rstest]
#[case::not_there("absent")]
#[case::not_attached("node")]
#[case::not_trusting_the_service("closed")]
#[tokio::test]
async fn a_role_that_cannot_be_given_is_404(#[case] name: &str) {
    let world = world().await;
    let mut changed = instance();
    changed.role = (name != "node").then(|| name.to_owned());
    world.fake.set_ecs_instance(&changed).expect("an instance");
    let path = format!("/latest/meta-data/ram/security-credentials/{name}");
    assert_eq!(get(&world, &path).await.status, 404);
}

#[tokio::test]
async fn the_journal_has_none_of_them() {
    let world = world().await;
    let given = credentials(&world).await;
    assert_eq!(world.last_entry().action, "GetRoleCredentials");
    let journal = serde_json::to_string(&world.fake.journal()).expect("JSON");
    for field in ["AccessKeyId", "AccessKeySecret", "SecurityToken"] {
        assert!(!journal.contains(given[field].as_str().expect("a text")), "{field}");
    }
}
