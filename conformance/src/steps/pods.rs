//! Pods with service accounts, tokens and keys of their own.

use std::collections::BTreeMap;

use anyhow::Context as _;
use cucumber::{given, when};
use fake_alicloud::ServiceAccountToken;
use jiff::SignedDuration;

use super::settings;
use super::words::{Annotations, Brought};
use crate::driver::{self, Pod, SecretProviderClass, TokenDelivery, Tokens};
use crate::kubernetes::{ServiceAccount, path_of};
use crate::world::{PodTokens, StepError, World};

const NAMESPACE: &str = "default";

#[given(expr = "the service account {string} {annotations}")]
async fn service_account(world: &mut World, name: String, annotations: Annotations) -> Result<(), StepError> {
    let account = ServiceAccount { namespace: NAMESPACE.into(), name, annotations: annotations.0 };
    world.cluster().await?.apply(&account);
    Ok(())
}

#[given(expr = "the service account {string} is deleted")]
async fn deleted(world: &mut World, name: String) -> Result<(), StepError> {
    let path = path_of("serviceaccounts", NAMESPACE, &name);
    ensure!(world.cluster().await?.remove(&path), "there is no service account {name}");
    Ok(())
}

#[given(expr = "the SecretProviderClass {string} asks for the identity of pods")]
fn asks_for_identity(world: &mut World, class: String) -> Result<(), StepError> {
    set_parameter(world, &class, "usePodServiceAccountToken", Some("true"))
}

#[given(expr = "the parameter {string} of the SecretProviderClass {string} is {string}")]
fn parameter(world: &mut World, name: String, class: String, value: String) -> Result<(), StepError> {
    set_parameter(world, &class, &name, Some(&value))
}

#[given(expr = "the SecretProviderClass {string} has no parameter {string}")]
fn no_parameter(world: &mut World, class: String, name: String) -> Result<(), StepError> {
    set_parameter(world, &class, &name, None)
}

fn set_parameter(world: &mut World, class: &str, name: &str, value: Option<&str>) -> Result<(), StepError> {
    let edit = |class: &mut SecretProviderClass| {
        match value {
            Some(value) => class.parameters.insert(name.to_owned(), value.to_owned()),
            None => class.parameters.remove(name),
        };
    };
    Ok(world.driver.edit(NAMESPACE, class, edit)?)
}

#[given("the driver asks for no tokens")]
fn no_tokens(world: &mut World) {
    world.token_requests.0.clear();
}

#[given(expr = "the driver asks for tokens of the audience {string} alone")]
fn other_audience(world: &mut World, audience: String) {
    world.token_requests.0 = vec![audience];
}

#[given("the tokens of pods have expired")]
fn expired_tokens(world: &mut World) {
    world.pod_tokens = PodTokens::Expired;
}

#[given("the tokens of pods are no tokens")]
fn no_tokens_at_all(world: &mut World) {
    world.pod_tokens = PodTokens::Nonsense;
}

#[given("the kubelet hands tokens over in the attributes")]
fn in_attributes(world: &mut World) {
    world.token_requests.1 = TokenDelivery::Context;
}

/// `serviceAccountTokenInSecrets`: the driver copies them into the attributes as well.
#[given("the kubelet hands tokens over among the secrets")]
fn in_secrets(world: &mut World) {
    world.token_requests.1 = TokenDelivery::Secrets;
}

#[given(expr = "a pod of the service account {string} has mounted {string}")]
async fn has_mounted(world: &mut World, account: String, class: String) -> Result<(), StepError> {
    mounts(world, account, class).await?;
    world.receipt()?;
    Ok(())
}

#[when(expr = "a pod of the service account {string} mounts {string}")]
async fn mounts(world: &mut World, account: String, class: String) -> Result<(), StepError> {
    let mut pod = Pod::mounting(&class);
    run_as(world, &mut pod, &account)?;
    world.pod = Some(pod);
    Ok(world.publish().await?)
}

#[given(regex = r#"^a pod that mounts "([^"]*)" and brings (.+)$"#)]
fn brings(world: &mut World, class: String, list: String) -> Result<(), StepError> {
    let mut pod = Pod::mounting(&class);
    let brought = Brought::read(&list, &world.access_keys)?;
    if let Some(account) = brought.service_account {
        run_as(world, &mut pod, &account)?;
    }
    pod.volume.node_publish_secret.extend(brought.secret);
    world.pod = Some(pod);
    Ok(())
}

#[given("the pod was refused before")]
async fn was_refused(world: &mut World) -> Result<(), StepError> {
    world.publish().await?;
    world.refusal()?;
    Ok(())
}

#[given("the pod has started")]
async fn has_started(world: &mut World) -> Result<(), StepError> {
    world.publish().await?;
    world.receipt()?;
    Ok(())
}

/// The kubelet reads the Secret of `nodePublishSecretRef` anew for each look.
#[given(expr = "the Secret of the pod now holds the key of {string}")]
fn now_holds_the_key(world: &mut World, user: String) -> Result<(), StepError> {
    let key = settings::key_of(world, &user)?;
    let pod = world.pod.as_mut().context("no pod of this scenario mounts a class")?;
    let halves = [("access_key", key.id), ("access_secret", key.secret)];
    pod.volume.node_publish_secret.extend(halves.map(|(half, value)| (half.to_owned(), value)));
    Ok(())
}

#[when("the pod starts")]
async fn starts(world: &mut World) -> Result<(), StepError> {
    Ok(world.publish().await?)
}

/// Lets the kubelet ask for the tokens that the driver wants, as it does before each mount.
pub(super) fn run_as(world: &mut World, pod: &mut Pod, account: &str) -> anyhow::Result<()> {
    account.clone_into(&mut pod.service_account);
    let (audiences, delivery) = world.token_requests.clone();
    let mut by_audience = BTreeMap::new();
    for audience in audiences {
        let token = ServiceAccountToken::new(NAMESPACE, account).audiences([audience.as_str()]);
        let token = match world.pod_tokens {
            PodTokens::Good => world.cloud.token(&token)?,
            PodTokens::Expired => world.cloud.token(&token.expires_in(SignedDuration::from_secs(-60)))?,
            PodTokens::Nonsense => world.values.seal("no token")?,
        };
        world.values.keep(&format!("token of {account} in {} for {audience}", pod.uid), &token)?;
        let token =
            driver::ServiceAccountToken { token, expiration_timestamp: "2099-01-01T00:00:00Z".into() };
        by_audience.insert(audience, token);
    }
    // Without requests the kubelet adds nothing at all.
    pod.volume.tokens = (!by_audience.is_empty()).then_some(Tokens { by_audience, delivery });
    Ok(())
}
