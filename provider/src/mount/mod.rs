//! The domain: a typed request becomes files, all of them or none.
//!
//! Sees neither HTTP nor gRPC.

pub mod excerpt;
pub mod extract;
pub mod file;
pub mod guess;
pub mod object;
pub mod path;
pub mod request;
pub mod settings;
mod unpack;
pub mod volumes;
pub mod yaml;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::Instant;

use crate::alicloud::{Fault, Metadata, Region, SecretArn, call, metadata};
use crate::credential::{self, Credentials, Granted, Identity, Source, Ungranted};
use crate::sensitive::Sensitive;
use crate::store::cache::Arrival;
use crate::store::{self, Cache, Door, Key, KmsStore, OosStore, Selection, Value, is_outage};

use excerpt::Excerpt;
use extract::{DocumentError, SearchError};
use file::FileMode;
use object::{Label, SecretObject};
use path::FilePath;
use request::{Attributes, Request, Warning};
use settings::Settings;
use unpack::unpack;
use volumes::Volumes;

/// Serves mounts from the cloud.
#[derive(Debug)]
pub struct Mounter {
    /// What the operator set.
    pub settings: Settings,
    /// Who asks.
    pub credentials: Credentials,
    /// What the node's instance says about itself.
    pub metadata: Arc<Metadata>,
    /// Where secrets are.
    pub kms: KmsStore,
    /// Where secret parameters are.
    pub oos: OosStore,
    /// What of both was read lately, or is being read.
    pub cache: Arc<Cache>,
    /// What is mounted.
    pub volumes: Volumes,
}

/// What a mount gives.
#[derive(Debug)]
pub struct Mounted {
    /// In the order of the class.
    pub files: Vec<File>,
    /// What is odd about who read them, or when.
    pub warnings: Vec<Warning>,
}

/// A file of the volume.
#[derive(Debug)]
pub struct File {
    /// Relative to the mount.
    pub path: FilePath,
    /// Its permission.
    pub mode: FileMode,
    /// Its content.
    pub contents: Sensitive<Vec<u8>>,
    /// Changes exactly when the content's version does.
    pub version_id: String,
}

impl Mounter {
    /// Reads a request of the driver's. Only if neither class nor operator names a region, and one is needed, the node is asked.
    pub async fn understand(
        &self,
        attributes: &Attributes,
        secrets: &str,
        target_path: &str,
        permission: &str,
        until: Instant,
    ) -> Result<Request, Error> {
        mutate!(MetadataAsked => drop(self.metadata.region(until).await));
        let parse = |settings| Request::parse(attributes, secrets, target_path, permission, settings);
        let request = parse(&self.settings)?;
        if request.objects.iter().all(|object| self.door(object, request.region.as_ref()).is_some()) {
            return Ok(request);
        }
        let region = self.metadata.region(until).await;
        let region = region.map_err(|cause| Error::NoRegion { cause: Some(cause) })?;
        Ok(parse(&Settings { region: Some(region), ..self.settings.clone() })?)
    }

    /// Reads every object, several at a time, and gives the files in the order of the class. The first failure ends the
    /// mount and whatever else it had under way; so does the time, when it is `until`.
    pub async fn mount(&self, request: &Request, until: Instant) -> Result<Mounted, Error> {
        let arrival = self.cache.arrive(request.volume.as_ref().is_some_and(|own| self.volumes.know(own)));
        let read = async |object| {
            let reading = self.read(object, request, arrival, until).await?;
            let files = match &reading.value {
                Some(value) => unpack(object, value, request.mode).await?,
                None => Vec::new(),
            };
            Ok::<_, Error>((files, reading))
        };
        let parts = try_join_all(request.objects.iter().map(read)).await?;
        let (files, readings): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let files: Vec<_> = files.into_iter().flatten().collect();
        // The driver takes an answer without files for "keep what you have".
        if files.is_empty() {
            Err(Error::NothingThere)
        } else {
            Ok(Mounted { files, warnings: odd(readings) })
        }
    }

    /// Its files are with the driver: from now on its volume is republished.
    pub fn mounted(&self, request: &Request) {
        request.volume.iter().for_each(|volume| self.volumes.remember(volume));
    }

    /// Where to ask for an object; nothing without any region.
    fn door(&self, object: &SecretObject, region: Option<&Region>) -> Option<Door> {
        match &object.selection {
            Selection::Kms(_) => self.settings.kms_door(object.kms_endpoint.as_ref(), region),
            Selection::Oos(_) => self.settings.oos_door(region),
        }
    }

