//! The scripts around clusters and releases do their steps in order, clean up whatever fails, and name what is missing.
//!
//! They run in a copy of what they need of the workspace, and every command that would reach a cluster or a registry is a stub
//! that writes down how it was called.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rstest::rstest;
use tempfile::TempDir;

/// What the scripts use of the system; nothing else is found.
const SYSTEM: [&str; 24] = [
    "awk", "bash", "cat", "chmod", "cp", "dirname", "env", "grep", "head", "ln", "mkdir", "mktemp", "mv",
    "python3", "realpath", "rm", "sed", "sh", "sleep", "sort", "tail", "touch", "tr", "uname",
];

/// A workspace with scripts, stubs for everything outside, and what they were called with.
struct Stage {
    folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        let stage = Self { folder: TempDir::new().unwrap() };
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for name in ["driver-chart", "e2e-cluster", "e2e-kind", "image", "release", "release.d/sbom.py"] {
            let script = stage.path(&format!("workspace/scripts/{name}"));
            fs::create_dir_all(script.parent().unwrap()).unwrap();
            fs::copy(workspace.join("scripts").join(name), script).unwrap();
        }
        let chart = "charts/csi-secrets-store-provider-alibabacloud";
        for name in ["Cargo.toml", "Chart.yaml", "Chart.lock", "values.yaml"] {
            let from = if name == "Cargo.toml" { name.to_owned() } else { format!("{chart}/{name}") };
            let to = stage.path("workspace").join(&from);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(workspace.join(&from), to).unwrap();
        }
        fs::create_dir_all(stage.path("system")).unwrap();
        for name in SYSTEM {
            let place = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(name));
            let real =
                place.iter().find(|path| path.exists()).unwrap_or_else(|| panic!("there is no {name}"));
            symlink(real, stage.path("system").join(name)).unwrap();
        }
        stage.stub("stubs/docker", "case $1 in image) echo 1000000 ;; esac");
        stage.stub("stubs/kind", "");
        stage.stub("stubs/kubectl", "");
        stage.stub("stubs/helm", "");
        stage.stub("stubs/cargo", "");
        stage.stub("workspace/scripts/helm-render", "");
        stage.stub(
            "target/debug/conformance",
            r#"echo "images $CONFORMANCE_PROVIDER_IMAGE $CONFORMANCE_FAKE_IMAGE" >>"$CALLS""#,
        );
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces a command by one that writes down how it was called and then does `body`.
    fn stub(&self, place: &str, body: &str) {
        let path = self.path(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        fs::write(&path, format!("#!/bin/sh\necho \"{name} $*\" >>\"$CALLS\"\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// As `helm dependency build` leaves it.
    fn fetch_driver(&self) {
        let charts = self.path("workspace/charts/csi-secrets-store-provider-alibabacloud/charts");
        fs::create_dir_all(&charts).unwrap();
        fs::write(charts.join("secrets-store-csi-driver-1.6.0.tgz"), "").unwrap();
    }

    fn run(&self, script: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        fs::write(self.path("calls"), "").unwrap();
        let search = format!("{}:{}", self.path("stubs").display(), self.path("system").display());
        let mut command = Command::new(self.path("workspace/scripts").join(script));
        command.args(arguments).env_clear().envs(environment.iter().copied());
        command.env("PATH", search).env("HOME", self.folder.path()).env("CALLS", self.path("calls"));
        command.env("CARGO_TARGET_DIR", self.path("target"));
        command.output().unwrap()
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap()
    }

    /// The first words of the calls, of those that change something.
    fn steps(&self) -> Vec<String> {
        let quiet = ["docker info", "docker image", "docker buildx version", "kind get", "kubectl"];
        let calls = self.calls();
        let lines = calls.lines().filter(|line| !quiet.iter().any(|start| line.starts_with(start)));
        lines.map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn a_run_in_kind_builds_makes_loads_judges_and_removes() {
    let stage = Stage::new();

    let output =
        stage.run("e2e-kind", &["--level", "core", "--report", "there", "--", "--tags", "@ACK-10"], &[]);

    assert!(output.status.success(), "{}", said(&output));
    let expected = [
        "helm repo",
        "helm dependency",
        "docker build",
        "docker build",
        "kind create",
        "kind load",
        "cargo build",
        "conformance run",
        "images localhost/provider:e2e",
        "kind delete",
    ];
    assert_eq!(stage.steps(), expected);
    let calls = stage.calls();
    let judged = calls.lines().find(|line| line.starts_with("conformance run")).unwrap();
    assert!(judged.contains("--target conformance/targets/cluster.yaml --level core --report /"), "{judged}");
    assert!(judged.ends_with("/there --tags @ACK-10"), "{judged}");
    assert!(calls.contains("kind load docker-image localhost/provider:e2e localhost/fake:e2e"), "{calls}");
}

#[rstest]
#[case::making("stubs/kind", "case $1 in create) exit 1 ;; esac")]
#[case::loading("stubs/kind", "case $1 in load) exit 1 ;; esac")]
#[case::reaching("stubs/kubectl", "case $1 in version) exit 1 ;; esac")]
#[case::building("stubs/cargo", "exit 101")]
#[case::judging("target/debug/conformance", "exit 1")]
fn whatever_fails_the_logs_are_kept_and_the_cluster_goes(#[case] command: &str, #[case] body: &str) {
    let stage = Stage::new();
    stage.stub(command, body);

    let output = stage.run("e2e-kind", &[], &[]);

    assert!(!output.status.success(), "{}", said(&output));
    let steps = stage.steps();
    assert_eq!(steps[steps.len() - 2..], ["kind export", "kind delete"], "{}", said(&output));
}

#[test]
fn an_image_that_does_not_build_costs_no_cluster() {
    let stage = Stage::new();
    stage.stub("stubs/docker", "case $1 in build) exit 1 ;; esac");

    let output = stage.run("e2e-kind", &[], &[]);

    assert!(!output.status.success());
    assert_eq!(stage.steps().last().map(String::as_str), Some("docker build"), "{}", said(&output));
}

#[test]
fn a_cluster_that_is_kept_can_be_used_and_removed_as_it_says() {
    let stage = Stage::new();

    let output = stage.run("e2e-kind", &["--keep", "--name", "mine"], &[]);

    assert!(output.status.success(), "{}", said(&output));
    assert!(!stage.calls().contains("kind delete"), "{}", stage.calls());
    for line in ["kind export kubeconfig --name mine", "kind delete cluster --name mine"] {
        assert!(said(&output).contains(line), "{}", said(&output));
    }
}

#[test]
fn a_cluster_that_is_somebody_elses_is_left_alone() {
    let stage = Stage::new();
    stage.stub("stubs/kind", "case $1 in get) echo secrets-e2e ;; esac");

    let output = stage.run("e2e-kind", &[], &[]);

    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("there is a cluster secrets-e2e already; remove it"), "{}", said(&output));
    assert_eq!(stage.steps(), Vec::<String>::new());
}

#[rstest]
fn a_tool_that_is_missing_is_named_before_anything_is_done(
    #[values("docker", "kind", "kubectl", "cargo")] tool: &str,
) {
    let stage = Stage::new();
    fs::remove_file(stage.path("stubs").join(tool)).unwrap();

    let output = stage.run("e2e-kind", &[], &[]);

    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with(&format!("e2e-kind: {tool} is missing; install")), "{}", said(&output));
    assert_eq!(stage.steps(), Vec::<String>::new());
}

#[test]
fn a_driver_that_cannot_be_had_costs_no_image_and_no_cluster() {
    let stage = Stage::new();
    stage.stub("stubs/helm", "exit 1");

    let output = stage.run("e2e-kind", &[], &[]);

    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("e2e-kind: the driver's chart cannot be had"), "{}", said(&output));
    assert_eq!(stage.steps(), ["helm repo"]);
}

#[rstest]
#[case::kind("e2e-kind", &[])]
#[case::cluster("e2e-cluster", &["--images", ":e2e"])]
fn without_helm_its_engine_is_enough_once_the_driver_was_fetched(
    #[case] script: &str,
    #[case] arguments: &[&str],
    #[values(true, false)] was_fetched: bool,
) {
    let stage = Stage::new();
    fs::remove_file(stage.path("stubs/helm")).unwrap();
    // There is no driver, as in a new cluster.
    stage.stub("stubs/kubectl", "case $1 in get) exit 1 ;; esac");
    if was_fetched {
        stage.fetch_driver();
    }

    let output = stage.run(script, arguments, &[]);

    assert_eq!(output.status.success(), was_fetched, "{}", said(&output));
    assert_eq!(stage.calls().contains("conformance run"), was_fetched, "{}", stage.calls());
    let complaint = "driver-chart: helm is missing; install Helm";
    assert_eq!(said(&output).contains(complaint), !was_fetched, "{}", said(&output));
}

#[rstest]
#[case::kind("e2e-kind", &[])]
#[case::cluster("e2e-cluster", &["--images", ":e2e"])]
fn without_helm_and_its_engine_nothing_is_begun(#[case] script: &str, #[case] arguments: &[&str]) {
    let stage = Stage::new();
    fs::remove_file(stage.path("stubs/helm")).unwrap();
    stage.stub("workspace/scripts/helm-render", "exit 77");
    stage.fetch_driver();

    let output = stage.run(script, arguments, &[]);

    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains(": helm is missing, and so is its engine"), "{}", said(&output));
    assert_eq!(stage.steps(), ["helm-render --python"]);
}

#[test]
fn the_suites_verdict_is_that_of_a_run_in_a_cluster() {
    let stage = Stage::new();
    stage.stub("target/debug/conformance", "exit 3");

    let output = stage.run("e2e-cluster", &["--images", "registry.example.com:5000/e2e/:v1"], &[]);

    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
}

#[rstest]
#[case("registry.example.com:5000/e2e/")]
#[case("provider")]
#[case("provider:")]
fn images_without_a_tag_are_refused(#[case] images: &str) {
    let stage = Stage::new();

    let output = stage.run("e2e-cluster", &["--images", images], &[]);

    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("is no PREFIX:TAG"), "{}", said(&output));
}

