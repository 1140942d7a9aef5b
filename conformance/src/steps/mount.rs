//! Mounting, and what the pod then sees.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use anyhow::Context as _;
use cucumber::gherkin::Step;
use cucumber::{given, then, when};

use super::{class, quoted, rows};
use crate::driver::{Pod, ServiceAccountToken, TokenDelivery, Tokens, WriteOutcome, code_name, files_below};
use crate::world::{StepError, World};

#[given(expr = "the kubelet waits {int} seconds")]
fn deadline(world: &mut World, seconds: u64) -> Result<(), StepError> {
    world.driver_mut()?.options.deadline = Duration::from_secs(seconds);
    Ok(())
}

#[given(expr = "the driver asks for the file mode {word}")]
fn permission(world: &mut World, mode: String) -> Result<(), StepError> {
    let mode = u32::from_str_radix(&mode, 8).context("a file mode in octal")?;
    world.driver_mut()?.options.permission = mode.to_string();
    Ok(())
}

#[given(expr = "a pod that mounts {string}")]
fn pod(world: &mut World, class: String) {
    world.pod = Some(Pod::mounting(&class));
}

#[given(expr = "a pod has mounted {string}")]
async fn mounted(world: &mut World, class: String) -> Result<(), StepError> {
    world.pod = Some(Pod::mounting(&class));
    world.publish().await?;
    world.receipt()?;
    Ok(())
}

#[when(expr = "a pod mounts {string}")]
async fn mount(world: &mut World, class: String) -> Result<(), StepError> {
    world.pod = Some(Pod::mounting(&class));
    Ok(world.publish().await?)
}

#[when("the kubelet asks for the volume again")]
async fn republish(world: &mut World) -> Result<(), StepError> {
    Ok(world.publish().await?)
}

#[then("the volume holds exactly these files:")]
fn files(world: &mut World, step: &Step) -> Result<(), StepError> {
    world.receipt()?;
    Ok(check_files(world, step)?)
}

#[then("the volume still holds exactly these files:")]
fn files_still(world: &mut World, step: &Step) -> Result<(), StepError> {
    Ok(check_files(world, step)?)
}

fn check_files(world: &World, step: &Step) -> anyhow::Result<()> {
    let volume = world.volume()?;
    let mut expected = BTreeMap::new();
    for [path, label, mode] in rows(step, ["file", "value", "mode"])? {
        expected.insert(path.to_owned(), (format!("the value {label:?}"), mode.to_owned()));
        world.values.value(label)?;
    }
    let mut found = BTreeMap::new();
    for path in files_below(&volume.join("..data")).context("reading the volume")? {
        // Through the symlinks, as the pod reads it.
        let file = volume.join(&path);
        let content = fs::read(&file).with_context(|| format!("reading {path} as the pod does"))?;
        let mode = fs::metadata(&file)?.permissions().mode() & 0o7777;
        found.insert(path, (world.values.describe(&content), format!("{mode:04o}")));
    }
    ensure!(found == expected, "the volume holds {found:?}, expected {expected:?}");
    Ok(())
}

#[then(expr = "the file {string} holds the value {string}")]
pub(super) fn file(world: &mut World, path: String, label: String) -> Result<(), StepError> {
    world.receipt()?;
    world.values.value(&label)?;
    let content =
        fs::read(world.volume()?.join(&path)).with_context(|| format!("reading {path} as the pod does"))?;
    let (found, expected) = (world.values.describe(&content), format!("the value {label:?}"));
    ensure!(found == expected, "{path} holds {found}, expected {expected}");
    Ok(())
}

/// The cloud's own version, which a provider may follow up, after a plus sign, with what else makes the content another one.
#[then("the driver stores these object versions:")]
fn versions(world: &mut World, step: &Step) -> Result<(), StepError> {
    let expected: BTreeMap<_, _> = rows(step, ["id", "version"])?
        .into_iter()
        .map(|[id, version]| (id.to_owned(), version.to_owned()))
        .collect();
    let found = &world.receipt()?.object_versions;
    let agrees = |(id, version): (&String, &String)| {
        let own = found.get(id).map(|found| found.split_once('+').map_or(found.as_str(), |(own, _)| own));
        own == Some(version)
    };
    let complete = found.len() == expected.len() && expected.iter().all(agrees);
    ensure!(complete, "the object versions are {found:?}, expected {expected:?}");
    Ok(())
}

#[then(regex = r#"^only the object versions? of (".+) (?:has|have) changed$"#)]
fn versions_changed(world: &mut World, list: String) -> Result<(), StepError> {
    let expected: BTreeSet<_> = quoted(&list).map(str::to_owned).collect();
    let changed = changed_versions(world)?;
    ensure!(changed == expected, "the object versions of {changed:?} have changed, expected {expected:?}");
    Ok(())
}

#[then("no object version has changed")]
fn no_version_changed(world: &mut World) -> Result<(), StepError> {
    let changed = changed_versions(world)?;
    ensure!(changed.is_empty(), "the object versions of {changed:?} have changed");
    Ok(())
}

