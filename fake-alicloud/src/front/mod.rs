//! The door of the cloud's API: request to call, answer to JSON or XML. Holds no state.
//!
//! The listener of the instance metadata service is a sibling of this door.

mod answer;
mod facts;
mod issuer;
mod target;
mod xml;

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Response, header::HOST, request::Parts};
use http_body_util::BodyExt;
use hyper::{body::Incoming, service::service_fn};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use self::{
    answer::{Answer, Format},
    target::Target,
};
use crate::{
    api::{ApiError, Asked, Call, Operation, Parameters, Product, Run},
    auth::{self, Caller},
    behaviour::AbsentKey,
    clock::wire_time,
    cloud::Cloud,
    fault::{AnswerBody, Trouble},
    journal::{self, JournalEntry, Unanswered},
    listener::{Answerer, Cut, Peer},
    policy::Context,
    request::{LOOPBACK, Request, Scheme},
    state::name::Region,
};

/// The gateway's limit for a request body.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The API door of one cloud, for what comes over that scheme.
pub(crate) fn door(cloud: Arc<Cloud>, scheme: Scheme, body_timeout: Duration) -> impl Answerer<AnswerBody> {
    service_fn(move |request| receive(cloud.clone(), scheme, body_timeout, request))
}

async fn receive(
    cloud: Arc<Cloud>,
    scheme: Scheme,
    body_timeout: Duration,
    request: http::Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let (head, body) = request.into_parts();
    let body = tokio::time::timeout(body_timeout, read(body)).await;
    Ok(reply(&cloud, scheme, head, body.unwrap_or_else(|_| Err(ApiError::late_body()))).await)
}

/// Answers a request that was read to its end, or as far as it came. At once, unless something else is planned.
pub(crate) async fn reply(
    cloud: &Cloud,
    scheme: Scheme,
    head: Parts,
    body: Result<Vec<u8>, ApiError>,
) -> Response<AnswerBody> {
    let (body, unread) = match body {
        Ok(body) => (body, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let mut headers = head.headers;
    // HTTP/2 has the host beside the headers, where no signature would look for it.
    if let (false, Some(authority)) = (headers.contains_key(HOST), head.uri.authority())
        && let Ok(value) = HeaderValue::from_str(authority.as_str())
    {
        headers.insert(HOST, value);
    }
    let query = head.uri.query().unwrap_or_default();
    let peer = head.extensions.get::<Peer>().map_or(LOOPBACK, |Peer(address)| *address);
    let request =
        Request { scheme, peer, ..Request::new(head.method.as_str(), head.uri.path(), query, headers, body) };
    let connection = head.extensions.get::<Cut>().cloned().unwrap_or_default();
    handle(cloud, &request, unread, connection).await
}

/// Reads a body to its end, also when it is too large: a client that is still sending would not see the refusal.
async fn read(mut body: Incoming) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    let mut fits = true;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::unreadable_body())?;
        let Ok(data) = frame.into_data() else { continue };
        fits = fits && bytes.len() + data.len() <= MAX_BODY_BYTES;
        if fits {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
        }
    }
    if fits { Ok(bytes) } else { Err(ApiError::body_too_large()) }
}

/// Answers one call and enters it in the journal.
async fn handle(
    cloud: &Cloud,
    request: &Request,
    unread: Option<ApiError>,
    connection: Cut,
) -> Response<AnswerBody> {
    let mut now = cloud.clock.now();
    if let Some(page) = issuer::answer(cloud, request, now) {
        return page.map(AnswerBody::from);
    }
    let target = Target::read(request, &cloud.default_region);
    let mut caller = None;
    let admitted = match unread {
        Some(error) => Err(error),
        None => admit(cloud, request, &target, now, &mut caller),
    };
    let mut trouble = Trouble::default();
    let mut headers = HeaderMap::new();
    let entry = journal_entry(request, &target, caller.as_ref(), now);
    let outcome = match admitted {
        Err(error) => Err(error),
        Ok(admitted) => {
            trouble = cloud.plans.meet(|| facts::of(request, &target, caller.as_ref(), now));
            if !trouble.delays.is_empty() {
                // Whoever leaves meanwhile has called all the same.
                let unanswered = Unanswered::new(&cloud.journal, &entry, trouble.fault.as_deref());
                for delay in trouble.delays.drain(..) {
                    delay.pass().await;
                }
                unanswered.forget();
                now = cloud.clock.now();
            }
            match trouble.refusal.take() {
                Some((error, more)) => {
                    headers = more;
                    Err(error)
                }
                None => perform(cloud, request, &target, &admitted, caller.as_ref(), now),
            }
        }
    };
    let answer = Answer {
        outcome,
        format: Format::of(request).unwrap_or_default(),
        request_id: Uuid::new_v4().to_string().to_uppercase(),
        host: request.host(),
        action: &target.action,
        product: target.product,
    };
    let entry = JournalEntry {
        status: answer.status().as_u16(),
        code: answer.outcome.as_ref().err().map(|error| error.code.clone()),
        request_id: answer.request_id.clone(),
        fault: trouble.fault.take(),
        ..entry
    };
    tracing::info!(
        api.product = entry.product,
        api.action = entry.action,
        http.status = entry.status,
        error.code = entry.code,
        request.id = entry.request_id,
        fault.id = entry.fault,
        "answered a call"
    );
    cloud.journal.record(entry);
    let mut response = answer.into_response();
    response.headers_mut().extend(headers);
    match trouble.damage {
        None => response.map(AnswerBody::from),
        Some(damage) => damage.inflict(response, connection).await,
    }
}

