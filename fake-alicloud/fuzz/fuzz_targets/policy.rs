//! Any text is a policy or is refused, and a policy decides any question, soon and always in the same way; what only denies
//! lets nobody in.
//!
//! ```text
//! kms:GetSecretValue
//! acs:kms:cn-hangzhou:1:secret/a
//! acs:SourceIp=10.0.0.1
//!
//! {"Version":"1","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}
//! ```
//!
//! An input is an action, a resource, a line per value of a condition key, an empty line and the policy.

#![no_main]

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use fake_alicloud::fuzzing::judge;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Long enough for a machine that is busy with other things, and much too short for trial and error.
const PATIENCE: Duration = Duration::from_secs(5);

fuzz_target!(|input: &str| {
    let (head, text) = input.split_once("\n\n").unwrap_or(("", input));
    let mut lines = head.lines();
    let (action, resource) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let mut values = BTreeMap::<String, Vec<String>>::new();
    for (key, value) in lines.filter_map(|line| line.split_once('=')) {
        values.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    let values: Vec<_> = values.into_iter().collect();

    let start = Instant::now();
    let judgement = judge(text, action, resource, &values);
    assert!(start.elapsed() < PATIENCE, "it took {:?}", start.elapsed());
    assert_eq!(judge(text, action, resource, &values), judgement);

    let accepted = [judgement.identity, judgement.resource, judgement.trust].iter().any(Option::is_some);
    if accepted {
        let document: Value = serde_json::from_str(text).expect("JSON, or no policy");
        assert_eq!(document["Version"], "1");
        let statements = document["Statement"].as_array().expect("an array, or no policy");
        if statements.iter().all(|statement| statement["Effect"] == "Deny") {
            assert_ne!(judgement.identity, Some(true));
            assert_ne!(judgement.session, Some(true));
            assert_ne!(judgement.resource, Some(true));
            assert_ne!(judgement.trust, Some(true));
        }
        // What allows everything to everybody is not in the way of the account itself.
        if statements.iter().all(|statement| statement["Effect"] == "Allow") {
            assert_ne!(judgement.secret, Some(false));
        }
    }
    // A policy of a secret is one of a resource.
    assert!(judgement.secret.is_none() || judgement.resource.is_some());
    // No text is of two kinds that are told apart by their elements.
    assert!(judgement.identity.is_none() || judgement.resource.is_none() && judgement.trust.is_none());
    assert!(judgement.resource.is_none() || judgement.trust.is_none());
});
