//! Whatever a class says, its files are such as the driver writes, and `lint` agrees with the mount.
//!
//! The first byte of an input is the path translation, the rest are the objects.

#![no_main]

use csi_secrets_store_provider_alibabacloud::lint::input::Input;
use csi_secrets_store_provider_alibabacloud::lint::lint;
use csi_secrets_store_provider_alibabacloud::mount::object::{Rules, parse_objects};
use csi_secrets_store_provider_alibabacloud::mount::path::Translation;
use csi_secrets_store_provider_alibabacloud::mount::settings::Settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let translation = match text.chars().next() {
        Some('/') => Translation::Keep,
        Some(character) if character.is_ascii_graphic() => Translation::Replace(character),
        _ => return,
    };
    let objects = &text[1..];
    let rules = Rules { translation, ..Rules::default() };
    let accepted = parse_objects(objects, &rules);
    if let Ok((objects, _)) = &accepted {
        let mut paths: Vec<_> =
            objects.iter().flat_map(|object| &object.files).map(|file| file.path.as_str()).collect();
        paths.sort_unstable();
        for pair in paths.windows(2) {
            assert!(pair[0] != pair[1] && !pair[1].starts_with(&format!("{}/", pair[0])), "{pair:?}");
        }
    }
    let parameter = if let Translation::Replace(character) = translation { character.to_string() } else { "False".into() };
    let manifest = serde_json::json!({
        "apiVersion": "secrets-store.csi.x-k8s.io/v1",
        "kind": "SecretProviderClass",
        "metadata": { "name": "fuzzed" },
        "spec": { "provider": "alibabacloud", "parameters": { "pathTranslation": parameter, "objects": objects } },
    });
    // The manifest's own form, and the objects as a manifest.
    for text in [manifest.to_string(), objects.to_owned()] {
        let lines = text.split(['\n', '\r']).count() as u64;
        let Ok(report) = lint(&[Input { name: "f".to_owned(), text }], &Settings::default()) else { continue };
        assert!(report.findings.iter().all(|finding| finding.line <= lines), "{report}");
        if report.classes.first().is_some_and(|class| class.name == "fuzzed" && class.valid) {
            assert!(accepted.is_ok() || objects.trim().is_empty(), "{report}");
        }
    }
});
