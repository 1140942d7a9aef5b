//! A role of another account, assumed by whoever reads the other objects.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    Caller, Credentials, Error, Granted, Identity, Ungranted, is_session_refused, kept, session_name,
};
use crate::alicloud::sts::Assumption;
use crate::alicloud::{Region, RoleArn};

impl Credentials {
    pub(super) async fn cross_account(
        &self,
        base: &Granted,
        caller: &Caller,
        role: &RoleArn,
        region: Option<&Region>,
        until: Instant,
    ) -> Result<Granted, Ungranted> {
        let terms = self.terms()?;
        let identity = terms.identity(&base.identity, role);
        let Terms { external_id, session_name } = terms;
        let open = async |until| {
            let endpoint = self.sts_endpoint(region, until).await?;
            let assumption = Assumption { role, session_name: &session_name, seconds: None };
            let assume = async |base: &Granted| {
                let (credential, external_id) = (&base.credential, external_id.as_deref());
                self.sts.assume_role(&endpoint, credential, assumption, external_id, until).await
            };
            let session = match assume(base).await {
                // The base's own session ended or was revoked: once more with another.
                Err(error) if is_session_refused(&error) && self.refuse(base) => {
                    let again =
                        self.base(caller, region, until).await.map_err(|ungranted| ungranted.cause)?;
                    // If that is somebody else by now, the session would be kept as the wrong one's.
                    if again.identity == base.identity { assume(&again).await } else { Err(error) }
                }
                result => result,
            };
            session.map(kept).map_err(|cause| Error::cross_account(base.source, role, cause))
        };
        self.session(base.source, identity, until, open).await
    }

    /// What another account is told from now on. Settings may be files that change.
    pub(super) fn terms(&self) -> Result<Terms, Error> {
        let named = self.settings.named_session()?;
        let session_name = named.unwrap_or_else(|| session_name::CROSS_ACCOUNT.to_owned());
        Ok(Terms { external_id: self.settings.external_id()?, session_name })
    }
}

/// What another account is told beside who asks.
pub(super) struct Terms {
    external_id: Option<String>,
    session_name: String,
}

impl Terms {
    /// Who `base` becomes. Without seconds: how long a session may last is decided in the other account.
    pub(super) fn identity(&self, base: &Arc<Identity>, role: &RoleArn) -> Identity {
        Identity::Assumed {
            by: Arc::clone(base),
            role: role.clone(),
            external_id: self.external_id.clone(),
            session_name: self.session_name.clone(),
            seconds: None,
        }
    }
}
