//! What a fault does.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quota::{Quota, QuotaPreset};
use crate::api::ApiError;

/// What happens to a call. A delay lets it go on, a quota while it is kept; every other effect is the last for its call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Effect {
    /// It is refused. The caller is known by then, and the operation does not run.
    Error(ErrorEffect),
    /// It takes that much longer, by the real clock, such as `2s`; at most `1h`.
    Delay(#[schemars(with = "String")] SignedDuration),
    /// Calls beyond so many, of an account in a region, are refused as the product does, by the fake's clock.
    Quota(Quota),
    /// The documented quotas of a product.
    Quotas(QuotaPreset),
    /// New connections are closed before anything is read: those of the API doors, or with `product: metadata` those of the
    /// metadata service. What the client sees is a connection that is reset at once.
    Refuse,
    /// The connection is reset instead of an answer. The operation has run.
    Reset,
    /// The answer stops. The operation has run.
    Stall(Stall),
    /// The connection ends in the middle of the answer's body. The operation has run.
    Truncate(Truncation),
    /// The answer's body is not what it should be. The operation has run.
    Malform(Malformation),
    /// TLS handshakes get a wrong certificate. Only `host` chooses among them.
    Certificate(CertificateFlaw),
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct ErrorEffect {
    /// The error code.
    pub code: String,
    /// The HTTP status, 400 to 599; needed for codes other than those of throttling and of failures of the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The text; that of the documentation, if it is not given and known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Who words it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Speaker>,
    /// Headers of the answer, such as `x-acs-retry-after`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// The layer that words a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Speaker {
    /// The gateway before all products: with `HostId` and `Recommend`.
    Gateway,
    /// The product itself: with `HttpStatus`.
    Product,
}

/// Codes whose status and text are published, with who words them. From the error tables of the gateway and of KMS.
const KNOWN: &[(&str, u16, &str, Speaker)] = &[
    ("Throttling", 400, "Request was denied due to request throttling.", Speaker::Gateway),
    ("Throttling.User", 400, "Request was denied due to user flow control.", Speaker::Gateway),
    ("Throttling.Api", 400, "Request was denied due to api flow control.", Speaker::Gateway),
    ("InternalError", 500, "The request processing has failed due to some unknown error.", Speaker::Gateway),
    (
        "ServiceUnavailable",
        503,
        "The request has failed due to a temporary failure of the server.",
        Speaker::Gateway,
    ),
    ("Rejected.Throttling", 429, "QPS Limit Exceeded", Speaker::Product),
    ("InternalFailure", 500, "Internal Failure", Speaker::Product),
    ("ServiceUnavailableTemporary", 503, "Service Unavailable Temporary", Speaker::Product),
];

impl ErrorEffect {
    /// A refusal with the status and text that are known for the code.
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), status: None, message: None, by: None, headers: BTreeMap::new() }
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets the text.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Sets who words it.
    #[must_use]
    pub fn by(mut self, speaker: Speaker) -> Self {
        self.by = Some(speaker);
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// The codes that need no status.
    pub(super) fn known_codes() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|(code, ..)| *code)
    }

    /// The refusal, if its status is known and one.
    pub(super) fn refusal(&self) -> Option<ApiError> {
        let known = KNOWN.iter().find(|(code, ..)| *code == self.code);
        let status = self.status.or(known.map(|(_, status, ..)| *status))?;
        let status =
            StatusCode::from_u16(status).ok().filter(|status| matches!(status.as_u16(), 400..600))?;
        let message = match (&self.message, known) {
            (Some(message), _) => message,
            (None, Some((_, _, message, _))) => *message,
            (None, None) => "This refusal was planned.",
        };
        Some(match self.by.or(known.map(|(.., speaker)| *speaker)) {
            Some(Speaker::Product) => ApiError::product(status, &self.code, message),
            Some(Speaker::Gateway) | None => ApiError::gateway(status, &self.code, message),
        })
    }

    /// The headers, if all of them are some.
    pub(super) fn headers(&self) -> Option<HeaderMap> {
        let header = |(name, value): (&String, &String)| {
            Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
        };
        self.headers.iter().map(header).collect()
    }
}

/// Where an answer stops, until the fault is removed, the client leaves or the time is over; then it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stall {
    /// Where.
    #[serde(default)]
    pub at: StallPoint,
    /// For how long at most, by the real clock, such as `10s`.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub limit: Option<SignedDuration>,
}

/// Where an answer stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StallPoint {
    /// Before its first byte.
    #[default]
    Answer,
    /// In the middle of its body.
    Body,
}

/// Where an answer breaks off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Truncation {
    /// After so many bytes of the body, fewer than it has; after half of it, if that is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<usize>,
}

/// What is wrong with a body. The status stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Malformation {
    /// A page of HTML, as proxies send.
    Html,
    /// The first half of the body, with a length that says that it is all.
    Half,
    /// Bytes that are no text, under the right content type.
    Garbage,
    /// No byte.
    Empty,
    /// An object without any field.
    MissingFields,
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CertificateFlaw {
    /// It is another host's.
    OtherName,
    /// It is signed by an authority that nobody knows.
    OtherAuthority,
    /// It ended in the year 2000.
    Expired,
}
