//! Wrong values end the rendering with their names and with what is allowed: `ci/refused.yaml`.

use serde::Deserialize;
use serde_json::Value;

use super::engine::{Engine, Rendering, USUAL_MINOR, chart, read};

/// A case of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    says: String,
    /// The same in Helm before 3.18, which looked at schemas with another library.
    older: Option<String>,
    #[serde(default)]
    values: Value,
    /// The release of Kubernetes, 1.`minor`.
    minor: Option<u16>,
}

#[test]
fn wrong_values_are_refused_by_name() {
    let Some(engine) = Engine::find() else { return };
    let cases: Vec<Case> = serde_json::from_value(read(&chart().join("ci/refused.yaml"))).unwrap();
    let base = read(&chart().join("ci/vendor-defaults-values.yaml"));
    let render = |case: &Case| {
        let values = Some(case.values.clone()).filter(|values| !values.is_null());
        Rendering::new([base.clone()].into_iter().chain(values)).at(case.minor.unwrap_or(USUAL_MINOR))
    };

    let outcomes = engine.render_all(&cases.iter().map(render).collect::<Vec<_>>());

    let refuses = |case: &Case, words: &String| {
        words.contains(&case.says) || case.older.as_ref().is_some_and(|says| words.contains(says))
    };
    let silent: Vec<_> = cases
        .iter()
        .zip(&outcomes)
        .filter(|(case, outcome)| !outcome.as_ref().is_err_and(|words| refuses(case, words)))
        .map(|(case, outcome)| {
            format!("{case:?}\n  {}", outcome.as_ref().err().map_or("accepted", |words| words))
        })
        .collect();
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn all_mistakes_are_said_at_once() {
    let Some(engine) = Engine::find() else { return };
    let wrong = serde_json::json!({
        "regionId": "__ACK_REGION_ID__",
        "rrsa": { "accountId": "1" },
        "linux": { "image": { "repository": "" }, "healthzTimeout": "soon" },
    });

    let words = engine.render(&Rendering::new([wrong])).unwrap_err();

    for name in ["regionId: ", "rrsa.clusterId: ", "linux.image.repository: ", "linux.healthzTimeout: "] {
        assert!(words.contains(name), "{name} is not named in {words}");
    }
}
