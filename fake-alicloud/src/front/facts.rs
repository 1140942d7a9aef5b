//! What planned faults can know of a call.

use jiff::Timestamp;
use serde_json::Value;

use super::target::Target;
use crate::{
    auth::{self, Caller},
    fault::{Facts, FaultProduct},
    request::Request,
};

/// Parameters that say what an operation is about: one name, or a list of them, or of objects with a `SecretName`, in JSON.
const RESOURCES: &[&str] = &[
    "KeyId",
    "Name",
    "Names",
    "OIDCProviderArn",
    "OIDCProviderName",
    "Path",
    "PolicyName",
    "RoleArn",
    "RoleName",
    "SecretName",
    "SecretsList",
    "UserName",
];

/// The facts of a call that was admitted, so its product is known.
pub(super) fn of<'a>(
    request: &Request,
    target: &'a Target,
    caller: Option<&Caller>,
    now: Timestamp,
) -> Facts<'a> {
    // A caller without a signature counts for the account of the role it wants to be.
    let account = match caller {
        Some(caller) => Some(caller.principal.account.to_string()),
        None => request.parameter("RoleArn").and_then(account_of).map(str::to_owned),
    };
    Facts {
        product: target.product.map_or(FaultProduct::Kms, FaultProduct::from),
        action: &target.action,
        resources: resources(request),
        region: target.region.as_ref().map(AsRef::as_ref).unwrap_or_default(),
        account,
        access_key_id: caller.and_then(|_| auth::claimed_access_key_id(request)),
        caller: caller.map(|caller| caller.principal.arn()),
        host: request.host(),
        is_dedicated: target.instance().is_some(),
        now,
    }
}

/// The account in `acs:<product>:<region>:<account>:<resource>`.
fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|account| !account.is_empty())
}

/// The names as they came and, of ARNs, also what they name.
fn resources(request: &Request) -> Vec<String> {
    let mut resources = Vec::new();
    for name in RESOURCES {
        let Some(text) = request.parameter(name) else { continue };
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(list)) => {
                let name = |item: &Value| item.as_str().or(item["SecretName"].as_str()).map(str::to_owned);
                resources.extend(list.iter().filter_map(name));
            }
            _ => resources.push(text.to_owned()),
        }
    }
    let named = |text: &String| Some(text.strip_prefix("acs:")?.split_once('/')?.1.to_owned());
    let named: Vec<_> = resources.iter().filter_map(named).collect();
    resources.extend(named);
    resources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("SecretName=db%2Fpassword", &["db/password"])]
    #[case("Names=%5B%22a%22%2C%22b%22%5D", &["a", "b"])]
    #[case(
        "SecretName=acs:kms:cn-hangzhou:1:secret/db/password",
        &["acs:kms:cn-hangzhou:1:secret/db/password", "db/password"]
    )]
    #[case("SecretsList=%5B%7B%22SecretName%22%3A%22a%22%7D%5D", &["a"])]
    #[case("RoleArn=acs:ram::1:role/app", &["acs:ram::1:role/app", "app"])]
    #[case("SecretData=db", &[])]
    fn what_a_call_is_about_is_in_its_parameters(#[case] query: &str, #[case] names: &[&str]) {
        let request = Request::new("GET", "/", query, http::HeaderMap::new(), Vec::new());
        assert_eq!(resources(&request), names);
    }
}
