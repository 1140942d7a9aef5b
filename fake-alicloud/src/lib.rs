#![doc = include_str!("../README.md")]

// The doors, and what is behind them in the order in which a call passes through.
mod control;
mod fake;
mod front;
mod listener;
mod request;

mod api;
mod auth;
mod policy;
mod state;

mod clock;
mod cloud;
mod journal;

pub use crate::{
    control::seed::{Place, Seed, SeedError},
    fake::{FakeAlicloud, Options, StartError},
    journal::{JournalEntry, SignatureKind},
};
