//! The suite's command line. The features themselves run as the test target `features`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use conformance::demo;

/// Judges providers of the Secrets Store CSI Driver on Alibaba Cloud.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the main job in five seconds: a secret becomes a file, and changes when the secret does
    Demo(demo::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Demo(options) => demo::run(options).await,
    }
}
