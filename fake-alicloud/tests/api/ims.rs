//! The operations of IMS.

use fake_alicloud::Seed;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    client::{Call, Reply},
    world::{ROOT, World},
};

const ISSUER: &str = "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1";
const FINGERPRINT: &str = "902ef2deeb3c5b13ea4c3d5193629309e231ae55";

/// Two providers.
const SEED: &str = r#"
accounts:
  - id: "1111111111111111"
    oidcProviders:
      - { name: ack-rrsa-c0, issuerUrl: "https://issuer.example/c0", clientIds: [sts.aliyuncs.com, other], fingerprints: [aa], description: seeded }
      - { name: full, issuerUrl: "https://issuer.example/full" }
"#;

async fn world() -> World {
    let world = World::new().await;
    world.fake.seed(&Seed::from_yaml(SEED).expect("a seed")).expect("no providers before");
    world
}

fn ims(action: &str) -> Call {
    Call { version: "2019-08-15".to_owned(), ..Call::kms(action, ROOT) }
}

fn of_seeded(action: &str) -> Call {
    ims(action).with("OIDCProviderName", "ack-rrsa-c0")
}

async fn provider(world: &World, call: &Call) -> Value {
    let reply = world.send(call).await;
    assert_eq!(reply.status, 200, "{} {}", call.action, reply.text);
    reply.json()["OIDCProvider"].clone()
}

fn refusal(reply: &Reply) -> (u16, String) {
    assert!(reply.json()["HostId"].is_string() && reply.json()["Recommend"].is_string(), "{}", reply.text);
    reply.refusal()
}

#[tokio::test]
async fn a_created_provider_reads_back_with_all_its_fields() {
    let world = world().await;
    let create = ims("CreateOIDCProvider").with("OIDCProviderName", "ack-rrsa-c1").with("IssuerUrl", ISSUER);
    let create = create.with("ClientIds", "sts.aliyuncs.com,other").with("Fingerprints", FINGERPRINT);
    let create = create.with("Description", "for tests").with("IssuanceLimitTime", "168");
    let created = provider(&world, &create).await;
    let get = ims("GetOIDCProvider").with("OIDCProviderName", "ack-rrsa-c1");
    assert_eq!(provider(&world, &get).await, created);
    assert_eq!(created["Arn"], "acs:ram::1111111111111111:oidc-provider/ack-rrsa-c1");
    assert_eq!((&created["IssuerUrl"], &created["Description"]), (&json!(ISSUER), &json!("for tests")));
    assert_eq!(created["ClientIds"], "other,sts.aliyuncs.com");
    assert_eq!((&created["Fingerprints"], &created["IssuanceLimitTime"]), (&json!(FINGERPRINT), &json!(168)));
    assert_eq!(created["CreateDate"], created["UpdateDate"]);
    assert_eq!(created["GmtCreate"].as_str().map(str::len), Some("1636613763000".len()));
}

#[tokio::test]
async fn what_is_not_named_has_its_default() {
    let world = world().await;
    let create = ims("CreateOIDCProvider").with("OIDCProviderName", "plain").with("IssuerUrl", ISSUER);
    let created = provider(&world, &create).await;
    assert_eq!((&created["ClientIds"], &created["Fingerprints"]), (&json!(""), &json!("")));
    assert_eq!((&created["Description"], &created["IssuanceLimitTime"]), (&json!(""), &json!(12)));
}

#[tokio::test]
async fn an_update_replaces_what_it_names_and_keeps_the_rest() {
    let world = world().await;
    let clients = provider(&world, &of_seeded("UpdateOIDCProvider").with("ClientIds", "new")).await;
    assert_eq!((&clients["ClientIds"], &clients["Description"]), (&json!("new"), &json!("seeded")));
    let limit = provider(&world, &of_seeded("UpdateOIDCProvider").with("IssuanceLimitTime", "1")).await;
    assert_eq!((&limit["IssuanceLimitTime"], &limit["ClientIds"]), (&json!(1), &json!("new")));
    let described = provider(&world, &of_seeded("UpdateOIDCProvider").with("NewDescription", "other")).await;
    assert_eq!((&described["Description"], &described["IssuanceLimitTime"]), (&json!("other"), &json!(1)));
}

