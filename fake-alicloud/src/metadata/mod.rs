//! The instance metadata service: what an ECS instance asks about itself at `http://100.100.100.200/latest/`.
//!
//! It has a listener of its own and answers in plain text. From the pages "Instance metadata" and "Access instance metadata
//! in security hardening mode only" of the ECS documentation; what they leave open is in the README under "Limits".

mod answer;
mod door;
mod instance;
mod path;
mod token;

pub use self::instance::{EcsInstance, EcsInstanceError, HttpEndpoint, HttpTokens};
pub(crate) use self::{
    door::door,
    path::{ACTIONS, PRODUCT},
    token::TokenKey,
};
