use rstest::rstest;

use super::*;
use crate::store::{kms, oos};

fn rules(region: &Region) -> Rules<'_> {
    Rules { translation: Translation::default(), region: Some(region), allowed_endpoints: &[] }
}

fn parse(text: &str) -> Result<Vec<SecretObject>, Error> {
    parse_objects(text, &rules(&"cn-hangzhou".parse().unwrap())).map(|(objects, _)| objects)
}

fn paths(object: &SecretObject) -> Vec<&str> {
    object.files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn a_name_alone_names_secret_and_file() {
    let objects = parse("- objectName: My/Path/Secret\n").unwrap();
    let expected =
        kms::Selection { secret_name: "My/Path/Secret".into(), version_id: None, version_stage: None };
    assert_eq!(objects[0].selection, expected.into());
    assert_eq!(paths(&objects[0]), ["My_Path_Secret"]);
    assert!(!objects[0].optional);
}

#[test]
fn every_field_is_understood() {
    let text = "
- objectName: acs:kms:cn-hangzhou:1234567890123456:secret/db
  objectType: kms
  objectAlias: conf/db
  objectVersion: 2024-06
  objectVersionLabel: ACSPrevious
  kmsEndpoint: kst-1.cryptoservice.kms.aliyuncs.com
  crossAccountRoleArn: acs:ram::1234567890123456:role/reader
  filePermission: 0400
  objectEncoding: base64
  optional: true
  jmesPath:
  - path: username
  - path: password
    objectAlias: secret/pass
    filePermission: '0440'
    objectEncoding: hex
";
    let object = parse(text).unwrap().remove(0);
    assert_eq!(
        object.selection,
        kms::Selection {
            secret_name: "acs:kms:cn-hangzhou:1234567890123456:secret/db".into(),
            version_id: "2024-06".parse().ok(),
            version_stage: Some("ACSPrevious".into()),
        }
        .into()
    );
    assert_eq!(paths(&object), ["conf_db", "username", "secret_pass"]);
    let modes: Vec<_> = object.files.iter().map(|file| file.mode.unwrap().bits()).collect();
    assert_eq!(modes, [0o400, 0o400, 0o440]);
    let encodings: Vec<_> = object.files.iter().map(|file| file.encoding.as_str()).collect();
    assert_eq!(encodings, ["base64", "utf-8", "hex"]);
    assert_eq!(object.kms_endpoint.unwrap().host(), "kst-1.cryptoservice.kms.aliyuncs.com");
    assert_eq!(object.cross_account_role.unwrap().as_str(), "acs:ram::1234567890123456:role/reader");
    assert!(object.optional);
}

#[test]
fn a_parameter_is_pinned_by_its_number() {
    let objects = parse("- {objectName: prod/db, objectType: oos, objectVersion: 3}\n").unwrap();
    let expected = oos::Selection { name: "prod/db".into(), version: "3".parse().ok() };
    assert_eq!(objects[0].selection, expected.into());
}

#[test]
fn names_that_look_like_numbers_stay_as_written() {
    let objects = parse("- objectName: 007\n- objectName: on\n  objectAlias: ~\n").unwrap();
    let names: Vec<_> = objects.iter().map(|object| object.selection.name()).collect();
    assert_eq!(names, ["007", "on"]);
}

#[test]
fn anchors_aliases_and_merges_mean_what_they_mean_in_yaml() {
    let text = "
- &first {objectName: a, filePermission: &mode 0400}
- {objectName: b, filePermission: *mode}
- {<<: *first, objectAlias: c}
";
    let objects = parse(text).unwrap();
    let files: Vec<_> = objects
        .iter()
        .map(|object| (object.selection.name(), paths(object)[0], object.files[0].mode.unwrap().bits()))
        .collect();
    assert_eq!(files, [("a", "a", 0o400), ("b", "b", 0o400), ("a", "c", 0o400)]);
}

#[test]
fn an_arn_without_alias_is_a_file_name_like_any_other() {
    let objects = parse("- objectName: acs:kms:cn-hangzhou:1:secret/a/b\n").unwrap();
    assert_eq!(paths(&objects[0]), ["acs:kms:cn-hangzhou:1:secret_a_b"]);
}

#[test]
fn a_class_may_name_what_the_operator_allows_and_the_operators_scheme_counts() {
    let allowed = ["http://127.0.0.1:4580".parse().unwrap(), "https://kms.example.com".parse().unwrap()];
    let rules = Rules { allowed_endpoints: &allowed, ..Rules::default() };
    let text = "- {objectName: a, kmsEndpoint: '127.0.0.1:4580'}
- {objectName: b, kmsEndpoint: 'http://kms.example.com'}";
    let (objects, _) = parse_objects(text, &rules).unwrap();
    let endpoints: Vec<_> =
        objects.iter().map(|object| object.kms_endpoint.as_ref().unwrap().to_string()).collect();
    assert_eq!(endpoints, ["http://127.0.0.1:4580", "https://kms.example.com"]);
}

#[rstest]
#[case::empty("", "objects is missing or empty")]
#[case::empty_list("[]", "objects is missing or empty")]
#[case::no_yaml("- objectName: 'x", "objects is no valid YAML")]
#[case::text("just text", "objects: found a single value, expected a YAML list")]
#[case::mapping("objectName: x", "objects: found a mapping, expected a YAML list")]
#[case::null_item(
    "- objectName: a\n-\n",
    "objects[1] (line 2): found nothing, expected a mapping with objectName"
)]
#[case::text_item("- a", "objects[0] (line 1): found a single value, expected a mapping")]
#[case::no_name("- objectAlias: a", "objects[0] (line 1): objectName is missing or empty")]
#[case::null_name("- objectName:", "objects[0] (line 1): objectName is missing or empty")]
#[case::list_alias(
    "- objectName: a\n- objectName: db\n  objectAlias: [x]",
    "objects[1] \"db\" (line 3): objectAlias: found a list, expected text"
)]
#[case::long(
    "- objectName: db\n  objectVersionLabel: LONG",
    "(line 2): objectVersionLabel has 5000 bytes, the most is 4096"
)]
#[case::store("- objectName: db\n  objectType: vault", "objectType: found \"vault\", expected kms or oos")]
#[case::arn(
    "- objectName: acs:kms:secret/db",
    "objectName: found \"acs:kms:secret/db\", expected the name of a secret"
)]
#[case::arn_of_another_service(
    "- objectName: acs:ram::1:role/db",
    "expected the name of a secret, or its ARN acs:kms:"
)]
#[case::other_region(
    "- objectName: acs:kms:cn-beijing:1:secret/db",
    "objectName is in region cn-beijing, but the class reads in region cn-hangzhou"
)]
#[case::arn_in_oos("- {objectName: 'acs:oos:a', objectType: oos}", "expected the name of an OOS parameter")]
#[case::version_in_oos(
    "- {objectName: a, objectType: oos, objectVersion: v1}",
    "a whole number from 1 to 100"
)]
#[case::label_in_oos(
    "- {objectName: a, objectType: oos, objectVersionLabel: x}",
    "objectVersionLabel is for objectType kms"
)]
#[case::endpoint(
    "- {objectName: a, kmsEndpoint: kms.example.com}",
    "kmsEndpoint: \"https://kms.example.com\" is no KMS host"
)]
#[case::endpoint_form(
    "- {objectName: a, kmsEndpoint: kms.example.com/x}",
    "kmsEndpoint: \"kms.example.com/x\" is no endpoint"
)]
#[case::role(
    "- {objectName: a, crossAccountRoleArn: reader}",
    "crossAccountRoleArn: found \"reader\", expected the ARN of a role"
)]
#[case::mode(
    "- {objectName: a, filePermission: '0999'}",
    "filePermission: found \"0999\", expected an octal mode"
)]
#[case::encoding(
    "- {objectName: a, objectEncoding: utf-16}",
    "objectEncoding: found \"utf-16\", expected utf-8, base64 or hex"
)]
#[case::optional("- {objectName: a, optional: yes}", "optional: found \"yes\", expected true or false")]
#[case::jmes_text(
    "- {objectName: a, jmesPath: user}",
    "jmesPath: found a single value, expected a list of mappings with path"
)]
#[case::jmes_item(
    "- {objectName: a, jmesPath: [user]}",
    "objects[0] \"a\" jmesPath[0] (line 1): found a single value, expected a mapping with path"
)]
#[case::jmes_no_path(
    "- {objectName: a, jmesPath: [{objectAlias: b}]}",
    "objects[0] \"a\" jmesPath[0] (line 1): path is missing or empty"
)]
#[case::jmes_mode(
    "- {objectName: a, jmesPath: [{path: b, filePermission: x}]}",
    "jmesPath[0] \"b\" (line 1): filePermission: found \"x\""
)]
#[case::jmes_expression(
    "- {objectName: a, jmesPath: [{path: 'b['}]}",
    "jmesPath[0] \"b[\" (line 1): path is no JMESPath expression"
)]
#[case::traversal("- objectName: ..", "objects[0] \"..\" (line 1): \"..\" makes no file name: it leads out")]
#[case::twice(
    "- objectName: a/b\n- objectName: a_b",
    "objects[1] \"a_b\" (line 2): its file \"a_b\" and the file \"a_b\" of objects[0] \"a/b\" stand in each other's way"
)]
#[case::twice_within(
    "- objectName: a\n  jmesPath: [{path: a}]",
    "objects[0] \"a\" jmesPath[0] \"a\" (line 2): its file \"a\" and the file \"a\" of objects[0] \"a\" stand"
)]
fn mistakes_are_named_by_place_field_and_expectation(#[case] text: &str, #[case] expected: &str) {
    let message = parse(&text.replace("LONG", &"x".repeat(5000))).unwrap_err().to_string();
    assert!(message.contains(expected), "{message}");
}

