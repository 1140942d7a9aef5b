//! The driver's objects, served: a client of the Kubernetes API sees what the driver wrote, and the driver what a client wrote.

use k8s_openapi::api::core::v1::{Pod as PodObject, Secret};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, PostParams};
use kube::{Api, Client};

use super::*;
use crate::kubernetes::Cluster;
use crate::kubernetes::tests::{TOKEN, client};

/// A node whose cluster is served, with a client of the real library.
async fn served() -> (Station, Cluster, Client) {
    let mut station = node([]);
    station.driver.options.sync_secret = true;
    station.provider.answer(Ok(file("one")));
    let cluster =
        Cluster::serving(station.driver.objects.clone(), ([127, 0, 0, 1], 0).into(), TOKEN).await.unwrap();
    let client = client(&cluster, TOKEN).await;
    (station, cluster, client)
}

fn custom(client: &Client, kind: objects::Kind) -> Api<DynamicObject> {
    let (group, version) = kind.api_version.split_once('/').unwrap();
    let resource =
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind.kind), kind.plural);
    Api::default_namespaced_with(client.clone(), &resource)
}

#[tokio::test]
async fn a_client_sees_pod_status_and_synchronized_secret_of_a_mount() {
    let (station, _cluster, client) = served().await;
    let mut class = class("scripted");
    class.secret_objects = vec![SecretObject {
        secret_name: "copy".into(),
        secret_type: "Opaque".into(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        data: vec![SecretKey { object_name: "test".into(), key: "k".into() }],
    }];
    station.driver.apply(&class).unwrap();
    let mut node = Node::default();
    node.kubelet.admit(&station.driver, &Pod::mounting("test-secrets"), &[]).unwrap();

    pass(&mut node, &station, 10).await;

    let statuses = custom(&client, objects::POD_STATUSES).list(&ListParams::default()).await.unwrap();
    assert_eq!(statuses.items[0].data["status"]["objects"][0]["version"], "one");
    let pod = Api::<PodObject>::default_namespaced(client.clone()).get("web-0").await.unwrap();
    assert_eq!(pod.status.unwrap().phase.as_deref(), Some("Running"));
    let secret = Api::<Secret>::default_namespaced(client).get("copy").await.unwrap();
    assert_eq!(secret.data.unwrap()["k"].0, b"one");
    assert_eq!(secret.metadata.owner_references.unwrap()[0].kind, "SecretProviderClassPodStatus");
}

#[tokio::test]
async fn the_driver_mounts_the_class_that_a_client_created() {
    let (station, _cluster, client) = served().await;
    let mut manifest = class("scripted").to_object();
    manifest["metadata"]["name"] = "of-a-client".into();
    let created: DynamicObject = serde_json::from_value(manifest).unwrap();
    custom(&client, CLASSES).create(&PostParams::default(), &created).await.unwrap();

    let publication = station.driver.publish(&Pod::mounting("of-a-client")).await.unwrap();

    assert!(matches!(publication, Publication::Mounted(_)));
}

/// The suite's API keeps no schemas, so what a real API server refuses arrives at the driver.
#[tokio::test]
async fn a_class_that_is_none_is_refused_at_the_mount_by_the_field() {
    let (station, _cluster, client) = served().await;
    let mut manifest = class("scripted").to_object();
    manifest["metadata"]["name"] = "broken".into();
    manifest["spec"]["parameters"]["objects"] = 1.into();
    let created: DynamicObject = serde_json::from_value(manifest).unwrap();
    custom(&client, CLASSES).create(&PostParams::default(), &created).await.unwrap();

    let refusal = station.driver.publish(&Pod::mounting("broken")).await.unwrap_err();

    let told =
        "failed to get secretproviderclass default/broken, error: spec.parameters.objects in body must be";
    assert!(refusal.pod_event().contains(told), "{}", refusal.pod_event());
}
