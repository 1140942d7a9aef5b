//! The access key that the provider is given, and whether the cloud knows it.

use cucumber::given;

use crate::target::AccessKey;
use crate::world::{StepError, World};

const KNOWN: &str = "LTAI5tConformanceKnown01";
const UNKNOWN: &str = "LTAI5tConformanceStrange";

#[given("the provider has an access key of the account")]
fn known(world: &mut World) -> Result<(), StepError> {
    let key = match world.target.known_key() {
        None => key(world, KNOWN, "access-key-secret")?,
        Some(key) => {
            world.values.keep("access-key-secret", &key.secret)?;
            key
        }
    };
    world.cloud.add_access_key(&key)?;
    tell(world, key);
    Ok(())
}

#[given("the provider has an access key that the cloud does not know")]
fn unknown(world: &mut World) -> Result<(), StepError> {
    let key = key(world, UNKNOWN, "unknown-access-key-secret")?;
    tell(world, key);
    Ok(())
}

#[given("the provider has an access key with a wrong secret")]
fn wrong_secret(world: &mut World) -> Result<(), StepError> {
    let right = key(world, KNOWN, "access-key-secret")?;
    if world.identity.access_key_id.as_deref() != Some(KNOWN) {
        world.cloud.add_access_key(&right)?;
    }
    let wrong = key(world, KNOWN, "wrong-access-key-secret")?;
    tell(world, wrong);
    Ok(())
}

/// Lets the provider be started with a key.
pub(super) fn tell(world: &mut World, key: AccessKey) {
    world.identity.access_key_id = Some(key.id);
    world.identity.access_key_secret = Some(key.secret);
}

fn key(world: &mut World, id: &str, label: &str) -> anyhow::Result<AccessKey> {
    Ok(AccessKey { id: id.into(), secret: world.values.seal(label)? })
}
