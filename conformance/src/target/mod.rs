//! What is judged.
//!
//! A target is a [provider](Provider) that runs somewhere, with a socket for the driver and a door for its operator, described by
//! a [target file](TargetFile): a [process](ProviderProcess) or a container of its own for each scenario, or one that runs already. Each kind is
//! one file and one variant. What a kind cannot do is [`Impossible`], with a reason: the scenario is then unsupported.
//!
//! A [chart](Chart) in a real Kubernetes is told the same things, and is no `Provider`: there the real driver has the socket, and
//! scenarios run in a [world of their own](crate::cluster).

mod binary;
mod cluster;
mod container;
mod file;
mod http;
mod log;
mod network;
mod port;
mod process;
mod provider;
mod running;
mod settings;
mod template;

pub use binary::{PROVIDER_NAME, mutants_binary, provider_binary};
pub use cluster::{Chart, Images, OtherImages, Release, Told};
pub(crate) use cluster::{Ground, merge};
pub(crate) use file::Place;
pub use file::{TargetError, TargetFile};
pub use http::HttpAnswer;
pub use network::ContainerNetwork;
pub(crate) use network::GATEWAY;
pub(crate) use port::{free_port, free_port_at};
pub use process::{Exit, ProviderProcess, StartError};
pub use provider::{Impossible, Provider};
pub use settings::{AccessKey, Endpoints, Identity, InCluster, Options, Settings};
