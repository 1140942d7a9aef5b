//! What the driver asks for: four texts in, one typed request out.
//!
//! The texts may hold tokens and keys, so every value is [`Sensitive`] until it is known to be something else, and no
//! parser's own message is repeated: those quote what they found.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::excerpt::Excerpt;
use super::file::FileMode;
use super::guess::guess;
use super::object::{self, Finding, SecretObject, parse_objects};
use super::path::{self, Translation};
use super::settings::Settings;
use super::volumes::Volume;
use crate::alicloud::Region;
use crate::alicloud::endpoint;
use crate::credential::{self, Caller};
use crate::sensitive::Sensitive;

/// What a class's `parameters` may hold.
pub const PARAMETERS: &[&str] = &["objects", "region", "pathTranslation", "usePodServiceAccountToken"];
/// Keys of the driver's own and of the kubelet's.
const OTHERS: &[&str] = &[CLASS, "providerName"];
const KUBELETS: &str = "csi.storage.k8s.io/";
/// A class with more of them is beyond help.
const MOST_WARNINGS: usize = 100;

/// Under which the driver sends the name of the class.
pub(crate) const CLASS: &str = "secretProviderClass";
/// Under which the kubelet sends the namespace of pod and class.
pub(crate) const POD_NAMESPACE: &str = "csi.storage.k8s.io/pod.namespace";
const POD_NAME: &str = "csi.storage.k8s.io/pod.name";
const POD_UID: &str = "csi.storage.k8s.io/pod.uid";

/// A mount's parameters: those of the class, overridden by those of the pod's volume, joined by the kubelet's.
#[derive(Debug)]
pub struct Attributes(BTreeMap<String, Sensitive<String>>);

impl Attributes {
    /// Reads the JSON object that the driver sends.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse_string_map("attributes", text)?
            .map(Self)
            .ok_or(Error::NotAnObject { field: "attributes", found: "null" })
    }

    /// A parameter, if it is there.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.expose().as_str())
    }

    /// What is there and nobody reads: neither the provider, the driver nor the kubelet.
    fn unknown(&self) -> impl Iterator<Item = Warning> {
        let read =
            |name: &str| PARAMETERS.contains(&name) || OTHERS.contains(&name) || name.starts_with(KUBELETS);
        let unread = self.0.keys().filter(move |name| !read(name)).take(MOST_WARNINGS);
        unread.map(|name| Warning::UnknownParameter { name: name.clone(), guess: guess(name, PARAMETERS) })
    }

    /// Which class and pod the mount is for.
    pub fn subject(&self) -> Subject {
        let text = |name| self.value(name).unwrap_or_default().to_owned();
        Subject { class: text(CLASS), namespace: text(POD_NAMESPACE), pod: text(POD_NAME) }
    }
}

/// Whom a message is about. Pod authors can write into these, so they are shown as excerpts where they look odd.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Name of the class; empty when an older driver rotates, which does not say.
    pub class: String,
    /// Namespace of pod and class.
    pub namespace: String,
    /// Name of the pod.
    pub pod: String,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = if self.class.is_empty() {
            ("the SecretProviderClass of pod", &self.pod)
        } else {
            ("SecretProviderClass", &self.class)
        };
        let path = format!("{}/{name}", self.namespace);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/');
        if path.bytes().all(plain) && path.len() <= 317 {
            write!(f, "{kind} {path}")
        } else {
            write!(f, "{kind} {}", Excerpt(&path))
        }
    }
}

/// Everything a mount needs to know.
#[derive(Debug)]
pub struct Request {
    /// The class's own region, or the operator's.
    pub region: Option<Region>,
    /// At least one; no two files of them in each other's way.
    pub objects: Vec<SecretObject>,
    /// Whom it is for.
    pub caller: Caller,
    /// Of whose volume, if the kubelet says so.
    pub volume: Option<Volume>,
    /// For every file that has none of its own.
    pub mode: FileMode,
    /// What is odd about the class, and no reason to refuse it.
    pub warnings: Vec<Warning>,
}

