//! What the chart gives to the provider is what the provider's own code takes: flags, variables, files, ports.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use clap::{CommandFactory as _, Parser as _};
use csi_secrets_store_provider_alibabacloud::cli::{Cli, Command, FetchArgs};
use csi_secrets_store_provider_alibabacloud::config::{Cloud, Config};
use csi_secrets_store_provider_alibabacloud::credential::provider_oidc::TOKEN_FILE;
use csi_secrets_store_provider_alibabacloud::lint;
use serde_json::Value;

use super::container::{Container, Supply, items, word};
use super::engine::Engine;
use super::rows::{Row, rows};

/// A cluster whose Secrets have what the rows name.
struct Samples<'a>(&'a Row);

impl Supply for Samples<'_> {
    fn secret(&self, _secret: &str, key: &str) -> String {
        match key {
            "id" => "example-access-key-id".to_owned(),
            "secret" => "example-access-key-secret".to_owned(),
            "rolearn" => "acs:ram::1234567890123456:role/reader".to_owned(),
            "rolesessionname" => "session".to_owned(),
            "rolesessionexpiration" => "3600".to_owned(),
            "oidcproviderarn" => "acs:ram::1234567890123456:oidc-provider/ack-rrsa-c1".to_owned(),
            "externalid" => "external".to_owned(),
            "ca.pem" | "ca.crt" => certificate(),
            _ => panic!("no sample for the key {key}"),
        }
    }

    fn config(&self, map: &str, key: &str) -> String {
        let maps = self.0.of_kind("ConfigMap").filter(|object| object["metadata"]["name"] == map);
        maps.last().map_or_else(certificate, |map| word(&map["data"][key]).to_owned())
    }

    fn token(&self, _service_account: &str, _audience: &str) -> String {
        "token".to_owned()
    }
}

fn certificate() -> String {
    rcgen::generate_simple_self_signed(["kms.example.com".to_owned()]).unwrap().cert.pem()
}

/// What the provider of a row is started with, as the provider reads it.
fn load(row: &Row) -> (Container, Config) {
    let container = Container::of(row.pod(), &Samples(row));
    let arguments = ["provider".to_owned()].into_iter().chain(container.arguments.clone());
    let cli = Cli::try_parse_from(arguments).unwrap_or_else(|error| panic!("row {}: {error}", row.name));
    assert!(cli.command.is_none());
    let config = Config::load(cli.serve, &container);
    let config = config.unwrap_or_else(|mistakes| panic!("row {}: {mistakes}", row.name));
    (container, config)
}

#[test]
fn each_row_starts_a_provider_that_reads_all_it_is_given() {
    let Some(engine) = Engine::find() else { return };
    for row in rows(engine) {
        let (container, _) = load(row);
        let own = items(row.value("/extraEnv")).iter().map(|variable| word(&variable["name"]));

        assert_eq!(container.unread(), own.collect::<Vec<_>>(), "row {}", row.name);
    }
}

#[test]
fn the_socket_is_in_the_folder_where_the_driver_looks() {
    let Some(engine) = Engine::find() else { return };
    for row in rows(engine) {
        let (container, config) = load(row);
        let volume =
            container.volume_at(&config.provider_volume).unwrap_or_else(|| panic!("row {}", row.name));
        let folder = row.value("/linux/providersDir").as_str();

        assert_eq!(
            word(&volume["hostPath"]["path"]),
            folder.unwrap_or("/var/run/secrets-store-csi-providers")
        );
    }
}

#[test]
fn the_kubelet_asks_where_the_provider_answers() {
    let Some(engine) = Engine::find() else { return };
    for row in rows(engine) {
        let admin = load(row).1.admin;
        let at = |path: &str| {
            let address = admin.address.ip();
            let host = if address.is_unspecified() { Value::Null } else { address.to_string().into() };
            (host, Value::from(path), Value::from(admin.address.port()))
        };
        let asked = |probe: &str| {
            let request = &row.container()[probe]["httpGet"];
            (request["host"].clone(), request["path"].clone(), request["port"].clone())
        };

        assert_eq!(asked("readinessProbe"), at("/readyz"), "row {}", row.name);
        assert_eq!(asked("livenessProbe"), at(&admin.healthz_path), "row {}", row.name);
        let probe_seconds = row.container()["livenessProbe"]["timeoutSeconds"].as_u64().unwrap();
        assert!(Duration::from_secs(probe_seconds) > admin.healthz_timeout, "row {}", row.name);
        for port in items(&row.container()["ports"]) {
            assert_eq!(
                (&port["name"], &port["containerPort"]),
                (&"metrics".into(), &admin.address.port().into())
            );
        }
    }
}

