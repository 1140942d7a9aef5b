//! Answers as they go over the wire: body, status and the gateway's headers.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use hyper::body::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::xml;
use crate::{
    api::{ApiError, Origin, Product},
    policy::Refusal,
    request::Request,
    state::account::Identity,
};

/// The two forms of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Json,
    Xml,
}

impl Format {
    /// The parameter `Format` decides, then the header `Accept`.
    pub(super) fn of(request: &Request) -> Result<Self, ApiError> {
        match request.parameter("Format").filter(|text| !text.is_empty()) {
            Some(text) if text.eq_ignore_ascii_case("json") => Ok(Self::Json),
            Some(text) if text.eq_ignore_ascii_case("xml") => Ok(Self::Xml),
            Some(_) => Err(ApiError::wrong_format()),
            None => {
                let accept = request.header("accept").unwrap_or_default();
                // Without a word the page of OOS does not say what comes, and those of STS contradict each other; most of
                // the newer ones say JSON.
                let wants_xml = accept.contains("xml") && !accept.contains("json");
                Ok(if wants_xml { Self::Xml } else { Self::Json })
            }
        }
    }
}

/// How a call ended, with all that its wording needs.
pub(super) struct Answer<'a> {
    pub(super) outcome: Result<Value, ApiError>,
    pub(super) format: Format,
    pub(super) request_id: String,
    pub(super) host: String,
    pub(super) action: &'a str,
    pub(super) product: Option<Product>,
}

impl Answer<'_> {
    pub(super) fn status(&self) -> StatusCode {
        self.outcome.as_ref().err().map_or(StatusCode::OK, |error| error.status)
    }

    /// The fields in either format.
    fn fields(&mut self) -> Value {
        match &mut self.outcome {
            Ok(fields) => {
                let mut fields = fields.take();
                fields["RequestId"] = json!(self.request_id);
                fields
            }
            Err(error) => match error.origin {
                Origin::Gateway => {
                    let mut fields = json!({
                        "RequestId": self.request_id,
                        "HostId": self.host,
                        "Code": error.code,
                        "Message": error.message,
                        "Recommend": recommendation(&error.code, self.product, &self.request_id),
                    });
                    if let Some(refusal) = &error.refusal {
                        fields["AccessDeniedDetail"] = access_denied_detail(refusal);
                    }
                    fields
                }
                Origin::Product => json!({
                    "HttpStatus": error.status.as_u16(),
                    "Code": error.code,
                    "Message": error.message,
                    "RequestId": self.request_id,
                }),
            },
        }
    }

    fn body(&mut self) -> String {
        let fields = self.fields();
        match self.format {
            Format::Json => fields.to_string(),
            Format::Xml if self.outcome.is_ok() => {
                xml::document(&format!("{}Response", self.action), &fields)
            }
            Format::Xml => xml::document("Error", &fields),
        }
    }

    pub(super) fn into_response(mut self) -> Response<Bytes> {
        let body = self.body();
        let content_type = match self.format {
            Format::Json => "application/json;charset=utf-8",
            Format::Xml => "text/xml;charset=utf-8",
        };
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..18]));
        let trace_id = Uuid::new_v4().simple().to_string();
        let fixed = HeaderValue::from_static;
        let made = |value: String| HeaderValue::try_from(value).expect("made of visible ASCII above");

        let status = self.status();
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        response.headers_mut().extend([
            (header::CONTENT_TYPE, fixed(content_type)),
            (header::ETAG, made(etag)),
            (HeaderName::from_static("keep-alive"), fixed("timeout=25")),
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, fixed("*")),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, fixed("*")),
            (HeaderName::from_static("x-acs-request-id"), made(self.request_id)),
            (HeaderName::from_static("x-acs-trace-id"), made(trace_id)),
        ]);
        response
    }
}

/// Which policies refused whom what, without the encoded part that only the real cloud can decode.
fn access_denied_detail(refusal: &Refusal) -> Value {
    let principal_type = match refusal.principal.identity {
        Identity::Root => "Account",
        Identity::User(_) => "SubUser",
        Identity::AssumedRole(..) => "AssumedRoleUser",
    };
    json!({
        "AuthAction": refusal.action,
        "AuthPrincipalType": principal_type,
        "AuthPrincipalOwnerId": refusal.principal.account.as_ref(),
        "AuthPrincipalDisplayName": refusal.display_name,
        "NoPermissionType": if refusal.explicit { "ExplicitDeny" } else { "ImplicitDeny" },
        "PolicyType": refusal.policy.as_str(),
    })
}

/// The address of the cloud's diagnosis page.
fn recommendation(code: &str, product: Option<Product>, request_id: &str) -> String {
    let product = product.map_or("", Product::name);
    format!("https://api.aliyun.com/troubleshoot?q={code}&product={product}&requestId={request_id}")
}