impl Request {
    /// Checks all that can be checked before the cloud is asked.
    pub fn parse(
        attributes: &Attributes,
        secrets: &str,
        target_path: &str,
        permission: &str,
        settings: &Settings,
    ) -> Result<Self, Error> {
        if target_path.is_empty() {
            return Err(Error::NoTargetPath);
        }
        let mode = parse_permission(permission)?;
        let secrets = parse_string_map("secrets", secrets)?;
        mutate!(NullSecretsRefused => if secrets.is_none() { return Err(Error::NotAnObject { field: "secrets", found: "null" }) });
        let secrets = secrets.unwrap_or_default();
        let non_empty = |name| attributes.value(name).filter(|value| !value.is_empty());
        let pod_identity = non_empty("usePodServiceAccountToken").map_or(Ok(false), parse_pod_identity)?;
        let caller = Caller::new(pod_identity, |name| attributes.value(name), &secrets);
        let region = mutate!(ClassRegionIgnored, non_empty("region"), None);
        let region = region.map(str::parse).transpose()?.or_else(|| settings.region.clone());
        let translation = mutate!(TranslationIgnored, non_empty("pathTranslation"), None);
        let translation = translation.map(parse_translation).transpose()?;
        let rules = settings.rules(translation.unwrap_or_default(), region.as_ref());
        let (objects, findings) = parse_objects(attributes.value("objects").unwrap_or_default(), &rules)?;
        let warnings = attributes.unknown().chain(findings.into_iter().map(Warning::Object)).collect();
        mutate!(OddFieldsUnsaid: warnings = Vec::new());
        let volume = non_empty(POD_UID).and_then(|uid| Volume::new(uid, target_path));
        Ok(Self { region, objects, caller, volume, mode, warnings })
    }
}

/// Reads `pathTranslation`.
pub fn parse_translation(text: &str) -> Result<Translation, Error> {
    text.parse().map_err(|reason| Error::Translation { found: text.to_owned(), reason })
}

/// Reads `usePodServiceAccountToken`. Whatever is neither on nor off must not be taken for one of them.
pub fn parse_pod_identity(text: &str) -> Result<bool, Error> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Ok(true),
        _ if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(Error::PodIdentityFlag { found: text.to_owned() }),
    }
}

/// Reads the JSON number that the driver sends: decimal, `420` for 0644.
fn parse_permission(text: &str) -> Result<FileMode, Error> {
    let bits = serde_json::from_str(text).ok();
    bits.and_then(FileMode::from_bits).ok_or_else(|| Error::Permission { found: text.to_owned() })
}

/// Something odd about a class that is served all the same.
#[derive(Debug, thiserror::Error)]
pub enum Warning {
    /// Nobody reads this parameter.
    #[error(
        "parameter {} is none of this provider's and has no effect; {}",
        Excerpt(name),
        guess.map_or_else(|| format!("its parameters are {}", PARAMETERS.join(", ")), |guess| format!("{guess} may be meant"))
    )]
    UnknownParameter {
        /// What was written.
        name: String,
        /// What was probably meant.
        guess: Option<&'static str>,
    },
    /// In `objects`.
    #[error("{0}")]
    Object(Finding),
    /// About who reads them.
    #[error("{0}")]
    Identity(credential::Warning),
    /// There is an outage, and the operator prefers old values to none.
    #[error(
        "{} read up to {:.0?} ago {} served, as --serve-stale allows, since {cause}",
        if *objects == 1 { "an object".to_owned() } else { format!("{objects} objects") },
        age,
        if *objects == 1 { "is" } else { "are" }
    )]
    Stale {
        /// How many.
        objects: usize,
        /// How old the oldest is.
        age: Duration,
        /// Why one of them could not be read.
        cause: String,
    },
}

