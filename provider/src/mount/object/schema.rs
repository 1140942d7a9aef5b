//! The JSON Schema of `objects`, for editors: generated, kept in `objects.schema.json`, and held to what is really read.

use std::collections::BTreeSet;

use schemars::{JsonSchema, schema_for};
use serde_json::Value;

use super::reader::{EXTRACT_FIELDS, FIELDS};
use super::{Rules, check_objects};

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/objects.schema.json");

/// The parameter `objects` of a `SecretProviderClass` of the provider alibabacloud: the secrets to mount, and their files.
#[derive(JsonSchema)]
#[schemars(title = "objects")]
#[expect(dead_code, reason = "only its schema is of interest")]
struct Objects(#[schemars(length(min = 1, max = 1000))] Vec<SecretObject>);

/// A secret and the files that it becomes.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is of interest")]
struct SecretObject {
    /// The secret's name, or the ARN of a KMS secret.
    #[schemars(
        length(min = 1),
        example = &"db/password",
        example = &"acs:kms:cn-hangzhou:1234567890123456:secret/db"
    )]
    object_name: String,
    /// The store: Key Management Service, or a parameter of CloudOps Orchestration Service.
    #[schemars(default)]
    object_type: ObjectType,
    /// The file's name; by default the object's, in both of which pathTranslation replaces the slashes.
    #[schemars(example = &"password")]
    object_alias: Option<String>,
    /// The version: its id in KMS, its number in OOS; by default the current one.
    #[schemars(example = &"v1")]
    object_version: Option<TextOrNumber>,
    /// The version by its stage; only for KMS.
    #[schemars(example = &"ACSPrevious")]
    object_version_label: Option<String>,
    /// Values of a JSON secret, each in a file of its own beside the whole.
    jmes_path: Option<Vec<Extract>>,
    /// The KMS endpoint for this object: one of the cloud's, or one that the operator allows.
    #[schemars(example = &"kms.cn-hangzhou.aliyuncs.com")]
    kms_endpoint: Option<String>,
    /// The role that reads the object, of another account as a rule.
    #[schemars(example = &"acs:ram::1234567890123456:role/reader")]
    cross_account_role_arn: Option<String>,
    /// The file's mode in octal; by default the driver's.
    #[schemars(example = &"0400")]
    file_permission: Option<TextOrNumber>,
    /// How the text is decoded before it becomes the file.
    #[schemars(default)]
    object_encoding: ObjectEncoding,
    /// Whether a secret that does not exist leaves its files out instead of failing the mount.
    #[schemars(example = true)]
    optional: Option<bool>,
}

/// A value of a JSON secret.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is of interest")]
struct Extract {
    /// A JMESPath expression.
    #[schemars(length(min = 1, max = 4096), example = &"username", example = &"credentials.username")]
    path: String,
    /// The file's name; by default the expression, translated.
    #[schemars(example = &"user")]
    object_alias: Option<String>,
    /// The file's mode in octal; by default the object's.
    #[schemars(example = &"0400")]
    file_permission: Option<TextOrNumber>,
    /// How the text is decoded before it becomes the file.
    #[schemars(default)]
    object_encoding: ObjectEncoding,
}

#[derive(Default, JsonSchema, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is of interest")]
enum ObjectType {
    #[default]
    Kms,
    Oos,
}

#[derive(Default, JsonSchema, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is of interest")]
enum ObjectEncoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    Base64,
    Hex,
}

/// What looks like a number need not be quoted.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "only its schema is of interest")]
enum TextOrNumber {
    Text(String),
    Number(u64),
}

fn schema() -> Value {
    schema_for!(Objects).to_value()
}

fn properties<'a>(schema: &'a Value, definition: &str) -> &'a serde_json::Map<String, Value> {
    schema["$defs"][definition]["properties"].as_object().expect("an object's schema")
}

#[test]
fn the_kept_schema_is_the_generated_one() {
    let generated = format!("{:#}\n", schema());
    if std::fs::read_to_string(KEPT).is_ok_and(|kept| kept == generated) {
        return;
    }
    std::fs::write(format!("{KEPT}.new"), generated).expect("the package's folder can be written");
    panic!("{KEPT} is not what the types say; look at {KEPT}.new and let it take its place");
}

#[test]
fn the_schema_has_the_fields_that_are_read_and_no_others() {
    let schema = schema();
    for (definition, fields) in [("SecretObject", FIELDS), ("Extract", EXTRACT_FIELDS)] {
        let described: BTreeSet<_> = properties(&schema, definition).keys().map(String::as_str).collect();
        assert_eq!(described, fields.iter().copied().collect(), "{definition}");
    }
}

#[test]
fn what_the_schema_shows_and_lists_is_read() {
    let schema = schema();
    let values = |field: &Value| -> Vec<Value> {
        let reference = field["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        let listed = reference.map_or(Value::Null, |name| schema["$defs"][name]["enum"].clone());
        [&field["examples"], &listed]
            .iter()
            .filter_map(|values| values.as_array())
            .flatten()
            .cloned()
            .collect()
    };
    let mut count = 0;
    let mut accept = |entry: Value| {
        count += 1;
        let (_, findings) = check_objects(&format!("[{entry}]"), &Rules::default());
        assert!(findings.is_empty(), "{entry}: {findings:?}");
    };
    for (field, description) in properties(&schema, "SecretObject") {
        for value in values(description) {
            let mut entry = serde_json::json!({ "objectName": "test" });
            entry[field.as_str()] = value;
            accept(entry);
        }
    }
    for (field, description) in properties(&schema, "Extract") {
        for value in values(description) {
            let mut extract = serde_json::json!({ "path": "a", "objectAlias": "file" });
            extract[field.as_str()] = value;
            accept(serde_json::json!({ "objectName": "test", "jmesPath": [extract] }));
        }
    }
    assert!(count > 20, "{count}");
}
