//! What the node's own instance says about itself: its region, and the credential of its RAM role.
//!
//! The service is plain HTTP at an address that only the instance can reach ("Instance metadata" and "Access instance
//! metadata in security hardening mode only" in the documents of ECS). In hardened mode a token is fetched first; instances
//! that do not know the mode are read without.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::{Instant, timeout_at};

use super::call::{self, Answer, Service, is_plain};
use super::session::Keys;
use super::{Client, Endpoint, Region, Session};
use crate::clock;
use crate::sensitive::Sensitive;

/// Where the service is, on every instance.
pub const ADDRESS: &str = "http://100.100.100.200";

/// The service is on the same host; what takes longer will not come.
const TIMEOUT: Duration = Duration::from_secs(1);
/// The longest life that a token can be given.
const TOKEN_SECONDS: u64 = 21_600;
/// A token is used this long, so that it never ends on its way.
const TOKEN_USE: Duration = Duration::from_secs(TOKEN_SECONDS - 600);

const TOKEN_PATH: &str = "latest/api/token";
const REGION_PATH: &str = "latest/meta-data/region-id";
const ROLES_PATH: &str = "latest/meta-data/ram/security-credentials/";

/// Reads instance metadata.
#[derive(Debug)]
pub struct Metadata {
    client: Arc<Client>,
    endpoint: Endpoint,
    mode: Mutex<Option<Mode>>,
    region: OnceCell<Region>,
}

/// How requests are made, until when.
#[derive(Clone, Debug)]
struct Mode {
    /// None where the instance knows no hardened mode.
    token: Option<Arc<Sensitive<String>>>,
    until: Instant,
}

impl Metadata {
    /// At `endpoint`, which is [`ADDRESS`] but for a fake.
    pub fn new(client: Arc<Client>, endpoint: Endpoint) -> Self {
        Self { client, endpoint, mode: Mutex::default(), region: OnceCell::new() }
    }

    /// The instance's region. It never changes, so it is asked for once in the life of the process.
    pub async fn region(&self, until: Instant) -> Result<Region, Error> {
        let known = mutate!(RegionForgotten, &self.region, Box::leak(Box::default()));
        let asking = known.get_or_try_init(|| async {
            let answer = self.read("GetRegion", REGION_PATH, until).await?;
            let text = text(&answer).ok_or_else(|| self.nonsense("a region that is no text"))?;
            text.parse().map_err(|_| self.nonsense("a region that is no region id"))
        });
        // Others may be asking on behalf of a mount with more time.
        timeout_at(until, asking).await.unwrap_or_else(|_| Err(self.timed_out())).cloned()
    }

