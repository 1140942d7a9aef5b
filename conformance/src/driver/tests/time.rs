//! What happens by itself while time passes: "Rotation in v1.6.0" of the driver's book and the kubelet's back-off.

use super::*;

/// The rows of "Rotation in v1.6.0": skipped until the interval has passed since the last change, then asked at every sync.
#[tokio::test]
async fn looks_are_skipped_for_an_interval_after_a_change_and_only_then() {
    let mut station = node([]);
    station.driver.options.rotation_poll_interval = Some(Duration::from_secs(120));
    let mut node = Node::default();
    node.kubelet.admit(&station.driver, &Pod::mounting("test-secrets"), &[]).unwrap();

    station.provider.answer(Ok(file("one")));
    let quiet = pass(&mut node, &station, 375).await;
    station.provider.answer(Ok(file("two")));
    let changed = pass(&mut node, &station, 285).await;

    assert_eq!(
        quiet,
        [
            (0, "written"),
            (60, "skipped"),
            (150, "unchanged"),
            (225, "unchanged"),
            (291, "unchanged"),
            (375, "unchanged")
        ]
    );
    assert_eq!(changed, [(435, "written"), (525, "skipped"), (600, "unchanged")]);
}

/// Kubernetes' back-off of failed volume operations: half a second, doubled, at most 2 m 2 s.
#[tokio::test]
async fn a_refused_mount_is_repeated_ever_more_slowly_and_told_once() {
    let mut station = node([]);
    station.driver.options.rotation_poll_interval = Some(Duration::from_secs(120));
    station.provider.answer(Err(Status::permission_denied("no")));
    let mut node = Node::default();
    node.kubelet.admit(&station.driver, &Pod::mounting("test-secrets"), &[]).unwrap();

    let attempts = pass(&mut node, &station, 400).await;

    let seconds: Vec<_> = attempts.iter().map(|(second, _)| *second).collect();
    assert_eq!(seconds, [0, 0, 1, 3, 7, 15, 31, 63, 127, 249, 371]);
    assert!(attempts.iter().all(|(_, kind)| *kind == "failed"));
    let events = station.driver.objects.list(objects::EVENTS);
    assert_eq!((events.len(), &events[0]["count"]), (1, &serde_json::json!(11)));
}

#[tokio::test]
async fn a_missing_node_publish_secret_is_told_by_the_kubelet_and_read_anew_each_time() {
    let station = node([]);
    station.provider.answer(Ok(file("one")));
    let mut pod = Pod::mounting("test-secrets");
    pod.volume.node_publish_secret_ref = Some("keys".into());
    let mut node = Node::default();
    node.kubelet.admit(&station.driver, &pod, &[]).unwrap();
    let secret = |value: &str| {
        serde_json::json!({
            "metadata": { "namespace": "default", "name": "keys" },
            "data": { "access_key": value },
        })
    };

    let before = pass(&mut node, &station, 0).await;
    station.driver.objects.create(objects::SECRETS, secret("b25l")).unwrap();
    pass(&mut node, &station, 1).await;
    station.driver.objects.update(objects::SECRETS, secret("dHdv")).unwrap();
    pass(&mut node, &station, 61).await;

    assert_eq!((before, station.provider.calls().len()), (vec![(0, "failed")], 2));
    let secrets = station.provider.calls().into_iter().map(|(_, request)| request.secrets);
    assert_eq!(secrets.collect::<Vec<_>>(), [r#"{"access_key":"one"}"#, r#"{"access_key":"two"}"#]);
    let message = "MountVolume.SetUp failed for volume \"secrets-store\" : fetching NodePublishSecretRef default/keys failed: \
                   failed to find the secret keys in the namespace default with error: secrets \"keys\" not found";
    assert_eq!(station.driver.objects.list(objects::EVENTS)[0]["message"], message);
}
