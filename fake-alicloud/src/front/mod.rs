//! The door of the cloud's API: request to call, answer to JSON or XML. Holds no state.
//!
//! HTTPS with the fake's own CA and the instance metadata listener will be siblings of this door.

mod answer;
mod target;
mod xml;

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, Uri};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use self::{
    answer::{Answer, Format},
    target::Target,
};
use crate::{
    api::{ApiError, Call, Parameters},
    auth::{self, Caller},
    cloud::Cloud,
    journal::{self, JournalEntry},
    request::Request,
};

/// The gateway's limit for a request body.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The API door of one cloud.
pub(crate) fn router(cloud: Arc<Cloud>) -> Router {
    Router::new().fallback(receive).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)).with_state(cloud)
}

async fn receive(
    State(cloud): State<Arc<Cloud>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let unread = match &body {
        Ok(_) => None,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Some(ApiError::body_too_large())
        }
        Err(_) => Some(ApiError::unreadable_body()),
    };
    let body = body.map(Vec::from).unwrap_or_default();
    let request = Request::new(method.as_str(), uri.path(), uri.query().unwrap_or_default(), headers, body);
    handle(&cloud, &request, unread)
}

/// Answers one call and enters it in the journal.
fn handle(cloud: &Cloud, request: &Request, unread: Option<ApiError>) -> Response {
    let now = cloud.clock.now();
    let target = Target::read(request, &cloud.default_region);
    let mut caller = None;
    let outcome = match unread {
        Some(error) => Err(error),
        None => perform(cloud, request, &target, now, &mut caller),
    };
    let answer = Answer {
        outcome,
        format: Format::of(request).unwrap_or_default(),
        request_id: Uuid::new_v4().to_string().to_uppercase(),
        host: request.host(),
        action: &target.action,
        product: target.product,
    };
    let entry = journal_entry(request, &target, caller.as_ref(), &answer, now);
    tracing::info!(
        api.product = entry.product,
        api.action = entry.action,
        http.status = entry.status,
        error.code = entry.code,
        request.id = entry.request_id,
        "answered a call"
    );
    cloud.journal.record(entry);
    answer.into_response()
}

/// The way through the gateway: which operation, who calls, and then the operation itself.
fn perform(
    cloud: &Cloud,
    request: &Request,
    target: &Target,
    now: Timestamp,
    known_caller: &mut Option<Caller>,
) -> Result<Value, ApiError> {
    if !matches!(request.method.as_str(), "GET" | "POST") {
        return Err(ApiError::wrong_method());
    }
    if request.path != "/" {
        return Err(ApiError::unknown_path());
    }
    let operation = target.operation()?;
    let region = target.region.as_ref().ok_or_else(|| ApiError::invalid_gateway_parameter("RegionId"))?;
    Format::of(request)?;

    let mut state = cloud.state();
    let caller = known_caller.insert(auth::authenticate(request, &mut state, now)?);
    let call = Call { caller, region, parameters: Parameters::new(request), now };
    operation.run(&call, &mut state)
}

fn journal_entry(
    request: &Request,
    target: &Target,
    caller: Option<&Caller>,
    answer: &Answer<'_>,
    now: Timestamp,
) -> JournalEntry {
    JournalEntry {
        sequence: 0, // the journal numbers its entries
        time: now,
        product: target.product.map_or("", |product| product.name()).to_owned(),
        action: target.action.clone(),
        version: target.version.clone(),
        method: request.method.clone(),
        host: request.host(),
        region: target.region.as_ref().map(ToString::to_string).unwrap_or_default(),
        signature: auth::signature_kind(request),
        access_key_id: auth::claimed_access_key_id(request),
        account: caller.map(|caller| caller.principal.account.to_string()),
        caller_arn: caller.map(|caller| caller.principal.arn()),
        parameters: journal::readable(request.pairs()),
        status: answer.status().as_u16(),
        code: answer.outcome.as_ref().err().map(|error| error.code.clone()),
        request_id: answer.request_id.clone(),
    }
}
