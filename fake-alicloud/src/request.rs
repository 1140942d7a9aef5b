//! A call as it arrived, before anything in it is believed.
//!
//! The rooms behind the front share this type; it knows what HTTP carries and nothing about products or signatures.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr},
};

use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

/// What a call came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Within TLS.
    Https,
}

/// Where a request comes from that came over no connection.
pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// One HTTP request to the API door, read to its end.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) scheme: Scheme,
    /// Where it came from.
    pub(crate) peer: IpAddr,
    pub(crate) method: String,
    pub(crate) path: String,
    /// Decoded pairs of the query string, in order of arrival.
    pub(crate) query: Vec<(String, String)>,
    /// Decoded pairs of a form body, in order of arrival.
    pub(crate) form: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A request that came in the clear from this machine, unless `scheme` and `peer` are set.
    pub(crate) fn new(method: &str, path: &str, query: &str, headers: HeaderMap, body: Vec<u8>) -> Self {
        let content_type =
            headers.get(http::header::CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase());
        // Some clients send a form without naming it, so only another type keeps the body from being read as one.
        let is_form =
            content_type.is_none_or(|value| value.starts_with(b"application/x-www-form-urlencoded"));
        Self {
            scheme: Scheme::Http,
            peer: LOOPBACK,
            method: method.to_owned(),
            path: path.to_owned(),
            query: decode(query.as_bytes()),
            form: if is_form && method == "POST" { decode(&body) } else { Vec::new() },
            headers,
            body,
        }
    }

    /// All pairs of query and form.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().chain(&self.form).map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first parameter of that name; the query goes before the form.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(candidate, _)| *candidate == name).map(|(_, value)| value)
    }

    /// A header's value without surrounding blanks; several of one name are joined by commas.
    pub(crate) fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.headers.get_all(name).iter();
        let first = readable(values.next()?);
        match values.next() {
            None => Some(first),
            Some(second) => {
                let all = [first, readable(second)].into_iter().chain(values.map(readable));
                Some(all.collect::<Vec<_>>().join(",").into())
            }
        }
    }

    /// The host the client meant, with its port if it named one; empty if it named none.
    pub(crate) fn host(&self) -> String {
        self.header("host").unwrap_or_default().into_owned()
    }
}

fn readable(value: &HeaderValue) -> Cow<'_, str> {
    match str::from_utf8(value.as_bytes()) {
        Ok(text) => text.trim().into(),
        Err(_) => String::from_utf8_lossy(value.as_bytes()).trim().to_owned().into(),
    }
}

fn decode(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(content_type: Option<&str>, query: &str, body: &str) -> Request {
        let mut headers = HeaderMap::new();
        if let Some(value) = content_type {
            headers.insert("content-type", value.parse().expect("a header value"));
        }
        Request::new("POST", "/", query, headers, body.as_bytes().to_vec())
    }

    #[test]
    fn query_and_form_are_one_set_of_parameters() {
        let request = post(Some("application/x-www-form-urlencoded; charset=utf-8"), "A=1", "B=2+3%2F4");
        assert_eq!(request.parameter("A"), Some("1"));
        assert_eq!(request.parameter("B"), Some("2 3/4"));
    }

    #[test]
    fn a_form_needs_no_content_type() {
        assert_eq!(post(None, "", "B=2").parameter("B"), Some("2"));
        assert_eq!(post(Some("application/json"), "", "B=2").parameter("B"), None);
    }
}
