//! The real driver in a real Kubernetes, against any kubeconfig.
//!
//! A run has a fake cloud of its own in the cluster; a scenario has a namespace, and a provider that its chart has installed with
//! what the scenario tells. The sentences are those of the played driver where both know them: rooms of `steps` that only fill
//! the cloud or count its calls are compiled for both worlds. In the others a cluster is given time, since nothing in it happens
//! at once.

mod diagnosis;
mod driver;
mod example;
mod fake;
mod kube;
mod play;
mod release;
mod session;
mod steps;
mod world;

pub(crate) use play::play;
pub use session::Session;
pub use world::World;

#[cfg(test)]
mod words_tests;
