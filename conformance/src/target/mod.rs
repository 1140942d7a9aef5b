//! What is judged.
//!
//! A target is a provider that runs somewhere, with a socket for the driver and a door for its operator. Today that is a
//! [`process`](ProviderProcess), described by a [target file](TargetFile). A container of any image and a real cluster are to stand
//! beside it, one file each; the world then holds the one that was asked for, behind what `ProviderProcess` offers now: start,
//! socket folder, output, HTTP, stop.

mod binary;
mod file;
mod http;
mod log;
mod port;
mod process;
mod settings;
mod template;

pub use binary::{PROVIDER_NAME, provider_binary};
pub use file::{TargetError, TargetFile};
pub use http::HttpAnswer;
pub(crate) use port::free_port;
pub use process::{Exit, ProviderProcess, StartError};
pub use settings::{AccessKey, Endpoints, Identity, Options, Settings};