#[test]
fn a_file_and_a_directory_of_one_name_are_refused_for_every_file_below() {
    let text = "- objectName: a/b\n- objectName: a-b\n- objectName: a\n- objectName: a/c/d\n";
    let rules = Rules { translation: Translation::Keep, ..Rules::default() };
    let (objects, findings) = check_objects(text, &rules);
    let messages: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(objects.len(), 4);
    assert!(
        messages[0]
            .starts_with("objects[2] \"a\" (line 3): its file \"a\" and the file \"a/b\" of objects[0]")
    );
    assert!(
        messages[1].starts_with("objects[3] \"a/c/d\" (line 4)")
            && messages[1].contains("of objects[2] \"a\"")
    );
    assert_eq!(messages.len(), 2);
}

#[test]
fn all_mistakes_are_found_at_once_and_the_first_are_told() {
    let text = "
- objectName: a
  objectType: vault
  filePermission: rw
- objectAlias: b
  optional: maybe
- objectname: c
";
    let (_, findings) = check_objects(text, &Rules::default());
    let lines: Vec<_> = findings.iter().map(|finding| finding.place.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 7]);
    let message = parse(text).unwrap_err().to_string();
    assert!(
        message.starts_with("objects[0] \"a\" (line 3): objectType") && message.ends_with("; and 3 more")
    );
}

