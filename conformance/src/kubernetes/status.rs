//! Refusals as Kubernetes words them: objects of kind `Status`.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

/// A refusal with the API's word for it (`k8s.io/apimachinery`, `StatusReason`).
pub(super) fn refusal(status: StatusCode, reason: &str, message: &str) -> Response {
    let body = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": status.as_u16(),
    });
    answer_json(status, body.to_string())
}

/// An answer in JSON.
pub(super) fn answer_json(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

/// No such object, in the words of a real API server: resource and name are the end of the path.
pub(super) fn not_found(path: &str) -> Response {
    let mut parts = path.rsplit('/');
    let (name, resource) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let message = format!("{resource} {name:?} not found");
    refusal(StatusCode::NOT_FOUND, "NotFound", &message)
}
