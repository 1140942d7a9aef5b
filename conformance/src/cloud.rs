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
    /// Calls from before the last change: the fake forgets them when it is filled anew.
    earlier_calls: Vec<JournalEntry>,
}

#[derive(Debug)]
struct Secret {
    name: String,
    versions: Vec<(String, String)>,
}

impl Cloud {
    /// Starts an empty cloud.
    pub async fn start() -> anyhow::Result<Self> {
        let fake = FakeAlicloud::start(fake_alicloud::Options::default())
            .await
            .context("starting the fake cloud")?;
        Ok(Self { fake, access_keys: Vec::new(), secrets: Vec::new(), earlier_calls: Vec::new() })
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

    /// Creates a secret, or puts a new version of it: the newest is current.
    pub fn put_secret(&mut self, name: &str, version: &str, value: &str) -> anyhow::Result<()> {
        let version = (version.to_owned(), value.to_owned());
        match self.secrets.iter_mut().find(|secret| secret.name == name) {
            Some(secret) => secret.versions.push(version),
            None => self.secrets.push(Secret { name: name.to_owned(), versions: vec![version] }),
        }
        self.fill()
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
            let versions = secret.versions.iter().map(|(id, value)| json!({ "id": id, "data": value }));
            json!({ "name": secret.name, "versions": versions.collect::<Vec<_>>() })
        });
        let account = json!({
            "id": ACCOUNT,
            "accessKeys": keys.collect::<Vec<_>>(),
            "secrets": secrets.collect::<Vec<_>>(),
        });
        // JSON is YAML but for one character, which YAML wants escaped.
        let seed = json!({ "accounts": [account] }).to_string().replace('\u{7f}', r"\u007f");
        let seed = Seed::from_yaml(&seed).context("filling the fake cloud")?;
        self.earlier_calls.extend(self.fake.journal());
        self.fake.reset();
        self.fake.seed(&seed).context("filling the fake cloud")
    }
}
