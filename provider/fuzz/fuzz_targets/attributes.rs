//! Whatever the driver or somebody in its place sends, a mount request is understood or refused.
//!
//! An input is the four texts of a request, separated by zero bytes.

#![no_main]

use csi_secrets_store_provider_alibabacloud::mount::request::{Attributes, Request};
use csi_secrets_store_provider_alibabacloud::mount::settings::Settings;
use libfuzzer_sys::fuzz_target;

/// A message is shown as an event of a pod, which holds no more.
const LONGEST_MESSAGE: usize = 16 * 1024;

fuzz_target!(|text: &str| {
    let mut texts = text.split('\0');
    let attributes = texts.next().unwrap_or_default();
    let (secrets, target, permission) =
        (texts.next().unwrap_or("null"), texts.next().unwrap_or("/t"), texts.next().unwrap_or("420"));
    let attributes = match Attributes::parse(attributes) {
        Ok(attributes) => attributes,
        Err(error) => return assert!(error.to_string().len() < LONGEST_MESSAGE),
    };
    assert!(attributes.subject().to_string().len() < LONGEST_MESSAGE);
    match Request::parse(&attributes, secrets, target, permission, &Settings::default()) {
        Ok(request) => {
            assert!(!request.objects.is_empty());
            assert!(request.warnings.iter().all(|warning| warning.to_string().len() < LONGEST_MESSAGE));
        }
        Err(error) => assert!(error.to_string().len() < LONGEST_MESSAGE, "{error}"),
    }
});
