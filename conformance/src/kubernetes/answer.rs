//! From a request to its answer: who asks, what is to go wrong, what is there.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::extract::rejection::BytesRejection;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::connection::Cutter;
use super::serve::{Question, serve};
use super::status::{Refusal, answer_json};
use super::{Request, State, Trouble, locked};

/// Answers one request.
pub(super) async fn answer(
    Shared(state): Shared<Arc<State>>,
    Extension(cutter): Extension<Cutter>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let place = state.note(&method, &uri);
    let _until_the_end = Open { state: &state, place };
    let answer = match body {
        Ok(body) => respond(&state, &cutter, &Question { method, uri, headers, body }).await,
        Err(_) => Err(Refusal::too_large()),
    };
    let response = answer.unwrap_or_else(IntoResponse::into_response);
    locked(&state.journal)[place].status = Some(response.status().as_u16());
    response
}

/// A request on its way. The server drops its work when the client goes away.
struct Open<'a> {
    state: &'a State,
    place: usize,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        locked(&self.state.journal)[self.place].is_over = true;
    }
}

async fn respond(state: &Arc<State>, cutter: &Cutter, question: &Question) -> Result<Response, Refusal> {
    if !state.knows(&question.headers) {
        return Err(Refusal::unauthorized());
    }
    // Decided in a statement of its own: the lock must not live as long as the trouble.
    let trouble = locked(&state.plan).next();
    match trouble {
        None => {}
        Some(Trouble::Delay(time)) => tokio::time::sleep(time).await,
        Some(Trouble::Unauthorized) => return Err(Refusal::unauthorized()),
        Some(Trouble::Forbidden) => {
            let Question { method, uri, .. } = question;
            let message =
                format!("User \"system:serviceaccount:kube-system:provider\" cannot {method} {uri}");
            return Err(Refusal::forbidden(message));
        }
        Some(Trouble::Throttled) => {
            let message = "the server has received too many requests and has asked us to try again later";
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message));
        }
        Some(Trouble::Broken) => {
            let message = "an error on the server has prevented the request from succeeding";
            return Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message));
        }
        Some(Trouble::Unavailable) => {
            let message = "the server is currently unable to handle the request";
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message));
        }
        Some(Trouble::Reset) => {
            cutter.cut();
            return std::future::pending().await;
        }
        Some(Trouble::Hang) => return std::future::pending().await,
        Some(Trouble::Garbage) => return Ok((StatusCode::OK, "\u{1}\u{2}<html>").into_response()),
        Some(Trouble::OtherJson) => return Ok(answer_json(StatusCode::OK, "[1, 2, 3]".to_owned())),
    }
    serve(state, question)
}

impl State {
    /// Writes a request down before its answer, which may never come.
    fn note(&self, method: &Method, uri: &Uri) -> usize {
        let mut journal = locked(&self.journal);
        journal.push(Request {
            method: method.to_string(),
            path: uri.to_string(),
            status: None,
            is_over: false,
        });
        journal.len() - 1
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let presented = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        presented.and_then(|text| text.strip_prefix("Bearer ")) == Some(self.token.as_str())
    }
}
