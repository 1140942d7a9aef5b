//! The cloud of one scenario or demonstration: a fake of its own, with an account, and another one for its neighbour.

mod account;
mod backend;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use fake_alicloud::{
    Algorithm, EcsInstance, Effect, FakeAlicloud, Fault, JournalEntry, Seed, ServiceAccountToken,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub use account::{Grantee, Trust};
pub use backend::Address;

use crate::patience;
use crate::target::{AccessKey, Place};
use account::{Account, Parameter, Secret, Version};
use backend::Backend;

/// The cluster's account.
pub const ACCOUNT: &str = "1234567890123456";
/// An account of somebody else.
pub const OTHER_ACCOUNT: &str = "6543210987654321";
/// The cluster.
pub const CLUSTER: &str = "c1f2e3d4c5b6a7988";
/// Who signs the tokens of the cluster.
pub const ISSUER: &str = "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1f2e3d4c5b6a7988";
/// Whom these tokens are for.
pub const AUDIENCE: &str = "sts.aliyuncs.com";

const INSTANCE: &str = "i-conformance";

/// A running fake and what it holds.
#[derive(Debug)]
pub struct Cloud {
    fake: Backend,
    issuer: String,
    accounts: Accounts,
}

/// Both accounts, by whose they are.
#[derive(Serialize)]
struct Accounts([Account; 2]);

/// A call that is not answered as long as anybody waits, unless the fault is removed. Of one that merely stalls, nobody could
/// tell when its caller left.
pub fn hang() -> Fault {
    const LONGER_THAN_ANY_SCENARIO: Duration = Duration::from_secs(3_600);
    Fault::delay(LONGER_THAN_ANY_SCENARIO)
}

/// Whose account is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The cluster's.
    Cluster,
    /// Somebody else's.
    Other,
}

/// What the data of a KMS secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DataType {
    /// The secret itself.
    Text,
    /// The secret in Base64.
    Binary,
}

impl Cloud {
    /// Starts an empty cloud.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(fake_alicloud::Options::default()).await
    }

    /// The same at another address of this machine.
    pub(crate) async fn start_for(host: IpAddr) -> anyhow::Result<Self> {
        let api = SocketAddr::new(host, 0);
        Self::start_with(fake_alicloud::Options { api, ..Default::default() }).await
    }

    /// Starts an empty cloud at addresses which the cloud of the last scenario may be about to leave.
    pub(crate) async fn start_at(place: Place) -> anyhow::Result<Self> {
        let Place { api, metadata, api_tls } = place;
        let mut options = fake_alicloud::Options { api, metadata, ..Default::default() };
        options.api_tls = api_tls.unwrap_or(options.api_tls);
        for address in [options.api, options.metadata, options.api_tls] {
            let what = format!("the fake cloud can listen on {address}");
            patience::until(&what, async || TcpListener::bind(address).await.ok()).await?;
        }
        Self::start_with(options).await
    }

    async fn start_with(options: fake_alicloud::Options) -> anyhow::Result<Self> {
        let fake = FakeAlicloud::start(options).await.context("starting the fake cloud")?;
        Ok(Self::of(Backend::Own(Box::new(fake)), ISSUER))
    }

    /// An empty cloud in a fake elsewhere, which knows the keys of this issuer, the cluster's, already.
    pub fn elsewhere(address: Address, issuer: &str) -> Self {
        Self::of(Backend::elsewhere(address), issuer)
    }

    fn of(fake: Backend, issuer: &str) -> Self {
        let mut accounts = Accounts([Account::new(ACCOUNT), Account::new(OTHER_ACCOUNT)]);
        accounts.of(Owner::Cluster).trust_issuer(&oidc_provider_name(), issuer, &[AUDIENCE]);
        Self { fake, issuer: issuer.to_owned(), accounts }
    }

    /// Who signs the tokens of the cluster.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Tells a cloud elsewhere what has changed, and hears what it was asked. Needless here.
    pub async fn exchange(&self) -> anyhow::Result<()> {
        self.fake.exchange().await
    }

    /// Its API, for a provider's endpoint flags.
    pub fn url(&self) -> &str {
        self.fake.api_url()
    }

    /// Its instance metadata service.
    pub fn metadata_url(&self) -> &str {
        self.fake.metadata_url()
    }

    /// Its second door, for people; nothing if it is elsewhere.
    pub fn control_url(&self) -> Option<&str> {
        self.fake.own().ok().map(FakeAlicloud::control_url)
    }

    /// The authority that vouches for it, in PEM; nothing if it is elsewhere.
    pub fn ca_pem(&self) -> &str {
        self.fake.own().map_or("", FakeAlicloud::ca_pem)
    }

    /// Every call that was made, refused ones too; elsewhere, up to the last exchange.
    pub fn calls(&self) -> Vec<JournalEntry> {
        self.fake.journal()
    }

    /// Lets something go wrong.
    pub fn plan(&self, fault: Fault) -> anyhow::Result<()> {
        self.fake.plan(fault)
    }

    /// How many calls it holds without an answer. Their callers still wait: the journal knows of a call that is held when its
    /// caller leaves, or when it goes on after all.
    pub fn held(&self) -> u64 {
        let journal = self.fake.journal();
        let over = |id: &str| journal.iter().filter(|call| call.fault.as_deref() == Some(id)).count() as u64;
        let planned = self.fake.faults().into_iter();
        let holding = planned.filter(|planned| matches!(planned.fault.effect, Effect::Delay(_)));
        holding.map(|planned| planned.fired.saturating_sub(over(&planned.id))).sum()
    }

    /// Lets everything go well again.
    pub fn recover(&self) {
        // Nothing is planned elsewhere.
        if let Ok(fake) = self.fake.own() {
            fake.clear_faults();
        }
    }

    /// A seed says what a cloud holds, not what changes, so each change says all of it anew. Sessions and journal stay.
    fn fill(&self) -> anyhow::Result<()> {
        // JSON is YAML but for one character, which YAML wants escaped.
        let seed = json!({ "accounts": self.accounts }).to_string().replace('\u{7f}', r"\u007f");
        self.fake.replace(Seed::from_yaml(&seed).context("filling the fake cloud")?)
    }
}

