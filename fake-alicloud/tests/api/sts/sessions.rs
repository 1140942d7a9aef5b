//! Calls with the key of a session: its token, its end, and its policy.

use fake_alicloud::Seed;
use jiff::SignedDuration;

use super::*;

async fn session(world: &World) -> Credentials {
    Credentials::of(&world.send(&assume(APP, CLERK)).await)
}

/// A call with a key, and with the token that is given.
async fn with_token(world: &World, key: (&str, &str), token: &str) -> Reply {
    let call = Call { key: (key.0.to_owned(), key.1.to_owned()), ..read() };
    let v1 = world.send_v1(&call.clone().with("SecurityToken", token)).await;
    let call = Call { nonce: "another".to_owned(), ..call };
    let v3 = world.send(&call.with_header("x-acs-security-token", token)).await;
    assert_eq!((v3.status, v3.json()["Code"].clone()), (v1.status, v1.json()["Code"].clone()));
    v1
}

#[tokio::test]
async fn a_session_reads_with_its_key_and_token() {
    let world = world().await;
    let session = session(&world).await;
    let reply = with_token(&world, session.key(), &session.token).await;
    assert_eq!(reply.json()["SecretData"], "second", "{}", reply.text);
}

#[tokio::test]
async fn a_token_goes_with_its_own_key_only() {
    let world = world().await;
    let (one, other) = (session(&world).await, session(&world).await);
    let mismatch = "Specified SecurityToken mismatch with the AccessKey.";
    for key in [one.key(), ROOT] {
        let reply = with_token(&world, key, &other.token).await;
        assert_refused(&reply, 400, "InvalidSecurityToken.MismatchWithAccessKey", mismatch);
        let reply = with_token(&world, key, "CAISgarbage").await;
        let malformed = "Specified SecurityToken is malformed.";
        assert_refused(&reply, 400, "InvalidSecurityToken.Malformed", malformed);
    }
    let call = Call { key: (one.id.clone(), one.secret.clone()), ..read() };
    let reply = world.send(&call).await;
    let missing = "SecurityToken is mandatory for this action.";
    assert_refused(&reply, 400, "MissingSecurityToken", missing);
}

#[tokio::test]
async fn a_session_ends_by_the_fakes_clock() {
    let world = world().await;
    let credentials = Credentials::of(&world.send(&assume(APP, CLERK).with("DurationSeconds", "900")).await);
    let later = |minutes| credentials.on(Call { date: minutes_from_now(minutes), ..read() });
    world.fake.clock().advance(SignedDuration::from_mins(14));
    assert_eq!(world.send(&later(14)).await.status, 200);
    world.fake.clock().advance(SignedDuration::from_mins(1));
    let reply = world.send(&later(15)).await;
    assert_refused(&reply, 400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.");
}

#[tokio::test]
async fn the_answer_tells_the_end() {
    let world = world().await;
    world.fake.clock().freeze();
    let end = async |call: Call| {
        let reply = world.send(&call).await.json();
        reply["Credentials"]["Expiration"].as_str().expect("a time").to_owned()
    };
    let now = world.fake.clock().now();
    let in_seconds =
        |seconds| (now + SignedDuration::from_secs(seconds)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    assert_eq!(end(assume(APP, CLERK)).await, in_seconds(3600));
    assert_eq!(end(assume(APP, CLERK).with("DurationSeconds", "900")).await, in_seconds(900));
}

#[tokio::test]
async fn a_temporary_key_that_was_never_issued_is_unknown() {
    let world = world().await;
    let reply = with_token(&world, ("STS.NUnobody", "x"), "CAISx").await;
    assert_refused(&reply, 404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.");
    world.fake.reset();
    let reply = with_token(&world, ("LTAI5tClerk", "x"), "CAISx").await;
    assert_eq!(reply.refusal().1, "InvalidAccessKeyId.NotFound");
}

#[tokio::test]
async fn the_secret_of_a_session_signs_and_no_other_does() {
    let world = world().await;
    let session = session(&world).await;
    let reply = with_token(&world, (&session.id, "guess"), &session.token).await;
    assert_eq!(reply.refusal(), (400, "SignatureDoesNotMatch".to_owned()));
}

#[tokio::test]
async fn a_session_may_become_another_role_if_that_trusts_it() {
    let world = world().await;
    let next = r#"
accounts:
  - id: "1111111111111111"
    roles:
      - name: next
        policies: [AliyunKMSFullAccess]
        trust:
          Statement:
            - { Effect: Allow, Action: "sts:AssumeRole", Principal: { RAM: ["acs:ram::1111111111111111:role/app"] } }
"#;
    world.fake.seed(&Seed::from_yaml(next).expect("a seed")).expect("it is new");
    let next = "acs:ram::1111111111111111:role/next";
    assert_eq!(world.send(&assume(next, CLERK)).await.refusal().1, "NoPermission");
    let chained = session(&world).await.on(assume(next, ROOT));
    let chained = Credentials::of(&world.send(&chained).await);
    assert_eq!(world.send(&chained.on(read())).await.status, 200);
}

#[tokio::test]
async fn the_policy_of_a_session_narrows_its_role() {
    let world = world().await;
    let policy =
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"kms:DescribeSecret","Resource":"*"}]}"#;
    let session = Credentials::of(&world.send(&assume(APP, CLERK).with("Policy", policy)).await);
    let describe = Call { action: "DescribeSecret".to_owned(), ..read() };
    assert_eq!(world.send(&session.on(describe)).await.status, 200);
    assert_eq!(world.send(&session.on(read())).await.refusal(), (403, "Forbidden.NoPermission".to_owned()));
}

#[tokio::test]
async fn a_session_outlives_a_replacement_of_the_accounts_unless_its_role_becomes_another() {
    let world = world().await;
    let replace = |role_id: &str| {
        let accounts = r#"
accounts:
  - id: "1111111111111111"
    users:
      - name: clerk
        accessKeys: [{ id: LTAI5tClerk, secret: secret-of-clerk }]
        policies: [AliyunSTSAssumeRoleAccess]
    roles:
      - name: app
        id: ROLE
        policies: [AdministratorAccess]
        trust:
          Statement:
            - { Effect: Allow, Action: "sts:AssumeRole", Principal: { RAM: ["acs:ram::1111111111111111:root"] } }
    secrets: [{ name: db/password, versions: [{ id: v1, data: first }] }]
"#;
        let seed = Seed::from_yaml(&accounts.replace("ROLE", &format!("'{role_id}'"))).expect("a seed");
        world.fake.replace(&seed).expect("a seed that can be used");
    };
    replace("300000000000000001");
    let session = session(&world).await;
    let read = |nonce: &str| session.on(Call { nonce: nonce.to_owned(), ..read() });
    replace("300000000000000001");
    assert_eq!(world.send(&read("one")).await.json()["SecretData"], "first");
    replace("300000000000000002");
    assert_eq!(world.send(&read("two")).await.refusal(), (404, "InvalidAccessKeyId.NotFound".to_owned()));
    assert_eq!(world.fake.journal().len(), 3);
}
