use jiff::Timestamp;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::{
    behaviour::AbsentKey,
    state::{
        account::Account,
        name::PolicyName,
        ram::{Attachments, CustomPolicy, PolicyVersion, Role, User},
    },
};

const RESOURCE: &str = "acs:kms:cn-hangzhou:1:secret/db/password";

fn document(statements: &Value) -> String {
    json!({ "Version": "1", "Statement": statements }).to_string()
}

pub(crate) fn identity_policy(statements: &Value) -> IdentityPolicy {
    document(statements).try_into().expect("a policy")
}

/// A statement that allows.
pub(crate) fn may(action: &str, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": resource })
}

fn allow(action: &str) -> Value {
    may(action, "*")
}

fn deny(action: &str) -> Value {
    json!({ "Effect": "Deny", "Action": action, "Resource": "*" })
}

fn to(principal: &str, mut statement: Value) -> Value {
    statement["Principal"] = json!({ "RAM": [principal] });
    statement
}

fn custom(document: IdentityPolicy) -> CustomPolicy {
    let now = Timestamp::UNIX_EPOCH;
    CustomPolicy {
        description: String::new(),
        created: now,
        updated: now,
        versions: [(1, PolicyVersion { document, created: now })].into(),
        default_version: 1,
        last_version: 1,
    }
}

/// Accounts 1 and 2, each with the user alice and the role reader, who have these rights.
pub(crate) fn world(rights: &[IdentityPolicy]) -> State {
    let now = Timestamp::UNIX_EPOCH;
    let names: Vec<PolicyName> =
        (0..rights.len()).map(|number| format!("p{number}").parse().expect("a name")).collect();
    let mut attached = Attachments::default();
    for name in &names {
        attached.attach(AttachedPolicy::Custom(name.clone()), now).expect("room for a policy");
    }
    let role = Role {
        id: "300".to_owned(),
        description: String::new(),
        max_session_seconds: 3_600,
        trust: trust("acs:ram::1:root", "RAM"),
        created: now,
        updated: now,
        policies: attached.clone(),
    };
    let user = User { id: "200".to_owned(), policies: attached, ..User::new(now) };
    let account = Account {
        users: [("alice".parse().expect("a name"), user)].into(),
        roles: [("reader".parse().expect("a name"), role)].into(),
        policies: names.into_iter().zip(rights.iter().cloned().map(custom)).collect(),
        ..Account::default()
    };
    let mut state = State::default();
    state.accounts.insert("1".parse().expect("an id"), account.clone());
    state.accounts.insert("2".parse().expect("an id"), account);
    state
}

fn trust(principal: &str, kind: &str) -> TrustPolicy {
    let statement =
        json!({ "Effect": "Allow", "Principal": { kind: [principal] }, "Action": "sts:AssumeRole" });
    document(&json!([statement])).try_into().expect("a policy")
}

/// `root`, `alice` or a session of `reader`.
pub(crate) fn principal(account: &str, name: &str) -> Principal {
    let identity = match name {
        "root" => Identity::Root,
        "reader" => Identity::AssumedRole("reader".parse().expect("a name"), "s1".parse().expect("a name")),
        _ => Identity::User(name.parse().expect("a name")),
    };
    Principal { account: account.parse().expect("an id"), identity }
}

/// Asks for a secret of account 1.
fn ask(
    state: &State,
    principal: Principal,
    session: Option<&Value>,
    resource: Option<&Value>,
) -> Result<(), (PolicyType, bool)> {
    let caller = Caller { principal, session_policy: session.map(identity_policy) };
    let resource_policy: Option<ResourcePolicy> =
        resource.map(|statements| document(statements).try_into().expect("a policy"));
    let question = Question {
        caller: &caller,
        action: "kms:GetSecretValue",
        resource: RESOURCE,
        owner: &"1".parse().expect("an id"),
        resource_policy: resource_policy.as_ref(),
        context: &Context::default(),
    };
    authorize(state, &question).map_err(|refusal| (refusal.policy, refusal.explicit))
}

