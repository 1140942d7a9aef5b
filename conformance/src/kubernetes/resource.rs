//! The kinds that the API serves: those of Kubernetes that matter to operators, and those that definitions add.

use serde_json::{Value, json};

/// A kind of object and where it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    /// Empty for the core group.
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    /// The name in paths.
    pub(super) plural: String,
    pub(super) singular: String,
    pub(super) short_names: Vec<String>,
    pub(super) is_namespaced: bool,
    /// Whether status is written by a path of its own, and ignored elsewhere.
    pub(super) has_status: bool,
    /// Whether a definition made it.
    pub(super) is_custom: bool,
}

/// Group and version, kind, plural, short name, scope (`n`amespaced or `c`luster), status (`s` or `-`).
const BUILT_IN: &[(&str, &str, &str, &str, &str)] = &[
    ("v1", "ConfigMap", "configmaps", "cm", "n-"),
    ("v1", "Endpoints", "endpoints", "ep", "n-"),
    ("v1", "Event", "events", "ev", "n-"),
    ("v1", "LimitRange", "limitranges", "limits", "n-"),
    ("v1", "Namespace", "namespaces", "ns", "cs"),
    ("v1", "Node", "nodes", "no", "cs"),
    ("v1", "PersistentVolume", "persistentvolumes", "pv", "cs"),
    ("v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", "ns"),
    ("v1", "Pod", "pods", "po", "ns"),
    ("v1", "ResourceQuota", "resourcequotas", "quota", "ns"),
    ("v1", "Secret", "secrets", "", "n-"),
    ("v1", "Service", "services", "svc", "ns"),
    ("v1", "ServiceAccount", "serviceaccounts", "sa", "n-"),
    (
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        "",
        "c-",
    ),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        "",
        "c-",
    ),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", "crd", "cs"),
    ("apps/v1", "DaemonSet", "daemonsets", "ds", "ns"),
    ("apps/v1", "Deployment", "deployments", "deploy", "ns"),
    ("apps/v1", "ReplicaSet", "replicasets", "rs", "ns"),
    ("apps/v1", "StatefulSet", "statefulsets", "sts", "ns"),
    ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", "ns"),
    ("batch/v1", "CronJob", "cronjobs", "cj", "ns"),
    ("batch/v1", "Job", "jobs", "", "ns"),
    ("coordination.k8s.io/v1", "Lease", "leases", "", "n-"),
    ("events.k8s.io/v1", "Event", "events", "ev", "n-"),
    ("networking.k8s.io/v1", "Ingress", "ingresses", "ing", "ns"),
    ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", "netpol", "n-"),
    ("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", "ns"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", "", "c-"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", "", "c-"),
    ("rbac.authorization.k8s.io/v1", "Role", "roles", "", "n-"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", "", "n-"),
    ("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", "pc", "c-"),
    ("storage.k8s.io/v1", "CSIDriver", "csidrivers", "", "c-"),
    ("storage.k8s.io/v1", "CSINode", "csinodes", "", "c-"),
    ("storage.k8s.io/v1", "StorageClass", "storageclasses", "sc", "c-"),
];

/// Where definitions are kept.
pub(super) const DEFINITIONS: (&str, &str) = ("apiextensions.k8s.io", "customresourcedefinitions");

impl Resource {
    /// The kinds that need no definition.
    pub(super) fn built_in() -> Vec<Self> {
        let resources = BUILT_IN.iter().map(|&(api_version, kind, plural, short_name, traits)| {
            let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
            Self {
                group: group.into(),
                version: version.into(),
                kind: kind.into(),
                plural: plural.into(),
                singular: kind.to_lowercase(),
                short_names: Some(short_name)
                    .filter(|name| !name.is_empty())
                    .map(Into::into)
                    .into_iter()
                    .collect(),
                is_namespaced: traits.starts_with('n'),
                has_status: traits.ends_with('s'),
                is_custom: false,
            }
        });
        resources.collect()
    }

    /// The kinds that a definition adds, one per served version.
    pub(super) fn of_definition(definition: &Value) -> Vec<Self> {
        let spec = &definition["spec"];
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let kind = word(&spec["names"]["kind"]);
        let versions = spec["versions"].as_array().into_iter().flatten();
        let resources = versions.filter(|version| version["served"] == true).map(|version| Self {
            group: word(&spec["group"]),
            version: word(&version["name"]),
            plural: word(&spec["names"]["plural"]),
            singular: spec["names"]["singular"].as_str().map_or_else(|| kind.to_lowercase(), str::to_owned),
            short_names: spec["names"]["shortNames"].as_array().into_iter().flatten().map(word).collect(),
            is_namespaced: spec["scope"] == "Namespaced",
            has_status: version["subresources"].get("status").is_some(),
            is_custom: true,
            kind: kind.clone(),
        });
        resources.collect()
    }

    /// `apiVersion` of its objects.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Its name in messages.
    pub(super) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Where the objects of a version stand.
    pub(super) fn root(api_version: &str) -> String {
        format!("/{}/{api_version}", if api_version.contains('/') { "apis" } else { "api" })
    }

    /// Whether these are the definitions of further kinds.
    pub(super) fn is_definition(&self) -> bool {
        (self.group.as_str(), self.plural.as_str()) == DEFINITIONS
    }

    /// How discovery describes it, status included.
    pub(super) fn described(&self) -> Vec<Value> {
        let mut entries = vec![json!({
            "name": self.plural,
            "singularName": self.singular,
            "namespaced": self.is_namespaced,
            "kind": self.kind,
            "shortNames": self.short_names,
            "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        })];
        if self.has_status {
            entries.push(json!({
                "name": format!("{}/status", self.plural),
                "singularName": "",
                "namespaced": self.is_namespaced,
                "kind": self.kind,
                "verbs": ["get", "patch", "update"],
            }));
        }
        entries
    }
}
