//! The instance metadata service: paths, the hardened mode, and what a test can change.

mod control;
mod credentials;

use fake_alicloud::{EcsInstance, HttpEndpoint, HttpTokens, JournalEntry, Scheme, Seed, SignatureKind};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{client::Reply, world::World};

const LIFE: &str = "X-aliyun-ecs-metadata-token-ttl-seconds";
const TOKEN: &str = "X-aliyun-ecs-metadata-token";
const TOKEN_PATH: &str = "/latest/api/token";
const ITEM: &str = "/latest/meta-data/region-id";

fn instance() -> EcsInstance {
    let mut instance = EcsInstance::new("i-demo", "1111111111111111");
    instance.role = Some("node".to_owned());
    instance.user_data = Some("#!/bin/sh\n".to_owned());
    instance
}

async fn world_with(change: impl FnOnce(&mut EcsInstance)) -> World {
    let world = World::new().await;
    let mut instance = instance();
    change(&mut instance);
    world.fake.set_ecs_instance(&instance).expect("an instance");
    world
}

async fn ask(world: &World, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = world.http.request(method, format!("{}{path}", world.fake.metadata_url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.expect("an answer");
    Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.expect("a text"),
    }
}

async fn get(world: &World, path: &str) -> Reply {
    ask(world, Method::GET, path, &[]).await
}

async fn token(world: &World, life: &str) -> String {
    let reply = ask(world, Method::PUT, TOKEN_PATH, &[(LIFE, life)]).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.text
}

#[rstest::rstest]
#[case("region-id", "cn-hangzhou")]
#[case("zone-id", "cn-hangzhou-a")]
#[case("instance-id", "i-demo")]
#[case("owner-account-id", "1111111111111111")]
#[case("image-id", "aliyun_3_x64_20G_alibase_20250117.vhd")]
#[case("hostname", "i-demo")]
#[case("mac", "00:16:3e:00:00:01")]
#[case("vpc-id", "vpc-demo")]
#[case("vswitch-id", "vsw-demo")]
#[case("instance/instance-type", "ecs.g7.large")]
#[case("private-ipv4", "192.168.0.10")]
#[case("serial-number", "6e0a6c2e-0000-4000-8000-000000000001")]
#[case("ram/security-credentials/", "node")]
#[tokio::test]
async fn each_item_is_a_line_of_plain_text(#[case] item: &str, #[case] value: &str) {
    let world = world_with(|_| {}).await;
    for end in ["", "?", "/"] {
        let reply = get(&world, &format!("/latest/meta-data/{item}{end}")).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, value));
        assert_eq!(reply.headers["content-type"], "text/plain");
    }
}

#[tokio::test]
async fn a_folder_lists_what_is_in_it() {
    let world = world_with(|_| {}).await;
    assert_eq!(get(&world, "/latest/").await.text, "dynamic/\nmeta-data/\nuser-data");
    assert_eq!(get(&world, "/latest/meta-data/ram/").await.text, "security-credentials/");
    let items = get(&world, "/latest/meta-data/").await.text;
    assert!(items.lines().any(|line| line == "region-id") && items.lines().any(|line| line == "instance/"));
}

#[tokio::test]
async fn the_identity_document_and_the_user_data_are_told() {
    let world = world_with(|_| {}).await;
    let document = get(&world, "/latest/dynamic/instance-identity/document").await.json();
    let expected = json!({
        "zone-id": "cn-hangzhou-a",
        "serial-number": "6e0a6c2e-0000-4000-8000-000000000001",
        "instance-id": "i-demo",
        "region-id": "cn-hangzhou",
        "private-ipv4": "192.168.0.10",
        "owner-account-id": "1111111111111111",
        "mac": "00:16:3e:00:00:01",
        "image-id": "aliyun_3_x64_20G_alibase_20250117.vhd",
        "instance-type": "ecs.g7.large",
    });
    assert_eq!(document, expected);
    assert_eq!(get(&world, "/latest/user-data").await.text, "#!/bin/sh\n");
}

