//! The access key that the provider is given, and whether the cloud knows it.

use cucumber::given;

use crate::target::AccessKey;
use crate::world::{StepError, World};

const KNOWN: &str = "LTAI5tConformanceKnown01";
const UNKNOWN: &str = "LTAI5tConformanceStrange";

#[given("the provider has an access key of the account")]
fn known(world: &mut World) -> Result<(), StepError> {
    let key = key(world, KNOWN, "access-key-secret")?;
    world.cloud.add_access_key(key.clone())?;
    world.access_key = Some(key);
    Ok(())
}

#[given("the provider has an access key that the cloud does not know")]
fn unknown(world: &mut World) -> Result<(), StepError> {
    world.access_key = Some(key(world, UNKNOWN, "unknown-access-key-secret")?);
    Ok(())
}

#[given("the provider has an access key with a wrong secret")]
fn wrong_secret(world: &mut World) -> Result<(), StepError> {
    let right = key(world, KNOWN, "access-key-secret")?;
    if world.access_key.as_ref().is_none_or(|key| key.id != KNOWN) {
        world.cloud.add_access_key(right)?;
    }
    world.access_key = Some(key(world, KNOWN, "wrong-access-key-secret")?);
    Ok(())
}

fn key(world: &mut World, id: &str, label: &str) -> anyhow::Result<AccessKey> {
    Ok(AccessKey { id: id.into(), secret: world.values.seal(label)? })
}
