//! The control door from the other side, for tests whose fake runs in another process.
//!
//! Over hyper-util's client, since hyper serves the doors already: a second HTTP library would be for these few calls alone.

use std::time::Duration;

use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use crate::{
    Algorithm, Behaviour, CallFilter, ClockChange, ClockReading, EcsInstance, Fault, IssuerReading,
    JournalEntry, KeyRotation, PlannedFault, Seed, SeedError, ServiceAccountToken,
};

/// Steers a fake over its control door.
///
/// ```no_run
/// # async fn test() -> Result<(), fake_alicloud::ControlError> {
/// use std::time::Duration;
///
/// use fake_alicloud::{CallFilter, ControlClient};
///
/// let fake = ControlClient::new("http://127.0.0.1:8981")?;
/// fake.reset().await?;
/// let reads = CallFilter::action("GetSecretValue");
/// let calls = fake.wait_for_calls(&reads, 2, Duration::from_secs(5)).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ControlClient {
    base: String,
    http: Client<HttpConnector, Full<Bytes>>,
}

/// Why the control door could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The URL is not of the form `http://<host>:<port>`: correct it.
    #[error("cannot use `{url}` as the control door's URL: expected one like http://127.0.0.1:8981")]
    Url {
        /// The text that was given.
        url: String,
    },
    /// The fake did not answer: see whether it runs.
    #[error("cannot reach the control door for {method} {url}")]
    Unreachable {
        /// The HTTP method.
        method: Method,
        /// The URL that was called.
        url: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The fake refused: the message says why.
    #[error("the control door refused {method} {url} with status {status}: {problem}")]
    Refused {
        /// The HTTP method.
        method: Method,
        /// The URL that was called.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The fake's sentence.
        problem: String,
    },
    /// The answer is not what the door answers: it may be another program's, or another version's.
    #[error("cannot read the control door's answer to {method} {url}")]
    Unreadable {
        /// The HTTP method.
        method: Method,
        /// The URL that was called.
        url: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The body of a refusal.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

#[derive(Deserialize)]
struct Minted {
    token: String,
}

#[derive(Deserialize)]
struct Count {
    count: usize,
}

impl ControlClient {
    /// A client for the control door at that URL. Nothing is sent yet.
    pub fn new(url: &str) -> Result<Self, ControlError> {
        let base = url.trim_end_matches('/');
        let fits = base.parse::<Uri>().is_ok_and(|uri| {
            uri.scheme_str() == Some("http")
                && uri.authority().is_some()
                && uri.path() == "/"
                && uri.query().is_none()
        });
        if !fits {
            return Err(ControlError::Url { url: url.to_owned() });
        }
        // A connection per call: that one of an earlier call was closed meanwhile, by whoever carries it, would be noticed too late.
        let http = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        Ok(Self { base: base.to_owned(), http })
    }

    /// Adds a seed to what is there, all of it or, after an error, nothing.
    pub async fn seed(&self, seed: &Seed) -> Result<(), ControlError> {
        self.call(Method::POST, "/seed", seed.to_json()).await.map(drop)
    }

    /// Lets a seed take the place of all accounts, or, after an error, changes nothing. The world around them stays, and so do the
    /// sessions of roles that the seed names with the ids that they had.
    pub async fn replace(&self, seed: &Seed) -> Result<(), ControlError> {
        self.call(Method::PUT, "/seed", seed.to_json()).await.map(drop)
    }

    /// A seed that makes the present state.
    pub async fn export(&self) -> Result<Seed, ControlError> {
        let text = self.call(Method::GET, "/export", String::new()).await?;
        Seed::from_yaml(&text).map_err(|error: SeedError| self.unreadable(Method::GET, "/export", error))
    }

    /// Empties state, journal and plans, lets the clock run, and goes back to the behaviour of the start.
    pub async fn reset(&self) -> Result<(), ControlError> {
        self.call(Method::POST, "/reset", String::new()).await.map(drop)
    }

    /// What the fake's clock shows.
    pub async fn clock(&self) -> Result<ClockReading, ControlError> {
        self.read(Method::GET, "/clock", String::new()).await
    }

    /// Freezes, advances or releases the fake's clock, and tells what it shows then.
    pub async fn change_clock(&self, change: ClockChange) -> Result<ClockReading, ControlError> {
        self.read(Method::PUT, "/clock", json!(change).to_string()).await
    }

    /// How the fake answers where the documentation is silent.
    pub async fn behaviour(&self) -> Result<Behaviour, ControlError> {
        self.read(Method::GET, "/behaviour", String::new()).await
    }

    /// Changes that; fields that are not the default's are set, all others go back to it.
    pub async fn set_behaviour(&self, behaviour: &Behaviour) -> Result<(), ControlError> {
        self.call(Method::PUT, "/behaviour", json!(behaviour).to_string()).await.map(drop)
    }

    /// The calls that are meant, oldest first.
    pub async fn calls(&self, filter: &CallFilter) -> Result<Vec<JournalEntry>, ControlError> {
        self.read(Method::GET, &with_query("/journal", filter, &[]), String::new()).await
    }

    /// How many there are.
    pub async fn count_calls(&self, filter: &CallFilter) -> Result<usize, ControlError> {
        let path = with_query("/journal/count", filter, &[]);
        self.read(Method::GET, &path, String::new()).await.map(|Count { count }| count)
    }

    /// Waits until there are so many calls that are meant and returns them; after the timeout, those that there are.
    pub async fn wait_for_calls(
        &self,
        filter: &CallFilter,
        count: usize,
        timeout: Duration,
    ) -> Result<Vec<JournalEntry>, ControlError> {
        let more = [("count", count.to_string()), ("timeout", format!("{}ms", timeout.as_millis()))];
        self.read(Method::GET, &with_query("/journal/wait", filter, &more), String::new()).await
    }

    /// All issuers of OIDC tokens, by their URLs.
    pub async fn issuers(&self) -> Result<Vec<IssuerReading>, ControlError> {
        self.read(Method::GET, "/issuers", String::new()).await
    }

    /// Adds an issuer that the fake plays, with a new key. Seeds add foreign ones, and such with keys of a test's own.
    pub async fn add_issuer(&self, url: &str, algorithm: Algorithm) -> Result<IssuerReading, ControlError> {
        let issuer = json!({ "url": url, "algorithm": algorithm });
        self.read(Method::POST, "/issuers", issuer.to_string()).await
    }

    /// Gives an issuer a new key to sign with.
    pub async fn rotate_keys(&self, rotation: &KeyRotation) -> Result<IssuerReading, ControlError> {
        self.read(Method::POST, "/issuers/rotate", json!(rotation).to_string()).await
    }

    /// A token for a service account, signed by an issuer that the fake plays.
    pub async fn mint_token(&self, token: &ServiceAccountToken) -> Result<String, ControlError> {
        let minted = self.read(Method::POST, "/tokens", json!(token).to_string()).await;
        minted.map(|Minted { token }| token)
    }

    /// Plans faults, all of them or, after an error, none.
    pub async fn plan(&self, faults: &[Fault]) -> Result<Vec<PlannedFault>, ControlError> {
        self.read(Method::POST, "/faults", json!(faults).to_string()).await
    }

    /// What is planned and how often it fired, spent faults included.
    pub async fn faults(&self) -> Result<Vec<PlannedFault>, ControlError> {
        self.read(Method::GET, "/faults", String::new()).await
    }

    /// Removes a fault and lets go of the answers that it holds.
    pub async fn remove_fault(&self, id: &str) -> Result<(), ControlError> {
        let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
        self.call(Method::DELETE, &format!("/faults/{id}"), String::new()).await.map(drop)
    }

    /// Removes all faults and lets go of the answers that they hold.
    pub async fn clear_faults(&self) -> Result<(), ControlError> {
        self.call(Method::DELETE, "/faults", String::new()).await.map(drop)
    }

    /// The instance that the metadata service speaks of; an error with status 404 if there is none.
    pub async fn ecs_instance(&self) -> Result<EcsInstance, ControlError> {
        self.read(Method::GET, "/metadata", String::new()).await
    }

    /// Puts an instance in its place. If it has the same id, it is the same, and its session tokens hold on.
    pub async fn set_ecs_instance(&self, instance: &EcsInstance) -> Result<(), ControlError> {
        self.call(Method::PUT, "/metadata", json!(instance).to_string()).await.map(drop)
    }

    /// The certificate of the authority behind the HTTPS door, in PEM.
    pub async fn ca_pem(&self) -> Result<String, ControlError> {
        self.call(Method::GET, "/ca.pem", String::new()).await
    }

    /// The certificate of the authority behind the dedicated gateway of a KMS instance, in PEM.
    pub async fn instance_ca_pem(&self, instance: &str) -> Result<String, ControlError> {
        let id = percent_encoding::utf8_percent_encode(instance, percent_encoding::NON_ALPHANUMERIC);
        self.call(Method::GET, &format!("/instances/{id}/ca.pem"), String::new()).await
    }

    async fn read<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: String,
    ) -> Result<T, ControlError> {
        let text = self.call(method.clone(), path, body).await?;
        serde_json::from_str(&text).map_err(|error| self.unreadable(method, path, error))
    }

    async fn call(&self, method: Method, path: &str, body: String) -> Result<String, ControlError> {
        let url = format!("{}{path}", self.base);
        let unreachable =
            |source| ControlError::Unreachable { method: method.clone(), url: url.clone(), source };
        let request = Request::builder()
            .method(method.clone())
            .uri(&url)
            .body(Full::from(body))
            .map_err(|error| unreachable(error.into()))?;
        let answer = self.http.request(request).await.map_err(|error| unreachable(error.into()))?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(|error| unreachable(error.into()))?.to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        if status == StatusCode::OK || status == StatusCode::NO_CONTENT {
            return Ok(text);
        }
        let problem = serde_json::from_str(&text)
            .map_or_else(|_| "no reason given".to_owned(), |Refusal { error }| error);
        Err(ControlError::Refused { method, url, status: status.as_u16(), problem })
    }

    fn unreadable(
        &self,
        method: Method,
        path: &str,
        error: impl std::error::Error + Send + Sync + 'static,
    ) -> ControlError {
        ControlError::Unreadable { method, url: format!("{}{path}", self.base), source: error.into() }
    }
}

fn with_query(path: &str, filter: &CallFilter, more: &[(&'static str, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(filter.pairs()).extend_pairs(more);
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("http://127.0.0.1:8981", true)]
    #[case("http://localhost:8981/", true)]
    #[case("https://127.0.0.1:8981", false)]
    #[case("127.0.0.1:8981", false)]
    #[case("http://127.0.0.1:8981/journal", false)]
    #[case("", false)]
    fn a_control_door_is_a_host_and_port(#[case] url: &str, #[case] fits: bool) {
        assert_eq!(ControlClient::new(url).is_ok(), fits);
    }
}