/// A request that cannot be served as it is. The author of the class, or of the driver, must change it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON.
    #[error("{field} is no JSON (line {line}, column {column}); the driver sends a JSON object of strings")]
    NotJson {
        /// Which field of the request.
        field: &'static str,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// JSON, but no object.
    #[error("{field}: found {found}, expected a JSON object of strings")]
    NotAnObject {
        /// Which field of the request.
        field: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// An object with something other than text in it.
    #[error("{field}: {}: found {found}, expected text", Excerpt(key))]
    NotText {
        /// Which field of the request.
        field: &'static str,
        /// Under which key.
        key: String,
        /// What it is.
        found: &'static str,
    },
    /// The driver always names it.
    #[error("target_path is missing; the driver sends the directory that the volume is mounted at")]
    NoTargetPath,
    /// Not a mode.
    #[error(
        "permission: found {}, expected a decimal JSON number from 0 to 511, such as 420 for mode 0644",
        Excerpt(found)
    )]
    Permission {
        /// What was sent.
        found: String,
    },
    /// Neither on nor off; taken for off, it would read with another identity than was meant.
    #[error("usePodServiceAccountToken: found {}, expected \"true\" or \"false\"", Excerpt(found))]
    PodIdentityFlag {
        /// What was written.
        found: String,
    },
    /// `region` is none.
    #[error("region: {0}")]
    Region(#[from] endpoint::ParseError),
    /// `pathTranslation` is none.
    #[error("pathTranslation: found {}, {reason}", Excerpt(found))]
    Translation {
        /// What was written.
        found: String,
        /// What was expected.
        reason: path::Error,
    },
    /// `objects` is wrong.
    #[error(transparent)]
    Objects(#[from] object::Error),
}

/// Reads a JSON object of strings, or `null`.
fn parse_string_map(
    field: &'static str,
    text: &str,
) -> Result<Option<BTreeMap<String, Sensitive<String>>>, Error> {
    let not_json =
        |error: serde_json::Error| Error::NotJson { field, line: error.line(), column: error.column() };
    let members = match serde_json::from_str(text).map_err(not_json)? {
        Json::Object(members) => members,
        Json::Other("null") => return Ok(None),
        Json::Other(found) => return Err(Error::NotAnObject { field, found }),
        Json::Text(_) => return Err(Error::NotAnObject { field, found: "text" }),
    };
    let texts = members.into_iter().map(|(key, member)| match member {
        Json::Text(text) => Ok((key, text)),
        Json::Other(found) => {
            mutate!(MalformedTaken, Err(Error::NotText { field, key, found }), Ok((key, found.into())))
        }
        Json::Object(_) => Err(Error::NotText { field, key, found: "an object" }),
    });
    texts.collect::<Result<_, _>>().map(Some)
}

/// As much of JSON as matters here.
enum Json {
    Object(BTreeMap<String, Json>),
    Text(Sensitive<String>),
    Other(&'static str),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyJson;

        impl<'de> Visitor<'de> for AnyJson {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON")
            }

            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json::Text(text.into()))
            }

            fn visit_string<E>(self, text: String) -> Result<Json, E> {
                Ok(Json::Text(text.into()))
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Other("null"))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
                Ok(Json::Other("a boolean"))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
                Ok(Json::Other("a number"))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
                Ok(Json::Other("a number"))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
                Ok(Json::Other("a number"))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Json::Other("a list"))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((key, member)) = entries.next_entry()? {
                    members.insert(key, member);
                }
                Ok(Json::Object(members))
            }
        }

        deserializer.deserialize_any(AnyJson)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const OBJECTS: &str = r#"{"objects":"- objectName: test"}"#;

    fn parse(attributes: &str, secrets: &str, target: &str, permission: &str) -> Result<Request, Error> {
        let settings = Settings { region: "cn-hangzhou".parse().ok(), ..Settings::default() };
        Request::parse(&Attributes::parse(attributes)?, secrets, target, permission, &settings)
    }

    #[test]
    fn the_drivers_request_is_understood() {
        let attributes = r#"{"objects":"- objectName: test\n","region":"cn-beijing","secretProviderClass":"c",
            "csi.storage.k8s.io/pod.namespace":"ns","csi.storage.k8s.io/pod.name":"p"}"#;
        let request = parse(attributes, "null", "/t", "420").unwrap();
        assert_eq!(request.objects[0].files[0].path.as_str(), "test");
        assert!(request.warnings.is_empty(), "{:?}", request.warnings);
        assert_eq!(request.region.unwrap().as_str(), "cn-beijing");
        assert_eq!(request.mode.bits(), 0o644);
        assert_eq!(Attributes::parse(attributes).unwrap().subject().to_string(), "SecretProviderClass ns/c");
    }

    #[rstest]
    #[case("nonsense", "null", "/t", "420", "attributes is no JSON (line 1, column 2)")]
    #[case("", "null", "/t", "420", "attributes is no JSON")]
    #[case("null", "null", "/t", "420", "attributes: found null, expected a JSON object of strings")]
    #[case("[]", "null", "/t", "420", "attributes: found a list, expected a JSON object of strings")]
    #[case(r#"{"objects":5}"#, "null", "/t", "420", "attributes: \"objects\": found a number, expected text")]
    #[case(r#"{"objects":{"a":"b"}}"#, "null", "/t", "420", "attributes: \"objects\": found an object")]
    #[case(OBJECTS, "", "/t", "420", "secrets is no JSON")]
    #[case(OBJECTS, r#"{"k":["hunter2"]}"#, "/t", "420", "secrets: \"k\": found a list, expected text")]
    #[case(OBJECTS, r#""hunter2""#, "/t", "420", "secrets: found text, expected a JSON object of strings")]
    #[case(OBJECTS, "null", "", "420", "target_path is missing")]
    #[case(OBJECTS, "null", "/t", "", "permission: found \"\", expected a decimal JSON number")]
    #[case(OBJECTS, "null", "/t", "rw-r--r--", "permission: found \"rw-r--r--\"")]
    #[case(OBJECTS, "null", "/t", "512", "permission: found \"512\"")]
    #[case(OBJECTS, "null", "/t", "-1", "permission: found \"-1\"")]
    #[case("{}", "null", "/t", "420", "objects is missing or empty")]
    #[case(
        r#"{"objects":"- objectName: a","region":"a.b"}"#,
        "null",
        "/t",
        "420",
        "region: \"a.b\" is no region id"
    )]
    #[case(
        r#"{"objects":"- objectName: a","pathTranslation":"ab"}"#,
        "null",
        "/t",
        "420",
        "pathTranslation: found \"ab\", expected one"
    )]
    #[case(
        r#"{"objects":"- objectName: a","usePodServiceAccountToken":"yes"}"#,
        "null",
        "/t",
        "420",
        "usePodServiceAccountToken: found \"yes\", expected \"true\" or \"false\""
    )]
    #[case(
        r#"{"objects":"- objectName: acs:kms:cn-beijing:1:secret/a"}"#,
        "null",
        "/t",
        "420",
        "objectName is in region cn-beijing, but the class reads in region cn-hangzhou"
    )]
    fn malformed_requests_are_refused_by_field(
        #[case] attributes: &str,
        #[case] secrets: &str,
        #[case] target: &str,
        #[case] permission: &str,
        #[case] expected: &str,
    ) {
        let message = parse(attributes, secrets, target, permission).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn parameters_that_nobody_reads_are_warnings() {
        let attributes = r#"{"objects":"- objectName: a","regions":"x","colour":"red"}"#;
        let request = parse(attributes, "null", "/t", "420").unwrap();
        let warnings: Vec<_> = request.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(request.region.unwrap().as_str(), "cn-hangzhou");
        assert!(warnings[0].contains("\"colour\"") && warnings[0].contains("usePodServiceAccountToken"));
        assert!(warnings[1].contains("\"regions\"") && warnings[1].ends_with("region may be meant"));
        assert_eq!(warnings.len(), 2);
    }

    #[test]
    fn other_secrets_than_a_key_pair_are_no_obstacle() {
        assert!(parse(OBJECTS, r#"{"csi.storage.k8s.io/serviceAccount.tokens":"{}"}"#, "/t", "420").is_ok());
    }

    #[test]
    fn an_odd_name_is_quoted_in_messages() {
        let subject = Subject { class: "c\nd".into(), namespace: "ns".into(), pod: "p".into() };
        assert_eq!(subject.to_string(), r#"SecretProviderClass "ns/c\nd""#);
    }
}
