//! Watches: changes as they come, one JSON object per line.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::State;
use super::path::Place;
use super::selector::Selector;
use super::status::Refusal;
use super::store::{Change, Store};
use super::verbs::presented;

/// How long a watch lives whose client sets no limit; a real API server ends them, too.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// What a client wants to be told.
#[derive(Debug)]
pub(super) struct Interest {
    pub(super) place: Place,
    pub(super) selector: Selector,
    /// From where on; none for everything that is there, and then everything that happens.
    pub(super) since: Option<u64>,
    /// Whether the end of what is there is marked (`sendInitialEvents`).
    pub(super) marks_start: bool,
    /// Whether the client understands bookmarks.
    pub(super) takes_bookmarks: bool,
    pub(super) lifetime: Option<Duration>,
}

struct Watch {
    state: Arc<State>,
    interest: Interest,
    seen: u64,
    lines: VecDeque<Bytes>,
    changed: watch::Receiver<u64>,
    end: Instant,
    is_over: bool,
}

/// Answers with a stream that ends with the lifetime, or when the client has missed too much.
pub(super) fn answer(state: &Arc<State>, interest: Interest) -> Response {
    let watch = Watch::new(state, interest);
    let lines = stream::unfold(watch, |mut watch| async move {
        let line = watch.next().await?;
        Some((Ok::<_, Infallible>(line), watch))
    });
    ([(CONTENT_TYPE, "application/json")], Body::from_stream(lines)).into_response()
}

impl Watch {
    fn new(state: &Arc<State>, interest: Interest) -> Self {
        let store = state.objects.store();
        let mut lines = VecDeque::new();
        let seen = interest.since.unwrap_or_else(|| {
            lines = beginning(&store, &interest);
            store.revision()
        });
        let end = Instant::now() + interest.lifetime.unwrap_or(LIFETIME);
        let changed = store.subscribe();
        drop(store);
        Self { state: Arc::clone(state), interest, seen, lines, changed, end, is_over: false }
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Some(line);
            }
            if self.is_over {
                return None;
            }
            self.look();
            if self.lines.is_empty() && !self.is_over {
                tokio::select! {
                    _ = self.changed.changed() => {}
                    () = tokio::time::sleep_until(self.end) => self.finish(),
                }
            }
        }
    }

    /// Collects what happened since the last look.
    fn look(&mut self) {
        let store = self.state.objects.store();
        match store.changes_since(self.seen) {
            Ok(changes) => {
                self.lines.extend(changes.filter_map(|change| event(&self.interest, change)));
                self.seen = self.seen.max(store.revision());
            }
            Err(oldest) => {
                self.lines.push_back(line("ERROR", &Refusal::expired(self.seen, oldest).to_object()));
                self.is_over = true;
            }
        }
    }

    fn finish(&mut self) {
        if self.interest.takes_bookmarks {
            self.lines.push_back(bookmark(&self.interest.place, self.seen, &json!({})));
        }
        self.is_over = true;
    }
}

fn beginning(store: &Store, Interest { place, selector, marks_start, .. }: &Interest) -> VecDeque<Bytes> {
    let objects = store.of(&place.resource, &place.namespace).map(|(_, object)| object);
    let selected = objects.filter(|object| selector.matches(object));
    let mut lines: VecDeque<_> = selected.map(|object| line("ADDED", &presented(place, object))).collect();
    if *marks_start {
        let annotations = json!({ "k8s.io/initial-events-end": "true" });
        lines.push_back(bookmark(place, store.revision(), &annotations));
    }
    lines
}

/// A change as this client sees it: an object that it does not select any more is gone.
fn event(Interest { place, selector, .. }: &Interest, change: &Change) -> Option<Bytes> {
    if !change.key.is_in(&place.resource, &place.namespace) {
        return None;
    }
    let before = change.before.as_ref().filter(|object| selector.matches(object));
    let after = change.after.as_ref().filter(|object| selector.matches(object));
    let (kind, object) = match (before, after) {
        (None, None) => return None,
        (None, Some(after)) => ("ADDED", after),
        (Some(_), Some(after)) => ("MODIFIED", after),
        (Some(before), None) => ("DELETED", before),
    };
    let mut object = presented(place, object);
    object["metadata"]["resourceVersion"] = change.revision.to_string().into();
    Some(line(kind, &object))
}

fn bookmark(place: &Place, revision: u64, annotations: &Value) -> Bytes {
    let object = json!({
        "kind": place.resource.kind,
        "apiVersion": place.resource.api_version(),
        "metadata": { "resourceVersion": revision.to_string(), "annotations": annotations },
    });
    line("BOOKMARK", &object)
}

fn line(kind: &str, object: &Value) -> Bytes {
    let mut line = json!({ "type": kind, "object": object }).to_string();
    line.push('\n');
    line.into()
}