    /// Asks the cloud, or whoever is asking it already; in an outage what was read before may have to do.
    async fn read(
        &self,
        object: &SecretObject,
        request: &Request,
        arrival: Arrival,
        until: Instant,
    ) -> Result<Reading, Error> {
        let region = request.region.as_ref();
        let door = self.door(object, region).ok_or(Error::NoRegion { cause: None })?;
        let region_of_call = match object.selection {
            Selection::Kms(_) => None,
            Selection::Oos(_) => region,
        };
        let key = |identity: &Arc<Identity>| {
            let identity =
                mutate!(RememberedForAll, Arc::clone(identity), Arc::new(Identity::Instance { role: None }));
            let door = door.clone();
            let (region, selection) = (region_of_call.cloned(), object.selection.clone());
            Arc::new(Key { identity, door, region, selection })
        };
        let grant = async || {
            let (caller, role) = (&request.caller, object.cross_account_role.as_ref());
            self.credentials.grant(caller, role, region, until).await
        };
        let ask = async |granted: &Granted| {
            let ask = async || self.ask(object, &door, region, granted, until).await;
            let session = mutate!(RememberedForAll, granted.credential.access_key_id.as_str(), "");
            self.cache.get(&key(&granted.identity), session, arrival, until, ask).await
        };
        let mut granted = match grant().await {
            Ok(granted) => granted,
            Err(ungranted) => return self.read_without_session(object, ungranted, key),
        };
        let mut value = ask(&granted).await;
        // A session that ended or was revoked is replaced, once.
        if let Err(store::Error::Call(cause)) = &value
            && credential::is_session_refused(cause)
            && self.credentials.refuse(&granted)
        {
            granted = match grant().await {
                Ok(granted) => granted,
                Err(ungranted) => return self.read_without_session(object, ungranted, key),
            };
            value = ask(&granted).await;
        }
        let warning = granted.warning;
        match value {
            Ok(value) => Ok(Reading { value: Some(value), warning, stale: None }),
            Err(cause)
                if mutate!(OptionalIgnored, object.optional, false)
                    && mutate!(OptionalExcusesAll, store::is_absence(&cause), true) =>
            {
                Ok(Reading { value: None, warning, stale: None })
            }
            Err(cause) => {
                let session = Some(granted.credential.access_key_id.as_str());
                if is_outage(&cause)
                    && let Some((value, age)) = self.cache.stale(&key(&granted.identity), session)
                {
                    return Ok(Reading::stale(object, value, age, warning, &cause));
                }
                mutate!(PartialMount => return Ok(Reading { value: None, warning, stale: None }));
                mutate!(SwallowedError => return Ok(Reading { value: Some(Value::empty()), warning, stale: None }));
                let advice = advice(&cause, region, &object.selection, granted.source);
                mutate!(KeyInError: advice = granted.credential.access_key_secret.expose().clone());
                Err(Error::Read { object: object.label.clone(), cause, advice })
            }
        }
    }

    fn read_without_session(
        &self,
        object: &SecretObject,
        ungranted: Ungranted,
        key: impl Fn(&Arc<Identity>) -> Arc<Key>,
    ) -> Result<Reading, Error> {
        let Ungranted { identity, warning, cause } = ungranted;
        if let Some(identity) = &identity {
            if cause.is_refusal() {
                self.cache.forget(identity);
            }
            if cause.is_outage()
                && let Some((value, age)) = self.cache.stale(&key(identity), None)
            {
                return Ok(Reading::stale(object, value, age, warning, &cause));
            }
        }
        Err(match object.cross_account_role {
            Some(_) => Error::CrossAccount { object: object.label.clone(), cause },
            None => cause.into(),
        })
    }

    async fn ask(
        &self,
        object: &SecretObject,
        door: &Door,
        region: Option<&Region>,
        granted: &Granted,
        until: Instant,
    ) -> Result<Value, store::Error> {
        match &object.selection {
            Selection::Kms(selection) => self.kms.read(door, &granted.credential, selection, until).await,
            Selection::Oos(selection) => {
                self.oos.read(door, region, &granted.credential, selection, until).await
            }
        }
    }
}

/// What became of an object.
struct Reading {
    /// None if the object is optional and not there.
    value: Option<Arc<Value>>,
    warning: Option<credential::Warning>,
    /// Where it is an old value: how old, and why.
    stale: Option<(Duration, String)>,
}

impl Reading {
    fn stale(
        object: &SecretObject,
        value: Arc<Value>,
        age: Duration,
        warning: Option<credential::Warning>,
        cause: &dyn fmt::Display,
    ) -> Self {
        Self { value: Some(value), warning, stale: Some((age, format!("{}: {cause}", object.label))) }
    }
}

/// All objects of a mount have one identity, and one outage is as bad as another.
fn odd(readings: Vec<Reading>) -> Vec<Warning> {
    let (mut identity, mut stale) = (None, None);
    for reading in readings {
        identity = identity.or(reading.warning);
        if let Some((older, cause)) = reading.stale {
            let (objects, age, cause) = stale.unwrap_or((0, older, cause));
            stale = Some((objects + 1, age.max(older), cause));
        }
    }
    let stale = stale.map(|(objects, age, cause)| Warning::Stale { objects, age, cause });
    identity.map(Warning::Identity).into_iter().chain(stale).collect()
}

