//! Sessions: who has become a role, and until when.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};

use super::{
    State,
    account::{Identity, Principal},
    arn::RoleArn,
    hidden::Hidden,
    name::{AccessKeyId, RoleSessionName},
    ram::Role,
};
use crate::{policy::IdentityPolicy, random};

/// What temporary access key ids begin with, and no others.
pub(crate) const TEMPORARY: &str = "STS.";

/// How long an ended session is remembered, so that its calls are told that it ended.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// How many sessions are kept. Beyond it those that end first go first, whatever the clock says.
const MAX_SESSIONS: usize = 100_000;

const TOKEN_BEGINNING: &str = "CAIS";
const TOKEN_BYTES: usize = 384;
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What a temporary access key id stands for.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) secret: Hidden,
    pub(crate) security_token: Hidden,
    /// Always an assumed role.
    pub(crate) principal: Principal,
    /// The role of that name may be another by now.
    pub(crate) role_id: String,
    pub(crate) expires: Timestamp,
    /// What the session may do at most.
    pub(crate) policy: Option<IdentityPolicy>,
}

/// Live and recently ended sessions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {
    by_key: BTreeMap<AccessKeyId, Session>,
    /// The same in the order in which they are forgotten.
    by_end: BTreeSet<(Timestamp, AccessKeyId)>,
}

/// The credentials of a new session.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) access_key_id: AccessKeyId,
    pub(crate) secret: Hidden,
    pub(crate) security_token: Hidden,
    pub(crate) expires: Timestamp,
    /// The role's own, for what names the session by it.
    pub(crate) role_id: String,
}

impl fmt::Debug for Issued {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Issued").field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl Sessions {
    pub(crate) fn find(&self, id: &AccessKeyId) -> Option<&Session> {
        self.by_key.get(id)
    }

    fn add(&mut self, id: AccessKeyId, session: Session, now: Timestamp) {
        while let Some((ended, _)) = self.by_end.first()
            && (now.duration_since(*ended) > REMEMBERED || self.by_end.len() >= MAX_SESSIONS)
            && let Some((_, oldest)) = self.by_end.pop_first()
        {
            self.by_key.remove(&oldest);
        }
        self.by_end.insert((session.expires, id.clone()));
        self.by_key.insert(id, session);
    }
}

impl State {
    /// Makes somebody a role for so long; none if there is no such role. Whether they may is asked before.
    pub(crate) fn open_session(
        &mut self,
        role: &RoleArn,
        session_name: &RoleSessionName,
        seconds: i64,
        policy: Option<IdentityPolicy>,
        now: Timestamp,
    ) -> Option<Issued> {
        let role_id = self.role(role)?.id.clone();
        // Told in whole seconds, so it ends at one.
        let start = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let expires = start.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
        let id = format!("{TEMPORARY}NU{}", random::text(22, ALPHANUMERIC));
        let issued = Issued {
            access_key_id: id.parse().expect("letters, digits and a dot"),
            secret: random::text(44, ALPHANUMERIC).into(),
            security_token: format!("{TOKEN_BEGINNING}{}", STANDARD.encode(random::bytes::<TOKEN_BYTES>()))
                .into(),
            expires,
            role_id: role_id.clone(),
        };
        let session = Session {
            secret: issued.secret.clone(),
            security_token: issued.security_token.clone(),
            principal: Principal {
                account: role.account.clone(),
                identity: Identity::AssumedRole(role.name.clone(), session_name.clone()),
            },
            role_id,
            expires,
            policy,
        };
        self.sessions.add(issued.access_key_id.clone(), session, now);
        Some(issued)
    }

    /// A role of any account.
    pub(crate) fn role(&self, arn: &RoleArn) -> Option<&Role> {
        self.accounts.get(&arn.account)?.roles.get(&arn.name)
    }

    /// The session of a temporary key whose role is still the one that was assumed.
    pub(crate) fn session(&self, id: &AccessKeyId) -> Option<&Session> {
        let session = self.sessions.find(id)?;
        let Identity::AssumedRole(role, _) = &session.principal.identity else { return None };
        let role = self.accounts.get(&session.principal.account)?.roles.get(role)?;
        (role.id == session.role_id).then_some(session)
    }
}

/// Whether a text has the form of the security tokens made here.
pub(crate) fn looks_like_token(text: &str) -> bool {
    text.strip_prefix(TOKEN_BEGINNING)
        .and_then(|rest| STANDARD.decode(rest).ok())
        .is_some_and(|bytes| bytes.len() == TOKEN_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policy::TrustPolicy, state::ram::Attachments};

    const ROLE: &str = "acs:ram::1:role/app";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn with_role(id: &str) -> State {
        let mut state = State::default();
        let role = Role {
            id: id.to_owned(),
            description: String::new(),
            max_session_seconds: 3600,
            trust: TrustPolicy::try_from(TRUST.to_owned()).expect("a policy"),
            created: at(0),
            updated: at(0),
            policies: Attachments::default(),
        };
        let account = state.accounts.entry("1".parse().expect("an id")).or_default();
        account.roles.insert("app".parse().expect("a name"), role);
        state
    }

    const TRUST: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"RAM":["acs:ram::1:root"]}}]}"#;

    fn open(state: &mut State, second: i64) -> AccessKeyId {
        let (role, name) = (ROLE.parse().expect("an ARN"), "session".parse().expect("a name"));
        let issued = state.open_session(&role, &name, 900, None, at(second)).expect("the role is there");
        assert_eq!(issued.expires, at(second + 900));
        issued.access_key_id
    }

    #[test]
    fn a_session_has_the_looks_of_the_clouds() {
        let mut state = with_role("1");
        let id = open(&mut state, 0);
        let session = state.session(&id).expect("a session");
        assert!(id.as_ref().starts_with("STS.NU"));
        assert!(looks_like_token(session.security_token.expose()));
        assert_eq!(session.principal.arn(), "acs:ram::1:assumed-role/app/session");
    }

    #[test]
    fn an_ended_session_is_remembered_for_a_day_and_then_forgotten() {
        let mut state = with_role("1");
        let first = open(&mut state, 0);
        open(&mut state, 900 + 24 * 3600);
        assert!(state.session(&first).is_some());
        open(&mut state, 901 + 24 * 3600);
        assert!(state.session(&first).is_none());
        assert_eq!((state.sessions.by_key.len(), state.sessions.by_end.len()), (2, 2));
    }

    #[test]
    fn another_role_of_the_same_name_has_none_of_the_sessions() {
        let mut state = with_role("1");
        let id = open(&mut state, 0);
        state.accounts = with_role("2").accounts;
        assert!(state.session(&id).is_none());
    }

    #[test]
    fn a_role_that_is_not_there_cannot_be_assumed() {
        let mut state = State::default();
        let (role, name) = (ROLE.parse().expect("an ARN"), "session".parse().expect("a name"));
        assert!(state.open_session(&role, &name, 900, None, at(0)).is_none());
    }

    #[rstest::rstest]
    #[case("")]
    #[case("CAIS")]
    #[case("CAISabc")]
    #[case("a token of another kind")]
    fn other_texts_do_not_look_like_tokens(#[case] text: &str) {
        assert!(!looks_like_token(text));
    }
}
