//! A fake cloud with two accounts, a cluster and an instance, and mounts in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use csi_secrets_store_provider_alibabacloud::alicloud::Credential;
use csi_secrets_store_provider_alibabacloud::alicloud::sign::Scheme;
use csi_secrets_store_provider_alibabacloud::config::Cloud;
use csi_secrets_store_provider_alibabacloud::credential::setting::{Parse, Setting};
use csi_secrets_store_provider_alibabacloud::credential::settings::{Provider, parse_provider, parse_role};
use csi_secrets_store_provider_alibabacloud::kubernetes::Access;
use csi_secrets_store_provider_alibabacloud::metrics::Metrics;
use csi_secrets_store_provider_alibabacloud::proto::csi_driver_provider_server::CsiDriverProvider as _;
use csi_secrets_store_provider_alibabacloud::proto::{MountRequest, MountResponse};
use csi_secrets_store_provider_alibabacloud::service::Service;
use fake_alicloud::{Algorithm, EcsInstance, FakeAlicloud, Options, Seed, ServiceAccountToken};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tonic::{Request, Status};

use super::cluster::Cluster;
use super::support;

pub(crate) const ISSUER: &str = "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1";
pub(crate) const PROVIDER: &str = "acs:ram::1111111111111111:oidc-provider/ack-rrsa-c1";
pub(crate) const KEY_ID: &str = "LTAI5tCredentials0001";
pub(crate) const KEY_SECRET: &str = "credential-tests-key";
pub(crate) const PODS_KEY_ID: &str = "LTAI5tCredentials0002";
pub(crate) const PODS_KEY_SECRET: &str = "pods-own-key-secret";
pub(crate) const PARTNER: &str = "acs:ram::2222222222222222:role/partner";

const SEED: &str = "
accounts:
  - id: '1111111111111111'
    users:
      - { name: operator, accessKeys: [{ id: LTAI5tCredentials0001, secret: credential-tests-key }], policies: [read, assume] }
      - { name: developer, accessKeys: [{ id: LTAI5tCredentials0002, secret: pods-own-key-secret }], policies: [read, assume] }
    oidcProviders:
      - name: ack-rrsa-c1
        issuerUrl: https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1
        clientIds: [sts.aliyuncs.com]
    policies:
      - { name: read, document: { Statement: [{ Effect: Allow, Action: 'kms:GetSecretValue', Resource: '*' }] } }
      - { name: read-a, document: { Statement: [{ Effect: Allow, Action: 'kms:GetSecretValue', Resource: 'acs:kms:*:*:secret/a' }] } }
      - { name: assume, document: { Statement: [{ Effect: Allow, Action: 'sts:AssumeRole', Resource: '*' }] } }
    roles:
      - { name: provider, policies: [read, assume], trust: { Statement: [{ Effect: Allow, Action: 'sts:AssumeRole',
          Principal: { Federated: ['acs:ram::1111111111111111:oidc-provider/ack-rrsa-c1'] },
          Condition: { StringEquals: { 'oidc:aud': sts.aliyuncs.com,
            'oidc:iss': 'https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1',
            'oidc:sub': 'system:serviceaccount:kube-system:csi-secrets-store-provider-alibabacloud' } } }] } }
      - { name: reader, policies: [read, assume], trust: { Statement: [{ Effect: Allow, Action: 'sts:AssumeRole',
          Principal: { Federated: ['acs:ram::1111111111111111:oidc-provider/ack-rrsa-c1'] },
          Condition: { StringEquals: { 'oidc:sub': 'system:serviceaccount:shop:reader' } } }] } }
      - { name: clerk, policies: [read-a], trust: { Statement: [{ Effect: Allow, Action: 'sts:AssumeRole',
          Principal: { Federated: ['acs:ram::1111111111111111:oidc-provider/ack-rrsa-c1'] },
          Condition: { StringEquals: { 'oidc:sub': 'system:serviceaccount:shop:clerk' } } }] } }
      - { name: assumed, policies: [read, assume], trust: { Statement: [{ Effect: Allow, Action: 'sts:AssumeRole',
          Principal: { RAM: ['acs:ram::1111111111111111:root'] } }] } }
      - { name: node, policies: [read, assume], trust: { Statement: [{ Effect: Allow, Action: 'sts:AssumeRole',
          Principal: { Service: [ecs.aliyuncs.com] } }] } }
    secrets:
      - { name: a, versions: [{ id: v1, data: value-of-a }] }
      - { name: b, versions: [{ id: v1, data: value-of-b }] }
  - id: '2222222222222222'
    policies:
      - { name: read, document: { Statement: [{ Effect: Allow, Action: 'kms:GetSecretValue', Resource: '*' }] } }
    roles:
      - { name: partner, policies: [read], trust: { Statement: [{ Effect: Allow, Action: 'sts:AssumeRole',
          Principal: { RAM: ['acs:ram::1111111111111111:root'] } }] } }
      - { name: wary, policies: [read], trust: { Statement: [{ Effect: Allow, Action: 'sts:AssumeRole',
          Principal: { RAM: ['acs:ram::1111111111111111:root'] },
          Condition: { StringEquals: { 'sts:ExternalId': 'team-a' } } }] } }
      - { name: closed, policies: [read], trust: { Statement: [{ Effect: Allow, Action: 'sts:AssumeRole',
          Principal: { RAM: ['acs:ram::3333333333333333:root'] } }] } }
    secrets:
      - { name: a, versions: [{ id: v1, data: value-of-partner }] }
