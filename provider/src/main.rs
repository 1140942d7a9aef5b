//! The order of starting and stopping, and the exit codes: 0 after an orderly stop, 1 if the provider could not start or
//! serve, 2 for settings that cannot be used.

use std::error::Error;
use std::future::pending;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use csi_secrets_store_provider_alibabacloud::cli::{Cli, Command, ServeArgs};
use csi_secrets_store_provider_alibabacloud::config::{Config, ProcessEnvironment};
use csi_secrets_store_provider_alibabacloud::metrics::Metrics;
use csi_secrets_store_provider_alibabacloud::server::{Lifecycle, Socket};
use csi_secrets_store_provider_alibabacloud::service::Service;
use csi_secrets_store_provider_alibabacloud::{admin, fetch, lint, server, telemetry};

const USAGE: u8 = 2;
/// Mounts wait for the network; two threads keep up with what a node asks for, and cost little when it asks nothing.
const WORKERS: usize = 2;

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        None => serve(cli.serve),
        Some(Command::Serve(args)) => serve(*args),
        Some(Command::Lint(args)) => lint::command::run(args),
        Some(Command::Fetch(args)) => fetch::run(*args, &ProcessEnvironment),
        Some(Command::Version) => version(),
    }
}

#[expect(clippy::print_stdout, reason = "what the command is for")]
fn version() -> ExitCode {
    println!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "there is no log yet when a setting is wrong")]
fn serve(args: ServeArgs) -> ExitCode {
    let config = match Config::load(args, &ProcessEnvironment) {
        Ok(config) => config,
        Err(mistakes) => {
            eprintln!("error: {mistakes}");
            return ExitCode::from(USAGE);
        }
    };
    if let Err(error) = telemetry::start(config.log) {
        eprintln!("error: logging cannot be started: {error}");
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(config))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> Result<(), Box<dyn Error>> {
    let (stop_sender, stop) = watch::channel(false);
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);

    let metrics = Metrics::new();
    let mounter = config.cloud.mounter(Arc::clone(&metrics))?;
    let settings = mounter.credentials.settings();
    let cache = Arc::clone(&mounter.cache);
    let (ending_sender, ending) = watch::channel(false);
    let service = Service::new(mounter, config.largest_response, Arc::clone(&metrics), ending);

    let admin_listener = admin::bind(&config.admin).await?;
    let admin_address = admin_listener.local_addr()?;
    let (serving_sender, mut serving) = watch::channel(false);
    let place = Arc::default();
    let subject = admin::Subject {
        place: Arc::clone(&place),
        serving: serving.clone(),
        stop: stop.clone(),
        settings,
        metrics,
    };
    tokio::spawn(admin::serve(admin_listener, config.admin, subject));

    let socket = Socket::bind(&config.provider_volume)?;
    let place = place.get_or_init(|| socket.place());
    let grace_period = config.shutdown_grace_period;
    let lifecycle = Lifecycle { stop, ending: ending_sender, serving: serving_sender, grace_period };
    tokio::spawn(async move { cache.keep_tidy().await });
    let mut answering = pin!(server::serve(socket, service, lifecycle));
    let announcing = async {
        server::wait_for(&mut serving).await;
        let (version, socket) = (env!("CARGO_PKG_VERSION"), place.path().display());
        tracing::info!(version, %socket, admin.address = %admin_address, "serving");
        pending::<()>().await;
    };
    tokio::select! {
        result = &mut answering => return result.map_err(Into::into),
        () = announcing => {}
        _ = terminate.recv() => tracing::info!("SIGTERM: draining"),
        _ = interrupt.recv() => tracing::info!("SIGINT: draining"),
    }
    stop_sender.send_replace(true);
    answering.await?;
    tracing::info!("stopped");
    Ok(())
}
