use super::*;
use crate::state::versions::VersionStage;

const DEMO: &str = r#"
accounts:
  - id: "1234567890123456"
    accessKeys:
      - { id: LTAI5tDemoAccessKey01, secret: demo-secret }
    users:
      - name: alice
        accessKeys: [{ id: LTAI5tDemoAccessKey02, secret: demo-secret, status: Inactive }]
    secrets:
      - name: db/password
        region: cn-hangzhou
        versions:
          - { id: v1, data: first }
          - { id: v2, data: second, stages: [canary] }
"#;

fn with_secret(secret: &str) -> String {
    format!("accounts:\n  - id: '1'\n    secrets:\n      - {secret}\n")
}

#[test]
fn a_seed_becomes_accounts_keys_and_secrets() {
    let mut state = State::default();
    let region = "cn-beijing".parse().expect("a region");
    Seed::from_yaml(DEMO)
        .and_then(|seed| seed.apply(&mut state, &region, Timestamp::UNIX_EPOCH))
        .expect("a seed");
    let key = |id: &str| state.access_keys[&id.parse().expect("an id")].clone();
    assert_eq!(key("LTAI5tDemoAccessKey01").owner.arn(), "acs:ram::1234567890123456:root");
    assert_eq!(key("LTAI5tDemoAccessKey02").owner.arn(), "acs:ram::1234567890123456:user/alice");
    assert!(!key("LTAI5tDemoAccessKey02").active);
    let arn = "acs:kms:cn-hangzhou:1234567890123456:secret/db/password".parse().expect("an ARN");
    let versions = &state.secret(&arn).expect("the secret").versions;
    assert_eq!(versions.stages_of(&"v1".parse().expect("an id")), [&VersionStage::Previous]);
    let canary = VersionStage::Custom("canary".to_owned());
    assert_eq!(versions.stages_of(&"v2".parse().expect("an id")), [&VersionStage::Current, &canary]);
}

#[test]
fn json_is_a_seed_too() {
    let json =
        r#"{"accounts":[{"id":"1","secrets":[{"name":"a","versions":[{"id":"v","data":"\u00e9"}]}]}]}"#;
    assert!(Seed::from_yaml(json).is_ok());
}

#[rstest::rstest]
#[case("accounts: [", 1, 11, "unclosed bracket '['")]
#[case(
    "accounts:\n  - id: '1'\n    acessKeys: []\n",
    3,
    5,
    "unknown field `acessKeys`, expected one of id, accessKeys, users, roles, policies, oidcProviders, instances, keys, secrets, parameters"
)]
#[case("accounts:\n  - id: one\n", 2, 9, "an account id must be 1 to 32 digits")]
#[case(
    &with_secret("{ name: 'no blank', versions: [] }"),
    4,
    17,
    "a secret name must be 1 to 192 letters, digits or any of '_ / + = . - @' (64 with Chinese characters)"
)]
#[case(
    &with_secret("{ name: a, versions: [] }"),
    4,
    17,
    "a secret must have a version: add one under `versions`"
)]
#[case(
    &with_secret("{ name: acs/a, versions: [{ id: v, data: x }] }"),
    4,
    17,
    "a secret name must not start with acs/, which is for managed secrets"
)]
#[case(
    &with_secret("{ name: a, versions: [{ id: v, data: '' }] }"),
    4,
    46,
    "the data of a version must be 1 to 30720 bytes long"
)]
#[case(
    &with_secret("{ name: a, versions: [{ id: v, data: x, stages: [ACSPrevious] }] }"),
    4,
    17,
    "these versions cannot be: one of at most ten must be ACSCurrent and another may be ACSPrevious, \
     and no id or stage may be there twice"
)]
#[case(
    &with_secret("{ name: a, versions: [{ id: v, data: x }, { id: v, data: x }] }"),
    4,
    57,
    "the version id v is there twice"
)]
#[case(
    &with_secret("{ name: a, dataType: blob, versions: [{ id: v, data: x }] }"),
    4,
    30,
    "unknown variant `blob`, expected one of text, binary"
)]
fn a_mistake_is_told_with_its_line_and_column(
    #[case] text: &str,
    #[case] line: u64,
    #[case] column: u64,
    #[case] problem: &str,
) {
    let error = Seed::from_yaml(text).expect_err("a mistake");
    assert_eq!(error.to_string(), format!("cannot read the seed at line {line}, column {column}: {problem}"));
}

#[test]
fn seeding_a_secret_or_key_again_names_it() {
    let mut state = State::default();
    let region = "cn-hangzhou".parse().expect("a region");
    let mut add = |text: &str| {
        Seed::from_yaml(text)
            .expect("a seed")
            .apply(&mut state, &region, Timestamp::UNIX_EPOCH)
            .map_err(|e| e.to_string())
    };
    let secret = with_secret("{ name: a, versions: [{ id: v, data: x }] }");
    let key = "accounts: [{ id: '1', accessKeys: [{ id: k, secret: s }] }]";
    assert_eq!(add(&secret), Ok(()));
    assert_eq!(add(key), Ok(()));
    assert_eq!(
        add(&secret),
        Err("cannot add the seed at line 4, column 17: the secret acs:kms:cn-hangzhou:1:secret/a exists already".to_owned())
    );
    assert_eq!(
        add(key),
        Err("cannot add the seed at line 1, column 42: the access key k exists already".to_owned())
    );
}

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?}", Seed::from_yaml(DEMO).expect("a seed"));
    assert!(!shown.contains("demo-secret") && !shown.contains("second"), "{shown}");
}