#[test]
fn a_cluster_without_a_driver_gets_the_one_of_the_lock_file() {
    let stage = Stage::new();
    stage.stub("stubs/kubectl", "case $1 in get) exit 1 ;; esac");

    let output = stage.run("e2e-cluster", &["--images", ":e2e"], &[]);

    assert!(output.status.success(), "{}", said(&output));
    let expected = "helm repo add secrets-store-csi-driver https://kubernetes-sigs.github.io/secrets-store-csi-driver/charts\n";
    assert!(stage.calls().contains(expected), "{}", stage.calls());
    assert_eq!(stage.steps()[..2], ["helm repo", "helm dependency"]);
}

#[test]
fn an_engine_that_cannot_build_inside_is_told_what_to_install() {
    let stage = Stage::new();
    stage.stub("stubs/docker", "case $1 in buildx) exit 1 ;; version) echo 28.2.2 ;; esac");

    let output = stage.run("image", &["provider"], &[]);

    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with("image: docker 28.2.2 has no BuildKit; install"), "{}", said(&output));
    assert_eq!(stage.steps(), ["docker version"]);
}

#[test]
fn an_engine_from_before_buildx_builds_with_what_it_has() {
    let stage = Stage::new();
    let docker = r#"case $1 in
        buildx) exit 1 ;;
        version) echo 20.10.24+dfsg1 ;;
        build) echo "kit $DOCKER_BUILDKIT" >>"$CALLS" ;;
        image) echo 1000000 ;;
        esac"#;
    stage.stub("stubs/docker", docker);

    let output = stage.run("image", &["provider"], &[]);

    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(stage.steps(), ["docker version", "docker build", "kit 1"]);
}

