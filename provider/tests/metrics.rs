//! What `/metrics` says: exactly what the README lists, in valid OpenMetrics, with labels from closed sets.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

mod support;

#[path = "metrics/alerts.rs"]
mod alerts;
#[path = "credentials/cluster.rs"]
#[expect(dead_code, reason = "the other tests' world needs more")]
mod cluster;
#[path = "metrics/open_metrics.rs"]
mod open_metrics;
#[path = "credentials/world.rs"]
#[allow(dead_code, reason = "the other tests' world needs more")]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fake_alicloud::{Effect, ErrorEffect, Fault, FaultProduct};
use rstest::rstest;
use tokio::time::timeout;

use open_metrics::{Family, Sample};
use world::{Mount, PARTNER, Setup, Subject, World};

const PREFIX: &str = "alibabacloud_provider_";

/// The value of the only sample of this name with these labels.
fn value(subject: &Subject, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let is_meant = |sample: &Sample| {
        let fits = |(label, value): &(&str, &str)| sample.labels.get(*label).is_some_and(|of| of == value);
        sample.name.strip_prefix(PREFIX) == Some(name) && labels.iter().all(fits)
    };
    let families = open_metrics::read(&subject.metrics.encode());
    let samples: Vec<_> =
        families.iter().flat_map(|family| &family.samples).filter(|sample| is_meant(sample)).collect();
    assert!(samples.len() <= 1, "{samples:?}");
    samples.first().map(|sample| sample.value)
}

fn refusal(code: &str, status: u16) -> Fault {
    Fault::new(Effect::Error(ErrorEffect::new(code).status(status)))
}

/// A provider that has counted everything there is to count.
async fn busy(world: &World) -> Subject {
    world.fake.plan(refusal("Throttling.User", 400).product(FaultProduct::Sts).once()).unwrap();
    let subject = world.provider(Setup::ProviderOidc);
    subject.mount(&Mount::as_pod(world, "reader")).await.unwrap();
    subject
}

/// What the README says of metrics.
fn section() -> &'static str {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("\n## What it counts\n").expect("the section");
    section.split_once("\n## ").map_or(section, |(section, _)| section)
}

/// The README's table: the name as it is queried, its type, its labels.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let rows = section().lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let labels = cells[3].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (cells[1].trim_matches('`').to_owned(), (cells[2].to_owned(), labels))
    })
    .collect()
}

fn exposed(family: &Family) -> (String, (String, BTreeSet<String>)) {
    let suffix = match family.kind.as_str() {
        "counter" => "_total",
        "info" => "_info",
        _ => "",
    };
    let labels = family.labels().into_iter().map(str::to_owned).collect();
    (format!("{}{suffix}", family.name), (family.kind.clone(), labels))
}

#[tokio::test]
async fn the_readme_lists_what_is_exposed_and_nothing_else() {
    let world = World::start().await;
    let subject = busy(&world).await;
    let exposed: BTreeMap<_, _> = open_metrics::read(&subject.metrics.encode()).iter().map(exposed).collect();
    assert_eq!(exposed, documented());
}

const ALERTS: &str =
    include_str!("../../charts/csi-secrets-store-provider-alibabacloud/examples/alerts.yaml");

#[tokio::test]
async fn the_alert_rules_ask_for_what_is_exposed() {
    let world = World::start().await;
    let families = open_metrics::read(&busy(&world).await.metrics.encode());

    let mistakes: Vec<_> =
        alerts::rules(ALERTS).iter().flat_map(|rule| rule.mistakes(&families, section())).collect();
    let of_others: Vec<_> = alerts::rules(ALERTS).into_iter().filter(|rule| rule.uses().is_empty()).collect();

    assert!(mistakes.is_empty(), "{mistakes:#?}");
    let of_others: Vec<_> = of_others.iter().map(|rule| rule.alert.as_str()).collect();
    assert_eq!(of_others, ["SecretsProviderMissing", "SecretsNotRotated"]);
}

