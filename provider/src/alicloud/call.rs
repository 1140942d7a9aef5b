//! One signed call: send it, read a bounded answer, tell an answer from a refusal from silence.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use rustls::CertificateError;
use serde::Deserialize;
use tokio::time::{Instant, sleep, timeout_at};

use super::bound::Ceilings;
use super::retry::Persistence;
use super::sign::{self, Operation, Scheme, Signed};
use super::{Authorities, Bounds, Credential, Endpoint, Fault, Resolve, retry};
use crate::clock;
use crate::metrics::Metrics;
use crate::sensitive::Sensitive;

/// Establishing a connection, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From sending the request to the last byte of the answer. The official clients wait as long for a read.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
/// An idle connection is closed after this, well before a gateway in between forgets it. The pool looks for idle ones as often,
/// so the last is gone within a minute.
const IDLE_TIMEOUT: Duration = Duration::from_secs(25);
/// A secret holds at most 30,720 bytes; escaped as JSON it may grow sixfold.
const LARGEST_ANSWER: usize = 1 << 20;
/// Room for most answers. Whatever is reserved is wiped afterwards, used or not.
const USUAL_ANSWER: usize = 8 << 10;

/// A product of the cloud, for messages and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Key Management Service.
    Kms,
    /// CloudOps Orchestration Service.
    Oos,
    /// Security Token Service.
    Sts,
    /// The metadata service of the node's own instance.
    Metadata,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Kms, Self::Oos, Self::Sts, Self::Metadata];

    /// The metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kms => "kms",
            Self::Oos => "oos",
            Self::Sts => "sts",
            Self::Metadata => "metadata",
        }
    }

    /// What bounds its calls, if that can be set.
    pub(crate) fn flag(self) -> Option<&'static str> {
        match self {
            Self::Kms => Some("--max-concurrent-kms-secret-pulls"),
            Self::Oos => Some("--max-concurrent-oos-secret-pulls"),
            Self::Sts | Self::Metadata => None,
        }
    }
}

/// Calls the cloud over one pool of connections.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    bounds: Bounds,
    metrics: Arc<Metrics>,
}

impl Client {
    /// A client that trusts the public certificate authorities.
    pub fn new(metrics: Arc<Metrics>) -> Result<Self, reqwest::Error> {
        Self::trusting(&Authorities::default(), &[], Ceilings::default(), metrics)
    }

    /// A client that trusts `authorities`, finds some hosts where it is told to, and keeps its calls below `ceilings`. Redirects
    /// are not followed: a signed request goes to the host it was signed for.
    pub fn trusting(
        authorities: &Authorities,
        hosts: &[Resolve],
        ceilings: Ceilings,
        metrics: Arc<Metrics>,
    ) -> Result<Self, reqwest::Error> {
        let mut tls = authorities.client_config();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(ceilings.highest());
        let http = hosts.iter().fold(builder, |builder, host| host.apply(builder)).build()?;
        Ok(Self { http, bounds: Bounds::new(ceilings, Arc::clone(&metrics)), metrics })
    }

    /// Sends `operation` to `endpoint`, signed with `credential`, and gives the answer's body, or gives up when it is `until`.
    /// Every try is signed anew, since the cloud takes a nonce once and a date for 15 minutes.
    pub async fn call(
        &self,
        service: Service,
        endpoint: &Endpoint,
        scheme: Scheme,
        operation: &Operation<'_>,
        credential: &Credential,
        until: Instant,
    ) -> Result<Answer, Error> {
        let build = || self.build(endpoint, scheme, operation, credential, clock::now());
        self.persist(service, endpoint, operation.action, build, Error::refusal, until).await
    }

    /// The same without a signature, for the operations that prove an identity otherwise. `proof` and all parameters travel in
    /// the body, since URLs end up in logs.
    pub async fn call_unsigned(
        &self,
        service: Service,
        endpoint: &Endpoint,
        operation: &Operation<'_>,
        proof: (&str, &Sensitive<String>),
        until: Instant,
    ) -> Result<Answer, Error> {
        let build = || {
            let nonce = uuid::Uuid::new_v4().simple().to_string();
            let signed = sign::unsigned(operation, proof, clock::now(), &nonce);
            self.request(endpoint, signed)
        };
        self.persist(service, endpoint, operation.action, build, Error::refusal, until).await
    }

