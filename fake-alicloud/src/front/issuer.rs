//! The sites of issuers: what clients read to verify tokens by themselves. No API calls, but in the journal like these.

use http::{HeaderValue, Response, StatusCode, header};
use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::{
    cloud::Cloud,
    journal::{self, JournalEntry, SignatureKind},
    oidc::SigningKey,
    request::Request,
    state::issuer::Page,
};

/// The product's name in the journal.
const PRODUCT: &str = "oidc";

/// Answers a request for a page of an issuer that the fake plays; none if it is for something else.
pub(super) fn answer(cloud: &Cloud, request: &Request, now: Timestamp) -> Option<Response<Bytes>> {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return None;
    }
    let (page, path) = Page::at(&request.path)?;
    let host = request.host();
    let document = {
        let state = cloud.state();
        let (url, keys) = state.issuers.at(&host, path)?;
        match page {
            Page::Discovery => json!({
                "issuer": url,
                "jwks_uri": url.of(Page::KeySet),
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": algorithms(keys),
            }),
            Page::KeySet => json!({ "keys": keys.iter().map(|key| key.public().jwk()).collect::<Vec<_>>() }),
        }
    };
    cloud.journal.record(JournalEntry {
        sequence: 0, // the journal numbers its entries
        time: now,
        product: PRODUCT.to_owned(),
        action: match page {
            Page::Discovery => "GetDiscovery".to_owned(),
            Page::KeySet => "GetJwks".to_owned(),
        },
        version: String::new(),
        scheme: request.scheme,
        method: request.method.clone(),
        host,
        region: String::new(),
        signature: SignatureKind::Unsigned,
        access_key_id: None,
        account: None,
        caller_arn: None,
        parameters: journal::readable(request.pairs()),
        status: StatusCode::OK.as_u16(),
        code: None,
        request_id: Uuid::new_v4().to_string().to_uppercase(),
        fault: None,
    });
    let mut response = Response::new(Bytes::from(document.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Some(response)
}

fn algorithms(keys: &[SigningKey]) -> Vec<&'static str> {
    let mut names: Vec<_> = keys.iter().map(|key| key.algorithm().name()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