const IMPLICIT: Result<(), (PolicyType, bool)> = Err((PolicyType::Identity, false));

// Whose policies count.

#[rstest]
#[case::an_account_needs_no_policy("root", json!([]), Ok(()))]
#[case::others_do("alice", json!([]), IMPLICIT)]
#[case::a_policy_allows("alice", json!([allow("kms:GetSecretValue")]), Ok(()))]
#[case::one_for_something_else_does_not("alice", json!([allow("kms:PutSecretValue")]), IMPLICIT)]
#[case::a_denial_wins("alice", json!([allow("kms:*"), deny("kms:Get*")]), Err((PolicyType::Identity, true)))]
#[case::in_any_order("alice", json!([deny("kms:Get*"), allow("kms:*")]), Err((PolicyType::Identity, true)))]
#[case::a_session_has_the_rights_of_its_role("reader", json!([allow("kms:*")]), Ok(()))]
#[case::somebody_who_is_gone_has_none("bob", json!([allow("kms:*")]), IMPLICIT)]
fn identities_have_the_rights_of_their_policies(
    #[case] who: &str,
    #[case] statements: Value,
    #[case] expected: Result<(), (PolicyType, bool)>,
) {
    let statements = statements.as_array().expect("a list").iter();
    let rights: Vec<_> = statements.map(|one| identity_policy(&json!([one]))).collect();
    assert_eq!(ask(&world(&rights), principal("1", who), None, None), expected);
}

#[test]
fn the_default_version_of_a_custom_policy_counts_and_no_other() {
    let mut state = world(&[identity_policy(&json!([allow("kms:*")]))]);
    let account = state.accounts.get_mut(&"1".parse().expect("an id")).expect("an account");
    let policy = account.policies.values_mut().next().expect("a policy");
    let other = identity_policy(&json!([allow("oos:*")]));
    policy.versions.insert(2, PolicyVersion { document: other, created: Timestamp::UNIX_EPOCH });
    policy.default_version = 2;
    assert_eq!(ask(&state, principal("1", "alice"), None, None), IMPLICIT);
}

#[test]
fn system_policies_are_attached_by_their_names() {
    let mut state = world(&[]);
    let account = state.accounts.get_mut(&"1".parse().expect("an id")).expect("an account");
    let name = "AliyunKMSSecretUserAccess".parse().expect("a name");
    let alice = account.users.values_mut().next().expect("a user");
    alice.policies.attach(AttachedPolicy::System(name), Timestamp::UNIX_EPOCH).expect("room for a policy");
    assert_eq!(ask(&state, principal("1", "alice"), None, None), Ok(()));
}

#[rstest]
#[case::within_it(allow("kms:GetSecretValue"), Ok(()))]
#[case::outside_of_it(allow("oos:*"), Err((PolicyType::Session, false)))]
#[case::against_it(deny("kms:*"), Err((PolicyType::Session, true)))]
fn a_session_policy_only_takes_away(
    #[case] session: Value,
    #[case] expected: Result<(), (PolicyType, bool)>,
) {
    let session = json!([session]);
    let able = world(&[identity_policy(&json!([allow("kms:*")]))]);
    assert_eq!(ask(&able, principal("1", "reader"), Some(&session), None), expected);
    assert!(ask(&world(&[]), principal("1", "reader"), Some(&session), None).is_err());
}

