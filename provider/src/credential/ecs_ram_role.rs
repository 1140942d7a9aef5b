//! The role of the node's own instance.

use tokio::time::Instant;

use super::{Credentials, Error, Granted, Identity, Source, Ungranted, kept};

impl Credentials {
    pub(super) async fn ecs_ram_role(&self, until: Instant) -> Result<Granted, Ungranted> {
        let role = self.settings.ecs_role.as_deref();
        mutate!(InstanceRoleGuessed: role = Some("KubernetesWorkerRole"));
        let identity = Identity::Instance { role: role.map(str::to_owned) };
        let open = async |until| Ok(kept(self.metadata.session(role, until).await.map_err(Error::Instance)?));
        self.session(Source::EcsRamRole, identity, until, open).await
    }
}
