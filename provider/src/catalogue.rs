//! Every message that a mount can fail with, in one file for review: `tests/snapshots/messages.snap`.
//!
//! A chapter per enum. Leaving a variant out does not compile, and a variant without a sample fails.

use std::fmt::Write as _;
use std::time::Duration;

use crate::alicloud::endpoint::ParseError;
use crate::alicloud::{Endpoint, Fault, Region, call, metadata};
use crate::credential::{self, Source};
use crate::mount::extract::Document;
use crate::mount::object::{Problem, Rules, check_objects};
use crate::mount::path::{self, FilePath, Translation};
use crate::mount::request::{Attributes, Error as RequestError, Request, Warning};
use crate::mount::settings::Settings;
use crate::mount::{self, advice};
use crate::service::{self, PanicPayload, code};
use crate::store::{self, Selection, kms, oos};

/// Writes a chapter: a title, then each sample under its variant's name.
macro_rules! chapter {
    ($text:ident, $title:literal, $samples:expr, $enum:ident { $($variant:ident),+ $(,)? }) => {{
        let mut missing = vec![$(stringify!($variant)),+];
        write!($text, "\n# {}\n", $title).expect("a String takes everything");
        for sample in $samples {
            let name = match &sample {
                $($enum::$variant { .. } => stringify!($variant)),+
            };
            missing.retain(|variant| *variant != name);
            writeln!($text, "{name}: {sample}").expect("a String takes everything");
        }
        assert!(missing.is_empty(), "{}: no sample of {missing:?}", $title);
    }};
}

mod identity;

const OBJECTS: &str = r#"{"objects":"- objectName: a"}"#;

fn request(attributes: &str, secrets: &str, target: &str, permission: &str) -> Result<Request, RequestError> {
    Request::parse(&Attributes::parse(attributes)?, secrets, target, permission, &Settings::default())
}