    /// Sends a request of no API's: what instance metadata is read with. Refusals are told apart by their status alone.
    pub(super) async fn plain(
        &self,
        service: Service,
        endpoint: &Endpoint,
        action: &str,
        build: impl Fn(&reqwest::Client) -> reqwest::RequestBuilder,
        until: Instant,
    ) -> Result<Answer, Error> {
        let build = || build(&self.http).build().map_err(|error| Error::transport(endpoint, &error));
        self.persist(service, endpoint, action, build, Error::status, until).await
    }

    /// Tries until there is an answer, a failure that stays, or no time for another try. The place among the calls to the host
    /// is held all the while: whoever pauses because the host throttles must not let others throng in.
    async fn persist(
        &self,
        service: Service,
        endpoint: &Endpoint,
        action: &str,
        build: impl Fn() -> Result<reqwest::Request, Error>,
        refusal: Refusal,
        until: Instant,
    ) -> Result<Answer, Error> {
        let host = endpoint.host();
        let place = match self.bounds.of(service, host) {
            Some(bound) => Some(bound.enter(until).await.ok_or_else(|| Error::crowded(endpoint, service))?),
            None => None,
        };
        let mut earlier = None;
        for tries in 1.. {
            let began = Instant::now();
            let mut seen = Seen::default();
            let sending = async {
                let exchange = self.exchange(endpoint, build()?, refusal, &mut seen);
                timeout_at(until, exchange).await.unwrap_or_else(|_| Err(Error::timed_out(endpoint)))
            };
            let error = match self.metrics.calls.observe(service, action, sending).await {
                Ok(answer) => {
                    tracing::debug!(host, operation = action, request.id = answer.request_id, "called");
                    if let Some(place) = &place {
                        place.succeeded();
                    }
                    return Ok(answer);
                }
                Err(error) => error,
            };
            tracing::debug!(host, operation = action, tries, "call failed: {error}");
            // A try that the end of the time cuts short says less than the one before.
            let error = match (error, earlier.take()) {
                (Error::TimedOut { .. }, Some(earlier)) if Instant::now() >= until => return Err(earlier),
                (error, _) => error,
            };
            let persistence = retry::persistence(&error, seen.status);
            if persistence == Persistence::WhileTime {
                self.metrics.calls.count_throttle(service);
                if let Some(place) = &place {
                    place.throttled(began);
                }
            }
            match retry::pause(persistence, tries, seen.hint, dice()) {
                // Without time for the pause the failure stands: it says more than a deadline.
                Some(pause) if Instant::now() + pause < until => {
                    self.metrics.calls.count_retry(service);
                    earlier = Some(error);
                    sleep(pause).await;
                }
                _ => return Err(error),
            }
        }
        unreachable!("the loop ends by returning")
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint,
        request: reqwest::Request,
        refusal: Refusal,
        seen: &mut Seen,
    ) -> Result<Answer, Error> {
        let sending = self.http.execute(request);
        let response =
            mutate!(CancelledGoesOn, sending.await, tokio::spawn(sending).await.expect("no panic"));
        let response = response.map_err(|error| Error::transport(endpoint, &error))?;
        let status = response.status();
        *seen = Seen { status: Some(status.as_u16()), hint: retry::hint(response.headers()) };
        let request_id = header_text(response.headers(), "x-acs-request-id");
        let body = read_body(endpoint, response).await?;
        if status.is_success() {
            return Ok(Answer { body, request_id });
        }
        Err(refusal(endpoint, status.as_u16(), request_id, &body))
    }

    fn build(
        &self,
        endpoint: &Endpoint,
        scheme: Scheme,
        operation: &Operation<'_>,
        credential: &Credential,
        time: Timestamp,
    ) -> Result<reqwest::Request, Error> {
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let signed = match scheme {
            Scheme::V3 => sign::v3::sign(endpoint.host(), operation, credential, time, &nonce),
            Scheme::V1 => sign::v1::sign(operation, credential, time, &nonce),
        };
        self.request(endpoint, signed)
    }