/// The files that were there before and are now, at another version.
fn changed_versions(world: &World) -> anyhow::Result<BTreeSet<String>> {
    let now = &world.receipt()?.object_versions;
    ensure!(!world.earlier_versions.is_empty(), "nothing was mounted before");
    let changed = now
        .iter()
        .filter(|(id, version)| world.earlier_versions.get(*id).is_some_and(|earlier| earlier != *version));
    Ok(changed.map(|(id, _)| id.clone()).collect())
}

#[then(regex = r"^the file (\S+) holds the text `(.*)`$")]
fn file_text(world: &mut World, path: String, text: String) -> Result<(), StepError> {
    world.receipt()?;
    let expected = world.values.seal_json(&text)?;
    let content =
        fs::read(world.volume()?.join(&path)).with_context(|| format!("reading {path} as the pod does"))?;
    let found = world.values.describe(&content);
    ensure!(content == expected.as_bytes(), "{path} holds {found}, expected {text}");
    Ok(())
}

#[when(expr = "a pod mounts {string} without readOnly")]
async fn mount_writable(world: &mut World, class: String) -> Result<(), StepError> {
    let mut pod = Pod::mounting(&class);
    pod.volume.read_only = false;
    world.pod = Some(pod);
    Ok(world.publish().await?)
}

#[when(regex = r#"^a pod mounts "([^"]*)" with the kubelet's tokens (.+)$"#)]
async fn mount_with_tokens(world: &mut World, class: String, place: String) -> Result<(), StepError> {
    let delivery = match place.as_str() {
        "in its attributes" => TokenDelivery::Context,
        "among its secrets" => TokenDelivery::Secrets,
        "among its secrets alone" => TokenDelivery::SecretsOnly,
        _ => bail!("a kubelet hands no tokens over {place}"),
    };
    let token = ServiceAccountToken {
        token: world.values.seal("token")?,
        expiration_timestamp: "2099-01-01T00:00:00Z".into(),
    };
    let mut pod = Pod::mounting(&class);
    let by_audience = BTreeMap::from([("sts.aliyuncs.com".into(), token)]);
    pod.volume.tokens = Some(Tokens { by_audience, delivery });
    world.pod = Some(pod);
    Ok(world.publish().await?)
}

#[then("nothing in the volume was touched")]
fn untouched(world: &mut World) -> Result<(), StepError> {
    let outcome = world.receipt()?.outcome;
    ensure!(outcome == WriteOutcome::Unchanged, "the driver's writer says {outcome:?}");
    Ok(())
}

#[then("the pod has no volume")]
fn no_volume(world: &mut World) -> Result<(), StepError> {
    world.refusal()?;
    let volume = world.volume()?;
    ensure!(!volume.exists(), "there is a volume at {}", volume.display());
    Ok(())
}

#[then(expr = "the mount is refused as {word}")]
fn refused_as(world: &mut World, code: String) -> Result<(), StepError> {
    let refusal = world.refusal()?;
    let found = code_name(refusal.error.code());
    ensure!(found == code, "the code is {found}, expected {code}: {refusal}");
    Ok(())
}

#[then(regex = r#"^the mount is refused as (\w+) with (".+)$"#)]
fn refused_with(world: &mut World, code: String, list: String) -> Result<(), StepError> {
    refused_as(world, code)?;
    names(world, list)
}

#[then("the mount is refused for good")]
pub(super) fn refused_finally(world: &mut World) -> Result<(), StepError> {
    let refusal = world.refusal()?;
    let code = code_name(refusal.error.code());
    ensure!(
        refusal.error.is_final(),
        "the kubelet takes {code} as uncertain and keeps the folder: {refusal}"
    );
    Ok(())
}

#[then(regex = r#"^the refusal names (".+)$"#)]
fn names(world: &mut World, list: String) -> Result<(), StepError> {
    let event = world.refusal()?.pod_event();
    let missing: Vec<_> = quoted(&list).filter(|name| !event.contains(name)).collect();
    ensure!(missing.is_empty(), "the refusal does not name {missing:?}: {event}");
    Ok(())
}

#[then(expr = "the refusal does not name {string}")]
fn does_not_name(world: &mut World, name: String) -> Result<(), StepError> {
    let event = world.refusal()?.pod_event();
    ensure!(!event.contains(&name), "the refusal names {name:?}: {event}");
    Ok(())
}

#[then("a good class still mounts")]
async fn still_serves(world: &mut World) -> Result<(), StepError> {
    let name = "after-the-mistake";
    let value = world.values.seal(name)?;
    world.cloud.put_secret(name, "v1", &value)?;
    class::apply(world, name, Some(&format!("- objectName: {name}")))?;
    world.pod = Some(Pod::mounting(name));
    world.publish().await?;
    file(world, name.into(), name.into())
}

#[then(expr = "the answer came within {int} second(s)")]
fn within(world: &mut World, seconds: u64) -> Result<(), StepError> {
    let took = world.outcome()?.took;
    ensure!(took <= Duration::from_secs(seconds), "the answer took {took:?}");
    Ok(())
}
