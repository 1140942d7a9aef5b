//! Planning what goes wrong.

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;

use super::{Refusal, Shared, Text, text};
use crate::{
    PlannedFault,
    fault::{FaultError, faults},
};

type Plans = Json<Vec<PlannedFault>>;

impl From<FaultError> for Refusal {
    fn from(error: FaultError) -> Self {
        let status = match error {
            FaultError::Taken { .. } => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.to_string())
    }
}

pub(super) async fn list(State(cloud): Shared) -> Plans {
    Json(cloud.plans.list())
}

pub(super) async fn plan(State(cloud): Shared, body: Text) -> Result<Plans, Refusal> {
    Ok(Json(cloud.plans.add(faults(&text("the faults", body)?)?)?))
}

pub(super) async fn clear(State(cloud): Shared) -> StatusCode {
    cloud.plans.clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn remove(State(cloud): Shared, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    if cloud.plans.remove(&id) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let planned: Vec<_> = cloud.plans.list().into_iter().map(|planned| planned.id).collect();
    let planned = if planned.is_empty() { "none".to_owned() } else { planned.join(", ") };
    let sentence = format!("there is no fault `{id}`; planned: {planned}");
    Err(Refusal::new(StatusCode::NOT_FOUND, sentence))
}