    fn request(&self, endpoint: &Endpoint, signed: Signed) -> Result<reqwest::Request, Error> {
        let mut request = self.http.post(endpoint.url(&signed.query));
        for (name, value) in signed.headers {
            let mut value = HeaderValue::from_str(value.expose())
                .map_err(|_| Error::Unsendable { host: endpoint.host().to_owned(), header: name })?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let body = signed.body.into_exposed();
        request.body(body).build().map_err(|error| Error::transport(endpoint, &error))
    }
}

/// How a service words an error: endpoint, status, request id if a header had it, body.
type Refusal = fn(&Endpoint, u16, Option<String>, &Sensitive<Vec<u8>>) -> Error;

/// What of an answer decides about another try.
#[derive(Debug, Default)]
struct Seen {
    status: Option<u16>,
    hint: Option<Duration>,
}

/// Random, as far as pauses need it.
pub(crate) fn dice() -> u32 {
    let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
    // The upper bits of this half are the version's.
    u32::try_from(low & u64::from(u32::MAX)).unwrap_or_default()
}

/// A successful answer.
#[derive(Debug)]
pub struct Answer {
    /// JSON, at most a mebibyte, as received.
    pub body: Sensitive<Vec<u8>>,
    /// From the answer's header, if it was there.
    pub request_id: Option<String>,
}

/// Why a call gave no answer. Every variant names the host; none carries anything of a body but a code and a request id.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The cloud answered with an error: see [`Fault`] for who must act.
    #[error("{host} refused with {code} (HTTP {status}, request id {request_id})")]
    Refused {
        /// Where.
        host: String,
        /// The cloud's own code.
        code: String,
        /// The HTTP status.
        status: u16,
        /// For the cloud's support; `unknown` if the answer had none.
        request_id: String,
        /// What the code means.
        fault: Fault,
    },
    /// No connection, or it broke: DNS, routing, TLS, a reset.
    #[error("{host} could not be reached: {reason}; check the endpoint, the region and the node's network")]
    Unreachable {
        /// Where.
        host: String,
        /// The innermost cause.
        reason: String,
    },
    /// Somebody answers whose certificate is of an authority that nobody named.
    #[error(
        "{host} could not be reached: {reason}; name the authority of its certificate with --ca-file (chart value \
         caBundles), or check the endpoint"
    )]
    Untrusted {
        /// Where.
        host: String,
        /// How that was said.
        reason: String,
    },
    /// Connected or not, nothing came in time.
    #[error("{host} did not answer in time; check the endpoint and the node's network")]
    TimedOut {
        /// Where.
        host: String,
    },
    /// An answer that is none of the service's.
    #[error("{host} answered with something other than this service does: {reason}; check the endpoint")]
    Nonsense {
        /// Where.
        host: String,
        /// What was wrong with it, without its content.
        reason: String,
        /// The HTTP status, if that says what else it was.
        status: Option<u16>,
    },
    /// A credential or parameter with characters that no HTTP header can carry.
    #[error(
        "the request to {host} cannot be sent: header {header} would hold control characters; check the credential for stray line breaks"
    )]
    Unsendable {
        /// Where.
        host: String,
        /// The header.
        header: &'static str,
    },
    /// The call never began, because as many as are allowed were under way all the time (operator).
    #[error(
        "too many calls to {host} were under way for this one to begin{}",
        flag.map_or_else(String::new, |flag| format!("; raise {flag} if that is the rule"))
    )]
    Crowded {
        /// Where.
        host: String,
        /// What bounds them, if that can be set.
        flag: Option<&'static str>,
    },
}

impl Error {
    /// Something arrived from `endpoint` that its service would not send.
    pub fn nonsense(endpoint: &Endpoint, reason: impl Into<String>) -> Self {
        Self::Nonsense { host: endpoint.host().to_owned(), reason: reason.into(), status: None }
    }

    fn no_envelope(endpoint: &Endpoint, status: u16, reason: impl Into<String>) -> Self {
        Self::Nonsense { host: endpoint.host().to_owned(), reason: reason.into(), status: Some(status) }
    }

    fn crowded(endpoint: &Endpoint, service: Service) -> Self {
        Self::Crowded { host: endpoint.host().to_owned(), flag: service.flag() }
    }