#[rstest]
#[case::clean("", true)]
#[case::changed("case $1 in diff) exit 1 ;; esac", false)]
fn an_image_names_its_commit_unless_the_tree_is_changed(#[case] git: &str, #[case] named: bool) {
    let stage = Stage::new();
    stage.stub("stubs/git", &format!("case $1 in rev-parse) echo 0123abcd ;; esac\n{git}"));
    let workflow = [("GITHUB_SERVER_URL", "https://github.example"), ("GITHUB_REPOSITORY", "owner/name")];

    let output = stage.run("image", &["--labels"], &workflow);

    let labels = said(&output);
    assert_eq!(labels.contains("--label=org.opencontainers.image.revision=0123abcd\n"), named, "{labels}");
    assert!(
        labels.contains("--label=org.opencontainers.image.source=https://github.example/owner/name\n"),
        "{labels}"
    );
}

/// The instructions of a stage, but for those that bring its files.
fn instructions(dockerfile: &str, stage: &str) -> Vec<String> {
    let from = format!("FROM scratch{stage}");
    let lines =
        dockerfile.lines().skip_while(|line| *line != from).skip(1).take_while(|line| !line.is_empty());
    lines.filter(|line| !line.starts_with("COPY")).map(str::to_owned).collect()
}

#[rstest]
fn an_image_is_the_same_wherever_it_is_built(#[values("provider", "fake", "conformance")] image: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/image.d");
    let inside = fs::read_to_string(folder.join("Dockerfile")).unwrap();
    let offline = fs::read_to_string(folder.join(format!("{image}.Dockerfile"))).unwrap();

    let expected = instructions(&inside, &format!(" AS {image}"));
    assert!(expected.iter().any(|line| line.starts_with("ENTRYPOINT")), "{expected:?}");
    assert_eq!(instructions(&offline, ""), expected);
}

