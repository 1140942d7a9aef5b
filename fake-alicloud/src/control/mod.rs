//! The second door, on its own port: what a test does to the cloud rather than in it.
//!
//! Clock and faults will be steered from here.

pub(crate) mod seed;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State, rejection::StringRejection},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{Method, StatusCode, Uri};
use serde_json::json;

use self::seed::{Seed, SeedError};
use crate::cloud::Cloud;

const MAX_SEED_BYTES: usize = 10 * 1024 * 1024;

/// The control door of one cloud.
pub(crate) fn router(cloud: Arc<Cloud>) -> Router {
    Router::new()
        .route("/seed", post(seed))
        .route("/reset", post(reset))
        .route("/journal", get(journal))
        .route("/healthz", get(healthz))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_SEED_BYTES))
        .with_state(cloud)
}

async fn seed(State(cloud): State<Arc<Cloud>>, body: Result<String, StringRejection>) -> Response {
    let text = match body {
        Ok(text) => text,
        Err(rejection) => return refusal(rejection.status(), &format!("cannot read the seed: {rejection}")),
    };
    match Seed::from_yaml(&text).and_then(|seed| cloud.seed(&seed)) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            let status = match &error {
                SeedError::Unreadable { .. } => StatusCode::BAD_REQUEST,
                SeedError::Taken { .. } => StatusCode::CONFLICT,
            };
            refusal(status, &error.to_string())
        }
    }
}

async fn reset(State(cloud): State<Arc<Cloud>>) -> StatusCode {
    cloud.reset();
    StatusCode::NO_CONTENT
}

async fn journal(State(cloud): State<Arc<Cloud>>) -> Response {
    Json(cloud.journal.entries()).into_response()
}

async fn healthz() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

async fn unknown_path(uri: Uri) -> Response {
    let known = "POST /seed, POST /reset, GET /journal and GET /healthz";
    refusal(StatusCode::NOT_FOUND, &format!("the control door has no {}; it has {known}", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    refusal(StatusCode::METHOD_NOT_ALLOWED, &format!("{} does not take {method}", uri.path()))
}

fn refusal(status: StatusCode, sentence: &str) -> Response {
    (status, Json(json!({ "error": sentence }))).into_response()
}