";

/// The pieces around a provider.
pub(crate) struct World {
    pub(crate) fake: FakeAlicloud,
    pub(crate) cluster: Cluster,
    pub(crate) directory: TempDir,
}

/// What the operator configures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    Nothing,
    Keys,
    RamRole,
    ProviderOidc,
    /// The OIDC provider alone, for pods.
    Pods,
}

impl World {
    pub(crate) async fn start() -> Self {
        let fake = FakeAlicloud::start(Options::default()).await.expect("free ports");
        fake.seed(&Seed::from_yaml(SEED).expect("a seed")).expect("an empty fake");
        fake.add_issuer(ISSUER, Algorithm::Es256).expect("an issuer");
        let mut instance = EcsInstance::new("i-1", "1111111111111111");
        instance.role = Some("node".to_owned());
        fake.set_ecs_instance(&instance).expect("an instance");
        let cluster = Cluster::start().await;
        cluster.add("shop/reader", Some(&role("reader")));
        cluster.add("shop/clerk", Some(&role("clerk")));
        let world = Self { fake, cluster, directory: TempDir::new().unwrap() };
        world.project_token(&world.token("kube-system", "csi-secrets-store-provider-alibabacloud"));
        world
    }

    pub(crate) fn token(&self, namespace: &str, name: &str) -> String {
        self.fake.mint_token(&ServiceAccountToken::new(namespace, name)).expect("a token")
    }

    /// Puts the provider's own token where it is projected.
    pub(crate) fn project_token(&self, token: &str) {
        std::fs::write(self.token_file(), token).unwrap();
    }

    pub(crate) fn token_file(&self) -> PathBuf {
        self.directory.path().join("token")
    }

    /// The operator's settings.
    pub(crate) fn cloud(&self, setup: Setup) -> Cloud {
        let keys = matches!(setup, Setup::Keys | Setup::RamRole).then(|| Credential {
            access_key_id: KEY_ID.to_owned(),
            access_key_secret: KEY_SECRET.into(),
            security_token: None,
        });
        let mut cloud = support::cloud(Some(self.fake.api_url()), Scheme::V3, keys);
        cloud.metadata_endpoint = self.fake.metadata_url().parse().expect("an endpoint");
        cloud.kubernetes = Access::Kubeconfig(self.cluster.kubeconfig());
        cloud.identity.token_file = self.token_file();
        let provider = || setting("ALICLOUD_OIDC_PROVIDER_ARN", PROVIDER, parse_provider);
        match setup {
            Setup::Nothing | Setup::Keys => {}
            Setup::RamRole => {
                cloud.identity.role = Some(setting("ALICLOUD_ROLE_ARN", &role("assumed"), parse_role));
            }
            Setup::ProviderOidc => {
                cloud.identity.role = Some(setting("ALICLOUD_ROLE_ARN", &role("provider"), parse_role));
                cloud.identity.provider = Some(Provider::Named(provider()));
            }
            Setup::Pods => cloud.identity.provider = Some(Provider::Named(provider())),
        }
        cloud
    }

    /// A provider with these settings.
    pub(crate) fn provider(&self, setup: Setup) -> Subject {
        Subject::new(self.cloud(setup))
    }

    /// Calls that the cloud had, by action.
    pub(crate) fn calls(&self, action: &str) -> usize {
        self.fake.journal().iter().filter(|entry| entry.action == action).count()
    }

    /// The ARN behind the last read of a secret.
    pub(crate) fn last_reader(&self) -> String {
        let journal = self.fake.journal();
        let read = journal.iter().rev().find(|entry| entry.action == "GetSecretValue").expect("a read");
        read.caller_arn.clone().expect("a caller")
    }

    /// All that was asked of the cloud, in order.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.fake.journal().into_iter().map(|entry| entry.action).collect()
    }
}

