//! Whatever expression meets whatever document: an answer or an error, soon, in little memory, on a small stack.
//!
//! An input is an expression and, behind a zero byte, a document.

#![no_main]

use std::time::Duration;

use csi_secrets_store_provider_alibabacloud::mount::extract::{Document, Expression};
use libfuzzer_sys::fuzz_target;
use rustix::time::{ClockId, clock_gettime};

const DOCUMENT: &str = r#"{"a":{"b":[1,1.10,"x\ny",null,true]},"c":[{"d":"e","n":2},{"d":"f","n":-1}],"":""}"#;
/// More than an evaluation may make, and than an error may say.
const LARGEST: usize = 5 * 1024 * 1024;

fuzz_target!(|text: &str| {
    let (expression, document) = text.split_once('\0').unwrap_or((text, DOCUMENT));
    let started = processor_time();
    match (Expression::parse(expression), Document::parse(document.as_bytes())) {
        (Ok(expression), Ok(document)) => match expression.search(&document) {
            Ok(found) => assert!(found.expose().len() < LARGEST),
            Err(error) => assert!(error.to_string().len() < 16 * 1024),
        },
        (Err(error), _) => assert!(error.to_string().len() < 16 * 1024),
        (_, Err(error)) => assert!(error.to_string().len() < 16 * 1024),
    }
    let took = processor_time().saturating_sub(started);
    assert!(took < Duration::from_secs(2), "{took:?}");
});

/// What this process has used: the wall clock would count what the machine does besides.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().expect("time that was used is not negative")
}
