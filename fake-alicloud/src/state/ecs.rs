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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        policy::TrustPolicy,
        state::ram::{Attachments, Role},
    };

    const HOUR: i64 = 3600;
    const ACCOUNT: &str = "1111111111111111";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn add_role(state: &mut State, name: &str, id: &str) {
        let trust = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
            "Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;
        let role = Role {
            id: id.to_owned(),
            description: String::new(),
            max_session_seconds: 3600,
            trust: TrustPolicy::try_from(trust.to_owned()).expect("a policy"),
            created: at(0),
            updated: at(0),
            policies: Attachments::default(),
        };
        let account = state.accounts.entry(ACCOUNT.parse().expect("an id")).or_default();
        account.roles.insert(name.parse().expect("a name"), role);
    }

    fn attach(state: &mut State, role: Option<&str>) {
        let mut described = EcsInstance::new("i-demo", ACCOUNT);
        described.role = role.map(str::to_owned);
        state.set_ecs(described.build(&"cn-hangzhou".parse().expect("a region")).expect("an instance"));
    }

    fn with_role() -> State {
        let mut state = State::default();
        add_role(&mut state, "node", "1");
        attach(&mut state, Some("node"));
        state
    }

    fn given(state: &mut State, second: i64) -> Given {
        state.ecs_credentials(at(second)).expect("a role")
    }

    #[test]
    fn credentials_live_for_six_hours_and_are_the_session_of_the_instance() {
        let mut state = with_role();
        let given = given(&mut state, 10);
        assert_eq!((given.updated, given.issued.expires), (at(10), at(10 + 6 * HOUR)));
        let session = state.session(&given.issued.access_key_id).expect("a session");
        let arn = "acs:ram::1111111111111111:assumed-role/node/i-demo";
        assert_eq!((session.principal.arn().as_str(), session.expires), (arn, at(10 + 6 * HOUR)));
    }

    #[test]
    fn a_new_set_comes_half_an_hour_before_the_end_and_the_old_one_still_holds() {
        let mut state = with_role();
        let first = given(&mut state, 0).issued.access_key_id;
        let end = 6 * HOUR;
        assert_eq!(given(&mut state, end - HOUR / 2 - 1).issued.access_key_id, first);
        let second = given(&mut state, end - HOUR / 2);
        assert_ne!(second.issued.access_key_id, first);
        assert_eq!(second.issued.expires, at(end - HOUR / 2 + end));
        assert!(state.session(&first).is_some_and(|session| session.expires == at(end)));
        assert_eq!(given(&mut state, end).issued.access_key_id, second.issued.access_key_id);
    }

    #[test]
    fn another_role_and_a_role_made_anew_have_credentials_of_their_own() {
        let mut state = with_role();
        let first = given(&mut state, 0).issued.access_key_id;
        add_role(&mut state, "node", "2");
        let anew = given(&mut state, 0).issued.access_key_id;
        assert_ne!(anew, first);
        add_role(&mut state, "other", "3");
        attach(&mut state, Some("other"));
        assert_ne!(given(&mut state, 0).issued.access_key_id, anew);
    }

    #[test]
    fn a_change_of_the_instance_keeps_the_credentials_of_its_role() {
        let mut state = with_role();
        let first = given(&mut state, 0).issued.access_key_id;
        attach(&mut state, Some("node"));
        assert_eq!(given(&mut state, 0).issued.access_key_id, first);
    }

    #[test]
    fn without_a_role_or_with_one_that_is_not_there_are_none() {
        let mut state = with_role();
        attach(&mut state, None);
        assert!(state.ecs_credentials(at(0)).is_none());
        attach(&mut state, Some("absent"));
        assert!(state.ecs_credentials(at(0)).is_none());
        state.ecs = None;
        assert!(state.ecs_credentials(at(0)).is_none());
    }

    #[test]
    fn a_clock_that_is_set_back_makes_new_ones() {
        let mut state = with_role();
        let first = given(&mut state, HOUR).issued.access_key_id;
        assert_ne!(given(&mut state, 0).issued.access_key_id, first);
    }

    #[test]
    fn debug_shows_neither_keys_nor_tokens() {
        let mut state = with_role();
        let given = given(&mut state, 0);
        let shown = format!("{:?} {given:?}", state.ecs);
        for secret in [given.issued.secret.expose(), given.issued.security_token.expose()] {
            assert!(!shown.contains(secret));
        }
    }
}
