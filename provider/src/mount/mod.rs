//! The domain: a typed request becomes files, all of them or none.
//!
//! Sees neither HTTP nor gRPC.

pub mod excerpt;
pub mod object;
pub mod path;
pub mod request;
pub mod yaml;

use futures_util::future::try_join_all;
use tokio::time::Instant;

use crate::alicloud::{Credential, Endpoint, Fault, Region, call};
use crate::credential::{self, Credentials};
use crate::sensitive::Sensitive;
use crate::store::{KmsStore, Value};

use excerpt::Excerpt;
use object::{Label, SecretObject};
use path::FilePath;
use request::{FileMode, Request};

/// Serves mounts from the cloud.
#[derive(Debug)]
pub struct Mounter {
    /// The region of classes that name none.
    pub region: Option<Region>,
    /// The operator's KMS endpoint, in place of the region's.
    pub kms_endpoint: Option<Endpoint>,
    /// Who asks.
    pub credentials: Credentials,
    /// Where secrets are.
    pub kms: KmsStore,
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
        let region = request.region.as_ref().or(self.region.as_ref());
        let endpoint = match (&self.kms_endpoint, region) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, Some(region)) => Endpoint::kms(region),
            (None, None) => return Err(Error::NoRegion),
        };
        let credential = self.credentials.provider_level()?;
        let reads = request.objects.iter().map(|object| {
            let (endpoint, credential) = (&endpoint, credential.as_ref());
            async move {
                let value = self.read(object, region, endpoint, credential, until).await?;
                let (path, mode) = (object.file_path.clone(), request.mode);
                Ok(File { path, mode, contents: value.contents, version_id: value.version_id })
            }
        });
        try_join_all(reads).await
    }

    async fn read(
        &self,
        object: &SecretObject,
        region: Option<&Region>,
        endpoint: &Endpoint,
        credential: &Credential,
        until: Instant,
    ) -> Result<Value, Error> {
        let read = self.kms.read(endpoint, credential, &object.secret_name, until).await;
        read.map_err(|cause| Error::Read {
            object: object.label.clone(),
            advice: advice(&cause, region, &object.secret_name),
            cause,
        })
    }
}

/// Why a mount failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is wrong: the author of the class must act.
    #[error(transparent)]
    Request(#[from] request::Error),
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
        cause: call::Error,
        /// What to do next, with its separator, or nothing.
        advice: String,
    },
}

/// What to do about a failed read, where the failure does not say so itself.
fn advice(cause: &call::Error, region: Option<&Region>, secret_name: &str) -> String {
    let call::Error::Refused { fault, .. } = cause else { return String::new() };
    let region = region.map_or("*", Region::as_str);
    let name = Excerpt(secret_name);
    match fault {
        Fault::NotFound => format!(
            "; check that a secret {name} exists in region {region} of the account that the credential belongs to, \
             and that it is not planned for deletion"
        ),
        Fault::Denied => format!(
            "; grant the identity kms:GetSecretValue on {}, and kms:Decrypt on its key if a key of your own encrypts it",
            Excerpt(&format!("acs:kms:{region}:*:secret/{secret_name}"))
        ),
        Fault::Credential => format!(
            "; check {} and {} in the provider's environment: the key may be deleted, disabled or mistyped",
            credential::access_key::ID_VARIABLE,
            credential::access_key::SECRET_VARIABLE
        ),
        Fault::Clock => {
            "; synchronize the node's clock, which is off by more than the cloud tolerates".to_owned()
        }
        Fault::Throttled => "; the account's request quota is used up, the mount is tried again".to_owned(),
        Fault::Unavailable => "; the service is in trouble, the mount is tried again".to_owned(),
        Fault::Invalid => "; look the code up in the error codes of KMS".to_owned(),
    }
}
