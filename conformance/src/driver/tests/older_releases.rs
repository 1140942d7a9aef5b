//! Drivers before v1.6.0 ("Secret auto rotation" of the driver's book at that time, `pkg/rotation/reconciler.go` at v1.5.6).

use super::*;

/// The column "≤ v1.5.6" of rotation: what the reconciler sends, when, and what it tells.
#[tokio::test]
async fn older_drivers_look_by_themselves_send_versions_and_tell_of_changes() {
    let mut station = node([]);
    station.driver.options.release = Release::V1_5_6;
    station.driver.options.rotation_poll_interval = Some(Duration::from_secs(120));
    let answer = |value: &str| Ok(stand_in::files([("test", value.as_bytes(), value)]));
    station.provider.answer(answer("one"));
    let mut pod = Pod { uid: "6e1d".into(), ..Pod::mounting("test-secrets") };
    pod.volume.attributes.insert("extra".into(), "of the pod".into());
    let mut node = Node::default();
    node.kubelet.admit(&station.driver, &pod, &[]).unwrap();

    let attempts = pass(&mut node, &station, 119).await;
    assert_eq!(attempts, [(0, "written"), (60, "skipped")]);
    assert_eq!(station.provider.calls().len(), 1);
    station.provider.answer(answer("two"));
    pass(&mut node, &station, 1).await;

    let (_, request) = station.provider.calls().remove(1);
    assert_eq!(
        request.attributes,
        concat!(
            r#"{"csi.storage.k8s.io/pod.name":"web-0","csi.storage.k8s.io/pod.namespace":"default","#,
            r#""csi.storage.k8s.io/pod.uid":"6e1d","csi.storage.k8s.io/serviceAccount.name":"default","#,
            r#""objects":"- objectName: test"}"#,
        )
    );
    assert_eq!((request.secrets.as_str(), request.permission.as_str()), ("{}", "420"));
    let version = &request.current_object_version[0];
    assert_eq!((version.id.as_str(), version.version.as_str()), ("test", "one"));
    assert_eq!(content(&station, &pod), "two");
    assert_eq!(
        events_of(&station),
        ["Normal MountRotationComplete: successfully rotated mounted contents for spc default/test-secrets"]
    );
}

#[tokio::test]
async fn older_drivers_tell_of_failures_and_try_again_after_ten_seconds() {
    let mut station = node([]);
    station.driver.options.release = Release::V1_5_6;
    station.driver.options.rotation_poll_interval = Some(Duration::from_secs(120));
    station.provider.answer(Ok(file("one")));
    let mut node = Node::default();
    node.kubelet.admit(&station.driver, &Pod::mounting("test-secrets"), &[]).unwrap();
    pass(&mut node, &station, 0).await;
    station.provider.answer(Err(Status::not_found("gone")));

    pass(&mut node, &station, 139).await;

    assert_eq!(station.provider.calls().len(), 1 + 2);
    assert_eq!(
        events_of(&station),
        ["Warning MountRotationFailed: provider mount err: rpc error: code = NotFound desc = gone"]
    );
}

#[tokio::test]
async fn older_drivers_read_only_labelled_node_publish_secrets_and_make_tokens_themselves() {
    let mut station = node([]);
    station.driver.options.release = Release::V1_5_6;
    station.driver.options.rotation_poll_interval = Some(Duration::from_secs(120));
    station.provider.answer(Ok(file("one")));
    let mut pod = Pod::mounting("test-secrets");
    let token = ServiceAccountToken { token: "ey.token".into(), expiration_timestamp: "2026".into() };
    pod.volume.tokens = Some(Tokens {
        by_audience: BTreeMap::from([("sts.aliyuncs.com".into(), token)]),
        delivery: TokenDelivery::Context,
    });
    pod.volume.node_publish_secret_ref = Some("keys".into());
    let secret = serde_json::json!({
        "metadata": { "namespace": "default", "name": "keys" },
        "data": { "access_key": "b25l" },
    });
    station.driver.objects.create(objects::SECRETS, secret.clone()).unwrap();
    let mut node = Node::default();
    node.kubelet.admit(&station.driver, &pod, &[]).unwrap();

    pass(&mut node, &station, 120).await;
    let told = events_of(&station);
    let mut labelled = secret;
    labelled["metadata"]["labels"] = serde_json::json!({ "secrets-store.csi.k8s.io/used": "true" });
    station.driver.objects.update(objects::SECRETS, labelled).unwrap();
    pass(&mut node, &station, 10).await;

    assert!(
        told[0].starts_with("Warning MountRotationFailed: failed to get node publish secret default/keys")
    );
    let (_, request) = station.provider.calls().remove(1);
    assert_eq!(request.secrets, r#"{"access_key":"one"}"#);
    assert!(request.attributes.contains("ey.token"));
}