#[rstest]
#[case::in_person("1", "alice", to("acs:ram::1:user/alice", allow("kms:*")), false, Ok(()))]
#[case::by_the_role("1", "reader", to("acs:ram::1:role/reader", allow("kms:*")), false, Ok(()))]
#[case::somebody_else("1", "alice", to("acs:ram::1:user/bob", allow("kms:*")), false, IMPLICIT)]
#[case::the_account_decides("1", "alice", to("acs:ram::1:*", allow("kms:*")), false, IMPLICIT)]
#[case::and_has_decided("1", "alice", to("acs:ram::1:root", allow("kms:*")), true, Ok(()))]
#[case::without_being_asked("1", "alice", to("acs:ram::1:user/bob", allow("kms:*")), true, Ok(()))]
#[case::denied("1", "alice", to("acs:ram::1:user/alice", deny("kms:*")), true, Err((PolicyType::Resource, true)))]
#[case::denied_with_all("1", "root", to("acs:ram::1:root", deny("kms:*")), false, Err((PolicyType::Resource, true)))]
#[case::both_sides("2", "alice", to("acs:ram::2:user/alice", allow("kms:*")), true, Ok(()))]
#[case::both_by_account("2", "alice", to("acs:ram::2:root", allow("kms:*")), true, Ok(()))]
#[case::not_their_side("2", "alice", to("acs:ram::2:user/alice", allow("kms:*")), false, IMPLICIT)]
#[case::not_our_side("2", "alice", to("acs:ram::1:*", allow("kms:*")), true, Err((PolicyType::Resource, false)))]
#[case::another_root("2", "root", to("acs:ram::2:root", allow("kms:*")), false, Ok(()))]
#[case::an_uninvited_root("2", "root", to("acs:ram::1:*", allow("kms:*")), false, Err((PolicyType::Resource, false)))]
fn the_policy_of_a_resource_is_the_other_side(
    #[case] account: &str,
    #[case] who: &str,
    #[case] statement: Value,
    #[case] has_rights: bool,
    #[case] expected: Result<(), (PolicyType, bool)>,
) {
    let rights: &[_] = if has_rights { &[identity_policy(&json!([allow("kms:*")]))] } else { &[] };
    let answer = ask(&world(rights), principal(account, who), None, Some(&json!([statement])));
    assert_eq!(answer, expected);
}

#[rstest]
#[case("root", "1")]
#[case("alice", "200")]
#[case("reader", "reader:s1")]
fn a_refusal_tells_who_was_refused_what(#[case] who: &str, #[case] expected: &str) {
    let caller = Caller { principal: principal("1", who), session_policy: None };
    let refusal = Refusal::new(&world(&[]), &caller, "kms:GetSecretValue", PolicyType::Identity, false);
    assert_eq!((refusal.display_name.as_str(), refusal.action.as_str()), (expected, "kms:GetSecretValue"));
}

// Who may become a role.

#[rstest]
#[case("RAM", "acs:ram::1:root", Assumer::Ram(&principal("1", "alice")), true)]
#[case("RAM", "acs:ram::1:root", Assumer::Ram(&principal("2", "alice")), false)]
#[case("RAM", "acs:ram::1:user/alice", Assumer::Ram(&principal("1", "alice")), true)]
#[case("RAM", "acs:ram::1:role/reader", Assumer::Ram(&principal("1", "reader")), true)]
#[case("RAM", "acs:ram::1:role/reader", Assumer::Ram(&principal("1", "alice")), false)]
#[case("Service", "ecs.aliyuncs.com", Assumer::Service("ecs.aliyuncs.com"), true)]
#[case("Service", "ecs.aliyuncs.com", Assumer::Service("fc.aliyuncs.com"), false)]
#[case("Federated", "acs:ram::1:oidc-provider/a", Assumer::Federated("acs:ram::1:oidc-provider/a"), true)]
#[case("Federated", "acs:ram::1:oidc-provider/a", Assumer::Federated("acs:ram::1:oidc-provider/b"), false)]
#[case("RAM", "acs:ram::1:root", Assumer::Service("ecs.aliyuncs.com"), false)]
fn a_role_admits_whom_its_policy_names(
    #[case] kind: &str,
    #[case] name: &str,
    #[case] assumer: Assumer<'_>,
    #[case] expected: bool,
) {
    assert_eq!(trust(name, kind).admits(assumer, &Context::default()), expected);
}

