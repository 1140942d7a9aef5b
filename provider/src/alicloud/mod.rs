//! The wire to Alibaba Cloud: credentials, signatures, calls, endpoints, resource names, refusals.
//!
//! Knows nothing of CSI or Kubernetes.

pub mod arn;
pub mod call;
pub mod credential;
pub mod endpoint;
pub mod fault;
pub mod sign;

pub use arn::{RoleArn, SecretArn};
pub use call::Client;
pub use credential::Credential;
pub use endpoint::{Endpoint, Region};
pub use fault::Fault;