#[test]
fn mounts_may_end_before_the_kubelet_ends_the_provider() {
    let Some(engine) = Engine::find() else { return };
    for row in rows(engine) {
        let grace = load(row).1.shutdown_grace_period;
        let kubelets = Duration::from_secs(row.pod()["terminationGracePeriodSeconds"].as_u64().unwrap());

        assert_eq!(kubelets.checked_sub(grace), Some(Duration::from_secs(5)), "row {}", row.name);
    }
}

#[test]
fn the_providers_own_token_is_where_it_looks_and_for_whom_it_is() {
    let Some(engine) = Engine::find() else { return };
    let mut with_token = 0;
    for row in rows(engine) {
        let (container, config) = load(row);
        let token = container.place(Path::new(TOKEN_FILE)).filter(|place| place.is_file());
        let sources =
            items(&row.pod()["volumes"]).iter().flat_map(|volume| items(&volume["projected"]["sources"]));
        let audiences: Vec<_> = sources.filter_map(|source| source.get("serviceAccountToken")).collect();

        assert_eq!(token.is_some(), row.value("/rrsa/enable") == true, "row {}", row.name);
        assert_eq!(config.cloud.identity.token_file, Path::new(TOKEN_FILE));
        for token in audiences {
            with_token += 1;
            assert_eq!(token["audience"], "sts.aliyuncs.com", "row {}", row.name);
            assert!(token["expirationSeconds"].as_u64().unwrap() >= 3600);
        }
    }
    assert!(with_token > 1);
}

#[test]
fn the_rows_use_every_flag_but_one_that_only_a_fake_needs() {
    let Some(engine) = Engine::find() else { return };
    let used: BTreeSet<_> = rows(engine)
        .iter()
        .flat_map(|row| items(&row.container()["args"]))
        .map(|argument| word(argument).trim_start_matches('-').split('=').next().unwrap().to_owned())
        .collect();
    let serve = Cli::command().find_subcommand("serve").unwrap().clone();
    let known = serve.get_arguments().filter_map(|argument| argument.get_long());
    let known = known.filter(|flag| *flag != "resolve").map(str::to_owned).collect();

    assert_eq!(used, known);
}

#[test]
fn the_tests_pod_fetches_with_the_providers_settings() {
    let Some(engine) = Engine::find() else { return };
    let mut tested = 0;
    for row in rows(engine) {
        let pods = row.of_kind("Pod").filter(|pod| word(&pod["metadata"]["name"]).ends_with("-test-fetch"));
        for pod in pods {
            let container = Container::of(&pod["spec"], &Samples(row));
            let args = fetch(&container);
            let input = lint::input::read(args.file.as_deref().unwrap()).unwrap();
            let cloud = Cloud::load(args.cloud, &container);

            let cloud = cloud.unwrap_or_else(|mistakes| panic!("row {}: {mistakes}", row.name));
            let (_, config) = load(row);
            assert_eq!(format!("{:?}", cloud.settings), format!("{:?}", config.cloud.settings));
            assert_eq!(format!("{:?}", cloud.ceilings), format!("{:?}", config.cloud.ceilings));
            assert_eq!(lint::classes(&input).unwrap().len(), 1);
            tested += 1;
        }
    }
    // All but the row whose test is about the pod's own identity.
    assert_eq!(tested, rows(engine).len() - 1);
}

/// The arguments of a `fetch`.
fn fetch(container: &Container) -> FetchArgs {
    let arguments = ["provider".to_owned()].into_iter().chain(container.arguments.clone());
    match Cli::try_parse_from(arguments).unwrap_or_else(|error| panic!("{error}")).command {
        Some(Command::Fetch(args)) => *args,
        other => panic!("{other:?} is no fetch"),
    }
}