/// Without this the test above could pass because nothing is understood.
#[rstest]
#[case::name("mounts_total", "mount_total", "alibabacloud_provider_mount_total is not served")]
#[case::value("ok|cancelled", "okay|cancelled", "has no outcome=\"okay\"")]
#[case::value_of_another("\"stale\"", "\"denied\"", "has no outcome=\"denied\"")]
#[case::label("by (service)", "by (server)", "has no label server")]
#[case::sentence("$labels.source", "$labels.identity", "the sentence names [\"identity\"]")]
#[tokio::test]
async fn a_slip_in_an_alert_rule_is_found(#[case] right: &str, #[case] wrong: &str, #[case] says: &str) {
    let world = World::start().await;
    let families = open_metrics::read(&busy(&world).await.metrics.encode());
    let rules = alerts::rules(&ALERTS.replace(right, wrong));

    let mistakes: Vec<_> = rules.iter().flat_map(|rule| rule.mistakes(&families, section())).collect();

    assert!(mistakes.iter().any(|mistake| mistake.contains(says)), "{mistakes:#?}");
}

#[tokio::test]
async fn no_name_that_a_user_chose_and_no_secret_is_exposed() {
    let world = World::start().await;
    let subject = busy(&world).await;
    subject.mount(&Mount::new().objects("[{objectName: nowhere}]")).await.unwrap_err();
    subject.mount(&Mount::new().objects("[{objectNam: misspelt}]")).await.unwrap_err();
    let text = subject.metrics.encode();
    for name in [
        "shop",
        "web-0",
        "app-secrets",
        "reader",
        "nowhere",
        "misspelt",
        "cn-hangzhou",
        "value-of",
        "STS.",
        "acs:",
    ] {
        assert!(!text.contains(name), "{name}: {text}");
    }
}

#[rstest]
#[case::keys(Setup::Keys, "access_key")]
#[case::role(Setup::RamRole, "ram_role")]
#[case::oidc(Setup::ProviderOidc, "provider_oidc")]
#[case::instance(Setup::Nothing, "ecs_ram_role")]
#[tokio::test]
async fn a_mount_counts_with_the_source_that_it_read_with(#[case] setup: Setup, #[case] source: &str) {
    let world = World::start().await;
    let subject = world.provider(setup);
    subject.mount(&Mount::new()).await.unwrap();
    subject.mount(&Mount::new().objects("[{objectName: nowhere}]")).await.unwrap_err();
    for outcome in ["ok", "not_found"] {
        let labels = [("outcome", outcome), ("source", source)];
        assert_eq!(value(&subject, "mounts_total", &labels), Some(1.0), "{outcome}");
    }
    assert_eq!(value(&subject, "mount_duration_seconds_count", &[]), Some(2.0));
}

#[tokio::test]
async fn a_class_that_cannot_be_read_counts_with_no_source() {
    let world = World::start().await;
    let subject = world.provider(Setup::Keys);
    subject.mount(&Mount::new().objects("[{}]")).await.unwrap_err();
    let labels = [("outcome", "invalid"), ("source", "none")];
    assert_eq!(value(&subject, "mounts_total", &labels), Some(1.0));
}

#[tokio::test]
async fn a_pod_that_falls_back_counts_with_what_it_fell_back_to() {
    let world = World::start().await;
    world.cluster.add("shop/plain", None);
    let mount = Mount::as_pod(&world, "plain");
    let refusing = world.provider(Setup::ProviderOidc);
    refusing.mount(&mount).await.unwrap_err();
    let labels = [("outcome", "denied"), ("source", "pod_service_account")];
    assert_eq!(value(&refusing, "mounts_total", &labels), Some(1.0));
    let mut cloud = world.cloud(Setup::ProviderOidc);
    cloud.identity.pod_identity_fallback = true;
    let allowing = Subject::new(cloud);
    allowing.mount(&mount).await.unwrap();
    let labels = [("outcome", "ok"), ("source", "provider_oidc")];
    assert_eq!(value(&allowing, "mounts_total", &labels), Some(1.0));
}

