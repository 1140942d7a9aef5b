//! The cloud that a target is loaded against: a fake in this process, filled for the workload, slowed down and limited as it says.
//!
//! In this process, because its journal is then counted and its plans are made without a call. What that costs is in the crate's
//! README, measured.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Sub;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use fake_alicloud::{
    Algorithm, CallFilter, EcsInstance, FakeAlicloud, Fault, FaultProduct, Outcome, QuotaPreset, Seed,
    ServiceAccountToken,
};
use serde_json::{Value, json};

use super::signer::{Connection, Signer};
use super::workload::{Source, Workload};
use crate::kubernetes::{Cluster, ServiceAccount};
use crate::target::{self, AccessKey, Endpoints, Identity, Settings, TargetFile};

/// Where pods live.
pub(super) const NAMESPACE: &str = "shop";
/// The region of everything.
pub(super) const REGION: &str = "cn-hangzhou";
/// The role of another account.
pub(super) const PARTNER: &str = "acs:ram::2222222222222222:role/partner";

const ACCOUNT: &str = "1111111111111111";
const PARTNER_ACCOUNT: &str = "2222222222222222";
const OIDC_PROVIDER: &str = "acs:ram::1111111111111111:oidc-provider/ack-rrsa-load";
const ISSUER: &str = "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/load";
const PROVIDER_ACCOUNT: (&str, &str) = ("kube-system", "csi-secrets-store-provider-alibabacloud");
const ROLE_ANNOTATION: &str = "ack.alibabacloud.com/role-arn";
/// What the target presents to the Kubernetes API.
const CLUSTER_TOKEN: &str = "token-of-the-load-generators-cluster";
/// Documented: so many sessions of an account a second.
const SESSIONS_PER_SECOND: u32 = 100;
/// Calls that the journal keeps, at 1.3 KB each. A run that makes more is counted by its last ones only, so it is refused.
const JOURNAL_CAPACITY: usize = 1_000_000;

/// The name of a pod's service account, which is also that of its role.
pub(super) fn account_name(number: usize) -> String {
    format!("reader-{number}")
}

/// The ARN of a role.
pub(super) fn role_arn(name: &str) -> String {
    format!("acs:ram::{ACCOUNT}:role/{name}")
}

/// The key pair that the provider has, or, if each pod brings one, the pods.
pub(super) fn key_pair() -> AccessKey {
    AccessKey { id: "LTAI5tLoadGenerator01".to_owned(), secret: "key-of-the-load-generator".to_owned() }
}

/// The running cloud, and the cluster beside it.
#[derive(Debug)]
pub(super) struct Cloud {
    fake: FakeAlicloud,
    cluster: Cluster,
    kubeconfig: PathBuf,
    token_file: PathBuf,
    tokens: Vec<String>,
    signer: Signer,
    workload: Workload,
}

/// Calls so far, by service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Calls {
    pub(super) kms: usize,
    pub(super) oos: usize,
    pub(super) sts: usize,
    pub(super) metadata: usize,
    pub(super) kubernetes: usize,
    pub(super) throttled: usize,
}

impl Sub for Calls {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            kms: self.kms - earlier.kms,
            oos: self.oos - earlier.oos,
            sts: self.sts - earlier.sts,
            metadata: self.metadata - earlier.metadata,
            kubernetes: self.kubernetes - earlier.kubernetes,
            throttled: self.throttled - earlier.throttled,
        }
    }
}

