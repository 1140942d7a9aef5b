//! The provider's chart: rendered by Helm's real engine into the suite's Kubernetes API, row by row of its `ci` folder, and held to
//! what Kubernetes, the provider's binary and an operator expect of it.
//!
//! `scripts/helm-render` installs the engine. Where it cannot be had, each test says so and has nothing to look at.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

mod container;
mod driver;
mod engine;
mod examples;
mod kinds;
mod posture;
mod provider;
mod refused;
mod rows;
mod upgrade;
mod values;
