//! The chapters about who asks.

use std::fmt::Write as _;
use std::sync::Arc;

use super::calls;
use crate::alicloud::{Fault, RoleArn, call, metadata};
use crate::credential::plan::{Configured, provider_level};
use crate::credential::setting::{self, Setting, sensitive};
use crate::credential::{Claims, Error, KeyPair, Source, Warning};
use crate::kubernetes::{self, Name};

fn account() -> Name {
    Name::new("shop", "reader").unwrap()
}

fn role() -> RoleArn {
    "acs:ram::1234567890123456:role/reader".parse().unwrap()
}

fn refused(fault: Fault, code: &str, status: u16) -> call::Error {
    let (host, request_id) = ("sts-vpc.cn-hangzhou.aliyuncs.com".to_owned(), "6A1B-43".to_owned());
    call::Error::Refused { host, code: code.to_owned(), status, request_id, fault }
}

fn clusters() -> [kubernetes::Error; 8] {
    use kubernetes::Error;
    [
        Error::Unusable { reason: "no such file".to_owned() },
        Error::Unauthorized { account: account() },
        Error::Forbidden { account: account() },
        Error::Missing { account: account() },
        Error::Refused { account: account(), reason: "InternalError".to_owned(), status: 500 },
        Error::Nonsense { account: account() },
        Error::Unreachable { account: account(), reason: "Connection refused (os error 111)".to_owned() },
        Error::TimedOut,
    ]
}

fn instances() -> [metadata::Error; 4] {
    use metadata::Error;
    let host = || "100.100.100.200".to_owned();
    [
        Error::NoRole,
        Error::OtherRole { role: "reader".to_owned() },
        Error::Refused { host: host(), status: 403 },
        Error::Call(Arc::new(call::Error::TimedOut { host: host() })),
    ]
}

fn settings() -> [setting::Error; 3] {
    let text = |text: &str| Some(text.into());
    let parse = crate::credential::settings::parse_session_seconds;
    [
        Setting::new("ACCESS_KEY_ID", text("a"), Some("/b".into()), sensitive).map(|_| ()).unwrap_err(),
        Setting::new("ALICLOUD_ROLE_SESSION_EXPIRATION", text("60"), None, parse).map(|_| ()).unwrap_err(),
        Setting::new("ACCESS_KEY_ID", None, Some("/nonexistent/id".into()), sensitive)
            .map(|_| ())
            .unwrap_err(),
    ]
}

/// Every kind at least once.
pub(super) fn errors() -> Vec<Error> {
    let provider = "acs:ram::1234567890123456:oidc-provider/ack-rrsa-c1".parse().unwrap();
    // Says {"iss":"https://issuer/c1","aud":["sts.aliyuncs.com"],"sub":"system:serviceaccount:shop:reader"}.
    let token = "e30.eyJpc3MiOiJodHRwczovL2lzc3Vlci9jMSIsImF1ZCI6WyJzdHMuYWxpeXVuY3MuY29tIl0sInN1YiI6InN5c3RlbTpzZXJ2aWNl\
                 YWNjb3VudDpzaG9wOnJlYWRlciJ9.c2ln";
    let federation = |source, fault, code: &str, status| {
        let claims = Claims::of(&token.into());
        Error::federation(source, &role(), &provider, claims, refused(fault, code, status))
    };
    let no_permission = || refused(Fault::Denied, "NoPermission", 403);
    let mut errors = vec![
        Error::NoAnnotation { account: account() },
        Error::Annotation { account: account(), found: "reader".to_owned() },
        Error::HalfAPodsPair { present: "access_key", missing: "access_secret" },
        Error::NoServiceAccount,
        Error::NoTokens,
        Error::NoAudience { found: String::new() },
        Error::NoAudience { found: r#""vault""#.to_owned() },
        Error::Tokens { line: 1, column: 2 },
        Error::NoProvider,
        Error::TokenFile { path: "/var/run/secrets/tokens/t".into(), reason: "it is empty".to_owned() },
        federation(Source::PodServiceAccount, Fault::Denied, "AuthenticationFail.NoPermission", 401),
        federation(Source::ProviderOidc, Fault::Credential, "AuthenticationFail.OIDCToken.Expired", 401),
        Error::assumption(Source::AccessKey, &role(), no_permission()),
        Error::assumption(
            Source::AccessKey,
            &role(),
            refused(Fault::Invalid, "InvalidParameter.DurationSeconds", 400),
        ),
        Error::cross_account(Source::PodServiceAccount, &role(), no_permission()),
        Error::Base(Box::new(Error::NoTokens)),
        Error::TooLate,
    ];
    errors.extend(settings().map(Error::Setting));
    errors.extend(clusters().map(Error::Kubernetes));
    errors.extend(instances().map(Error::Instance));
    errors.extend(instances().map(Error::NoRegion).into_iter().take(1));
    errors.extend(calls().map(|cause| Error::assumption(Source::NodePublishSecret, &role(), cause)));
    errors
}

/// Writes them all.
pub(super) fn chapters(text: &mut String) {
    use kubernetes::Error as Cluster;
    use metadata::Error as Instance;
    use setting::Error as Wrong;

    chapter!(text, "What is wrong with a setting (the operator)", settings(), Wrong { Twice, Text, File });
    let id = Setting::new("ACCESS_KEY_ID", Some("LTAI".into()), None, sensitive).unwrap();
    let half = KeyPair::new(id, None).unwrap_err();
    writeln!(text, "HalfAPair: {half}").unwrap();
    let alone = provider_level(Configured { role: true, ..Configured::default() }).unwrap_err();
    writeln!(text, "RoleAlone: {alone}").unwrap();
    chapter!(
        text,
        "Why a service account could not be read (the operator)",
        clusters(),
        Cluster { Unusable, Unauthorized, Forbidden, Missing, Refused, Nonsense, Unreachable, TimedOut }
    );
    chapter!(
        text,
        "Why instance metadata did not help (the operator)",
        instances(),
        Instance { NoRole, OtherRole, Refused, Call }
    );
    chapter!(
        text,
        "Why there is no credential (see each)",
        errors(),
        Error {
            NoAnnotation,
            Annotation,
            HalfAPodsPair,
            NoServiceAccount,
            NoTokens,
            NoAudience,
            Tokens,
            Setting,
            NoProvider,
            TokenFile,
            Kubernetes,
            Instance,
            NoRegion,
            Federation,
            Assumption,
            CrossAccount,
            Base,
            TooLate,
        }
    );
    let warnings = [
        Warning::KeyPairIgnored { used: Source::RamRole },
        Warning::FellBack { used: Source::EcsRamRole, reason: Box::new(Error::NoTokens) },
    ];
    chapter!(
        text,
        "What is odd about who asks (a warning in the log)",
        warnings,
        Warning { KeyPairIgnored, FellBack }
    );
}
