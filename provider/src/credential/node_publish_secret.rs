//! The key pair that a pod's volume refers to with `nodePublishSecretRef`.

use super::Error;
use super::caller::{ACCESS_KEY, ACCESS_SECRET, Caller};
use crate::alicloud::Credential;

/// The pair, if both halves are there.
pub(super) fn credential(caller: &Caller) -> Result<Credential, Error> {
    match (&caller.access_key, &caller.access_secret) {
        (Some(id), Some(secret)) => Ok(Credential {
            access_key_id: id.expose().clone(),
            access_key_secret: secret.expose().as_str().into(),
            security_token: None,
        }),
        (Some(_), None) => Err(Error::HalfAPodsPair { present: ACCESS_KEY, missing: ACCESS_SECRET }),
        (None, _) => Err(Error::HalfAPodsPair { present: ACCESS_SECRET, missing: ACCESS_KEY }),
    }
}
