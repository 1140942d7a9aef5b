//! `lint` as a command: files in, a report out.

use std::io::{self, Write as _};
use std::process::ExitCode;

use super::{input, lint};
use crate::cli::{LintArgs, ReportFormat};
use crate::mount::settings::Settings;

/// What it was called with cannot be used.
const USAGE: u8 = 2;

/// Checks what `args` names and says on standard output what it found.
#[expect(clippy::print_stderr, reason = "a command's complaints go to its standard error")]
pub fn run(args: LintArgs) -> ExitCode {
    let settings =
        Settings { region: args.region, allowed_endpoints: args.allowed_endpoint, ..Settings::default() };
    let inputs = match input::read_all(&args.files) {
        Ok(inputs) => inputs,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(USAGE);
        }
    };
    let report = match lint(&inputs, &settings) {
        Ok(report) => report,
        Err(nothing) => {
            eprintln!("error: {nothing}");
            return ExitCode::from(USAGE);
        }
    };
    let mut out = io::stdout().lock();
    let written = match args.format {
        ReportFormat::Text => write!(out, "{report}"),
        ReportFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &report).map_err(Into::into).and_then(|()| writeln!(out))
        }
    };
    // A reader that has seen enough closes the pipe; the verdict stands.
    let _ = written.and_then(|()| out.flush());
    if report.has_errors() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
