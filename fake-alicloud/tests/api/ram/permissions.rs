//! RAM and IMS obey the policies that they keep.

use fake_alicloud::Seed;
use rstest::rstest;
use serde_json::json;

use super::{DOCUMENT, TRUST, ram, refusal, with_all, world};
use crate::{
    client::Call,
    world::{ROOT, World},
};

/// A world in which `carol` may do, beside KMS, what one statement allows.
async fn world_where_carol_may(action: &str, resource: &str) -> World {
    let world = world().await;
    let statement = json!({ "Effect": "Allow", "Action": action, "Resource": resource });
    let policies = json!([{ "name": "granted", "document": { "Statement": [statement] } }]);
    let users = json!([{ "name": "carol", "policies": ["granted"] }]);
    let account = json!({ "id": "1111111111111111", "policies": policies, "users": users });
    let seed = json!({ "accounts": [account] }).to_string();
    world.fake.seed(&Seed::from_yaml(&seed).expect("a seed")).expect("a new policy");
    world
}

fn by_carol(call: Call) -> Call {
    Call { key: ("LTAI5tCarol".to_owned(), "secret-of-carol".to_owned()), ..call }
}

fn ims(action: &str) -> Call {
    Call { version: "2019-08-15".to_owned(), ..Call::kms(action, ROOT) }
}

const CAROL: (&str, &str) = ("UserName", "carol");
const APP: (&str, &str) = ("RoleName", "app");
const READ: (&str, &str) = ("PolicyName", "read");
const CUSTOM: (&str, &str) = ("PolicyType", "Custom");
const KEY: (&str, &str) = ("UserAccessKeyId", "LTAI5tCarol");
const OF_DOCUMENT: (&str, &str) = ("PolicyDocument", DOCUMENT);
const V1: (&str, &str) = ("VersionId", "v1");

#[rstest]
#[case("AttachPolicyToRole", &[CUSTOM, READ, APP])]
#[case("AttachPolicyToUser", &[CUSTOM, READ, CAROL])]
#[case("CreateAccessKey", &[])]
#[case("CreatePolicy", &[READ, OF_DOCUMENT])]
#[case("CreatePolicyVersion", &[READ, OF_DOCUMENT])]
#[case("CreateRole", &[APP, ("AssumeRolePolicyDocument", TRUST)])]
#[case("CreateUser", &[CAROL])]
#[case("DeleteAccessKey", &[KEY])]
#[case("DeletePolicy", &[READ])]
#[case("DeletePolicyVersion", &[READ, V1])]
#[case("DeleteRole", &[APP])]
#[case("DeleteUser", &[CAROL])]
#[case("DetachPolicyFromRole", &[CUSTOM, READ, APP])]
#[case("DetachPolicyFromUser", &[CUSTOM, READ, CAROL])]
#[case("GetPolicy", &[CUSTOM, READ])]
#[case("GetPolicyVersion", &[CUSTOM, READ, V1])]
#[case("GetRole", &[APP])]
#[case("GetUser", &[CAROL])]
#[case("ListAccessKeys", &[])]
#[case("ListEntitiesForPolicy", &[CUSTOM, READ])]
#[case("ListPolicies", &[])]
#[case("ListPoliciesForRole", &[APP])]
#[case("ListPoliciesForUser", &[CAROL])]
#[case("ListPolicyVersions", &[CUSTOM, READ])]
#[case("ListRoles", &[])]
#[case("ListUsers", &[])]
#[case("SetDefaultPolicyVersion", &[READ, V1])]
#[case("UpdateAccessKey", &[KEY, ("Status", "Active")])]
#[case("UpdateRole", &[APP])]
#[case("UpdateUser", &[CAROL])]
#[tokio::test]
async fn who_has_no_policy_for_ram_may_do_nothing_there(
    #[case] action: &str,
    #[case] parameters: &[(&str, &str)],
) {
    let world = world().await;
    let reply = world.send(&by_carol(with_all(ram(action), parameters))).await;
    assert_eq!(refusal(&reply), (403, "NoPermission".to_owned()));
    let detail = &reply.json()["AccessDeniedDetail"];
    assert_eq!(detail["AuthAction"], format!("ram:{action}"));
    assert_eq!(detail["NoPermissionType"], "ImplicitDeny");
}

