use super::*;
use crate::{
    control::export::export,
    state::{
        account::Account,
        ram::{AttachedPolicy, SESSION_SECONDS},
    },
};

const DEMO: &str = r#"
accounts:
  - id: "1"
    users:
      - name: alice
        displayName: Alice
        policies: [AliyunKMSFullAccess, read]
    roles:
      - name: app
        description: for the demo
        trust:
          Statement: [{ Effect: Allow, Action: "sts:AssumeRole", Principal: { RAM: "acs:ram::1:root" } }]
        policies: [{ name: read, type: Custom, attachTime: 2020-01-01T00:00:00Z }]
    policies:
      - name: read
        document:
          Statement: [{ Effect: Allow, Action: "kms:GetSecretValue", Resource: "*" }]
      - name: as-text
        document: '{ "Version": "1",  "Statement": [{"Effect":"Deny","Action":"*","Resource":"*"}] }'
      - name: with-versions
        versions:
          - { id: v2, document: { Statement: [{ Effect: Allow, Action: "kms:*", Resource: "*" }] } }
          - { id: v4, document: { Statement: [{ Effect: Deny, Action: "kms:*", Resource: "*" }] } }
        defaultVersion: v2
        lastVersion: v7
    oidcProviders:
      - name: ack-rrsa-c1
        issuerUrl: https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1
        clientIds: [sts.aliyuncs.com]
        fingerprints: [902ef2deeb3c5b13ea4c3d5193629309e231ae55]
"#;

fn add(state: &mut State, text: &str) -> Result<(), String> {
    let region = "cn-hangzhou".parse().expect("a region");
    Seed::from_yaml(text)
        .and_then(|seed| seed.apply(state, &region, Timestamp::UNIX_EPOCH))
        .map_err(|error| error.to_string())
}

fn seeded(text: &str) -> State {
    let mut state = State::default();
    add(&mut state, text).expect("a seed");
    state
}

fn only(state: &State) -> &Account {
    state.accounts.values().next().expect("an account")
}

fn custom(name: &str) -> AttachedPolicy {
    AttachedPolicy::Custom(name.parse().expect("a name"))
}

#[test]
fn users_and_roles_have_the_policies_that_they_name() {
    let state = seeded(DEMO);
    let alice = &only(&state).users[&"alice".parse().expect("a name")];
    let full = AttachedPolicy::System("AliyunKMSFullAccess".parse().expect("a name"));
    assert_eq!(alice.policies.iter().collect::<Vec<_>>(), [&full, &custom("read")]);
    assert_eq!(alice.display_name, "Alice");
    let app = &only(&state).roles[&"app".parse().expect("a name")];
    assert_eq!(app.policies.since(&custom("read")), "2020-01-01T00:00:00Z".parse().ok());
    assert_eq!(app.max_session_seconds, *SESSION_SECONDS.start());
}

#[test]
fn an_object_gets_the_version_and_a_text_stays_as_it_is() {
    let state = seeded(DEMO);
    let document = |name: &str| {
        let policy = &only(&state).policies[&name.parse().expect("a name")];
        policy.versions[&policy.default_version].document.as_ref().to_owned()
    };
    let read: serde_json::Value = serde_json::from_str(&document("read")).expect("JSON");
    assert_eq!((&read["Version"], &read["Statement"][0]["Effect"]), (&"1".into(), &"Allow".into()));
    let text = r#"{ "Version": "1",  "Statement": [{"Effect":"Deny","Action":"*","Resource":"*"}] }"#;
    assert_eq!(document("as-text"), text);
}

#[test]
fn an_account_s_own_policy_comes_before_the_cloud_s_of_that_name() {
    let own = "policies: [{ name: AdministratorAccess, document: { Statement: [{ Effect: Deny, Action: '*', Resource: '*' }] } }]";
    let both = "policies: [AdministratorAccess, { name: AdministratorAccess, type: System }]";
    let state = seeded(&format!("accounts: [{{ id: '1', {own}, users: [{{ name: alice, {both} }}] }}]"));
    let alice = &only(&state).users[&"alice".parse().expect("a name")];
    let kinds: Vec<_> = alice.policies.iter().map(AttachedPolicy::kind).collect();
    assert_eq!(kinds, ["System", "Custom"]);
}

#[test]
fn identities_survive_the_way_to_a_seed_and_back() {
    let exported = export(&seeded(DEMO)).to_json();
    assert_eq!(export(&seeded(&exported)).to_json(), exported);
    let again = seeded(&exported);
    let policy = &only(&again).policies[&"with-versions".parse().expect("a name")];
    assert_eq!((policy.default_version, policy.last_version), (2, 7));
}

#[test]
fn a_user_that_is_there_gets_what_a_further_seed_adds() {
    let mut state = seeded(DEMO);
    let again = |more: &str| format!("accounts: [{{ id: '1', users: [{{ name: alice, {more} }}] }}]");
    assert_eq!(add(&mut state, &again("policies: [as-text], accessKeys: [{ id: k, secret: s }]")), Ok(()));
    let alice = &only(&state).users[&"alice".parse().expect("a name")];
    assert!(
        alice.policies.since(&custom("as-text")).is_some() && alice.policies.since(&custom("read")).is_some()
    );
    let sentence = "cannot add the seed at line 1, column 39: the user acs:ram::1:user/alice exists already";
    assert_eq!(add(&mut state, &again("comments: other")), Err(sentence.to_owned()));
}