fn requests() -> impl Iterator<Item = RequestError> {
    let with = |parameter: &str| format!(r#"{{"objects":"- objectName: a",{parameter}}}"#);
    let samples = [
        ("nonsense".to_owned(), "null", "/t", "420"),
        ("[]".to_owned(), "null", "/t", "420"),
        (r#"{"objects":5}"#.to_owned(), "null", "/t", "420"),
        (OBJECTS.to_owned(), "null", "", "420"),
        (OBJECTS.to_owned(), "null", "/t", "0644"),
        (with(r#""usePodServiceAccountToken":"yes""#), "null", "/t", "420"),
        (with(r#""region":"Hangzhou""#), "null", "/t", "420"),
        (with(r#""pathTranslation":"__""#), "null", "/t", "420"),
        ("{}".to_owned(), "null", "/t", "420"),
    ];
    samples.into_iter().map(|(attributes, secrets, target, permission)| {
        request(&attributes, secrets, target, permission).expect_err(&attributes)
    })
}

fn problems() -> Vec<Problem> {
    let region: Region = "cn-hangzhou".parse().unwrap();
    let files: Vec<_> = (0..5_000).map(|index| format!("{{path: k{index}}}")).collect();
    let texts = [
        "[]".to_owned(),
        "- objectName: 'a".to_owned(),
        "- {objectName: a, objectName: b}".to_owned(),
        "objectName: a".to_owned(),
        " ".repeat((1 << 20) + 1),
        "- objectName: a\n".repeat(1_001),
        format!("- {{objectName: a, jmesPath: [{}]}}", files.join(",")),
        "- my-secret".to_owned(),
        "- {objectName: a, jmesPath: [user]}".to_owned(),
        "- {objectAlias: a}".to_owned(),
        "- {objectName: a, jmesPath: [{objectAlias: b}]}".to_owned(),
        "- {objectName: [a]}".to_owned(),
        "- {objectName: a, jmesPath: user}".to_owned(),
        "- {objectName: 'acs:kms:db'}".to_owned(),
        "- {objectName: a, objectType: vault}".to_owned(),
        "- {objectName: 'acs:oos:db', objectType: oos}".to_owned(),
        "- {objectName: a, objectType: oos, objectVersion: v1}".to_owned(),
        format!("- {{objectName: a, objectVersion: {}}}", "v".repeat(65)),
        "- {objectName: a, crossAccountRoleArn: reader}".to_owned(),
        "- {objectName: a, filePermission: rw-r--r--}".to_owned(),
        "- {objectName: a, objectEncoding: utf-16}".to_owned(),
        "- {objectName: a, optional: maybe}".to_owned(),
        format!("- {{objectName: a, objectVersionLabel: {}}}", "v".repeat(5_000)),
        "- {objectName: a, objectType: oos, objectVersionLabel: ACSCurrent}".to_owned(),
        "- {objectName: 'acs:kms:cn-beijing:1234567890123456:secret/a', objectAlias: a}".to_owned(),
        "- {objectName: a, kmsEndpoint: kms.example.com/path}".to_owned(),
        "- {objectName: a, kmsEndpoint: kms.example.com}".to_owned(),
        "- {objectName: a, jmesPath: [{path: 'user['}]}".to_owned(),
        "- {objectName: ../a}".to_owned(),
        "- {objectName: a, jmesPath: [{path: b, objectAlias: a}]}".to_owned(),
        "- {objectName: a, objectVersions: v1, colour: red}".to_owned(),
        "- {objectName: a, objectType: oos, kmsEndpoint: kms.example.com}".to_owned(),
    ];
    let rules = Rules { translation: Translation::Keep, region: Some(&region), allowed_endpoints: &[] };
    let findings = texts.iter().flat_map(|text| {
        let (_, findings) = check_objects(text, &rules);
        assert!(!findings.is_empty(), "{text}");
        findings
    });
    findings.map(|finding| finding.problem).collect()
}

fn paths() -> impl Iterator<Item = path::Error> {
    let long = "a".repeat(256);
    let longer = "a/".repeat(2_049);
    let texts = ["", "/a", &longer, &long, "a/../b", "..a", "a//b", "a\0b"].map(str::to_owned);
    let names = texts.into_iter().map(|text| text.parse::<FilePath>().unwrap_err());
    names.chain(["True".parse::<Translation>().unwrap_err()])
}

fn refused(fault: Fault, code: &str, status: u16) -> call::Error {
    let (host, request_id) = ("kms-vpc.cn-hangzhou.aliyuncs.com".to_owned(), "6A1B-42".to_owned());
    call::Error::Refused { host, code: code.to_owned(), status, request_id, fault }
}

fn calls() -> [call::Error; 13] {
    let host = || "kms-vpc.cn-hangzhou.aliyuncs.com".to_owned();
    [
        refused(Fault::NotFound, "Forbidden.ResourceNotFound", 404),
        refused(Fault::Denied, "Forbidden.NoPermission", 403),
        refused(Fault::Credential, "InvalidAccessKeyId.NotFound", 404),
        refused(Fault::Clock, "InvalidTimeStamp.Expired", 400),
        refused(Fault::Throttled, "Rejected.Throttling", 429),
        refused(Fault::Unavailable, "InternalFailure", 500),
        refused(Fault::Invalid, "Rejected.Disabled", 409),
        call::Error::Unreachable { host: host(), reason: "Connection refused (os error 111)".to_owned() },
        call::Error::Untrusted { host: host(), reason: "invalid peer certificate: UnknownIssuer".to_owned() },
        call::Error::TimedOut { host: host() },
        call::Error::Nonsense {
            host: host(),
            reason: "HTTP 502 without the service's error envelope".to_owned(),
            status: Some(502),
        },
        call::Error::Unsendable { host: host(), header: "authorization" },
        call::Error::Crowded { host: host(), flag: Some("--max-concurrent-kms-secret-pulls") },
    ]
}

fn stores() -> impl Iterator<Item = store::Error> {
    let host = || "oos-vpc.cn-hangzhou.aliyuncs.com".to_owned();
    calls().map(store::Error::Call).into_iter().chain([store::Error::Withheld { host: host() }])
}

fn stale(objects: usize) -> Warning {
    let timed_out = call::Error::TimedOut { host: "kms-vpc.cn-hangzhou.aliyuncs.com".to_owned() };
    Warning::Stale {
        objects,
        age: Duration::from_millis(75_400),
        cause: format!("objects[0] \"db\": {timed_out}"),
    }
}

fn selections() -> [Selection; 4] {
    let secret =
        |version_stage| kms::Selection { secret_name: "db/password".into(), version_id: None, version_stage };
    let parameter = |version: Option<&str>| oos::Selection {
        name: "db/password".into(),
        version: version.map(|version| version.parse().unwrap()),
    };
    [
        secret(None).into(),
        secret(Some("ACSPrevious".into())).into(),
        parameter(None).into(),
        parameter(Some("3")).into(),
    ]
}

fn mounts() -> Vec<mount::Error> {
    let (objects, _) = check_objects("- {objectName: db, jmesPath: [{path: user.name}]}", &Rules::default());
    let (object, extract) = (&objects[0], &objects[0].files[1]);
    let label = || object.label.clone();
    let region: Region = "cn-hangzhou".parse().unwrap();
    let read = |cause: store::Error, selection: &Selection| {
        let advice = advice(&cause, Some(&region), selection, Source::AccessKey);
        mount::Error::Read { object: label(), cause, advice }
    };
    let document = Document::parse(br#"{"users":[{"name":"alice"}],"port":1}"#).unwrap();
    let nothing = extract.expression.as_ref().unwrap().search(&document).unwrap_err();
    let [secret, staged, parameter, pinned] = selections();
    let absent = || store::Error::Call(refused(Fault::NotFound, "Forbidden.ResourceNotFound", 404));
    let mut errors = vec![
        request("{}", "null", "/t", "420").unwrap_err().into(),
        mount::Error::NoRegion { cause: None },
        mount::Error::NoRegion {
            cause: Some(metadata::Error::Refused { host: "100.100.100.200".into(), status: 404 }),
        },
        mount::Error::NothingThere,
        mount::Error::Json {
            file: extract.label.clone(),
            cause: Document::parse(b"user=alice").unwrap_err(),
        },
        mount::Error::Extract { file: extract.label.clone(), cause: nothing },
        mount::Error::Encoding { file: extract.label.clone(), encoding: "base64" },
    ];
    errors.extend(identity::errors().into_iter().take(1).map(mount::Error::Credential));
    let cross_account = |cause| mount::Error::CrossAccount { object: label(), cause };
    errors.extend(identity::errors().into_iter().take(1).map(cross_account));
    errors.extend(stores().map(|cause| read(cause, &secret)));
    let deleted = refused(Fault::Invalid, "Rejected.ResourceInDeleteWindow", 409);
    errors.push(read(store::Error::Call(deleted), &secret));
    errors.push(read(absent(), &staged));
    errors.push(read(absent(), &parameter));
    errors.push(read(absent(), &pinned));
    errors.push(read(store::Error::Withheld { host: "oos-vpc.cn-hangzhou.aliyuncs.com".into() }, &parameter));
    errors
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of chapters")]
fn every_message_is_as_reviewed() {
    use call::Error as Call;
    use mount::Error as Mount;
    use path::Error as Path;
    use service::Error as Service;
    use store::Error as Store;

    let mut text = "Every message that a mount can fail with.\n".to_owned();
    chapter!(
        text,
        "What is wrong with a request (the author of the class, or of the driver)",
        requests(),
        RequestError {
            NotJson,
            NotAnObject,
            NotText,
            NoTargetPath,
            Permission,
            PodIdentityFlag,
            Region,
            Translation,
            Objects,
        }
    );
    let ignored = credential::Warning::KeyPairIgnored { used: Source::ProviderOidc };
    let odd = request(
        r#"{"objects":"[{objectName: a, alias: b}]","regoin":"x","colour":"x"}"#,
        "null",
        "/t",
        "420",
    );
    chapter!(
        text,
        "What is odd about a class (a warning in the log)",
        odd.unwrap().warnings.into_iter().chain([Warning::Identity(ignored), stale(1), stale(3)]),
        Warning { UnknownParameter, Object, Identity, Stale }
    );
    chapter!(
        text,
        "What is wrong with objects (the author of the class)",
        problems(),
        Problem {
            NoObjects,
            Yaml,
            NotAList,
            TextTooLong,
            TooMany,
            TooManyFiles,
            NotAMapping,
            Missing,
            Kind,
            Value,
            FieldTooLong,
            OnlyKms,
            OtherRegion,
            EndpointForm,
            EndpointNotAllowed,
            Expression,
            Path,
            Conflict,
            UnknownField,
            NoEffect,
        }
    );
    chapter!(
        text,
        "Why a text is no path (the author of the class)",
        paths(),
        Path { Empty, Absolute, TooLong, ElementTooLong, Traversal, DriversOwn, NotClean, Nul, Translation }
    );
    let forms =
        ["Hangzhou".parse::<Region>().unwrap_err(), "kms.example.com/path".parse::<Endpoint>().unwrap_err()];
    chapter!(
        text,
        "Why a text is no region or endpoint (the author of the class, or the operator)",
        forms,
        ParseError { Region, Endpoint }
    );
    chapter!(
        text,
        "Why a call gave no answer (see each)",
        calls(),
        Call { Refused, Unreachable, Untrusted, TimedOut, Nonsense, Unsendable, Crowded }
    );
    chapter!(text, "Why a store gave no value (see each)", stores(), Store { Call, Withheld });
    chapter!(
        text,
        "Why a mount failed (see each)",
        mounts(),
        Mount { Request, NoRegion, Credential, CrossAccount, Read, NothingThere, Json, Extract, Encoding }
    );
    let services = [
        Service::Mount(Mount::NoRegion { cause: None }),
        Service::TooLarge { size: 5_000_000, largest: 4_194_304 },
        Service::Deadline { allowed: Duration::from_secs(60) },
        Service::Ending,
        Service::Panic(PanicPayload),
    ];
    chapter!(
        text,
        "What the driver is answered (see each)",
        services,
        Service { Mount, TooLarge, Deadline, Ending, Panic }
    );
    identity::chapters(&mut text);
    insta::with_settings!({ snapshot_path => "../tests/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("messages", text);
    });
}

#[test]
fn every_code_is_final() {
    use tonic::Code;

    let identities = identity::errors().into_iter().map(mount::Error::Credential);
    let errors = mounts().into_iter().chain(identities).map(service::Error::Mount).chain([
        service::Error::TooLarge { size: 2, largest: 1 },
        service::Error::Deadline { allowed: Duration::from_secs(1) },
        service::Error::Ending,
        service::Error::Panic(PanicPayload),
    ]);
    let uncertain = [
        Code::Ok,
        Code::Cancelled,
        Code::DeadlineExceeded,
        Code::Unavailable,
        Code::ResourceExhausted,
        Code::Aborted,
    ];
    for error in errors {
        assert!(!uncertain.contains(&code(&error)), "{error:?}");
    }
}
