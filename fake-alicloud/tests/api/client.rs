//! A small client of the cloud. It signs by its own reading of the rules, so that it can disagree with the verifier.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;
use sha2::Digest;
use uuid::Uuid;

/// One call in the making. Fields may be changed up to the moment it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) host: Option<String>,
    pub(crate) action: String,
    pub(crate) version: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) key: (String, String),
    pub(crate) date: String,
    pub(crate) nonce: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    /// Status and error code, which is what most tests are about.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["Code"].as_str().unwrap_or_default().to_owned())
    }

    pub(crate) fn message(&self) -> String {
        self.json()["Message"].as_str().unwrap_or_default().to_owned()
    }
}

/// The time of now and some minutes, as the wire has it.
#[expect(clippy::disallowed_methods, reason = "the client has a clock of its own, as clients do")]
pub(crate) fn minutes_from_now(minutes: i64) -> String {
    let time = Timestamp::now() + SignedDuration::from_mins(minutes);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Call {
    pub(crate) fn kms(action: &str, key: (&str, &str)) -> Self {
        Self {
            method: Method::POST,
            path: "/".to_owned(),
            host: None,
            action: action.to_owned(),
            version: "2016-01-20".to_owned(),
            query: Vec::new(),
            form: Vec::new(),
            headers: Vec::new(),
            key: (key.0.to_owned(), key.1.to_owned()),
            date: minutes_from_now(0),
            nonce: Uuid::new_v4().to_string(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn with_form(mut self, name: &str, value: &str) -> Self {
        self.form.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn at(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    pub(crate) fn by(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Signs with ACS3-HMAC-SHA256. Query, headers and body are final after this.
    pub(crate) fn sign_v3(&self, api_url: &str) -> Signed {
        let body = encode_pairs(&self.form);
        let host = self.host.clone().unwrap_or_else(|| api_url.trim_start_matches("http://").to_owned());
        let mut headers = BTreeMap::from([
            ("host".to_owned(), host),
            ("x-acs-action".to_owned(), self.action.clone()),
            ("x-acs-version".to_owned(), self.version.clone()),
            ("x-acs-date".to_owned(), self.date.clone()),
            ("x-acs-signature-nonce".to_owned(), self.nonce.clone()),
            ("x-acs-content-sha256".to_owned(), hex(&sha2::Sha256::digest(&body))),
        ]);
        if !body.is_empty() {
            headers.insert("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
        }
        headers.extend(self.headers.iter().cloned());

        let mut query: Vec<_> =
            self.query.iter().map(|(name, value)| (encode(name), encode(value))).collect();
        query.sort();
        let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        let names = headers.keys().cloned().collect::<Vec<_>>().join(";");
        let canonical = [
            self.method.as_str(),
            &self.path,
            &query.join("&"),
            &lines.join("\n"),
            "",
            &names,
            &headers["x-acs-content-sha256"],
        ]
        .join("\n");

        let to_sign = format!("ACS3-HMAC-SHA256\n{}", hex(&sha2::Sha256::digest(&canonical)));
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(self.key.1.as_bytes()).expect("any length");
        mac.update(to_sign.as_bytes());
        let signature = hex(&mac.finalize().into_bytes());
        headers.insert(
            "authorization".to_owned(),
            format!("ACS3-HMAC-SHA256 Credential={},SignedHeaders={names},Signature={signature}", self.key.0),
        );
        let url = format!("{api_url}{}?{}", self.path, encode_pairs(&self.query));
        Signed { method: self.method.clone(), url, headers, body }
    }

    /// Signs with HMAC-SHA1 over the parameters.
    pub(crate) fn sign_v1(&self, api_url: &str) -> Signed {
        let mut query = self.query.clone();
        let common = [
            ("Action", self.action.as_str()),
            ("Version", &self.version),
            ("AccessKeyId", &self.key.0),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &self.nonce),
            ("Timestamp", &self.date),
        ];
        for (name, value) in common {
            if !query.iter().any(|(existing, _)| existing == name) {
                query.push((name.to_owned(), value.to_owned()));
            }
        }
        let mut pairs: Vec<_> = query.iter().chain(&self.form).cloned().collect();
        pairs.sort();
        let to_sign = format!("{}&%2F&{}", self.method, encode(&encode_pairs(&pairs)));
        let mut mac =
            Hmac::<sha1::Sha1>::new_from_slice(format!("{}&", self.key.1).as_bytes()).expect("any length");
        mac.update(to_sign.as_bytes());
        query.push(("Signature".to_owned(), STANDARD.encode(mac.finalize().into_bytes())));

        let mut headers: BTreeMap<_, _> = self.headers.iter().cloned().collect();
        headers.extend(self.host.iter().map(|host| ("host".to_owned(), host.clone())));
        if !self.form.is_empty() {
            headers.insert("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
        }
        let url = format!("{api_url}{}?{}", self.path, encode_pairs(&query));
        Signed { method: self.method.clone(), url, headers, body: encode_pairs(&self.form) }
    }
}

/// A signed call; what is changed now, the signature does not know.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Signed {
    pub(crate) async fn send(self, http: &reqwest::Client) -> Reply {
        let mut request = http.request(self.method, self.url).body(self.body);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.expect("an answer");
        Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.expect("a text"),
        }
    }
}

fn encode_pairs(pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn encode(text: &str) -> String {
    let encode_byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode_byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