#[test]
fn a_denial_in_the_policy_of_a_role_wins() {
    let statement =
        |effect: &str, who: &str| json!({ "Effect": effect, "Principal": { "RAM": who }, "Action": "sts:*" });
    let both = json!([statement("Allow", "acs:ram::1:root"), statement("Deny", "acs:ram::1:user/alice")]);
    let policy: TrustPolicy = document(&both).try_into().expect("a policy");
    assert!(policy.admits(Assumer::Ram(&principal("1", "bob")), &Context::default()));
    assert!(!policy.admits(Assumer::Ram(&principal("1", "alice")), &Context::default()));
}

/// The worked example of the page on roles for service accounts: every claim must be right.
#[rstest]
#[case("oidc:iss", "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1", true)]
#[case("oidc:iss", "https://elsewhere.example/c1", false)]
#[case("oidc:aud", "sts.aliyuncs.com", true)]
#[case("oidc:aud", "vault", false)]
#[case("oidc:sub", "system:serviceaccount:kube-system:csi-secrets-store-provider-alibabacloud", true)]
#[case("oidc:sub", "system:serviceaccount:default:csi-secrets-store-provider-alibabacloud", false)]
fn a_token_must_satisfy_the_conditions_of_the_role(
    #[case] key: &str,
    #[case] value: &str,
    #[case] expected: bool,
) {
    let issuer = "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1";
    let subject = "system:serviceaccount:kube-system:csi-secrets-store-provider-alibabacloud";
    let statement = json!({
        "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": {
            "oidc:aud": "sts.aliyuncs.com",
            "oidc:iss": issuer,
            "oidc:sub": subject,
        } },
        "Effect": "Allow",
        "Principal": { "Federated": ["acs:ram::1:oidc-provider/ack-rrsa-c1"] },
    });
    let policy: TrustPolicy = document(&json!([statement])).try_into().expect("a policy");
    let mut context = Context::default();
    context.set("oidc:iss", issuer);
    context.set_all("oidc:aud", ["other".to_owned(), "sts.aliyuncs.com".to_owned()]);
    context.set("oidc:sub", subject);
    context.set(key, value);
    assert_eq!(policy.admits(Assumer::Federated("acs:ram::1:oidc-provider/ack-rrsa-c1"), &context), expected);
}

/// What the page of the CSI provider prints for its roles and users, put into a whole policy where it is a fragment.
#[rstest]
#[case("kms:GetSecretValue", RESOURCE, true)]
#[case("kms:Decrypt", "acs:kms:cn-hangzhou:1:key/k", true)]
#[case("kms:PutSecretValue", RESOURCE, false)]
#[case("sts:AssumeRole", "acs:ram::1:role/reader", true)]
#[case("sts:AssumeRole", "acs:oss::1:role/reader", false)]
fn the_printed_policies_allow_what_they_are_printed_for(
    #[case] action: &str,
    #[case] resource: &str,
    #[case] expected: bool,
) {
    let fragment: Value = serde_json::from_str(
        r#"{
            "Action": [
               "kms:GetSecretValue",
               "kms:Decrypt"
            ],
            "Resource": [
                "*"
            ],
            "Effect": "Allow"
        }"#,
    )
    .expect("JSON");
    assert!(IdentityPolicy::try_from(fragment.to_string()).is_err());
    let whole = r#"{
            "Statement": [
                {
                    "Action": "sts:AssumeRole",
                    "Effect": "Allow",
                    "Resource": "acs:ram::***:role/****"
                }
            ],
            "Version": "1"
        }"#;
    let state = world(&[identity_policy(&json!([fragment])), whole.to_owned().try_into().expect("a policy")]);
    let caller = Caller { principal: principal("1", "alice"), session_policy: None };
    let question = Question {
        caller: &caller,
        action,
        resource,
        owner: &"1".parse().expect("an id"),
        resource_policy: None,
        context: &Context::default(),
    };
    assert_eq!(authorize(&state, &question).is_ok(), expected);
}

// Conditions.

