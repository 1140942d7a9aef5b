use fake_alicloud::Seed;
use rstest::rstest;
use serde_json::json;

use super::{TRUST, all_pages, answer, column, ram, refusal, with_all, world};

#[tokio::test]
async fn a_created_role_is_described_as_it_was_created() {
    let world = world().await;
    let create = ram("CreateRole").with("RoleName", "ECSAdmin").with("Description", "for tests");
    let create = create.with("AssumeRolePolicyDocument", TRUST).with("MaxSessionDuration", "43200");
    let created = answer(&world, &create).await["Role"].clone();
    assert_eq!(created["Arn"], "acs:ram::1111111111111111:role/ECSAdmin");
    assert_eq!(
        (&created["AssumeRolePolicyDocument"], &created["MaxSessionDuration"]),
        (&json!(TRUST), &json!(43200))
    );
    let mut described = answer(&world, &ram("GetRole").with("RoleName", "ECSAdmin")).await["Role"].clone();
    let fields = described.as_object_mut().expect("an object");
    assert_eq!(fields.remove("UpdateDate").as_ref(), Some(&created["CreateDate"]));
    assert_eq!(fields.remove("IsServiceLinkedRole"), Some(json!(false)));
    let principal = fields.remove("RolePrincipalName");
    assert_eq!(principal, Some(json!("ECSAdmin@role.1111111111111111.onaliyunservice.com")));
    assert_eq!(described, created);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_keeps_the_rest() {
    let world = world().await;
    let update = |name: &str, value: &str| ram("UpdateRole").with("RoleName", "app").with(name, value);
    let longer = answer(&world, &update("NewMaxSessionDuration", "7200")).await;
    assert_eq!(
        (&longer["Role"]["MaxSessionDuration"], &longer["Role"]["Description"]),
        (&json!(7200), &json!("for tests"))
    );
    let described = answer(&world, &update("NewDescription", "other")).await;
    assert_eq!(
        (&described["Role"]["MaxSessionDuration"], &described["Role"]["Description"]),
        (&json!(7200), &json!("other"))
    );
    let trusted = answer(&world, &update("NewAssumeRolePolicyDocument", TRUST)).await;
    assert_eq!(trusted["Role"]["AssumeRolePolicyDocument"], TRUST);
}

#[tokio::test]
async fn lists_have_pages_that_follow_each_other_by_name() {
    let world = world().await;
    let pages = all_pages(&world, &ram("ListRoles").with("MaxItems", "1")).await;
    let names: Vec<_> = pages.iter().map(|page| column(&page["Roles"]["Role"], "RoleName")).collect();
    assert_eq!(names, [["app"], ["idle"]]);
    assert!(pages[0]["Roles"]["Role"][0].get("AssumeRolePolicyDocument").is_none());
}

#[tokio::test]
async fn a_role_goes_once_it_has_no_policies() {
    let world = world().await;
    let delete = || ram("DeleteRole").with("RoleName", "app");
    assert_eq!(refusal(&world.send(&delete()).await), (409, "DeleteConflict.Role.Policy".to_owned()));
    let detach = ram("DetachPolicyFromRole").with("RoleName", "app");
    answer(&world, &detach.with("PolicyType", "Custom").with("PolicyName", "read")).await;
    answer(&world, &delete()).await;
    assert_eq!(refusal(&world.send(&delete()).await), (404, "EntityNotExist.Role".to_owned()));
}

#[tokio::test]
async fn another_role_of_the_same_name_is_another_role() {
    let world = world().await;
    let id = |answer: serde_json::Value| answer["Role"]["RoleId"].as_str().expect("an id").to_owned();
    let first = id(answer(&world, &ram("GetRole").with("RoleName", "idle")).await);
    answer(&world, &ram("DeleteRole").with("RoleName", "idle")).await;
    let create = ram("CreateRole").with("RoleName", "idle").with("AssumeRolePolicyDocument", TRUST);
    assert_ne!(id(answer(&world, &create).await), first);
}

#[tokio::test]
async fn the_thousand_and_first_role_is_one_too_many() {
    let world = world().await;
    let roles: Vec<_> =
        (0..998).map(|number| json!({ "name": format!("role-{number}"), "trust": TRUST })).collect();
    let seed = json!({ "accounts": [{ "id": "1111111111111111", "roles": roles }] }).to_string();
    world.fake.seed(&Seed::from_yaml(&seed).expect("a seed")).expect("other names");
    let create = ram("CreateRole").with("RoleName", "one-more").with("AssumeRolePolicyDocument", TRUST);
    assert_eq!(refusal(&world.send(&create).await), (409, "LimitExceeded.Role".to_owned()));
}

const LONG_NAME: &str = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
const OF_TRUST: (&str, &str) = ("AssumeRolePolicyDocument", TRUST);

#[rstest]
#[case("CreateRole", &[("RoleName", "app"), OF_TRUST], 409, "EntityAlreadyExists.Role")]
#[case("CreateRole", &[("RoleName", "a b"), OF_TRUST], 400, "InvalidParameter.RoleName.InvalidChars")]
#[case("CreateRole", &[("RoleName", LONG_NAME), OF_TRUST], 400, "InvalidParameter.RoleName.Length")]
#[case("CreateRole", &[("RoleName", "r"), OF_TRUST, ("MaxSessionDuration", "3599")], 400, "InvalidParameter.MaxSessionDuration")]
#[case("CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", "{")], 400, "MalformedPolicyDocument")]
#[case("GetRole", &[("RoleName", "nobody")], 404, "EntityNotExist.Role")]
#[case("UpdateRole", &[("RoleName", "nobody")], 404, "EntityNotExist.Role")]
#[case("UpdateRole", &[("RoleName", "app"), ("NewAssumeRolePolicyDocument", "no JSON")], 400, "MalformedPolicyDocument")]
#[case("UpdateRole", &[("RoleName", "app"), ("NewMaxSessionDuration", "43201")], 400, "InvalidParameter.NewMaxSessionDuration")]
#[case("ListRoles", &[("MaxItems", "x")], 400, "InvalidParameter.MaxItems")]
#[case("DeleteRole", &[("RoleName", "nobody")], 404, "EntityNotExist.Role")]
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
#[case("CreateRole", "Description", 1024)]
#[case("CreateRole", "AssumeRolePolicyDocument", 4096)]
#[case("UpdateRole", "NewDescription", 1024)]
#[case("UpdateRole", "NewAssumeRolePolicyDocument", 4096)]
#[tokio::test]
async fn texts_have_a_limit(#[case] action: &str, #[case] parameter: &str, #[case] limit: usize) {
    let world = world().await;
    let text = format!("{TRUST:limit$}");
    let call = |text: &str| {
        let call = ram(action).with("RoleName", if action == "CreateRole" { "new" } else { "app" });
        let call = call.with(parameter, text);
        if parameter == "Description" { call.with(OF_TRUST.0, OF_TRUST.1) } else { call }
    };
    let code = format!("InvalidParameter.{parameter}.Length");
    assert_eq!(refusal(&world.send(&call(&format!("{text} "))).await), (400, code));
    answer(&world, &call(&text)).await;
}
