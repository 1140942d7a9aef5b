//! The fake as a process: command line, signals.

mod announce;

use std::{
    io::{self, IsTerminal},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::{Parser, Subcommand};
use fake_alicloud::{FakeAlicloud, Options, Seed};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::level_filters::LevelFilter;

/// A fake Alibaba Cloud for tests. Nothing is kept on disk; never give it a real secret.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run until SIGINT or SIGTERM
    Serve(Box<Serve>),
    /// Print the JSON Schema of seed files
    SeedSchema,
}

#[derive(clap::Args)]
struct Serve {
    /// Put the accounts, keys and secrets of this YAML or JSON file into the cloud
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,

    /// Address of the cloud's API over HTTP; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8980")]
    api: SocketAddr,

    /// Address of the control door; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8981")]
    control: SocketAddr,

    /// Address of the instance metadata service, such as 100.100.100.200:80 [default: 127.0.0.1:8982, or a free port if
    /// --api has port 0]
    #[arg(long, value_name = "ADDR")]
    metadata: Option<SocketAddr>,

    /// Address of the cloud's API over HTTPS [default: port 8983 beside --api, or a free one if --api has port 0]
    #[arg(long, value_name = "ADDR")]
    api_tls: Option<SocketAddr>,

    /// Write the certificate that HTTPS clients must trust to this file
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Serve this host name over HTTPS too, beside the cloud's, localhost and addresses; may be repeated
    #[arg(long, value_name = "HOST")]
    tls_name: Vec<String>,

    /// Let products that want HTTPS, such as KMS, answer over HTTP too [default: if --api is a loopback address]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    allow_http: Option<bool>,

    /// Region of calls and seeded secrets that name none
    #[arg(long, value_name = "REGION", default_value = "cn-hangzhou")]
    region: String,

    /// Keep so many calls in the journal; the oldest go first
    #[arg(long, value_name = "CALLS", default_value_t = Options::default().journal_capacity)]
    journal_capacity: usize,

    /// Print shell variables for tests and official SDKs instead of the banner, then close standard output
    #[arg(long)]
    print_env: bool,

    /// Log each call to standard error
    #[arg(short, long)]
    verbose: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Serve(serve) => run(*serve).await,
        Command::SeedSchema => announce::text(&Seed::schema()).context("cannot write to standard output"),
    }
}

async fn run(serve: Serve) -> anyhow::Result<()> {
    // Standard output is for the banner, which scripts read.
    let level = if serve.verbose { LevelFilter::INFO } else { LevelFilter::WARN };
    let ansi = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_ansi(ansi).init();
    // Before the banner: whoever has read it may send a signal at once.
    let mut signals = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);

    let seed = serve.seed.as_deref().map(read_seed).transpose()?;
    let fake = FakeAlicloud::start(serve.options()).await?;
    if let Some(seed) = &seed {
        fake.seed(seed)?;
    }
    if let Some(path) = &serve.ca_file {
        std::fs::write(path, fake.ca_pem()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if serve.print_env {
        announce::variables(&fake, &serve.region, seed.as_ref(), serve.ca_file.as_deref())
    } else {
        announce::banner(&fake, &serve.region)
    }
    .context("cannot write to standard output")?;
    wait_for_either(&mut signals).await;
    fake.stop().await;
    Ok(())
}

/// The ports for HTTPS and metadata, unless others are asked for. Those who let the system pick one port want no fixed ones
/// either.
const TLS_PORT: u16 = 8983;
const METADATA_PORT: u16 = 8982;

impl Serve {
    fn options(&self) -> Options {
        let port = |fixed| if self.api.port() == 0 { 0 } else { fixed };
        Options {
            api: self.api,
            api_tls: self.api_tls.unwrap_or_else(|| SocketAddr::new(self.api.ip(), port(TLS_PORT))),
            control: self.control,
            // It hands out credentials to whoever asks, so it is not where the API is unless that is asked for.
            metadata: self
                .metadata
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], port(METADATA_PORT)))),
            region: self.region.clone(),
            allow_http: self.allow_http.unwrap_or_else(|| self.api.ip().is_loopback()),
            tls_names: self.tls_name.clone(),
            journal_capacity: self.journal_capacity,
            ..Options::default()
        }
    }
}

fn read_seed(path: &Path) -> anyhow::Result<Seed> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("cannot use {}", path.display()))
}

async fn wait_for_either((interrupt, terminate): &mut (Signal, Signal)) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
