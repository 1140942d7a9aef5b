//! Logs: one line per mount, one per failure, on standard error.
//!
//! Libraries log only warnings, at any verbosity: at their lowest levels HTTP libraries print headers and bodies.

use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::cli::LogFormat;
use crate::config::Log;

/// Starts logging, and makes panics say where they happened but not what they carried.
pub fn start(log: Log) -> Result<(), TryInitError> {
    let ours = match log.verbosity {
        0 | 1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let filter = Targets::new().with_default(LevelFilter::WARN).with_target(env!("CARGO_CRATE_NAME"), ours);
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match mutate!(LogIsProse, log.format, LogFormat::Text) {
        LogFormat::Text => registry.with(lines.with_ansi(false)).try_init()?,
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init()?,
    }
    std::panic::set_hook(Box::new(report_panic));
    Ok(())
}

/// A panic's message may quote the value it stumbled over, so only its place is logged.
fn report_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    tracing::error!(panic.location = place, "panic; this is a defect of the provider, please report it");
}
