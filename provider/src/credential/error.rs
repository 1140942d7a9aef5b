//! Why there is no credential, grouped by who must act.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Claims, Source, setting};
use crate::alicloud::{Fault, OidcProviderArn, RoleArn, call, metadata};
use crate::kept::TooLate;
use crate::kubernetes::{self, ANNOTATION, Name};

/// Cheap to clone, since one failure is told to all who asked at the same time.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    // Whoever writes the pod or its service account.
    /// The pod's identity was asked for, and nobody said which role it is to have.
    #[error(
        "usePodServiceAccountToken is \"true\", but service account {account} has no annotation {ANNOTATION}; annotate it with \
         the ARN of the role that the pod is to read with"
    )]
    NoAnnotation {
        /// Which.
        account: Name,
    },
    /// The annotation names no role.
    #[error(
        "service account {account}: annotation {ANNOTATION} is {found:?}, expected a role's ARN, such as \
         acs:ram::1234567890123456:role/reader"
    )]
    Annotation {
        /// Which.
        account: Name,
        /// Its beginning.
        found: String,
    },
    /// The pod's Secret holds one half.
    #[error(
        "the Secret of the pod's nodePublishSecretRef has {present} but {missing} is missing or empty; it needs both"
    )]
    HalfAPodsPair {
        /// The half that is there.
        present: &'static str,
        /// The other.
        missing: &'static str,
    },

    // The operator of the driver.
    /// The driver does not say whose pod it is.
    #[error(
        "usePodServiceAccountToken is \"true\", but the mount names no service account; the CSIDriver object needs podInfoOnMount"
    )]
    NoServiceAccount,
    /// The driver does not ask for tokens.
    #[error(
        "usePodServiceAccountToken is \"true\", but the driver sent no service account token; add audience sts.aliyuncs.com to its \
         tokenRequests (chart value secrets-store-csi-driver.tokenRequests)"
    )]
    NoTokens,
    /// It asks for others.
    #[error(
        "usePodServiceAccountToken is \"true\", but the driver sent no token for audience sts.aliyuncs.com, {}; add it to the \
         driver's tokenRequests",
        if found.is_empty() { "and none at all".to_owned() } else { format!("only for {found}") }
    )]
    NoAudience {
        /// Those that are there.
        found: String,
    },
    /// Not the driver's JSON.
    #[error(
        "the driver's service account tokens are no JSON of tokens by audience (line {line}, column {column}); see its tokenRequests"
    )]
    Tokens {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },

    // The operator of the provider.
    /// A setting's file changed for the worse.
    #[error(transparent)]
    Setting(#[from] setting::Error),
    /// Nobody vouches for tokens.
    #[error(
        "usePodServiceAccountToken is \"true\", but the provider knows no OIDC provider; set ALICLOUD_OIDC_PROVIDER_ARN, or \
         ALICLOUD_ACCOUNT_ID and ALICLOUD_CLUSTER_ID (chart values rrsa.accountId and rrsa.clusterId)"
    )]
    NoProvider,
    /// Our own token is not there.
    #[error(
        "the provider's own service account token {} cannot be read: {reason}; set the chart value rrsa.enable, or \
         ALICLOUD_OIDC_TOKEN_FILE to where the token is projected",
        path.display()
    )]
    TokenFile {
        /// Where it should be.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The API server does not tell.
    #[error(transparent)]
    Kubernetes(#[from] kubernetes::Error),
    /// Nothing is configured, and the node has no identity either.
    #[error(
        "no credential is configured, and the node's own cannot be had: {0}; attach a RAM role to the node, or set ACCESS_KEY_ID \
         and SECRET_ACCESS_KEY, or ALICLOUD_ROLE_ARN and ALICLOUD_OIDC_PROVIDER_ARN"
    )]
    Instance(metadata::Error),
    /// STS has an endpoint per region.
    #[error(
        "the region to ask STS in is not known: {0}; set --region (chart value regionId), --sts-endpoint or --network=public"
    )]
    NoRegion(metadata::Error),

    // The administrator of the account, as the cause says.
    /// A token was not taken for a role.
    #[error(
        "failed to exchange the token of {} for a session of role {role}: {cause}; presented were {claims}, role {role} and OIDC \
         provider {provider}{advice}",
        source_of.describe()
    )]
    Federation {
        /// Whose token.
        source_of: Source,
        /// For which role.
        role: RoleArn,
        /// Who was to vouch.
        provider: OidcProviderArn,
        /// What the token says.
        claims: Box<Claims>,
        /// What happened.
        cause: Arc<call::Error>,
        /// What to do next, with its separator, or nothing.
        advice: String,
    },
    /// A key pair was not enough to become a role.
    #[error("failed to assume role {role} with {}: {cause}{advice}", source_of.describe())]
    Assumption {
        /// With what.
        source_of: Source,
        /// Which role.
        role: RoleArn,
        /// What happened.
        cause: Arc<call::Error>,
        /// What to do next, with its separator, or nothing.
        advice: String,
    },
    /// The same for a role of another account.
    #[error("failed to assume cross account role {role} with {}: {cause}{advice}", source_of.describe())]
    CrossAccount {
        /// With what.
        source_of: Source,
        /// Which role.
        role: RoleArn,
        /// What happened.
        cause: Arc<call::Error>,
        /// What to do next, with its separator, or nothing.
        advice: String,
    },
    /// There is nobody to assume it.
    #[error("base credential is required for cross-account access: {0}")]
    Base(Box<Self>),

    // Nobody: it is tried again.
    /// Another mount's call for the same session hangs.
    #[error("a session for this identity was not opened in time; the mount is tried again")]
    TooLate,
}

