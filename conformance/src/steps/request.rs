//! Requests that the real driver never sends, and that a provider must take calmly all the same.

use anyhow::Context as _;
use cucumber::when;

use crate::driver::Refusal;
use crate::world::{Outcome, StepError, World};

#[when(regex = r"^a mount arrives whose (attributes|secrets|target path|file mode) (?:are|is) (.+)$")]
async fn malformed(world: &mut World, field: String, content: String) -> Result<(), StepError> {
    let pod = world.pod.clone().context("no pod of this scenario mounts a class")?;
    let mut request = world.driver.request_for(&pod)?;
    let content = if content == "missing" { String::new() } else { content.trim_matches('`').to_owned() };
    match field.as_str() {
        "attributes" => request.attributes = content,
        "secrets" => request.secrets = content,
        "target path" => request.target_path = content,
        "file mode" => request.permission = content,
        _ => bail!("a request has no {field}"),
    }
    world.provider().await?;
    let start = std::time::Instant::now();
    let result = world.driver.mount_raw("alibabacloud", request).await;
    let result = match result {
        Ok(response) => bail!("the request was answered: {response:?}"),
        Err(error) => Err(Refusal::of_raw_request(error, &pod)),
    };
    world.keep(Outcome { result, took: start.elapsed() });
    Ok(())
}
