//! Whatever a name is, the file that it becomes obeys the driver's rules, told here a second time.
//!
//! Rules: `validatePath` in `pkg/util/fileutil` of kubernetes-sigs/secrets-store-csi-driver, tag v1.6.0.

#![no_main]

use std::path::{Component, Path};

use csi_secrets_store_provider_alibabacloud::mount::path::Translation;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (setting, name) = text.split_once('\0').unwrap_or(("False", text));
    let Ok(translation) = setting.parse::<Translation>() else { return };
    let Ok(path) = translation.apply(name) else { return };
    let path = path.as_str();
    assert!(!path.is_empty() && path.len() <= 4096 && !path.starts_with(".."));
    assert!(path.split('/').all(|element| !matches!(element, "" | "." | "..") && element.len() <= 255));
    // Clean as the driver means it, and inside the volume.
    let parts: Vec<_> = Path::new(path).components().collect();
    assert!(parts.iter().all(|part| matches!(part, Component::Normal(_))));
    assert_eq!(parts.iter().map(|part| part.as_os_str().to_str().unwrap()).collect::<Vec<_>>().join("/"), path);
    if let Translation::Replace(character) = translation {
        assert_eq!(name.replace('/', &character.to_string()), path);
    }
});
