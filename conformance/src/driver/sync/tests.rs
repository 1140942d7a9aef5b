//! Sync against what the driver's documentation and source say ("Sync as Kubernetes Secret" in the driver's book, and the files named
//! in the rooms, at v1.6.0).

use std::time::Duration;

use rstest::rstest;
use tempfile::TempDir;

use super::super::objects::{CLASSES, EVENTS};
use super::super::protocol::File;
use super::super::{Node, Options, Pod, PublishRequest, SecretProviderClass, pod_status, write_atomically};
use super::*;

/// A cluster in which pods have mounted the class `web`, whose volume holds some files.
struct Cluster {
    driver: Driver,
    node: Node,
    _folder: TempDir,
}

impl Cluster {
    fn new(secret_objects: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = Options::new(folder.path().into(), folder.path().join("kubelet"));
        options.sync_secret = true;
        let cluster = Self { driver: Driver::new(options), node: Node::default(), _folder: folder };
        cluster.class("web", secret_objects);
        cluster
    }

    fn class(&self, name: &str, secret_objects: &str) {
        let class: SecretProviderClass = format!(
            "{{apiVersion: secrets-store.csi.x-k8s.io/v1, kind: SecretProviderClass, metadata: {{name: {name}}}, \
             spec: {{provider: a, parameters: {{a: b}}, secretObjects: {secret_objects}}}}}"
        )
        .parse()
        .unwrap();
        self.driver.apply(&class).unwrap();
    }

    /// A pod has mounted a class with these files.
    fn mounted(&self, name: &str, class: &str, owners: &[Value], files: &[(&str, &[u8])]) {
        let pod = Pod { name: name.into(), uid: format!("uid-{name}"), ..Pod::mounting(class) };
        let created = self.driver.objects.create(PODS, pod.to_object(owners));
        created.unwrap();
        self.written(&pod, files, "v1");
    }

    fn written(&self, pod: &Pod, files: &[(&str, &[u8])], version: &str) {
        let target = self.driver.target_path(pod);
        std::fs::create_dir_all(&target).unwrap();
        let files = files.iter().map(|(path, contents)| File {
            path: (*path).into(),
            mode: 0o644,
            contents: contents.to_vec(),
        });
        write_atomically(&target, &files.collect::<Vec<_>>()).unwrap();
        let versions = BTreeMap::from([("a".to_owned(), version.to_owned())]);
        let request = PublishRequest::of(pod, target);
        pod_status::write(&self.driver.objects, &self.driver.options.node, &request, &versions).unwrap();
    }

    async fn pass(&mut self, span: Duration) {
        self.node.pass(&self.driver, span).await.unwrap();
    }

    fn secret(&self, name: &str) -> Option<Value> {
        self.driver.objects.get(SECRETS, "default", name).ok()
    }

    fn content(&self, name: &str, key: &str) -> Option<Vec<u8>> {
        STANDARD.decode(self.secret(name)?["data"][key].as_str()?).ok()
    }

    fn owners(&self, name: &str) -> Vec<[String; 3]> {
        let secret = self.secret(name).unwrap();
        items(&secret, "/metadata/ownerReferences")
            .map(|owner| ["/apiVersion", "/kind", "/name"].map(|pointer| text(owner, pointer).to_owned()))
            .collect()
    }

    fn events(&self) -> Vec<String> {
        let events = self.driver.objects.list(EVENTS);
        let told = events.iter().map(|event| {
            let [severity, reason, message] =
                ["/type", "/reason", "/message"].map(|pointer| text(event, pointer));
            format!("{severity} {reason} {}: {message}", text(event, "/source/component"))
        });
        told.collect()
    }
}

const AT_ONCE: Duration = Duration::ZERO;
const ONE: &str = "[{secretName: one, type: Opaque, data: [{objectName: a, key: k}]}]";