#[rstest]
#[case("StringEquals", json!("One"), "One", "one")]
#[case("StringNotEquals", json!("One"), "one", "One")]
#[case("StringEqualsIgnoreCase", json!("Ä"), "ä", "a")]
#[case("StringNotEqualsIgnoreCase", json!("Ä"), "a", "ä")]
#[case("StringLike", json!("system:*:b?"), "system:a:bc", "system:a:b")]
#[case("StringNotLike", json!("system:*:b?"), "system:a:b", "system:a:bc")]
#[case("NumericEquals", json!(10), "10.0", "11")]
#[case("NumericNotEquals", json!("10"), "11", "10")]
#[case("NumericLessThan", json!(10), "9", "10")]
#[case("NumericLessThanEquals", json!(10.5), "10.5", "10.6")]
#[case("NumericGreaterThan", json!("-1"), "0", "-1")]
#[case("NumericGreaterThanEquals", json!("1e1"), "10", "9")]
#[case("DateEquals", json!("2026-01-31T08:00:00+08:00"), "2026-01-31T00:00:00Z", "2026-01-31T08:00:00Z")]
#[case("DateNotEquals", json!("2026-01-31T00:00:00Z"), "2026-01-31T00:00:01Z", "2026-01-31T00:00:00Z")]
#[case("DateLessThan", json!("2026-01-31T00:00:00Z"), "2026-01-30T23:59:59Z", "2026-01-31T00:00:00Z")]
#[case("DateLessThanEquals", json!("2026-01-31T00:00:00Z"), "2026-01-31T00:00:00Z", "2026-01-31T00:00:01Z")]
#[case("DateGreaterThan", json!("2026-01-31T00:00:00Z"), "2026-01-31T00:00:01Z", "2026-01-31T00:00:00Z")]
#[case("DateGreaterThanEquals", json!("2026-01-31T00:00:00Z"), "2026-01-31T00:00:00Z", "2026-01-30T00:00:00Z")]
#[case("Bool", json!(true), "true", "false")]
#[case("IpAddress", json!(["10.0.0.0/8", "::1"]), "10.1.2.3", "11.1.2.3")]
#[case("NotIpAddress", json!(["10.0.0.0/8", "::1"]), "11.1.2.3", "::1")]
fn each_operator_allows_refuses_and_knows_absence(
    #[case] operator: &str,
    #[case] operand: Value,
    #[case] right: &str,
    #[case] wrong: &str,
) {
    let mut statement = allow("kms:*");
    statement["Condition"] = json!({ operator: { "t:key": operand } });
    let policy = identity_policy(&json!([statement]));
    let holds = |value: Option<&str>, absent_key| {
        let mut context = Context::new(absent_key);
        if let Some(value) = value {
            context.set("t:key", value);
        }
        policy.verdict("kms:GetSecretValue", RESOURCE, &context) == Verdict::Allowed
    };
    for absent_key in [AbsentKey::SatisfiesNegation, AbsentKey::FailsNegation] {
        assert!(holds(Some(right), absent_key));
        assert!(!holds(Some(wrong), absent_key));
    }
    assert_eq!(holds(None, AbsentKey::SatisfiesNegation), operator.contains("Not"));
    assert!(!holds(None, AbsentKey::FailsNegation));
}

#[test]
fn keys_and_operators_are_all_required_and_values_are_alternatives() {
    let mut statement = allow("kms:*");
    statement["Condition"] = json!({
        "StringEquals": { "t:one": ["a", "b"], "t:two": "c" },
        "Bool": { "acs:SecureTransport": "true" },
    });
    let policy = identity_policy(&json!([statement]));
    let holds = |one: &[&str], two: &str, secure: &str| {
        let mut context = Context::default();
        context.set_all("t:one", one.iter().map(|&value| value.to_owned()));
        context.set("t:two", two);
        context.set("acs:SecureTransport", secure);
        policy.verdict("kms:GetSecretValue", RESOURCE, &context) == Verdict::Allowed
    };
    assert!(holds(&["b"], "c", "true") && holds(&["x", "a"], "c", "true"));
    assert!(!holds(&["x"], "c", "true") && !holds(&[], "c", "true"));
    assert!(!holds(&["a"], "x", "true") && !holds(&["a"], "c", "false"));
}

