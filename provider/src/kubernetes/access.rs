//! Where the API server is, and how the provider proves to it who it is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Where Kubernetes mounts a pod's own service account.
pub const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// No connection is waited for longer; the whole mount has a minute.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One of the ways to the API.
#[derive(Clone, Debug, Default)]
pub enum Access {
    /// As a kubeconfig file says.
    Kubeconfig(PathBuf),
    /// In the cluster that the process runs in.
    InCluster {
        /// `KUBERNETES_SERVICE_HOST`.
        host: String,
        /// `KUBERNETES_SERVICE_PORT`.
        port: String,
        /// [`SERVICE_ACCOUNT`], but for tests: `token` and `ca.crt` are in it.
        folder: PathBuf,
    },
    /// No way is known.
    #[default]
    Nowhere,
}

impl Access {
    /// Connects to nothing yet. Otherwise what is missing. Token and authority are read anew every minute.
    pub(super) async fn client(&self) -> Result<Client, String> {
        let mut config = match self {
            Self::Kubeconfig(path) => from_file(path).await?,
            Self::InCluster { host, port, folder } => in_cluster(host, port, folder)?,
            Self::Nowhere => {
                return Err("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set".to_owned());
            }
        };
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        // Who asks decides what is worth another try, and says what the last one met.
        config.default_retry = false;
        Client::try_from(config).map_err(|error| error.to_string())
    }
}

async fn from_file(path: &Path) -> Result<Config, String> {
    let kubeconfig = Kubeconfig::read_from(path).map_err(|error| error.to_string())?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    config.map_err(|error| error.to_string())
}

fn in_cluster(host: &str, port: &str, folder: &Path) -> Result<Config, String> {
    // An IPv6 address stands in brackets within a URL, and bare in the variable.
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let url = format!("https://{host}:{port}");
    let url = url.parse().map_err(|_| format!("{url} is no address of an API server"))?;
    let (authority, token) = (folder.join("ca.crt"), folder.join("token"));
    let unreadable = |error| format!("{}: {error}", authority.display());
    let certificates = CertificateDer::pem_file_iter(&authority).map_err(unreadable)?;
    let roots: Vec<_> = certificates
        .map(|certificate| certificate.map(|certificate| certificate.to_vec()))
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    std::fs::metadata(&token).map_err(|error| format!("{}: {error}", token.display()))?;
    let mut config = Config::new(url);
    config.root_cert = Some(roots);
    config.root_cert_file = Some(authority);
    let token_file = Some(token.to_string_lossy().into_owned());
    config.auth_info = AuthInfo { token_file, ..AuthInfo::default() };
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("10.0.0.1", "ca.crt")]
    #[case("fd00::1", "ca.crt")]
    #[case("a b", "is no address of an API server")]
    fn what_is_missing_in_the_cluster_is_named(#[case] host: &str, #[case] expected: &str) {
        let folder = tempfile::TempDir::new().unwrap();
        let reason = in_cluster(host, "443", folder.path()).expect_err("an empty folder is not enough");
        assert!(reason.contains(expected), "{reason}");
    }
}
