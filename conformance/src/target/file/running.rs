//! Targets that run already.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Start, TargetFile};
use crate::target::settings::AccessKey;

/// A provider that runs already, as the fake's own addresses suggest.
const SOCKET: &str = include_str!("../../../targets/socket.yaml");

/// A provider that runs already. Where the cloud is, and who it is, it was told before.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::target) struct Running {
    /// The folder of its socket; --socket-folder names another.
    pub(in crate::target) folder: PathBuf,
    /// Where it looks for the cloud.
    pub(in crate::target) cloud: Place,
    /// The port of its operator's pages on this machine, if it has any.
    pub(in crate::target) health_port: Option<u16>,
    /// The cluster's region, if it was told.
    pub(in crate::target) region: Option<String>,
    /// The access key, if it was told one. Scenarios in which the provider has a key of the account then use this one.
    pub(in crate::target) access_key: Option<KnownKey>,
}

/// Where a cloud listens. Its addresses stay from scenario to scenario.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Place {
    /// All that is called with signatures, over HTTP.
    #[schemars(with = "String")]
    pub(crate) api: SocketAddr,
    /// The instance metadata service.
    #[schemars(with = "String")]
    pub(crate) metadata: SocketAddr,
    /// The same as the API, over HTTPS.
    #[serde(skip)]
    pub(crate) api_tls: Option<SocketAddr>,
}

/// A made-up key.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::target) struct KnownKey {
    /// The public half.
    pub(in crate::target) id: String,
    /// The secret half; one that was made up for this.
    pub(in crate::target) secret: String,
}

impl fmt::Debug for KnownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl TargetFile {
    /// A provider that runs already with its socket in this folder.
    pub fn socket(folder: &Path) -> Arc<Self> {
        let mut file: Self = SOCKET.parse().expect("tested");
        file.move_socket(folder);
        Arc::new(file)
    }

    /// The same file for a provider that runs already elsewhere; an error if the file is about none.
    pub fn at(&self, folder: &Path) -> anyhow::Result<Arc<Self>> {
        let mut file = self.clone();
        anyhow::ensure!(
            file.move_socket(folder),
            "--socket-folder is for targets that run already, and {} is started: its file has no `socket`",
            self.name
        );
        Ok(Arc::new(file))
    }

    fn move_socket(&mut self, folder: &Path) -> bool {
        let Start::Socket(running) = &mut self.start else { return false };
        folder.clone_into(&mut running.folder);
        true
    }

    /// The key that it has in every scenario, if it was told one before.
    pub(crate) fn known_key(&self) -> Option<AccessKey> {
        let Start::Socket(running) = &self.start else { return None };
        let key = running.access_key.as_ref()?;
        Some(AccessKey { id: key.id.clone(), secret: key.secret.clone() })
    }
}
