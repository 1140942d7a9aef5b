//! The fake as a process: command line, banner, signals.

use std::{
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::{Parser, Subcommand};
use fake_alicloud::{FakeAlicloud, Options, Seed};
use tokio::signal::unix::{Signal, SignalKind, signal};

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
    Serve(Serve),
}

#[derive(clap::Args)]
struct Serve {
    /// Put the accounts, keys and secrets of this YAML or JSON file into the cloud
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,

    /// Address of the cloud's API; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8980")]
    api: SocketAddr,

    /// Address of the control door; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8981")]
    control: SocketAddr,

    /// Region of calls and seeded secrets that name none
    #[arg(long, value_name = "REGION", default_value = "cn-hangzhou")]
    region: String,

    /// Print the URLs as shell variables instead of the banner
    #[arg(long)]
    print_env: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli { command: Command::Serve(serve) } = Cli::parse();
    // Standard output is for the banner, which scripts read.
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).init();
    run(serve).await
}

async fn run(serve: Serve) -> anyhow::Result<()> {
    // Before the banner: whoever has read it may send a signal at once.
    let mut signals = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let seed = serve.seed.as_deref().map(read_seed).transpose()?;
    let region = serve.region.clone();
    let options = Options { api: serve.api, control: serve.control, region: serve.region };
    let fake = FakeAlicloud::start(options).await?;
    if let Some(seed) = seed {
        fake.seed(&seed)?;
    }
    announce(&fake, &region, serve.print_env).context("cannot write to standard output")?;
    wait_for_either(&mut signals).await;
    fake.stop().await;
    Ok(())
}

fn read_seed(path: &Path) -> anyhow::Result<Seed> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("cannot use {}", path.display()))
}

fn announce(fake: &FakeAlicloud, region: &str, as_variables: bool) -> io::Result<()> {
    let (api, control) = (fake.api_url(), fake.control_url());
    let mut out = io::stdout().lock();
    if as_variables {
        writeln!(out, "export FAKE_ALICLOUD_API_URL={api}")?;
        writeln!(out, "export FAKE_ALICLOUD_CONTROL_URL={control}")?;
        writeln!(out, "export FAKE_ALICLOUD_REGION={region}")?;
    } else {
        writeln!(out, "fake-alicloud {}, for tests only", env!("CARGO_PKG_VERSION"))?;
        writeln!(out, "API:     {api} (region {region} unless the call names another)")?;
        writeln!(out, "control: {control}")?;
    }
    out.flush()
}

async fn wait_for_either((interrupt, terminate): &mut (Signal, Signal)) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
