//! Calling the fake's API without a target between: requests signed with ACS3-HMAC-SHA256, and a connection that is kept alive.
//!
//! As much as measuring the fake alone takes. Alibaba Cloud, "V3 request syntax and signature method".

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, bail, ensure};
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::target::AccessKey;

const SCHEME: &str = "ACS3-HMAC-SHA256";
const KMS_VERSION: &str = "2016-01-20";
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const BIGGEST_ANSWER: usize = 1024 * 1024;

/// A key pair, and where to use it.
#[derive(Debug)]
pub(super) struct Signer {
    address: String,
    key: AccessKey,
    nonce: AtomicU64,
}

impl Signer {
    /// For the API at a URL such as `http://127.0.0.1:8980`.
    pub(super) fn new(url: &str, key: AccessKey) -> Self {
        let address = url.trim_start_matches("http://").to_owned();
        Self { address, key, nonce: AtomicU64::default() }
    }

    /// Host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// One call to KMS as it goes over the wire. No two are alike.
    #[expect(
        clippy::disallowed_methods,
        reason = "a client of the cloud signs with the time of its own clock"
    )]
    pub(super) fn request(&self, action: &str, parameters: &[(&str, &str)]) -> Vec<u8> {
        let encode = |text| utf8_percent_encode(text, &UNRESERVED).to_string();
        let mut pairs: Vec<_> =
            parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        pairs.sort_unstable();
        let query = pairs.join("&");
        let date = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let nonce = format!("{:032x}", self.nonce.fetch_add(1, Ordering::Relaxed));
        let empty = hex(&Sha256::digest(b""));
        // In the order of their names, as the signature wants them.
        let headers = [
            ("host", &*self.address),
            ("x-acs-action", action),
            ("x-acs-content-sha256", &empty),
            ("x-acs-date", &date),
            ("x-acs-signature-nonce", &nonce),
            ("x-acs-version", KMS_VERSION),
        ];
        let signed = headers.map(|(name, _)| name).join(";");
        let lines = headers.map(|(name, value)| format!("{name}:{value}\n")).concat();
        let canonical = format!("POST\n/\n{query}\n{lines}\n{signed}\n{empty}");
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.secret.as_bytes()).expect("keys have any length");
        mac.update(format!("{SCHEME}\n{}", hex(&Sha256::digest(canonical))).as_bytes());
        let signature = hex(&mac.finalize().into_bytes());
        let id = &self.key.id;
        let lines = headers.map(|(name, value)| format!("{name}: {value}\r\n")).concat();
        format!(
            "POST /?{query} HTTP/1.1\r\n{lines}accept: application/json\r\ncontent-length: 0\r\n\
             authorization: {SCHEME} Credential={id},SignedHeaders={signed},Signature={signature}\r\n\r\n"
        )
        .into_bytes()
    }
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// A connection that sends one request after the other.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    pub(super) async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("connecting to the fake cloud")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(2048) })
    }

    /// Sends a request and takes the answer, which must be a success.
    pub(super) async fn call(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        while length(&self.answer)?.is_none_or(|length| self.answer.len() < length) {
            ensure!(self.answer.len() < BIGGEST_ANSWER, "the fake cloud's answer has no end");
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the fake cloud hung up");
        }
        if !self.answer.starts_with(b"HTTP/1.1 200 ") {
            let line = self.answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
            bail!("the fake cloud answered {}", String::from_utf8_lossy(line));
        }
        Ok(())
    }
}

/// How long an answer is, head and body, once its head is there.
fn length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&answer[..end]).context("the fake cloud's answer has no readable head")?;
    let body = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse::<usize>().ok() } else { None }
    });
    Ok(Some(end + 4 + body.context("the fake cloud's answer has no length")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_long_as_its_head_says() {
        assert_eq!(length(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n").unwrap(), Some(40));
        assert_eq!(length(b"HTTP/1.1 200 OK\r\nconte").unwrap(), None);
        assert!(length(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[tokio::test]
    async fn the_fake_takes_what_is_signed_and_nothing_twice() {
        let fake = fake_alicloud::FakeAlicloud::start(fake_alicloud::Options::default()).await.unwrap();
        let seed = "accounts: [{ id: '1111111111111111', accessKeys: [{ id: LTAI5tSigner, secret: of-the-signer }], \
                    secrets: [{ name: a/b, versions: [{ id: v1, data: x }] }] }]";
        fake.seed(&seed.parse().unwrap()).unwrap();
        let key = AccessKey { id: "LTAI5tSigner".to_owned(), secret: "of-the-signer".to_owned() };
        let signer = Signer::new(fake.api_url(), key);
        let mut connection = Connection::open(signer.address()).await.unwrap();
        let request = signer.request("GetSecretValue", &[("SecretName", "a/b")]);
        connection.call(&request).await.unwrap();
        let error = connection.call(&request).await.unwrap_err();
        assert!(error.to_string().contains("HTTP/1.1 400"), "{error}");
    }
}
