//! A provider for the Secrets Store CSI Driver that serves secrets of Alibaba Cloud as files.
//!
//! The driver calls it over a unix socket on every node. Rooms, from the door inwards:
//!
//! | module | owns |
//! |---|---|
//! | [`cli`], [`config`] | the command line, and every setting with its default and check |
//! | [`server`], [`authority`] | the socket, serving, draining; making old drivers' requests acceptable |
//! | [`service`], [`deadline`] | the two RPCs: message in, answer or status out, in time |
//! | [`mount`] | the domain: request, objects, paths, files |
//! | [`lint`] | the same rules for manifests in files, without cloud or cluster |
//! | [`fetch`] | a mount without driver, for people |
//! | [`store`], [`credential`] | reading a secret; choosing who asks |
//! | [`alicloud`] | signatures, calls, endpoints, refusals |
//! | [`kubernetes`] | the role that a service account asks for |
//! | [`sensitive`], [`clock`], [`kept`], [`repeats`] | the redacting, wiping type; the time; what stays good for a while; what was said lately |
//! | [`telemetry`], [`metrics`], [`admin`] | logs, counters, health |
//!
//! Calls go downwards only: service → mount → store, credential → alicloud.

#[macro_use]
mod mutate;

pub mod admin;
pub mod alicloud;
pub mod authority;
#[cfg(test)]
mod catalogue;
pub mod cli;
pub mod clock;
pub mod config;
pub mod credential;
pub mod deadline;
pub mod fetch;
pub mod kept;
pub mod kubernetes;
pub mod lint;
pub mod metrics;
pub mod mount;
#[cfg(feature = "mutants")]
pub mod mutant;
pub mod proto;
pub mod repeats;
pub mod sensitive;
pub mod server;
pub mod service;
pub mod store;
pub mod telemetry;
