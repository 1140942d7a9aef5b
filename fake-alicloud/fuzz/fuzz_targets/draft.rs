//! Inputs as people can read and write them: requests of HTTP/1.1 with one more word at the front.
//!
//! ```text
//! v3 POST /?SecretName=db
//! x-acs-action: GetSecretValue
//!
//! the body
//! ----
//! raw GET /?Action=GetSecretValue
//! ```
//!
//! The word says how the request is signed before it is sent: `v1` and `v3` by the rules, anything else not at all. A line
//! of four hyphens ends a request.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

/// How a request is signed before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    None,
    V1,
    V3,
}

/// One request as it was written.
#[derive(Clone, Debug)]
pub struct Draft {
    pub signing: Signing,
    pub method: Method,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// The requests of an input, without those that no HTTP server would let through.
pub fn drafts(input: &[u8]) -> impl Iterator<Item = Draft> {
    split(input, b"\n----\n").filter_map(Draft::read)
}

impl Draft {
    fn read(text: &[u8]) -> Option<Self> {
        let (head, body) = cut(text, b"\n\n").unwrap_or((text, b""));
        let mut lines = head.split(|&byte| byte == b'\n');
        let mut words = lines.next()?.splitn(3, |&byte| byte == b' ');
        let signing = match words.next()? {
            b"v1" => Signing::V1,
            b"v3" => Signing::V3,
            _ => Signing::None,
        };
        let method = Method::from_bytes(words.next()?).ok()?;
        let uri = Uri::try_from(words.next()?).ok().filter(|uri| uri.path().starts_with('/'))?;
        let mut headers = HeaderMap::new();
        for line in lines.filter(|line| !line.is_empty()) {
            let (name, value) = cut(line, b":")?;
            let value = HeaderValue::from_bytes(value.trim_ascii()).ok()?;
            headers.append(HeaderName::from_bytes(name).ok()?, value);
        }
        Some(Self {
            signing,
            method,
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            headers,
            body: body.to_owned(),
        })
    }

    pub fn request(self) -> Request<Vec<u8>> {
        let target = format!("{}?{}", self.path, self.query);
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = target.parse().expect("made of the parts of one, or encoded");
        *request.headers_mut() = self.headers;
        request
    }
}

fn split<'a>(mut rest: &'a [u8], separator: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut ended = false;
    std::iter::from_fn(move || match cut(rest, separator) {
        _ if ended => None,
        Some((first, others)) => {
            rest = others;
            Some(first)
        }
        None => {
            ended = true;
            Some(rest)
        }
    })
}

fn cut<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = text.windows(separator.len()).position(|window| window == separator)?;
    Some((&text[..place], &text[place + separator.len()..]))
}