/// A call that may go on to its operation.
struct Admitted<'a> {
    operation: &'static Operation,
    region: &'a Region,
}

/// The way through the gateway: which operation, and who calls.
fn admit<'a>(
    cloud: &Cloud,
    request: &Request,
    target: &'a Target,
    now: Timestamp,
    known_caller: &mut Option<Caller>,
) -> Result<Admitted<'a>, ApiError> {
    if !matches!(request.method.as_str(), "GET" | "POST") {
        return Err(ApiError::wrong_method());
    }
    if request.path != "/" {
        return Err(ApiError::unknown_path());
    }
    let operation = target.operation()?;
    let region = target.region.as_ref().ok_or_else(|| ApiError::invalid_gateway_parameter("RegionId"))?;
    Format::of(request)?;
    if request.scheme == Scheme::Http
        && !cloud.allows_http
        && target.product.is_some_and(Product::needs_https)
    {
        return Err(ApiError::needs_https());
    }
    if let Run::Signed(_) = operation.kind() {
        *known_caller = Some(auth::authenticate(request, cloud, now)?);
    }
    Ok(Admitted { operation, region })
}

/// The operation itself.
fn perform(
    cloud: &Cloud,
    request: &Request,
    target: &Target,
    Admitted { operation, region }: &Admitted<'_>,
    caller: Option<&Caller>,
    now: Timestamp,
) -> Result<Value, ApiError> {
    let context = context(request, now, cloud.state().behaviour.absent_key);
    let instance = target.instance();
    let parameters = Parameters::new(request);
    let asked = Asked { action: operation.action(), region, instance, parameters, context: &context, now };
    let mut state = cloud.state();
    match operation.kind() {
        Run::Signed(run) => {
            let caller = caller.expect("nobody is admitted to a signed operation without a signature");
            operation.run(run, &Call::new(caller, asked), &mut state)
        }
        Run::Unsigned(run) => {
            operation.prepare(&asked, &mut state)?;
            run(&asked, &mut state)
        }
    }
}

/// What policies may ask about a call of any product.
fn context(request: &Request, now: Timestamp, absent_key: AbsentKey) -> Context {
    let mut context = Context::new(absent_key);
    context.set("acs:SourceIp", request.peer.to_string());
    context.set("acs:SecureTransport", (request.scheme == Scheme::Https).to_string());
    context.set("acs:CurrentTime", wire_time(now));
    context
}

/// What the journal keeps of a call, before its answer is known.
fn journal_entry(
    request: &Request,
    target: &Target,
    caller: Option<&Caller>,
    now: Timestamp,
) -> JournalEntry {
    JournalEntry {
        sequence: 0, // the journal numbers its entries
        time: now,
        product: target.product.map_or("", |product| product.name()).to_owned(),
        action: target.action.clone(),
        version: target.version.clone(),
        scheme: request.scheme,
        method: request.method.clone(),
        host: request.host(),
        region: target.region.as_ref().map(ToString::to_string).unwrap_or_default(),
        signature: auth::signature_kind(request),
        access_key_id: auth::claimed_access_key_id(request),
        account: caller.map(|caller| caller.principal.account.to_string()),
        caller_arn: caller.map(|caller| caller.principal.arn()),
        parameters: journal::readable(request.pairs()),
        status: 0, // what follows is known with the answer
        code: None,
        request_id: String::new(),
        fault: None,
    }
}
