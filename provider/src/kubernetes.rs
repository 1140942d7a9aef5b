//! Which role a service account asks for. The one thing that the provider reads from Kubernetes.
//!
//! The client is built on first use: a provider whose classes do not use pod identities never connects. A service account is
//! read with `get` and by name, so that is all that the provider's own service account must be allowed.

mod access;

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{Api, Client};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep, timeout_at};

pub use access::{Access, SERVICE_ACCOUNT};

use crate::alicloud::call::dice;
use crate::alicloud::retry::{self, Persistence};
use crate::kept::{Freshness, Kept, TooLate};
use crate::metrics::Metrics;

/// The annotation that holds the role's ARN.
pub const ANNOTATION: &str = "ack.alibabacloud.com/role-arn";

/// A changed annotation counts this soon.
const KEPT: Duration = Duration::from_secs(60);
/// A missing one is looked for again this soon: somebody may be about to add it.
const ABSENCE_KEPT: Duration = Duration::from_secs(2);
/// No answer is waited for longer; another server may be there for the next try.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than a node has pods.
const MOST: usize = 1_000;
/// Service accounts read at once. Each takes a connection with its TLS, and a node that starts has a hundred to read.
const AT_ONCE: usize = 8;

/// Reads service accounts.
#[derive(Debug)]
pub struct Kubernetes {
    access: Access,
    client: Mutex<Option<Handle>>,
    roles: Kept<Name, Option<String>, Error>,
    places: Semaphore,
    metrics: Arc<Metrics>,
}

/// A service account's name, in its namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    namespace: String,
    name: String,
}

impl Name {
    /// Names that Kubernetes takes; others could ask for something else of the API.
    pub fn new(namespace: &str, name: &str) -> Option<Self> {
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        let is_name =
            |text: &str| (1..=253).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('.');
        let named = is_name(namespace) && is_name(name);
        named.then(|| Self { namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its name within that.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl Kubernetes {
    /// Connects when it is first asked.
    pub fn new(access: Access, metrics: Arc<Metrics>) -> Self {
        let (roles, places) = (Kept::new(MOST), Semaphore::new(AT_ONCE));
        Self { access, client: Mutex::default(), roles, places, metrics }
    }

    /// The text of the service account's annotation, if it has one. An answer is kept for a minute.
    pub async fn role(&self, account: &Name, until: Instant) -> Result<Option<String>, Error> {
        let read = async |until| {
            let result = self.persist(account, until).await;
            self.metrics.identities.count_account(&result);
            let role = result?;
            let kept = if role.is_some() { KEPT } else { ABSENCE_KEPT };
            Ok((role, Freshness::whole(kept)))
        };
        self.roles.get(account, until, read).await.map(|role| role.as_ref().clone())
    }

    /// Reads until there is an answer, a failure that stays, or no time for another try.
    async fn persist(&self, account: &Name, until: Instant) -> Result<Option<String>, Error> {
        let mut earlier = None;
        for tries in 1.. {
            let patience = until.min(Instant::now() + PATIENCE);
            let reading = timeout_at(patience, self.read(account)).await;
            let error = match (reading.unwrap_or_else(|_| Err(TooLate.into())), earlier.take()) {
                (Ok(role), _) => return Ok(role),
                // A try that the end of the time cuts short says less than the one before.
                (Err(Error::TimedOut), Some(earlier)) if Instant::now() >= until => return Err(earlier),
                (Err(error), _) => error,
            };
            match retry::pause(error.persistence(), tries, None, dice()) {
                // Without time for the pause the failure stands: it says more than a deadline.
                Some(pause) if Instant::now() + pause < until => {
                    earlier = Some(error);
                    sleep(pause).await;
                }
                _ => return Err(error),
            }
        }
        unreachable!("the loop ends by returning")
    }

    async fn read(&self, account: &Name) -> Result<Option<String>, Error> {
        let _place = self.places.acquire().await.expect("the semaphore is never closed");
        let found = match self.get(account).await {
            // The token in use may have been replaced less than a minute ago: once more with the one that is there now.
            Err(Error::Unauthorized { .. }) => {
                *self.client.lock().await = None;
                self.get(account).await?
            }
            result => result?,
        };
        let role = found.metadata.annotations.and_then(|mut annotations| annotations.remove(ANNOTATION));
        Ok(role.map(|role| role.trim().to_owned()).filter(|role| !role.is_empty()))
    }

    async fn get(&self, account: &Name) -> Result<ServiceAccount, Error> {
        let client = self.client().await?;
        let accounts: Api<ServiceAccount> = Api::namespaced(client, &account.namespace);
        accounts.get(&account.name).await.map_err(|error| Error::of(account, &error))
    }

    async fn client(&self) -> Result<Client, Error> {
        let mut known = self.client.lock().await;
        if let Some(Handle(client)) = known.as_ref() {
            return Ok(client.clone());
        }
        let client = self.access.client().await.map_err(|reason| Error::Unusable { reason })?;
        *known = Some(Handle(client.clone()));
        Ok(client)
    }
}

/// The client has no `Debug` of its own.
struct Handle(Client);

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("kube::Client")
    }
}

/// Why a service account could not be read. The operator must act.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// No API server is known, or no way to prove who we are.
    #[error(
        "the Kubernetes API cannot be used: {reason}; run the provider in the cluster with its service account's token mounted, \
         or name a kubeconfig file with --kubeconfig"
    )]
    Unusable {
        /// What the client says.
        reason: String,
    },
    /// It does not know us.
    #[error(
        "the Kubernetes API does not take the provider's own token (HTTP 401), so service account {account} cannot be read; check \
         that the token is one of this cluster's and has not ended"
    )]
    Unauthorized {
        /// Which.
        account: Name,
    },
    /// RBAC says no.
    #[error(
        "the provider may not read service account {account} (HTTP 403); grant the provider's own service account the verb \
         get on serviceaccounts (chart value rbac.install)"
    )]
    Forbidden {
        /// Which.
        account: Name,
    },
    /// It is gone.
    #[error("there is no service account {account}")]
    Missing {
        /// Which.
        account: Name,
    },
    /// Some other answer.
    #[error("the Kubernetes API refused to read service account {account} with {reason} (HTTP {status})")]
    Refused {
        /// Which.
        account: Name,
        /// The API's word for it.
        reason: String,
        /// Its status.
        status: u16,
    },
    /// An answer that makes no sense.
    #[error(
        "the Kubernetes API was asked for service account {account}, and the answer is no service account; check its address"
    )]
    Nonsense {
        /// Which.
        account: Name,
    },
    /// No connection, or it broke.
    #[error("the Kubernetes API could not be asked for service account {account}: {reason}")]
    Unreachable {
        /// Which.
        account: Name,
        /// The innermost cause.
        reason: String,
    },
    /// No answer.
    #[error("the Kubernetes API did not answer in time")]
    TimedOut,
}