#[rstest]
#[case("ClientId", "ClientIds", "new", "new,other,sts.aliyuncs.com")]
#[case("Fingerprint", "Fingerprints", "bb", "aa,bb")]
#[tokio::test]
async fn a_member_is_added_once_and_removed_once(
    #[case] member: &str,
    #[case] field: &str,
    #[case] text: &str,
    #[case] all: &str,
) {
    let world = world().await;
    let add = || of_seeded(&format!("Add{member}ToOIDCProvider")).with(member, text);
    let remove = || of_seeded(&format!("Remove{member}FromOIDCProvider")).with(member, text);
    let before = provider(&world, &of_seeded("GetOIDCProvider")).await[field].clone();
    assert_eq!(provider(&world, &add()).await[field], all);
    let again = world.send(&add()).await;
    assert_eq!(refusal(&again), (409, format!("EntityAlreadyExists.OIDCProvider.{member}")));
    assert_eq!(provider(&world, &remove()).await[field], before);
    let again = world.send(&remove()).await;
    assert_eq!(refusal(&again), (404, format!("EntityNotExist.OIDCProvider.{member}")));
}

#[rstest]
#[case("ClientId", 50)]
#[case("Fingerprint", 5)]
#[tokio::test]
async fn members_have_a_limit_by_one_and_all_at_once(#[case] member: &str, #[case] limit: usize) {
    let world = world().await;
    let code = (409, format!("LimitExceeded.OIDCProvider.{member}"));
    let members = |count: usize| (0..count).map(|number| format!("m{number}")).collect::<Vec<_>>().join(",");
    let create = |count| {
        let call = ims("CreateOIDCProvider").with("OIDCProviderName", "many").with("IssuerUrl", ISSUER);
        call.with(&format!("{member}s"), &members(count))
    };
    assert_eq!(refusal(&world.send(&create(limit + 1)).await), code);
    provider(&world, &create(limit)).await;
    let add =
        ims(&format!("Add{member}ToOIDCProvider")).with("OIDCProviderName", "many").with(member, "more");
    assert_eq!(refusal(&world.send(&add).await), code);
}

