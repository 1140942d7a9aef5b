//! A second cloud.

use anyhow::Context as _;
use cucumber::given;

use crate::cloud::Cloud;
use crate::target::{AccessKey, Identity};
use crate::world::{StepError, World};

#[given(
    expr = "another cloud that the operator allows, whose KMS holds the secret {string} with the value {string}"
)]
async fn other_cloud(world: &mut World, name: String, label: String) -> Result<(), StepError> {
    let mut cloud = Cloud::start_for(world.host()).await?;
    let Identity { access_key_id, access_key_secret, .. } = world.identity.clone();
    let key = access_key_id.zip(access_key_secret).map(|(id, secret)| AccessKey { id, secret });
    cloud.add_access_key(&key.context("the provider has no access key")?)?;
    cloud.put_secret(&name, "v1", &world.values.seal(&label)?)?;
    world.other_cloud = Some(cloud);
    Ok(())
}
