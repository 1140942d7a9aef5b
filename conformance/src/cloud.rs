//! The cloud of one scenario or demonstration: a fake of its own, with one account.

use anyhow::Context as _;
use fake_alicloud::{FakeAlicloud, JournalEntry, Seed};
use serde_json::json;

use crate::target::AccessKey;

const ACCOUNT: &str = "1234567890123456";

/// A running fake and what it holds.
#[derive(Debug)]
pub struct Cloud {
    fake: FakeAlicloud,
    access_keys: Vec<AccessKey>,
    secrets: Vec<Secret>,
    parameters: Vec<Parameter>,
    /// Calls from before the last change: the fake forgets them when it is filled anew.
    earlier_calls: Vec<JournalEntry>,
}

#[derive(Debug)]
struct Secret {
    name: String,
    data_type: DataType,
    versions: Vec<Version>,
    planned_deletion: Option<&'static str>,
}

#[derive(Debug)]
struct Version {
    id: String,
    data: String,
    stage: Option<String>,
}

#[derive(Debug)]
struct Parameter {
    name: String,
    values: Vec<String>,
}

/// What the data of a KMS secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// The secret itself.
    Text,
    /// The secret in Base64.
    Binary,
}

impl Cloud {
    /// Starts an empty cloud.
    pub async fn start() -> anyhow::Result<Self> {
        let fake = FakeAlicloud::start(fake_alicloud::Options::default())
            .await
            .context("starting the fake cloud")?;
        Ok(Self {
            fake,
            access_keys: Vec::new(),
            secrets: Vec::new(),
            parameters: Vec::new(),
            earlier_calls: Vec::new(),
        })
    }

    /// Its API, for a provider's endpoint flags.
    pub fn url(&self) -> &str {
        self.fake.api_url()
    }

    /// Its second door, for people.
    pub fn control_url(&self) -> &str {
        self.fake.control_url()
    }

    /// Gives the account another access key.
    pub fn add_access_key(&mut self, key: AccessKey) -> anyhow::Result<()> {
        self.access_keys.push(key);
        self.fill()
    }

    /// Creates a secret of text, or puts a new version of it: the newest is current.
    pub fn put_secret(&mut self, name: &str, version: &str, value: &str) -> anyhow::Result<()> {
        self.put(name, DataType::Text, version, value)
    }

    /// The same for any type of data.
    pub fn put(&mut self, name: &str, data_type: DataType, version: &str, data: &str) -> anyhow::Result<()> {
        let version = Version { id: version.to_owned(), data: data.to_owned(), stage: None };
        match self.secrets.iter_mut().find(|secret| secret.name == name) {
            Some(secret) => secret.versions.push(version),
            None => self.secrets.push(Secret {
                name: name.to_owned(),
                data_type,
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
        version.stage = Some(stage.to_owned());
        self.fill()
    }

    /// Deletes a secret with a recovery window, which no scenario sees the end of.
    pub fn plan_deletion(&mut self, name: &str) -> anyhow::Result<()> {
        self.secret_mut(name)?.planned_deletion = Some("2099-01-01T00:00:00Z");
        self.fill()
    }

    /// Creates a secret parameter, or updates it.
    pub fn put_parameter(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        match self.parameters.iter_mut().find(|parameter| parameter.name == name) {
            Some(parameter) => parameter.values.push(value.to_owned()),
            None => self.parameters.push(Parameter { name: name.to_owned(), values: vec![value.to_owned()] }),
        }
        self.fill()
    }

    fn secret_mut(&mut self, name: &str) -> anyhow::Result<&mut Secret> {
        self.secrets.iter_mut().find(|secret| secret.name == name).context("KMS holds no such secret")
    }

    /// Removes a secret.
    pub fn remove_secret(&mut self, name: &str) -> anyhow::Result<()> {
        self.secrets.retain(|secret| secret.name != name);
        self.fill()
    }

    /// Every call that was made, refused ones too.
    pub fn calls(&self) -> Vec<JournalEntry> {
        [self.earlier_calls.clone(), self.fake.journal()].concat()
    }

    /// A seed says what a cloud holds, not what changes, so each change fills the fake anew.
    fn fill(&mut self) -> anyhow::Result<()> {
        let keys = self.access_keys.iter().map(|key| json!({ "id": key.id, "secret": key.secret }));
        let secrets = self.secrets.iter().map(|secret| {
            let versions = secret.versions.iter().map(|Version { id, data, stage }| {
                json!({ "id": id, "data": data, "stages": stage.iter().collect::<Vec<_>>() })
            });
            let data_type = match secret.data_type {
                DataType::Text => "text",
                DataType::Binary => "binary",
            };
            let mut seed = json!({
                "name": secret.name,
                "dataType": data_type,
                "versions": versions.collect::<Vec<_>>(),
            });
            if let Some(time) = secret.planned_deletion {
                seed["plannedDeletion"] = time.into();
            }
            seed
        });
        let parameters = self.parameters.iter();
        let parameters =
            parameters.map(|Parameter { name, values }| json!({ "name": name, "versions": values }));
        let account = json!({
            "id": ACCOUNT,
            "accessKeys": keys.collect::<Vec<_>>(),
            "secrets": secrets.collect::<Vec<_>>(),
            "parameters": parameters.collect::<Vec<_>>(),
        });
        // JSON is YAML but for one character, which YAML wants escaped.
        let seed = json!({ "accounts": [account] }).to_string().replace('\u{7f}', r"\u007f");
        let seed = Seed::from_yaml(&seed).context("filling the fake cloud")?;
        self.earlier_calls.extend(self.fake.journal());
        self.fake.reset();
        self.fake.seed(&seed).context("filling the fake cloud")
    }
}