#[rstest]
#[case("Opaque", "k")]
#[case("kubernetes.io/basic-auth", "username")]
#[case("kubernetes.io/dockerconfigjson", ".dockerconfigjson")]
#[case("kubernetes.io/dockercfg", ".dockercfg")]
#[case("kubernetes.io/ssh-auth", "ssh-privatekey")]
#[case("kubernetes.io/service-account-token", "token")]
#[case("bootstrap.kubernetes.io/token", "token-id")]
#[case("example.com/own", "k")]
#[tokio::test]
async fn every_type_but_tls_holds_the_bytes_of_the_file(#[case] secret_type: &str, #[case] key: &str) {
    let mut cluster = Cluster::new(&format!(
        "[{{secretName: one, type: {secret_type}, data: [{{objectName: a, key: {key}}}]}}]"
    ));
    cluster.mounted("p", "web", &[], &[("a", b"\xff\x00 bytes\n")]);

    cluster.pass(AT_ONCE).await;

    assert_eq!(cluster.content("one", key).unwrap(), b"\xff\x00 bytes\n");
    assert_eq!(cluster.secret("one").unwrap()["type"], secret_type);
}

#[tokio::test]
async fn a_secret_carries_the_drivers_label_beside_the_classs_own_and_any_path_of_the_volume() {
    let mut cluster = Cluster::new(
        "[{secretName: ' one ', type: Opaque, labels: {l: x}, annotations: {n: v}, data: [{objectName: d/e, key: ' k '}]}]",
    );
    cluster.mounted("p", "web", &[], &[("d/e", b"1"), ("d/f", b"2")]);

    cluster.pass(AT_ONCE).await;

    let secret = cluster.secret("one").unwrap();
    assert_eq!(secret["metadata"]["labels"], json!({ "l": "x", "secrets-store.csi.k8s.io/managed": "true" }));
    assert_eq!(secret["metadata"]["annotations"], json!({ "n": "v" }));
    assert_eq!(cluster.content("one", "k").unwrap(), b"1");
}

#[rstest]
#[case::no_name("objectName: '  ', key: k", "object name in secretObjects.data")]
#[case::no_key("objectName: a, key: ''", "key in secretObjects.data is empty")]
#[case::no_file("objectName: gone, key: k", "file matching objectName gone not found in the pod")]
#[tokio::test]
async fn a_wrong_entry_is_told_in_the_drivers_words_and_stops_no_other(
    #[case] item: &str,
    #[case] error: &str,
) {
    let mut cluster = Cluster::new(&format!(
        "[{{secretName: bad, type: Opaque, data: [{{{item}}}]}}, {{secretName: good, type: Opaque, data: [{{objectName: a, key: k}}]}}]"
    ));
    cluster.mounted("p", "web", &[], &[("a", b"1")]);

    cluster.pass(AT_ONCE).await;

    let prefix = "Warning FailedToCreateSecret csi-secrets-store-controller: failed to get data in spc default/web for secret bad, err:";
    assert_eq!(cluster.events(), [format!("{prefix} {error}")]);
    assert!(cluster.secret("bad").is_none() && cluster.secret("good").is_some());
}

#[rstest]
#[case::name("{type: Opaque, data: [{objectName: a, key: k}]}")]
#[case::secret_type("{secretName: bad, data: [{objectName: a, key: k}]}")]
#[case::data("{secretName: bad, type: Opaque}")]
#[tokio::test]
async fn an_incomplete_entry_is_passed_over_without_an_event(#[case] entry: &str) {
    let mut cluster = Cluster::new(&format!(
        "[{entry}, {{secretName: good, type: Opaque, data: [{{objectName: a, key: k}}]}}]"
    ));
    cluster.mounted("p", "web", &[], &[("a", b"1")]);

    cluster.pass(AT_ONCE).await;

    assert_eq!((cluster.events(), cluster.driver.objects.list(SECRETS).len()), (vec![], 1));
}

#[tokio::test]
async fn without_the_role_nothing_is_written_and_the_pod_is_told_of_a_timeout() {
    let mut cluster = Cluster::new(ONE);
    cluster.driver.options.sync_secret = false;
    cluster.mounted("p", "web", &[], &[("a", b"1")]);

    cluster.pass(Duration::from_secs(600)).await;

    assert!(cluster.driver.objects.list(SECRETS).is_empty());
    let event =
        "Warning FailedToCreateSecret csi-secrets-store-controller: timed out waiting for the condition";
    assert_eq!(cluster.events(), [event]);
}

