//! The RAM users and the access keys of a seed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_yaml::Spanned;

use super::{SeedError, attachment::AttachmentSeed, exposed, placeless, taken, within, wrong};
use crate::state::{
    State,
    account::{AccessKey, Identity, Principal},
    hidden::Hidden,
    name::{AccessKeyId, AccountId, IdentityId, UserName},
    ram::{MAX_REMARK_CHARACTERS, User},
};

/// A RAM user. One that is there already can be named again, to get more access keys and policies.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::control) struct UserSeed {
    /// Its name within the account.
    #[schemars(with = "UserName")]
    name: Spanned<UserName>,
    /// The number that names it for ever; a fresh one by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<IdentityId>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    /// What there is to say about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    comments: Option<String>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Its telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile_phone: Option<String>,
    /// When it was created; the time of seeding by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    create_time: Option<Timestamp>,
    /// When it last changed; `createTime` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    update_time: Option<Timestamp>,
    /// Its access keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) access_keys: Vec<AccessKeySeed>,
    /// The policies that it has, of the cloud's or the account's own. Without any it may do nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<AttachmentSeed>")]
    policies: Vec<Spanned<AttachmentSeed>>,
}

impl UserSeed {
    /// The rules that the form alone does not tell.
    pub(super) fn check(&self) -> Result<(), SeedError> {
        let remarks = [("displayName", &self.display_name), ("comments", &self.comments)];
        for (field, remark) in remarks {
            within(field, remark.as_deref().unwrap_or_default(), MAX_REMARK_CHARACTERS)
                .map_err(|problem| wrong(self.name.referenced, problem))?;
        }
        Ok(())
    }

    /// Adds the user to an account whose policies are there.
    pub(super) fn apply(
        &self,
        state: &mut State,
        account: &AccountId,
        now: Timestamp,
    ) -> Result<(), SeedError> {
        let name = &self.name.value;
        let owner = Principal { account: account.clone(), identity: Identity::User(name.clone()) };
        let known = state.accounts.entry(account.clone()).or_default();
        let mut user = match known.users.get(name) {
            Some(_) if self.describes() => return Err(taken(&self.name, format!("the user {owner}"))),
            Some(user) => user.clone(),
            None => self.build(now),
        };
        AttachmentSeed::attach_all(&self.policies, known, &mut user.policies, now)?;
        known.users.insert(name.clone(), user);
        add_keys(state, &self.access_keys, &owner, now)
    }

    /// Whether there is more than what can be added to a user.
    fn describes(&self) -> bool {
        let texts = [&self.display_name, &self.comments, &self.email, &self.mobile_phone];
        let times = [self.create_time, self.update_time];
        self.id.is_some() || texts.into_iter().any(Option::is_some) || times.iter().any(Option::is_some)
    }

    fn build(&self, now: Timestamp) -> User {
        let created = self.create_time.unwrap_or(now);
        let fresh = User::new(created);
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        User {
            id: self.id.as_ref().map_or(fresh.id, ToString::to_string),
            display_name: text(&self.display_name),
            comments: text(&self.comments),
            email: text(&self.email),
            mobile_phone: text(&self.mobile_phone),
            created,
            updated: self.update_time.unwrap_or(created),
            policies: fresh.policies,
        }
    }

    /// The way back: the seed that makes this user.
    pub(in crate::control) fn of(state: &State, account: &AccountId, name: &UserName, user: &User) -> Self {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let owner = Principal { account: account.clone(), identity: Identity::User(name.clone()) };
        Self {
            name: placeless(name.clone()),
            id: user.id.parse().ok(),
            display_name: some(&user.display_name),
            comments: some(&user.comments),
            email: some(&user.email),
            mobile_phone: some(&user.mobile_phone),
            create_time: Some(user.created),
            update_time: Some(user.updated),
            access_keys: AccessKeySeed::all_of(state, &owner),
            policies: AttachmentSeed::all_of(&user.policies),
        }
    }
}

/// An access key.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::control) struct AccessKeySeed {
    /// Its public half, unique in the whole fake.
    #[schemars(with = "AccessKeyId")]
    pub(super) id: Spanned<AccessKeyId>,
    /// Its private half. Make it up.
    #[serde(serialize_with = "exposed")]
    #[schemars(with = "String")]
    pub(super) secret: Hidden,
    /// Whether it may be used.
    #[serde(default)]
    pub(super) status: KeyStatus,
    /// When it was created; the time of seeding by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    create_time: Option<Timestamp>,
}

/// Whether an access key may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(super) enum KeyStatus {
    /// It may.
    #[default]
    Active,
    /// Calls with it are refused.
    Inactive,
}

impl AccessKeySeed {
    /// The way back: the seeds that make the keys of an identity.
    pub(in crate::control) fn all_of(state: &State, owner: &Principal) -> Vec<Self> {
        let seed = |(id, key): (&AccessKeyId, &AccessKey)| Self {
            id: placeless(id.clone()),
            secret: key.secret.clone(),
            status: if key.active { KeyStatus::Active } else { KeyStatus::Inactive },
            create_time: Some(key.created),
        };
        state.access_keys_of(owner).map(seed).collect()
    }
}

/// Gives an identity further keys.
pub(super) fn add_keys(
    state: &mut State,
    keys: &[AccessKeySeed],
    owner: &Principal,
    now: Timestamp,
) -> Result<(), SeedError> {
    for key in keys {
        let entry = AccessKey {
            secret: key.secret.clone(),
            owner: owner.clone(),
            active: key.status == KeyStatus::Active,
            created: key.create_time.unwrap_or(now),
        };
        if state.access_keys.insert(key.id.value.clone(), entry).is_some() {
            return Err(taken(&key.id, format!("the access key {}", key.id.value)));
        }
    }
    Ok(())
}
