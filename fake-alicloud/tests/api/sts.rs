//! STS: becoming a role, with a key or with a token, and what the session can do then.

mod federation;
mod issuers;
mod rrsa;
mod sessions;

use std::collections::BTreeMap;

use fake_alicloud::Seed;
use reqwest::Method;

use crate::{
    client::{Call, Reply, Signed, minutes_from_now},
    world::{ROOT, STRANGER, World},
};

const CLERK: (&str, &str) = ("LTAI5tClerk", "secret-of-clerk");
const IDLER: (&str, &str) = ("LTAI5tIdler", "secret-of-idler");
const STRANGE_CLERK: (&str, &str) = ("LTAI5tStrangeClerk", "secret-of-strange-clerk");
const APP: &str = "acs:ram::1111111111111111:role/app";
const ISSUER: &str = "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1";
const PROVIDER: &str = "acs:ram::1111111111111111:oidc-provider/ack-rrsa-c1";
const POD: &str = "acs:ram::1111111111111111:role/pod";

/// Beside what every world has: users who may and may not assume, roles that trust some of them, and a cluster.
const IDENTITIES: &str = r#"
issuers:
  - { url: "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1", algorithm: ES256 }
accounts:
  - id: "1111111111111111"
    users:
      - name: clerk
        accessKeys: [{ id: LTAI5tClerk, secret: secret-of-clerk }]
        policies: [AliyunSTSAssumeRoleAccess]
      - { name: idler, accessKeys: [{ id: LTAI5tIdler, secret: secret-of-idler }] }
    roles:
      - name: app
        maxSessionSeconds: 7200
        policies: [AdministratorAccess]
        trust:
          Statement:
            - { Effect: Allow, Action: "sts:AssumeRole", Principal: { RAM: ["acs:ram::1111111111111111:root"] } }
      - name: partners
        policies: [AliyunKMSFullAccess]
        trust:
          Statement:
            - Effect: Allow
              Action: sts:AssumeRole
              Principal: { RAM: ["acs:ram::2222222222222222:root"] }
              Condition: { StringEquals: { "sts:ExternalId": contract-7 } }
      - name: shut
        trust:
          Statement:
            - { Effect: Allow, Action: "sts:AssumeRole", Principal: { RAM: ["acs:ram::1111111111111111:root"] } }
            - { Effect: Deny, Action: "sts:AssumeRole", Principal: { RAM: ["acs:ram::1111111111111111:user/clerk"] } }
      - name: pod
        policies: [AliyunKMSFullAccess]
        trust:
          Statement:
            - Effect: Allow
              Action: sts:AssumeRole
              Principal: { Federated: ["acs:ram::1111111111111111:oidc-provider/ack-rrsa-c1"] }
              Condition:
                StringEquals:
                  oidc:aud: sts.aliyuncs.com
                  oidc:iss: https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1
                  oidc:sub: system:serviceaccount:shop:reader
    oidcProviders:
      - name: ack-rrsa-c1
        issuerUrl: https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1
        clientIds: [sts.aliyuncs.com]
      - { name: nowhere, issuerUrl: "https://nowhere.test", clientIds: [sts.aliyuncs.com] }
  - id: "2222222222222222"
    users:
      - name: strange-clerk
        accessKeys: [{ id: LTAI5tStrangeClerk, secret: secret-of-strange-clerk }]
        policies: [AliyunSTSAssumeRoleAccess]
"#;

async fn world() -> World {
    let world = World::new().await;
    world.fake.seed(&Seed::from_yaml(IDENTITIES).expect("a seed")).expect("nothing of it is there");
    world
}

fn sts(action: &str, key: (&str, &str)) -> Call {
    Call { version: "2015-04-01".to_owned(), ..Call::kms(action, key) }
}

fn assume(role: &str, key: (&str, &str)) -> Call {
    sts("AssumeRole", key).with("RoleArn", role).with("RoleSessionName", "test")
}

/// Sends without any signature, in the form.
async fn unsigned(world: &World, parameters: &[(&str, &str)]) -> Reply {
    let url = format!("{}/?Action=AssumeRoleWithOIDC&Version=2015-04-01&Format=JSON", world.fake.api_url());
    let mut form = form_urlencoded::Serializer::new(String::new());
    let body = form.extend_pairs(parameters).finish();
    world.deliver(Signed { method: Method::POST, url, headers: BTreeMap::new(), body }).await
}

async fn federate(world: &World, token: &str) -> Reply {
    unsigned(world, &federation(POD, PROVIDER, token)).await
}

fn federation<'a>(role: &'a str, provider: &'a str, token: &'a str) -> [(&'a str, &'a str); 4] {
    [("RoleArn", role), ("OIDCProviderArn", provider), ("OIDCToken", token), ("RoleSessionName", "test")]
}

