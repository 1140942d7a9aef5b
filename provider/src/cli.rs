//! The command line. Flags bear the names of the vendor's provider, so that its manifests work unchanged.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;

use crate::alicloud::authorities::CaFile;
use crate::alicloud::sign::Scheme;
use crate::alicloud::{Endpoint, Network, Region, Resolve};

/// Serves secrets of Alibaba Cloud to the Secrets Store CSI Driver.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    args_conflicts_with_subcommands = true,
    after_help = "Without a command, flags are those of serve. Its --help lists the variables that hold credentials."
)]
pub struct Cli {
    /// What to do; `serve` if nothing is named.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags of `serve`, for manifests that name no command.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the driver until SIGTERM or SIGINT (the default)
    Serve(Box<ServeArgs>),
    /// Check a SecretProviderClass, and the pods that use it, without cloud or cluster
    Lint(LintArgs),
    /// Read what a SecretProviderClass mounts, without driver, and print or keep it
    Fetch(Box<FetchArgs>),
    /// Print the version
    Version,
}

/// What `--help` of every command that calls the cloud ends with.
const VARIABLES: &str = "Credentials come from the environment; NAME_FILE in place of NAME names a file that is read again when it \
changes:
  ACCESS_KEY_ID, SECRET_ACCESS_KEY     key pair; with a role it assumes that
  ALICLOUD_ROLE_ARN                    role to read with
  ALICLOUD_OIDC_PROVIDER_ARN           provider of service account tokens, or
  ALICLOUD_ACCOUNT_ID, ALICLOUD_CLUSTER_ID
                                       the cluster whose provider it is
  ALICLOUD_OIDC_TOKEN_FILE             the provider's own token, if not where the chart projects it
  ALICLOUD_ROLE_SESSION_NAME           name of sessions, with {namespace}, {serviceAccount}, {node}
  ALICLOUD_ROLE_SESSION_EXPIRATION     seconds that sessions last, 900 to 43200
  ALICLOUD_CROSS_ACCOUNT_EXTERNAL_ID   external id for roles of other accounts
Without any of them the RAM role of the node's instance is used.";

/// Settings of `serve`.
#[derive(Args, Debug)]
#[command(after_help = VARIABLES)]
pub struct ServeArgs {
    /// Directory of the driver's provider sockets; ours is alibabacloud.sock in it
    #[arg(long, value_name = "DIR", default_value = "/etc/kubernetes/secrets-store-csi-providers")]
    pub provider_volume: PathBuf,

    /// Which cloud, and how to call it.
    #[command(flatten)]
    pub cloud: CloudArgs,

    /// What is remembered of it.
    #[command(flatten)]
    pub cache: CacheArgs,

    /// Largest answer that the driver takes (its --max-call-recv-msg-size)
    #[arg(long, value_name = "BYTES", default_value_t = 4 * 1024 * 1024)]
    pub max_response_bytes: u32,

    /// Address of the admin port
    #[arg(long, value_name = "IP", default_value = "0.0.0.0")]
    pub healthz_address: IpAddr,

    /// Port of health, readiness (/readyz) and metrics (/metrics); 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 8989)]
    pub healthz_port: u16,

    /// Path of the health check, which asks the gRPC side
    #[arg(long, value_name = "PATH", default_value = "/healthz")]
    pub healthz_path: String,

    /// How long the health check waits for the gRPC side
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    pub healthz_timeout: Duration,

    /// How long running mounts may go on after SIGTERM
    #[arg(long, value_name = "DURATION", default_value = "25s", value_parser = parse_duration)]
    pub shutdown_grace_period: Duration,

    /// Form of the log on standard error
    #[arg(long, value_enum, default_value_t)]
    pub log_format: LogFormat,

    /// Log more: 2 and above adds a line per cloud call
    #[arg(short = 'v', long = "v", value_name = "LEVEL", default_value_t = 0, action = ArgAction::Set)]
    pub verbosity: u8,
}

/// Settings of what is remembered.
#[derive(Args, Debug)]
pub struct CacheArgs {
    /// The driver's --rotation-poll-interval: how soon a changed secret must reach every pod
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = parse_duration)]
    pub rotation_interval: Duration,

    /// While the cloud is out of reach, serve what the same identity read no longer ago than this; off by default
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub serve_stale: Option<Duration>,

    /// Memory for secrets that were read; 0 keeps none
    #[arg(long, value_name = "BYTES", default_value_t = 16 * 1024 * 1024)]
    pub secret_cache_bytes: u32,
}

/// Settings of whatever calls the cloud.
#[derive(Args, Debug)]
pub struct CloudArgs {
    /// Region of classes that name none, such as cn-hangzhou
    #[arg(long, value_name = "REGION")]
    pub region: Option<Region>,

    /// Which endpoints of KMS, OOS and STS are used: those within a VPC, or those on the Internet
    #[arg(long, value_enum, default_value_t)]
    pub network: Network,

    /// KMS endpoint for all classes instead of kms-vpc.REGION.aliyuncs.com; http:// only for a fake
    #[arg(long, value_name = "HOST|URL")]
    pub kms_endpoint: Option<Endpoint>,

    /// OOS endpoint for all classes instead of oos-vpc.REGION.aliyuncs.com; http:// only for a fake
    #[arg(long, value_name = "HOST|URL")]
    pub oos_endpoint: Option<Endpoint>,

    /// Endpoint that a class may name as kmsEndpoint beside the cloud's own; may be repeated
    #[arg(long, value_name = "HOST|URL")]
    pub allowed_endpoint: Vec<Endpoint>,

