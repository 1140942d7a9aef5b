//! Whatever expression meets whatever document: an answer or an error, soon, in little memory, on a small stack.
//!
//! An input is an expression and, behind a zero byte, a document.

#![no_main]

use std::time::{Duration, Instant};

use csi_secrets_store_provider_alibabacloud::mount::extract::{Document, Expression};
use libfuzzer_sys::fuzz_target;

const DOCUMENT: &str = r#"{"a":{"b":[1,1.10,"x\ny",null,true]},"c":[{"d":"e","n":2},{"d":"f","n":-1}],"":""}"#;
/// More than an evaluation may make, and than an error may say.
const LARGEST: usize = 5 * 1024 * 1024;

fuzz_target!(|text: &str| {
    let (expression, document) = text.split_once('\0').unwrap_or((text, DOCUMENT));
    let started = Instant::now();
    match (Expression::parse(expression), Document::parse(document.as_bytes())) {
        (Ok(expression), Ok(document)) => match expression.search(&document) {
            Ok(found) => assert!(found.expose().len() < LARGEST),
            Err(error) => assert!(error.to_string().len() < 16 * 1024),
        },
        (Err(error), _) => assert!(error.to_string().len() < 16 * 1024),
        (_, Err(error)) => assert!(error.to_string().len() < 16 * 1024),
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
});