/// What its stores hold.
impl Cloud {
    /// Creates a secret of text, or puts a new version of it: the newest is current.
    pub fn put_secret(&mut self, name: &str, version: &str, value: &str) -> anyhow::Result<()> {
        self.put(name, DataType::Text, version, value)
    }

    /// The same for any type of data.
    pub fn put(&mut self, name: &str, data_type: DataType, version: &str, data: &str) -> anyhow::Result<()> {
        self.put_of(Owner::Cluster, name, data_type, version, data)
    }

    /// The same in any account.
    pub fn put_of(
        &mut self,
        owner: Owner,
        name: &str,
        data_type: DataType,
        version: &str,
        data: &str,
    ) -> anyhow::Result<()> {
        let version = Version { id: version.to_owned(), data: data.to_owned(), stages: Vec::new() };
        let secrets = &mut self.accounts.of(owner).secrets;
        match secrets.iter_mut().find(|secret| secret.name == name) {
            Some(secret) => secret.versions.push(version),
            None => secrets.push(Secret {
                name: name.to_owned(),
                data_type,
                encryption_key_id: None,
                versions: vec![version],
                planned_deletion: None,
            }),
        }
        self.fill()
    }

    /// Gives a version of a secret a custom stage.
    pub fn set_stage(&mut self, name: &str, version: &str, stage: &str) -> anyhow::Result<()> {
        let mut versions = self.secret_mut(name)?.versions.iter_mut();
        let version = versions.find(|known| known.id == version).context("the secret has no such version")?;
        version.stages = vec![stage.to_owned()];
        self.fill()
    }

    /// Deletes a secret with a recovery window, which no scenario sees the end of.
    pub fn plan_deletion(&mut self, name: &str) -> anyhow::Result<()> {
        self.secret_mut(name)?.planned_deletion = Some("2099-01-01T00:00:00Z");
        self.fill()
    }

    /// Encrypts a secret with a key of the customer's own.
    pub fn encrypt_with(&mut self, name: &str, key: &str) -> anyhow::Result<()> {
        self.secret_mut(name)?.encryption_key_id = Some(key.to_owned());
        self.accounts.of(Owner::Cluster).add_kms_key(key);
        self.fill()
    }

    /// Removes a secret.
    pub fn remove_secret(&mut self, name: &str) -> anyhow::Result<()> {
        self.accounts.of(Owner::Cluster).secrets.retain(|secret| secret.name != name);
        self.fill()
    }

    /// Creates a secret parameter, or updates it.
    pub fn put_parameter(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        let parameters = &mut self.accounts.of(Owner::Cluster).parameters;
        match parameters.iter_mut().find(|parameter| parameter.name == name) {
            Some(parameter) => parameter.versions.push(value.to_owned()),
            None => parameters.push(Parameter { name: name.to_owned(), versions: vec![value.to_owned()] }),
        }
        self.fill()
    }

    fn secret_mut(&mut self, name: &str) -> anyhow::Result<&mut Secret> {
        let mut secrets = self.accounts.of(Owner::Cluster).secrets.iter_mut();
        secrets.find(|secret| secret.name == name).context("KMS holds no such secret")
    }
}

