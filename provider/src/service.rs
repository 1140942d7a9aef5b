//! The two RPCs: a message comes in, an answer or a status goes out. The only reader of generated messages.
//!
//! A gRPC code is a promise to the kubelet about what happened. With `Canceled`, `DeadlineExceeded`, `Unavailable`,
//! `ResourceExhausted` and `Aborted` it assumes that the volume may be mounted, keeps the directory, and with rotation on
//! the pod then starts on an empty one. So none of these ever leaves here: `code` is the one place that chooses, a panic is
//! caught, and our own deadline fires before the caller's.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use prost::Message as _;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status};

use crate::alicloud::{Fault, call};
use crate::credential;
use crate::deadline;
use crate::metrics::{Metrics, MountGuard, MountOutcome};
use crate::mount::request::{Attributes, Subject, Warning};
use crate::mount::{self, File, Mounted, Mounter};
use crate::proto::csi_driver_provider_server::CsiDriverProvider;
use crate::proto::{self, MountRequest, MountResponse, ObjectVersion, VersionRequest, VersionResponse};
use crate::repeats::Repeats;
use crate::store;

/// What the driver logs as our name.
pub const RUNTIME_NAME: &str = env!("CARGO_PKG_NAME");

/// Answers the driver.
#[derive(Debug)]
pub struct Service {
    mounter: Mounter,
    /// What the driver takes. Beyond it the driver fails with a code that is not final.
    largest_response: usize,
    metrics: Arc<Metrics>,
    /// Warnings that the log holds already.
    repeats: Repeats,
    /// True once mounts must come to an end, because the process does.
    ending: watch::Receiver<bool>,
}

impl Service {
    /// A service over `mounter` for a driver that takes answers up to a size; mounts still running when `ending` turns true
    /// are answered with a failure.
    pub fn new(
        mounter: Mounter,
        largest_response: usize,
        metrics: Arc<Metrics>,
        ending: watch::Receiver<bool>,
    ) -> Self {
        Self { mounter, largest_response, metrics, repeats: Repeats::default(), ending }
    }

    /// Serves one mount, in time, whatever happens inside. Says whom it was for as soon as that is known.
    async fn answer(
        &self,
        message: &MountRequest,
        allowed: Duration,
        running: &mut MountGuard,
    ) -> (Subject, Result<Answer, Error>) {
        let attributes = match Attributes::parse(&message.attributes) {
            Ok(attributes) => attributes,
            Err(error) => return (Subject::default(), Err(error.into())),
        };
        // A call that hangs ends a little earlier than the mount, so that the answer can name it.
        let work = self.serve(message, &attributes, Instant::now() + allowed * 9 / 10, running);
        (attributes.subject(), in_time(work, allowed, self.ending.clone()).await)
    }

    async fn serve(
        &self,
        message: &MountRequest,
        attributes: &Attributes,
        until: Instant,
        running: &mut MountGuard,
    ) -> Result<Answer, Error> {
        let MountRequest { secrets, target_path, permission, .. } = message;
        let spec = self.mounter.understand(attributes, secrets, target_path, permission, until).await?;
        running.reads_with(self.mounter.credentials.planned(&spec.caller));
        let Mounted { files, warnings } = self.mounter.mount(&spec, until).await?;
        let fallen_back = warnings.iter().find_map(|warning| match warning {
            Warning::Identity(credential::Warning::FellBack { used, .. }) => Some(*used),
            _ => None,
        });
        if let Some(used) = fallen_back {
            running.reads_with(used);
        }
        let response = response(files);
        let (size, largest) = (response.encoded_len(), self.largest_response);
        if mutate!(ResponseLimitIgnored, size > largest, false) {
            return Err(Error::TooLarge { size, largest });
        }
        self.mounter.mounted(&spec);
        Ok(Answer { response, warnings: warnings.into_iter().chain(spec.warnings).collect() })
    }
}

/// What is sent, and what its log line adds.
struct Answer {
    response: MountResponse,
    warnings: Vec<Warning>,
}

#[tonic::async_trait]
impl CsiDriverProvider for Service {
    async fn version(&self, _: Request<VersionRequest>) -> Result<Response<VersionResponse>, Status> {
        Ok(Response::new(VersionResponse {
            version: "v1alpha1".to_owned(),
            runtime_name: mutate!(OtherName, RUNTIME_NAME, "provider").to_owned(),
            runtime_version: env!("CARGO_PKG_VERSION").to_owned(),
        }))
    }

