//! The wire to Alibaba Cloud: credentials, signatures, calls, endpoints, refusals.
//!
//! Knows nothing of CSI or Kubernetes.

pub mod call;
pub mod credential;
pub mod endpoint;
pub mod fault;
pub mod sign;

pub use call::Client;
pub use credential::Credential;
pub use endpoint::{Endpoint, Region};
pub use fault::Fault;