/// The credentials of an answer.
struct Credentials {
    id: String,
    secret: String,
    token: String,
}

impl Credentials {
    fn of(reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{}", reply.text);
        let credentials = reply.json()["Credentials"].take();
        let text = |name: &str| credentials[name].as_str().expect("a text").to_owned();
        Self { id: text("AccessKeyId"), secret: text("AccessKeySecret"), token: text("SecurityToken") }
    }

    fn key(&self) -> (&str, &str) {
        (&self.id, &self.secret)
    }

    /// The call with this session's key and token, for a V3 signature.
    fn on(&self, call: Call) -> Call {
        let key = (self.id.clone(), self.secret.clone());
        Call { key, ..call }.with_header("x-acs-security-token", &self.token)
    }
}

fn read() -> Call {
    Call::kms("GetSecretValue", ROOT).with("SecretName", "db/password")
}

fn assert_refused(reply: &Reply, status: u16, code: &str, message: &str) {
    assert_eq!(reply.refusal(), (status, code.to_owned()), "{}", reply.text);
    assert_eq!(reply.message(), message);
    assert!(reply.json()["HostId"].is_string(), "{}", reply.text);
}

#[tokio::test]
async fn a_user_becomes_a_role_and_says_who_it_is() {
    let world = world().await;
    let by_v3 = world.send(&assume(APP, CLERK)).await;
    let by_v1 = world.send_v1(&assume(APP, CLERK).by(Method::GET)).await;
    for reply in [by_v3, by_v1] {
        let credentials = Credentials::of(&reply);
        assert!(credentials.id.starts_with("STS.") && credentials.token.starts_with("CAIS"));
        let user = &reply.json()["AssumedRoleUser"];
        assert_eq!(user["Arn"], format!("{APP}/test"));
        let identity = world.send(&credentials.on(sts("GetCallerIdentity", ROOT))).await.json();
        assert_eq!(identity["IdentityType"], "AssumedRoleUser");
        assert_eq!(identity["Arn"], "acs:ram::1111111111111111:assumed-role/app/test");
        assert_eq!(identity["PrincipalId"], user["AssumedRoleId"]);
        assert_eq!(user["AssumedRoleId"], format!("{}:test", identity["RoleId"].as_str().expect("an id")));
        let arn = world.last_entry().caller_arn;
        assert_eq!(arn.as_deref(), identity["Arn"].as_str());
    }
}

#[tokio::test]
async fn an_account_and_a_user_say_who_they_are() {
    let world = world().await;
    let root = world.send(&sts("GetCallerIdentity", ROOT)).await.json();
    assert_eq!(
        (root["IdentityType"].as_str(), root["Arn"].as_str(), root["UserId"].as_str()),
        (Some("Account"), Some("acs:ram::1111111111111111:root"), Some("1111111111111111"))
    );
    let user = world.send(&sts("GetCallerIdentity", IDLER)).await.json();
    assert_eq!(
        (user["IdentityType"].as_str(), user["Arn"].as_str(), user["AccountId"].as_str()),
        (Some("RAMUser"), Some("acs:ram::1111111111111111:user/idler"), Some("1111111111111111"))
    );
    assert!(user["UserId"].is_string() && user["UserId"] == user["PrincipalId"], "{user}");
}

#[tokio::test]
async fn an_account_itself_may_not_become_a_role() {
    let world = world().await;
    for key in [ROOT, STRANGER] {
        let reply = world.send(&assume(APP, key)).await;
        assert_refused(&reply, 403, "NoPermission", "Roles may not be assumed by root accounts.");
    }
}

#[rstest::rstest]
#[case("RoleArn", "", "MissingRoleArn", "RoleArn is mandatory for this action.")]
#[case("RoleSessionName", "", "MissingRoleSessionName", "RoleSessionName is mandatory for this action.")]
#[case("RoleArn", "app", "InvalidParameter.RoleArn", "The parameter RoleArn is wrongly formed.")]
#[case(
    "RoleSessionName",
    "a",
    "InvalidParameter.RoleSessionName",
    "The parameter RoleSessionName is wrongly formed."
)]
#[case(
    "RoleSessionName",
    "with blank",
    "InvalidParameter.RoleSessionName",
    "The parameter RoleSessionName is wrongly formed."
)]
#[case(
    "DurationSeconds",
    "899",
    "InvalidParameter.DurationSeconds",
    "The Min/Max value of DurationSeconds is 15min/1hr."
)]
#[case(
    "DurationSeconds",
    "an hour",
    "InvalidParameter.DurationSeconds",
    "The Min/Max value of DurationSeconds is 15min/1hr."
)]
#[case(
    "DurationSeconds",
    "7201",
    "InvalidParameter.DurationSeconds",
    "The Min/Max value of DurationSeconds is 15min/2hr."
)]
#[case("Policy", "{", "InvalidParameter.PolicyGrammar", "The parameter Policy has not passed grammar check.")]
#[case(
    "Policy",
    &" ".repeat(2049),
    "InvalidParameter.PolicySize",
    "The size of Policy must be smaller than 2048 characters."
)]
#[case("ExternalId", "a", "InvalidParameter.ExternalId", "The parameter ExternalId is wrongly formed.")]
#[case("ExternalId", "a b", "InvalidParameter.ExternalId", "The parameter ExternalId is wrongly formed.")]
#[tokio::test]
async fn each_parameter_has_its_rule(
    #[case] name: &str,
    #[case] value: &str,
    #[case] code: &str,
    #[case] message: &str,
) {
    let world = world().await;
    let mut call = assume(APP, CLERK);
    call.query.retain(|(existing, _)| existing != name);
    let reply = world.send(&call.with(name, value)).await;
    assert_refused(&reply, 400, code, message);
}

