use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    api::{Asked, Call, Parameters, Product, Run},
    auth::Caller,
    policy::Context,
    request::Request,
    state::{
        State,
        account::{Identity, Principal},
    },
};

/// Runs an operation as account 1 at a second of the epoch.
fn run(action: &str, query: &str, second: i64, state: &mut State) -> Result<Value, String> {
    let request = Request::new("GET", "/", query, HeaderMap::new(), Vec::new());
    let principal = Principal { account: "1".parse().expect("an id"), identity: Identity::Root };
    let operation = Product::Kms.operation(action).expect("an operation");
    let Run::Signed(run) = operation.kind() else { panic!("operations of KMS are signed") };
    let asked = Asked {
        action: operation.action(),
        region: &"cn-hangzhou".parse().expect("a region"),
        instance: None,
        parameters: Parameters::new(&request),
        context: &Context::default(),
        now: Timestamp::from_second(second).expect("a time"),
    };
    let caller = Caller { principal, session_policy: None };
    operation.run(run, &Call::new(&caller, asked), state).map_err(|error| error.code)
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
