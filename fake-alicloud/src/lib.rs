#![doc = include_str!("../README.md")]

// The doors, and what is behind them in the order in which a call passes through.
mod control;
mod fake;
mod front;
mod listener;
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
mod journal;
mod random;

#[doc(hidden)]
pub mod fuzzing;

pub use crate::{
    behaviour::{Behaviour, Eviction, ReadInDeletionWindow, VersionMismatch},
    clock::{Clock, ClockChange, ClockReading},
    control::{
        client::{ControlClient, ControlError},
        issuers::{IssuerError, IssuerReading, KeyRotation},
        seed::{Place, Seed, SeedError},
    },
    fake::{FakeAlicloud, Options, StartError},
    journal::{CallFilter, FilterError, JournalEntry, Outcome, SignatureKind},
    listener::Timeouts,
    oidc::{Algorithm, Pod, ServiceAccountToken},
    request::Scheme,
};