#[tokio::test]
async fn the_limits_themselves_are_allowed() {
    let world = world().await;
    for seconds in ["900", "7200"] {
        let call = assume(APP, CLERK).with("DurationSeconds", seconds).with("ExternalId", "a+=,.@:/-_1");
        assert_eq!(world.send(&call).await.status, 200);
    }
}

#[tokio::test]
async fn a_role_that_is_not_there_is_told_to_who_may_assume_it() {
    let world = world().await;
    let absent = "acs:ram::1111111111111111:role/absent";
    let reply = world.send(&assume(absent, CLERK)).await;
    assert_refused(&reply, 404, "EntityNotExist.Role", "The specified Role not exists.");
    assert_eq!(world.send(&assume(absent, IDLER)).await.refusal(), (403, "NoPermission".to_owned()));
}

#[tokio::test]
async fn both_the_callers_policies_and_the_roles_trust_must_let_it() {
    let world = world().await;
    let message = "You are not authorized to do this action. You should be authorized by RAM.";
    let without_policy = world.send(&assume(APP, IDLER)).await;
    assert_refused(&without_policy, 403, "NoPermission", message);
    let detail = |reply: &Reply| reply.json()["AccessDeniedDetail"].take();
    assert_eq!(detail(&without_policy)["AuthAction"], "sts:AssumeRole");
    assert_eq!(detail(&without_policy)["PolicyType"], "AccountLevelIdentityBasedPolicy");
    let without_trust = world.send(&assume(POD, CLERK)).await;
    assert_refused(&without_trust, 403, "NoPermission", message);
    assert_eq!(detail(&without_trust)["PolicyType"], "AssumeRolePolicy");
    assert_eq!(detail(&without_trust)["NoPermissionType"], "ImplicitDeny");
    let shut_out = world.send(&assume("acs:ram::1111111111111111:role/shut", CLERK)).await;
    assert_refused(&shut_out, 403, "NoPermission", message);
    assert_eq!(detail(&shut_out)["PolicyType"], "AssumeRolePolicy");
    assert_eq!(detail(&shut_out)["NoPermissionType"], "ExplicitDeny");
}

#[tokio::test]
async fn another_accounts_role_wants_the_external_id_that_it_trusts() {
    let world = world().await;
    let partners = "acs:ram::1111111111111111:role/partners";
    let call = || assume(partners, STRANGE_CLERK);
    assert_eq!(world.send(&call()).await.refusal().1, "NoPermission");
    assert_eq!(world.send(&call().with("ExternalId", "contract-8")).await.refusal().1, "NoPermission");
    assert_eq!(world.send(&call().with("ExternalId", "contract-7")).await.status, 200);
    assert_eq!(world.send(&assume(APP, STRANGE_CLERK)).await.refusal().1, "NoPermission");
}

#[tokio::test]
async fn the_journal_keeps_no_token_and_no_external_id() {
    let world = world().await;
    let token = world.fake.mint_token(&reader()).expect("an issuer");
    federate(&world, &token).await;
    world.send(&assume(APP, CLERK).with("ExternalId", "contract-7")).await;
    let text = serde_json::to_string(&world.fake.journal()).expect("JSON");
    assert!(!text.contains(&token) && !text.contains("contract-7"), "{text}");
    let [federated, assumed] = world.fake.journal().try_into().expect("two calls");
    assert_eq!((federated.caller_arn, federated.access_key_id), (None, None));
    assert_eq!(assumed.caller_arn.as_deref(), Some("acs:ram::1111111111111111:user/clerk"));
    assert_eq!((&*assumed.parameters["RoleArn"], &*assumed.parameters["RoleSessionName"]), (APP, "test"));
}

/// The service account that the role of pods trusts.
fn reader() -> fake_alicloud::ServiceAccountToken {
    fake_alicloud::ServiceAccountToken::new("shop", "reader")
}
