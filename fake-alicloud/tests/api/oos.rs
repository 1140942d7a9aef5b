//! The operations of OOS.

use fake_alicloud::Seed;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    client::{Call, Reply},
    world::{ALICE, ROOT, STRANGER, World},
};

/// A secret parameter of two versions with constraints, and a plain one, in a folder each, and one of each elsewhere.
const SEED: &str = r#"
accounts:
  - id: "1111111111111111"
    parameters:
      - name: /prod/db/password
        constraints: { AllowedPattern: "^[a-z]+$", MinLength: 3, MaxLength: 8, AllowedValues: [first, second, third] }
        versions: [first, second]
      - { name: region-only, region: ap-southeast-1, versions: [singapore] }
      - { name: /prod/endpoint, type: String, tags: [{ key: team, value: web }], versions: [one, two] }
      - { name: /prod/hosts, type: StringList, resourceGroupId: rg-1, versions: ["a,b"] }
"#;

async fn world() -> World {
    let world = World::new().await;
    world.fake.seed(&Seed::from_yaml(SEED).expect("a seed")).expect("no parameters before");
    world
}

fn oos(action: &str) -> Call {
    Call { version: "2019-06-01".to_owned(), ..Call::kms(action, ROOT) }
}

fn create(name: &str, value: &str) -> Call {
    oos("CreateSecretParameter").with("Name", name).with("Value", value)
}

fn create_plain(name: &str, value: &str) -> Call {
    oos("CreateParameter").with("Name", name).with("Value", value).with("Type", "String")
}

fn update(name: &str, value: &str) -> Call {
    oos("UpdateSecretParameter").with("Name", name).with("Value", value)
}

fn read(name: &str) -> Call {
    oos("GetSecretParameter").with("Name", name).with("WithDecryption", "true")
}

fn read_plain(name: &str) -> Call {
    oos("GetParameter").with("Name", name)
}

async fn value_of(world: &World, call: &Call) -> Value {
    let reply = world.send(call).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["Parameter"]["Value"].clone()
}

fn names(reply: &Reply) -> Vec<String> {
    let parameters = reply.json()["Parameters"].as_array().cloned().unwrap_or_default();
    parameters.iter().map(|one| one["Name"].as_str().expect("a name").to_owned()).collect()
}

/// Follows the pages of a call to their end.
async fn all_pages(world: &World, call: &Call) -> Vec<Reply> {
    let mut pages = Vec::new();
    let mut token = String::new();
    loop {
        let next = call.clone().with("NextToken", &token);
        let page = world.send(&Call { nonce: Uuid::new_v4().to_string(), ..next }).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let next = page.json()["NextToken"].as_str().map(str::to_owned);
        pages.push(page);
        match next {
            Some(next) => token = next,
            None => return pages,
        }
    }
}

