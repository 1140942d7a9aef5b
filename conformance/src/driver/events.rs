//! Events about pods: what `kubectl describe pod` shows below the pod.

use serde_json::{Value, json};

use super::Clock;
use super::objects::{EVENTS, Objects, text};

/// How serious an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Type `Normal`.
    Normal,
    /// Type `Warning`.
    Warning,
}

/// Who speaks, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// `source.component`
    pub component: &'static str,
    /// `type`
    pub severity: Severity,
    /// `reason`
    pub reason: &'static str,
}

/// The kubelet could not mount a volume.
pub const FAILED_MOUNT: Reason =
    Reason { component: "kubelet", severity: Severity::Warning, reason: "FailedMount" };

/// Records an event about a pod. The same once more is counted, not repeated.
pub(super) fn record(objects: &Objects, clock: &Clock, pod: &Value, reason: Reason, message: &str) {
    let Reason { component, severity, reason } = reason;
    let (namespace, uid) = (text(pod, "/metadata/namespace"), text(pod, "/metadata/uid"));
    let same = |event: &Value| {
        text(event, "/involvedObject/uid") == uid
            && text(event, "/reason") == reason
            && text(event, "/message") == message
    };
    let events = objects.list(EVENTS);
    if let Some(mut event) = events.iter().find(|event| same(event)).cloned() {
        event["count"] = (event["count"].as_u64().unwrap_or(1) + 1).into();
        event["lastTimestamp"] = clock.now().to_string().into();
        objects.update(EVENTS, event).expect("the event is still there");
        return;
    }
    let name = format!("{}.{:x}", text(pod, "/metadata/name"), events.len());
    let event = json!({
        "metadata": { "name": name, "namespace": namespace },
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": pod["metadata"]["name"],
            "namespace": namespace,
            "uid": uid,
        },
        "type": format!("{severity:?}"),
        "reason": reason,
        "message": message,
        "source": { "component": component },
        "count": 1,
        "firstTimestamp": clock.now().to_string(),
        "lastTimestamp": clock.now().to_string(),
    });
    objects.create(EVENTS, event).expect("events are never deleted, so their number names a new one");
}
