//! The provider's own identity: its projected service account token, exchanged for the role that the operator set.

use std::path::Path;

use tokio::time::Instant;

use super::federation::Federation;
use super::{Credentials, Error, Granted, Source, Ungranted, setting};
use crate::alicloud::Region;
use crate::sensitive::Sensitive;

/// Where the chart projects the token (`rrsa.enable`).
pub const TOKEN_FILE: &str = "/var/run/secrets/tokens/csi-secrets-store-provider-alibabacloud";

impl Credentials {
    pub(super) async fn provider_oidc(
        &self,
        region: Option<&Region>,
        until: Instant,
    ) -> Result<Granted, Ungranted> {
        let provider = self.settings.provider()?.ok_or(Error::NoProvider)?;
        let role = self.settings.role()?;
        let federation =
            Federation { source: Source::ProviderOidc, role, provider, account: None, claims: None };
        // The kubelet replaces the file long before the token ends, so it is read at each exchange.
        let token = async || read_token(&self.settings.token_file);
        self.federate(federation, token, region, until).await
    }
}

pub(super) fn read_token(path: &Path) -> Result<Sensitive<String>, Error> {
    setting::read(path).map_err(|reason| Error::TokenFile { path: path.to_owned(), reason })
}