#[tokio::test]
async fn a_secret_of_the_same_name_is_replaced_whole() {
    let mut cluster = Cluster::new(ONE);
    let foreign = json!({
        "metadata": {
            "namespace": "default",
            "name": "one",
            "labels": { "foreign": "yes" },
            "ownerReferences": [{ "apiVersion": "v1", "kind": "Pod", "name": "somebody", "uid": "else" }],
        },
        "type": "Opaque",
        "data": { "k": "Zm9yZWlnbg==", "other": "Zm9yZWlnbg==" },
    });
    cluster.driver.objects.create(SECRETS, foreign).unwrap();
    cluster.mounted("p", "web", &[], &[("a", b"1")]);

    cluster.pass(AT_ONCE).await;

    let secret = cluster.secret("one").unwrap();
    assert_eq!(secret["data"], json!({ "k": "MQ==" }));
    assert_eq!(secret["metadata"]["labels"], json!({ "secrets-store.csi.k8s.io/managed": "true" }));
    assert!(cluster.owners("one").is_empty());
}

#[tokio::test]
async fn a_changed_type_fails_for_ever() {
    let mut cluster = Cluster::new(ONE);
    cluster.mounted("p", "web", &[], &[("a", b"1")]);
    cluster.pass(AT_ONCE).await;
    cluster.class("web", "[{secretName: one, type: own, data: [{objectName: a, key: k}]}]");

    cluster.pass(Duration::from_secs(3600)).await;

    assert_eq!(cluster.secret("one").unwrap()["type"], "Opaque");
    assert!(cluster.events()[0].ends_with("timed out waiting for the condition"));
}

#[tokio::test]
async fn new_versions_are_followed_at_once_and_anything_else_after_five_minutes() {
    let mut cluster = Cluster::new(ONE);
    cluster.mounted("p", "web", &[], &[("a", b"1")]);
    cluster.pass(AT_ONCE).await;
    let pod = Pod { name: "p".into(), uid: "uid-p".into(), ..Pod::mounting("web") };

    cluster.written(&pod, &[("a", b"2")], "v2");
    cluster.pass(AT_ONCE).await;
    assert_eq!(cluster.content("one", "k").unwrap(), b"2");
    cluster.written(&pod, &[("a", b"3")], "v2");
    cluster.pass(Duration::from_secs(299)).await;
    assert_eq!(cluster.content("one", "k").unwrap(), b"2");
    cluster.pass(Duration::from_secs(1)).await;
    assert_eq!(cluster.content("one", "k").unwrap(), b"3");
    cluster.driver.objects.delete(SECRETS, "default", "one").unwrap();
    cluster.pass(Duration::from_secs(300)).await;
    assert!(cluster.secret("one").is_some());
}

#[tokio::test]
async fn a_missing_class_is_looked_for_every_five_seconds_and_an_ended_pod_never_again() {
    let mut cluster = Cluster::new(ONE);
    cluster.driver.objects.delete(CLASSES, "default", "web").unwrap();
    cluster.mounted("p", "web", &[], &[("a", b"1")]);
    cluster.mounted("done", "late", &[], &[("a", b"1")]);
    let mut done = cluster.driver.objects.get(PODS, "default", "done").unwrap();
    done["status"]["phase"] = "Succeeded".into();
    cluster.driver.objects.update_status(PODS, done).unwrap();
    cluster.class("late", "[{secretName: late, type: Opaque, data: [{objectName: a, key: k}]}]");
    cluster.pass(Duration::from_secs(3)).await;
    cluster.class("web", ONE);

    cluster.pass(Duration::from_secs(1)).await;
    assert!(cluster.secret("one").is_none());
    cluster.pass(Duration::from_secs(1)).await;
    assert!(cluster.secret("one").is_some());
    cluster.pass(Duration::from_secs(3600)).await;
    assert!(cluster.secret("late").is_none());
}

#[tokio::test]
async fn secret_objects_that_are_added_later_wait_for_a_change_of_the_status() {
    let mut cluster = Cluster::new("[]");
    cluster.mounted("p", "web", &[], &[("a", b"1")]);
    cluster.pass(AT_ONCE).await;
    cluster.class("web", ONE);

    cluster.pass(Duration::from_secs(3600)).await;
    assert!(cluster.secret("one").is_none());
    let pod = Pod { name: "p".into(), uid: "uid-p".into(), ..Pod::mounting("web") };
    cluster.written(&pod, &[("a", b"1")], "v2");
    cluster.pass(AT_ONCE).await;
    assert!(cluster.secret("one").is_some());
}

