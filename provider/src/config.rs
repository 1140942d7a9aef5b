//! Every setting, checked, before anything is opened. Nothing else reads the environment.

mod identity;

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::alicloud::sign::Scheme;
use crate::alicloud::{Authorities, Ceilings, Client, Endpoint, Metadata, Resolve, Sts};
use crate::cli::{CacheArgs, CloudArgs, LogFormat, ServeArgs};
use crate::credential::{self, Credentials};
use crate::kubernetes::{self, Kubernetes};
use crate::metrics::Metrics;
use crate::mount::Mounter;
use crate::mount::settings::Settings;
use crate::mount::volumes::Volumes;
use crate::store::{Cache, KmsStore, OosStore, cache};

/// The one door to the environment.
pub trait Environment {
    /// The value of a variable, if it is set.
    fn variable(&self, name: &str) -> Option<OsString>;
}

/// The process's own environment.
#[derive(Debug)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "this is the one door to the environment")]
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }
}

/// How to serve.
#[derive(Debug)]
pub struct Config {
    /// Directory of the socket.
    pub provider_volume: PathBuf,
    /// Whom to ask for secrets, and as whom.
    pub cloud: Cloud,
    /// Largest answer that the driver takes.
    pub largest_response: usize,
    /// The admin port.
    pub admin: Admin,
    /// How long running mounts may go on when the process is told to stop.
    pub shutdown_grace_period: Duration,
    /// How to log.
    pub log: Log,
}

/// How to call the cloud.
#[derive(Debug)]
pub struct Cloud {
    /// What holds for all classes.
    pub settings: Settings,
    /// Calls under way at once.
    pub ceilings: Ceilings,
    /// What is remembered.
    pub cache: cache::Settings,
    /// Who asks.
    pub identity: credential::Settings,
    /// Where the node's instance tells about itself.
    pub metadata_endpoint: Endpoint,
    /// Where service accounts are read.
    pub kubernetes: kubernetes::Access,
    /// Whom to trust.
    pub authorities: Authorities,
    /// Hosts that are elsewhere than DNS says.
    pub hosts: Vec<Resolve>,
}

/// Settings of the admin port.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where the health check is.
    pub healthz_path: String,
    /// How long the health check waits for the gRPC side.
    pub healthz_timeout: Duration,
}

/// Settings of the log.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// How much is said.
    pub verbosity: u8,
}

impl Config {
    /// Joins flags and environment. All mistakes are found before the first is reported.
    pub fn load(args: ServeArgs, environment: &impl Environment) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let log = Log { format: args.log_format, verbosity: args.verbosity };
        let mut cloud = Cloud::read(args.cloud, environment, &mut mistakes);
        cloud.cache = remembering(&args.cache);
        if args.max_response_bytes == 0 {
            mistakes.push("--max-response-bytes is 0, expected at least 1".to_owned());
        }
        if !is_plain_path(&args.healthz_path) {
            mistakes.push(format!(
                "--healthz-path is {:?}, expected a path of letters, digits, '-', '_', '.' and '/' that starts with '/' \
                 and is neither /readyz nor /metrics",
                args.healthz_path
            ));
        }
        if !mistakes.is_empty() {
            return Err(Mistakes(mistakes));
        }
        Ok(Self {
            provider_volume: args.provider_volume,
            cloud,
            largest_response: usize::try_from(args.max_response_bytes).unwrap_or(usize::MAX),
            admin: Admin {
                address: SocketAddr::new(args.healthz_address, args.healthz_port),
                healthz_path: args.healthz_path,
                healthz_timeout: args.healthz_timeout,
            },
            shutdown_grace_period: args.shutdown_grace_period,
            log,
        })
    }
}

