use super::{super::Seed, *};
use crate::state::key::{KeyName, KeyState};

const DEMO: &str = r#"
accounts:
  - id: '1'
    instances:
      - { id: kst-1, internetAccess: true }
      - { id: kst-2, region: ap-southeast-1, state: Disconnected, imageVersion: 2.4.1 }
    keys:
      - { id: key-1, alias: alias/app, dkmsInstanceId: kst-1 }
      - { id: key-2, state: PendingDeletion, plannedDeletion: 2024-01-08T00:00:00Z }
    secrets:
      - name: db/plain
        encryptionKeyId: key-1
        dkmsInstanceId: kst-1
        policy: { Version: '1', Statement: [{ Effect: Allow, Principal: { RAM: ['acs:ram::1:*'] }, Action: ['kms:*'], Resource: ['*'] }] }
        tags: [{ key: team, value: payments }]
        plannedDeletion: 2024-01-08T00:00:00Z
        versions: [{ id: v1, data: first, stages: [canary] }, { id: v2, data: second }]
      - name: db/app
        type: Rds
        extendedConfig: { SecretSubType: SingleUser, DBInstanceId: rm-1 }
        rotation: { automatic: Enabled, interval: 7d, last: 2024-01-01T00:00:00Z }
        versions: [{ id: v1, data: '{"AccountName":"app","AccountPassword":"first"}' }]
"#;

fn region() -> Region {
    "cn-hangzhou".parse().expect("a region")
}

fn with_secret(secret: &str) -> String {
    format!("accounts:\n  - id: '1'\n    secrets:\n      - {secret}\n")
}

fn seeded(text: &str) -> State {
    let mut state = State::default();
    Seed::from_yaml(text)
        .and_then(|seed| seed.apply(&mut state, &region(), Timestamp::UNIX_EPOCH))
        .expect("a seed");
    state
}

#[test]
fn a_seed_becomes_instances_keys_and_secrets() {
    let state = seeded(DEMO);
    let account: AccountId = "1".parse().expect("an id");
    let alias = KeyName::Alias("alias/app".parse().expect("an alias"));
    let (id, key) = state.named_key(&account, &region(), &alias).expect("a key");
    assert_eq!((id.as_ref(), key.state), ("key-1", KeyState::Enabled));
    assert!(!state.instance(&"kst-2".parse().expect("an id")).expect("an instance").speaks_open_api());
    let secret = |name: &str| {
        state
            .secret(&format!("acs:kms:cn-hangzhou:1:secret/{name}").parse().expect("an ARN"))
            .expect("a secret")
    };
    assert!(secret("db/plain").policy.is_some() && secret("db/plain").planned_deletion.is_some());
    let Kind::Managed(managed) = &secret("db/app").kind else { panic!("a managed secret") };
    assert_eq!(
        managed.rotation.next().map(Timestamp::as_second),
        Some(604_800),
        "one interval after seeding"
    );
}

#[test]
fn a_secret_survives_the_way_to_a_seed_and_back() {
    let state = seeded(DEMO);
    for (_, region, name, secret) in state.secrets() {
        let text = serde_json::to_string(&SecretSeed::of(region, name, secret)).expect("a text");
        let again: SecretSeed = serde_yaml::from_str(&text).expect("a seed");
        let rebuilt = again.build(Timestamp::MAX).expect("a secret");
        assert_eq!(serde_json::to_string(&SecretSeed::of(region, name, &rebuilt)).expect("a text"), text);
    }
}

#[rstest::rstest]
#[case(
    "{ name: a, extendedConfig: {}, versions: [] }",
    36,
    "only managed secrets have an extended configuration: name a `type`"
)]
#[case("{ name: a, rotation: {}, versions: [] }", 30, "only managed secrets are rotated: name a `type`")]
#[case(
    "{ name: acs/a, versions: [] }",
    17,
    "a secret name must not start with acs/, which is for managed secrets"
)]
#[case("{ name: a, type: ECS, versions: [] }", 17, "the name of such a secret must start with acs/ecs/")]
#[case(
    "{ name: a, type: Rds, versions: [] }",
    17,
    "the managed secret a must have an `extendedConfig`, as CreateSecret asks for"
)]
#[case(
    "{ name: a, type: Rds, extendedConfig: { SecretSubType: SingleUser }, versions: [] }",
    47,
    "a field of the configuration is missing or wrong for the type Rds"
)]
#[case(
    "{ name: a, type: Rds, extendedConfig: { SecretSubType: SingleUser, DBInstanceId: r }, versions: [{ id: v, data: x }] }",
    121,
    "the data of a managed secret of type Rds must be the JSON that GetSecretValue gives"
)]
#[case(
    "{ name: a, type: Rds, extendedConfig: { SecretSubType: SingleUser, DBInstanceId: r }, rotation: { automatic: Enabled }, versions: [] }",
    105,
    "automatic rotation needs an `interval`, such as 7d"
)]
#[case(
    "{ name: a, type: Rds, extendedConfig: { SecretSubType: SingleUser, DBInstanceId: r }, rotation: { interval: 1h }, versions: [] }",
    117,
    "a rotation interval must be a number and one of d, h, m or s, from 6h to 8760h, such as 7d"
)]
#[case(
    "{ name: a, policy: {}, versions: [] }",
    28,
    "only secrets in an instance have a policy: name a `dkmsInstanceId`"
)]
#[case(
    "{ name: a, dkmsInstanceId: kst-1, policy: {}, versions: [] }",
    51,
    "not a policy: missing field `Version` at line 1 column 2"
)]
#[case(
    "{ name: a, tags: [{ key: 'acs:a', value: b }], versions: [] }",
    17,
    "a secret has at most 20 tags, of at most 128 letters, digits or any of '/ \\ _ - . + = : @'"
)]
#[case(
    "{ name: a, versions: [{ id: v, data: x, stages: [a, b, c, d, e, f, g] }] }",
    17,
    "a secret has at most eight stages, ACSCurrent and ACSPrevious among them"
)]
fn a_mistake_is_told_with_its_line_and_column(
    #[case] secret: &str,
    #[case] column: u64,
    #[case] problem: &str,
) {
    let error = Seed::from_yaml(&with_secret(secret)).expect_err("a mistake");
    assert_eq!(error.to_string(), format!("cannot read the seed at line 4, column {column}: {problem}"));
}

#[rstest::rstest]
#[case("keys: [{ id: key-1 }]", "the key key-1")]
#[case("keys: [{ id: key-9, alias: alias/app }]", "the alias alias/app")]
#[case("instances: [{ id: kst-1 }]", "the instance kst-1")]
fn seeding_a_key_or_instance_again_names_it(#[case] part: &str, #[case] what: &str) {
    let seed = Seed::from_yaml(&format!("accounts: [{{ id: '1', {part} }}]")).expect("a seed");
    let error = seed.apply(&mut seeded(DEMO), &region(), Timestamp::UNIX_EPOCH).expect_err("it is there");
    assert!(error.to_string().ends_with(&format!(": {what} exists already")), "{error}");
}

#[test]
fn a_key_that_is_in_use_has_no_planned_deletion() {
    let text = "accounts: [{ id: '1', keys: [{ id: key-1, plannedDeletion: 2024-01-08T00:00:00Z }] }]";
    let error = Seed::from_yaml(text).expect_err("a mistake");
    assert_eq!(
        error.to_string(),
        "cannot read the seed at line 1, column 36: only a key whose `state` is PendingDeletion has a planned deletion"
    );
}
