//! The suite's command line. The features also run as the test target `features`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use conformance::target::TargetFile;
use conformance::{commands, demo, kubernetes, load, mutants, suite};

/// The exit code when nothing could be judged or shown at all.
const UNUSABLE: u8 = 2;

/// Judges providers of the Secrets Store CSI Driver on Alibaba Cloud.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge a provider: exit code 0 when all holds, 1 when something does not, 3 when nothing failed and not all was judged
    Run(Box<suite::Options>),
    /// List the promises, or the scenarios that show them
    List(commands::List),
    /// Explain a promise: where it is made, what shows it, how to run that
    Explain(commands::Explain),
    /// Compare two reports: exit code 1 when something does not hold any more
    Diff(commands::Diff),
    /// Check that promises, scenarios and the README's table agree
    Requirements(commands::Check),
    /// Print the JSON Schema of reports
    ReportSchema,
    /// Show the main job in five seconds: a secret becomes a file, and changes when the secret does
    Demo(demo::Options),
    /// Check that the suite catches the mutants of the workspace's provider: exit code 0 when all are caught
    Mutants(mutants::Options),
    /// Drive a provider hard, and tell how fast it is and what that costs
    Load(Box<load::Options>),
    /// Serve the suite's small Kubernetes API, for Helm, kubectl and other clients
    Kubernetes(kubernetes::Options),
    /// Print the JSON Schema of target files
    TargetSchema,
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run(options) => suite::run(*options).await,
        Command::List(options) => commands::list(&options),
        Command::Explain(options) => commands::explain(&options),
        Command::Diff(options) => commands::diff(&options),
        Command::Requirements(options) => commands::requirements(&options),
        Command::ReportSchema => commands::report_schema(),
        Command::Demo(options) => demo::run(options).await,
        Command::Mutants(options) => mutants::run(options).await,
        Command::Load(options) => load::run(*options).await,
        Command::Kubernetes(options) => kubernetes::run(options).await,
        Command::TargetSchema => target_schema(),
    };
    result.unwrap_or_else(|error| {
        // Where standard error is closed, the exit code is all that can be said.
        let _ = writeln!(io::stderr(), "conformance: {error:#}");
        ExitCode::from(UNUSABLE)
    })
}

fn target_schema() -> anyhow::Result<ExitCode> {
    io::stdout().write_all(TargetFile::schema().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