    /// Where a host is, if not where DNS says; for a fake; may be repeated
    #[arg(long, value_name = "HOST=IP[:PORT]")]
    pub resolve: Vec<Resolve>,

    /// Signature scheme; v1 does not sign the host and so needs --kms-endpoint
    #[arg(long, value_enum, default_value_t)]
    pub signature: Scheme,

    /// Calls to a KMS host under way at once, across all mounts; fewer while it throttles
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub max_concurrent_kms_secret_pulls: u16,

    /// Calls to an OOS host under way at once, across all mounts; fewer while it throttles
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub max_concurrent_oos_secret_pulls: u16,

    /// As whom to call it.
    #[command(flatten)]
    pub identity: IdentityArgs,
}

/// Settings of who calls the cloud.
#[derive(Args, Debug)]
pub struct IdentityArgs {
    /// STS endpoint instead of that of the region; http:// only for a fake
    #[arg(long, value_name = "HOST|URL")]
    pub sts_endpoint: Option<Endpoint>,

    /// Instance metadata service, if not that at 100.100.100.200; for a fake
    #[arg(long, value_name = "URL")]
    pub metadata_endpoint: Option<Endpoint>,

    /// RAM role of the node's instance, if not the one that is attached
    #[arg(long, value_name = "NAME")]
    pub ecs_ram_role: Option<String>,

    /// Certificate authorities that alone are trusted for hosts of this suffix, in PEM; may be repeated
    #[arg(long, value_name = "HOST_SUFFIX=FILE")]
    pub ca_file: Vec<CaFile>,

    /// Kubernetes API to read service accounts from, if not that of the pod's own cluster
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Let a pod whose class asks for its own identity, and that has none, read with the provider's
    #[arg(long)]
    pub pod_identity_fallback: bool,

    /// Let the key pair of a pod's nodePublishSecretRef go before the provider's role
    #[arg(long)]
    pub prefer_node_publish_secret: bool,
}

/// Settings of `fetch`.
#[derive(Args, Debug)]
#[command(after_help = "Credentials come from the environment, as for serve.\n\
                  Exit codes: 0 all files are there, 1 the class cannot be mounted, 2 nothing that can be used.")]
pub struct FetchArgs {
    /// Manifest of the SecretProviderClass; - or none is standard input
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Name of the class, if the manifests hold several
    #[arg(long, value_name = "NAME")]
    pub class: Option<String>,

    /// Write the files into this folder, which must be empty or not there yet
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Print the values, too; Base64 where they are no text
    #[arg(long)]
    pub show: bool,

    /// Which cloud, and how to call it.
    #[command(flatten)]
    pub cloud: CloudArgs,
}

/// Settings of `lint`.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 nothing to change (warnings may be there), 1 mistakes, 2 nothing that can be checked."
)]
pub struct LintArgs {
    /// Manifests to check together; - or none is standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Form of the report on standard output
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,

    /// Region of classes that name none, as the provider has it
    #[arg(long, value_name = "REGION")]
    pub region: Option<Region>,

    /// Endpoint that a class may name as kmsEndpoint, as the provider has it; may be repeated
    #[arg(long, value_name = "HOST|URL")]
    pub allowed_endpoint: Vec<Endpoint>,
}

/// How a report looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object per line.
    Json,
}

/// `5s`, `1m30s`, `500ms`, as in Go.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let refuse = || format!("{text:?} is no duration, expected such as 5s, 1m30s or 500ms");
    let duration: SignedDuration = text.parse().map_err(|_| refuse())?;
    Duration::try_from(duration).ok().filter(|duration| !duration.is_zero()).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use rstest::rstest;

    const VENDOR: [&str; 9] = [
        "provider",
        "--provider-volume=/provider",
        "-v=2",
        "--healthz-port=8989",
        "--healthz-path=/healthz",
        "--healthz-timeout=5s",
        "--region=cn-hangzhou",
        "--max-concurrent-kms-secret-pulls=10",
        "--max-concurrent-oos-secret-pulls=10",
    ];

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_vendors_arguments_start_the_server() {
        let cli = Cli::try_parse_from(VENDOR).unwrap();
        assert!(cli.command.is_none());
        assert_eq!((cli.serve.provider_volume, cli.serve.verbosity), (PathBuf::from("/provider"), 2));
    }

    #[rstest]
    #[case(&["serve", "-v", "3"])]
    #[case(&["-v=3"])]
    #[case(&["--v=3"])]
    #[case(&["-v3"])]
    fn verbosity_is_written_in_many_ways(#[case] arguments: &[&str]) {
        let cli = Cli::try_parse_from([&["provider"], arguments].concat()).unwrap();
        let verbosity = match cli.command {
            Some(Command::Serve(args)) => args.verbosity,
            _ => cli.serve.verbosity,
        };
        assert_eq!(verbosity, 3);
    }

    #[rstest]
    #[case("5s", 5_000)]
    #[case("1m30s", 90_000)]
    #[case("500ms", 500)]
    #[case("1.5s", 1_500)]
    fn durations_are_read_as_in_go(#[case] text: &str, #[case] expected_ms: u128) {
        assert_eq!(parse_duration(text).unwrap().as_millis(), expected_ms);
    }

    #[rstest]
    #[case("")]
    #[case("5")]
    #[case("-5s")]
    #[case("0s")]
    #[case("soon")]
    fn other_durations_are_refused(#[case] text: &str) {
        assert!(parse_duration(text).unwrap_err().contains("expected such as 5s"));
    }
}
