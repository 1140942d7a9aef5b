//! What the provider writes down, and what it must not.

use anyhow::Context as _;
use cucumber::then;

use super::quoted;
use crate::inspection;
use crate::patience;
use crate::world::{StepError, World};

#[then(regex = r#"^the provider's log warns of (".+)$"#)]
async fn warns(world: &mut World, list: String) -> Result<(), StepError> {
    world.needs_start("its log")?;
    let words: Vec<_> = quoted(&list).map(|word| word.replace('"', "\\\"")).collect();
    let what = format!("a warning of the provider names {words:?}");
    patience::until(&what, async || {
        let output = String::from_utf8_lossy(&world.provider_output()).into_owned();
        let mut warnings = output.lines().filter(|line| line.contains(r#""level":"WARN""#));
        warnings.any(|line| words.iter().all(|word| line.contains(word))).then_some(())
    })
    .await?;
    Ok(())
}

#[then(regex = r#"^every line of the provider's log is an object with (".+)$"#)]
fn structured(world: &mut World, list: String) -> Result<(), StepError> {
    let output = String::from_utf8_lossy(&world.provider_output()).into_owned();
    ensure!(!output.is_empty(), "the provider wrote nothing");
    for line in output.lines() {
        let object: serde_json::Map<_, _> =
            serde_json::from_str(line).with_context(|| format!("no JSON object: {line}"))?;
        let missing: Vec<_> = quoted(&list).filter(|field| !object.contains_key(*field)).collect();
        ensure!(missing.is_empty(), "a line lacks {missing:?}: {line}");
    }
    Ok(())
}

#[then(regex = r#"^a line of the provider's log names (".+)$"#)]
fn one_line(world: &mut World, list: String) -> Result<(), StepError> {
    let output = String::from_utf8_lossy(&world.provider_output()).into_owned();
    let words: Vec<_> = quoted(&list).collect();
    let found = output.lines().any(|line| words.iter().all(|word| line.contains(word)));
    ensure!(found, "no line of the log names all of {words:?}: {output}");
    Ok(())
}

#[then("no secret stands in the provider's log, in the refusal or in the cloud's records")]
fn no_trace(world: &mut World) -> Result<(), StepError> {
    world.needs_start("its log")?;
    let texts = [
        ("the provider's log", world.provider_output()),
        ("the refusal", world.texts.join("\n").into_bytes()),
        ("the cloud's records", serde_json::to_vec(&world.cloud.calls())?),
    ];
    let search = world.values.search();
    let complaints: Vec<_> =
        texts.iter().flat_map(|(place, text)| inspection::leaks(search, place, text)).collect();
    ensure!(complaints.is_empty(), "{}", complaints.join("; "));
    Ok(())
}
