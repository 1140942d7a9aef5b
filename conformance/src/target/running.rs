//! A provider that runs already. It cannot be told anything: what a scenario sets must be what it knows.

use std::io;
use std::os::unix::fs::symlink;

use super::file::Running;
use super::http::{self, HttpAnswer};
use super::process::StartError;
use super::provider::Impossible;
use super::settings::{Endpoints, Identity, Options, Settings};
use crate::driver::{self, Driver};

/// The name that the driver looks for.
const SOCKET: &str = "alibabacloud.sock";

/// A provider that was found.
#[derive(Debug)]
pub struct RunningProvider {
    health_port: Option<u16>,
}

impl RunningProvider {
    /// Finds the provider, lets the scenario's driver see its socket, and waits for nothing: it is there or it is not.
    pub(super) async fn find(settings: &Settings, running: &Running) -> Result<Self, StartError> {
        if let Some(what) = unknown(settings, running) {
            return Err(Impossible(format!("it runs already and cannot be told {what}")).into());
        }
        // The link lies elsewhere, where a relative path would lead elsewhere.
        let folder = std::path::absolute(&running.folder).unwrap_or_else(|_| running.folder.clone());
        let socket = folder.join(SOCKET);
        let driver = Driver::new(driver::Options::new(folder, "/".into()));
        let answer = driver.version("alibabacloud", driver::HEALTH_CHECK_DEADLINE).await;
        // A link leaves the folder of the running provider alone, whatever the scenario does beside it.
        let link = settings.provider_folder.join(SOCKET);
        match answer.map(|_| symlink(&socket, link)) {
            Ok(Ok(())) => Ok(Self { health_port: running.health_port }),
            Ok(Err(_)) => {
                Err(Impossible("it runs already, and something lies where its socket belongs".into()).into())
            }
            Err(_) => Err(StartError::Absent { socket }),
        }
    }

    pub(super) async fn http_get(&self, path: &str) -> Option<io::Result<HttpAnswer>> {
        Some(http::get(([127, 0, 0, 1], self.health_port?).into(), path).await)
    }
}

/// What the scenario tells a target at its start and this one does not know.
fn unknown(settings: &Settings, running: &Running) -> Option<&'static str> {
    let Settings { target: _, binary: _, provider_folder: _, endpoints, options, identity } = settings;
    let Endpoints { kms, oos, sts, metadata } = endpoints;
    let api = Some(format!("http://{}", running.cloud.api));
    let services = [(kms, "where KMS is"), (oos, "where OOS is"), (sts, "where STS is")];
    let service = services.into_iter().find(|(endpoint, _)| **endpoint != api).map(|(_, what)| what);
    let is_metadata_moved = *metadata != Some(format!("http://{}", running.cloud.metadata));
    service
        .or_else(|| is_metadata_moved.then_some("where the instance metadata service is"))
        .or_else(|| unknown_option(options, running))
        .or_else(|| unknown_identity(identity, running))
}

fn unknown_option(options: &Options, running: &Running) -> Option<&'static str> {
    let Options {
        region,
        network,
        kubeconfig,
        in_cluster,
        ca_files,
        allowed_endpoints,
        grace_period,
        rotation_interval,
        kms_bound,
        oos_bound,
        ecs_role,
        pod_identity_fallback,
        prefer_node_publish_secret,
        verbose: _,
        flags,
    } = options;
    let rows = [
        (*region != running.region, "its region"),
        (network.is_some(), "its network"),
        (kubeconfig.is_some() || in_cluster.is_some(), "where the Kubernetes API is"),
        (!ca_files.is_empty(), "whom to trust"),
        (!allowed_endpoints.is_empty(), "what classes may name"),
        (grace_period.is_some(), "how long it may take to stop"),
        (rotation_interval.is_some(), "how long it may remember"),
        (kms_bound.is_some() || oos_bound.is_some(), "how much it may ask at once"),
        (ecs_role.is_some(), "the instance's role"),
        (*pod_identity_fallback || *prefer_node_publish_secret, "whose identity goes first"),
        (!flags.is_empty(), "its flags"),
    ];
    rows.into_iter().find(|(is_unknown, _)| *is_unknown).map(|(_, what)| what)
}

fn unknown_identity(identity: &Identity, running: &Running) -> Option<&'static str> {
    let Identity {
        access_key_id,
        access_key_secret,
        role_arn,
        oidc_provider_arn,
        account_id,
        cluster_id,
        token_file,
        session_name,
        session_seconds,
        external_id,
        files,
    } = identity;
    let key = running.access_key.as_ref();
    let is_same_key = access_key_id.as_ref() == key.map(|key| &key.id)
        && access_key_secret.as_ref() == key.map(|key| &key.secret);
    let others =
        [role_arn, oidc_provider_arn, account_id, cluster_id, session_name, session_seconds, external_id];
    let is_told_more = others.into_iter().any(Option::is_some) || token_file.is_some() || files.is_some();
    (!is_same_key || is_told_more).then_some("who it is")
}