/// Who is who in it.
impl Cloud {
    /// Gives the account another access key.
    pub fn add_access_key(&mut self, key: &AccessKey) -> anyhow::Result<()> {
        self.accounts.of(Owner::Cluster).add_access_key(key);
        self.fill()
    }

    /// Creates a RAM user with an access key and without rights.
    pub fn add_user(&mut self, name: &str, key: &AccessKey) -> anyhow::Result<()> {
        self.accounts.of(Owner::Cluster).add_user(name, key);
        self.fill()
    }

    /// Deletes the access keys of a user.
    pub fn remove_access_keys(&mut self, user: &str) -> anyhow::Result<()> {
        self.accounts.of(Owner::Cluster).remove_access_keys(user)?;
        self.fill()
    }

    /// Creates a role without rights.
    pub fn add_role(&mut self, owner: Owner, name: &str, trust: &[Trust]) -> anyhow::Result<()> {
        self.accounts.of(owner).add_role(name, trust);
        self.fill()
    }

    /// Creates a role with a trust as its owner writes it.
    pub fn add_role_with(&mut self, owner: Owner, name: &str, trust: Value) -> anyhow::Result<()> {
        self.accounts.of(owner).add_role_with(name, trust);
        self.fill()
    }

    /// Lets somebody do what a policy says.
    pub fn allow_with(&mut self, owner: Owner, who: Grantee<'_>, policy: &Value) -> anyhow::Result<()> {
        self.accounts.of(owner).allow_with(who, policy)?;
        self.fill()
    }

    /// Makes the trust of a role in tokens insist on a claim. Open sessions stay open.
    pub fn insist(&mut self, role: &str, claim: &str, value: &str) -> anyhow::Result<()> {
        self.accounts.of(Owner::Cluster).insist(role, claim, value)?;
        self.fill()
    }

    /// Lets somebody do something.
    pub fn allow(
        &mut self,
        owner: Owner,
        who: Grantee<'_>,
        action: &str,
        resource: &str,
    ) -> anyhow::Result<()> {
        self.accounts.of(owner).allow(who, action, resource)?;
        self.fill()
    }

    /// Takes all rights of somebody away.
    pub fn forbid(&mut self, owner: Owner, who: Grantee<'_>) -> anyhow::Result<()> {
        self.accounts.of(owner).forbid(who)?;
        self.fill()
    }

    /// Lets the account trust tokens of an issuer that are for these audiences, under the name that such a provider has.
    pub fn trust_issuer(&mut self, issuer: &str, audiences: &[&str]) -> anyhow::Result<()> {
        self.accounts.of(Owner::Cluster).trust_issuer(&oidc_provider_name(), issuer, audiences);
        self.fill()
    }

    /// Lets the account trust tokens of the cluster that are for this audience alone.
    pub fn trust_audience(&mut self, audience: &str) -> anyhow::Result<()> {
        let issuer = self.issuer.clone();
        self.trust_issuer(&issuer, &[audience])
    }

    /// A token of the cluster, whose issuer begins to exist with the first.
    pub fn token(&self, token: &ServiceAccountToken) -> anyhow::Result<String> {
        let fake = self.fake.own()?;
        if fake.issuers().is_empty() {
            // The other algorithm's keys take their time to make.
            fake.add_issuer(ISSUER, Algorithm::Es256).context("playing the cluster's issuer")?;
        }
        fake.mint_token(token).context("signing a token")
    }

    /// Puts the node on an instance, with or without a role.
    pub fn set_instance(&self, region: &str, role: Option<&str>) -> anyhow::Result<()> {
        let mut instance = EcsInstance::new(INSTANCE, ACCOUNT);
        instance.region = Some(region.to_owned());
        instance.role = role.map(str::to_owned);
        self.fake.set_instance(instance)
    }
}

impl Accounts {
    fn of(&mut self, owner: Owner) -> &mut Account {
        let [cluster, other] = &mut self.0;
        match owner {
            Owner::Cluster => cluster,
            Owner::Other => other,
        }
    }
}

impl Owner {
    /// The account's number.
    pub fn account(self) -> &'static str {
        match self {
            Self::Cluster => ACCOUNT,
            Self::Other => OTHER_ACCOUNT,
        }
    }

    /// The ARN of a role of the account.
    pub fn role_arn(self, name: &str) -> String {
        format!("acs:ram::{}:role/{name}", self.account())
    }
}

/// The ARN of the provider that vouches for the cluster's tokens.
pub fn oidc_provider_arn() -> String {
    format!("acs:ram::{ACCOUNT}:oidc-provider/{}", oidc_provider_name())
}

/// What the console calls the provider of a cluster.
fn oidc_provider_name() -> String {
    format!("ack-rrsa-{CLUSTER}")
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|account| account.id)).finish()
    }
}