/// Why a mount failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is wrong: the author of the class must act.
    #[error(transparent)]
    Request(#[from] request::Error),
    /// No region anywhere: author or operator must name one.
    #[error(
        "no region{}; set the parameter region in the class, or --region (chart value regionId) for all classes",
        cause.as_ref().map_or_else(String::new, |cause| format!(", and the node's own cannot be had: {cause}"))
    )]
    NoRegion {
        /// Why the node does not tell.
        cause: Option<metadata::Error>,
    },
    /// No identity: the cause says who must act.
    #[error(transparent)]
    Credential(#[from] credential::Error),
    /// None for this object: the cause says who must act.
    #[error("{object}: {cause}")]
    CrossAccount {
        /// Which.
        object: Label,
        /// What happened.
        cause: credential::Error,
    },
    /// An object could not be read; the fault in the cause says who must act, the advice how.
    #[error("{object}: {cause}{advice}")]
    Read {
        /// Which.
        object: Label,
        /// What happened.
        cause: store::Error,
        /// What to do next, with its separator, or nothing.
        advice: String,
    },
    /// Every object is optional, and none is there: the author of the class must act, or of the secrets.
    #[error(
        "none of the secrets of the class exists, so the volume would be empty; create one of them, or make one that exists a part of the class"
    )]
    NothingThere,
    /// The secret is not what the class takes it for: its author must act, or the secret's.
    #[error("{file}: {cause}")]
    Json {
        /// The first file that is looked for in it.
        file: Label,
        /// What is wrong with it.
        cause: DocumentError,
    },
    /// The secret does not hold what the class looks for in it: its author must act, or the secret's.
    #[error("{file}: {cause}")]
    Extract {
        /// Which.
        file: Label,
        /// What is wrong with it.
        cause: SearchError,
    },
    /// The secret is not written as the class says: its author must act, or the secret's.
    #[error(
        "{file}: objectEncoding is {encoding}, but the text is no {encoding}; correct the field or the secret"
    )]
    Encoding {
        /// Which.
        file: Label,
        /// What the class says.
        encoding: &'static str,
    },
}

/// What to do about a failed read, where the failure does not say so itself.
pub(crate) fn advice(
    cause: &store::Error,
    region: Option<&Region>,
    selection: &Selection,
    source: Source,
) -> String {
    let fault = match cause {
        store::Error::Withheld { .. } => Fault::Denied,
        store::Error::Call(call::Error::Refused { code, .. })
            if code == "Rejected.ResourceInDeleteWindow" =>
        {
            let name = Excerpt(selection.name());
            return format!(
                "; the secret {name} is planned for deletion: restore it, or take it out of the class"
            );
        }
        store::Error::Call(call::Error::Refused { fault, .. }) => *fault,
        store::Error::Call(_) => return String::new(),
    };
    let advice = match fault {
        Fault::NotFound => absence(region, selection),
        Fault::Denied => mutate!(AdviceUnsaid, permission(region, selection), String::new()),
        Fault::Credential => source.check_advice().to_owned(),
        Fault::Clock => {
            "synchronize the node's clock, which is off by more than the cloud tolerates".to_owned()
        }
        Fault::Throttled => "the account's request quota is used up, the mount is tried again".to_owned(),
        Fault::Unavailable => "the service is in trouble, the mount is tried again".to_owned(),
        Fault::Invalid => match selection {
            Selection::Kms(_) => "look the code up in the error codes of KMS".to_owned(),
            Selection::Oos(_) => "look the code up in the error codes of OOS".to_owned(),
        },
    };
    format!("; {advice}")
}

fn absence(region: Option<&Region>, selection: &Selection) -> String {
    let region = region.map_or("*", Region::as_str);
    let name = Excerpt(selection.name());
    match selection {
        Selection::Kms(store::kms::Selection { version_id: None, version_stage: None, .. }) => format!(
            "check that a secret {name} exists in region {region} of the account that the credential belongs to, \
             and that it is not planned for deletion"
        ),
        Selection::Kms(_) => format!(
            "check that a secret {name} exists in region {region} of the account that the credential belongs to, \
             and that it has the version that objectVersion and objectVersionLabel ask for"
        ),
        Selection::Oos(store::oos::Selection { version: None, .. }) => format!(
            "check that a secret parameter {name} exists in region {region} of the account that the credential \
             belongs to; plain parameters are not read"
        ),
        Selection::Oos(_) => format!(
            "check that a secret parameter {name} exists in region {region} of the account that the credential \
             belongs to, and that it has the version that objectVersion asks for"
        ),
    }
}

fn permission(region: Option<&Region>, selection: &Selection) -> String {
    let region = region.map_or("*", Region::as_str);
    let name = selection.name();
    match selection {
        Selection::Kms(_) => {
            let arn = name
                .parse::<SecretArn>()
                .map_or_else(|_| format!("acs:kms:{region}:*:secret/{name}"), |arn| arn.to_string());
            format!(
                "grant the identity kms:GetSecretValue on {}, and kms:Decrypt on its key if a key of your own encrypts it",
                Excerpt(&arn)
            )
        }
        Selection::Oos(_) => format!(
            "grant the identity oos:GetSecretParameter on {}, kms:GetSecretValue, which reads its value, and kms:Decrypt \
             on its key if a key of your own encrypts it",
            Excerpt(&format!("acs:oos:{region}:*:secretparameter/{name}"))
        ),
    }
}
