use fake_alicloud::Seed;
use rstest::rstest;
use serde_json::json;

use super::{DOCUMENT, answer, column, ram, refusal, with_all, world};

#[rstest]
#[case("User", "ToUser", "FromUser", "dave")]
#[case("Role", "ToRole", "FromRole", "idle")]
#[tokio::test]
async fn a_policy_is_attached_once_and_detached_once(
    #[case] holder: &str,
    #[case] to: &str,
    #[case] from: &str,
    #[case] name: &str,
) {
    let world = world().await;
    let of_holder = |action: &str| ram(action).with(&format!("{holder}Name"), name);
    let change = |action: &str| of_holder(action).with("PolicyType", "Custom").with("PolicyName", "spare");
    let attach = || change(&format!("AttachPolicy{to}"));
    let detach = || change(&format!("DetachPolicy{from}"));
    answer(&world, &attach()).await;
    let again = world.send(&attach()).await;
    assert_eq!(refusal(&again), (409, format!("EntityAlreadyExists.{holder}.Policy")));
    let listed = answer(&world, &of_holder(&format!("ListPoliciesFor{holder}"))).await;
    let policy = &listed["Policies"]["Policy"][0];
    assert_eq!((&policy["PolicyName"], &policy["PolicyType"]), (&json!("spare"), &json!("Custom")));
    assert!(policy["AttachDate"].is_string() && policy["DefaultVersion"] == "v1", "{policy}");
    answer(&world, &detach()).await;
    assert_eq!(refusal(&world.send(&detach()).await), (404, format!("EntityNotExist.{holder}.Policy")));
}

#[tokio::test]
async fn a_policy_tells_who_has_it() {
    let world = world().await;
    let of_read = ram("ListEntitiesForPolicy").with("PolicyType", "Custom").with("PolicyName", "read");
    let entities = answer(&world, &of_read).await;
    assert_eq!(column(&entities["Users"]["User"], "UserName"), ["carol"]);
    assert_eq!(column(&entities["Roles"]["Role"], "Arn"), ["acs:ram::1111111111111111:role/app"]);
    assert_eq!(entities["Groups"]["Group"], json!([]));
}

#[rstest]
#[case("User", "AttachPolicyToUser", "dave")]
#[case("Role", "AttachPolicyToRole", "idle")]
#[tokio::test]
async fn the_sixth_custom_policy_is_one_too_many_and_a_system_policy_is_not(
    #[case] holder: &str,
    #[case] action: &str,
    #[case] name: &str,
) {
    let world = world().await;
    let policies: Vec<_> =
        (0..6).map(|number| json!({ "name": format!("own-{number}"), "document": DOCUMENT })).collect();
    let seed = json!({ "accounts": [{ "id": "1111111111111111", "policies": policies }] }).to_string();
    world.fake.seed(&Seed::from_yaml(&seed).expect("a seed")).expect("other names");
    let attach = |kind: &str, policy: &str| {
        let call = ram(action).with(&format!("{holder}Name"), name);
        call.with("PolicyType", kind).with("PolicyName", policy)
    };
    for number in 0..5 {
        answer(&world, &attach("Custom", &format!("own-{number}"))).await;
    }
    let refused = world.send(&attach("Custom", "own-5")).await;
    assert_eq!(refusal(&refused), (409, format!("LimitExceeded.{holder}.Policy")));
    answer(&world, &attach("System", "AdministratorAccess")).await;
}

const READ: [(&str, &str); 2] = [("PolicyType", "Custom"), ("PolicyName", "read")];
const NOWHERE: [(&str, &str); 2] = [("PolicyType", "Custom"), ("PolicyName", "nowhere")];

#[rstest]
#[case("AttachPolicyToUser", NOWHERE, ("UserName", "dave"), 404, "EntityNotExist.Policy")]
#[case("AttachPolicyToUser", READ, ("UserName", "nobody"), 404, "EntityNotExist.User")]
#[case("AttachPolicyToRole", NOWHERE, ("RoleName", "idle"), 404, "EntityNotExist.Policy")]
#[case("AttachPolicyToRole", READ, ("RoleName", "nobody"), 404, "EntityNotExist.Role")]
#[case("DetachPolicyFromUser", NOWHERE, ("UserName", "dave"), 404, "EntityNotExist.Policy")]
#[case("DetachPolicyFromUser", READ, ("UserName", "nobody"), 404, "EntityNotExist.User")]
#[case("DetachPolicyFromRole", NOWHERE, ("RoleName", "idle"), 404, "EntityNotExist.Policy")]
#[case("DetachPolicyFromRole", READ, ("RoleName", "nobody"), 404, "EntityNotExist.Role")]
#[case("ListEntitiesForPolicy", NOWHERE, ("MaxItems", "1"), 404, "EntityNotExist.Policy")]
#[case("AttachPolicyToUser", [("PolicyType", "Mine"), READ[1]], ("UserName", "dave"), 400, "InvalidParameter.PolicyType")]
#[tokio::test]
async fn what_cannot_be_is_refused_with_its_code(
    #[case] action: &str,
    #[case] policy: [(&str, &str); 2],
    #[case] holder: (&str, &str),
    #[case] status: u16,
    #[case] code: &str,
) {
    let world = world().await;
    let reply = world.send(&with_all(with_all(ram(action), &policy), &[holder])).await;
    assert_eq!(refusal(&reply), (status, code.to_owned()));
}

#[rstest]
#[case("ListPoliciesForUser", "UserName", "EntityNotExist.User")]
#[case("ListPoliciesForRole", "RoleName", "EntityNotExist.Role")]
#[tokio::test]
async fn who_is_not_there_has_no_policies(#[case] action: &str, #[case] parameter: &str, #[case] code: &str) {
    let world = world().await;
    let reply = world.send(&ram(action).with(parameter, "nobody")).await;
    assert_eq!(refusal(&reply), (404, code.to_owned()));
}
