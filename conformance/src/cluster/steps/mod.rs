//! The words of the feature files in a cluster. Rooms that only fill the cloud, declare classes or count calls are those of the
//! played driver, compiled for this world.

#![expect(clippy::needless_pass_by_value, reason = "the runner hands the words of a step over by value")]

use super::World;

#[macro_use]
#[expect(clippy::duplicate_mod, reason = "the same words for another world")]
#[path = "../../steps/complain.rs"]
mod complain;

#[expect(clippy::duplicate_mod, reason = "the same words for another world")]
#[path = "../../steps/asked.rs"]
mod asked;
#[expect(clippy::duplicate_mod, reason = "the same words for another world")]
#[path = "../../steps/class.rs"]
mod class;
#[expect(clippy::duplicate_mod, reason = "the same words for another world")]
#[path = "../../steps/holdings.rs"]
mod holdings;
#[expect(clippy::duplicate_mod, reason = "the same words for another world")]
#[path = "../../steps/identities.rs"]
mod identities;

mod chart;
mod example;
mod expectations;
mod pods;
mod provider;
mod secrets;
