#![doc = include_str!("../README.md")]

// The doors, and what is behind them in the order in which a call passes through.
mod control;
mod fake;
mod front;
mod listener;
mod metadata;
mod request;
mod tls;

mod api;
mod auth;
mod oidc;
mod policy;
mod state;

mod behaviour;
mod clock;
mod cloud;
mod fault;
mod journal;
mod pattern;
mod random;

#[doc(hidden)]
pub mod fuzzing;

/// The version of this crate, for reports of what was tested with it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub use crate::{
    behaviour::{AbsentKey, Behaviour, Eviction, ReadInDeletionWindow, VersionMismatch},
    clock::{Clock, ClockChange, ClockReading},
    control::{
        client::{ControlClient, ControlError},
        issuers::{IssuerError, IssuerReading, KeyRotation},
        seed::{Place, Seed, SeedError},
    },
    fake::{FakeAlicloud, Options, StartError},
    fault::{
        CertificateFlaw, Effect, ErrorEffect, Fault, FaultError, FaultProduct, Malformation, PlannedFault,
        Quota, QuotaPreset, Speaker, Stall, StallPoint, Truncation,
    },
    journal::{CallFilter, FilterError, JournalEntry, Outcome, SignatureKind},
    listener::Timeouts,
    metadata::{EcsInstance, EcsInstanceError, HttpEndpoint, HttpTokens},
    oidc::{Algorithm, Pod, ServiceAccountToken},
    request::Scheme,
};