    async fn mount(&self, request: Request<MountRequest>) -> Result<Response<MountResponse>, Status> {
        let mut running = self.metrics.mounts.start();
        let caller = request.metadata().get("grpc-timeout").and_then(|value| value.to_str().ok());
        let allowed = deadline::budget(caller.and_then(deadline::parse_grpc_timeout));
        mutate!(NoDeadline: allowed = Duration::from_secs(3_600));
        let message = request.into_inner();
        let (subject, result) = self.answer(&message, allowed, &mut running).await;
        let log = tracing::info_span!(
            "mount",
            class.name = %subject.class.escape_debug(),
            pod.namespace = %subject.namespace.escape_debug(),
            pod.name = %subject.pod.escape_debug(),
            volume.path = %pod_volume(&message.target_path),
        );
        let _entered = log.enter();
        match result {
            Ok(Answer { response, warnings }) => {
                let duration = running.finish(MountOutcome::Ok).as_millis();
                let files = response.files.len();
                let warnings = listed(&warnings);
                let said = (&message.target_path, &subject.namespace, &subject.class, &warnings);
                if !warnings.is_empty() && self.repeats.is_news(&said) {
                    tracing::warn!(files, duration.ms = duration, "mounted, but {subject}: {warnings}");
                } else {
                    tracing::info!(files, duration.ms = duration, "mounted");
                    if !warnings.is_empty() {
                        tracing::debug!("a warning of the last hour holds still: {warnings}");
                    }
                }
                Ok(Response::new(response))
            }
            Err(error) => {
                let code = code(&error);
                let duration =
                    running.finish(mutate!(FailuresCountedAsOk, outcome(&error), MountOutcome::Ok));
                let text = text(&subject, &error);
                tracing::warn!(code = ?code, duration.ms = duration.as_millis(), "mount failed: {text}");
                Err(Status::new(code, text))
            }
        }
    }
}

/// The first few; more would not be read.
fn listed(warnings: &[Warning]) -> String {
    const MOST: usize = 3;
    let mut shown: Vec<_> = warnings.iter().take(MOST).map(ToString::to_string).collect();
    if let more @ 1.. = warnings.len().saturating_sub(MOST) {
        shown.push(format!("and {more} more"));
    }
    shown.join("; ")
}

/// What went wrong, and for which class. One text for pod event and log.
fn text(subject: &Subject, error: &Error) -> String {
    if subject.namespace.is_empty() { error.to_string() } else { format!("{subject}: {error}") }
}

/// Awaits `work` for as long as it is `allowed` and the process goes on, and turns a panic inside into a failure: tonic
/// would answer `Cancelled`, which is not final.
async fn in_time<T>(
    work: impl Future<Output = Result<T, Error>>,
    allowed: Duration,
    mut ending: watch::Receiver<bool>,
) -> Result<T, Error> {
    let work = AssertUnwindSafe(work).catch_unwind();
    tokio::select! {
        result = tokio::time::timeout(allowed, work) => match result {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Error::Panic(panic.into())),
            Err(_) => Err(Error::Deadline { allowed }),
        },
        _ = ending.wait_for(|ending| *ending) => Err(Error::Ending),
    }
}

/// The last telling part of the kubelet's path, `<pod uid>/…/<volume>`: enough to find the volume, short enough to read.
fn pod_volume(target_path: &str) -> String {
    let path = Path::new(target_path);
    let parts: Vec<_> = path.iter().skip_while(|part| *part != "pods").skip(1).collect();
    let shown =
        if parts.is_empty() { path.as_os_str().to_owned() } else { parts.join(std::ffi::OsStr::new("/")) };
    shown.to_string_lossy().chars().take(300).flat_map(char::escape_debug).collect()
}

fn response(files: Vec<File>) -> MountResponse {
    let mut response = MountResponse::default();
    for file in files {
        let id = file.path.to_string();
        let version = mutate!(ConstantVersion, file.version_id, "1".to_owned());
        mutate!(RestlessVersion: version = uuid::Uuid::new_v4().to_string());
        mutate!(ValueInLog => tracing::info!("{}", String::from_utf8_lossy(file.contents.expose())));
        response.object_version.push(ObjectVersion { id: id.clone(), version });
        response.files.push(proto::File {
            path: id,
            mode: mutate!(WrongMode, i32::from(file.mode.bits()), 0o600),
            contents: file.contents.into_exposed(),
        });
    }
    response
}

/// Why a mount failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The mount itself failed.
    #[error(transparent)]
    Mount(#[from] mount::Error),
    /// The author of the class must split it.
    #[error(
        "the files add up to an answer of {size} bytes, and the driver takes {largest}; spread the objects over several classes, or raise the driver's --max-call-recv-msg-size and with it the provider's --max-response-bytes"
    )]
    TooLarge { size: usize, largest: usize },
    /// Something other than a call to the cloud took too long, or the caller is in too much of a hurry.
    #[error(
        "no answer within {allowed:.1?}; see the provider's log and metrics for the call that hangs, the mount is tried again"
    )]
    Deadline { allowed: Duration },
    /// The provider stops; the kubelet's next try meets its successor.
    #[error("the provider is stopping before the mount was done; the mount is tried again")]
    Ending,
    /// A defect of ours.
    #[error("a defect of the provider ended the mount; please report the provider's log line about a panic")]
    Panic(PanicPayload),
}

