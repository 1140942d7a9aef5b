//! Who asks: every source against the fake cloud, a fake instance and a small Kubernetes API, and what each does when
//! something is missing, refused, slow or broken.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

mod support;

#[path = "credentials/api_server.rs"]
mod api_server;
#[path = "credentials/authorities.rs"]
mod authorities;
#[path = "credentials/caching.rs"]
mod caching;
#[path = "credentials/cluster.rs"]
mod cluster;
#[path = "credentials/faults.rs"]
mod faults;
#[path = "credentials/in_cluster.rs"]
mod in_cluster;
#[path = "credentials/instance.rs"]
mod instance;
#[path = "credentials/sources.rs"]
mod sources;
#[path = "credentials/world.rs"]
mod world;
