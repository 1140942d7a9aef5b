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
pub mod yaml;

use futures_util::future::try_join_all;
use tokio::time::Instant;

use crate::alicloud::{Credential, Fault, Region, SecretArn, call};
use crate::credential::{self, Credentials};
use crate::sensitive::Sensitive;
use crate::store::{self, Door, KmsStore, OosStore, Selection, Value};

use excerpt::Excerpt;
use extract::{DocumentError, SearchError};
use file::FileMode;
use object::{Label, SecretObject};
use path::FilePath;
use request::Request;
use settings::Settings;
use unpack::unpack;

/// Serves mounts from the cloud.
#[derive(Debug)]
pub struct Mounter {
    /// What the operator set.
    pub settings: Settings,
    /// Who asks.
    pub credentials: Credentials,
    /// Where secrets are.
    pub kms: KmsStore,
    /// Where secret parameters are.
    pub oos: OosStore,
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
    /// Reads every object, several at a time, and gives the files in the order of the class. The first failure ends the
    /// mount and whatever else it had under way; so does the time, when it is `until`.
    pub async fn mount(&self, request: &Request, until: Instant) -> Result<Vec<File>, Error> {
        let region = request.region.as_ref();
        let doors: Vec<_> =
            request.objects.iter().map(|object| self.door(object, region)).collect::<Result<_, _>>()?;
        let credential = self.credentials.provider_level()?;
        let reads = request.objects.iter().zip(&doors).map(|(object, door)| {
            let credential = credential.as_ref();
            async move {
                match self.read(object, door, region, credential, until).await? {
                    Some(value) => unpack(object, value, request.mode).await,
                    None => Ok(Vec::new()),
                }
            }
        });
        let files: Vec<_> = try_join_all(reads).await?.into_iter().flatten().collect();
        // The driver takes an answer without files for "keep what you have".
        if files.is_empty() { Err(Error::NothingThere) } else { Ok(files) }
    }

    /// Where to ask for an object.
    fn door(&self, object: &SecretObject, region: Option<&Region>) -> Result<Door, Error> {
        if object.cross_account_role.is_some() {
            return Err(Error::CrossAccountRole { object: object.label.clone() });
        }
        let door = match &object.selection {
            Selection::Kms(_) => self.settings.kms_door(object.kms_endpoint.as_ref(), region),
            Selection::Oos(_) => self.settings.oos_door(region),
        };
        door.ok_or(Error::NoRegion)
    }

    /// Nothing if the object is optional and not there.
    async fn read(
        &self,
        object: &SecretObject,
        door: &Door,
        region: Option<&Region>,
        credential: &Credential,
        until: Instant,
    ) -> Result<Option<Value>, Error> {
        let value = match &object.selection {
            Selection::Kms(selection) => self.kms.read(door, credential, selection, until).await,
            Selection::Oos(selection) => self.oos.read(door, region, credential, selection, until).await,
        };
        match value {
            Ok(value) => Ok(Some(value)),
            Err(cause) if object.optional && store::is_absence(&cause) => Ok(None),
            Err(cause) => Err(Error::Read {
                object: object.label.clone(),
                advice: advice(&cause, region, &object.selection),
                cause,
            }),
        }
    }
}

/// Why a mount failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is wrong: the author of the class must act.
    #[error(transparent)]
    Request(#[from] request::Error),
    /// Another identity was asked for than there is; the provider's own must not be used in its place.
    #[error(
        "{object}: crossAccountRoleArn is set, but this version cannot assume a role; remove it to read with the provider's identity"
    )]
    CrossAccountRole {
        /// Which.
        object: Label,
    },
    /// No region anywhere: author or operator must name one.
    #[error(
        "no region; set the parameter region in the class, or --region (chart value regionId) for all classes"
    )]
    NoRegion,
    /// No identity: the operator must act.
    #[error(transparent)]
    Credential(#[from] credential::Error),
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
pub(crate) fn advice(cause: &store::Error, region: Option<&Region>, selection: &Selection) -> String {
    let fault = match cause {
        store::Error::Withheld { .. } => Fault::Denied,
        store::Error::Call(call::Error::Refused { fault, .. }) => *fault,
        store::Error::Call(_) | store::Error::Crowded { .. } => return String::new(),
    };
    let advice = match fault {
        Fault::NotFound => absence(region, selection),
        Fault::Denied => permission(region, selection),
        Fault::Credential => format!(
            "check {} and {} in the provider's environment: the key may be deleted, disabled or mistyped",
            credential::access_key::ID_VARIABLE,
            credential::access_key::SECRET_VARIABLE
        ),
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
