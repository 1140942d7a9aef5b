//! Pods, their service accounts and keys, and time.

use std::time::Duration;

use anyhow::Context as _;
use cucumber::{given, when};
use kube::api::{DynamicObject, ListParams};
use serde_json::{Map, Value, json};

use super::identities::owner;
use crate::cluster::World;
use crate::steps::quoted;
use crate::world::StepError;

/// On every Secret that the driver makes.
const MANAGED: &str = "secrets-store.csi.k8s.io/managed";

const ROLE_ANNOTATION: &str = "ack.alibabacloud.com/role-arn";

#[given(
    regex = r#"^the service account "([^"]*)" (with the role "[^"]*"|annotated with "[^"]*"|without a role)$"#
)]
async fn service_account(world: &mut World, name: String, what: String) -> Result<(), StepError> {
    let annotation = match quoted(&what).next() {
        Some(role) if what.starts_with("with the role") => Some(owner("").role_arn(role)),
        text => text.map(str::to_owned),
    };
    let annotations: Map<_, _> =
        annotation.into_iter().map(|role| (ROLE_ANNOTATION.to_owned(), role.into())).collect();
    let account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": { "name": name, "annotations": annotations },
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

/// A list such as `the key of "developer" and the service account "web"`.
#[given(regex = r#"^a pod that mounts "([^"]*)" and brings (.+)$"#)]
async fn brings(world: &mut World, class: String, list: String) -> Result<(), StepError> {
    let mut pod = world.new_pod(None, &class);
    let mut keys = Map::new();
    for what in list.split(" and ") {
        let named = quoted(what).next().unwrap_or_default();
        let halves: &[&str] = match what.split('"').next().unwrap_or_default().trim_end() {
            "nothing" => &[],
            "the service account" => {
                pod["spec"]["serviceAccountName"] = named.into();
                &[]
            }
            "the key of" => &["access_key", "access_secret"],
            "in other letter case the key of" => &["Access_Key", "ACCESS_SECRET"],
            "only the id of the key of" => &["access_key"],
            "only the secret of the key of" => &["access_secret"],
            other => bail!("a pod does not bring {other}"),
        };
        for half in halves {
            let key = world.access_keys.get(named).context("there is no such user")?;
            let is_id = half.eq_ignore_ascii_case("access_key");
            let value = if is_id { &key.id } else { &key.secret };
            keys.insert((*half).to_owned(), value.as_str().into());
        }
    }
    if !keys.is_empty() {
        let name = "key-of-the-pod";
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "stringData": Value::Object(keys),
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
#[when(regex = r"^(\d+) (second|minute|hour)s? pass(?:es)?$")]
async fn pass(world: &mut World, number: u64, unit: String) -> Result<(), StepError> {
    let seconds = match unit.as_str() {
        "second" => 1,
        "minute" => 60,
        _ => 3600,
    };
    world.catch_up().await?;
    world.give(Duration::from_secs(number * seconds));
    Ok(())
}

/// A time is not waited for, but that the driver has come to rest: some seconds after it has made a Secret, it says to whom the
/// Secret belongs. One whose pod is deleted before would stay.
#[given(regex = r"^(\d+) (second|minute|hour)s? (?:has|have) passed$")]
async fn has_passed(world: &mut World, number: u64, unit: String) -> Result<(), StepError> {
    pass(world, number, unit).await?;
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
