//! What kube's own client sees: objects of any kind, through every verb.

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::core::{DynamicObject, GroupVersionKind};
use kube::discovery::{self, Scope};
use kube::{Api, Client, ResourceExt};
use rstest::rstest;
use serde_json::{Value, json};

use super::Cluster;
use super::tests::{TOKEN, client as client_of, status};

async fn cluster() -> (Cluster, Client) {
    let cluster = Cluster::start(TOKEN).await.unwrap();
    let client = client_of(&cluster, TOKEN).await;
    (cluster, client)
}

fn object<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn config_map(name: &str, app: &str) -> ConfigMap {
    object(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "labels": { "app": app } }, "data": { "a": "1" },
    }))
}

fn definition() -> CustomResourceDefinition {
    object(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "secretproviderclasses.secrets-store.csi.x-k8s.io" },
        "spec": {
            "group": "secrets-store.csi.x-k8s.io", "scope": "Namespaced",
            "names": { "kind": "SecretProviderClass", "plural": "secretproviderclasses" },
            "versions": [{ "name": "v1", "served": true, "storage": true }],
        },
    }))
}

#[tokio::test]
async fn an_object_is_created_read_replaced_listed_and_deleted() {
    let (_cluster, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);

    let created = maps.create(&PostParams::default(), &config_map("a", "web")).await.unwrap();
    let mut changed = maps.get("a").await.unwrap();
    changed.data = Some(BTreeMap::from([("b".into(), "2".into())]));
    let replaced = maps.replace("a", &PostParams::default(), &changed).await.unwrap();

    assert_eq!(
        (replaced.uid(), replaced.creation_timestamp()),
        (created.uid(), created.creation_timestamp())
    );
    assert_ne!(replaced.resource_version(), created.resource_version());
    assert_eq!(maps.list(&ListParams::default()).await.unwrap().items[0].data, changed.data);
    maps.delete("a", &DeleteParams::default()).await.unwrap();
    assert_eq!(status(&maps.get("a").await.unwrap_err()), (404, "NotFound".into()));
}

