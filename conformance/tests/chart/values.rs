//! `values.yaml`, the schema and the row with everything speak of the same values.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::engine::{chart, read};

/// What is below is the operator's or Kubernetes' own, so its names are not listed.
const FREE: [&str; 4] =
    ["/linux/affinity", "/linux/resources", "/linux/updateStrategy", "/secrets-store-csi-driver/"];

/// Paths of all values, such as `/linux/image/tag`.
fn paths(values: &Value) -> BTreeSet<String> {
    fn collect(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) if !map.is_empty() && !FREE.contains(&path) => {
                map.iter().for_each(|(name, value)| collect(value, &format!("{path}/{name}"), found));
            }
            _ => drop(found.insert(path.to_owned())),
        }
    }
    let mut found = BTreeSet::new();
    collect(values, "", &mut found);
    found
}

/// The same of a schema's properties.
fn schema_paths(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    match schema["properties"].as_object().filter(|_| !FREE.contains(&path)) {
        Some(properties) => {
            for (name, schema) in properties {
                schema_paths(schema, &format!("{path}/{name}"), found);
            }
        }
        None => drop(found.insert(path.to_owned())),
    }
}

fn own(paths: BTreeSet<String>) -> BTreeSet<String> {
    paths.into_iter().filter(|path| !path.starts_with("/secrets-store-csi-driver/")).collect()
}

#[test]
fn each_value_has_a_default_and_a_rule() {
    let schema = fs::read_to_string(chart().join("values.schema.json")).unwrap();
    let mut ruled = BTreeSet::new();
    schema_paths(&serde_json::from_str(&schema).unwrap(), "", &mut ruled);
    // Helm puts it there.
    assert!(ruled.remove("/global"));

    assert_eq!(own(ruled), own(paths(&read(&chart().join("values.yaml")))));
}

#[test]
fn the_row_with_everything_sets_each_value() {
    let everything = read(&chart().join("ci/everything-values.yaml"));

    let missing: Vec<_> = own(paths(&read(&chart().join("values.yaml"))))
        .into_iter()
        .filter(|path| everything.pointer(path).is_none())
        .collect();

    // rrsa.oidcProviderArn stands in their place; the row rrsa-plain has them.
    assert_eq!(missing, ["/rrsa/accountId", "/rrsa/clusterId"]);
}