const SETTINGS: [(&str, &str); 3] = [
    ("REGISTRY", "registry.example.com/secrets"),
    ("REGISTRY_USERNAME", "robot"),
    ("REGISTRY_PASSWORD", "password"),
];

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

#[test]
fn a_release_without_a_place_is_refused_with_all_that_is_not_set() {
    let stage = Stage::new();

    let output = stage.run("release", &["check", &format!("v{}", version())], &SETTINGS[1..2]);

    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with("release: not set: REGISTRY REGISTRY_PASSWORD;"), "{}", said(&output));
}

#[test]
fn a_release_needs_one_version_everywhere() {
    let stage = Stage::new();
    let tag = format!("v{}", version());
    let changelog = stage.path("workspace/CHANGELOG.md");
    let check = |tag: &str| said(&stage.run("release", &["check", tag], &SETTINGS));

    fs::write(&changelog, "## Unreleased\n").unwrap();
    assert!(check("v99.0.0").contains("the tag v99.0.0 does not fit the version"), "{}", check("v99.0.0"));
    assert!(check(&tag).contains("CHANGELOG.md has no heading"), "{}", check(&tag));

    fs::write(&changelog, format!("## Unreleased\n\n## {}\n", version())).unwrap();
    assert!(
        check(&tag).contains("goes to registry.example.com/secrets and registry.example.com/secrets/charts")
    );
}

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A stage whose stubs answer as a registry makes them answer.
fn release_stage() -> Stage {
    let stage = Stage::new();
    let docker = r#"case "$*" in
        "buildx build"*)
            for word; do
                [ "$last" = --metadata-file ] && echo '"containerimage.digest": "DIGEST"' >"$word"
                last=$word
            done ;;
        "buildx imagetools inspect"*) echo DIGEST ;;
        esac"#;
    stage.stub("stubs/docker", &docker.replace("DIGEST", DIGEST));
    // The chart that is packaged is looked at.
    let helm = r#"case $1 in package) cp "$4/values.yaml" "$4/Chart.yaml" "$3" ;; push) echo "Digest: DIGEST" >&2 ;; esac"#;
    stage.stub("stubs/helm", &helm.replace("DIGEST", DIGEST));
    stage.stub("stubs/cosign", "");
    stage.stub("stubs/cargo-cyclonedx", "");
    let cargo = r#"if [ $1 = tree ]; then
            case "$*" in *alibabacloud*) main=csi-secrets-store-provider-alibabacloud ;; *fake*) main=fake-alicloud ;; *) main=conformance ;; esac
            printf '%s v1.2.3 (/somewhere)\nlinked v1.0.0\nlinked v1.0.0 (*)\n' $main
            exit
        fi
        for folder in provider fake-alicloud conformance; do
            name=$folder; [ $folder = provider ] && name=csi-secrets-store-provider-alibabacloud
            mkdir -p $folder
            cat >$folder/${name}_bin.cdx.json <<JSON
                {"metadata": {"component": {"bom-ref": "path+file://$PWD/$folder#1.2.3", "name": "$name", "version": "1.2.3"}},
                "components": [{"bom-ref": "l", "name": "linked", "version": "1.0.0"}, {"bom-ref": "t", "name": "of-tests", "version": "1.0.0"}],
                "dependencies": [{"ref": "path+file://$PWD/$folder#1.2.3", "dependsOn": ["l", "t"]}, {"ref": "t"}]}