#[tokio::test]
async fn statuses_of_other_nodes_and_of_other_targets_are_left_alone() {
    let mut cluster = Cluster::new(ONE);
    cluster.mounted("p", "web", &[], &[("a", b"1")]);
    let mut status = cluster.driver.objects.list(POD_STATUSES).remove(0);
    let own = status.clone();
    status["metadata"]["labels"][pod_status::NODE_LABEL] = "node-2".into();
    cluster.driver.objects.update(POD_STATUSES, status).unwrap();
    cluster.pass(Duration::from_secs(600)).await;
    assert!(cluster.secret("one").is_none());

    let mut moved = own;
    // Written whatever stands there by now.
    moved["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    moved["status"]["targetPath"] = "/pods/uid-p/volumes/kubernetes.io~csi/another/mount".into();
    cluster.driver.objects.update(POD_STATUSES, moved).unwrap();
    cluster.pass(Duration::from_secs(600)).await;
    assert!(cluster.secret("one").is_none());
}

fn replica_set(cluster: &Cluster, name: &str) -> Value {
    let object = json!({ "metadata": { "namespace": "default", "name": name } });
    let created = cluster.driver.objects.create(super::super::objects::REPLICA_SETS, object).unwrap();
    json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": created["metadata"]["uid"], "controller": true })
}

#[tokio::test]
async fn owners_come_within_five_seconds_once_each_and_go_with_every_write() {
    let mut cluster = Cluster::new(ONE);
    let owner = replica_set(&cluster, "web-7d9");
    for pod in ["p1", "p2"] {
        cluster.mounted(pod, "web", std::slice::from_ref(&owner), &[("a", b"1")]);
    }
    cluster.mounted("lonely", "web", &[], &[("a", b"1")]);

    cluster.pass(Duration::from_secs(4)).await;
    assert!(cluster.owners("one").is_empty());
    cluster.pass(Duration::from_secs(1)).await;
    let class_status =
        ["secrets-store.csi.x-k8s.io/v1", "SecretProviderClassPodStatus", "lonely-default-web"];
    let expected = [class_status, ["apps/v1", "ReplicaSet", "web-7d9"]].map(|owner| owner.map(String::from));
    assert_eq!(cluster.owners("one"), expected);
    cluster.pass(Duration::from_secs(295)).await;
    cluster.pass(Duration::from_secs(5)).await;
    assert_eq!(cluster.owners("one"), expected);
}

#[tokio::test]
async fn owners_of_one_name_count_as_one_whatever_their_kind() {
    let mut cluster = Cluster::new(ONE);
    let mut other = replica_set(&cluster, "web");
    cluster.mounted("p1", "web", std::slice::from_ref(&other), &[("a", b"1")]);
    other["kind"] = "StatefulSet".into();
    other["uid"] = "another".into();
    cluster.mounted("p2", "web", &[other], &[("a", b"1")]);

    cluster.pass(Duration::from_secs(5)).await;

    assert_eq!(cluster.owners("one").len(), 1);
}

#[tokio::test]
async fn a_missing_class_ends_the_owners_pass_of_the_whole_node() {
    let mut cluster = Cluster::new(ONE);
    cluster.class("aaa", ONE);
    cluster.mounted("a", "aaa", &[], &[("a", b"1")]);
    cluster.mounted("p", "web", &[], &[("a", b"1")]);
    cluster.pass(AT_ONCE).await;
    cluster.driver.objects.delete(CLASSES, "default", "aaa").unwrap();

    cluster.pass(Duration::from_secs(60)).await;

    assert!(cluster.owners("one").is_empty());
}

#[tokio::test]
async fn until_v1_5_6_a_secret_that_exists_is_left_alone() {
    let mut cluster = Cluster::new(ONE);
    cluster.driver.options.release = Release::V1_5_6;
    let foreign =
        json!({ "metadata": { "namespace": "default", "name": "one" }, "data": { "k": "Zm9yZWlnbg==" } });
    cluster.driver.objects.create(SECRETS, foreign).unwrap();
    cluster.mounted("p", "web", &[], &[("a", b"1")]);

    cluster.pass(Duration::from_secs(600)).await;

    assert_eq!(cluster.content("one", "k").unwrap(), b"foreign");
}
