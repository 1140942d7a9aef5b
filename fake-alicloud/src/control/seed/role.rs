//! The RAM roles of a seed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_yaml::Spanned;

use super::{SeedError, attachment::AttachmentSeed, document::DocumentSeed, placeless, taken, within, wrong};
use crate::state::{
    State,
    name::{AccountId, IdentityId, RoleName},
    ram::{Attachments, MAX_DESCRIPTION_CHARACTERS, Role, SESSION_SECONDS, fresh_number},
};

/// A RAM role.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::control) struct RoleSeed {
    /// Its name, unique in the account.
    #[schemars(with = "RoleName")]
    name: Spanned<RoleName>,
    /// The number that names it for ever; a fresh one by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<IdentityId>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    /// The longest session that somebody may ask for, from 3600 to 43200.
    #[serde(default = "shortest_limit")]
    #[schemars(with = "u32", range(min = 3600, max = 43200))]
    max_session_seconds: Spanned<u32>,
    /// Its trust policy, which says who may assume it, as an object or as the text of one. `Version` may be left out of an
    /// object.
    trust: DocumentSeed,
    /// When it was created; the time of seeding by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    create_time: Option<Timestamp>,
    /// When it last changed; `createTime` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    update_time: Option<Timestamp>,
    /// The policies that it has, of the cloud's or the account's own. Without any its sessions may do nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<AttachmentSeed>")]
    policies: Vec<Spanned<AttachmentSeed>>,
}

fn shortest_limit() -> Spanned<u32> {
    placeless(*SESSION_SECONDS.start())
}

impl RoleSeed {
    /// The rules that the form alone does not tell.
    pub(super) fn check(&self) -> Result<(), SeedError> {
        self.build(Timestamp::UNIX_EPOCH).map(|_| ())
    }

    /// Adds the role to an account whose policies are there.
    pub(super) fn apply(
        &self,
        state: &mut State,
        account: &AccountId,
        now: Timestamp,
    ) -> Result<(), SeedError> {
        let name = &self.name.value;
        let known = state.accounts.entry(account.clone()).or_default();
        if known.roles.contains_key(name) {
            return Err(taken(&self.name, format!("the role acs:ram::{account}:role/{name}")));
        }
        let mut role = self.build(now)?;
        AttachmentSeed::attach_all(&self.policies, known, &mut role.policies, now)?;
        known.roles.insert(name.clone(), role);
        Ok(())
    }

    fn build(&self, now: Timestamp) -> Result<Role, SeedError> {
        let Spanned { value: max_session_seconds, referenced, .. } = self.max_session_seconds;
        if !SESSION_SECONDS.contains(&max_session_seconds) {
            return Err(wrong(referenced, "the longest session of a role is 3600 to 43200 seconds"));
        }
        within("description", &self.description, MAX_DESCRIPTION_CHARACTERS)
            .map_err(|problem| wrong(self.name.referenced, problem))?;
        let created = self.create_time.unwrap_or(now);
        Ok(Role {
            id: self.id.as_ref().map_or_else(fresh_number, ToString::to_string),
            description: self.description.clone(),
            max_session_seconds,
            trust: self.trust.read()?,
            created,
            updated: self.update_time.unwrap_or(created),
            policies: Attachments::default(),
        })
    }

    /// The way back: the seed that makes this role.
    pub(in crate::control) fn of(name: &RoleName, role: &Role) -> Self {
        Self {
            name: placeless(name.clone()),
            id: role.id.parse().ok(),
            description: role.description.clone(),
            max_session_seconds: placeless(role.max_session_seconds),
            trust: DocumentSeed::of(&role.trust),
            create_time: Some(role.created),
            update_time: Some(role.updated),
            policies: AttachmentSeed::all_of(&role.policies),
        }
    }
}
