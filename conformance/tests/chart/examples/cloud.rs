//! An example in a fake cloud that holds its policies, its secrets and nothing else.

use std::fs;
use std::path::PathBuf;

use clap::Parser as _;
use conformance::kubernetes::{Cluster, ServiceAccount};
use csi_secrets_store_provider_alibabacloud::cli::Cli;
use csi_secrets_store_provider_alibabacloud::config::Config;
use csi_secrets_store_provider_alibabacloud::metrics::Metrics;
use csi_secrets_store_provider_alibabacloud::mount::request::{Attributes, Request};
use fake_alicloud::{FakeAlicloud, Options, Seed, ServiceAccountToken};
use regex::Regex;
use serde_json::{Map, Value, json};
use tokio::time::{Duration, Instant};

use crate::container::{Container, Supply, items, word};
use crate::engine::{chart, documents, read};

/// The account of the cluster in all examples.
const ACCOUNT: &str = "1234567890123456";
const CLUSTER: &str = "c0123456789abcdef0123456789abcdef";

/// What is granted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Policies {
    AsTheyAre,
    /// As they are, for a secret that is called otherwise.
    OfAnotherSecret,
}

/// The files of an example.
#[derive(Debug)]
pub(crate) struct Example {
    folder: PathBuf,
    /// Who reads, if the example itself leaves it open.
    method: PathBuf,
    /// The manifests of the application, and those that are there before the chart.
    manifests: Vec<Value>,
}

impl Example {
    pub(crate) fn new(example: &str, method: &str) -> Self {
        let [folder, method] = [example, method].map(|name| chart().join("examples").join(name));
        let files = [folder.join("app.yaml"), method.join("credentials.yaml")];
        let manifests = files.iter().filter(|file| file.exists());
        let manifests = manifests.flat_map(|file| documents(&fs::read_to_string(file).unwrap())).collect();
        Self { folder, method, manifests }
    }

    pub(crate) fn values(&self) -> Value {
        read(&self.method.join("values.yaml"))
    }

    /// Mounts the class as the pod of the example, with the provider's pod as it was rendered. The contents, or the refusal.
    pub(crate) async fn mount(&self, provider: &Value, policies: Policies) -> Result<Vec<String>, String> {
        let fake = FakeAlicloud::start(Options::default()).await.unwrap();
        fake.seed(&Seed::from_yaml(&self.seed(policies).to_string()).unwrap()).unwrap();
        let cluster = self.cluster().await;
        let kubeconfig = tempfile::NamedTempFile::new().unwrap();
        cluster.write_kubeconfig(kubeconfig.path()).unwrap();

        let supply = Running { example: self, fake: &fake };
        let container = Container::of(provider, &supply);
        let endpoints = [
            format!("--kms-endpoint={}", fake.api_url()),
            format!("--oos-endpoint={}", fake.api_url()),
            format!("--sts-endpoint={}", fake.api_url()),
            format!("--metadata-endpoint={}", fake.metadata_url()),
            format!("--kubeconfig={}", kubeconfig.path().display()),
        ];
        let arguments =
            ["provider".to_owned()].into_iter().chain(container.arguments.clone()).chain(endpoints);
        let mut config = Config::load(Cli::try_parse_from(arguments).unwrap().serve, &container).unwrap();
        let token_file = &mut config.cloud.identity.token_file;
        *token_file = container.place(token_file).unwrap_or(token_file.clone());
        let attributes = Attributes::parse(&self.attributes(&supply).to_string()).unwrap();
        let request =
            Request::parse(&attributes, &self.pods_secret(), "/", "420", &config.cloud.settings).unwrap();
        let mounter = config.cloud.mounter(Metrics::new()).unwrap();
        let files = mounter.mount(&request, Instant::now() + Duration::from_secs(20)).await;
        let files = files.map_err(|error| error.to_string())?.files;
        Ok(files.iter().map(|file| String::from_utf8(file.contents.expose().clone()).unwrap()).collect())
    }

    fn of_kind(&self, kind: &str) -> Option<&Value> {
        self.manifests.iter().find(|object| object["kind"] == kind)
    }

