//! `lint`: what it says to manifests that people write. Each folder of `lint/` holds an input and what is said to it.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use csi_secrets_store_provider_alibabacloud::lint::input::Input;
use csi_secrets_store_provider_alibabacloud::lint::lint;
use csi_secrets_store_provider_alibabacloud::mount::settings::Settings;
use rstest::rstest;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lint");

#[rstest]
fn every_case_is_as_reviewed(
    #[files("tests/lint/*/input.yaml")]
    #[mode = path]
    input: std::path::PathBuf,
) {
    let text = fs::read_to_string(&input).unwrap();
    let report = lint(&[Input { name: "input.yaml".to_owned(), text }], &Settings::default()).unwrap();
    insta::with_settings!({
        snapshot_path => input.parent().unwrap(), prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!("expected", report);
    });
}

fn run(arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_csi-secrets-store-provider-alibabacloud"))
        .arg("lint")
        .args(arguments)
        .current_dir(CASES)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

/// Its five mistakes are a case of their own.
#[test]
fn the_readme_shows_what_is_said() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let kept = fs::read_to_string(Path::new(CASES).join("five-typical-mistakes/expected.snap")).unwrap();
    let said: Vec<_> = kept.lines().filter(|line| line.contains(": error: ")).collect();
    assert!(said.len() >= 5, "{kept}");
    for line in said {
        let line = line.replace("input.yaml", "app.yaml");
        assert!(readme.contains(&format!("    {line}\n")), "not in the README: {line}");
    }
}

#[rstest]
#[case::good(&["product-page/input.yaml"], 0)]
#[case::warnings(&["variables/input.yaml"], 0)]
#[case::mistakes(&["product-page/input.yaml", "misspelt-fields/input.yaml"], 1)]
#[case::no_file(&["absent.yaml"], 2)]
#[case::nothing(&["-"], 2)]
#[case::no_option(&["--fix"], 2)]
fn the_exit_code_is_the_verdict(#[case] arguments: &[&str], #[case] expected: i32) {
    let output = run(arguments, "kind: ConfigMap\n");
    assert_eq!(output.status.code(), Some(expected), "{output:?}");
    assert_eq!(expected == 2, !output.stderr.is_empty(), "{output:?}");
}

#[test]
fn files_are_checked_together_and_standard_input_is_one() {
    let classes = Path::new(CASES).join("variables/input.yaml");
    let pod = "kind: Pod\nspec: {volumes: [{csi: {driver: secrets-store.csi.k8s.io, readOnly: true, \
               volumeAttributes: {secretProviderClass: ap}}}]}\n";
    let output = run(&[classes.to_str().unwrap(), "-"], pod);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("stdin:2:"), "{text}");
    assert!(
        text.contains("there is no SecretProviderClass \"ap\"; the classes of the input are \"app\""),
        "{text}"
    );
}

#[test]
fn programs_get_json() {
    let output = run(&["--format=json", "secret-objects/input.yaml"], "");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["findings"][0]["line"], 20);
    assert_eq!(report["findings"][0]["severity"], "error");
    assert_eq!(report["classes"][0]["namespace"], "shop");
    assert_eq!(
        report["classes"][0]["files"][2],
        serde_json::json!({"path": "tls", "mode": "0400", "source": "objects[2] \"tls\"", "optional": true})
    );
}

#[test]
fn the_operators_own_settings_count() {
    let class = "apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {name: a}\n\
                 spec: {provider: alibabacloud, parameters: {objects: '[{objectName: \
                 \"acs:kms:cn-beijing:1:secret/x\", kmsEndpoint: kms.example.com}]'}}\n";
    assert_eq!(run(&["--allowed-endpoint=kms.example.com"], class).status.code(), Some(0));
    let output = run(&["--region=cn-hangzhou"], class);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("in region cn-beijing") && text.contains("--allowed-endpoint"), "{text}");
}