impl Cloud {
    /// Starts and fills it. The folder takes the files that a target reads; an API address other than a free port is for
    /// targets that run already.
    pub(super) async fn start(
        workload: &Workload,
        folder: &Path,
        api: Option<SocketAddr>,
    ) -> anyhow::Result<Self> {
        let mut options = fake_alicloud::Options {
            journal_capacity: JOURNAL_CAPACITY,
            ..fake_alicloud::Options::default()
        };
        options.api = api.unwrap_or(options.api);
        let fake = FakeAlicloud::start(options).await.context("starting the fake cloud")?;
        let seed = seed(workload).to_string();
        fake.seed(&Seed::from_yaml(&seed).context("filling the fake cloud")?)
            .context("filling the fake cloud")?;
        fake.add_issuer(ISSUER, Algorithm::Es256).context("adding the issuer of tokens")?;
        let mut instance = EcsInstance::new("i-load", ACCOUNT);
        instance.role = Some("node".to_owned());
        fake.set_ecs_instance(&instance).context("making the node's instance")?;
        // A throttled call has travelled, too, so the delay comes first.
        if !workload.latency.is_zero() {
            fake.plan(Fault::delay(workload.latency).named("latency"))?;
        }
        if workload.quotas {
            fake.plan(Fault::quotas(QuotaPreset::KmsSharedGateway).named("kms-quota"))?;
            let sessions = Fault::quota_per_second(SESSIONS_PER_SECOND).product(FaultProduct::Sts);
            fake.plan(sessions.action("AssumeRole*").named("sts-quota"))?;
        }
        let mint = |namespace: &str, name: &str| fake.mint_token(&ServiceAccountToken::new(namespace, name));
        let tokens = (0..workload.accounts()).map(|number| mint(NAMESPACE, &account_name(number)));
        let tokens = tokens.collect::<Result<Vec<_>, _>>().context("minting tokens")?;
        let token_file = folder.join("token");
        let (namespace, name) = PROVIDER_ACCOUNT;
        std::fs::write(&token_file, mint(namespace, name).context("minting a token")?)?;
        let cluster = Cluster::start(CLUSTER_TOKEN).await.context("starting the Kubernetes API")?;
        for name in (0..workload.accounts()).map(account_name) {
            let annotations = BTreeMap::from([(ROLE_ANNOTATION.to_owned(), role_arn(&name))]);
            cluster.apply(&ServiceAccount { namespace: NAMESPACE.to_owned(), name, annotations });
        }
        let kubeconfig = folder.join("kubeconfig");
        cluster.write_kubeconfig(&kubeconfig)?;
        let signer = Signer::new(fake.api_url(), key_pair());
        Ok(Self { fake, cluster, kubeconfig, token_file, tokens, signer, workload: workload.clone() })
    }

    /// How a process of the target is started that has its socket in the folder. It is told of nothing that it does not need, so
    /// that its file may be silent about the rest.
    pub(super) fn settings(
        &self,
        target: &Arc<TargetFile>,
        binary: &Path,
        provider_folder: PathBuf,
    ) -> Settings {
        let Workload { source, bound, rotation_interval, .. } = self.workload;
        let api = || Some(self.fake.api_url().to_owned());
        let takes_sessions =
            !matches!(source, Source::AccessKey | Source::NodePublishSecret | Source::EcsRole);
        Settings {
            target: Arc::clone(target),
            binary: binary.to_owned(),
            provider_folder,
            endpoints: Endpoints {
                kms: api(),
                oos: None,
                sts: api().filter(|_| takes_sessions),
                metadata: (source == Source::EcsRole).then(|| self.fake.metadata_url().to_owned()),
            },
            options: target::Options {
                region: Some(REGION.to_owned()),
                kubeconfig: (source == Source::PodServiceAccount).then(|| self.kubeconfig.clone()),
                kms_bound: bound.map(usize::from),
                rotation_interval,
                ..target::Options::default()
            },
            identity: self.identity(),
        }
    }

    fn identity(&self) -> Identity {
        let keys = Identity::of_key(key_pair());
        let role = |name| Some(role_arn(name));
        let provider = Some(OIDC_PROVIDER.to_owned());
        match self.workload.source {
            Source::AccessKey | Source::CrossAccount => keys,
            Source::RamRole => Identity { role_arn: role("assumed"), ..keys },
            Source::ProviderOidc => Identity {
                role_arn: role("provider"),
                oidc_provider_arn: provider,
                token_file: Some(self.token_file.clone()),
                ..Identity::default()
            },
            Source::PodServiceAccount => Identity { oidc_provider_arn: provider, ..Identity::default() },
            Source::EcsRole | Source::NodePublishSecret => Identity::default(),
        }
    }

