//! The ECS instance that the metadata service speaks of, and the credentials that it was given.

use jiff::{SignedDuration, Timestamp};

use super::{State, arn::RoleArn, name::RoleSessionName, session::Issued};
use crate::{
    metadata::{EcsInstance, TokenKey},
    policy::{Assumer, Context},
};

/// How long a set of credentials lives.
const LIFE: SignedDuration = SignedDuration::from_hours(6);
/// How long before its end there is another.
const OVERLAP: SignedDuration = SignedDuration::from_mins(30);
/// Whom a role must trust to be had by an instance.
const SERVICE: &str = "ecs.aliyuncs.com";

/// The instance.
#[derive(Clone, Debug)]
pub(crate) struct Ecs {
    /// Complete: nothing that has a default is left out.
    described: EcsInstance,
    role: Option<RoleArn>,
    /// What its sessions are called.
    session_name: RoleSessionName,
    token_key: TokenKey,
    given: Option<Given>,
}

/// The newest credentials.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) issued: Issued,
    pub(crate) updated: Timestamp,
}

impl Ecs {
    /// An instance whose description was checked and completed.
    pub(crate) fn new(described: EcsInstance, role: Option<RoleArn>, session_name: RoleSessionName) -> Self {
        Self { described, role, session_name, token_key: TokenKey::new(), given: None }
    }

    pub(crate) fn described(&self) -> &EcsInstance {
        &self.described
    }

    pub(crate) fn role(&self) -> Option<&RoleArn> {
        self.role.as_ref()
    }

    pub(crate) fn token_key(&self) -> &TokenKey {
        &self.token_key
    }
}

impl State {
    /// Puts an instance in the place of the one that is there. If it has the same id, it is the same: its tokens hold on.
    pub(crate) fn set_ecs(&mut self, mut instance: Ecs) {
        if let Some(old) = self.ecs.take()
            && old.described.instance_id == instance.described.instance_id
        {
            instance.token_key = old.token_key;
            instance.given = old.given.filter(|_| old.role == instance.role);
        }
        self.ecs = Some(instance);
    }

    /// The credentials of the instance's role: those there are, or shortly before their end, new ones. None if it has no
    /// role, or one that is not there or does not trust the service.
    pub(crate) fn ecs_credentials(&mut self, now: Timestamp) -> Option<Given> {
        let ecs = self.ecs.as_ref()?;
        let arn = ecs.role.clone()?;
        let role = self.role(&arn)?;
        if !role.trust.admits(Assumer::Service(SERVICE), &Context::default()) {
            return None;
        }
        if let Some(given) = &ecs.given {
            let is_fresh = given.issued.expires.duration_since(now) > OVERLAP && now >= given.updated;
            // A role that was made anew, under the same name, has sessions of its own.
            if is_fresh && given.issued.role_id == role.id {
                return Some(given.clone());
            }
        }
        let session_name = ecs.session_name.clone();
        let issued = self.open_session(&arn, &session_name, LIFE.as_secs(), None, now)?;
        let updated = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let given = Given { issued, updated };
        if let Some(ecs) = &mut self.ecs {
            ecs.given = Some(given.clone());
        }
        Some(given)
    }
}
