//! Answers as they go over the wire: body, status and the gateway's headers.

use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::xml;
use crate::{
    api::{ApiError, Origin, Product},
    request::Request,
};

/// The two forms of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    /// What KMS answers when nothing is asked for.
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
                Ok(if accept.contains("xml") && !accept.contains("json") { Self::Xml } else { Self::Json })
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
    fn fields(&self) -> Value {
        match &self.outcome {
            Ok(fields) => {
                let mut fields = fields.clone();
                fields["RequestId"] = json!(self.request_id);
                fields
            }
            Err(error) => match error.origin {
                Origin::Gateway => json!({
                    "RequestId": self.request_id,
                    "HostId": self.host,
                    "Code": error.code,
                    "Message": error.message,
                    "Recommend": self.recommendation(error),
                }),
                Origin::Product => json!({
                    "HttpStatus": error.status.as_u16(),
                    "Code": error.code,
                    "Message": error.message,
                    "RequestId": self.request_id,
                }),
            },
        }
    }

    /// The address of the cloud's diagnosis page.
    fn recommendation(&self, error: &ApiError) -> String {
        let product = self.product.map_or("", |product| product.name());
        let (code, id) = (&error.code, &self.request_id);
        format!("https://api.aliyun.com/troubleshoot?q={code}&product={product}&requestId={id}")
    }

    fn body(&self) -> String {
        let fields = self.fields();
        match self.format {
            Format::Json => fields.to_string(),
            Format::Xml if self.outcome.is_ok() => {
                xml::document(&format!("{}Response", self.action), &fields)
            }
            Format::Xml => xml::document("Error", &fields),
        }
    }
}

impl IntoResponse for Answer<'_> {
    fn into_response(self) -> Response {
        let body = self.body();
        let content_type = match self.format {
            Format::Json => "application/json;charset=utf-8",
            Format::Xml => "text/xml;charset=utf-8",
        };
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..18]));
        let headers = [
            (header::CONTENT_TYPE, content_type.to_owned()),
            (header::ETAG, etag),
            (header::HeaderName::from_static("keep-alive"), "timeout=25".to_owned()),
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*".to_owned()),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, "*".to_owned()),
            (header::HeaderName::from_static("x-acs-request-id"), self.request_id.clone()),
            (header::HeaderName::from_static("x-acs-trace-id"), Uuid::new_v4().simple().to_string()),
        ];
        let mut response = (self.status(), body).into_response();
        for (name, value) in headers {
            let value = HeaderValue::from_str(&value).expect("made of visible ASCII above");
            response.headers_mut().insert(name, value);
        }
        response
    }
}
