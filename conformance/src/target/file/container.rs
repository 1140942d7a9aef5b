//! Targets that are containers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Arguments, Start, TargetError, TargetFile};
use crate::target::template::Template;

/// What is known wherever a container is started.
pub(in crate::target) const IN_CONTAINER: [&str; 2] = ["sockets", "healthPort"];

/// A container. In it, the authority of the suite's cloud, the provider's own token and the Kubernetes API are where clients in a
/// cluster look.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::target) struct Container {
    /// The image, which must be on the engine already.
    pub(in crate::target) image: String,
    /// Arguments for the image's entry point, with {sockets} and {healthPort}.
    #[serde(default)]
    pub(in crate::target) command: Vec<Template>,
    /// What is added when a scenario sets something.
    #[serde(default)]
    pub(in crate::target) arguments: Arguments,
    /// The folder in the container for the socket.
    pub(in crate::target) sockets: PathBuf,
    /// The port of its operator's pages, on all of its addresses, if it has any.
    pub(in crate::target) health_port: Option<u16>,
    /// The file in the container with the authorities that vouch for the cloud: where its clients look, or where its arguments say.
    pub(in crate::target) ca_file: PathBuf,
    /// The folder in the container with the provider's own token.
    pub(in crate::target) tokens: PathBuf,
    /// Names beside the usual ones of KMS, OOS and STS at which the cloud is.
    #[serde(default)]
    pub(in crate::target) hosts: Vec<String>,
}

impl Container {
    pub(super) fn check(&self) -> Result<(), TargetError> {
        self.command.iter().try_for_each(|template| template.check(&IN_CONTAINER))
    }
}

impl TargetFile {
    /// The same file for another image; an error if the file is about none.
    pub fn of_image(&self, image: &str) -> anyhow::Result<Arc<Self>> {
        let mut file = self.clone();
        let Start::Container(container) = &mut file.start else {
            anyhow::bail!("--image is for containers, and {} is none: its file has no `container`", self.name)
        };
        image.clone_into(&mut container.image);
        Ok(Arc::new(file))
    }

    /// What the target itself calls the socket that the suite finds here.
    pub(crate) fn own_path(&self, socket: &Path) -> PathBuf {
        match (&self.start, socket.file_name()) {
            (Start::Container(container), Some(name)) => container.sockets.join(name),
            _ => socket.to_owned(),
        }
    }

    /// Whether it runs in containers, where the cloud is at its own names.
    pub(crate) fn is_container(&self) -> bool {
        matches!(self.start, Start::Container(_))
    }
}
