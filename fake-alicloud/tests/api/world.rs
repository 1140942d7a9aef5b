//! One fake, one client and a few accounts per test.

use fake_alicloud::{FakeAlicloud, JournalEntry, Options, Seed};

use crate::client::{Call, Reply, Signed};

pub(crate) const ROOT: (&str, &str) = ("LTAI5tRootOfFirst", "secret-of-root");
pub(crate) const ALICE: (&str, &str) = ("LTAI5tAlice", "secret-of-alice");
pub(crate) const DISABLED: (&str, &str) = ("LTAI5tDisabled", "secret-of-disabled");
pub(crate) const STRANGER: (&str, &str) = ("LTAI5tStranger", "secret-of-stranger");

/// Two accounts; the first has a user who may do everything, a disabled key and a secret of two versions in two regions.
pub(crate) const SEED: &str = r#"
accounts:
  - id: "1111111111111111"
    accessKeys:
      - { id: LTAI5tRootOfFirst, secret: secret-of-root }
      - { id: LTAI5tDisabled, secret: secret-of-disabled, status: Inactive }
    users:
      - name: alice
        accessKeys: [{ id: LTAI5tAlice, secret: secret-of-alice }]
        policies: [AdministratorAccess]
    secrets:
      - name: db/password
        versions:
          - { id: v1, data: first }
          - { id: v2, data: second }
      - name: db/password
        region: ap-southeast-1
        versions:
          - { id: s1, data: singapore }
  - id: "2222222222222222"
    accessKeys: [{ id: LTAI5tStranger, secret: secret-of-stranger }]
"#;

pub(crate) struct World {
    pub(crate) fake: FakeAlicloud,
    pub(crate) http: reqwest::Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        // The client wants a crypto provider even for plain HTTP. The first test to come here installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let fake = FakeAlicloud::start(options).await.expect("free ports");
        fake.seed(&Seed::from_yaml(SEED).expect("a seed")).expect("an empty fake");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { fake, http }
    }

    /// Sends with a V3 signature.
    pub(crate) async fn send(&self, call: &Call) -> Reply {
        self.deliver(self.sign(call)).await
    }

    /// Sends with a V1 signature.
    pub(crate) async fn send_v1(&self, call: &Call) -> Reply {
        self.deliver(call.sign_v1(self.fake.api_url())).await
    }

    pub(crate) fn sign(&self, call: &Call) -> Signed {
        call.sign_v3(self.fake.api_url())
    }

    pub(crate) async fn deliver(&self, signed: Signed) -> Reply {
        signed.send(&self.http).await
    }

    pub(crate) fn last_entry(&self) -> JournalEntry {
        self.fake.journal().pop().expect("a call")
    }

    /// Asks the control door.
    pub(crate) async fn control(&self, method: reqwest::Method, path: &str, body: &str) -> (u16, String) {
        let url = format!("{}{path}", self.fake.control_url());
        let response = self.http.request(method, url).body(body.to_owned()).send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("a text"))
    }
}