    /// The tokens of the pods' service accounts.
    pub(super) fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// What signs calls as the target's key pair does.
    pub(super) fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Calls so far. Fails when the journal has forgotten some.
    pub(super) fn calls(&self) -> anyhow::Result<Calls> {
        let count = |filter: CallFilter| self.fake.count_calls(&filter);
        let of =
            |product: &str| count(CallFilter { product: Some(product.to_owned()), ..CallFilter::default() });
        let refused = |code: &str| {
            count(CallFilter { outcome: Some(Outcome::Code(code.to_owned())), ..CallFilter::default() })
        };
        anyhow::ensure!(
            count(CallFilter::default()) < JOURNAL_CAPACITY,
            "the run made {JOURNAL_CAPACITY} calls or more, which are not all counted; ask for fewer mounts"
        );
        Ok(Calls {
            kms: of("kms"),
            oos: of("oos"),
            sts: of("sts"),
            metadata: of("metadata"),
            kubernetes: self.cluster.requests().len(),
            throttled: refused("Rejected.Throttling") + refused("Throttling.User"),
        })
    }

    /// Gives a secret another value.
    pub(super) async fn change(&self, secret: usize, version: u32) -> anyhow::Result<()> {
        let (name, value) = (Workload::secret(secret), self.workload.value(secret, version));
        let version = format!("v{version}");
        let parameters = [("SecretName", &*name), ("SecretData", &*value), ("VersionId", &*version)];
        let request = self.signer.request("PutSecretValue", &parameters);
        Connection::open(self.signer.address()).await?.call(&request).await
    }
}

/// Everybody who may read in any of the ways, and what there is to be read.
fn seed(workload: &Workload) -> Value {
    let allow =
        |action: &str| json!({ "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] });
    let read = json!({ "name": "read", "document": allow("kms:*") });
    let assume = json!({ "name": "assume", "document": allow("sts:AssumeRole") });
    let trust = |principal: Value, condition: Value| {
        let mut statement = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal });
        if !condition.is_null() {
            statement["Condition"] = condition;
        }
        json!({ "Statement": [statement] })
    };
    let role = |name: &str, trust: Value| json!({ "name": name, "policies": ["read"], "trust": trust });
    let federated = |namespace: &str, name: &str| {
        let subject = format!("system:serviceaccount:{namespace}:{name}");
        trust(json!({ "Federated": [OIDC_PROVIDER] }), json!({ "StringEquals": { "oidc:sub": subject } }))
    };
    let own = json!({ "RAM": [format!("acs:ram::{ACCOUNT}:root")] });
    let (namespace, name) = PROVIDER_ACCOUNT;
    let mut roles = vec![
        role("assumed", trust(own.clone(), Value::Null)),
        role("node", trust(json!({ "Service": ["ecs.aliyuncs.com"] }), Value::Null)),
        role("provider", federated(namespace, name)),
    ];
    roles.extend(
        (0..workload.accounts()).map(account_name).map(|name| role(&name, federated(NAMESPACE, &name))),
    );
    let secrets: Vec<_> = (0..workload.secrets)
        .map(|number| {
            let versions = json!([{ "id": "v1", "data": workload.value(number, 1) }]);
            json!({ "name": Workload::secret(number), "versions": versions })
        })
        .collect();
    let key = key_pair();
    let user = json!({
        "name": "operator",
        "accessKeys": [{ "id": key.id, "secret": key.secret }],
        "policies": ["read", "assume"],
    });
    let provider = json!({ "name": "ack-rrsa-load", "issuerUrl": ISSUER, "clientIds": ["sts.aliyuncs.com"] });
    // Only the role of another account reads that account's secrets.
    let partners = if workload.source == Source::CrossAccount { secrets.clone() } else { Vec::new() };
    json!({ "accounts": [
        { "id": ACCOUNT, "users": [user], "oidcProviders": [provider], "policies": [read.clone(), assume],
          "roles": roles, "secrets": secrets },
        { "id": PARTNER_ACCOUNT, "policies": [read], "roles": [role("partner", trust(own, Value::Null))],
          "secrets": partners },
    ] })
}
