use super::{super::Seed, *};
use crate::state::parameter::name::Family;

const DEMO: &str = r"
accounts:
  - id: '1'
    parameters:
      - name: /db/password
        description: for the demo
        tags: [{ key: team, value: payments }]
        constraints: { AllowedPattern: '^[a-z]+$', MinLength: 5 }
        versions: [first, { value: second, updatedBy: alice(1) }]
      - name: endpoints
        region: ap-southeast-1
        type: StringList
        versions: ['a,b']
";

fn with_parameter(parameter: &str) -> String {
    format!("accounts:\n  - id: '1'\n    parameters:\n      - {parameter}\n")
}

fn seeded(text: &str) -> State {
    let mut state = State::default();
    let region = "cn-hangzhou".parse().expect("a region");
    Seed::from_yaml(text)
        .and_then(|seed| seed.apply(&mut state, &region, Timestamp::UNIX_EPOCH))
        .expect("a seed");
    state
}

#[test]
fn a_seed_becomes_parameters_with_their_versions() {
    let state = seeded(DEMO);
    let [(abroad, name, list), (home, _, secret)] =
        state.parameters.iter().collect::<Vec<_>>().try_into().expect("two parameters");
    assert_eq!((abroad.region.as_ref(), abroad.family), ("ap-southeast-1", Family::Common));
    assert_eq!((name.as_ref(), list.kind), ("endpoints", ParameterType::StringList));
    assert_eq!((home.region.as_ref(), home.family), ("cn-hangzhou", Family::Secret));
    assert_eq!(secret.created_by, "root(1)");
    let versions: Vec<_> = secret.versions.iter().map(|(_, version)| version).collect();
    assert_eq!((versions[0].value.expose(), versions[0].updated_by.as_str()), ("first", "root(1)"));
    assert_eq!((versions[1].value.expose(), versions[1].updated_by.as_str()), ("second", "alice(1)"));
}

#[test]
fn a_parameter_survives_the_way_to_a_seed_and_back() {
    let state = seeded(DEMO);
    for (home, name, parameter) in state.parameters.iter() {
        let seed = ParameterSeed::of(home, name, parameter);
        let text = serde_json::to_string(&seed).expect("a text");
        let again: ParameterSeed = serde_yaml::from_str(&text).expect("a seed");
        let (_, rebuilt) = again.build(Timestamp::MAX, "somebody").expect("a parameter");
        assert_eq!(serde_json::to_string(&ParameterSeed::of(home, name, &rebuilt)).expect("a text"), text);
    }
}

#[rstest::rstest]
#[case(
    "{ name: 'no blank', versions: [x] }",
    17,
    "the name of a parameter must be 1 to 180 letters, digits, '-' or '_', in parts joined by '/'"
)]
#[case(
    "{ name: oos/a, versions: [x] }",
    17,
    "the name of a parameter must not start with aliyun, acs, alibaba, alicloud or oos"
)]
#[case("{ name: a, versions: [] }", 17, "a parameter must have a version: add a value under `versions`")]
#[case("{ name: a, versions: [''] }", 31, "the value of a parameter must be 1 to 4096 characters long")]
#[case(
    "{ name: a, constraints: { MaxLength: 1 }, versions: [x, xx] }",
    65,
    "the value does not meet the constraint MaxLength"
)]
#[case(
    "{ name: a, tags: [{ key: 'acs:a', value: b }], versions: [x] }",
    17,
    "a parameter has at most 20 tags of 1 to 128 characters, none beginning with aliyun or acs:"
)]
#[case("{ name: a, versions: [12345] }", 31, "the value of a parameter is a text: put it in quotes")]
#[case("{ name: a, versions: [yes] }", 31, "the value of a parameter is a text: put it in quotes")]
#[case(
    "{ name: a, type: Text, versions: [x] }",
    26,
    "unknown variant `Text`, expected one of Secret, String, StringList"
)]
#[case(
    "{ name: a, versions: [{ value: x, updatedAt: y }] }",
    43,
    "unknown field `updatedAt`, expected one of value, updateTime, updatedBy"
)]
fn a_mistake_is_told_with_its_line_and_column(
    #[case] parameter: &str,
    #[case] column: u64,
    #[case] problem: &str,
) {
    let error = Seed::from_yaml(&with_parameter(parameter)).expect_err("a mistake");
    assert_eq!(error.to_string(), format!("cannot read the seed at line 4, column {column}: {problem}"));
}

#[test]
fn seeding_a_parameter_again_names_it_unless_it_is_of_the_other_family() {
    let mut state = seeded(&with_parameter("{ name: a, versions: [x] }"));
    let region = "cn-hangzhou".parse().expect("a region");
    let mut add = |text: &str| {
        let seed = Seed::from_yaml(&with_parameter(text)).expect("a seed");
        seed.apply(&mut state, &region, Timestamp::UNIX_EPOCH).map_err(|error| error.to_string())
    };
    assert_eq!(add("{ name: a, type: String, versions: [x] }"), Ok(()));
    let sentence = "cannot add the seed at line 4, column 17: the parameter a of account 1 in cn-hangzhou exists already";
    assert_eq!(add("{ name: a, versions: [x] }"), Err(sentence.to_owned()));
}

#[test]
fn debug_shows_no_value() {
    let shown = format!("{:?}", Seed::from_yaml(DEMO).expect("a seed"));
    assert!(!shown.contains("first") && !shown.contains("second"), "{shown}");
}
