//! Helm's engine, and the checker of schemas.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::thread;

use serde_json::Value;

/// The exit code of `scripts/helm-render` where it has no engine, no Python, or no way to its packages.
const CANNOT_RUN: i32 = 77;

/// What the bundled driver needs.
pub(crate) const USUAL_MINOR: u16 = 30;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub(crate) fn chart() -> PathBuf {
    root().join("charts/csi-secrets-store-provider-alibabacloud")
}

/// The documents of a YAML file that hold something.
pub(crate) fn documents(yaml: &str) -> Vec<Value> {
    let documents: Vec<Value> =
        serde_yaml::from_multiple(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

/// The one document of a file.
pub(crate) fn read(file: &Path) -> Value {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    documents(&text).pop().unwrap_or_else(|| Value::Object(serde_json::Map::default()))
}

/// One installation to be made.
#[derive(Clone, Debug)]
pub(crate) struct Rendering {
    /// The release of Kubernetes, 1.`minor`.
    pub(crate) minor: u16,
    pub(crate) release: &'static str,
    pub(crate) namespace: &'static str,
    /// The chart of the release that is there before.
    pub(crate) over: Option<PathBuf>,
    /// Values, later ones win.
    pub(crate) values: Vec<Value>,
    /// A folder of the chart with the driver's chart in it. Without it an empty chart stands in for the driver's.
    pub(crate) with_driver: Option<PathBuf>,
    /// Whether a `helm` on the PATH is passed over.
    pub(crate) by_pypi: bool,
}

impl Rendering {
    pub(crate) fn new(values: impl IntoIterator<Item = Value>) -> Self {
        Self {
            minor: USUAL_MINOR,
            release: "csi-secrets-store-provider-alibabacloud",
            namespace: "kube-system",
            over: None,
            values: values.into_iter().collect(),
            with_driver: None,
            by_pypi: false,
        }
    }

    pub(crate) fn at(self, minor: u16) -> Self {
        Self { minor, ..self }
    }

    pub(crate) fn with(mut self, values: Value) -> Self {
        self.values.push(values);
        self
    }
}

/// The objects that a cluster then holds, with those of tests, or Helm's words.
pub(crate) type Outcome = Result<Vec<Value>, String>;

/// Helm's engine. There is one where there can be one.
#[derive(Debug)]
pub(crate) struct Engine {
    /// Such as `helm v4.0.0`, in the script's words.
    pub(crate) name: String,
}

static ENGINE: LazyLock<Result<Engine, String>> =
    LazyLock::new(|| answer("--engine").map(|name| Engine { name }));

/// What the script prints for an option that renders nothing, or why it cannot.
fn answer(option: &str) -> Result<String, String> {
    let output = script().arg(option).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match output.status.code() {
        Some(0) => Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned()),
        Some(CANNOT_RUN) => Err(words),
        _ => panic!("{words}"),
    }
}

fn script() -> Command {
    Command::new(root().join("scripts/helm-render"))
}

/// None where something cannot be had, which is said.
#[expect(clippy::print_stdout, reason = "why there is nothing to look at has to be said")]
pub(crate) fn found<T>(it: &'static Result<T, String>) -> Option<&'static T> {
    it.as_ref().inspect_err(|why| println!("skipped: {why}")).ok()
}

impl Engine {
    /// None where it cannot be had, which is said.
    pub(crate) fn find() -> Option<&'static Self> {
        found(&ENGINE)
    }

    /// Makes installations side by side, each in a cluster of its own.
    pub(crate) fn render_all(&self, renderings: &[Rendering]) -> Vec<Outcome> {
        let outcomes: Vec<OnceLock<Outcome>> = renderings.iter().map(|_| OnceLock::new()).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(index) =
                Some(next.fetch_add(1, Ordering::Relaxed)).filter(|index| *index < renderings.len())
            {
                outcomes[index].set(self.render(&renderings[index])).unwrap();
            }
        };
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
                scope.spawn(work);
            }
        });
        outcomes.into_iter().map(|outcome| outcome.into_inner().unwrap()).collect()
    }

    pub(crate) fn render(&self, rendering: &Rendering) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        let mut command = self.command();
        command.args(["--release", rendering.release, "--namespace", rendering.namespace]);
        command.args(["--minor", &rendering.minor.to_string()]);
        command.arg("--definitions").arg(root().join("scripts/helm-render.d/podmonitors.yaml"));
        if let Some(over) = &rendering.over {
            command.arg("--over").arg(over);
        }
        if rendering.by_pypi {
            command.arg("--pypi");
        }
        match &rendering.with_driver {
            Some(chart) => command.arg(chart),
            None => command.arg("--stand-ins").arg(chart()),
        };
        for (index, values) in rendering.values.iter().enumerate() {
            let file = folder.path().join(format!("{index}.yaml"));
            fs::write(&file, values.to_string()).unwrap();
            command.arg(file);
        }
        let Output { status, stdout, stderr } = command.output().unwrap();
        if !status.success() {
            return Err(String::from_utf8(stderr).unwrap());
        }
        let objects = documents(&String::from_utf8(stdout).unwrap());
        Ok(objects.into_iter().filter(|object| object["kind"] != "CustomResourceDefinition").collect())
    }

    /// What Helm's linter says of the chart, and whether it is content.
    pub(crate) fn lint(&self) -> (bool, String) {
        let output = self.command().args(["--stand-ins", "--lint"]).arg(chart()).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    }

    #[expect(clippy::unused_self, reason = "whoever has the engine may call it")]
    fn command(&self) -> Command {
        let mut command = script();
        command.args(["--conformance", env!("CARGO_BIN_EXE_conformance")]);
        command
    }
}

/// The checker of schemas, which needs Python whoever renders.
#[derive(Debug)]
pub(crate) struct Checker {
    python: PathBuf,
}

static CHECKER: LazyLock<Result<Checker, String>> =
    LazyLock::new(|| answer("--python").map(|python| Checker { python: python.into() }));

impl Checker {
    /// None where it cannot be had, which is said.
    pub(crate) fn find() -> Option<&'static Self> {
        found(&CHECKER)
    }

    /// What the schemas of these releases of Kubernetes have against the objects, a line for each.
    pub(crate) fn mistakes(&self, releases: &[&str], objects: &[Value]) -> Vec<String> {
        let mut child = Command::new(&self.python)
            .arg(root().join("scripts/helm-render.d/check.py"))
            .args(releases)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        for object in objects {
            writeln!(stdin, "---\n{object}").unwrap();
        }
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "the checker failed");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}