#[test]
fn the_case_of_an_operation_does_not_matter_and_that_of_the_rest_does() {
    let statement =
        json!({ "Effect": "Allow", "Action": "KMS:getsecret*", "Resource": "acs:kms:*:*:secret/db/*" });
    let policy = identity_policy(&json!([statement]));
    let verdict = |action, resource| policy.verdict(action, resource, &Context::default());
    assert_eq!(verdict("kms:GetSecretValue", RESOURCE), Verdict::Allowed);
    assert_eq!(verdict("kms:GetSecretValue", &RESOURCE.replace("db", "DB")), Verdict::Silent);
}

#[test]
fn not_action_means_all_others() {
    let statement = json!({ "Effect": "Allow", "NotAction": ["ram:*", "kms:Get*"], "Resource": "*" });
    let policy = identity_policy(&json!([statement]));
    let verdict = |action| policy.verdict(action, RESOURCE, &Context::default());
    assert_eq!(verdict("kms:PutSecretValue"), Verdict::Allowed);
    assert_eq!(verdict("kms:GetSecretValue"), Verdict::Silent);
}

// The grammar.

#[rstest]
#[case("Allow all", "expected value at line 1 column 1")]
#[case(r#"{"Statement":[]}"#, "missing field `Version`")]
#[case(r#"{"Version":"2","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#, "its Version")]
#[case(r#"{"Version":1,"Statement":[]}"#, "invalid type: integer `1`, expected a string")]
#[case(r#"{"Version":"1","Statement":[]}"#, "no statement")]
#[case(r#"{"Version":"1","Statement":{}}"#, "expected a sequence")]
#[case(r#"{"Version":"1","Version":"1","Statement":[]}"#, "duplicate field `Version`")]
fn a_text_that_is_no_policy_is_told_why(#[case] text: &str, #[case] expected: &str) {
    let error = IdentityPolicy::try_from(text.to_owned()).expect_err("no policy").to_string();
    assert!(error.contains(expected), "{error}");
}

#[rstest]
#[case("Effect", json!("allow"), "unknown variant `allow`")]
#[case("Action", Value::Null, "statement 2: needs Action or NotAction")]
#[case("NotAction", json!("a:b"), "statement 2: has Action and NotAction")]
#[case("Action", json!([]), "statement 2: Action: the list is empty")]
#[case("Action", json!("GetSecretValue"), "\"GetSecretValue\" is not of the form")]
#[case("Action", json!("kms:"), "is not of the form")]
#[case("Action", json!(["kms:Get*", ["a:b"]]), "invalid type: sequence, expected a text")]
#[case("Action", json!({}), "expected a text or an array of texts")]
#[case("Resource", Value::Null, "statement 2: needs Resource")]
#[case("Resource", json!([]), "statement 2: Resource: the list is empty")]
#[case("Resource", json!("secret/a"), "\"secret/a\" is not of the form acs:")]
#[case("Resource", json!("acs:kms:secret/a"), "is not of the form acs:")]
#[case("NotResource", json!("*"), "unknown field `NotResource`")]
#[case("Principal", json!({ "RAM": "acs:ram::1:root" }), "statement 2: has a Principal")]
#[case("Condition", json!("none"), "expected an object")]
#[case("Condition", json!({ "StringEquals": {} }), "there is no key")]
#[case("Condition", json!({ "StringEquals": { "a:b": [] } }), "there is no value")]
#[case("Condition", json!({ "StringEquals": { "SourceIp": "a" } }), "SourceIp is no condition key")]
#[case("Condition", json!({ "StringEqual": { "a:b": "c" } }), "Condition StringEqual a:b: no such operator")]
#[case("Condition", json!({ "ForAnyValue:StringEquals": { "a:b": "c" } }), "no such operator")]
#[case("Condition", json!({ "NumericEquals": { "a:b": "inf" } }), "\"inf\" is not a number")]
#[case("Condition", json!({ "NumericNearly": { "a:b": "1" } }), "no such operator")]
#[case("Condition", json!({ "DateEquals": { "a:b": "2026-01-31" } }), "is not a time with its offset")]
#[case("Condition", json!({ "Bool": { "a:b": "yes" } }), "is not true or false")]
#[case("Condition", json!({ "IpAddress": { "a:b": ["10.0.0.0/8", "10.0.0.0/33"] } }), "\"10.0.0.0/33\" is not an address")]
fn a_statement_that_is_none_is_told_where_and_why(
    #[case] element: &str,
    #[case] value: Value,
    #[case] expected: &str,
) {
    let mut statement = allow("kms:*");
    statement[element] = value;
    let text = document(&json!([allow("kms:*"), statement]));
    let error = IdentityPolicy::try_from(text).expect_err("no policy").to_string();
    assert!(error.contains(expected), "{error}");
}