#[rstest::rstest]
#[case::no_such_item("/latest/meta-data/nothing")]
#[case::no_such_folder("/latest/nothing/")]
#[case::no_such_date("/2016-01-01/meta-data/region-id")]
#[case::signed_document("/latest/dynamic/instance-identity/pkcs7")]
#[case::another_role("/latest/meta-data/ram/security-credentials/other")]
#[case::root("/")]
#[tokio::test]
async fn what_is_not_there_is_404(#[case] path: &str) {
    let world = world_with(|_| {}).await;
    assert_eq!(get(&world, path).await.status, 404);
}

#[tokio::test]
async fn an_instance_without_role_and_user_data_has_404_for_them() {
    let world = world_with(|instance| (instance.role, instance.user_data) = (None, None)).await;
    let roles = "/latest/meta-data/ram/security-credentials";
    for path in [roles, &format!("{roles}/"), &format!("{roles}/node"), "/latest/user-data"] {
        assert_eq!(get(&world, path).await.status, 404, "{path}");
    }
}

#[rstest::rstest]
#[case(Method::POST, ITEM)]
#[case(Method::PUT, ITEM)]
#[case(Method::DELETE, "/latest/user-data")]
#[case(Method::GET, TOKEN_PATH)]
#[case(Method::POST, TOKEN_PATH)]
#[tokio::test]
async fn a_wrong_method_is_405(#[case] method: Method, #[case] path: &str) {
    let world = world_with(|_| {}).await;
    assert_eq!(ask(&world, method, path, &[(LIFE, "60")]).await.status, 405);
}

#[tokio::test]
async fn without_an_instance_or_an_endpoint_everything_is_404() {
    let none = World::new().await;
    let disabled = world_with(|instance| instance.http_endpoint = HttpEndpoint::Disabled).await;
    for world in [none, disabled] {
        assert_eq!(get(&world, ITEM).await.status, 404);
        assert_eq!(ask(&world, Method::PUT, TOKEN_PATH, &[(LIFE, "60")]).await.status, 404);
    }
}

#[rstest::rstest]
#[case(&[], 400)]
#[case(&[(LIFE, "0")], 400)]
#[case(&[(LIFE, "21601")], 400)]
#[case(&[(LIFE, "-5")], 400)]
#[case(&[(LIFE, "six hours")], 400)]
#[case(&[(LIFE, "1")], 200)]
#[case(&[(LIFE, "21600")], 200)]
#[case(&[(LIFE, "60"), ("X-Forwarded-For", "192.0.2.1")], 403)]
#[tokio::test]
async fn a_token_is_given_for_a_life_within_bounds_and_never_forwarded(
    #[case] headers: &[(&str, &str)],
    #[case] status: u16,
) {
    let world = world_with(|_| {}).await;
    assert_eq!(ask(&world, Method::PUT, TOKEN_PATH, headers).await.status, status);
}

#[tokio::test]
async fn the_hardened_mode_wants_a_token_for_everything_that_is_read() {
    let world = world_with(|instance| instance.http_tokens = HttpTokens::Required).await;
    let documents = ["/latest/", "/latest/user-data", "/latest/dynamic/instance-identity/document"];
    let token = token(&world, "60").await;
    for path in [ITEM, "/latest/meta-data/ram/security-credentials/"].iter().chain(&documents) {
        assert_eq!(get(&world, path).await.status, 403, "{path}");
        assert_eq!(ask(&world, Method::GET, path, &[(TOKEN, &token)]).await.status, 200, "{path}");
    }
    assert_eq!(get(&world, "/latest/nothing").await.status, 403, "not even that it is not there is told");
    let forwarded = [(TOKEN, token.as_str()), ("X-Forwarded-For", "192.0.2.1")];
    assert_eq!(ask(&world, Method::GET, ITEM, &forwarded).await.status, 403);
}

#[tokio::test]
async fn tokens_may_be_many_and_hold_until_their_end_by_the_fakes_clock() {
    let world = world_with(|instance| instance.http_tokens = HttpTokens::Required).await;
    world.fake.clock().freeze();
    let (short, long) = (token(&world, "60").await, token(&world, "21600").await);
    let status = async |token: &str| ask(&world, Method::GET, ITEM, &[(TOKEN, token)]).await.status;
    world.fake.clock().advance(SignedDuration::from_secs(59));
    assert_eq!([status(&short).await, status(&short).await, status(&long).await], [200, 200, 200]);
    world.fake.clock().advance(SignedDuration::from_secs(1));
    assert_eq!([status(&short).await, status(&long).await], [403, 200]);
    world.fake.clock().advance(SignedDuration::from_hours(6));
    assert_eq!(status(&long).await, 403);
}