/// Moves the provider's clock for what it keeps. The fake's is another.
pub(crate) async fn move_clock(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

pub(crate) fn role(name: &str) -> String {
    format!("acs:ram::1111111111111111:role/{name}")
}

pub(crate) fn setting<T>(name: &'static str, text: &str, parse: Parse<T>) -> Setting<T> {
    Setting::new(name, Some(text.into()), None, parse).expect("a setting").expect("a value")
}

/// A provider under test.
pub(crate) struct Subject {
    service: Service,
    pub(crate) metrics: Arc<Metrics>,
    _ending: watch::Sender<bool>,
}

impl Subject {
    pub(crate) fn new(cloud: Cloud) -> Self {
        let metrics = Metrics::new();
        let mounter = cloud.mounter(Arc::clone(&metrics)).expect("a mounter");
        let (ending, ended) = watch::channel(false);
        let service = Service::new(mounter, support::LARGEST_RESPONSE, Arc::clone(&metrics), ended);
        Self { service, metrics, _ending: ending }
    }

    /// Lookups of secrets with this outcome.
    pub(crate) fn lookups(&self, outcome: &str) -> u32 {
        let text = self.metrics.encode();
        let name = format!("alibabacloud_provider_secret_lookups_total{{outcome=\"{outcome}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
    }

    /// The first file's content, or what the driver is told.
    pub(crate) async fn mount(&self, mount: &Mount) -> Result<String, Status> {
        let response = self.respond(mount).await?;
        Ok(String::from_utf8(response.files[0].contents.clone()).unwrap())
    }

    pub(crate) async fn respond(&self, mount: &Mount) -> Result<MountResponse, Status> {
        self.service.mount(mount.request()).await.map(tonic::Response::into_inner)
    }
}

/// A mount of secret `a`, by default.
#[derive(Clone, Debug)]
pub(crate) struct Mount {
    objects: String,
    attributes: Map<String, Value>,
    secrets: Map<String, Value>,
    timeout: Option<&'static str>,
}

impl Mount {
    pub(crate) fn new() -> Self {
        let attributes = json!({
            "secretProviderClass": "app-secrets",
            "csi.storage.k8s.io/pod.namespace": "shop",
            "csi.storage.k8s.io/pod.name": "web-0",
        });
        let Value::Object(attributes) = attributes else { unreachable!("made as one") };
        Self { objects: "[{objectName: a}]".to_owned(), attributes, secrets: Map::new(), timeout: None }
    }

    /// As a pod with a service account, whose class asks for its identity.
    pub(crate) fn as_pod(world: &World, name: &str) -> Self {
        Self::new().attribute("usePodServiceAccountToken", "true").account(name).attribute(
            "csi.storage.k8s.io/serviceAccount.tokens",
            &tokens("sts.aliyuncs.com", &world.token("shop", name)),
        )
    }

    pub(crate) fn account(self, name: &str) -> Self {
        self.attribute("csi.storage.k8s.io/serviceAccount.name", name)
    }

    pub(crate) fn attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.attributes.remove(name);
        self
    }

    pub(crate) fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn key_pair(self) -> Self {
        self.secret("Access_Key", PODS_KEY_ID).secret("access_secret", PODS_KEY_SECRET)
    }

    pub(crate) fn objects(mut self, objects: &str) -> Self {
        objects.clone_into(&mut self.objects);
        self
    }

    pub(crate) fn within(mut self, timeout: &'static str) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// In the volume of a pod, which the kubelet tells by its uid.
    pub(crate) fn of_pod(self, uid: &str) -> Self {
        self.attribute("csi.storage.k8s.io/pod.uid", uid)
    }

    fn request(&self) -> Request<MountRequest> {
        let mut attributes = self.attributes.clone();
        attributes.insert("objects".to_owned(), self.objects.clone().into());
        let mut request = Request::new(MountRequest {
            attributes: Value::Object(attributes).to_string(),
            secrets: Value::Object(self.secrets.clone()).to_string(),
            target_path: "/var/lib/kubelet/pods/1-2/volumes/kubernetes.io~csi/secrets/mount".to_owned(),
            permission: "420".to_owned(),
            current_object_version: Vec::new(),
        });
        if let Some(timeout) = self.timeout {
            request.metadata_mut().insert("grpc-timeout", timeout.parse().unwrap());
        }
        request
    }
}

/// As the driver hands them on: JSON within JSON.
pub(crate) fn tokens(audience: &str, token: &str) -> String {
    json!({ audience: { "token": token, "expirationTimestamp": "2036-01-01T00:00:00Z" } }).to_string()
}
