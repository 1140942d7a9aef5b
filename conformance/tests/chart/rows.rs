//! The matrix: each file `ci/*-values.yaml` is a row, rendered as a cluster would get it.

use std::fs;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::engine::{Engine, Outcome, Rendering, USUAL_MINOR, chart, read};

/// A row, rendered for the release of Kubernetes that the bundled driver needs.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) values: Value,
    pub(crate) objects: Vec<Value>,
}

impl Row {
    pub(crate) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.objects.iter().filter(move |object| object["kind"] == kind)
    }

    pub(crate) fn daemon_set(&self) -> &Value {
        self.of_kind("DaemonSet").next().unwrap()
    }

    /// The provider's pod.
    pub(crate) fn pod(&self) -> &Value {
        &self.daemon_set()["spec"]["template"]["spec"]
    }

    pub(crate) fn container(&self) -> &Value {
        &self.pod()["containers"][0]
    }

    /// A value of this row; null if it sets none.
    pub(crate) fn value(&self, pointer: &str) -> &Value {
        self.values.pointer(pointer).unwrap_or(&Value::Null)
    }
}

/// All rows, rendered once.
pub(crate) fn rows(engine: &Engine) -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let (names, renderings): (Vec<_>, Vec<_>) =
            row_values().into_iter().map(|(name, values)| (name, Rendering::new([values]))).unzip();
        let outcomes = engine.render_all(&renderings);
        let row = |((name, rendering), outcome): ((String, Rendering), Outcome)| {
            let objects = outcome.unwrap_or_else(|words| panic!("row {name}: {words}"));
            Row { name, values: rendering.values.into_iter().next().unwrap(), objects }
        };
        names.into_iter().zip(renderings).zip(outcomes).map(row).collect()
    })
}

fn row_values() -> Vec<(String, Value)> {
    let files = fs::read_dir(chart().join("ci")).unwrap().map(|entry| entry.unwrap().path());
    let mut rows: Vec<_> = files
        .filter_map(|file| {
            Some((file.file_name()?.to_str()?.strip_suffix("-values.yaml")?.to_owned(), read(&file)))
        })
        .collect();
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    rows
}

/// For clusters that are too old for the bundled driver.
fn without_driver() -> Value {
    json!({ "secrets-store-csi-driver": { "install": false } })
}

#[test]
fn each_row_renders_as_its_snapshot_shows() {
    let Some(engine) = Engine::find() else { return };
    let metadata = read(&chart().join("Chart.yaml"));
    for row in rows(engine) {
        let objects = row.objects.iter().map(|object| serde_yaml::to_string(object).unwrap());
        let text = objects.collect::<Vec<_>>().join("---\n");
        // They are in many labels, and change with each release.
        let versions = ["version", "appVersion"].map(|name| metadata[name].as_str().unwrap());
        let text = versions.iter().fold(text, |text, version| text.replace(version, "VERSION"));
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(row.name.clone(), text);
        });
    }
}

#[test]
fn helms_linter_has_nothing_but_advice() {
    let Some(engine) = Engine::find() else { return };
    // It wants an icon. Its rendering without an image says so in its log, and is no finding.
    let (is_content, words) = engine.lint();
    assert!(is_content && words.starts_with("info: Chart.yaml") && words.lines().count() == 1, "{words}");
}

#[test]
fn newer_releases_get_the_same_objects() {
    let Some(engine) = Engine::find() else { return };
    let renderings: Vec<_> =
        rows(engine).iter().map(|row| Rendering::new([row.values.clone()]).at(36)).collect();
    for (row, outcome) in rows(engine).iter().zip(engine.render_all(&renderings)) {
        assert_eq!(outcome.as_ref(), Ok(&row.objects), "row {}", row.name);
    }
}

/// 1.22 brought the tokens that pods are given for others, and rollouts that surge. Nothing else depends on the release.
#[test]
fn older_releases_get_the_same_objects_or_the_reason_why_not() {
    let Some(engine) = Engine::find() else { return };
    let rows: Vec<&Row> = rows(engine).iter().collect();
    let is_new = |row: &Row| {
        row.value("/rrsa/enable") == true
            || !row.value("/linux/updateStrategy/rollingUpdate/maxSurge").is_null()
    };
    let render = |rows: &[&Row], minor| {
        let rendering = |row: &&Row| Rendering::new([row.values.clone(), without_driver()]).at(minor);
        engine.render_all(&rows.iter().map(rendering).collect::<Vec<_>>())
    };
    let new: Vec<&Row> = rows.iter().copied().filter(|row| is_new(row)).collect();

    let (usual, oldest, old) = (render(&rows, USUAL_MINOR), render(&rows, 20), render(&new, 22));

    let mut old = old.into_iter();
    for ((row, usual), outcome) in rows.iter().zip(&usual).zip(oldest) {
        if is_new(row) {
            let words = outcome.expect_err(&row.name);
            assert!(words.contains("Kubernetes 1.22, and this is v1.20.0"), "{words}");
            assert_eq!(&old.next().unwrap(), usual, "row {} at 1.22", row.name);
        } else {
            assert_eq!(&outcome, usual, "row {} at 1.20", row.name);
        }
    }
    assert!(!new.is_empty() && new.len() < rows.len());
}

/// Whoever has no `helm` looks at the same objects.
#[test]
fn a_helm_on_the_path_and_the_engine_from_pypi_make_the_same() {
    let Some(engine) = Engine::find() else { return };
    let by_pypi = |row: &Row| Rendering { by_pypi: true, ..Rendering::new([row.values.clone()]) };
    let renderings: Vec<_> = rows(engine).iter().map(by_pypi).collect();

    for (row, outcome) in rows(engine).iter().zip(engine.render_all(&renderings)) {
        assert_eq!(outcome.as_ref(), Ok(&row.objects), "row {}, by {}", row.name, engine.name);
    }
}