    fn app(&self) -> &Value {
        &self.of_kind("Deployment").unwrap()["spec"]["template"]["spec"]
    }

    fn service_account(&self) -> &str {
        self.app()["serviceAccountName"].as_str().unwrap_or("default")
    }

    fn policy(&self, file: &str) -> Option<Value> {
        let file = [&self.folder, &self.method]
            .map(|folder| folder.join(file))
            .into_iter()
            .find(|file| file.exists());
        file.map(|file| serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap())
    }

    /// The one role that the files name.
    fn role(&self) -> Option<(String, String)> {
        let text = format!("{:?}{}", self.manifests, self.values());
        let arn = Regex::new(r"acs:ram::([0-9]+):role/([a-z-]+)").unwrap();
        let mut roles: Vec<_> =
            arn.captures_iter(&text).map(|arn| (arn[1].to_owned(), arn[2].to_owned())).collect();
        roles.dedup();
        assert!(roles.len() <= 1, "{roles:?}");
        roles.pop()
    }

    /// The key pair in a Secret of the example.
    fn key_pair(&self) -> Option<(&str, &str)> {
        let data = &self.of_kind("Secret")?["stringData"];
        let first = |names: [&str; 2]| names.iter().find_map(|name| data[*name].as_str());
        first(["id", "access_key"]).zip(first(["secret", "access_secret"]))
    }