#[tokio::test]
async fn where_no_token_is_needed_a_wrong_one_is_refused_all_the_same() {
    let world = world_with(|_| {}).await;
    let good = token(&world, "60").await;
    assert_eq!(ask(&world, Method::GET, ITEM, &[(TOKEN, &good)]).await.status, 200);
    assert_eq!(ask(&world, Method::GET, ITEM, &[(TOKEN, "wrong")]).await.status, 403);
    assert_eq!(ask(&world, Method::GET, ITEM, &[("X-Forwarded-For", "192.0.2.1")]).await.status, 200);
}

#[tokio::test]
async fn a_token_is_good_for_its_instance_only() {
    let (one, other) = (world_with(|_| {}).await, world_with(|_| {}).await);
    let token = token(&one, "60").await;
    assert_eq!(ask(&other, Method::GET, ITEM, &[(TOKEN, &token)]).await.status, 403);
}

#[tokio::test]
async fn calls_are_in_the_journal_without_their_token() {
    let world = world_with(|_| {}).await;
    let token = token(&world, "60").await;
    ask(&world, Method::GET, "/latest/meta-data/ram/security-credentials/", &[(TOKEN, &token)]).await;
    get(&world, "/latest/nothing").await;
    let [made, used, lost]: [JournalEntry; 3] = world.fake.journal().try_into().expect("three calls");
    assert_eq!(
        (made.product.as_str(), made.action.as_str(), made.method.as_str()),
        ("metadata", "CreateToken", "PUT")
    );
    assert_eq!(made.parameters["x-aliyun-ecs-metadata-token-ttl-seconds"], "60");
    assert_eq!(
        (used.action.as_str(), used.status, used.region.as_str()),
        ("GetRoleName", 200, "cn-hangzhou")
    );
    assert_eq!(used.parameters["path"], "/latest/meta-data/ram/security-credentials/");
    assert_eq!(used.parameters["x-aliyun-ecs-metadata-token"], "[withheld]");
    assert_eq!((used.scheme, used.signature), (Scheme::Http, SignatureKind::Unsigned));
    assert_eq!(used.account.as_deref(), Some("1111111111111111"));
    assert_eq!((lost.action.as_str(), lost.status, &lost.code), ("", 404, &None));
    let journal = serde_json::to_string(&[made, used, lost]).expect("JSON");
    assert!(!journal.contains(&token), "{journal}");
}

#[tokio::test]
async fn an_instance_can_be_seeded_once_and_is_exported() {
    let world = World::new().await;
    let seed = Seed::from_yaml("ecsInstance: { instanceId: i-demo, account: '1', region: cn-beijing }");
    let seed = seed.expect("a seed");
    world.fake.seed(&seed).expect("no instance yet");
    assert_eq!(get(&world, ITEM).await.text, "cn-beijing");
    let again = world.fake.seed(&seed).expect_err("it is there");
    assert!(again.to_string().contains("at line 1, column 14: the ECS instance"), "{again}");

    let exported = world.fake.export();
    world.fake.reset();
    assert_eq!(get(&world, ITEM).await.status, 404);
    world.fake.seed(&exported).expect("an empty fake");
    assert_eq!(get(&world, ITEM).await.text, "cn-beijing");
    let json = |seed: &Seed| serde_json::from_str::<Value>(&seed.to_json()).expect("JSON");
    assert_eq!(json(&world.fake.export()), json(&exported));
}

#[tokio::test]
async fn a_seeded_instance_that_cannot_be_is_told_with_its_place() {
    let error = Seed::from_yaml("ecsInstance:\n  { instanceId: demo, account: '1' }").expect_err("a mistake");
    let start = "cannot read the seed at line 2, column 3: cannot use `instanceId` of the instance: ";
    assert!(error.to_string().starts_with(start), "{error}");
}
