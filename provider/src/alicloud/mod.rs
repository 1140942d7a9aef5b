//! The wire to Alibaba Cloud: credentials, signatures, calls and their repetition, endpoints, resource names, refusals, and the
//! two services that hand out credentials.
//!
//! Knows nothing of CSI or Kubernetes.

pub mod arn;
pub mod authorities;
pub mod bound;
pub mod call;
pub mod credential;
pub mod endpoint;
pub mod fault;
pub mod metadata;
pub mod resolve;
pub mod retry;
pub mod session;
pub mod sign;
pub mod sts;

pub use arn::{OidcProviderArn, RoleArn, SecretArn};
pub use authorities::Authorities;
pub use bound::{Bounds, Ceilings};
pub use call::Client;
pub use credential::Credential;
pub use endpoint::{Endpoint, Network, Region};
pub use fault::Fault;
pub use metadata::Metadata;
pub use resolve::Resolve;
pub use session::Session;
pub use sts::Sts;
