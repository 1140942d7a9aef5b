//! What is judged.
//!
//! A target is a provider that runs somewhere, with a socket for the driver and a door for its operator. Today that is a
//! [`process`](ProviderProcess) of the binary. A container of any image and a real cluster are to stand beside it, one file each;
//! the world then holds the one that was asked for, behind what `ProviderProcess` offers now: start, socket folder, output, HTTP,
//! stop.

mod binary;
mod http;
mod port;
mod process;

pub use binary::{PROVIDER_NAME, provider_binary};
pub use http::HttpAnswer;
pub(crate) use port::free_port;
pub use process::{AccessKey, Exit, ProviderProcess, Settings, StartError};
