//! Operations without signature and door, for the tests of what they do and whom they let.

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

use super::{ApiError, Asked, Call, Parameters, Product, Run};
use crate::{
    auth::Caller,
    policy::Context,
    request::Request,
    state::{State, account::Principal},
};

/// Runs a signed operation in cn-hangzhou as somebody, at a time.
pub(super) fn run(
    (product, action): (Product, &str),
    query: &str,
    principal: Principal,
    now: Timestamp,
    state: &mut State,
) -> Result<Value, ApiError> {
    let request = Request::new("POST", "/", query, HeaderMap::new(), Vec::new());
    let operation = product.operation(action).expect("an operation");
    let Run::Signed(run) = operation.kind() else { panic!("{action} is not signed") };
    let asked = Asked {
        action: operation.action(),
        region: &"cn-hangzhou".parse().expect("a region"),
        instance: None,
        parameters: Parameters::new(&request),
        context: &Context::default(),
        now,
    };
    let caller = Caller { principal, session_policy: None };
    operation.run(run, &Call::new(&caller, asked), state)
}