#[rstest]
#[case(json!(null), "statement 1: needs Principal")]
#[case(json!({}), "Principal: names nobody")]
#[case(json!({ "RAM": [] }), "Principal: names nobody")]
#[case(json!("*"), "expected struct PrincipalText")]
#[case(json!({ "RAM": ["*"] }), "\"*\" is not of the form acs:ram::<account>:root")]
#[case(json!({ "Service": "ecs" }), "\"ecs\" is no service")]
#[case(json!({ "Federated": "acs:ram::1:oidc/a" }), "is not of the form acs:ram::<account>:oidc-provider/<name>")]
#[case(json!({ "User": "a" }), "unknown field `User`")]
fn policies_of_resources_and_roles_say_to_whom_they_speak(#[case] principal: Value, #[case] expected: &str) {
    let mut statement = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal });
    let error = TrustPolicy::try_from(document(&json!([statement]))).expect_err("no policy").to_string();
    assert!(error.contains(expected), "{error}");
    statement["Resource"] = json!("*");
    let error = ResourcePolicy::try_from(document(&json!([statement]))).expect_err("no policy").to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn the_policy_of_a_role_has_no_resource_and_that_of_a_resource_has() {
    let without =
        document(&json!([to("acs:ram::1:root", json!({ "Effect": "Allow", "Action": "sts:AssumeRole" }))]));
    let with = document(&json!([to("acs:ram::1:root", allow("sts:AssumeRole"))]));
    assert!(TrustPolicy::try_from(without.clone()).is_ok() && TrustPolicy::try_from(with.clone()).is_err());
    assert!(ResourcePolicy::try_from(with).is_ok() && ResourcePolicy::try_from(without).is_err());
}

#[rstest]
#[case(r#"{"StringEquals":{"a:b":"c"},"StringEquals":{"a:b":"d"}}"#, "StringEquals comes twice")]
#[case(r#"{"StringEquals":{"a:b":"c","a:b":"d"}}"#, "a:b comes twice")]
fn nothing_in_a_condition_comes_twice(#[case] condition: &str, #[case] expected: &str) {
    let text = format!(
        r#"{{"Version":"1","Statement":[{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}}}]}}"#
    );
    let error = IdentityPolicy::try_from(text).expect_err("no policy").to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn depth_is_refused_and_length_is_borne() {
    let deep =
        |depth: usize| format!(r#"{{"Version":"1","Statement":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(IdentityPolicy::try_from(deep(100_000)).is_err());
    let long: Vec<_> = (0..20_000).map(|number| allow(&format!("kms:*{number}*a*b*c"))).collect();
    let policy = identity_policy(&json!(long));
    assert_eq!(policy.verdict("kms:GetSecretValue", RESOURCE, &Context::default()), Verdict::Silent);
}

#[test]
fn the_text_is_kept_as_it_came() {
    let text = format!(" {}\n", document(&json!([allow("kms:*")])));
    let policy = IdentityPolicy::try_from(text.clone()).expect("a policy");
    assert_eq!(String::from(policy), text);
}