impl From<TooLate> for Error {
    fn from(_: TooLate) -> Self {
        Self::TimedOut
    }
}

impl Error {
    /// The metric label.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Unusable { .. } => "unusable",
            Self::Unauthorized { .. } => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::Missing { .. } => "missing",
            Self::Refused { .. } => "refused",
            Self::Nonsense { .. } => "nonsense",
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut => "timed_out",
        }
    }

    /// Whether another try may end otherwise.
    fn persistence(&self) -> Persistence {
        match self {
            Self::Refused { status: 429, .. } => Persistence::WhileTime,
            Self::Refused { status: 500.., .. } | Self::Unreachable { .. } | Self::TimedOut => {
                Persistence::Briefly
            }
            Self::Unusable { .. }
            | Self::Nonsense { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::Missing { .. }
            | Self::Refused { .. } => Persistence::Never,
        }
    }

    fn of(account: &Name, error: &kube::Error) -> Self {
        let account = account.clone();
        match error {
            kube::Error::Api(status) => match status.code {
                401 => Self::Unauthorized { account },
                403 => Self::Forbidden { account },
                404 => Self::Missing { account },
                code => {
                    let plain = status.reason.chars().filter(char::is_ascii_alphanumeric).take(60);
                    Self::Refused { account, reason: plain.collect(), status: code }
                }
            },
            // What cannot be read is not repeated.
            kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => Self::Nonsense { account },
            error => {
                let mut innermost: &dyn std::error::Error = error;
                while let Some(source) = innermost.source() {
                    innermost = source;
                }
                Self::Unreachable { account, reason: innermost.to_string() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("shop", "reader", true)]
    #[case("shop", "reader.v1-2", true)]
    #[case("shop", "", false)]
    #[case("", "reader", false)]
    #[case("shop", "../secrets/x", false)]
    #[case("shop", "..", false)]
    #[case("shop/x", "reader", false)]
    #[case("shop", "reader?watch=1", false)]
    fn a_name_cannot_ask_for_something_else(
        #[case] namespace: &str,
        #[case] name: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(Name::new(namespace, name).is_some(), expected);
    }

    #[rstest]
    #[case::throttled(Error::Refused { account: account(), reason: "TooManyRequests".into(), status: 429 }, Persistence::WhileTime)]
    #[case::broken(Error::Refused { account: account(), reason: "InternalError".into(), status: 500 }, Persistence::Briefly)]
    #[case::reset(Error::Unreachable { account: account(), reason: "reset".into() }, Persistence::Briefly)]
    #[case::silent(Error::TimedOut, Persistence::Briefly)]
    #[case::garbage(Error::Nonsense { account: account() }, Persistence::Never)]
    #[case::odd(Error::Refused { account: account(), reason: "Conflict".into(), status: 409 }, Persistence::Never)]
    #[case::forbidden(Error::Forbidden { account: account() }, Persistence::Never)]
    #[case::missing(Error::Missing { account: account() }, Persistence::Never)]
    fn only_what_may_pass_is_asked_for_again(#[case] error: Error, #[case] expected: Persistence) {
        assert_eq!(error.persistence(), expected);
    }

    fn account() -> Name {
        Name::new("shop", "reader").unwrap()
    }

    #[tokio::test]
    async fn without_a_cluster_the_next_step_is_named() {
        let access = Access::Kubeconfig("/nonexistent/kubeconfig".into());
        let kubernetes = Kubernetes::new(access, Metrics::new());
        let account = Name::new("shop", "reader").unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        let message = kubernetes.role(&account, until).await.unwrap_err().to_string();
        assert!(message.contains("/nonexistent/kubeconfig") && message.contains("--kubeconfig"), "{message}");
    }
}
