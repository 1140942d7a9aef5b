//! Who is who in the cloud: users, roles, and what they may.

use std::collections::BTreeMap;

use anyhow::Context as _;
use cucumber::given;

use super::World;
use crate::cloud::{ACCOUNT, AUDIENCE, DataType, Grantee, OTHER_ACCOUNT, Owner, Trust, oidc_provider_arn};
use crate::steps::quoted;
use crate::target::AccessKey;
use crate::world::StepError;

/// Where the chart installs the provider.
pub(super) const PROVIDER_NAMESPACE: &str = "kube-system";
/// The service account of the provider.
pub(super) const PROVIDER_ACCOUNT: &str = "csi-secrets-store-provider-alibabacloud";
/// An account that no scenario speaks for.
const STRANGER: &str = "9999999999999999";

#[given(expr = "the user {string} with an access key")]
fn user(world: &mut World, name: String) -> Result<(), StepError> {
    let secret = world.values.seal(&format!("access key of {name}"))?;
    let key = AccessKey { id: format!("LTAI5tConformance{name}"), secret };
    world.cloud.add_user(&name, &key)?;
    world.access_keys.insert(name, key);
    Ok(())
}

/// Wherever it is told from now on; the cloud keeps the right one.
#[given(expr = "the secret half of the key of {string} is mistyped")]
fn mistyped(world: &mut World, user: String) -> Result<(), StepError> {
    let secret = world.values.seal(&format!("mistyped key of {user}"))?;
    let key = world.access_keys.get_mut(&user).context("there is no such user")?;
    key.secret = secret;
    Ok(())
}

#[given(expr = "the access key of the user {string} is deleted")]
fn key_deleted(world: &mut World, name: String) -> Result<(), StepError> {
    Ok(world.cloud.remove_access_keys(&name)?)
}

#[given(
    regex = r#"^the role "([^"]*)"( of the other account)? that (.+?) may assume(?: with the external id "([^"]*)")?$"#
)]
fn role(
    world: &mut World,
    name: String,
    other: String,
    who: String,
    external_id: String,
) -> Result<(), StepError> {
    let external_id = Some(external_id).filter(|id| !id.is_empty());
    let trust: anyhow::Result<Vec<_>> =
        who.split(" and ").map(|who| trust(world, who, external_id.as_ref())).collect();
    Ok(world.cloud.add_role(owner(&other), &name, &trust?)?)
}

fn trust(world: &World, who: &str, external_id: Option<&String>) -> anyhow::Result<Trust> {
    let account = |id: &str| Trust::Account { id: id.into(), external_id: external_id.cloned() };
    Ok(match who {
        "the account" => account(ACCOUNT),
        "the other account" => account(OTHER_ACCOUNT),
        "only strangers" => account(STRANGER),
        "instances" => Trust::Instances,
        "the provider's service account" => service_account(world, PROVIDER_NAMESPACE, PROVIDER_ACCOUNT),
        _ => match quoted(who).collect::<Vec<_>>().as_slice() {
            [name] if who.starts_with("the service account ") => {
                service_account(world, world.namespace(), name)
            }
            _ => anyhow::bail!("no role trusts {who}"),
        },
    })
}

fn service_account(world: &World, namespace: &str, name: &str) -> Trust {
    let subject = format!("system:serviceaccount:{namespace}:{name}");
    let claims = [("oidc:iss", world.cloud.issuer()), ("oidc:aud", AUDIENCE), ("oidc:sub", &subject)];
    let claims = claims.map(|(claim, value)| (claim.to_owned(), value.to_owned()));
    Trust::ServiceAccount { provider: oidc_provider_arn(), claims: BTreeMap::from(claims) }
}

#[given(regex = r#"^the trust of the role "([^"]*)" insists on the (oidc:\w+) "([^"]*)"$"#)]
fn insists(world: &mut World, role: String, claim: String, value: String) -> Result<(), StepError> {
    Ok(world.cloud.insist(&role, &claim, &value)?)
}

#[given(expr = "the account trusts the issuer {string}")]
fn trusts_issuer(world: &mut World, issuer: String) -> Result<(), StepError> {
    Ok(world.cloud.trust_issuer(&issuer, &[AUDIENCE])?)
}

#[given(expr = "the account trusts tokens for the audience {string}")]
fn trusts_audience(world: &mut World, audience: String) -> Result<(), StepError> {
    Ok(world.cloud.trust_audience(&audience)?)
}

#[given(regex = r#"^the (user|role) "([^"]*)"( of the other account)? may (.+)$"#)]
fn rights(
    world: &mut World,
    kind: String,
    name: String,
    other: String,
    what: String,
) -> Result<(), StepError> {
    let owner = owner(&other);
    let who = if kind == "user" { Grantee::User(&name) } else { Grantee::Role(&name) };
    let named: Vec<_> = quoted(&what).collect();
    // Permissions of another account's roles end at that account, so the account need not be named.
    let mut allow = |action: &str, resource: &str| world.cloud.allow(owner, who, action, resource);
    match (what.split('"').next().unwrap_or_default().trim_end(), named.as_slice()) {
        ("read every secret", []) => {
            allow("kms:GetSecretValue", "*")?;
            allow("oos:GetSecretParameter", "*")?;
        }
        ("read the secret", [secret]) => {
            allow("kms:GetSecretValue", &format!("acs:kms:*:*:secret/{secret}"))?;
        }
        ("decrypt with the key", [key]) => allow("kms:Decrypt", &format!("acs:kms:*:*:key/{key}"))?,
        ("assume every role", []) => allow("sts:AssumeRole", "*")?,
        ("do nothing any more", []) => world.cloud.forbid(owner, who)?,
        _ => bail!("nobody is let {what}"),
    }
    Ok(())
}

#[given(expr = "the key {string} encrypts the secret {string}")]
fn encrypted(world: &mut World, key: String, secret: String) -> Result<(), StepError> {
    Ok(world.cloud.encrypt_with(&secret, &key)?)
}

#[given(expr = "the KMS of the other account holds the secret {string} with the value {string}")]
fn secret_of_other(world: &mut World, name: String, label: String) -> Result<(), StepError> {
    let value = world.values.seal(&label)?;
    Ok(world.cloud.put_of(Owner::Other, &name, DataType::Text, "v1", &value)?)
}

#[given(regex = r#"^a node in "([^"]*)" whose instance has (no role|the role "[^"]*")$"#)]
fn node(world: &mut World, region: String, role: String) -> Result<(), StepError> {
    Ok(world.cloud.set_instance(&region, quoted(&role).next())?)
}

pub(super) fn owner(other: &str) -> Owner {
    if other.is_empty() { Owner::Cluster } else { Owner::Other }
}
