//! A role, assumed with the operator's key pair.

use tokio::time::Instant;

use super::{Credentials, Error, Granted, Identity, Source, Ungranted, kept};
use crate::alicloud::Region;
use crate::alicloud::sts::Assumption;

impl Credentials {
    pub(super) async fn ram_role(
        &self,
        region: Option<&Region>,
        until: Instant,
    ) -> Result<Granted, Ungranted> {
        let role = self.settings.role()?;
        let base = self.access_key()?;
        let session_name = self.settings.session_name(None)?;
        let seconds = self.settings.session_seconds()?;
        let identity = Identity::Assumed {
            by: base.identity,
            role: role.clone(),
            external_id: None,
            session_name: session_name.clone(),
            seconds,
        };
        let open = async |until| {
            let endpoint = self.sts_endpoint(region, until).await?;
            let assumption = Assumption { role: &role, session_name: &session_name, seconds };
            let session = self.sts.assume_role(&endpoint, &base.credential, assumption, None, until).await;
            session.map(kept).map_err(|cause| Error::assumption(Source::AccessKey, &role, cause))
        };
        self.session(Source::RamRole, identity, until, open).await
    }
}