#[tokio::test]
async fn a_created_secret_parameter_reads_back_with_all_its_fields() {
    let world = world().await;
    let call = create("prod/api-key", "a+b c/é")
        .with("Type", "Secret")
        .with("Description", "for tests")
        .with("Constraints", r#"{"MinLength":1}"#)
        .with("KeyId", "key-1")
        .with("DKMSInstanceId", "kst-1")
        .with("ResourceGroupId", "rg-1")
        .with("Tags", r#"{"team":"payments"}"#);
    let created = world.send(&call).await.json();
    let read = world.send(&read("prod/api-key")).await.json();
    let parameter = &read["Parameter"];
    assert_eq!(parameter["Value"], "a+b c/é");
    let id = parameter["Id"].as_str().expect("an id");
    assert!(id.starts_with("p-") && id.len() == 22, "{id}");
    assert_eq!((&parameter["Name"], &parameter["Type"]), (&json!("prod/api-key"), &json!("Secret")));
    assert_eq!((&parameter["ParameterVersion"], &parameter["ShareType"]), (&json!(1), &json!("Private")));
    assert_eq!(parameter["Description"], "for tests");
    assert_eq!(parameter["Constraints"], r#"{"MinLength":1}"#);
    assert_eq!((&parameter["KeyId"], &parameter["DKMSInstanceId"]), (&json!("key-1"), &json!("kst-1")));
    assert_eq!(parameter["ResourceGroupId"], "rg-1");
    assert_eq!(parameter["Tags"], json!({ "team": "payments" }));
    assert_eq!(parameter["CreatedBy"], "root(1111111111111111)");
    assert_eq!(parameter["CreatedDate"], parameter["UpdatedDate"]);
    assert_eq!(parameter["CreatedDate"].as_str().map(str::len), Some("2024-01-01T00:00:00Z".len()));
    // What creation answered is the same without the value.
    let mut without_value = parameter.clone();
    without_value.as_object_mut().expect("an object").remove("Value");
    assert_eq!(created["Parameter"], without_value);
}

#[rstest]
#[case(Some("true"), json!("second"))]
#[case(Some("True"), json!("second"))]
#[case(Some("FALSE"), Value::Null)]
#[case(None, Value::Null)]
#[tokio::test]
async fn a_secret_value_is_there_only_when_decryption_is_asked_for(
    #[case] flag: Option<&str>,
    #[case] value: Value,
) {
    let world = world().await;
    let with_flag = |call: Call| flag.map_or(call.clone(), |flag| call.with("WithDecryption", flag));
    let name = "/prod/db/password";
    let one = with_flag(oos("GetSecretParameter").with("Name", name));
    assert_eq!(value_of(&world, &one).await, value);
    let several = with_flag(oos("GetSecretParameters").with("Names", r#"["/prod/db/password"]"#));
    assert_eq!(world.send(&several).await.json()["Parameters"][0]["Value"], value);
    let by_path = with_flag(oos("GetSecretParametersByPath").with("Path", "/prod/db"));
    assert_eq!(world.send(&by_path).await.json()["Parameters"][0]["Value"], value);
    let versions = with_flag(oos("ListSecretParameterVersions").with("Name", name));
    assert_eq!(world.send(&versions).await.json()["ParameterVersions"][0]["Value"], value);
}

#[tokio::test]
async fn plain_values_are_always_there() {
    let world = world().await;
    assert_eq!(value_of(&world, &read_plain("/prod/endpoint")).await, "two");
    assert_eq!(value_of(&world, &read_plain("/prod/endpoint").with("ParameterVersion", "1")).await, "one");
    let created = world.send(&create_plain("a", "x").with("KeyId", "key-1")).await.json();
    assert_eq!(created["Parameter"].get("KeyId"), None, "a plain parameter has no key");
    assert_eq!(value_of(&world, &read_plain("a")).await, "x");
}

#[tokio::test]
async fn an_update_makes_a_version_and_keeps_what_it_does_not_name() {
    let world = world().await;
    let call = oos("UpdateParameter").with("Name", "/prod/endpoint").with("Value", "three");
    let by_alice = Call { key: (ALICE.0.to_owned(), ALICE.1.to_owned()), ..call };
    let answered = world.send(&by_alice.with("Tags", r#"{"stage":"canary"}"#)).await.json();
    assert_eq!(answered["Parameter"]["ParameterVersion"], 3);
    let tags: Value = serde_json::from_str(answered["Parameter"]["Tags"].as_str().expect("a text"))
        .expect("JSON within it");
    assert_eq!(tags, json!({ "team": "web", "stage": "canary" }));
    assert_eq!(answered["Parameter"].get("Value"), None);

    let more = oos("UpdateParameter").with("Name", "/prod/endpoint").with("Value", "three");
    world.send(&more.with("Description", "new").with("ResourceGroupId", "rg-2")).await;
    let latest = world.send(&read_plain("/prod/endpoint")).await.json()["Parameter"].clone();
    assert_eq!(latest["ParameterVersion"], 4, "the same value is a version too");
    assert_eq!((&latest["Description"], &latest["ResourceGroupId"]), (&json!("new"), &json!("rg-2")));
    assert_eq!(latest["CreatedBy"], "root(1111111111111111)");
    let third = read_plain("/prod/endpoint").with("ParameterVersion", "3");
    assert_eq!(world.send(&third).await.json()["Parameter"]["UpdatedBy"], "alice(1111111111111111)");
    assert_eq!(value_of(&world, &read_plain("/prod/endpoint").with("ParameterVersion", "1")).await, "one");
}

#[tokio::test]
async fn there_is_no_hundred_and_first_version() {
    let world = world().await;
    for _ in 3..=100 {
        assert_eq!(world.send(&update("/prod/db/password", "third")).await.status, 200);
    }
    let refused = world.send(&update("/prod/db/password", "first")).await;
    assert_eq!(refused.refusal(), (400, "LimitExceeded.ParameterVersion".to_owned()));
    assert_eq!(value_of(&world, &read("/prod/db/password")).await, "third");
}

#[tokio::test]
async fn a_deleted_parameter_is_gone_and_its_name_free() {
    let world = world().await;
    let delete = || oos("DeleteSecretParameter").with("Name", "/prod/db/password");
    assert_eq!(world.send(&delete()).await.json().as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(world.send(&read("/prod/db/password")).await.refusal().1, "EntityNotExists.Parameter");
    assert_eq!(
        world.send(&create("/prod/db/password", "anything")).await.json()["Parameter"]["ParameterVersion"],
        1
    );
    let delete = oos("DeleteParameter").with("Name", "/prod/endpoint");
    assert_eq!(world.send(&delete).await.status, 200);
}

#[tokio::test]
async fn secret_and_plain_parameters_live_apart() {
    let world = world().await;
    assert_eq!(world.send(&create("/prod/endpoint", "hidden")).await.status, 200);
    assert_eq!(value_of(&world, &read("/prod/endpoint")).await, "hidden");
    assert_eq!(value_of(&world, &read_plain("/prod/endpoint")).await, "two");
    assert_eq!(world.send(&read_plain("/prod/db/password")).await.refusal().0, 404);
}

#[tokio::test]
async fn several_are_read_in_the_order_of_their_names_and_the_absent_told_apart() {
    let world = world().await;
    let names_asked = r#"["/prod/hosts","nothing","/prod/endpoint","no name"]"#;
    let reply = world.send(&oos("GetParameters").with("Names", names_asked)).await;
    assert_eq!(
        (reply.status, names(&reply)),
        (200, vec!["/prod/hosts".to_owned(), "/prod/endpoint".to_owned()])
    );
    assert_eq!(reply.json()["InvalidParameters"], json!(["nothing", "no name"]));
    let none = world.send(&oos("GetSecretParameters").with("Names", r#"["nothing"]"#)).await;
    assert_eq!((none.status, names(&none)), (200, Vec::new()));
}

#[rstest]
#[case("/prod", "false", &["/prod/endpoint", "/prod/hosts"])]
#[case("/prod/", "", &["/prod/endpoint", "/prod/hosts"])]
#[case("/", "False", &[])]
#[case("/", "True", &["/prod/endpoint", "/prod/hosts"])]
#[case("/pro", "true", &[])]
#[tokio::test]
async fn a_path_is_a_folder(#[case] path: &str, #[case] recursive: &str, #[case] expected: &[&str]) {
    let world = world().await;
    let by_path = oos("GetParametersByPath").with("Path", path).with("Recursive", recursive);
    let reply = world.send(&by_path).await;
    assert_eq!(names(&reply), expected);
    assert_eq!(reply.json()["TotalCount"], expected.len());
    let list = oos("ListParameters").with("Path", path).with("Recursive", recursive);
    assert_eq!(
        names(&world.send(&list.with("SortField", "Name").with("SortOrder", "Ascending")).await),
        expected
    );
}

#[tokio::test]
async fn the_pages_of_a_path_hold_each_parameter_once() {
    let world = world().await;
    for number in 0..23 {
        world.send(&create(&format!("/many/p{number:02}"), "x")).await;
    }
    let expected: Vec<_> = (0..23).map(|number| format!("/many/p{number:02}")).collect();
    let pages = all_pages(&world, &oos("GetSecretParametersByPath").with("Path", "/many")).await;
    assert_eq!(pages.iter().map(|page| names(page).len()).collect::<Vec<_>>(), [10, 10, 3]);
    assert_eq!(pages.iter().flat_map(names).collect::<Vec<_>>(), expected);
    assert_eq!((&pages[0].json()["TotalCount"], &pages[0].json()["MaxResults"]), (&json!(23), &json!(10)));

    let list = oos("ListSecretParameters").with("Name", "any/p").with("MaxResults", "10");
    let by_name = list.clone().with("SortField", "Name").with("SortOrder", "Ascending");
    let pages = all_pages(&world, &by_name).await;
    assert_eq!(pages.iter().flat_map(names).collect::<Vec<_>>(), expected);
    let newest_first = all_pages(&world, &list).await;
    let backwards: Vec<_> = expected.iter().rev().cloned().collect();
    assert_eq!(newest_first.iter().flat_map(names).collect::<Vec<_>>(), backwards);
}

#[rstest]
#[case("Name", "host", &["/prod/hosts"])]
#[case("Name", "HOST", &[])]
#[case("Type", "String", &["/prod/endpoint"])]
#[case("Tags", r#"{"team":"web"}"#, &["/prod/endpoint"])]
#[case("Tags", r#"{"team":"db"}"#, &[])]
#[case("ResourceGroupId", "rg-1", &["/prod/hosts"])]
#[case("ShareType", "Public", &[])]
#[case("ShareType", "Private", &["/prod/endpoint", "/prod/hosts"])]
#[tokio::test]
async fn a_list_shows_what_its_filter_lets_through(
    #[case] name: &str,
    #[case] value: &str,
    #[case] expected: &[&str],
) {
    let world = world().await;
    let list = oos("ListParameters").with("SortField", "Name").with("SortOrder", "Ascending");
    let reply = world.send(&list.with(name, value)).await;
    assert_eq!(names(&reply), expected);
    assert_eq!(reply.json()["TotalCount"], expected.len());
}

#[tokio::test]
async fn a_list_shows_no_value() {
    let world = world().await;
    for action in ["ListParameters", "ListSecretParameters"] {
        let listed =
            world.send(&oos(action).with("WithDecryption", "true")).await.json()["Parameters"][0].clone();
        assert_eq!((listed.get("Value"), listed.get("Constraints")), (None, None), "{listed}");
        assert_eq!(listed["ShareType"], "Private");
    }
}

#[tokio::test]
async fn versions_are_listed_with_the_latest_first() {
    let world = world().await;
    let reply = world.send(&oos("ListParameterVersions").with("Name", "/prod/endpoint")).await.json();
    let versions: Vec<_> = reply["ParameterVersions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|version| (version["ParameterVersion"].clone(), version["Value"].clone()))
        .collect();
    assert_eq!(versions, [(json!(2), json!("two")), (json!(1), json!("one"))]);
    assert_eq!((&reply["Name"], &reply["Type"]), (&json!("/prod/endpoint"), &json!("String")));
    assert_eq!((&reply["TotalCount"], &reply["MaxResults"]), (&json!(2), &json!(50)));
}

#[tokio::test]
async fn the_pages_of_versions_hold_each_once() {
    let world = world().await;
    for _ in 3..=25 {
        world.send(&update("/prod/db/password", "third")).await;
    }
    let call = oos("ListSecretParameterVersions").with("Name", "/prod/db/password").with("MaxResults", "10");
    let pages = all_pages(&world, &call).await;
    let numbers: Vec<_> = pages
        .iter()
        .flat_map(|page| page.json()["ParameterVersions"].as_array().cloned().expect("a list"))
        .map(|version| version["ParameterVersion"].as_u64().expect("a number"))
        .collect();
    assert_eq!(numbers, (1..=25).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_client_token_makes_creation_repeatable() {
    let world = world().await;
    let call = || create("prod/token", "x").with("ClientToken", "token-1");
    let first = world.send(&call()).await.json();
    let again = world.send(&call()).await.json();
    assert_eq!(first["Parameter"], again["Parameter"]);
    assert_eq!(value_of(&world, &read("prod/token")).await, "x");
    let other = create("prod/token", "y").with("ClientToken", "token-1");
    assert_eq!(world.send(&other).await.refusal(), (400, "IdempotentParameterMismatch".to_owned()));
    let without = world.send(&create("prod/token", "x")).await;
    assert_eq!(without.refusal(), (409, "EntityAlreadyExists.Parameter".to_owned()));
    let plain = create_plain("prod/token", "x").with("ClientToken", "token-1");
    assert_eq!(world.send(&plain).await.status, 200, "the other family has tokens of its own");
}

#[rstest]
#[case("oos.ap-southeast-1.aliyuncs.com")]
#[case("oos-vpc.ap-southeast-1.aliyuncs.com")]
#[tokio::test]
async fn the_host_names_product_and_region(#[case] host: &str) {
    let world = world().await;
    assert_eq!(value_of(&world, &read("region-only").at(host)).await, "singapore");
    let entry = world.last_entry();
    assert_eq!((entry.product.as_str(), entry.region.as_str()), ("oos", "ap-southeast-1"));
    assert_eq!(world.send(&read("region-only")).await.refusal().0, 404, "not in the default region");
}

#[rstest]
#[case(Method::GET)]
#[case(Method::POST)]
#[tokio::test]
async fn either_method_and_signature_will_do(#[case] method: Method) {
    let world = world().await;
    let call = read("/prod/db/password").by(method);
    assert_eq!(value_of(&world, &call).await, "second");
    let v1 = world.send_v1(&Call { nonce: "another".to_owned(), ..call }).await;
    assert_eq!(v1.json()["Parameter"]["Value"], "second");
}

#[tokio::test]
async fn names_never_reach_another_account() {
    let world = world().await;
    let stranger = Call { key: (STRANGER.0.to_owned(), STRANGER.1.to_owned()), ..read("/prod/db/password") };
    assert_eq!(world.send(&stranger).await.refusal(), (404, "EntityNotExists.Parameter".to_owned()));
}

#[rstest]
#[case::read(read("nothing"), 404, "EntityNotExists.Parameter")]
#[case::read_plain(read_plain("nothing"), 404, "EntityNotExists.Parameter")]
#[case::read_public(read_plain("aliyun/services/ecs"), 404, "EntityNotExists.Parameter")]
#[case::read_version(read("/prod/db/password").with("ParameterVersion", "3"), 404, "EntityNotExists.Parameter")]
#[case::update(update("nothing", "x"), 404, "EntityNotExists.Parameter")]
#[case::update_plain(oos("UpdateParameter").with("Name", "nothing").with("Value", "x"), 404, "EntityNotExists.Parameter")]
#[case::delete(oos("DeleteSecretParameter").with("Name", "nothing"), 404, "EntityNotExists.Parameter")]
#[case::delete_plain(oos("DeleteParameter").with("Name", "nothing"), 404, "EntityNotExists.Parameter")]
#[case::versions(oos("ListSecretParameterVersions").with("Name", "nothing"), 404, "EntityNotExists.Parameter")]
#[case::versions_plain(oos("ListParameterVersions").with("Name", "nothing"), 404, "EntityNotExists.Parameter")]
#[case::public_versions(
    oos("ListParameterVersions").with("Name", "/prod/hosts").with("ShareType", "Public"), 404, "EntityNotExists.Parameter"
)]
#[case::create(create("/prod/db/password", "x"), 409, "EntityAlreadyExists.Parameter")]
#[case::create_plain(create_plain("/prod/hosts", "x"), 409, "EntityAlreadyExists.Parameter")]
#[case::no_name(create("", "x"), 400, "MissingName")]
#[case::no_value(create("a", ""), 400, "MissingValue")]
#[case::no_type(oos("CreateParameter").with("Name", "a").with("Value", "x"), 400, "MissingType")]
#[case::no_names(oos("GetSecretParameters"), 400, "MissingNames")]
#[case::no_path(oos("GetParametersByPath"), 400, "MissingPath")]
#[case::unknown(oos("GetSecretValue"), 404, "InvalidAction.NotFound")]
#[tokio::test]
async fn each_refusal_has_its_status_and_code(#[case] call: Call, #[case] status: u16, #[case] code: &str) {
    let world = world().await;
    let reply = world.send(&call).await;
    assert_eq!(reply.refusal(), (status, code.to_owned()), "{}", reply.text);
    assert_eq!(reply.json()["HostId"].as_str(), Some(world.fake.api_url().trim_start_matches("http://")));
    assert_eq!(world.last_entry().code.as_deref(), Some(code));
}

#[rstest]
#[case("Name", create("with blank", "x"))]
#[case("Name", create(&"n".repeat(181), "x"))]
#[case("Name", create("oos-x", "x"))]
#[case("Name", create_plain("Aliyun/x", "x"))]
#[case("Name", read("a//b"))]
#[case("Value", create("a", &"x".repeat(4097)))]
#[case("Value", update("/prod/db/password", &"x".repeat(4097)))]
#[case("Type", create("a", "x").with("Type", "String"))]
#[case("Type", oos("CreateParameter").with("Name", "a").with("Value", "x").with("Type", "Secret"))]
#[case("Type", oos("ListParameters").with("Type", "Secret"))]
#[case("Description", create("a", "x").with("Description", &"d".repeat(201)))]
#[case("Constraints", create("a", "x").with("Constraints", r#"{"AllowedPattern":"("}"#))]
#[case("Tags", create("a", "x").with("Tags", r#"[{"Key":"k"}]"#))]
#[case("Tags", create("a", "x").with("Tags", r#"{"acs:k":"v"}"#))]
#[case("Tags", create("a", "x").with("Tags", &json!({ "k": "v".repeat(129) }).to_string()))]
#[case("Tags", update("/prod/db/password", "first").with("Tags", "k=v"))]
#[case("ClientToken", create("a", "x").with("ClientToken", "a token"))]
#[case("ParameterVersion", read("/prod/db/password").with("ParameterVersion", "0"))]
#[case("ParameterVersion", read("/prod/db/password").with("ParameterVersion", "101"))]
#[case("ParameterVersion", read("/prod/db/password").with("ParameterVersion", "latest"))]
#[case("WithDecryption", oos("GetSecretParameter").with("Name", "a").with("WithDecryption", "1"))]
#[case("Names", oos("GetSecretParameters").with("Names", "a,b"))]
#[case("Names", oos("GetSecretParameters").with("Names", "[]"))]
#[case("Names", oos("GetParameters").with("Names", &json!(vec!["n"; 11]).to_string()))]
#[case("Path", oos("GetSecretParametersByPath").with("Path", "a b"))]
#[case("Recursive", oos("GetSecretParametersByPath").with("Path", "/").with("Recursive", "yes"))]
#[case("MaxResults", oos("GetSecretParametersByPath").with("Path", "/").with("MaxResults", "11"))]
#[case("MaxResults", oos("ListSecretParameters").with("MaxResults", "9"))]
#[case("MaxResults", oos("ListParameters").with("MaxResults", "101"))]
#[case("NextToken", oos("ListSecretParameters").with("NextToken", "second"))]
#[case("NextToken", oos("GetParametersByPath").with("Path", "/").with("NextToken", "WzFd"))]
#[case("SortField", oos("ListSecretParameters").with("SortField", "UpdatedDate"))]
#[case("SortOrder", oos("ListParameters").with("SortOrder", "Up"))]
#[case("ShareType", oos("ListParameters").with("ShareType", "Shared"))]
#[tokio::test]
async fn a_wrong_parameter_is_named_and_changes_nothing(#[case] name: &str, #[case] call: Call) {
    let world = world().await;
    let reply = world.send(&call).await;
    assert_eq!(reply.refusal(), (400, "InvalidParameter".to_owned()), "{}", reply.text);
    assert_eq!(reply.message(), format!("The specified parameter \"{name}\" is not valid."));
    assert_eq!(world.send(&read("a")).await.status, 404);
    assert_eq!(value_of(&world, &read("/prod/db/password")).await, "second");
}

#[rstest]
#[case("AllowedValues", "fourth")]
#[case("AllowedPattern", "First")]
#[case("MinLength", "ab")]
#[case("MaxLength", "abcdefghi")]
#[tokio::test]
async fn each_constraint_guards_creation_and_update(#[case] constraint: &str, #[case] value: &str) {
    let world = world().await;
    let all =
        json!({ "AllowedValues": ["first"], "AllowedPattern": "^[a-z]+$", "MinLength": 3, "MaxLength": 8 });
    let one = json!({ constraint: all[constraint] }).to_string();
    let created = world.send(&create("guarded", value).with("Constraints", &one)).await;
    let sentence = format!(
        "The specified parameter \"Value\" is not valid: it does not meet the constraint {constraint}."
    );
    assert_eq!(created.refusal(), (400, "InvalidParameter".to_owned()));
    assert_eq!(created.message(), sentence);
    assert_eq!(world.send(&create("guarded", "first").with("Constraints", &one)).await.status, 200);
    assert_eq!(world.send(&update("guarded", value)).await.message(), sentence);
    assert_eq!(value_of(&world, &read("guarded")).await, "first");
}

#[tokio::test]
async fn the_largest_value_fits() {
    let world = world().await;
    let value = "密".repeat(4096);
    let call = oos("CreateSecretParameter").with("Name", "big").with_form("Value", &value);
    assert_eq!(world.send(&call).await.status, 200);
    assert_eq!(value_of(&world, &read("big")).await, value);
}

#[tokio::test]
async fn a_parameter_is_answered_in_xml_too() {
    let world = world().await;
    let reply = world.send(&read("/prod/db/password").with("Format", "XML")).await;
    assert!(reply.text.contains("<GetSecretParameterResponse>"), "{}", reply.text);
    assert!(reply.text.contains("<Value>second</Value>"), "{}", reply.text);
}

#[tokio::test]
async fn the_journal_keeps_names_and_no_value() {
    let world = world().await;
    world
        .send(&create("prod/journal", "hunter2").with("Constraints", r#"{"AllowedValues":["hunter2"]}"#))
        .await;
    let entry = world.last_entry();
    assert_eq!(entry.parameters["Name"], "prod/journal");
    assert_eq!(entry.parameters["Value"], "[withheld]");
    assert!(!format!("{entry:?}").contains("hunter2"), "{entry:?}");
}
