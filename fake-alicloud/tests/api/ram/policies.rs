use fake_alicloud::Seed;
use rstest::rstest;
use serde_json::json;

use super::{DOCUMENT, all_pages, answer, column, ram, refusal, with_all, world};

#[tokio::test]
async fn a_created_policy_is_described_with_the_version_that_holds() {
    let world = world().await;
    let create = ram("CreatePolicy").with("PolicyName", "mine").with("Description", "for tests");
    let created = answer(&world, &create.with("PolicyDocument", DOCUMENT)).await["Policy"].clone();
    assert_eq!((&created["PolicyType"], &created["DefaultVersion"]), (&json!("Custom"), &json!("v1")));
    let get = ram("GetPolicy").with("PolicyType", "Custom").with("PolicyName", "mine");
    let described = answer(&world, &get).await;
    assert_eq!(
        (&described["Policy"]["Description"], &described["Policy"]["AttachmentCount"]),
        (&json!("for tests"), &json!(0))
    );
    let version = json!({
        "VersionId": "v1",
        "IsDefaultVersion": true,
        "PolicyDocument": DOCUMENT,
        "CreateDate": created["CreateDate"],
    });
    assert_eq!(described["DefaultPolicyVersion"], version);
}

#[tokio::test]
async fn the_cloud_s_policies_are_there_and_nobody_changes_them() {
    let world = world().await;
    let of = |action: &str| ram(action).with("PolicyName", "AliyunKMSFullAccess");
    let described = answer(&world, &of("GetPolicy").with("PolicyType", "System")).await;
    assert_eq!(
        (&described["Policy"]["PolicyType"], &described["Policy"]["AttachmentCount"]),
        (&json!("System"), &json!(1))
    );
    assert!(
        described["DefaultPolicyVersion"]["PolicyDocument"]
            .as_str()
            .is_some_and(|text| text.contains("kms:"))
    );
    let custom = world.send(&of("GetPolicy").with("PolicyType", "Custom")).await;
    assert_eq!(refusal(&custom), (404, "EntityNotExist.Policy".to_owned()));
    assert_eq!(refusal(&world.send(&of("DeletePolicy")).await), (404, "EntityNotExist.Policy".to_owned()));
}

#[tokio::test]
async fn a_list_is_of_one_type_or_of_both() {
    let world = world().await;
    let own = answer(&world, &ram("ListPolicies").with("PolicyType", "Custom")).await;
    assert_eq!(column(&own["Policies"]["Policy"], "PolicyName"), ["read", "spare"]);
    assert_eq!(own["Policies"]["Policy"][0]["AttachmentCount"], 2);
    let clouds = answer(&world, &ram("ListPolicies").with("PolicyType", "System")).await;
    let clouds = column(&clouds["Policies"]["Policy"], "PolicyName");
    assert!(clouds.iter().any(|name| name == "AdministratorAccess"), "{clouds:?}");
    let pages = all_pages(&world, &ram("ListPolicies").with("MaxItems", "2")).await;
    let all: Vec<_> =
        pages.iter().flat_map(|page| column(&page["Policies"]["Policy"], "PolicyName")).collect();
    assert_eq!(all, [vec!["read".to_owned(), "spare".to_owned()], clouds].concat());
}

#[tokio::test]
async fn a_policy_goes_once_nobody_has_it() {
    let world = world().await;
    let delete = || ram("DeletePolicy").with("PolicyName", "read");
    let detach = |action: &str| ram(action).with("PolicyType", "Custom").with("PolicyName", "read");
    assert_eq!(refusal(&world.send(&delete()).await), (409, "DeleteConflict.Policy.User".to_owned()));
    answer(&world, &detach("DetachPolicyFromUser").with("UserName", "carol")).await;
    assert_eq!(refusal(&world.send(&delete()).await), (409, "DeleteConflict.Policy.Role".to_owned()));
    answer(&world, &detach("DetachPolicyFromRole").with("RoleName", "app")).await;
    answer(&world, &delete()).await;
    assert_eq!(refusal(&world.send(&delete()).await), (404, "EntityNotExist.Policy".to_owned()));
}

#[tokio::test]
async fn a_policy_of_several_versions_goes_by_cascading_deletion() {
    let world = world().await;
    let of_spare = |action: &str| ram(action).with("PolicyName", "spare");
    answer(&world, &of_spare("CreatePolicyVersion").with("PolicyDocument", DOCUMENT)).await;
    let refused = world.send(&of_spare("DeletePolicy").with("CascadingDelete", "false")).await;
    assert_eq!(refusal(&refused), (409, "DeleteConflict.Policy.Version".to_owned()));
    answer(&world, &of_spare("DeletePolicy").with("CascadingDelete", "true")).await;
}

#[tokio::test]
async fn the_policy_after_the_fifteen_hundredth_is_one_too_many() {
    let world = world().await;
    let policies: Vec<_> =
        (0..1498).map(|number| json!({ "name": format!("policy-{number}"), "document": DOCUMENT })).collect();
    let seed = json!({ "accounts": [{ "id": "1111111111111111", "policies": policies }] }).to_string();
    world.fake.seed(&Seed::from_yaml(&seed).expect("a seed")).expect("other names");
    let create = ram("CreatePolicy").with("PolicyName", "one-more").with("PolicyDocument", DOCUMENT);
    assert_eq!(refusal(&world.send(&create).await), (409, "LimitExceeded.Policy".to_owned()));
}

const OF_DOCUMENT: (&str, &str) = ("PolicyDocument", DOCUMENT);

#[rstest]
#[case("CreatePolicy", &[("PolicyName", "read"), OF_DOCUMENT], 409, "EntityAlreadyExists.Policy")]
#[case("CreatePolicy", &[("PolicyName", "a_b"), OF_DOCUMENT], 400, "InvalidParameter.PolicyName.InvalidChars")]
#[case("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", "{")], 400, "MalformedPolicyDocument")]
#[case("GetPolicy", &[("PolicyType", "custom"), ("PolicyName", "read")], 400, "InvalidParameter.PolicyType")]
#[case("GetPolicy", &[("PolicyType", "System"), ("PolicyName", "read")], 404, "EntityNotExist.Policy")]
#[case("ListPolicies", &[("PolicyType", "Other")], 400, "InvalidParameter.PolicyType")]
#[case("DeletePolicy", &[("PolicyName", "spare"), ("CascadingDelete", "yes")], 400, "InvalidParameter.CascadingDelete")]
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
#[case("CreatePolicy", "PolicyName", 128)]
#[case("CreatePolicy", "Description", 1024)]
#[case("CreatePolicy", "PolicyDocument", 4096)]
#[case("CreatePolicyVersion", "PolicyDocument", 4096)]
#[tokio::test]
async fn texts_have_a_limit(#[case] action: &str, #[case] parameter: &str, #[case] limit: usize) {
    let world = world().await;
    let call = |length: usize| {
        let document =
            if parameter == "PolicyDocument" { format!("{DOCUMENT:length$}") } else { DOCUMENT.to_owned() };
        let name = if parameter == "PolicyName" { "n".repeat(length) } else { "spare".to_owned() };
        let name =
            if action == "CreatePolicy" && parameter != "PolicyName" { "new".to_owned() } else { name };
        let call = ram(action).with("PolicyName", &name).with("PolicyDocument", &document);
        if parameter == "Description" { call.with(parameter, &"d".repeat(length)) } else { call }
    };
    let code = format!("InvalidParameter.{parameter}.Length");
    assert_eq!(refusal(&world.send(&call(limit + 1)).await), (400, code));
    answer(&world, &call(limit)).await;
}
