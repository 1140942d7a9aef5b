//! The instance that the metadata service speaks of.

use axum::{Json, extract::State};
use http::StatusCode;

use super::{Refusal, Shared, Text, text};
use crate::{EcsInstance, EcsInstanceError};

impl From<EcsInstanceError> for Refusal {
    fn from(error: EcsInstanceError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}

pub(super) async fn instance(State(cloud): Shared) -> Result<Json<EcsInstance>, Refusal> {
    let instance = cloud.state().ecs.as_ref().map(|instance| Json(instance.described().clone()));
    let sentence = "there is no ECS instance: seed `ecsInstance`, or PUT one here";
    instance.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, sentence))
}

pub(super) async fn set_instance(State(cloud): Shared, body: Text) -> Result<StatusCode, Refusal> {
    let instance = EcsInstance::from_yaml(&text("the instance", body)?)?.build(&cloud.default_region)?;
    cloud.state().set_ecs(instance);
    Ok(StatusCode::NO_CONTENT)
}