impl From<mount::request::Error> for Error {
    fn from(error: mount::request::Error) -> Self {
        Self::Mount(error.into())
    }
}

/// What a panic carried. It may quote a secret, so it is dropped unseen.
pub(crate) struct PanicPayload;

impl From<Box<dyn Any + Send>> for PanicPayload {
    fn from(_: Box<dyn Any + Send>) -> Self {
        Self
    }
}

impl fmt::Debug for PanicPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The code for a failure. All are final: the kubelet cleans up and tries the whole mount again, with growing pauses.
pub(crate) fn code(error: &Error) -> Code {
    match error {
        Error::Panic(_) => Code::Internal,
        // Nothing is known but that it did not work. `Unavailable` and `DeadlineExceeded` would say more, and are not final.
        Error::Deadline { .. } | Error::Ending => mutate!(UncertainEnding, Code::Unknown, Code::Aborted),
        Error::TooLarge { .. } => Code::FailedPrecondition,
        Error::Mount(error) => mount_code(error),
    }
}

fn mount_code(error: &mount::Error) -> Code {
    match error {
        mount::Error::Request(_) => Code::InvalidArgument,
        mount::Error::NothingThere => Code::NotFound,
        mount::Error::Credential(cause) | mount::Error::CrossAccount { cause, .. } => credential_code(cause),
        mount::Error::NoRegion { .. }
        | mount::Error::Json { .. }
        | mount::Error::Extract { .. }
        | mount::Error::Encoding { .. } => Code::FailedPrecondition,
        mount::Error::Read { cause: store::Error::Withheld { .. }, .. } => Code::PermissionDenied,
        mount::Error::Read { cause: store::Error::Call(cause), .. } => call_code(cause),
    }
}

/// Whoever has no identity is not known, unless that passes or a permission is all that is missing.
fn credential_code(error: &credential::Error) -> Code {
    match error.call() {
        Some(cause @ call::Error::Refused { .. }) => call_code(cause),
        _ if error.is_passing() => Code::Unknown,
        _ => Code::Unauthenticated,
    }
}

fn call_code(error: &call::Error) -> Code {
    match error {
        call::Error::Refused { fault, .. } => match fault {
            Fault::NotFound => Code::NotFound,
            Fault::Denied => Code::PermissionDenied,
            Fault::Credential => Code::Unauthenticated,
            Fault::Clock | Fault::Invalid => Code::FailedPrecondition,
            Fault::Throttled | Fault::Unavailable => Code::Unknown,
        },
        call::Error::Unreachable { .. }
        | call::Error::Untrusted { .. }
        | call::Error::TimedOut { .. }
        | call::Error::Crowded { .. }
        | call::Error::Nonsense { .. } => mutate!(UncertainCode, Code::Unknown, Code::Unavailable),
        call::Error::Unsendable { .. } => Code::FailedPrecondition,
    }
}

/// The metric's view of a failure: codes, less fine.
fn outcome(error: &Error) -> MountOutcome {
    match code(error) {
        Code::Internal => MountOutcome::Internal,
        Code::NotFound => MountOutcome::NotFound,
        Code::PermissionDenied | Code::Unauthenticated => MountOutcome::Denied,
        Code::InvalidArgument | Code::FailedPrecondition => MountOutcome::Invalid,
        _ => MountOutcome::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    const SECOND: Duration = Duration::from_secs(1);

    fn going_on() -> (watch::Sender<bool>, watch::Receiver<bool>) {
        watch::channel(false)
    }

    #[tokio::test]
    async fn a_panic_becomes_an_internal_error_that_repeats_nothing() {
        let (_sender, ending) = going_on();
        let work = async { panic!("hunter2") };
        let error = in_time::<()>(work, SECOND, ending).await.unwrap_err();
        assert_eq!(code(&error), Code::Internal);
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_hangs_ends_in_time() {
        let (_sender, ending) = going_on();
        let error = in_time::<()>(pending(), SECOND, ending).await.unwrap_err();
        assert_eq!(code(&error), Code::Unknown);
        assert!(error.to_string().starts_with("no answer within 1.0s"), "{error}");
    }

    #[tokio::test]
    async fn work_is_answered_when_the_process_ends() {
        let (sender, ending) = going_on();
        sender.send_replace(true);
        let error = in_time::<()>(pending(), SECOND, ending).await.unwrap_err();
        assert!(matches!(error, Error::Ending));
    }

    #[test]
    fn a_volume_is_named_by_pod_and_name() {
        let path = "/var/lib/kubelet/pods/1-2/volumes/kubernetes.io~csi/secrets/mount";
        assert_eq!(pod_volume(path), "1-2/volumes/kubernetes.io~csi/secrets/mount");
        assert_eq!(pod_volume("/elsewhere\n"), "/elsewhere\\n");
    }
}
