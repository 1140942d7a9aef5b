//! Pods, their service accounts and keys, and time.

use anyhow::Context as _;
use cucumber::{given, when};
use kube::api::{DynamicObject, ListParams};
use serde_json::json;

use crate::cluster::World;
use crate::steps::words::{Annotations, Brought, MANAGED, Span};
use crate::world::StepError;

#[given(expr = "the service account {string} {annotations}")]
async fn service_account(world: &mut World, name: String, annotations: Annotations) -> Result<(), StepError> {
    let account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": { "name": name, "annotations": annotations.0 },
    });
    world.session.kube.make_namespace(world.namespace()).await?;
    Ok(world.session.kube.apply(&account, world.namespace()).await?)
}

#[given(expr = "the SecretProviderClass {string} asks for the identity of pods")]
fn asks_for_identity(world: &mut World, class: String) -> Result<(), StepError> {
    world.class_mut(&class)?["spec"]["parameters"]["usePodServiceAccountToken"] = "true".into();
    Ok(())
}

#[given(expr = "the SecretProviderClass {string} is deleted")]
#[when(expr = "the SecretProviderClass {string} is deleted")]
async fn class_deleted(world: &mut World, class: String) -> Result<(), StepError> {
    world.catch_up().await?;
    let manifest = world.classes.remove(&class).context("there is no such class")?;
    let version = manifest["apiVersion"].as_str().unwrap_or_default();
    let kube = &world.session.kube;
    Ok(kube.delete(version, "SecretProviderClass", world.namespace(), &class).await?)
}

#[given(expr = "a pod that mounts {string}")]
fn pod(world: &mut World, class: String) {
    world.pod = Some(world.new_pod(None, &class));
}

#[given(expr = "a pod has mounted {string}")]
async fn has_mounted(world: &mut World, class: String) -> Result<(), StepError> {
    mounts(world, class).await?;
    Ok(world.runs(world.pod()?).await?)
}

#[when(expr = "a pod mounts {string}")]
async fn mounts(world: &mut World, class: String) -> Result<(), StepError> {
    let pod = world.new_pod(None, &class);
    Ok(world.start(pod).await?)
}

#[given(expr = "a pod of the service account {string} has mounted {string}")]
async fn of_account_has_mounted(world: &mut World, account: String, class: String) -> Result<(), StepError> {
    of_account_mounts(world, account, class).await?;
    Ok(world.runs(world.pod()?).await?)
}

#[when(expr = "a pod of the service account {string} mounts {string}")]
async fn of_account_mounts(world: &mut World, account: String, class: String) -> Result<(), StepError> {
    let mut pod = world.new_pod(None, &class);
    pod["spec"]["serviceAccountName"] = account.into();
    Ok(world.start(pod).await?)
}

#[given(regex = r#"^a pod that mounts "([^"]*)" and brings (.+)$"#)]
async fn brings(world: &mut World, class: String, list: String) -> Result<(), StepError> {
    let mut pod = world.new_pod(None, &class);
    let brought = Brought::read(&list, &world.access_keys)?;
    if let Some(account) = brought.service_account {
        pod["spec"]["serviceAccountName"] = account.into();
    }
    if !brought.secret.is_empty() {
        let name = "key-of-the-pod";
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "stringData": brought.secret,
        });
        world.session.kube.make_namespace(world.namespace()).await?;
        world.session.kube.apply(&secret, world.namespace()).await?;
        pod["spec"]["volumes"][0]["csi"]["nodePublishSecretRef"]["name"] = name.into();
    }
    world.pod = Some(pod);
    Ok(())
}

#[when("the pod starts")]
async fn starts(world: &mut World) -> Result<(), StepError> {
    let pod = world.pod.clone().context("no pod of this scenario mounts a class")?;
    Ok(world.start(pod).await?)
}

/// Nobody waits here: what is expected of the pod is waited for.
#[when(regex = r#"^the pod "([^"]*)" starts with "([^"]*)"$"#)]
async fn starts_with(world: &mut World, name: String, class: String) -> Result<(), StepError> {
    let pod = world.new_pod(Some(&name), &class);
    Ok(world.start(pod).await?)
}

/// It has tried once at least: it runs, or its description says why not.
#[given(regex = r#"^the pod "([^"]*)" with "([^"]*)"$"#)]
async fn with(world: &mut World, name: String, class: String) -> Result<(), StepError> {
    starts_with(world, name.clone(), class).await?;
    Ok(world
        .eventually(async |world| {
            if world.warnings(&name).await?.iter().any(|event| event.reason == "FailedMount") {
                return Ok(());
            }
            let pod = world.session.kube.pods(world.namespace()).get(&name).await?;
            ensure!(crate::cluster::kube::is_ready(&pod), "the pod {name} does not run");
            Ok(())
        })
        .await?)
}

#[given(expr = "the pod {string} is deleted")]
#[when(expr = "the pod {string} is deleted")]
async fn deleted(world: &mut World, pod: String) -> Result<(), StepError> {
    world.catch_up().await?;
    Ok(world.session.kube.delete("v1", "Pod", world.namespace(), &pod).await?)
}

/// What is expected afterwards may take that long.
#[when(expr = "{span} pass(es)")]
async fn pass(world: &mut World, span: Span) -> Result<(), StepError> {
    world.catch_up().await?;
    world.give(span.0);
    Ok(())
}

/// A time is not waited for, but that the driver has come to rest: some seconds after it has made a Secret, it says to whom the
/// Secret belongs. One whose pod is deleted before would stay.
#[given(expr = "{span} has/have passed")]
async fn has_passed(world: &mut World, span: Span) -> Result<(), StepError> {
    pass(world, span).await?;
    Ok(world
        .eventually(async |world| {
            let secrets = world.session.kube.of("v1", "Secret", world.namespace()).await?;
            let managed = ListParams::default().labels(MANAGED);
            let secrets = secrets.list(&managed).await?.items;
            let has_owner =
                |secret: &DynamicObject| secret.metadata.owner_references.iter().flatten().count() > 0;
            ensure!(
                secrets.iter().all(has_owner),
                "the driver has made a Secret and not said to whom it belongs"
            );
            Ok(())
        })
        .await?)
}
