//! Ten thousand random classes: whatever is accepted, the driver writes as it is.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use csi_secrets_store_provider_alibabacloud::mount::object::{Rules, SecretObject, parse_objects};
use csi_secrets_store_provider_alibabacloud::mount::path::Translation;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

/// The driver's rules for a path, once more and in other words (`pkg/util/fileutil/writer.go` of
/// kubernetes-sigs/secrets-store-csi-driver, tag v1.6.0).
fn the_driver_writes(path: &str) -> bool {
    let elements: Vec<_> = path.split('/').collect();
    let clean = elements.iter().all(|element| !matches!(*element, "" | "." | ".."));
    let short = path.len() <= 4096 && elements.iter().all(|element| element.len() <= 255);
    clean && short && !path.starts_with("..") && !path.contains('\0')
}

/// Names from few pieces, so that they often collide, often lead astray, and are often in order.
fn name() -> impl Strategy<Value = String> {
    let pieces = ["a", "b", "ab", "/", "/", "_", ".", "..", "密", " ", "\0", "\\", "x".repeat(90).leak()];
    let odd = vec(select(pieces.to_vec()), 0..6).prop_map(|pieces| pieces.concat());
    let plain = "[a-z]{1,8}(/[a-z.]{1,4}){0,2}";
    prop_oneof![1 => odd, 4 => plain]
}

fn entry() -> impl Strategy<Value = Value> {
    let alias = proptest::option::weighted(0.3, name());
    let extract = ("[a-z]{1,6}(\\.[a-z]{1,3})?", proptest::option::weighted(0.5, name()));
    let extracts = prop_oneof![2 => Just(Vec::new()), 1 => vec(extract, 1..4)];
    (name(), alias, extracts, any::<bool>()).prop_map(|(name, alias, extracts, oos)| {
        let mut fields = Map::from_iter([("objectName".to_owned(), json!(name))]);
        if let Some(alias) = alias {
            fields.insert("objectAlias".to_owned(), json!(alias));
        }
        if oos {
            fields.insert("objectType".to_owned(), json!("oos"));
        }
        let extract = |(path, alias)| json!({"path": path, "objectAlias": alias});
        let extracts: Vec<_> = extracts.into_iter().map(extract).collect();
        if !extracts.is_empty() {
            fields.insert("jmesPath".to_owned(), json!(extracts));
        }
        fields.into()
    })
}

fn paths(objects: &[SecretObject]) -> Vec<&str> {
    objects.iter().flat_map(|object| &object.files).map(|file| file.path.as_str()).collect()
}

#[test]
fn an_accepted_class_has_files_that_the_driver_writes_and_none_in_anothers_way() {
    const CASES: u32 = 10_000;
    static ACCEPTED: AtomicUsize = AtomicUsize::new(0);
    let classes = (vec(entry(), 1..5), select(vec!["_", "-", "False", "密", "."]));
    let law = |(entries, translation): (Vec<Value>, &str)| {
        let translation: Translation = translation.parse().expect("a translation");
        let rules = Rules { translation, ..Rules::default() };
        let text = Value::from(entries.clone()).to_string();
        let Ok((objects, _)) = parse_objects(&text, &rules) else { return Ok(()) };
        ACCEPTED.fetch_add(1, Ordering::Relaxed);
        let paths = paths(&objects);
        let wanted: usize =
            entries.iter().map(|entry| 1 + entry["jmesPath"].as_array().map_or(0, Vec::len)).sum();
        prop_assert_eq!(paths.len(), wanted, "every file that was asked for is there");
        for path in &paths {
            prop_assert!(the_driver_writes(path), "{:?}", path);
        }
        let all: BTreeSet<_> = paths.iter().copied().collect();
        prop_assert_eq!(all.len(), paths.len(), "no two are equal: {:?}", paths);
        for path in &paths {
            let mut above = path.match_indices('/').map(|(end, _)| &path[..end]);
            prop_assert!(!above.any(|folder| all.contains(folder)), "one lies below another: {:?}", paths);
        }
        Ok(())
    };
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&classes, law).expect("the law holds");
    // A law about accepted classes says nothing if hardly any is.
    let accepted = ACCEPTED.load(Ordering::Relaxed);
    assert!((1_000..9_900).contains(&accepted), "{accepted} of {CASES} classes were accepted");
}