#[tokio::test]
async fn a_change_of_what_somebody_else_changed_is_a_conflict() {
    let (_cluster, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let mine = maps.create(&PostParams::default(), &config_map("a", "web")).await.unwrap();
    let mut theirs = mine.clone();
    theirs.labels_mut().insert("app".into(), "api".into());
    maps.replace("a", &PostParams::default(), &theirs).await.unwrap();

    let mut late = mine;
    late.data = None;
    let conflict = maps.replace("a", &PostParams::default(), &late).await.unwrap_err();

    assert_eq!(status(&conflict), (409, "Conflict".into()));
    assert!(maps.get("a").await.unwrap().data.is_some());
}

#[rstest]
#[case::name_is_taken(config_map("taken", "web"), 409, "AlreadyExists")]
#[case::no_name(ConfigMap::default(), 422, "Invalid")]
#[case::wrong_name(config_map("Not_A_Name", "web"), 422, "Invalid")]
#[case::other_namespace(
    object(json!({ "metadata": { "name": "a", "namespace": "kube-system" } })), 400, "BadRequest"
)]
#[tokio::test]
async fn what_cannot_be_created_is_refused_in_kubernetes_words(
    #[case] map: ConfigMap,
    #[case] code: u16,
    #[case] reason: &str,
) {
    let (_cluster, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    maps.create(&PostParams::default(), &config_map("taken", "web")).await.unwrap();

    let refusal = maps.create(&PostParams::default(), &map).await.unwrap_err();

    assert_eq!(status(&refusal), (code, reason.into()));
}

#[tokio::test]
async fn nothing_is_created_in_a_namespace_that_is_not_there() {
    let (_cluster, client) = cluster().await;

    let refusal = Api::<ConfigMap>::namespaced(client, "nowhere")
        .create(&PostParams::default(), &config_map("a", "web"))
        .await
        .unwrap_err();

    assert!(refusal.to_string().contains("namespaces \"nowhere\" not found"), "{refusal}");
}

#[rstest]
#[case::merge(Patch::Merge(json!({ "data": { "a": null, "b": "2" } })))]
#[case::strategic(Patch::Strategic(json!({ "data": { "a": null, "b": "2" } })))]
#[tokio::test]
async fn a_patch_changes_a_part(#[case] patch: Patch<Value>) {
    let (_cluster, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    maps.create(&PostParams::default(), &config_map("a", "web")).await.unwrap();

    let patched = maps.patch("a", &PatchParams::default(), &patch).await.unwrap();

    assert_eq!(patched.data.unwrap(), BTreeMap::from([("b".into(), "2".into())]));
    assert_eq!(patched.metadata.labels.unwrap()["app"], "web");
}

#[tokio::test]
async fn an_applied_object_is_made_once_and_then_merged() {
    let (_cluster, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let (params, mut map) = (PatchParams::apply("test"), config_map("a", "web"));

    let made = maps.patch("a", &params, &Patch::Apply(&map)).await.unwrap();
    let same = maps.patch("a", &params, &Patch::Apply(&map)).await.unwrap();
    map.data = Some(BTreeMap::from([("b".into(), "2".into())]));
    let merged = maps.patch("a", &params, &Patch::Apply(&map)).await.unwrap();

    assert_eq!(same.resource_version(), made.resource_version());
    assert_eq!((merged.uid(), merged.data.unwrap().len()), (made.uid(), 2));
}

#[tokio::test]
async fn only_what_is_selected_is_listed_and_deleted() {
    let (_cluster, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    for (name, app) in [("a", "web"), ("b", "web"), ("c", "api")] {
        maps.create(&PostParams::default(), &config_map(name, app)).await.unwrap();
    }
    let names = async |params: &ListParams| {
        let list = maps.list(params).await.unwrap();
        list.iter().map(ResourceExt::name_any).collect::<Vec<_>>()
    };

    assert_eq!(names(&ListParams::default().labels("app in (web)")).await, ["a", "b"]);
    assert_eq!(names(&ListParams::default().fields("metadata.name=c")).await, ["c"]);
    let web = ListParams::default().labels("app=web");
    maps.delete_collection(&DeleteParams::default(), &web).await.unwrap();
    assert_eq!(names(&ListParams::default()).await, ["c"]);
}

#[tokio::test]
async fn a_watch_tells_what_happens_after_a_list_to_what_it_selects() {
    let (_cluster, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let web = config_map("a", "web");
    maps.create(&PostParams::default(), &web).await.unwrap();
    let version = maps.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let watch = maps.watch(&WatchParams::default().labels("app=web"), &version).await.unwrap();
    let mut watch = pin!(watch);

    maps.create(&PostParams::default(), &config_map("b", "api")).await.unwrap();
    maps.create(&PostParams::default(), &config_map("c", "web")).await.unwrap();
    let relabel = Patch::Merge(json!({ "metadata": { "labels": { "app": "api" } } }));
    maps.patch("a", &PatchParams::default(), &relabel).await.unwrap();
    maps.delete("c", &DeleteParams::default()).await.unwrap();

    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.push(match watch.next().await.unwrap().unwrap() {
            WatchEvent::Added(map) => format!("added {}", map.name_any()),
            WatchEvent::Modified(map) => format!("modified {}", map.name_any()),
            WatchEvent::Deleted(map) => format!("deleted {}", map.name_any()),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(seen, ["added c", "deleted a", "deleted c"]);
}

#[tokio::test]
async fn a_watch_that_streams_the_list_marks_its_end_and_ends_in_time() {
    let (_cluster, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    maps.create(&PostParams::default(), &config_map("a", "web")).await.unwrap();

    let params = WatchParams::default().initial_events().timeout(1);
    let events: Vec<_> = maps.watch(&params, "0").await.unwrap().try_collect().await.unwrap();

    let [WatchEvent::Added(map), WatchEvent::Bookmark(mark), WatchEvent::Bookmark(_)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(map.name_any(), "a");
    assert_eq!(mark.metadata.annotations["k8s.io/initial-events-end"], "true");
}

#[tokio::test]
async fn a_defined_kind_is_discovered_and_served_until_its_definition_goes() {
    let (_cluster, client) = cluster().await;
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    definitions.create(&PostParams::default(), &definition()).await.unwrap();

    let kind = GroupVersionKind::gvk("secrets-store.csi.x-k8s.io", "v1", "SecretProviderClass");
    let (resource, capabilities) = discovery::pinned_kind(&client, &kind).await.unwrap();
    let classes: Api<DynamicObject> = Api::default_namespaced_with(client, &resource);
    let class = DynamicObject::new("a", &resource).data(json!({ "spec": { "provider": "alibabacloud" } }));
    classes.create(&PostParams::default(), &class).await.unwrap();

    assert_eq!(capabilities.scope, Scope::Namespaced);
    assert_eq!(classes.get("a").await.unwrap().data["spec"]["provider"], "alibabacloud");
    let name = "secretproviderclasses.secrets-store.csi.x-k8s.io";
    definitions.delete(name, &DeleteParams::default()).await.unwrap();
    assert_eq!(status(&classes.get("a").await.unwrap_err()).0, 404);
}

#[tokio::test]
async fn status_is_written_by_its_own_path_only() {
    let (_cluster, client) = cluster().await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    let pod = object(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a" },
        "spec": { "containers": [] }, "status": { "phase": "Failed" },
    }));
    let phase = |pod: Pod| pod.status.unwrap().phase.unwrap();

    let created = pods.create(&PostParams::default(), &pod).await.unwrap();
    let running = Patch::Merge(json!({ "status": { "phase": "Running" } }));
    let patched = pods.patch("a", &PatchParams::default(), &running).await.unwrap();
    let moved = pods.patch_status("a", &PatchParams::default(), &running).await.unwrap();

    assert_eq!([phase(created), phase(patched), phase(moved)], ["Pending", "Pending", "Running"]);
}

#[tokio::test]
async fn an_object_with_a_finalizer_stays_until_that_is_gone() {
    let (_cluster, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let mut map = config_map("a", "web");
    map.finalizers_mut().push("example.com/last".into());
    maps.create(&PostParams::default(), &map).await.unwrap();

    maps.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(maps.get("a").await.unwrap().metadata.deletion_timestamp.is_some());
    let done = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    maps.patch("a", &PatchParams::default(), &done).await.unwrap();

    assert_eq!(status(&maps.get("a").await.unwrap_err()).0, 404);
}

#[tokio::test]
async fn a_deleted_owner_takes_what_it_owns_along() {
    let (_cluster, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let owner = maps.create(&PostParams::default(), &config_map("owner", "web")).await.unwrap();
    let mut dependent = config_map("owned", "web");
    dependent.metadata.owner_references = object(json!([
        { "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner.uid() }
    ]));
    maps.create(&PostParams::default(), &dependent).await.unwrap();

    maps.delete("owner", &DeleteParams::default()).await.unwrap();

    assert_eq!(status(&maps.get("owned").await.unwrap_err()).0, 404);
}

#[tokio::test]
async fn texts_of_a_secret_are_encoded_and_an_immutable_one_stays() {
    let (_cluster, client) = cluster().await;
    let secrets: Api<Secret> = Api::default_namespaced(client);
    let secret: Secret = object(json!({
        "metadata": { "generateName": "made-" }, "stringData": { "a": "text" }, "immutable": true,
    }));

    let created = secrets.create(&PostParams::default(), &secret).await.unwrap();
    let change = Patch::Merge(json!({ "stringData": { "a": "other" } }));
    let refusal = secrets.patch(&created.name_any(), &PatchParams::default(), &change).await.unwrap_err();

    assert!(created.name_any().starts_with("made-"));
    assert_eq!(
        (created.type_.as_deref(), &*created.data.unwrap()["a"].0),
        (Some("Opaque"), b"text".as_slice())
    );
    assert_eq!(status(&refusal), (422, "Invalid".into()));
}

#[tokio::test]
async fn a_selector_and_the_role_of_a_binding_are_for_ever() {
    let (_cluster, client) = cluster().await;
    let sets: Api<DaemonSet> = Api::default_namespaced(client.clone());
    let bindings: Api<ClusterRoleBinding> = Api::all(client);
    let set = json!({ "metadata": { "name": "a" }, "spec": { "selector": { "matchLabels": { "app": "a" } }, "template": {} } });
    let role = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "a" });
    let binding = json!({ "metadata": { "name": "a" }, "roleRef": role });
    sets.create(&PostParams::default(), &object(set)).await.unwrap();
    bindings.create(&PostParams::default(), &object(binding)).await.unwrap();
    let (parameters, relabelled) =
        (PatchParams::default(), json!({ "metadata": { "labels": { "app": "b" } } }));

    let selector = Patch::Merge(json!({ "spec": { "selector": { "matchLabels": { "app": "b" } } } }));
    let selector = sets.patch("a", &parameters, &selector).await.unwrap_err();
    let role = bindings.patch("a", &parameters, &Patch::Merge(json!({ "roleRef": { "name": "b" } }))).await;

    assert_eq!(status(&selector), (422, "Invalid".into()));
    assert_eq!(status(&role.unwrap_err()), (422, "Invalid".into()));
    assert!(sets.patch("a", &parameters, &Patch::Merge(&relabelled)).await.is_ok());
    assert!(bindings.patch("a", &parameters, &Patch::Merge(&relabelled)).await.is_ok());
}

#[rstest]
#[case::secret(1024 * 1024 + 1, 422, "Invalid")]
#[case::body(3 * 1024 * 1024, 413, "RequestEntityTooLarge")]
#[tokio::test]
async fn what_is_too_large_is_refused(#[case] bytes: usize, #[case] code: u16, #[case] reason: &str) {
    let (_cluster, client) = cluster().await;
    let secrets: Api<Secret> = Api::default_namespaced(client);
    let secret: Secret =
        object(json!({ "metadata": { "name": "a" }, "stringData": { "a": "x".repeat(bytes) } }));

    let refusal = secrets.create(&PostParams::default(), &secret).await.unwrap_err();

    assert_eq!(status(&refusal), (code, reason.into()));
}

#[tokio::test]
async fn what_the_suite_puts_there_is_served_as_it_is() {
    let (cluster, client) = cluster().await;
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a", "namespace": "shop", "uid": "uid-of-a" },
        "spec": { "containers": [] }, "status": { "phase": "Running" },
    });

    cluster.put(pod).unwrap();
    let unknown = cluster.put(json!({ "apiVersion": "example.com/v1", "kind": "Gadget" })).unwrap_err();

    let served = Api::<Pod>::namespaced(client, "shop").get("a").await.unwrap();
    assert_eq!(
        (served.uid().unwrap(), served.status.unwrap().phase.unwrap()),
        ("uid-of-a".into(), "Running".into())
    );
    assert!(unknown.to_string().contains("create its definition first"), "{unknown}");
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let (_cluster, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let dry = PostParams { dry_run: true, ..PostParams::default() };

    maps.create(&dry, &config_map("a", "web")).await.unwrap();

    assert_eq!(status(&maps.get("a").await.unwrap_err()).0, 404);
}

#[tokio::test]
async fn the_release_is_what_it_was_told_to_be() {
    let release = super::Release { minor: 22 };
    let cluster = Cluster::start_at(([127, 0, 0, 1], 0).into(), TOKEN, release).await.unwrap();

    let version = client_of(&cluster, TOKEN).await.apiserver_version().await.unwrap();

    assert_eq!((version.minor.as_str(), version.git_version.as_str()), ("22", "v1.22.0"));
}
