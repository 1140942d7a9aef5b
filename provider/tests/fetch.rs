//! `fetch`, the shipped binary against the fake cloud: what it prints, what it keeps, what it refuses.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use fake_alicloud::{FakeAlicloud, Options, Seed};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);
const ID: &str = "LTAI5tFetchTests0001";
const KEY: &str = "fetch-tests-key";

const SEED: &str = r#"
accounts:
  - id: '1234567890123456'
    accessKeys: [{ id: LTAI5tFetchTests0001, secret: fetch-tests-key }]
    secrets:
      - { name: db/users, versions: [{ id: v7, data: '{"username":"testuser","password":"hunter2-hunter2"}' }] }
      - { name: key.der, dataType: binary, versions: [{ id: k1, data: //79AA== }] }
"#;

const CLASS: &str = r#"
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: { name: app-secrets, namespace: shop }
spec:
  provider: alibabacloud
  parameters:
    region: cn-hangzhou
    pathTranslation: "False"
    objects: |
      - objectName: db/users
        filePermission: "0400"
        jmesPath:
          - path: password
            objectAlias: db/password
          - path: missing || username
            objectAlias: user
      - objectName: key.der
        optinal: true
"#;

async fn cloud() -> FakeAlicloud {
    let fake = FakeAlicloud::start(Options::default()).await.expect("free ports");
    fake.seed(&Seed::from_yaml(SEED).expect("a seed")).expect("an empty fake");
    fake
}

/// Runs `fetch` with `class` as its standard input.
async fn fetch(fake: &FakeAlicloud, key: &str, arguments: &[&str], class: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_csi-secrets-store-provider-alibabacloud"))
        .args(["fetch", "--kms-endpoint", fake.api_url()])
        .args(arguments)
        .env_clear()
        .env("ACCESS_KEY_ID", ID)
        .env("SECRET_ACCESS_KEY", key)
        .kill_on_drop(true)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(class.as_bytes()).await;
    timeout(PATIENCE, child.wait_with_output()).await.expect("it ends by itself").unwrap()
}

fn text(stream: &[u8]) -> String {
    String::from_utf8_lossy(stream).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_table_says_what_a_pod_would_get_and_no_value() {
    let output = fetch(&cloud().await, KEY, &[], CLASS).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    insta::assert_snapshot!(text(&output.stdout), @r#"
    FILE         BYTES  VERSION      SOURCE
    db/users        52  v7           kms db/users
    db/password     15  v7+c315a1fd  kms db/users jmesPath "password"
    user             8  v7+993be7d8  kms db/users jmesPath "missing || username"
    key.der          4  k1           kms key.der
    "#);
    assert!(
        text(&output.stderr).starts_with("warning: objects[1] \"key.der\" (line 9): \"optinal\""),
        "{output:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn values_are_shown_on_request() {
    let output = fetch(&cloud().await, KEY, &["--show", "-"], CLASS).await;
    let text = text(&output.stdout);
    assert!(text.contains("\ndb/password:\nhunter2-hunter2\n"), "{text}");
    assert!(text.contains("\nkey.der:\n//79AA== (Base64)\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn files_are_kept_with_their_modes_in_a_folder_of_their_own() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("out");
    let fake = cloud().await;
    let arguments = ["--output", folder.to_str().unwrap()];
    let output = fetch(&fake, KEY, &arguments, CLASS).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!text(&output.stdout).contains("hunter2"), "{output:?}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(fs::read_to_string(folder.join("db/password")).unwrap(), "hunter2-hunter2");
    assert_eq!(fs::read(folder.join("key.der")).unwrap(), [0xff, 0xfe, 0xfd, 0]);
    assert_eq!((mode(&folder), mode(&folder.join("db"))), (0o700, 0o700));
    assert_eq!((mode(&folder.join("db/users")), mode(&folder.join("key.der"))), (0o400, 0o644));

    let calls = fake.journal().len();
    let output = fetch(&fake, KEY, &arguments, CLASS).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).contains("is not empty"), "{output:?}");
    assert_eq!(fake.journal().len(), calls);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_exit_code_tells_a_class_that_fails_from_a_call_that_is_wrong() {
    let fake = cloud().await;
    let two = format!("{CLASS}---{}", CLASS.replace("app-secrets", "others"));
    let absent = CLASS.replace("objectName: key.der", "objectName: absent");
    let untyped = CLASS.replace("objectName: key.der", "objectNam: key.der");
    for (key, arguments, class, code, expected) in [
        ("another-key", &[][..], CLASS, 1, "SignatureDoesNotMatch"),
        (KEY, &[], &absent, 1, "objects[1] \"absent\""),
        (KEY, &[], &untyped, 1, "objectName is missing"),
        (KEY, &[], "kind: [", 1, "stdin:1:"),
        (KEY, &[], "kind: Pod", 2, "no SecretProviderClass in the input"),
        (KEY, &[], &two, 2, "choose with --class one of app-secrets, others"),
        (KEY, &["--class=other"], &two, 2, "it holds app-secrets, others"),
        (KEY, &["--class=others"], &two, 0, ""),
        (KEY, &["absent.yaml"], CLASS, 2, "absent.yaml cannot be read"),
        (KEY, &["--max-concurrent-kms-secret-pulls=0"], CLASS, 2, "expected at least 1"),
        (KEY, &["--output=/proc/none"], CLASS, 1, "/proc/none cannot be written"),
    ] {
        let output = fetch(&fake, key, arguments, class).await;
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {output:?}");
        assert!(text(&output.stderr).contains(expected), "{arguments:?} {output:?}");
        assert_eq!(code != 0, output.stdout.is_empty(), "{arguments:?} {output:?}");
    }
}