    /// A session of the instance's role: of `role`, or of the one that is attached.
    pub async fn session(&self, role: Option<&str>, until: Instant) -> Result<Session, Error> {
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(rename = "Code")]
            code: Option<String>,
            #[serde(flatten)]
            keys: Keys,
        }
        let role = match role {
            Some(role) => role.to_owned(),
            None => self.role(until).await?,
        };
        let read = self.read("GetCredential", &format!("{ROLES_PATH}{role}"), until).await;
        let answer = read.map_err(|error| match error {
            Error::Refused { status: 404, .. } => Error::OtherRole { role: role.clone() },
            error => error,
        })?;
        let envelope: Envelope = serde_json::from_slice(answer.body.expose())
            .map_err(|_| self.nonsense("no credential of a role"))?;
        match envelope.code.as_deref() {
            Some("Success") => {}
            Some(code) if is_plain(code) => return Err(self.nonsense(&format!("code {code}"))),
            _ => return Err(self.nonsense("a credential without Code")),
        }
        envelope.keys.into_session(clock::now()).map_err(|reason| self.nonsense(reason))
    }

    /// The name of the attached role.
    async fn role(&self, until: Instant) -> Result<String, Error> {
        let answer = self.read("GetRole", ROLES_PATH, until).await.map_err(|error| match error {
            Error::Refused { status: 404, .. } => Error::NoRole,
            error => error,
        })?;
        match text(&answer) {
            Some("") => Err(Error::NoRole),
            Some(role) if is_role_name(role) => Ok(role.to_owned()),
            _ => Err(self.nonsense("a role whose name is none")),
        }
    }

    /// Reads an item. A token that is refused, say since the instance was replaced, is fetched anew once.
    async fn read(&self, action: &str, path: &str, until: Instant) -> Result<Answer, Error> {
        let mode = self.mode(until).await?;
        match self.get(action, path, &mode, until).await {
            Err(Error::Refused { status: 401 | 403, .. }) if mode.token.is_some() => {
                *self.mode.lock().await = None;
                let mode = self.mode(until).await?;
                self.get(action, path, &mode, until).await
            }
            result => result,
        }
    }

    async fn get(&self, action: &str, path: &str, mode: &Mode, until: Instant) -> Result<Answer, Error> {
        let url = format!("{}/{path}", self.endpoint);
        let build = |http: &reqwest::Client| {
            let request = http.get(&url).timeout(TIMEOUT);
            match &mode.token {
                Some(token) => request.header("X-aliyun-ecs-metadata-token", token.expose().as_str()),
                None => request,
            }
        };
        let answer = self.client.plain(Service::Metadata, &self.endpoint, action, build, until).await;
        answer.map_err(Error::from)
    }

    /// The mode in force. One caller finds it out for all.
    async fn mode(&self, until: Instant) -> Result<Mode, Error> {
        let mut mode = timeout_at(until, self.mode.lock()).await.map_err(|_| self.timed_out())?;
        if let Some(mode) = mode.as_ref().filter(|mode| Instant::now() < mode.until) {
            return Ok(mode.clone());
        }
        let url = format!("{}/{TOKEN_PATH}", self.endpoint);
        let build = |http: &reqwest::Client| {
            let request = http.put(&url).timeout(TIMEOUT);
            request.header("X-aliyun-ecs-metadata-token-ttl-seconds", TOKEN_SECONDS)
        };
        let answer = self.client.plain(Service::Metadata, &self.endpoint, "GetToken", build, until).await;
        let token = match answer.map_err(Error::from) {
            Ok(answer) => {
                let token = text(&answer).filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
                let token = token.filter(|token| !token.is_empty());
                Some(Arc::new(token.ok_or_else(|| self.nonsense("a token that is none"))?.into()))
            }
            // Older hosts do not know the mode.
            Err(Error::Refused { status: 403..=405, .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(mode.insert(Mode { token, until: Instant::now() + TOKEN_USE }).clone())
    }

    fn nonsense(&self, reason: &str) -> Error {
        Error::Call(Arc::new(call::Error::nonsense(&self.endpoint, reason)))
    }

    fn timed_out(&self) -> Error {
        Error::Call(Arc::new(call::Error::TimedOut { host: self.endpoint.host().to_owned() }))
    }
}

/// Trimmed, since some items end in a line break.
fn text(answer: &Answer) -> Option<&str> {
    std::str::from_utf8(answer.body.expose()).ok().map(str::trim)
}

/// Whether `name` can be one of a RAM role, and so part of a path.
pub fn is_role_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=64).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('.')
}

/// Why instance metadata did not help.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The instance has no identity (operator).
    #[error("no RAM role is attached to the node's instance")]
    NoRole,
    /// It has another one (operator).
    #[error("RAM role {role} is not the one that is attached to the node's instance")]
    OtherRole {
        /// What was asked for.
        role: String,
    },
    /// The service is there and does not answer this (operator).
    #[error("the instance metadata service at {host} answered with HTTP {status}")]
    Refused {
        /// Where.
        host: String,
        /// The whole of its answer.
        status: u16,
    },
    /// It is not there, as outside of a VPC, or no such service.
    #[error("instance metadata: {0}")]
    Call(Arc<call::Error>),
}

impl From<call::Error> for Error {
    fn from(error: call::Error) -> Self {
        match error {
            call::Error::Refused { host, status, .. } => Self::Refused { host, status },
            error => Self::Call(Arc::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("worker-role", true)]
    #[case("KubernetesWorkerRole-1.a_b", true)]
    #[case("", false)]
    #[case("..", false)]
    #[case("a/b", false)]
    #[case("a?b", false)]
    fn a_role_name_is_one_step_of_a_path(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_role_name(name), expected);
    }
}