#[tokio::test]
async fn lists_have_pages_that_follow_each_other_by_name() {
    let world = world().await;
    let list = || ims("ListOIDCProviders").with("MaxItems", "1");
    let first = world.send(&list()).await.json();
    let next = world.send(&list().with("Marker", first["Marker"].as_str().expect("a marker"))).await.json();
    let name = |page: &Value| page["OIDCProviders"]["OIDCProvider"][0]["OIDCProviderName"].clone();
    assert_eq!((name(&first), name(&next)), (json!("ack-rrsa-c0"), json!("full")));
    assert_eq!((&first["IsTruncated"], &next["IsTruncated"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn a_deleted_provider_is_gone_and_its_issuer_free() {
    let world = world().await;
    assert_eq!(world.send(&of_seeded("DeleteOIDCProvider")).await.status, 200);
    let again = world.send(&of_seeded("DeleteOIDCProvider")).await;
    assert_eq!(refusal(&again), (404, "EntityNotExist.OIDCProvider".to_owned()));
    let create = ims("CreateOIDCProvider").with("OIDCProviderName", "another");
    provider(&world, &create.with("IssuerUrl", "https://issuer.example/c0")).await;
}

#[tokio::test]
async fn the_hundred_and_first_provider_is_one_too_many() {
    let world = world().await;
    let providers = (0..98)
        .map(|number| json!({ "name": format!("p{number}"), "issuerUrl": format!("https://p{number}") }));
    let account = json!({ "id": "1111111111111111", "oidcProviders": providers.collect::<Vec<_>>() });
    let seed = json!({ "accounts": [account] }).to_string();
    world.fake.seed(&Seed::from_yaml(&seed).expect("a seed")).expect("other names");
    let create = ims("CreateOIDCProvider").with("OIDCProviderName", "more").with("IssuerUrl", ISSUER);
    assert_eq!(refusal(&world.send(&create).await), (409, "LimitExceeded.OIDCProvider".to_owned()));
}

#[rstest]
#[case("OIDCProviderName", "ack-rrsa-c0", 409, "EntityAlreadyExists.OIDCProvider")]
#[case("OIDCProviderName", "-a", 400, "InvalidParameter.OIDCProviderName.InvalidChars")]
#[case("IssuerUrl", "https://issuer.example/c0", 409, "EntityAlreadyExists.OIDCProvider.Url")]
#[case("IssuerUrl", "http://issuer.example", 400, "InvalidParameter.IssuerUrl")]
#[case("IssuerUrl", "https://issuer.example/?a", 400, "InvalidParameter.IssuerUrl")]
#[case("ClientIds", "good,:bad", 400, "InvalidParameter.ClientIds")]
#[case("ClientIds", "good,", 400, "InvalidParameter.ClientIds")]
#[case("Fingerprints", "aa:bb", 400, "InvalidParameter.Fingerprints")]
#[case("IssuanceLimitTime", "0", 400, "InvalidParameter.IssuanceLimitTime")]
#[case("IssuanceLimitTime", "169", 400, "InvalidParameter.IssuanceLimitTime")]
#[tokio::test]
async fn a_provider_that_cannot_be_is_refused_with_its_code(
    #[case] parameter: &str,
    #[case] value: &str,
    #[case] status: u16,
    #[case] code: &str,
) {
    let world = world().await;
    // The first of a name is the one that counts.
    let call = ims("CreateOIDCProvider").with(parameter, value).with("OIDCProviderName", "new");
    let reply = world.send(&call.with("IssuerUrl", ISSUER)).await;
    assert_eq!(refusal(&reply), (status, code.to_owned()));
}

#[rstest]
#[case("CreateOIDCProvider", "OIDCProviderName", 128)]
#[case("CreateOIDCProvider", "Description", 256)]
#[case("UpdateOIDCProvider", "NewDescription", 256)]
#[tokio::test]
async fn texts_have_a_limit(#[case] action: &str, #[case] parameter: &str, #[case] limit: usize) {
    let world = world().await;
    let call = |length: usize| {
        let name = if action == "CreateOIDCProvider" { "new" } else { "full" };
        let call = ims(action).with(parameter, &"d".repeat(length)).with("OIDCProviderName", name);
        call.with("IssuerUrl", ISSUER)
    };
    let code = format!("InvalidParameter.{parameter}.Length");
    assert_eq!(refusal(&world.send(&call(limit + 1)).await), (400, code));
    provider(&world, &call(limit)).await;
}

#[rstest]
#[case("GetOIDCProvider", None)]
#[case("UpdateOIDCProvider", None)]
#[case("DeleteOIDCProvider", None)]
#[case("AddClientIdToOIDCProvider", Some(("ClientId", "a")))]
#[case("RemoveClientIdFromOIDCProvider", Some(("ClientId", "a")))]
#[case("AddFingerprintToOIDCProvider", Some(("Fingerprint", "a")))]
#[case("RemoveFingerprintFromOIDCProvider", Some(("Fingerprint", "a")))]
#[tokio::test]
async fn a_provider_that_is_not_there_is_not_found(#[case] action: &str, #[case] more: Option<(&str, &str)>) {
    let world = world().await;
    let call = ims(action).with("OIDCProviderName", "nowhere");
    let call = more.into_iter().fold(call, |call, (name, value)| call.with(name, value));
    assert_eq!(refusal(&world.send(&call).await), (404, "EntityNotExist.OIDCProvider".to_owned()));
}

#[rstest]
#[case("AddClientIdToOIDCProvider", "ClientId", "a,b")]
#[case("RemoveClientIdFromOIDCProvider", "ClientId", "a,b")]
#[case("AddFingerprintToOIDCProvider", "Fingerprint", "-")]
#[case("RemoveFingerprintFromOIDCProvider", "Fingerprint", "-")]
#[case("ListOIDCProviders", "MaxItems", "101")]
#[case("ListOIDCProviders", "Marker", "!")]
#[case("UpdateOIDCProvider", "ClientIds", ".a")]
#[case("UpdateOIDCProvider", "IssuanceLimitTime", "x")]
#[tokio::test]
async fn a_parameter_of_wrong_form_is_named(
    #[case] action: &str,
    #[case] parameter: &str,
    #[case] value: &str,
) {
    let world = world().await;
    let reply = world.send(&of_seeded(action).with(parameter, value)).await;
    assert_eq!(refusal(&reply), (400, format!("InvalidParameter.{parameter}")));
}