    /// The cloud: a user for a key pair, a role for a trust policy or for the node, and the objects of the class where the policy
    /// says that they are.
    fn seed(&self, policies: Policies) -> Value {
        let mut policy = self.policy("policy.json").unwrap();
        let owner = Regex::new(r"acs:(?:kms|oos):cn-hangzhou:([0-9]+):").unwrap();
        let owner = owner.captures(&policy.to_string()).unwrap()[1].to_owned();
        if let Policies::OfAnotherSecret = policies {
            let name = Regex::new(r#"(secret|secretparameter)/([^"]+)""#).unwrap();
            let other = name.replace_all(&policy.to_string(), "$1/other-$2\"").into_owned();
            policy = serde_json::from_str(&other).unwrap();
        }
        let mut accounts = Map::new();
        for id in [ACCOUNT, &owner] {
            accounts.insert(id.to_owned(), json!({ "id": id, "policies": [], "users": [], "roles": [] }));
        }
        let mut grant = |account: &str, document: &Value| {
            let name = format!("policy-{}", items(&accounts[account]["policies"]).len());
            push(&mut accounts[account]["policies"], json!({ "name": name, "document": document }));
            name
        };
        let trust = self.policy("trust.json");
        let of_user = match (&trust, self.policy("user-policy.json")) {
            (Some(_), other) => other.map(|document| grant(ACCOUNT, &document)),
            (None, _) => Some(grant(ACCOUNT, &policy)),
        };
        let role = trust.as_ref().map(|_| self.role().unwrap());
        let of_role = role.as_ref().map(|(account, _)| grant(account, &policy));

        if let Some((id, secret)) = self.key_pair() {
            let keys = json!([{ "id": id, "secret": secret }]);
            push(
                &mut accounts[ACCOUNT]["users"],
                json!({ "name": "reader", "accessKeys": keys, "policies": [of_user] }),
            );
        } else if trust.is_none() {
            let trust = json!({ "Version": "1", "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": ["ecs.aliyuncs.com"] },
            }] });
            push(
                &mut accounts[ACCOUNT]["roles"],
                json!({ "name": "worker", "trust": trust, "policies": [of_user] }),
            );
        }
        if let Some((account, name)) = role {
            push(
                &mut accounts[&account]["roles"],
                json!({ "name": name, "trust": trust, "policies": [of_role] }),
            );
        }
        let issuer = issuer();
        accounts[ACCOUNT]["oidcProviders"] = json!([{
            "name": format!("ack-rrsa-{CLUSTER}"), "issuerUrl": issuer, "clientIds": ["sts.aliyuncs.com"],
        }]);
        for object in self.objects() {
            let (place, versions) = match object["objectType"].as_str() {
                Some("oos") => ("parameters", json!(["the value"])),
                _ => ("secrets", json!([{ "id": "v1", "data": "the value" }])),
            };
            let mut object = json!({ "name": object["objectName"], "versions": versions });
            if place == "parameters" {
                object["type"] = "Secret".into();
            }
            push(&mut accounts[&owner][place], object);
        }
        json!({
            "issuers": [{ "url": issuer, "algorithm": "ES256" }],
            "accounts": accounts.values().collect::<Vec<_>>(),
            "ecsInstance": { "instanceId": "i-1", "account": ACCOUNT, "region": "cn-hangzhou", "role": "worker" },
        })
    }

    fn objects(&self) -> Vec<Value> {
        let class = self.of_kind("SecretProviderClass").unwrap();
        let objects: Value = serde_yaml::from_str(word(&class["spec"]["parameters"]["objects"])).unwrap();
        items(&objects).to_vec()
    }

    async fn cluster(&self) -> Cluster {
        let cluster = Cluster::start("token-of-the-provider").await.unwrap();
        let annotations = self.of_kind("ServiceAccount").map(|account| &account["metadata"]["annotations"]);
        let annotations = annotations.and_then(Value::as_object).into_iter().flatten();
        cluster.apply(&ServiceAccount {
            namespace: "default".to_owned(),
            name: self.service_account().to_owned(),
            annotations: annotations.map(|(name, value)| (name.clone(), word(value).to_owned())).collect(),
        });
        cluster
    }

    /// As the driver sends them.
    fn attributes(&self, supply: &impl Supply) -> Value {
        let class = self.of_kind("SecretProviderClass").unwrap();
        let mut attributes = class["spec"]["parameters"].clone();
        let tokens = json!({ "sts.aliyuncs.com": {
            "token": supply.token(&format!("default:{}", self.service_account()), "sts.aliyuncs.com"),
            "expirationTimestamp": "2099-01-01T00:00:00Z",
        } });
        for (name, value) in [
            ("secretProviderClass", word(&class["metadata"]["name"])),
            ("csi.storage.k8s.io/pod.name", "app-1"),
            ("csi.storage.k8s.io/pod.namespace", "default"),
            ("csi.storage.k8s.io/pod.uid", "7d1a0e5c-1111-4222-8333-444455556666"),
            ("csi.storage.k8s.io/serviceAccount.name", self.service_account()),
            ("csi.storage.k8s.io/serviceAccount.tokens", &tokens.to_string()),
        ] {
            attributes[name] = value.into();
        }
        attributes
    }

    /// The Secret that the pod's volume names, as the driver sends it.
    fn pods_secret(&self) -> String {
        match &self.app()["volumes"][0]["csi"]["nodePublishSecretRef"]["name"] {
            Value::Null => "null".to_owned(),
            name => {
                let secret = self.of_kind("Secret").unwrap();
                assert_eq!(&secret["metadata"]["name"], name);
                secret["stringData"].to_string()
            }
        }
    }
}

fn push(list: &mut Value, item: Value) {
    match list {
        Value::Array(items) => items.push(item),
        _ => *list = json!([item]),
    }
}

/// That of the trust policies.
fn issuer() -> String {
    format!("https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/{CLUSTER}")
}

struct Running<'a> {
    example: &'a Example,
    fake: &'a FakeAlicloud,
}

impl Supply for Running<'_> {
    fn secret(&self, secret: &str, key: &str) -> String {
        let object = self.example.of_kind("Secret").unwrap();
        assert_eq!(object["metadata"]["name"], secret);
        assert_eq!(object["metadata"]["namespace"], "kube-system");
        word(&object["stringData"][key]).to_owned()
    }

    fn config(&self, map: &str, _key: &str) -> String {
        panic!("no example names the ConfigMap {map}")
    }

    /// A service account of the release's namespace, or `namespace:name`.
    fn token(&self, service_account: &str, audience: &str) -> String {
        let (namespace, name) = service_account.split_once(':').unwrap_or(("kube-system", service_account));
        let token = ServiceAccountToken::new(namespace, name).issuer(issuer()).audiences([audience]);
        self.fake.mint_token(&token).unwrap()
    }
}
