//! A role of another account, assumed by whoever reads the other objects.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Caller, Credentials, Error, Granted, Identity, is_session_refused, kept, session_name};
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
    ) -> Result<Granted, Error> {
        let external_id = self.settings.external_id()?;
        // Without seconds: how long a session may last is decided in the other account.
        let session_name =
            self.settings.named_session()?.unwrap_or_else(|| session_name::CROSS_ACCOUNT.to_owned());
        let identity = Identity::Assumed {
            by: Arc::clone(&base.identity),
            role: role.clone(),
            external_id: external_id.clone(),
            session_name: session_name.clone(),
            seconds: None,
        };
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
                    assume(&self.base(caller, region, until).await?).await
                }
                result => result,
            };
            session.map(kept).map_err(|cause| Error::cross_account(base.source, role, cause))
        };
        self.session(base.source, identity, until, open).await
    }
}
