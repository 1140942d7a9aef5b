//! The `SecretProviderClass`: read from YAML as a user writes it, checked as the API server and the driver check it.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use serde_json::{Map, Value};

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
        let parameters = object(spec, "spec.", "parameters")?;
        Ok(Self {
            api_version,
            name,
            namespace: if namespace.is_empty() { "default".into() } else { namespace },
            provider: text(spec, "spec.", "provider")?,
            parameters: parameters
                .keys()
                .map(|key| Ok((key.clone(), text(parameters, "spec.parameters.", key)?)))
                .collect::<Result<_, ClassError>>()?,
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
