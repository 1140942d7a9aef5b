//! What the provider is told of who it is.

use anyhow::Context as _;
use cucumber::{given, when};
use fake_alicloud::ServiceAccountToken;

use super::credentials::tell;
use super::identities::{PROVIDER_ACCOUNT, PROVIDER_NAMESPACE, owner};
use super::quoted;
use crate::cloud::{ACCOUNT, CLUSTER, oidc_provider_arn};
use crate::target::AccessKey;
use crate::world::{Service, StepError, World};

/// A list such as `the key of "operator", the role "app" and the OIDC provider`.
#[given(regex = r"^the provider is told (.+)$")]
fn told(world: &mut World, list: String) -> Result<(), StepError> {
    for what in list.split(", ").flat_map(|items| items.split(" and ")) {
        let named = quoted(what).next().unwrap_or_default();
        match what.split('"').next().unwrap_or_default().trim_end() {
            "nothing" => {}
            "the key of" => {
                let key = key_of(world, named)?;
                tell(world, key);
            }
            "half the key of" => world.identity.access_key_id = Some(key_of(world, named)?.id),
            "the role" => world.identity.role_arn = Some(owner("").role_arn(named)),
            "the OIDC provider" => {
                world.identity.oidc_provider_arn = Some(oidc_provider_arn());
                project(world, PROVIDER_NAMESPACE)?;
            }
            "the account" => world.identity.account_id = Some(ACCOUNT.into()),
            "the cluster" => {
                world.identity.cluster_id = Some(CLUSTER.into());
                project(world, PROVIDER_NAMESPACE)?;
            }
            "the session name" => world.identity.session_name = Some(named.into()),
            "the session seconds" => world.identity.session_seconds = Some(named.into()),
            "the external id" => world.identity.external_id = Some(named.into()),
            "the instance's role" => world.options.ecs_role = Some(named.into()),
            other => bail!("a provider is not told {other}"),
        }
    }
    Ok(())
}

#[given("the provider is not told the OIDC provider")]
fn no_oidc_provider(world: &mut World) {
    world.identity.oidc_provider_arn = None;
    world.identity.token_file = None;
}

pub(super) fn key_of(world: &World, user: &str) -> anyhow::Result<AccessKey> {
    world.access_keys.get(user).cloned().with_context(|| format!("the user {user:?} has no access key"))
}

/// The provider's own token, where the chart projects it.
fn project(world: &mut World, namespace: &str) -> anyhow::Result<()> {
    let folder = world.desk().join("tokens");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("csi-secrets-store-provider-alibabacloud");
    let token = world.cloud.token(&ServiceAccountToken::new(namespace, PROVIDER_ACCOUNT))?;
    world.values.keep(&format!("token of the provider in {namespace}"), &token)?;
    std::fs::write(&file, token)?;
    world.identity.token_file = Some(file);
    Ok(())
}

#[given(expr = "the provider is installed in the namespace {string}")]
fn installed(world: &mut World, namespace: String) -> Result<(), StepError> {
    Ok(project(world, &namespace)?)
}

#[given("the provider's own token is not projected")]
fn not_projected(world: &mut World) -> Result<(), StepError> {
    let file = world.identity.token_file.as_ref().context("the provider is told of no OIDC provider")?;
    Ok(std::fs::remove_file(file)?)
}

#[given(expr = "the provider's own token is {string}")]
fn token_is(world: &mut World, text: String) -> Result<(), StepError> {
    let file = world.identity.token_file.as_ref().context("the provider is told of no OIDC provider")?;
    Ok(std::fs::write(file, text)?)
}

#[given("the provider's own token has expired")]
fn token_expired(world: &mut World) -> Result<(), StepError> {
    let file = world.identity.token_file.clone().context("the provider is told of no OIDC provider")?;
    let token = ServiceAccountToken::new(PROVIDER_NAMESPACE, PROVIDER_ACCOUNT);
    let token = world.cloud.token(&token.expires_in(jiff::SignedDuration::from_secs(-60)))?;
    world.values.keep("expired token of the provider", &token)?;
    Ok(std::fs::write(file, token)?)
}

#[given("the provider reads what it is told from files")]
fn in_files(world: &mut World) {
    world.identity.files = Some(world.desk().join("identity"));
}

#[given("the provider is not told its region")]
fn no_region(world: &mut World) {
    world.options.region = None;
}

/// So the name has to be made, of the region. Only for mounts that are refused before anything is sent to it.
#[given("the provider is not told where OOS is")]
fn no_oos(world: &mut World) {
    world.own_names.insert(Service::Oos);
}

#[given("the operator lets pods without an identity read with the provider's")]
fn fallback(world: &mut World) {
    world.options.pod_identity_fallback = true;
}

#[given("the operator prefers the keys of pods")]
fn preference(world: &mut World) {
    world.options.prefer_node_publish_secret = true;
}

#[given(expr = "the files now hold the key of {string}")]
#[when(expr = "the files now hold the key of {string}")]
fn rotate(world: &mut World, user: String) -> Result<(), StepError> {
    world.needs_start("files of its own")?;
    let key = key_of(world, &user)?;
    tell(world, key);
    Ok(world.settings().write_identity_files()?)
}