#[rstest]
#[case("AddClientIdToOIDCProvider", &[("ClientId", "a")])]
#[case("AddFingerprintToOIDCProvider", &[("Fingerprint", "a")])]
#[case("CreateOIDCProvider", &[("IssuerUrl", "https://issuer.example")])]
#[case("DeleteOIDCProvider", &[])]
#[case("GetOIDCProvider", &[])]
#[case("ListOIDCProviders", &[])]
#[case("RemoveClientIdFromOIDCProvider", &[("ClientId", "a")])]
#[case("RemoveFingerprintFromOIDCProvider", &[("Fingerprint", "a")])]
#[case("UpdateOIDCProvider", &[])]
#[tokio::test]
async fn who_has_no_policy_for_ram_may_do_nothing_in_ims(
    #[case] action: &str,
    #[case] parameters: &[(&str, &str)],
) {
    let world = world().await;
    let call = with_all(ims(action), parameters).with("OIDCProviderName", "a");
    let reply = world.send(&by_carol(call)).await;
    assert_eq!(refusal(&reply), (403, "NoPermission".to_owned()));
}

#[rstest]
#[case("ram:GetUser", "acs:ram:*:1111111111111111:user/carol", ram("GetUser").with("UserName", "carol"))]
#[case("ram:CreateAccessKey", "acs:ram::1111111111111111:user/carol", ram("CreateAccessKey"))]
#[case("ram:List*", "*", ram("ListUsers"))]
#[case("ram:ListRoles", "acs:ram:*:*:role/*", ram("ListRoles"))]
#[case("ram:GetRole", "acs:ram:*:*:role/app", ram("GetRole").with("RoleName", "app"))]
#[case("ram:GetPolicy", "acs:ram:*:*:policy/*", ram("GetPolicy").with("PolicyType", "Custom").with("PolicyName", "read"))]
#[case("ram:GetPolicy", "acs:ram:*:system:policy/*", ram("GetPolicy").with("PolicyType", "System").with("PolicyName", "AdministratorAccess"))]
#[case("ram:ListOIDCProviders", "acs:ram:*:*:oidc-provider/*", ims("ListOIDCProviders"))]
#[tokio::test]
async fn a_statement_that_names_action_and_resource_is_enough(
    #[case] action: &str,
    #[case] resource: &str,
    #[case] call: Call,
) {
    let world = world_where_carol_may(action, resource).await;
    let reply = world.send(&by_carol(call)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[rstest]
#[case("acs:ram:*:*:user/dave", 403)]
#[case("acs:ram:*:*:policy/spare", 403)]
#[case("acs:ram:*:*:*", 200)]
#[tokio::test]
async fn giving_a_policy_must_be_allowed_on_both_sides(#[case] resource: &str, #[case] status: u16) {
    let world = world_where_carol_may("ram:AttachPolicyToUser", resource).await;
    let attach = ram("AttachPolicyToUser").with("UserName", "dave");
    let attach = attach.with("PolicyType", "Custom").with("PolicyName", "spare");
    assert_eq!(world.send(&by_carol(attach)).await.status, status);
}

#[tokio::test]
async fn a_policy_rules_from_the_moment_it_is_attached_until_it_is_detached() {
    let world = world().await;
    let change = |action: &str| {
        let call = ram(action).with("UserName", "carol");
        call.with("PolicyType", "System").with("PolicyName", "AliyunRAMFullAccess")
    };
    let list = || by_carol(ram("ListUsers"));
    assert_eq!(world.send(&change("AttachPolicyToUser")).await.status, 200);
    assert_eq!(world.send(&list()).await.status, 200);
    assert_eq!(world.send(&change("DetachPolicyFromUser")).await.status, 200);
    assert_eq!(world.send(&list()).await.status, 403);
}

#[tokio::test]
async fn the_version_that_holds_is_the_one_that_rules() {
    let world = world_where_carol_may("ram:ListUsers", "*").await;
    let version = ram("CreatePolicyVersion").with("PolicyName", "granted").with("SetAsDefault", "true");
    assert_eq!(world.send(&version.with("PolicyDocument", DOCUMENT)).await.status, 200);
    assert_eq!(world.send(&by_carol(ram("ListUsers"))).await.status, 403);
    let back = ram("SetDefaultPolicyVersion").with("PolicyName", "granted").with("VersionId", "v1");
    assert_eq!(world.send(&back).await.status, 200);
    assert_eq!(world.send(&by_carol(ram("ListUsers"))).await.status, 200);
}
