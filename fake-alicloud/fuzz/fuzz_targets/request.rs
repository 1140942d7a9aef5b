//! Whatever is asked of the API door, it answers as the cloud would: a success or a refusal, well formed, never a failure
//! of its own; nobody without the key gets a success; and no refusal or journal tells a secret.

#![no_main]

mod cloud;
mod draft;
mod sign;

use std::cell::LazyCell;

use fake_alicloud::fuzzing::Door;
use http::{HeaderMap, StatusCode};
use libfuzzer_sys::fuzz_target;
use quick_xml::events::Event;
use serde_json::Value;

use self::draft::Signing;

/// In the data of every secret of the cloud, and in no request that a search is likely to come by.
const HIDDEN: &[u8] = b"7he-Hidden-7ext";

thread_local! {
    static DOOR: LazyCell<Door> = LazyCell::new(cloud::door);
}

fuzz_target!(|input: &[u8]| DOOR.with(|door| {
    door.rewind();
    let knows_hidden = contains(input, HIDDEN);
    for (number, mut draft) in draft::drafts(input).enumerate() {
        sign::sign(&mut draft, &format!("nonce-{number}"));
        let signing = draft.signing;
        let answer = door.answer(draft.request());
        let status = answer.status();
        assert!(status.is_success() || status.is_client_error(), "{status}");
        assert!(signing != Signing::None || status.is_client_error(), "a success for nobody");
        assert_well_formed(status, answer.headers(), answer.body());
        let journal = door.journal();
        let entry = journal.last().expect("an entry per call");
        assert_eq!((journal.len(), entry.status), (number + 1, status.as_u16()));
        if !knows_hidden {
            assert!(status.is_success() || !contains(answer.body(), HIDDEN));
            let entry = serde_json::to_vec(entry).expect("an entry has a JSON form");
            assert!(!contains(&entry, HIDDEN));
        }
        // The journal of this cloud is that long.
        if number == 99 {
            break;
        }
    }
}));

/// The body is what the header says, and has what every answer has.
fn assert_well_formed(status: StatusCode, headers: &HeaderMap, body: &[u8]) {
    let text = std::str::from_utf8(body).expect("UTF-8");
    let id = headers["x-acs-request-id"].to_str().expect("ASCII");
    match headers["content-type"].to_str().expect("ASCII") {
        "application/json;charset=utf-8" => {
            let body: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(body["RequestId"], id);
            assert_eq!(body["Code"].is_string(), status.is_client_error());
        }
        "text/xml;charset=utf-8" => {
            assert!(text.contains(&format!("<RequestId>{id}</RequestId>")));
            let mut reader = quick_xml::Reader::from_str(text);
            loop {
                match reader.read_event().expect("XML") {
                    Event::Eof => break,
                    Event::Start(element) => {
                        let plain = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "_-.".contains(c);
                        assert!(element.name().0.chars().all(plain), "{text}");
                    }
                    _ => {}
                }
            }
        }
        other => panic!("an answer in {other}"),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
