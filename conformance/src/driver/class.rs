//! The `SecretProviderClass`: read from YAML as a user writes it, checked as the API server and the driver check it.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

const GROUP: &str = "secrets-store.csi.x-k8s.io";

/// A `SecretProviderClass` as the driver reads it. Provider and parameters may be empty: the driver checks them at mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretProviderClass {
    /// The version it was written in.
    pub api_version: ApiVersion,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`, `default` when absent.
    pub namespace: String,
    /// `spec.provider`, the name of the provider's socket.
    pub provider: String,
    /// `spec.parameters`.
    pub parameters: BTreeMap<String, String>,
    /// `spec.secretObjects`: Secrets to be made of the mounted files.
    pub secret_objects: Vec<SecretObject>,
}

/// A Secret to be made of mounted files. Everything may be empty: the driver checks it at each synchronization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretObject {
    /// `secretName`
    pub secret_name: String,
    /// `type`
    pub secret_type: String,
    /// `labels`
    pub labels: BTreeMap<String, String>,
    /// `annotations`
    pub annotations: BTreeMap<String, String>,
    /// `data`
    pub data: Vec<SecretKey>,
}

/// One key of such a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKey {
    /// `objectName`: the path of a mounted file.
    pub object_name: String,
    /// `key`: the key that holds its content.
    pub key: String,
}

/// The served versions of the resource; their schema is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiVersion {
    /// `secrets-store.csi.x-k8s.io/v1`
    V1,
    /// `secrets-store.csi.x-k8s.io/v1alpha1`, deprecated and printed on many pages
    V1Alpha1,
}

/// The API server refuses the manifest.
#[derive(Debug, thiserror::Error)]
pub enum ClassError {
    /// The text is no YAML.
    #[error("the manifest is no YAML: {0}")]
    Yaml(String),
    /// Another kind of resource, or a version that is not served.
    #[error("no matches for kind {kind:?} in version {api_version:?}")]
    Kind {
        /// What `kind` says.
        kind: String,
        /// What `apiVersion` says.
        api_version: String,
    },
    /// A field has another type than the schema wants.
    #[error("{field} in body must be of type {expected}")]
    Type {
        /// The path of the field.
        field: String,
        /// What the schema wants.
        expected: &'static str,
    },
    /// `metadata.name` is missing.
    #[error("resource name may not be empty")]
    Name,
}

impl FromStr for SecretProviderClass {
    type Err = ClassError;

    fn from_str(yaml: &str) -> Result<Self, ClassError> {
        let manifest: Value =
            serde_yaml::from_str(yaml).map_err(|error| ClassError::Yaml(error.to_string()))?;
        Self::from_object(&manifest)
    }
}

impl SecretProviderClass {
    /// Reads the object that the API server holds, or is about to.
    pub fn from_object(manifest: &Value) -> Result<Self, ClassError> {
        let manifest =
            manifest.as_object().ok_or(ClassError::Type { field: "manifest".into(), expected: "object" })?;
        let api_version = api_version(manifest)?;
        let metadata = object(manifest, "", "metadata")?;
        let spec = object(manifest, "", "spec")?;
        let name = text(metadata, "metadata.", "name")?;
        if name.is_empty() {
            return Err(ClassError::Name);
        }
        let namespace = text(metadata, "metadata.", "namespace")?;
        Ok(Self {
            api_version,
            name,
            namespace: if namespace.is_empty() { "default".into() } else { namespace },
            provider: text(spec, "spec.", "provider")?,
            parameters: texts(spec, "spec.", "parameters")?,
            secret_objects: list(spec, "spec.", "secretObjects", SecretObject::from_object)?,
        })
    }

    /// The object that the API server holds.
    pub fn to_object(&self) -> Value {
        let secret_objects = self.secret_objects.iter().map(|secret| {
            let data = secret.data.iter();
            let data = data.map(|item| json!({ "objectName": item.object_name, "key": item.key }));
            json!({
                "secretName": secret.secret_name,
                "type": secret.secret_type,
                "labels": secret.labels,
                "annotations": secret.annotations,
                "data": data.collect::<Vec<_>>(),
            })
        });
        json!({
            "apiVersion": format!("{GROUP}/v1"),
            "kind": "SecretProviderClass",
            "metadata": { "name": self.name, "namespace": self.namespace },
            "spec": {
                "provider": self.provider,
                "parameters": self.parameters,
                "secretObjects": secret_objects.collect::<Vec<_>>(),
            },
        })
    }
}

impl SecretObject {
    fn from_object(object: &Map<String, Value>, path: &str) -> Result<Self, ClassError> {
        Ok(Self {
            secret_name: text(object, path, "secretName")?,
            secret_type: text(object, path, "type")?,
            labels: texts(object, path, "labels")?,
            annotations: texts(object, path, "annotations")?,
            data: list(object, path, "data", |item, path| {
                Ok(SecretKey { object_name: text(item, path, "objectName")?, key: text(item, path, "key")? })
            })?,
        })
    }
}

fn api_version(manifest: &Map<String, Value>) -> Result<ApiVersion, ClassError> {
    let kind = text(manifest, "", "kind")?;
    let api_version = text(manifest, "", "apiVersion")?;
    match (kind.as_str(), api_version.strip_prefix(GROUP)) {
        ("SecretProviderClass", Some("/v1")) => Ok(ApiVersion::V1),
        ("SecretProviderClass", Some("/v1alpha1")) => Ok(ApiVersion::V1Alpha1),
        _ => Err(ClassError::Kind { kind, api_version }),
    }
}

/// A field that holds an object; absent and `null` read as empty, as the schema makes nothing mandatory.
fn object<'a>(
    parent: &'a Map<String, Value>,
    path: &str,
    key: &str,
) -> Result<&'a Map<String, Value>, ClassError> {
    static EMPTY: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    match parent.get(key) {
        None | Some(Value::Null) => Ok(&EMPTY),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(ClassError::Type { field: format!("{path}{key}"), expected: "object" }),
    }
}

/// A field that holds an object of strings.
fn texts(parent: &Map<String, Value>, path: &str, key: &str) -> Result<BTreeMap<String, String>, ClassError> {
    let members = object(parent, path, key)?;
    let path = format!("{path}{key}.");
    members.keys().map(|key| Ok((key.clone(), text(members, &path, key)?))).collect()
}

/// A field that holds a list of objects.
fn list<T>(
    parent: &Map<String, Value>,
    path: &str,
    key: &str,
    read: impl Fn(&Map<String, Value>, &str) -> Result<T, ClassError>,
) -> Result<Vec<T>, ClassError> {
    let path = format!("{path}{key}");
    let items = match parent.get(key) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(ClassError::Type { field: path, expected: "array" }),
    };
    let read = |(index, item): (usize, &Value)| {
        let field = format!("{path}[{index}]");
        let item = item.as_object().ok_or(ClassError::Type { field: field.clone(), expected: "object" })?;
        read(item, &format!("{field}."))
    };
    items.iter().enumerate().map(read).collect()
}

fn text(parent: &Map<String, Value>, path: &str, key: &str) -> Result<String, ClassError> {
    match parent.get(key) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(ClassError::Type { field: format!("{path}{key}"), expected: "string" }),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const PRINTED: &str = r#"
apiVersion: secrets-store.csi.x-k8s.io/v1alpha1
kind: SecretProviderClass
metadata:
  name: test-secrets
spec:
  provider: alibabacloud
  parameters:
    region: cn-hangzhou
    objects: |
      - objectName: "test"
"#;

    #[test]
    fn the_printed_class_reads_as_printed() {
        let class: SecretProviderClass = PRINTED.parse().unwrap();

        assert_eq!((class.name.as_str(), class.namespace.as_str()), ("test-secrets", "default"));
        assert_eq!((class.api_version, class.provider.as_str()), (ApiVersion::V1Alpha1, "alibabacloud"));
        assert_eq!(class.parameters["objects"], "- objectName: \"test\"\n");
    }

    #[rstest]
    #[case::number("region: 1", "spec.parameters.region in body must be of type string")]
    #[case::boolean(
        "usePodServiceAccountToken: true",
        "spec.parameters.usePodServiceAccountToken in body must be of type string"
    )]
    #[case::list("objects: [{objectName: test}]", "spec.parameters.objects in body must be of type string")]
    fn parameters_that_are_no_strings_are_refused(#[case] parameter: &str, #[case] message: &str) {
        let manifest = PRINTED.replace("region: cn-hangzhou", parameter);
        let manifest = if parameter.starts_with("objects") { without_objects(&manifest) } else { manifest };

        let error = manifest.parse::<SecretProviderClass>().unwrap_err();

        assert_eq!(error.to_string(), message);
    }

    fn without_objects(manifest: &str) -> String {
        let end = manifest.find("    objects: |").expect("the class has objects");
        manifest[..end].to_owned()
    }

    #[test]
    fn secret_objects_are_read_as_the_drivers_documentation_writes_them() {
        let objects = "  secretObjects:
  - secretName: foosecret
    type: Opaque
    labels: { environment: test }
    data:
    - objectName: foo
      key: username
";
        let class: SecretProviderClass = format!("{PRINTED}{objects}").parse().unwrap();

        let expected = SecretObject {
            secret_name: "foosecret".into(),
            secret_type: "Opaque".into(),
            labels: BTreeMap::from([("environment".into(), "test".into())]),
            annotations: BTreeMap::new(),
            data: vec![SecretKey { object_name: "foo".into(), key: "username".into() }],
        };
        assert_eq!(class.secret_objects, [expected]);
    }

    #[test]
    fn a_class_survives_the_api_server() {
        let objects = "  secretObjects: [{secretName: a, type: b, data: [{objectName: c, key: d}]}]\n";
        let class: SecretProviderClass = format!("{PRINTED}{objects}").parse().unwrap();

        let stored = SecretProviderClass::from_object(&class.to_object()).unwrap();

        assert_eq!(stored, SecretProviderClass { api_version: ApiVersion::V1, ..class });
    }

    #[test]
    fn secret_objects_that_are_no_list_are_refused() {
        let error = format!("{PRINTED}  secretObjects: {{}}\n").parse::<SecretProviderClass>().unwrap_err();

        assert_eq!(error.to_string(), "spec.secretObjects in body must be of type array");
    }

    #[test]
    fn empty_provider_and_parameters_are_left_to_the_driver() {
        let class: SecretProviderClass =
            "{apiVersion: secrets-store.csi.x-k8s.io/v1, kind: SecretProviderClass, metadata: {name: a}}"
                .parse()
                .unwrap();

        assert_eq!(class.provider, "");
        assert!(class.parameters.is_empty());
    }

    #[rstest]
    #[case::kind("kind: SecretProviderClass", "kind: Secret")]
    #[case::version("x-k8s.io/v1alpha1", "x-k8s.io/v2")]
    #[case::group("secrets-store.csi", "secrets")]
    fn other_kinds_and_versions_are_refused(#[case] right: &str, #[case] wrong: &str) {
        let error = PRINTED.replace(right, wrong).parse::<SecretProviderClass>().unwrap_err();

        assert!(matches!(error, ClassError::Kind { .. }), "{error}");
    }
}
