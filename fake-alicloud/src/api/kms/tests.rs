use jiff::Timestamp;
use serde_json::Value;

use crate::{
    api::{Product, unsigned},
    state::{
        State,
        account::{Identity, Principal},
    },
};

/// Runs an operation as account 1 at a second of the epoch.
fn run(action: &str, query: &str, second: i64, state: &mut State) -> Result<Value, String> {
    let root = Principal { account: "1".parse().expect("an id"), identity: Identity::Root };
    let now = Timestamp::from_second(second).expect("a time");
    unsigned::run((Product::Kms, action), query, root, now, state).map_err(|error| error.code)
}

#[test]
fn only_a_version_that_is_new_moves_the_update_time() {
    let mut state = State::default();
    let update_time = |state: &mut State| {
        run("DescribeSecret", "SecretName=a", 9, state).expect("a secret")["UpdateTime"].clone()
    };
    run("CreateSecret", "SecretName=a&VersionId=v1&SecretData=x", 0, &mut state).expect("a new secret");
    run("PutSecretValue", "SecretName=a&VersionId=v1&SecretData=x", 1, &mut state).expect("the same again");
    assert_eq!(update_time(&mut state), "1970-01-01T00:00:00Z");
    run("PutSecretValue", "SecretName=a&VersionId=v2&SecretData=y", 2, &mut state).expect("a new version");
    assert_eq!(update_time(&mut state), "1970-01-01T00:00:02Z");
}
