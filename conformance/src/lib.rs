//! Conformance suite for providers of the Secrets Store CSI Driver on Alibaba Cloud.
//!
//! The suite plays the CSI driver ([`driver`]) against a provider that runs as its users run it ([`target`]), with a fake cloud
//! behind it ([`cloud`], [`faults`]), and judges from outside. The promises stand in `features/`; their words are `steps`, what
//! the steps of one scenario share is its [`world`].

pub mod catalogue;
pub mod cloud;
pub mod cluster;
pub mod commands;
pub mod coverage;
pub mod demo;
pub mod deviations;
pub mod driver;
pub mod faults;
pub mod inspection;
pub mod interruption;
pub mod kubernetes;
pub mod leak;
pub mod load;
pub mod mutants;
pub mod patience;
pub mod report;
pub mod requirements;
pub mod selection;
mod steps;
pub mod suite;
pub mod tally;
pub mod target;
pub mod values;
pub mod verdict;
pub mod world;
