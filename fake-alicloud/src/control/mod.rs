//! The second door, on its own port: what a test does to the cloud rather than in it.
//!
//! The routes and their answers are described in `openapi.json`, which a test compares with the table below.

pub(crate) mod client;
pub(crate) mod export;
mod faults;
pub(crate) mod issuers;
mod journal;
mod metadata;
pub(crate) mod seed;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State, rejection::StringRejection},
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, post, put},
};
use http::{Method, StatusCode, Uri, header::CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde_json::json;

use self::seed::{Seed, SeedError};
use crate::{Behaviour, ClockReading, cloud::Cloud};

const MAX_SEED_BYTES: usize = 10 * 1024 * 1024;

/// The description of this door for machines.
const OPENAPI: &str = include_str!("../../openapi.json");
/// The JSON Schema of seeds, as [`Seed::schema`] makes it; a test compares the two.
const SEED_SCHEMA: &str = include_str!("../../seed.schema.json");

type Route = (Method, &'static str, MethodRouter<Arc<Cloud>>);

/// All that this door does.
fn routes() -> Vec<Route> {
    vec![
        (Method::GET, "/healthz", get(healthz)),
        (Method::POST, "/seed", post(seed)),
        (Method::PUT, "/seed", put(replace)),
        (Method::GET, "/export", get(export)),
        (Method::POST, "/reset", post(reset)),
        (Method::GET, "/clock", get(clock)),
        (Method::PUT, "/clock", put(change_clock)),
        (Method::GET, "/behaviour", get(behaviour)),
        (Method::PUT, "/behaviour", put(set_behaviour)),
        (Method::GET, "/journal", get(journal::calls)),
        (Method::GET, "/journal/count", get(journal::count)),
        (Method::GET, "/journal/wait", get(journal::wait)),
        (Method::GET, "/issuers", get(issuers::issuers)),
        (Method::POST, "/issuers", post(issuers::add_issuer)),
        (Method::POST, "/issuers/rotate", post(issuers::rotate_keys)),
        (Method::POST, "/tokens", post(issuers::mint_token)),
        (Method::GET, "/faults", get(faults::list)),
        (Method::POST, "/faults", post(faults::plan)),
        (Method::DELETE, "/faults", delete(faults::clear)),
        (Method::DELETE, "/faults/{id}", delete(faults::remove)),
        (Method::GET, "/metadata", get(metadata::instance)),
        (Method::PUT, "/metadata", put(metadata::set_instance)),
        (Method::GET, "/ca.pem", get(ca_pem)),
        (Method::GET, "/instances/{instance}/ca.pem", get(instance_ca_pem)),
        (Method::GET, "/openapi.json", get(openapi)),
        (Method::GET, "/seed.schema.json", get(seed_schema)),
    ]
}

/// The control door of one cloud.
pub(crate) fn router(cloud: Arc<Cloud>) -> Router {
    let add = |router: Router<_>, (_, path, handler): Route| router.route(path, handler);
    routes()
        .into_iter()
        .fold(Router::new(), add)
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_SEED_BYTES))
        .with_state(cloud)
}

/// Why a request to this door is not done, in a sentence.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    sentence: String,
}

impl Refusal {
    fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self { status, sentence: sentence.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.sentence }))).into_response()
    }
}

impl From<SeedError> for Refusal {
    fn from(error: SeedError) -> Self {
        let status = match &error {
            SeedError::Unreadable { .. } => StatusCode::BAD_REQUEST,
            SeedError::Taken { .. } => StatusCode::CONFLICT,
        };
        Self::new(status, error.to_string())
    }
}

type Shared = State<Arc<Cloud>>;
type Text = Result<String, StringRejection>;

async fn seed(State(cloud): Shared, body: Text) -> Result<StatusCode, Refusal> {
    cloud.seed(&Seed::from_yaml(&text("the seed", body)?)?)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn replace(State(cloud): Shared, body: Text) -> Result<StatusCode, Refusal> {
    cloud.replace(&Seed::from_yaml(&text("the seed", body)?)?)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn export(State(cloud): Shared) -> Response {
    json_text(cloud.export().to_json())
}

async fn reset(State(cloud): Shared) -> StatusCode {
    cloud.reset();
    StatusCode::NO_CONTENT
}

async fn clock(State(cloud): Shared) -> Json<ClockReading> {
    Json(cloud.clock.read())
}

async fn change_clock(State(cloud): Shared, body: Text) -> Result<Json<ClockReading>, Refusal> {
    cloud.clock.change(read("the clock's change", body)?);
    Ok(Json(cloud.clock.read()))
}

async fn behaviour(State(cloud): Shared) -> Json<Behaviour> {
    Json(cloud.state().behaviour.clone())
}

async fn set_behaviour(State(cloud): Shared, body: Text) -> Result<StatusCode, Refusal> {
    let behaviour = read("the behaviour", body)?;
    cloud.state().behaviour = behaviour;
    Ok(StatusCode::NO_CONTENT)
}

async fn ca_pem(State(cloud): Shared) -> Response {
    pem(cloud.authority.ca_pem().to_owned())
}

async fn instance_ca_pem(State(cloud): Shared, Path(instance): Path<String>) -> Result<Response, Refusal> {
    let missing = || {
        let sentence =
            format!("there is no authority for `{instance}`: expected the id of an instance, kst-…");
        Refusal::new(StatusCode::NOT_FOUND, sentence)
    };
    cloud.authority.instance_ca_pem(&instance).map(pem).ok_or_else(missing)
}

async fn healthz() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

async fn openapi() -> Response {
    json_text(OPENAPI)
}

async fn seed_schema() -> Response {
    json_text(SEED_SCHEMA)
}

async fn unknown_path(uri: Uri) -> Refusal {
    let known: Vec<_> = routes().iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let sentence = format!("the control door has no {}; it has {}", uri.path(), known.join(", "));
    Refusal::new(StatusCode::NOT_FOUND, sentence)
}

async fn wrong_method(method: Method, uri: Uri) -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, format!("{} does not take {method}", uri.path()))
}

fn text(what: &str, body: Text) -> Result<String, Refusal> {
    body.map_err(|rejection| Refusal::new(rejection.status(), format!("cannot read {what}: {rejection}")))
}

fn read<T: DeserializeOwned>(what: &str, body: Text) -> Result<T, Refusal> {
    serde_json::from_str(&text(what, body)?)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("cannot read {what}: {error}")))
}

fn json_text(text: impl IntoResponse) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

fn pem(text: String) -> Response {
    ([(CONTENT_TYPE, "application/x-pem-file")], text).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_description_has_exactly_the_routes_of_the_door() {
        let description: Value = serde_json::from_str(OPENAPI).expect("JSON");
        let paths = description["paths"].as_object().expect("paths");
        let described: BTreeSet<_> = paths
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().expect("methods").keys();
                methods.map(move |method| (method.to_uppercase(), path.clone()))
            })
            .collect();
        let served = routes().into_iter().map(|(method, path, _)| (method.to_string(), path.to_owned()));
        assert_eq!(described, served.collect());
    }

    #[test]
    fn the_schema_file_is_the_types_own() {
        let schema = Seed::schema();
        let differing = SEED_SCHEMA.lines().zip(schema.lines()).find(|(file, own)| file != own);
        assert!(
            SEED_SCHEMA == schema,
            "write the output of `fake-alicloud seed-schema` to seed.schema.json: {differing:?}"
        );
    }
}