impl Cloud {
    /// The same for a command that serves nobody.
    pub fn load(args: CloudArgs, environment: &impl Environment) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let cloud = Self::read(args, environment, &mut mistakes);
        if mistakes.is_empty() { Ok(cloud) } else { Err(Mistakes(mistakes)) }
    }

    fn read(args: CloudArgs, environment: &impl Environment, mistakes: &mut Vec<String>) -> Self {
        if args.signature == Scheme::V1 && args.kms_endpoint.is_none() {
            mistakes.push("--signature=v1 needs --kms-endpoint, since it does not sign the host".to_owned());
        }
        for (flag, bound) in [
            ("--max-concurrent-kms-secret-pulls", args.max_concurrent_kms_secret_pulls),
            ("--max-concurrent-oos-secret-pulls", args.max_concurrent_oos_secret_pulls),
        ] {
            if bound == 0 {
                mistakes.push(format!("{flag} is 0, expected at least 1"));
            }
        }
        let authorities = Authorities::load(&args.identity.ca_file).unwrap_or_else(|error| {
            mistakes.push(error.to_string());
            Authorities::default()
        });
        let metadata_endpoint = identity::metadata_endpoint(args.identity.metadata_endpoint.clone());
        let kubernetes = kubernetes_access(args.identity.kubeconfig.clone(), environment);
        Self {
            identity: identity::read(args.identity, args.network, args.region.clone(), environment, mistakes),
            settings: Settings {
                region: args.region,
                // Whoever names the host of all classes does not mind a class that names it, too.
                allowed_endpoints: args
                    .allowed_endpoint
                    .into_iter()
                    .chain(args.kms_endpoint.clone())
                    .collect(),
                kms_endpoint: args.kms_endpoint,
                oos_endpoint: args.oos_endpoint,
                network: args.network,
                signature: args.signature,
            },
            ceilings: Ceilings {
                kms: usize::from(args.max_concurrent_kms_secret_pulls),
                oos: usize::from(args.max_concurrent_oos_secret_pulls),
            },
            cache: cache::Settings::default(),
            metadata_endpoint,
            kubernetes,
            authorities,
            hosts: args.resolve,
        }
    }

    /// What reads the secrets of a mount.
    pub fn mounter(self, metrics: Arc<Metrics>) -> Result<Mounter, Box<dyn std::error::Error>> {
        let client = Client::trusting(&self.authorities, &self.hosts, self.ceilings, Arc::clone(&metrics))?;
        let client = Arc::new(client);
        let metadata = Arc::new(Metadata::new(Arc::clone(&client), self.metadata_endpoint));
        let sts = Sts::new(Arc::clone(&client));
        let kubernetes = Kubernetes::new(self.kubernetes, Arc::clone(&metrics));
        Ok(Mounter {
            settings: self.settings,
            credentials: Credentials::new(
                self.identity,
                sts,
                Arc::clone(&metadata),
                kubernetes,
                Arc::clone(&metrics),
            )?,
            metadata,
            kms: KmsStore::new(Arc::clone(&client)),
            oos: OosStore::new(client),
            cache: Arc::new(Cache::new(self.cache, metrics)),
            volumes: Volumes::default(),
        })
    }
}

/// The variables are those that Kubernetes sets in every container.
fn kubernetes_access(kubeconfig: Option<PathBuf>, environment: &impl Environment) -> kubernetes::Access {
    let text = |name| environment.variable(name)?.into_string().ok().filter(|text| !text.is_empty());
    let server = text("KUBERNETES_SERVICE_HOST").zip(text("KUBERNETES_SERVICE_PORT"));
    match (kubeconfig, server) {
        (Some(path), _) => kubernetes::Access::Kubeconfig(path),
        (None, Some((host, port))) => {
            kubernetes::Access::InCluster { host, port, folder: kubernetes::SERVICE_ACCOUNT.into() }
        }
        (None, None) => kubernetes::Access::Nowhere,
    }
}

/// The driver asks about each pod every 60 to 90 seconds. What it is answered may be older by what is left of the interval.
const LONGEST_PAUSE: Duration = Duration::from_secs(90);

fn remembering(args: &CacheArgs) -> cache::Settings {
    let window = args.rotation_interval.checked_sub(LONGEST_PAUSE).filter(|window| !window.is_zero());
    let bytes = usize::try_from(args.secret_cache_bytes).unwrap_or(usize::MAX);
    cache::Settings { window, serve_stale: args.serve_stale, bytes }
}

fn is_plain_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    path.starts_with('/') && path.bytes().all(plain) && !matches!(path, "/readyz" | "/metrics")
}

