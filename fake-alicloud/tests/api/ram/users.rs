use fake_alicloud::Seed;
use rstest::rstest;
use serde_json::json;

use super::{all_pages, answer, column, ram, refusal, with_all, world};
use crate::client::Call;

#[tokio::test]
async fn a_created_user_is_described_as_it_was_created() {
    let world = world().await;
    let create =
        ram("CreateUser").with("UserName", "erin").with("DisplayName", "Erin").with("Comments", "new");
    let create = create.with("Email", "erin@example.com").with("MobilePhone", "86-18600008888");
    let created = answer(&world, &create).await["User"].clone();
    let mut described = answer(&world, &ram("GetUser").with("UserName", "erin")).await["User"].clone();
    assert_eq!((&described["DisplayName"], &described["Comments"]), (&json!("Erin"), &json!("new")));
    assert_eq!(described["Email"], "erin@example.com");
    assert_eq!(described["UserId"].as_str().map(str::len), Some(18));
    let fields = described.as_object_mut().expect("an object");
    assert_eq!(fields.remove("LastLoginDate"), Some(json!("")));
    assert_eq!(fields.remove("UpdateDate").as_ref(), Some(&created["CreateDate"]));
    assert_eq!(described, created);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_keeps_the_rest() {
    let world = world().await;
    let update = ram("UpdateUser").with("UserName", "carol").with("NewComments", "changed");
    let before = answer(&world, &ram("GetUser").with("UserName", "carol")).await["User"].clone();
    let updated = answer(&world, &update).await["User"].clone();
    assert_eq!((&updated["Comments"], &updated["DisplayName"]), (&json!("changed"), &json!("Carol")));
    assert_eq!(updated["UserId"], before["UserId"]);
}

#[tokio::test]
async fn a_renamed_user_keeps_id_keys_and_policies() {
    let world = world().await;
    let rename = ram("UpdateUser").with("UserName", "carol").with("NewUserName", "caroline");
    assert_eq!(answer(&world, &rename).await["User"]["UserName"], "caroline");
    let keys = answer(&world, &ram("ListAccessKeys").with("UserName", "caroline")).await;
    assert_eq!(column(&keys["AccessKeys"]["AccessKey"], "AccessKeyId"), ["LTAI5tCarol"]);
    let policies = answer(&world, &ram("ListPoliciesForUser").with("UserName", "caroline")).await;
    assert_eq!(policies["Policies"]["Policy"].as_array().map(Vec::len), Some(2));
    let old = world.send(&ram("GetUser").with("UserName", "carol")).await;
    assert_eq!(refusal(&old), (404, "EntityNotExist.User".to_owned()));
}

#[tokio::test]
async fn lists_have_pages_that_follow_each_other_by_name() {
    let world = world().await;
    let pages = all_pages(&world, &ram("ListUsers").with("MaxItems", "2")).await;
    let names: Vec<_> = pages.iter().map(|page| column(&page["Users"]["User"], "UserName")).collect();
    assert_eq!(names, [vec!["alice", "carol"], vec!["dave"]]);
    assert!(pages[1].get("Marker").is_none());
}

#[tokio::test]
async fn a_user_goes_once_it_has_neither_keys_nor_policies() {
    let world = world().await;
    let delete = || ram("DeleteUser").with("UserName", "carol");
    assert_eq!(refusal(&world.send(&delete()).await), (409, "DeleteConflict.User.AccessKey".to_owned()));
    let key = ram("DeleteAccessKey").with("UserName", "carol").with("UserAccessKeyId", "LTAI5tCarol");
    answer(&world, &key).await;
    assert_eq!(refusal(&world.send(&delete()).await), (409, "DeleteConflict.User.Policy".to_owned()));
    for (kind, name) in [("System", "AliyunKMSFullAccess"), ("Custom", "read")] {
        let detach = ram("DetachPolicyFromUser").with("UserName", "carol");
        answer(&world, &detach.with("PolicyType", kind).with("PolicyName", name)).await;
    }
    assert_eq!(answer(&world, &delete()).await.as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(refusal(&world.send(&delete()).await), (404, "EntityNotExist.User".to_owned()));
}

#[tokio::test]
async fn the_thousand_and_first_user_is_one_too_many() {
    let world = world().await;
    let users: Vec<_> = (0..997).map(|number| json!({ "name": format!("user-{number}") })).collect();
    let seed = json!({ "accounts": [{ "id": "1111111111111111", "users": users }] }).to_string();
    world.fake.seed(&Seed::from_yaml(&seed).expect("a seed")).expect("other names");
    let create = ram("CreateUser").with("UserName", "one-more");
    assert_eq!(refusal(&world.send(&create).await), (409, "LimitExceeded.User".to_owned()));
}

const LONG_NAME: &str = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";

#[rstest]
#[case("CreateUser", &[("UserName", "carol")], 409, "EntityAlreadyExists.User")]
#[case("CreateUser", &[("UserName", "a b")], 400, "InvalidParameter.UserName.InvalidChars")]
#[case("CreateUser", &[("UserName", LONG_NAME)], 400, "InvalidParameter.UserName.Length")]
#[case("CreateUser", &[("UserName", "e"), ("Email", "e@")], 400, "InvalidParameter.Email.Format")]
#[case("CreateUser", &[("UserName", "e"), ("MobilePhone", "86-")], 400, "InvalidParameter.MobilePhone.Format")]
#[case("GetUser", &[("UserName", "nobody")], 404, "EntityNotExist.User")]
#[case("UpdateUser", &[("UserName", "nobody")], 404, "EntityNotExist.User")]
#[case("UpdateUser", &[("UserName", "carol"), ("NewUserName", "dave")], 409, "EntityAlreadyExists.User")]
#[case("UpdateUser", &[("UserName", "carol"), ("NewUserName", "a b")], 400, "InvalidParameter.NewUserName.InvalidChars")]
#[case("UpdateUser", &[("UserName", "carol"), ("NewUserName", LONG_NAME)], 400, "InvalidParameter.NewUserName.Length")]
#[case("UpdateUser", &[("UserName", "carol"), ("NewEmail", "@")], 400, "InvalidParameter.NewEmail.Format")]
#[case("UpdateUser", &[("UserName", "carol"), ("NewMobilePhone", "x")], 400, "InvalidParameter.NewMobilePhone.Format")]
#[case("ListUsers", &[("MaxItems", "0")], 400, "InvalidParameter.MaxItems")]
#[case("ListUsers", &[("MaxItems", "1001")], 400, "InvalidParameter.MaxItems")]
#[case("ListUsers", &[("Marker", "!")], 400, "InvalidParameter.Marker")]
#[case("DeleteUser", &[("UserName", "nobody")], 404, "EntityNotExist.User")]
#[tokio::test]
async fn what_cannot_be_is_refused_with_its_code(
    #[case] action: &str,
    #[case] parameters: &[(&str, &str)],
    #[case] status: u16,
    #[case] code: &str,
) {
    let world = world().await;
    let reply = world.send(&with_all(ram(action), parameters)).await;
    assert_eq!(refusal(&reply), (status, code.to_owned()));
}

#[rstest]
#[case("CreateUser", "DisplayName")]
#[case("CreateUser", "Comments")]
#[case("UpdateUser", "NewDisplayName")]
#[case("UpdateUser", "NewComments")]
#[tokio::test]
async fn remarks_end_at_128_characters(#[case] action: &str, #[case] parameter: &str) {
    let world = world().await;
    let name = if action == "CreateUser" { "erin" } else { "carol" };
    let call = |length| ram(action).with("UserName", name).with(parameter, &"é".repeat(length));
    let code = format!("InvalidParameter.{parameter}.Length");
    assert_eq!(refusal(&world.send(&call(129)).await), (400, code));
    answer(&world, &call(128)).await;
}

#[tokio::test]
async fn users_of_another_account_are_not_there() {
    let world = world().await;
    let (id, secret) = crate::world::STRANGER;
    let call = Call { key: (id.to_owned(), secret.to_owned()), ..ram("GetUser") }.with("UserName", "carol");
    assert_eq!(refusal(&world.send(&call).await), (404, "EntityNotExist.User".to_owned()));
}

#[tokio::test]
async fn ram_has_a_host_of_its_own_and_the_journal_withholds_addresses() {
    let world = world().await;
    let create = ram("CreateUser").with("UserName", "erin").with("Email", "erin@example.com");
    assert_eq!(world.send(&create.at("ram.aliyuncs.com")).await.status, 200);
    let entry = world.last_entry();
    assert_eq!((entry.product.as_str(), entry.parameters["UserName"].as_str()), ("ram", "erin"));
    assert_eq!(entry.parameters["Email"], "[withheld]");
}
