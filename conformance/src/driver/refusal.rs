//! Why a volume was not published, in the driver's words, with the code that reaches the kubelet.

use std::fmt;
use std::io;
use std::path::PathBuf;

use tonic::{Code, Status};

use super::answer::AnswerError;
use super::class::ClassError;
use super::objects::ApiError;
use super::pod::Pod;
use super::{code_name, is_final};

/// A step of the driver failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kubelet's request lacks a field.
    #[error("{what} missing in request")]
    MissingField {
        /// Which, in the driver's words.
        what: &'static str,
    },
    /// The target path is neither a mount point nor can it become one.
    #[error("failed to check if target path {} is mount point, err: {source}", path.display())]
    EnsureMountPoint {
        /// The target path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The target path cannot be made.
    #[error("failed to create target path {}, err: {source}", path.display())]
    CreateTarget {
        /// The target path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The tmpfs cannot be mounted.
    #[error("{0}")]
    Mount(io::Error),
    /// The volume names no class.
    #[error("secretProviderClass is not set")]
    ClassNotSet,
    /// No class of that name in the pod's namespace.
    #[error("failed to get secretproviderclass {namespace}/{name}, error: {source}")]
    ClassNotFound {
        /// The pod's namespace.
        namespace: String,
        /// The name in the volume's attributes.
        name: String,
        /// Why.
        source: Box<ClassUnread>,
    },
    /// `spec.provider` is empty.
    #[error("provider not set in {namespace}/{name}")]
    ProviderNotSet {
        /// The class's namespace.
        namespace: String,
        /// The class's name.
        name: String,
    },
    /// `spec.parameters` is empty.
    #[error("parameters not set in {namespace}/{name}")]
    ParametersNotSet {
        /// The class's namespace.
        namespace: String,
        /// The class's name.
        name: String,
    },
    /// The pod wants to write.
    #[error("Readonly is not true in request")]
    NotReadOnly,
    /// `spec.provider` cannot name a socket.
    #[error("error connecting to provider {provider:?}: invalid provider: provider {provider:?}")]
    InvalidProvider {
        /// `spec.provider`
        provider: String,
    },
    /// No folder holds the provider's socket.
    #[error("error connecting to provider {provider:?}: provider not found: provider {provider:?}")]
    ProviderNotFound {
        /// `spec.provider`
        provider: String,
    },
    /// The provider answered with a gRPC status, or the call failed.
    #[error("rpc error: code = {code} desc = {text}", code = code_name(.0.code()), text = .0.message())]
    Status(Box<Status>),
    /// The provider answered something that the driver does not take.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The files could not be written.
    #[error("{0}")]
    Write(#[from] io::Error),
    /// The pod's status could not be written.
    #[error("failed to create secret provider class pod status for pod {pod}, err: {source}")]
    PodStatus {
        /// Namespace and name.
        pod: String,
        /// The API server's answer.
        source: Box<ApiError>,
    },
}

/// A class cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ClassUnread {
    /// The API server does not hand it out.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// It is none.
    #[error(transparent)]
    Class(#[from] ClassError),
}

impl Error {
    /// The code that reaches the kubelet.
    pub fn code(&self) -> Code {
        match self {
            Self::NotReadOnly | Self::MissingField { .. } => Code::InvalidArgument,
            Self::EnsureMountPoint { .. } | Self::CreateTarget { .. } => Code::Internal,
            Self::Status(status) => status.code(),
            _ => Code::Unknown,
        }
    }

    /// The label that the driver's error metrics carry.
    pub fn error_type(&self) -> &str {
        match self {
            Self::ClassNotFound { .. } => "SecretProviderClassNotFound",
            Self::Status(_) | Self::Answer(AnswerError::MissingObjectVersions) => "GRPCProviderError",
            Self::Answer(AnswerError::ProviderErrorCode { code }) => code,
            Self::Answer(AnswerError::Path(_)) | Self::Write(_) => "FileWriteError",
            Self::InvalidProvider { .. } | Self::ProviderNotFound { .. } => "",
            Self::EnsureMountPoint { .. } => "FailedToEnsureMountPoint",
            Self::ClassNotSet
            | Self::MissingField { .. }
            | Self::CreateTarget { .. }
            | Self::Mount(_)
            | Self::PodStatus { .. }
            | Self::ProviderNotSet { .. }
            | Self::ParametersNotSet { .. }
            | Self::NotReadOnly => "FailedToMount",
        }
    }

    /// Whether the kubelet removes the target folder and starts anew.
    pub fn is_final(&self) -> bool {
        is_final(self.code())
    }

    /// What the provider itself said.
    pub fn provider_text(&self) -> Option<&str> {
        match self {
            Self::Status(status) => Some(status.message()),
            _ => None,
        }
    }

    /// Errors on the way from the request to the files, which share a preface.
    fn is_of_provider(&self) -> bool {
        matches!(
            self,
            Self::InvalidProvider { .. }
                | Self::ProviderNotFound { .. }
                | Self::Status(_)
                | Self::Answer(_)
                | Self::Write(_)
        )
    }
}

/// A volume was not published, or not refreshed.
#[derive(Debug)]
pub struct Refusal {
    /// What failed.
    pub error: Error,
    /// Whether the kubelet hears of it; a failed republish leaves the old content and is only logged by the driver.
    pub is_masked: bool,
    prefix: String,
    volume: String,
}

impl Refusal {
    /// What comes of an error: once a volume is mounted, errors of the provider and of the pod's status are masked.
    pub(super) fn new(error: Error, pod: &Pod, is_republish: bool) -> Self {
        let is_of_provider = error.is_of_provider();
        let is_masked = is_republish && (is_of_provider || matches!(error, Error::PodStatus { .. }));
        let prefix = if is_of_provider {
            format!("failed to mount secrets store objects for pod {}/{}, err: ", pod.namespace, pod.name)
        } else {
            String::new()
        };
        Self { error, is_masked, prefix, volume: pod.volume.name.clone() }
    }

    /// The refusal of a request that was sent outside a pod's volume.
    pub fn of_raw_request(error: Error, pod: &Pod) -> Self {
        Self::new(error, pod, false)
    }

    /// The message of the pod's `FailedMount` event.
    pub fn pod_event(&self) -> String {
        let Self { error, prefix, volume, .. } = self;
        let code = code_name(error.code());
        format!(
            "MountVolume.SetUp failed for volume {volume:?} : rpc error: code = {code} desc = {prefix}{error}"
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::super::answer::PathError;
    use super::*;

    fn refused(error: Error) -> Refusal {
        Refusal::new(error, &Pod::mounting("test-secrets"), false)
    }

    #[test]
    fn a_providers_status_reaches_the_pods_event_with_its_code_and_text() {
        let refusal = refused(Status::permission_denied("no grant").into());

        assert_eq!(
            refusal.pod_event(),
            "MountVolume.SetUp failed for volume \"secrets-store\" : rpc error: code = PermissionDenied desc = \
             failed to mount secrets store objects for pod default/web-0, err: rpc error: code = PermissionDenied desc = no grant"
        );
        assert_eq!(refusal.error.error_type(), "GRPCProviderError");
    }

    #[test]
    fn refused_answers_are_unknown_to_the_kubelet_and_labelled_by_kind() {
        let path = PathError::Empty { path: String::new() };
        let rows = [
            (AnswerError::ProviderErrorCode { code: "AuthenticationFailed".into() }, "AuthenticationFailed"),
            (AnswerError::MissingObjectVersions, "GRPCProviderError"),
            (AnswerError::Path(path), "FileWriteError"),
        ];

        for (error, label) in rows {
            let refusal = refused(error.into());
            assert_eq!((refusal.error.code(), refusal.error.error_type()), (Code::Unknown, label));
        }
    }

    #[test]
    fn only_errors_of_the_provider_are_masked_on_a_republish() {
        let pod = Pod::mounting("test-secrets");

        assert!(Refusal::new(Status::not_found("gone").into(), &pod, true).is_masked);
        assert!(!Refusal::new(Status::not_found("gone").into(), &pod, false).is_masked);
        assert!(!Refusal::new(Error::NotReadOnly, &pod, true).is_masked);
    }
}