#[rstest::rstest]
#[case("roles: [{ name: app, trust: { Statement: [] } }]", 39, "the role acs:ram::1:role/app")]
#[case("policies: [{ name: read, document: { Statement: [] } }]", 42, "the policy acs:ram::1:policy/read")]
#[case(
    "oidcProviders: [{ name: ack-rrsa-c1, issuerUrl: 'https://a' }]",
    47,
    "the OIDC provider acs:ram::1:oidc-provider/ack-rrsa-c1"
)]
#[case(
    "oidcProviders: [{ name: b, issuerUrl: 'https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1' }]",
    47,
    "a provider of account 1 for https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1, ack-rrsa-c1,"
)]
fn what_is_there_already_is_named(#[case] again: &str, #[case] column: u64, #[case] what: &str) {
    let again =
        again.replace("Statement: []", "Statement: [{ Effect: Allow, Action: 'sts:AssumeRole', PR }]");
    let again = again.replace(
        "PR",
        if again.starts_with("roles") { "Principal: { RAM: 'acs:ram::1:root' }" } else { "Resource: '*'" },
    );
    let refusal = add(&mut seeded(DEMO), &format!("accounts: [{{ id: '1', {again} }}]")).expect_err("taken");
    assert_eq!(refusal, format!("cannot add the seed at line 1, column {column}: {what} exists already"));
}

const STATEMENT: &str = "{ Effect: Allow, Action: '*', Resource: '*' }";

#[rstest::rstest]
#[case("users: [{ name: 'a b' }]", 17, "a user name must be 1 to 64 letters, digits, '.', '_' or '-'")]
#[case("users: [{ name: a, id: x }]", 24, "the id of a user or role must be 1 to 32 digits")]
#[case(
    "users: [{ name: a, policies: [Other] }]",
    31,
    "there is no policy Other: the account has no policies, the cloud has "
)]
#[case(
    "users: [{ name: a, policies: [{ name: AliyunKMSFullAccess, type: Custom }] }]",
    31,
    "there is no policy AliyunKMSFullAccess: the account has no policies, the cloud has "
)]
#[case(
    "users: [{ name: a, policies: [AdministratorAccess, AdministratorAccess] }]",
    52,
    "the policy AdministratorAccess is attached already"
)]
#[case(
    "users: [{ name: a, policies: ['a b'] }]",
    31,
    "a policy name must be 1 to 128 letters, digits or hyphens"
)]
#[case(
    "users: [{ name: a, policies: [{ nam: a }] }]",
    33,
    "unknown field `nam`, expected one of name, type, attachTime"
)]
#[case("roles: [{ name: a }]", 11, "missing field `trust`")]
#[case("roles: [{ name: a, trust: [] }]", 27, "a policy is an object, or the text of one in JSON")]
#[case(
    "roles: [{ name: a, maxSessionSeconds: 900, trust: '{}' }]",
    39,
    "the longest session of a role is 3600 to 43200 seconds"
)]
#[case("policies: [{ name: a }]", 20, "a policy must have either a `document` or `versions`")]
#[case(
    "policies: [{ name: a_b, document: '{}' }]",
    20,
    "a policy name must be 1 to 128 letters, digits or hyphens"
)]
#[case(
    "policies: [{ name: a, versions: [{ id: 1, document: '{}' }] }]",
    40,
    "the id of a policy version must be v and a number from 1, such as v1"
)]
#[case(
    "policies: [{ name: a, versions: [{ id: v1, document: { Statement: [S] } }], defaultVersion: v2 }]",
    137,
    "the version that holds must be there"
)]
#[case(
    "policies: [{ name: a, versions: [{ id: v2, document: { Statement: [S] } }], lastVersion: v1 }]",
    134,
    "no version can be later than the last one"
)]
#[case(
    "oidcProviders: [{ name: -a, issuerUrl: 'https://a' }]",
    25,
    "an OIDC provider name must be 1 to 128 letters, digits or any of '. - _', not a sign at either end"
)]
#[case(
    "oidcProviders: [{ name: a, issuerUrl: 'http://a' }]",
    39,
    "the URL of an issuer must be a URL of at most 255 characters that begins with https:// and has no '?', '#' or '@'"
)]
#[case(
    "oidcProviders: [{ name: a, issuerUrl: 'https://a', clientIds: [':'] }]",
    64,
    "a client id must be 1 to 128 letters, digits or any of '. - _ : /', the first a letter or digit"
)]
#[case(
    "oidcProviders: [{ name: a, issuerUrl: 'https://a', issuanceLimitHours: 169 }]",
    72,
    "the issuance limit of a provider is 1 to 168 hours"
)]
fn a_mistake_is_told_with_its_line_and_column(
    #[case] text: &str,
    #[case] column: u64,
    #[case] problem: &str,
) {
    let text = format!("accounts:\n- id: '1'\n  {}\n", text.replace("[S]", &format!("[{STATEMENT}]")));
    let refusal = add(&mut State::default(), &text).expect_err("a mistake");
    // The columns of the cases are those of the line without its two blanks.
    let start = format!("cannot read the seed at line 3, column {}: {problem}", column + 2);
    assert!(refusal.starts_with(&start), "{refusal}\n{start}");
}

#[test]
fn a_document_that_is_too_long_is_refused() {
    let long = "x".repeat(4096);
    let text = format!(
        "accounts: [{{ id: '1', policies: [{{ name: a, document: {{ Statement: [{{ Sid: {long} }}] }} }}] }}]"
    );
    let refusal = add(&mut State::default(), &text).expect_err("a mistake");
    assert_eq!(refusal, "cannot read the seed at line 1, column 55: a policy has at most 4096 characters");
}