JSON
        done"#;
    stage.stub("stubs/cargo", cargo);
    stage
}

#[test]
fn a_release_signs_and_attests_what_was_built_for_both_platforms() {
    let stage = release_stage();
    let digest = DIGEST;
    let run = |arguments: &[&str]| {
        let output = stage.run("release", arguments, &SETTINGS[..1]);
        assert!(output.status.success(), "{}", said(&output));
        stage.calls()
    };

    run(&["build", "linux/amd64", "out"]);
    let built = run(&["build", "linux/arm64", "out"]);
    let published = run(&["publish", "v1.2.3", "out"]);

    assert_eq!(built.matches("docker buildx build --platform linux/arm64").count(), 3, "{built}");
    let version = format!("--label=org.opencontainers.image.version={}", version());
    assert!(
        built.lines().all(|line| line.contains("push-by-digest=true") && line.contains(&version)),
        "{built}"
    );
    assert_eq!(published.matches("docker buildx imagetools create").count(), 3, "{published}");
    for package in ["csi-secrets-store-provider-alibabacloud", "fake-alicloud", "conformance"] {
        let image = format!("registry.example.com/secrets/{package}");
        let join = format!("create --tag {image}:v1.2.3 {image}@{digest} {image}@{digest}\n");
        assert!(published.contains(&join), "{published}");
        assert!(
            published.contains(&format!("cosign sign --yes --recursive {image}@{digest}\n")),
            "{published}"
        );
        let attest = format!(
            "cosign attest --yes --type cyclonedx --predicate out/{package}.cdx.json {image}@{digest}\n"
        );
        assert!(published.contains(&attest), "{published}");
    }
    let chart = "registry.example.com/secrets/charts/csi-secrets-store-provider-alibabacloud";
    assert!(published.ends_with(&format!("cosign sign --yes {chart}@{digest}\n")), "{published}");
    let sbom = fs::read_to_string(stage.path("workspace/out/fake-alicloud.cdx.json")).unwrap();
    let sbom: serde_json::Value = serde_json::from_str(&sbom).unwrap();
    assert_eq!(sbom["metadata"]["component"]["bom-ref"], "path+file:///fake-alicloud#1.2.3");
    assert_eq!(sbom["components"].as_array().unwrap().len(), 1, "{sbom}");
    assert_eq!(
        sbom["dependencies"],
        serde_json::json!([{"ref": "path+file:///fake-alicloud#1.2.3", "dependsOn": ["l"]}])
    );
    let values = fs::read_to_string(stage.path("workspace/out/values.yaml")).unwrap();
    assert!(
        values.contains(
            "    repository: registry.example.com/secrets/csi-secrets-store-provider-alibabacloud\n"
        )
    );
    let chart = fs::read_to_string(stage.path("workspace/out/Chart.yaml")).unwrap();
    assert!(chart.contains(&format!("csi-secrets-store-provider-alibabacloud:v1.2.3@{digest}")), "{chart}");
}

#[rstest]
#[case::joining("docker", "buildx imagetools create")]
#[case::listing("cargo", "cyclonedx")]
#[case::signing("cosign", "sign")]
#[case::attesting("cosign", "attest")]
#[case::choosing("cargo", "tree")]
#[case::checking("helm", "lint")]
#[case::packaging("helm", "package")]
#[case::pushing("helm", "push")]
fn a_release_that_fails_on_the_way_fails_and_goes_no_further(#[case] command: &str, #[case] step: &str) {
    let stage = release_stage();
    let output = stage.run("release", &["build", "linux/amd64", "out"], &SETTINGS[..1]);
    assert!(output.status.success(), "{}", said(&output));
    let real = format!("stubs/{command}.real");
    fs::rename(stage.path("stubs").join(command), stage.path(&real)).unwrap();
    let body = format!(
        "case \"$*\" in \"{step}\"*) exit 1 ;; *) exec {} \"$@\" ;; esac",
        stage.path(&real).display()
    );
    stage.stub(&format!("stubs/{command}"), &body);

    let output = stage.run("release", &["publish", "v1.2.3", "out"], &SETTINGS[..1]);

    assert!(!output.status.success(), "{}", said(&output));
    let calls = stage.calls();
    assert!(calls.lines().last().unwrap().starts_with(&format!("{command} {step}")), "{calls}");
}
