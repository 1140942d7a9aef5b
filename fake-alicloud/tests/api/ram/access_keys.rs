use rstest::rstest;
use serde_json::Value;

use super::{answer, column, ram, refusal, with_all, world};
use crate::{client::Call, world::World};

/// A pair of `carol`'s.
async fn created(world: &World) -> Value {
    answer(world, &ram("CreateAccessKey").with("UserName", "carol")).await["AccessKey"].clone()
}

/// A call that `carol` may do.
fn read(key: &Value) -> Call {
    let text = |field: &str| key[field].as_str().expect("a text").to_owned();
    let key = (text("AccessKeyId"), text("AccessKeySecret"));
    Call { key, ..Call::kms("GetSecretValue", ("", "")) }.with("SecretName", "db/password")
}

fn change(action: &str, key: &Value) -> Call {
    let id = key["AccessKeyId"].as_str().expect("an id");
    ram(action).with("UserName", "carol").with("UserAccessKeyId", id)
}

#[tokio::test]
async fn a_created_key_works_at_once_and_its_secret_is_told_once() {
    let world = world().await;
    let key = created(&world).await;
    assert_eq!(answer(&world, &read(&key)).await["SecretData"], "second");
    let caller = world.last_entry().caller_arn;
    assert_eq!(caller.as_deref(), Some("acs:ram::1111111111111111:user/carol"));
    let listed = world.send(&ram("ListAccessKeys").with("UserName", "carol")).await;
    assert_eq!(column(&listed.json()["AccessKeys"]["AccessKey"], "AccessKeyId").len(), 2);
    assert!(!listed.text.contains("Secret"), "{}", listed.text);
}

#[tokio::test]
async fn an_inactive_key_is_refused_until_it_is_active_again() {
    let world = world().await;
    let key = created(&world).await;
    answer(&world, &change("UpdateAccessKey", &key).with("Status", "Inactive")).await;
    assert_eq!(world.send(&read(&key)).await.refusal(), (400, "InvalidAccessKeyId.Inactive".to_owned()));
    answer(&world, &change("UpdateAccessKey", &key).with("Status", "Active")).await;
    answer(&world, &read(&key)).await;
}

#[tokio::test]
async fn a_deleted_key_is_gone() {
    let world = world().await;
    let key = created(&world).await;
    answer(&world, &change("DeleteAccessKey", &key)).await;
    assert_eq!(world.send(&read(&key)).await.refusal(), (404, "InvalidAccessKeyId.NotFound".to_owned()));
    let again = world.send(&change("DeleteAccessKey", &key)).await;
    assert_eq!(refusal(&again), (404, "EntityNotExist.User.AccessKey".to_owned()));
}

#[tokio::test]
async fn a_third_key_is_one_too_many() {
    let world = world().await;
    created(&world).await;
    let third = world.send(&ram("CreateAccessKey").with("UserName", "carol")).await;
    assert_eq!(refusal(&third), (409, "LimitExceeded.User.AccessKey".to_owned()));
}

#[rstest]
#[case("CreateAccessKey", &[], 400, "MissingUserName")]
#[case("CreateAccessKey", &[("UserName", "nobody")], 404, "EntityNotExist.User")]
#[case("ListAccessKeys", &[("UserName", "nobody")], 404, "EntityNotExist.User")]
#[case("ListAccessKeys", &[("UserName", "a b")], 400, "InvalidParameter.UserName.InvalidChars")]
#[case("UpdateAccessKey", &[("UserName", "carol"), ("UserAccessKeyId", "LTAI5tCarol"), ("Status", "active")], 400, "InvalidParameter.Status")]
#[case("UpdateAccessKey", &[("UserName", "dave"), ("UserAccessKeyId", "LTAI5tCarol"), ("Status", "Active")], 404, "EntityNotExist.User.AccessKey")]
#[case("DeleteAccessKey", &[("UserName", "carol"), ("UserAccessKeyId", "LTAI5tRootOfFirst")], 404, "EntityNotExist.User.AccessKey")]
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
