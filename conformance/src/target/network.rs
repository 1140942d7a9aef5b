//! The private network of containers: the cloud's metadata address is its gateway, which is this machine, and nothing leads out.
//!
//! There is one on a machine, so runs with containers go one after another. What a run that was killed has left behind is removed
//! by the next one.

use std::collections::HashMap;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context as _, bail};
use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};
use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
};

use super::file::Place;

/// The network, and the label of all that belongs to the suite.
pub(super) const NAME: &str = "conformance-cloud";

/// Where the cloud's instances find their metadata.
pub(crate) const GATEWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200));

impl Place {
    /// The cloud as containers see it: names over HTTPS, and metadata at the usual address.
    pub(super) fn of_containers() -> Self {
        Self {
            api: SocketAddr::new(GATEWAY, 0),
            metadata: SocketAddr::new(GATEWAY, 80),
            api_tls: Some(SocketAddr::new(GATEWAY, 443)),
        }
    }
}

/// The network, while this run has it.
#[derive(Debug)]
pub struct ContainerNetwork {
    docker: Docker,
    /// Locked until it is closed.
    _turn: File,
}

impl ContainerNetwork {
    /// Makes the network. Another run that has one is an error.
    pub async fn open() -> anyhow::Result<Self> {
        let docker = docker()?;
        docker.ping().await.context("asking the Docker engine; start one, or set DOCKER_HOST")?;
        let path = std::env::temp_dir().join("conformance-cloud.lock");
        let turn = File::create(&path).with_context(|| format!("making {}", path.display()))?;
        if turn.try_lock().is_err() {
            bail!(
                "another run has the network of containers on this machine; such runs go one after another"
            );
        }
        let network = Self { docker, _turn: turn };
        network.clear().await?;
        let config = IpamConfig {
            subnet: Some("100.100.100.0/24".into()),
            gateway: Some(GATEWAY.to_string()),
            ..IpamConfig::default()
        };
        let request = NetworkCreateRequest {
            name: NAME.into(),
            internal: Some(true),
            ipam: Some(Ipam { config: Some(vec![config]), ..Ipam::default() }),
            labels: Some(label()),
            ..NetworkCreateRequest::default()
        };
        network.docker.create_network(request).await.context("making the private network of containers")?;
        Ok(network)
    }

    /// Removes the network and all that is in it.
    pub async fn close(self) -> anyhow::Result<()> {
        self.clear().await
    }

    async fn clear(&self) -> anyhow::Result<()> {
        let labelled = HashMap::from([("label", vec![NAME])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&labelled).build();
        let containers = self.docker.list_containers(Some(options)).await.context("listing containers")?;
        for id in containers.into_iter().filter_map(|container| container.id) {
            let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
            gone(self.docker.remove_container(&id, Some(options)).await)?;
        }
        gone(self.docker.remove_network(NAME).await)
    }
}

/// The engine's client, by its socket or `DOCKER_HOST`.
pub(super) fn docker() -> anyhow::Result<Docker> {
    Docker::connect_with_defaults().context("finding the Docker engine")
}

/// With a value: testcontainers leaves out labels without one.
pub(super) fn label() -> HashMap<String, String> {
    HashMap::from([(NAME.to_owned(), "yes".to_owned())])
}

/// What is not there, or is just being removed, need not be removed.
fn gone(result: Result<(), Error>) -> anyhow::Result<()> {
    match result {
        Err(Error::DockerResponseServerError { status_code: 404 | 409, .. }) => Ok(()),
        result => result.context("removing what an earlier scenario left behind"),
    }
}