/// Settings that cannot be used. The operator must change them.
#[derive(Debug)]
pub struct Mistakes(Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for Mistakes {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use crate::credential::Source;
    use clap::Parser as _;
    use rstest::rstest;

    const ROLE: &str = "acs:ram::1234567890123456:role/reader";

    struct Variables<'a>(&'a [(&'a str, &'a str)]);

    impl Environment for Variables<'_> {
        fn variable(&self, name: &str) -> Option<OsString> {
            self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        }
    }

    fn load(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Config, Mistakes> {
        let cli = Cli::try_parse_from([&["provider"], arguments].concat()).unwrap();
        Config::load(cli.serve, &Variables(environment))
    }

    #[test]
    fn flags_alone_are_enough() {
        let config = load(&["--provider-volume=/p", "--region=cn-beijing"], &[]).unwrap();
        assert_eq!(config.cloud.settings.region.unwrap().as_str(), "cn-beijing");
        assert!(config.cloud.identity.key_pair.is_none());
    }

    #[test]
    fn a_class_may_name_what_the_operator_names() {
        let arguments =
            ["--kms-endpoint=http://127.0.0.1:1", "--allowed-endpoint=a.test", "--allowed-endpoint=b.test"];
        let settings = load(&arguments, &[]).unwrap().cloud.settings;
        let allowed: Vec<_> = settings.allowed_endpoints.iter().map(ToString::to_string).collect();
        assert_eq!(allowed, ["https://a.test", "https://b.test", "http://127.0.0.1:1"]);
    }

    #[test]
    fn all_mistakes_are_reported_at_once() {
        let arguments = ["--signature=v1", "--max-concurrent-kms-secret-pulls=0", "--healthz-path=/metrics"];
        let message = load(&arguments, &[("ACCESS_KEY_ID", "LTAI")]).unwrap_err().to_string();
        for part in
            ["--signature=v1", "--max-concurrent-kms-secret-pulls", "--healthz-path", "SECRET_ACCESS_KEY"]
        {
            assert!(message.contains(part), "{message}");
        }
    }

    #[rstest]
    #[case(&[("ALICLOUD_ROLE_ARN", ROLE)], "nothing to assume the role with")]
    #[case(&[("ALICLOUD_ROLE_ARN", "reader")], "ALICLOUD_ROLE_ARN: expected a role's ARN")]
    #[case(&[("ALICLOUD_OIDC_PROVIDER_ARN", ROLE)], "expected an OIDC provider's ARN")]
    #[case(&[("ALICLOUD_ACCOUNT_ID", "1")], "ALICLOUD_CLUSTER_ID is missing")]
    #[case(&[("ALICLOUD_CLUSTER_ID", "c1")], "ALICLOUD_ACCOUNT_ID is missing")]
    #[case(&[("ALICLOUD_CLUSTER_ID", "c/1"), ("ALICLOUD_ACCOUNT_ID", "1")], "ALICLOUD_CLUSTER_ID: expected")]
    #[case(&[("ALICLOUD_ROLE_SESSION_EXPIRATION", "60")], "from 900 to 43200")]
    #[case(&[("ALICLOUD_ROLE_SESSION_NAME", "a b")], "expected 2 to 64 letters")]
    #[case(&[("ACCESS_KEY_ID", "a"), ("ACCESS_KEY_ID_FILE", "/b")], "both ACCESS_KEY_ID and ACCESS_KEY_ID_FILE")]
    #[case(&[("SECRET_ACCESS_KEY_FILE", "/nonexistent/key")], "/nonexistent/key: No such file")]
    #[case(&[("ALICLOUD_CROSS_ACCOUNT_EXTERNAL_ID", "x")], "expected 2 to 1224")]
    fn credentials_that_make_no_sense_are_refused_at_the_start(
        #[case] environment: &[(&str, &str)],
        #[case] expected: &str,
    ) {
        let message = load(&[], environment).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn a_key_pair_may_stand_in_files() {
        let directory = tempfile::TempDir::new().unwrap();
        let file = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (id, secret) = (file("id", "LTAI\n"), file("secret", "hunter2\n"));
        let environment = [
            ("ACCESS_KEY_ID_FILE", id.as_str()),
            ("SECRET_ACCESS_KEY_FILE", &secret),
            ("ALICLOUD_ROLE_ARN", ROLE),
        ];
        let identity = load(&[], &environment).unwrap().cloud.identity;
        assert_eq!(identity.order().unwrap().provider_level, Source::RamRole);
        assert_eq!(identity.key_pair.unwrap().credential().unwrap().access_key_id, "LTAI");
    }

    #[rstest]
    #[case(&[], Some(30))]
    #[case(&["--rotation-interval=10m"], Some(510))]
    #[case(&["--rotation-interval=90s"], None)]
    #[case(&["--rotation-interval=30s"], None)]
    fn what_is_remembered_is_gone_within_the_rotation_interval(
        #[case] arguments: &[&str],
        #[case] expected: Option<u64>,
    ) {
        let settings = load(arguments, &[]).unwrap().cloud.cache;
        assert_eq!((settings.window.map(|window| window.as_secs()), settings.serve_stale), (expected, None));
    }

    #[test]
    fn the_api_server_is_the_clusters_own_unless_a_file_says_otherwise() {
        use kubernetes::Access;
        let access = |arguments: &[&str], environment: &[(&str, &str)]| {
            load(arguments, environment).unwrap().cloud.kubernetes
        };
        let cluster = [("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("KUBERNETES_SERVICE_PORT", "6443")];
        assert!(matches!(access(&[], &cluster), Access::InCluster { host, port, folder }
            if (host.as_str(), port.as_str()) == ("10.0.0.1", "6443") && folder.ends_with("serviceaccount")));
        assert!(matches!(access(&["--kubeconfig=/k"], &cluster), Access::Kubeconfig(_)));
        assert!(matches!(access(&[], &cluster[..1]), Access::Nowhere));
    }

    #[test]
    fn keys_never_show() {
        let environment = [("ACCESS_KEY_ID", "LTAI"), ("SECRET_ACCESS_KEY", "hunter2")];
        let config = load(&[], &environment).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