impl From<TooLate> for Error {
    fn from(_: TooLate) -> Self {
        Self::TooLate
    }
}

impl Error {
    pub(crate) fn federation(
        source_of: Source,
        role: &RoleArn,
        provider: &OidcProviderArn,
        claims: Claims,
        cause: call::Error,
    ) -> Self {
        let advice = advice(&cause, |fault| match fault {
            Fault::Denied => Some(format!(
                "compare them with oidc:iss, oidc:aud and oidc:sub in the trust policy of {role}, and with the issuer and client ids \
                 of the OIDC provider"
            )),
            Fault::Credential => {
                Some("compare them with the issuer and client ids of the OIDC provider".to_owned())
            }
            _ => None,
        });
        let (role, provider) = (role.clone(), provider.clone());
        let (claims, cause) = (Box::new(claims), Arc::new(cause));
        Self::Federation { source_of, role, provider, claims, cause, advice }
    }

    pub(crate) fn assumption(source_of: Source, role: &RoleArn, cause: call::Error) -> Self {
        let advice = assumption_advice(source_of, role, &cause);
        Self::Assumption { source_of, role: role.clone(), cause: Arc::new(cause), advice }
    }

    pub(crate) fn cross_account(source_of: Source, role: &RoleArn, cause: call::Error) -> Self {
        let advice = assumption_advice(source_of, role, &cause);
        Self::CrossAccount { source_of, role: role.clone(), cause: Arc::new(cause), advice }
    }

    /// The call to the cloud that failed, if it was one.
    pub fn call(&self) -> Option<&call::Error> {
        match self {
            Self::Federation { cause, .. }
            | Self::Assumption { cause, .. }
            | Self::CrossAccount { cause, .. }
            | Self::Instance(metadata::Error::Call(cause))
            | Self::NoRegion(metadata::Error::Call(cause)) => Some(cause),
            Self::Base(error) => error.call(),
            _ => None,
        }
    }

    /// Whether the mount may succeed later with nobody doing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::TooLate
            | Self::Kubernetes(
                kubernetes::Error::Nonsense { .. }
                | kubernetes::Error::Unreachable { .. }
                | kubernetes::Error::TimedOut,
            ) => true,
            Self::Kubernetes(kubernetes::Error::Refused { status, .. }) => *status >= 429,
            Self::Instance(metadata::Error::Refused { status, .. })
            | Self::NoRegion(metadata::Error::Refused { status, .. }) => {
                Fault::of_status(*status).is_passing()
            }
            Self::Base(error) => error.is_passing(),
            // Nonsense is no outage, since it says that somebody answers; and it may be over all the same.
            error => error
                .call()
                .is_some_and(|cause| cause.is_outage() || matches!(cause, call::Error::Nonsense { .. })),
        }
    }

    /// Whether whoever hands out credentials is out of reach, in trouble or overrun, so that nothing is known about the identity.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::TooLate => true,
            Self::Instance(metadata::Error::Refused { status, .. }) => Fault::of_status(*status).is_passing(),
            Self::Base(error) => error.is_outage(),
            error => error.call().is_some_and(call::Error::is_outage),
        }
    }

    /// Whether the cloud said that nobody can be this identity, or not in this way.
    pub fn is_refusal(&self) -> bool {
        let refused = |cause: &call::Error| matches!(cause, call::Error::Refused { .. });
        !self.is_outage() && self.call().is_some_and(refused)
    }

    /// Whether the pod simply has no identity of its own, rather than one that does not work.
    pub(super) fn is_absence(&self) -> bool {
        matches!(self, Self::NoAnnotation { .. } | Self::NoTokens | Self::NoServiceAccount | Self::NoProvider)
    }
}

fn assumption_advice(source_of: Source, role: &RoleArn, cause: &call::Error) -> String {
    advice(cause, |fault| match fault {
        Fault::Denied => Some(format!(
            "grant {} sts:AssumeRole on {role}, and let the trust policy of the role name its account",
            source_of.describe()
        )),
        Fault::Credential => Some(source_of.check_advice().to_owned()),
        _ => None,
    })
}

/// What to do about a refusal: `own` knows some faults, the rest is the same for all.
fn advice(cause: &call::Error, own: impl Fn(Fault) -> Option<String>) -> String {
    let call::Error::Refused { fault, code, .. } = cause else { return String::new() };
    let advice = own(*fault).unwrap_or_else(|| {
        let text = match fault {
            Fault::NotFound => "check that the role exists in its account",
            Fault::Clock => "synchronize the node's clock, which is off by more than the cloud tolerates",
            Fault::Throttled => "the account's quota of STS is used up, the mount is tried again",
            Fault::Unavailable => "the service is in trouble, the mount is tried again",
            Fault::Invalid if code.ends_with("DurationSeconds") => {
                "ALICLOUD_ROLE_SESSION_EXPIRATION is longer than the role's maximum session duration allows"
            }
            Fault::Denied | Fault::Credential | Fault::Invalid => {
                "look the code up in the error codes of STS"
            }
        };
        text.to_owned()
    });
    format!("; {advice}")
}
