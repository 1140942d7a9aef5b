//! A token exchanged for a session of a role: what pod and provider identities have in common.

use tokio::time::Instant;

use super::{Claims, Credentials, Error, Granted, Identity, Source, Ungranted, kept};
use crate::alicloud::sts::Assumption;
use crate::alicloud::{OidcProviderArn, Region, RoleArn};
use crate::kubernetes::Name;
use crate::sensitive::Sensitive;

/// Who becomes what.
pub(super) struct Federation<'a> {
    pub(super) source: Source,
    pub(super) role: RoleArn,
    pub(super) provider: OidcProviderArn,
    /// The pod's service account; none for the provider's own.
    pub(super) account: Option<&'a Name>,
    /// What tells tokens apart, where each mount brings its own.
    pub(super) claims: Option<Claims>,
}

impl Credentials {
    /// The session of a federated identity. The token is asked for only if one has to be opened.
    pub(super) async fn federate(
        &self,
        federation: Federation<'_>,
        token: impl AsyncFnOnce() -> Result<Sensitive<String>, Error>,
        region: Option<&Region>,
        until: Instant,
    ) -> Result<Granted, Ungranted> {
        let Federation { source, role, provider, account, claims } = federation;
        let session_name = self.settings.session_name(account)?;
        let seconds = self.settings.session_seconds()?;
        let identity = Identity::Federated {
            role: role.clone(),
            provider: provider.clone(),
            account: account.cloned(),
            claims,
            session_name: session_name.clone(),
            seconds,
        };
        let open = async |until| {
            let token = token().await?;
            let endpoint = self.sts_endpoint(region, until).await?;
            let assumption = Assumption { role: &role, session_name: &session_name, seconds };
            let session =
                self.sts.assume_role_with_oidc(&endpoint, &provider, &token, assumption, until).await;
            session.map(kept).map_err(|cause| {
                let claims = mutate!(ClaimsUnsaid, Claims::of(&token), Claims::default());
                Error::federation(source, &role, &provider, claims, cause)
            })
        };
        self.session(source, identity, until, open).await
    }
}
