//! What the chart is told of who the provider is, and what the driver must be.

use anyhow::Context as _;
use cucumber::given;

use crate::cloud::{ACCOUNT, CLUSTER, oidc_provider_arn};
use crate::cluster::World;
use crate::steps::quoted;
use crate::target::AccessKey;
use crate::world::StepError;

use super::identities::owner;

#[given("the provider has an access key of the account")]
fn known(world: &mut World) -> Result<(), StepError> {
    let secret = world.values.seal("access-key-secret")?;
    let key = AccessKey { id: "LTAI5tConformanceKnown01".into(), secret };
    world.cloud.add_access_key(&key)?;
    tell(world, key)
}

fn tell(world: &mut World, key: AccessKey) -> Result<(), StepError> {
    let identity = &mut world.told_mut()?.identity;
    identity.access_key_id = Some(key.id);
    identity.access_key_secret = Some(key.secret);
    Ok(())
}

/// A list such as `the key of "operator", the role "app" and the OIDC provider`.
#[given(regex = r"^the provider is told (.+)$")]
fn told(world: &mut World, list: String) -> Result<(), StepError> {
    for what in list.split(", ").flat_map(|items| items.split(" and ")) {
        let named = quoted(what).next().unwrap_or_default();
        let key = world.access_keys.get(named).cloned();
        let told = world.told_mut()?;
        match what.split('"').next().unwrap_or_default().trim_end() {
            "nothing" => {}
            "the key of" => tell(world, key.context("there is no such user")?)?,
            "the role" => told.identity.role_arn = Some(owner("").role_arn(named)),
            "the OIDC provider" => told.identity.oidc_provider_arn = Some(oidc_provider_arn()),
            "the account" => told.identity.account_id = Some(ACCOUNT.into()),
            "the cluster" => told.identity.cluster_id = Some(CLUSTER.into()),
            "the session name" => told.identity.session_name = Some(named.into()),
            "the session seconds" => told.identity.session_seconds = Some(named.into()),
            "the external id" => told.identity.external_id = Some(named.into()),
            "the instance's role" => told.ecs_role = Some(named.into()),
            other => bail!("a provider is not told {other}"),
        }
    }
    Ok(())
}

#[given("the provider is not told its region")]
fn no_region(world: &mut World) -> Result<(), StepError> {
    world.told_mut()?.region = None;
    Ok(())
}

#[given("all that the provider is told ends with a line break, as echo leaves it")]
fn line_breaks(world: &mut World) -> Result<(), StepError> {
    world.told_mut()?.line_breaks = true;
    Ok(())
}

#[given("the operator lets pods without an identity read with the provider's")]
fn fallback(world: &mut World) -> Result<(), StepError> {
    world.told_mut()?.pod_identity_fallback = true;
    Ok(())
}

#[given("the operator prefers the keys of pods")]
fn preference(world: &mut World) -> Result<(), StepError> {
    world.told_mut()?.prefer_node_publish_secret = true;
    Ok(())
}

#[given(expr = "the provider is installed in the namespace {string}")]
fn installed(world: &mut World, namespace: String) -> Result<(), StepError> {
    world.told_mut()?;
    world.release.namespace = namespace;
    Ok(())
}

/// The driver is the cluster's, so its interval is read and not set: it may be shorter.
#[given(expr = "a driver that looks for changes every {int} seconds")]
fn rotation(world: &mut World, seconds: u64) {
    world.driver.looks_each = Some(seconds);
}

#[given("a driver that may write Secrets")]
fn sync_on(world: &mut World) {
    world.driver.writes_secrets = true;
}
