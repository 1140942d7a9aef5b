//! One request in the API's own terms: a verb, a place, parameters, a body.
//!
//! Answers are JSON whatever form a client prefers; those that would like protobuf or tables go by the answer's media type.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::patch::Form;
use super::path::{Place, segments};
use super::selector::Selector;
use super::status::{Refusal, answer_json};
use super::watching::{self, Interest};
use super::{State, discovery, now, protobuf, verbs};

/// What a client asks.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

type Parameters = BTreeMap<String, String>;

/// Answers from what is there.
pub(super) fn serve(state: &Arc<State>, question: &Question) -> Result<Response, Refusal> {
    let parameters: Parameters =
        form_urlencoded::parse(question.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let parts = segments(question.uri.path());
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    if matches!(parts[..], ["healthz" | "livez" | "readyz", ..]) {
        return Ok("ok".into_response());
    }
    let mut store = state.objects.store();
    let Some(place) = Place::find(question.uri.path(), &store) else {
        let found = discovery::answer(&parts, state.release, &store.resources());
        let object = found.ok_or_else(Refusal::unknown_path)?;
        let is_question = question.method == Method::GET;
        return if is_question { Ok(ok(&object)) } else { Err(Refusal::method_not_allowed()) };
    };
    let request = verbs::Request {
        place: &place,
        is_dry: parameters.get("dryRun").is_some_and(|it| it == "All"),
        names_uid: false,
        now: now(),
    };
    let show = |object: &Value| verbs::presented(&place, object);
    let response = match (question.method.as_str(), place.name.as_deref()) {
        ("GET", Some(name)) => ok(&show(&*verbs::get(&store, &place, name)?)),
        ("GET", None) if flag(&parameters, "watch") => {
            let interest = interest(&place, &parameters)?;
            drop(store);
            watching::answer(state, interest)
        }
        ("GET", None) => ok(&verbs::list(&store, &place, &selector(&place, &parameters)?)),
        ("POST", None) => {
            let object = request.create(&mut store, question.object()?)?;
            answer_json(StatusCode::CREATED, show(&object).to_string())
        }
        ("PUT", Some(name)) => ok(&show(&*request.update(&mut store, name, question.object()?)?)),
        ("PATCH", Some(name)) => {
            let (form, patch) = question.patch()?;
            let (is_new, object) = request.patch(&mut store, name, form, &patch)?;
            let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            answer_json(status, show(&object).to_string())
        }
        ("DELETE", Some(name)) if !place.is_status => {
            ok(&request.delete(&mut store, name, &question.options(&parameters)?)?)
        }
        ("DELETE", None) => {
            let selector = selector(&place, &parameters)?;
            ok(&request.delete_all(&mut store, &selector, &question.options(&parameters)?)?)
        }
        _ => return Err(Refusal::method_not_allowed()),
    };
    Ok(response)
}

fn ok(object: &Value) -> Response {
    answer_json(StatusCode::OK, object.to_string())
}

fn flag(parameters: &Parameters, name: &str) -> bool {
    parameters.get(name).is_some_and(|value| matches!(&**value, "true" | "1" | ""))
}

fn selector(place: &Place, parameters: &Parameters) -> Result<Selector, Refusal> {
    let text = |name| parameters.get(name).map(String::as_str).unwrap_or_default();
    Selector::new(&place.resource, text("labelSelector"), text("fieldSelector"))
}

fn interest(place: &Place, parameters: &Parameters) -> Result<Interest, Refusal> {
    let marks_start = flag(parameters, "sendInitialEvents");
    let since = match parameters.get("resourceVersion").map(String::as_str) {
        None | Some("" | "0") => None,
        Some(_) if marks_start => None,
        Some(version) => Some(version.parse().map_err(|_| {
            Refusal::bad_request(format!("resourceVersion: Invalid value: {version:?}: it is no number"))
        })?),
    };
    let lifetime = parameters.get("timeoutSeconds").and_then(|seconds| seconds.parse().ok());
    Ok(Interest {
        place: place.clone(),
        selector: selector(place, parameters)?,
        since,
        marks_start,
        takes_bookmarks: flag(parameters, "allowWatchBookmarks"),
        lifetime: lifetime.filter(|&seconds| seconds > 0).map(Duration::from_secs),
    })
}

impl Question {
    fn media_type(&self) -> &str {
        let value = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim()
    }

    /// The body, which must be an object.
    fn object(&self) -> Result<Value, Refusal> {
        const KNOWN: &str = "application/json, application/yaml";
        let object = match self.media_type() {
            "" | "application/json" => self.json()?,
            "application/yaml" => self.yaml()?,
            protobuf::MEDIA_TYPE => protobuf::object(&self.body)
                .ok_or_else(|| Refusal::unsupported_media_type(protobuf::MEDIA_TYPE, KNOWN))?,
            other => return Err(Refusal::unsupported_media_type(other, KNOWN)),
        };
        if object.is_object() { Ok(object) } else { Err(Refusal::bad_request("the body is no object")) }
    }

    fn patch(&self) -> Result<(Form, Value), Refusal> {
        let form = Form::of(self.media_type())
            .ok_or_else(|| Refusal::unsupported_media_type(self.media_type(), Form::KNOWN))?;
        let patch = if form == Form::Apply { self.yaml()? } else { self.json()? };
        let has_shape = if form == Form::Json { patch.is_array() } else { patch.is_object() };
        if has_shape {
            Ok((form, patch))
        } else {
            Err(Refusal::bad_request("the body is no patch of its media type"))
        }
    }

    /// How to delete: in the body, or the policy in the query.
    fn options(&self, parameters: &Parameters) -> Result<Value, Refusal> {
        if !self.body.is_empty() {
            return self.object();
        }
        let policy = parameters.get("propagationPolicy").map(String::as_str);
        Ok(serde_json::json!({ "propagationPolicy": policy }))
    }

    fn json(&self) -> Result<Value, Refusal> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::bad_request(format!("the body of the request is no JSON: {error}")))
    }

    /// JSON is YAML.
    fn yaml(&self) -> Result<Value, Refusal> {
        self.json().or_else(|_| {
            serde_yaml::from_slice(&self.body)
                .map_err(|_| Refusal::bad_request("the body of the request is neither JSON nor YAML"))
        })
    }
}