    /// Whether the service is out of reach, in trouble or overrun, so that nothing is known about what was asked for.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Refused { fault, .. } => fault.is_passing(),
            // A gateway in front of the service has pages of its own.
            Self::Nonsense { status, .. } => {
                status.is_some_and(|status| Fault::of_status(status).is_passing())
            }
            Self::Unreachable { .. }
            | Self::Untrusted { .. }
            | Self::TimedOut { .. }
            | Self::Crowded { .. } => true,
            Self::Unsendable { .. } => false,
        }
    }

    fn transport(endpoint: &Endpoint, error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::timed_out(endpoint);
        }
        // The outer errors repeat the URL or say nothing; the innermost says what happened.
        let mut innermost: &dyn std::error::Error = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        let reason = if error.source().is_some() { innermost.to_string() } else { "no detail".to_owned() };
        let host = endpoint.host().to_owned();
        // Errors of TLS lie in such of the connection, which hide them from `source`.
        while let Some(hidden) = innermost.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            innermost = hidden;
        }
        match innermost.downcast_ref() {
            // The second is what an authority gets that has the name of a known one, and another key.
            Some(rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature,
            )) => Self::Untrusted { host, reason },
            _ => Self::Unreachable { host, reason },
        }
    }

    pub(crate) fn timed_out(endpoint: &Endpoint) -> Self {
        Self::TimedOut { host: endpoint.host().to_owned() }
    }

    fn status(endpoint: &Endpoint, status: u16, _: Option<String>, _: &Sensitive<Vec<u8>>) -> Self {
        Self::Refused {
            host: endpoint.host().to_owned(),
            fault: Fault::of_status(status),
            code: "none".to_owned(),
            status,
            request_id: "unknown".to_owned(),
        }
    }

    fn refusal(
        endpoint: &Endpoint,
        status: u16,
        header_id: Option<String>,
        body: &Sensitive<Vec<u8>>,
    ) -> Self {
        /// Of an error's envelope only what is safe to repeat. The message may quote what was signed.
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(alias = "code", rename = "Code")]
            code: String,
            #[serde(alias = "requestId", rename = "RequestId", default)]
            request_id: Option<String>,
        }
        let Ok(envelope) = serde_json::from_slice::<Envelope>(body.expose()) else {
            let reason = format!("HTTP {status} without the service's error envelope");
            return Self::no_envelope(endpoint, status, reason);
        };
        if !is_plain(&envelope.code) {
            let reason = format!("HTTP {status} with an error code that is no code");
            return Self::no_envelope(endpoint, status, reason);
        }
        let request_id = envelope.request_id.filter(|id| is_plain(id)).or(header_id);
        Self::Refused {
            host: endpoint.host().to_owned(),
            fault: Fault::classify(&envelope.code, status),
            code: envelope.code,
            status,
            request_id: request_id.unwrap_or_else(|| "unknown".to_owned()),
        }
    }
}

/// Codes and request ids are short words; whatever else stands in their place is not repeated.
pub(super) fn is_plain(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    is_plain(text).then(|| text.to_owned())
}

async fn read_body(
    endpoint: &Endpoint,
    mut response: reqwest::Response,
) -> Result<Sensitive<Vec<u8>>, Error> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    let capacity = announced.unwrap_or(USUAL_ANSWER).min(LARGEST_ANSWER);
    let mut body = Sensitive::from(Vec::with_capacity(capacity));
    while let Some(chunk) = response.chunk().await.map_err(|error| Error::transport(endpoint, &error))? {
        if body.expose().len() + chunk.len() > LARGEST_ANSWER {
            return Err(Error::nonsense(endpoint, format!("more than {LARGEST_ANSWER} bytes")));
        }
        append(&mut body, &chunk);
    }
    Ok(body)
}

/// A vector that grows by itself leaves copies behind that are not wiped.
fn append(body: &mut Sensitive<Vec<u8>>, chunk: &[u8]) {
    let needed = body.expose().len() + chunk.len();
    if needed > body.expose().capacity() {
        let mut larger = Vec::with_capacity(needed.next_power_of_two());
        larger.extend_from_slice(body.expose());
        *body = larger.into();
    }
    body.expose_mut().extend_from_slice(chunk);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn endpoint() -> Endpoint {
        "kms.cn-hangzhou.aliyuncs.com".parse().unwrap()
    }

    #[test]
    fn a_refusal_keeps_code_and_request_id_and_drops_the_message() {
        let body =
            br#"{"Code":"SignatureDoesNotMatch","Message":"server string to sign is:SecurityToken%3Dhunter2",
            "RequestId":"1F3C-77","HostId":"h"}"#;
        let error = Error::refusal(&endpoint(), 400, None, &body.to_vec().into());
        assert_eq!(
            error.to_string(),
            "kms.cn-hangzhou.aliyuncs.com refused with SignatureDoesNotMatch (HTTP 400, request id 1F3C-77)"
        );
    }

    #[rstest]
    #[case(br"<html>hunter2</html>")]
    #[case(br#"{"Code":"hunter2 is the password","RequestId":"1"}"#)]
    #[case(br#"{"Message":"hunter2"}"#)]
    #[case(b"")]
    fn what_is_no_envelope_is_not_repeated(#[case] body: &[u8]) {
        let error = Error::refusal(&endpoint(), 502, None, &body.to_vec().into());
        assert!(matches!(error, Error::Nonsense { .. }));
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