#[test]
fn an_unknown_field_is_a_warning_that_guesses_and_explains_a_mistake() {
    let text = "- objectName: a\n  objectVersions: v1\n  colour: red\n  jmesPath: [{path: b, alias: c}]\n";
    let (objects, warnings) = parse_objects(text, &Rules::default()).unwrap();
    let messages: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(objects.len(), 1);
    assert_eq!(
        messages[0],
        "objects[0] \"a\" (line 2): \"objectVersions\" is no field and has no effect; objectVersion may be meant"
    );
    assert!(messages[1].contains("\"colour\"") && messages[1].contains("; the fields are objectName, "));
    assert!(messages[2].starts_with("objects[0] \"a\" jmesPath[0] \"b\" (line 4): \"alias\""));
    let message = parse("- objectname: c").unwrap_err().to_string();
    assert!(message.contains("objectName is missing") && message.contains("objectName may be meant"));
}

#[test]
fn an_endpoint_means_nothing_to_a_parameter() {
    let text = "- {objectName: a, objectType: oos, kmsEndpoint: kms.example.com}";
    let (objects, warnings) = parse_objects(text, &Rules::default()).unwrap();
    assert!(objects[0].kms_endpoint.is_none());
    assert!(warnings[0].to_string().ends_with("kmsEndpoint has no effect on an OOS parameter"));
}

#[test]
fn a_thousand_and_one_objects_are_too_many() {
    let entry = |index| format!("- objectName: a{index}\n");
    let entries = |count| (0..count).map(entry).collect::<Vec<_>>().concat();
    let message = parse(&entries(1_001)).unwrap_err().to_string();
    assert!(message.contains("1001 entries, the most is 1000"), "{message}");
    assert_eq!(parse(&entries(1_000)).unwrap().len(), 1_000);
}

#[test]
fn five_thousand_and_one_files_are_too_many() {
    let extracts: Vec<_> = (0..5_000).map(|index| format!("  - path: k{index}\n")).collect();
    let message =
        parse(&format!("- objectName: a\n  jmesPath:\n{}", extracts.concat())).unwrap_err().to_string();
    assert!(message.contains("would become 5001 files, the most is 5000"), "{message}");
}

#[test]
fn places_point_at_the_field() {
    let (objects, findings) =
        check_objects("- objectName: a\n  objectAlias: b\n  optional: [x]\n", &Rules::default());
    assert_eq!(objects[0].place, Place { line: 1, column: 3 });
    assert_eq!(objects[0].files[0].place, Place { line: 2, column: 16 });
    assert_eq!(findings[0].place, Place { line: 3, column: 13 });
}
