//! The part of the state that is KMS's: secrets, keys and instances, and what the clock alone does to them.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    State,
    arn::SecretArn,
    instance::Instance,
    key::{Key, KeyName, KeyState},
    name::{AccountId, InstanceId, KeyId, Region, SecretName, VersionId},
    secret::Secret,
};

/// How many calls of `RotateSecret` an account has per region and hour.
const ROTATIONS_PER_HOUR: usize = 50;

impl State {
    pub(crate) fn secret(&self, arn: &SecretArn) -> Option<&Secret> {
        self.secrets.get(&place(arn))?.get(&arn.name)
    }

    pub(crate) fn secret_mut(&mut self, arn: &SecretArn) -> Option<&mut Secret> {
        self.secrets.get_mut(&place(arn))?.get_mut(&arn.name)
    }

    /// All secrets, with account and region.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&AccountId, &Region, &SecretName, &Secret)> {
        self.secrets.iter().flat_map(|((account, region), secrets)| {
            secrets.iter().map(move |(name, secret)| (account, region, name, secret))
        })
    }

    /// The secrets of an account in a region, by name.
    pub(crate) fn secrets_at(
        &self,
        account: &AccountId,
        region: &Region,
    ) -> impl Iterator<Item = (&SecretName, &Secret)> {
        self.secrets.get(&(account.clone(), region.clone())).into_iter().flatten()
    }

    /// Adds a secret. The caller has made sure that there is none of that name.
    pub(crate) fn insert_secret(&mut self, arn: &SecretArn, secret: Secret) {
        self.expect_change(secret.next_change());
        self.secrets.entry(place(arn)).or_default().insert(arn.name.clone(), secret);
    }

    pub(crate) fn remove_secret(&mut self, arn: &SecretArn) {
        if let Some(secrets) = self.secrets.get_mut(&place(arn)) {
            secrets.remove(&arn.name);
        }
    }

    pub(crate) fn key(&self, id: &KeyId) -> Option<&Key> {
        self.keys.get(id)
    }

    /// All keys, by id.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&KeyId, &Key)> {
        self.keys.iter()
    }

    /// Finds a key of an account in a region.
    pub(crate) fn named_key(
        &self,
        account: &AccountId,
        region: &Region,
        name: &KeyName,
    ) -> Option<(&KeyId, &Key)> {
        let key = match name {
            KeyName::Id(id) => self.keys.get_key_value(id),
            KeyName::Alias(alias) => self.keys.iter().find(|(_, key)| {
                key.alias.as_ref() == Some(alias) && key.account == *account && key.region == *region
            }),
        };
        key.filter(|(_, key)| key.account == *account && key.region == *region)
    }

    /// Adds a key; false if there is one of that id, or of that alias in its account and region.
    pub(crate) fn insert_key(&mut self, id: KeyId, key: Key) -> bool {
        let alias = key.alias.clone().map(KeyName::Alias);
        let taken = self.keys.contains_key(&id)
            || alias.is_some_and(|alias| self.named_key(&key.account, &key.region, &alias).is_some());
        if !taken {
            self.expect_change(key.planned_deletion);
            self.keys.insert(id, key);
        }
        !taken
    }

    pub(crate) fn instance(&self, id: &InstanceId) -> Option<&Instance> {
        self.instances.get(id)
    }

    /// All instances, by id.
    pub(crate) fn instances(&self) -> impl Iterator<Item = (&InstanceId, &Instance)> {
        self.instances.iter()
    }

    /// Adds an instance; false if there is one of that id.
    pub(crate) fn insert_instance(&mut self, id: InstanceId, instance: Instance) -> bool {
        self.instances.insert(id, instance).is_none()
    }

    /// Counts a call of `RotateSecret`; false if the account has used up its hour.
    pub(crate) fn count_rotation(&mut self, account: &AccountId, region: &Region, now: Timestamp) -> bool {
        let recent: &mut VecDeque<_> = self.rotations.entry((account.clone(), region.clone())).or_default();
        recent.retain(|time| now.duration_since(*time) < SignedDuration::from_hours(1));
        let allowed = recent.len() < ROTATIONS_PER_HOUR;
        if allowed {
            recent.push_back(now);
        }
        allowed
    }

    /// Sees to it that [`settle`](Self::settle) looks again at that time.
    pub(crate) fn expect_change(&mut self, time: Option<Timestamp>) {
        self.next_change = self.next_change.into_iter().chain(time).min();
    }

    /// Does what the clock has brought about: ends what waited for its end, and rotates what is due.
    ///
    /// Every call comes by here, so that nobody sees a state that is out of date; mostly it compares two times.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        if self.next_change.is_none_or(|time| now < time) {
            return;
        }
        let over = |time: Option<Timestamp>| time.is_some_and(|time| time <= now);
        self.keys.retain(|_, key| key.state != KeyState::PendingDeletion || !over(key.planned_deletion));
        for secrets in self.secrets.values_mut() {
            secrets.retain(|_, secret| !over(secret.planned_deletion));
        }
        let eviction = self.behaviour.eviction;
        for secret in self.secrets.values_mut().flat_map(|secrets| secrets.values_mut()) {
            if let Some(due) = secret.due_rotation(now) {
                secret.rotate(fresh_version_id(), due, eviction).expect("only managed secrets are due");
            }
        }
        let secrets = self.secrets.values().flat_map(|secrets| secrets.values());
        let keys = self.keys.values();
        self.next_change =
            secrets.filter_map(Secret::next_change).chain(keys.filter_map(|key| key.planned_deletion)).min();
    }
}

/// An id for a version that no caller named.
pub(crate) fn fresh_version_id() -> VersionId {
    Uuid::new_v4().to_string().parse().expect("36 characters")
}

fn place(arn: &SecretArn) -> (AccountId, Region) {
    (arn.account.clone(), arn.region.clone())
}