#[tokio::test]
async fn a_mount_is_in_flight_until_its_caller_goes_away() {
    let world = World::start().await;
    let subject = world.provider(Setup::Keys);
    world.fake.plan(Fault::stall().product(FaultProduct::Kms)).unwrap();
    let mount = Mount::new();
    let asked = async {
        while world.fake.faults()[0].fired == 0 {
            tokio::task::yield_now().await;
        }
        value(&subject, "mounts_in_flight", &[])
    };
    let in_flight = tokio::select! {
        _ = subject.mount(&mount) => panic!("nobody answers"),
        in_flight = timeout(Duration::from_secs(20), asked) => in_flight.expect("the cloud is asked"),
    };
    assert_eq!(in_flight, Some(1.0));
    assert_eq!(value(&subject, "mounts_in_flight", &[]), Some(0.0));
    let labels = [("outcome", "cancelled"), ("source", "access_key")];
    assert_eq!(value(&subject, "mounts_total", &labels), Some(1.0));
}

#[rstest]
#[case("Rejected.Throttling", 429, "Rejected.Throttling", 2.0)]
#[case("ServiceUnavailable", 503, "ServiceUnavailable", 0.0)]
#[case("ServiceUnavailableInZoneB", 503, "unavailable", 0.0)]
#[tokio::test]
async fn a_call_counts_by_its_code_and_each_repetition_counts(
    #[case] code: &str,
    #[case] status: u16,
    #[case] label: &str,
    #[case] throttles: f64,
) {
    let world = World::start().await;
    world.fake.plan(refusal(code, status).product(FaultProduct::Kms).times(2)).unwrap();
    let subject = world.provider(Setup::Keys);
    subject.mount(&Mount::new()).await.unwrap();
    let requests = |code| {
        let labels = [("service", "kms"), ("operation", "GetSecretValue"), ("code", code)];
        value(&subject, "cloud_requests_total", &labels)
    };
    assert_eq!((requests(label), requests("OK")), (Some(2.0), Some(1.0)));
    let kms = [("service", "kms")];
    assert_eq!(value(&subject, "cloud_retries_total", &kms), Some(2.0));
    assert_eq!(value(&subject, "cloud_throttles_total", &kms), Some(throttles));
    assert_eq!(value(&subject, "cloud_request_duration_seconds_count", &kms), Some(3.0));
    assert_eq!(value(&subject, "cloud_retries_total", &[("service", "sts")]), Some(0.0));
}

#[tokio::test]
async fn sessions_count_when_they_are_opened_refreshed_and_refused() {
    let world = World::start().await;
    let subject = world.provider(Setup::RamRole);
    let mount = Mount::new().objects(&format!("[{{objectName: a, crossAccountRoleArn: '{PARTNER}'}}]"));
    subject.mount(&mount).await.unwrap();
    assert_eq!(value(&subject, "sessions", &[]), Some(2.0));
    // Four fifths of the hour that a session lasts.
    world::move_clock(Duration::from_secs(2_900)).await;
    subject.mount(&mount).await.unwrap();
    world.fake.plan(refusal("NoPermission", 403).product(FaultProduct::Sts)).unwrap();
    world::move_clock(Duration::from_secs(3_700)).await;
    assert_eq!(value(&subject, "sessions", &[]), Some(0.0));
    subject.mount(&mount).await.unwrap_err();
    for (source, outcome, count) in [
        ("ram_role", "opened", Some(1.0)),
        ("ram_role", "refreshed", Some(1.0)),
        ("ram_role", "failed", Some(1.0)),
        ("cross_account", "opened", Some(1.0)),
        ("cross_account", "refreshed", Some(1.0)),
        ("cross_account", "failed", None),
    ] {
        let labels = [("source", source), ("outcome", outcome)];
        assert_eq!(value(&subject, "session_requests_total", &labels), count, "{source} {outcome}");
    }
}

#[rstest]
#[case::ok(None, "ok")]
#[case::rbac(Some(403), "forbidden")]
#[case::trouble(Some(500), "refused")]
#[case::gone(Some(404), "missing")]
#[tokio::test]
async fn reads_of_service_accounts_count_by_outcome(#[case] status: Option<u16>, #[case] outcome: &str) {
    let world = World::start().await;
    if let Some(status) = status {
        world.cluster.fail_with(status);
    }
    let subject = world.provider(Setup::Pods);
    assert_eq!(subject.mount(&Mount::as_pod(&world, "reader")).await.is_ok(), status.is_none());
    assert_eq!(value(&subject, "kubernetes_requests_total", &[("outcome", outcome)]), Some(1.0));
}
