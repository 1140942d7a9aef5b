//! A release of the vendor's chart becomes one of this chart in place.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::engine::{Engine, Rendering, chart, read};

fn vendors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chart/vendor-0.6.0")
}

fn over(vendors: PathBuf, values: Value) -> Rendering {
    Rendering { over: Some(vendors), ..Rendering::new([values]) }
}

/// Every value of the vendor's, with the two about the image as the README says.
fn values() -> Value {
    read(&chart().join("ci/vendor-values-file-values.yaml"))
}

/// The API refuses another selector and another role of a binding, as a cluster does.
#[test]
fn the_vendors_release_becomes_this_charts_and_nothing_stays_behind() {
    let Some(engine) = Engine::find() else { return };

    let upgraded = engine.render(&over(vendors(), values())).unwrap();

    assert_eq!(upgraded, engine.render(&Rendering::new([values()])).unwrap());
    let daemon_set = upgraded.iter().find(|object| object["kind"] == "DaemonSet").unwrap();
    assert_eq!(daemon_set["metadata"]["name"], "csi-secrets-store-provider-alibabacloud");
    let container = &daemon_set["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["name"], "provider-alibabacloud-installer");
}

/// Without this the test above could pass in a cluster that takes everything.
#[test]
fn a_release_with_another_selector_cannot_be_taken_over() {
    let Some(engine) = Engine::find() else { return };
    let folder = TempDir::new().unwrap();
    for file in ["Chart.yaml", "values.yaml", "templates/objects.yaml"] {
        let text = fs::read_to_string(vendors().join(file)).unwrap();
        fs::create_dir_all(folder.path().join("templates")).unwrap();
        fs::write(folder.path().join(file), text.replace("app: csi-", "app: other-")).unwrap();
    }

    let words = engine.render(&over(folder.path().to_owned(), values())).unwrap_err();

    assert!(words.contains("spec.selector") && words.contains("field is immutable"), "{words}");
}

/// `--reuse-values` keeps the vendor's image, which does not know this chart's flags.
#[test]
fn the_vendors_image_is_not_started_with_this_charts_flags() {
    let Some(engine) = Engine::find() else { return };
    let repository = "registry.cn-hangzhou.aliyuncs.com/acs/secrets-store-csi-driver-provider-alibaba-cloud";
    let image = json!({ "linux": { "image": { "repository": repository, "tag": "v0.6.0" } } });

    let words = engine.render(&over(vendors(), values()).with(image)).unwrap_err();

    assert!(words.contains("is the vendor's image") && words.contains("linux.image.tag"), "{words}");
}
