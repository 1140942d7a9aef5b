//! Whom a policy of a resource or a role names.

use crate::{
    pattern::Pattern,
    state::account::{Identity, Principal},
};

/// One entry of `Principal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Ram(RamName),
    /// Such as `ecs.aliyuncs.com`.
    Service(String),
    /// The ARN of an identity provider.
    Federated(String),
}

/// An account, or identities of it, by an ARN in which names may have wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RamName {
    account: Pattern,
    whom: Whom,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Whom {
    /// `root` or `*`: the account, and with it all whom it allows.
    Account,
    User(Pattern),
    /// A role, by which its sessions are meant.
    Role(Pattern),
    /// One session of a role, as `<role>/<session>`.
    Session(Pattern),
}

/// How exactly a policy names somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mention {
    /// The account was named, which decides by its own policies on whom that passes.
    OfAccount,
    /// The identity itself was.
    InPerson,
}

impl Named {
    pub(super) fn read_service(text: &str) -> Result<Self, String> {
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-.@".contains(c);
        if text.contains('.') && text.chars().all(is_host) {
            Ok(Self::Service(text.to_owned()))
        } else {
            Err(format!("{text:?} is no service such as ecs.aliyuncs.com"))
        }
    }

    pub(super) fn read_federated(text: &str) -> Result<Self, String> {
        let provider = text.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(':'));
        let named = |kind| {
            provider.is_some_and(|(account, name)| {
                !account.is_empty() && name.strip_prefix(kind).is_some_and(|name| !name.is_empty())
            })
        };
        if named("oidc-provider/") || named("saml-provider/") {
            Ok(Self::Federated(text.to_owned()))
        } else {
            Err(format!("{text:?} is not of the form acs:ram::<account>:oidc-provider/<name>"))
        }
    }

    pub(super) fn read_ram(text: &str) -> Result<Self, String> {
        RamName::read(text).map(Self::Ram).ok_or_else(|| {
            format!(
                "{text:?} is not of the form acs:ram::<account>:root, acs:ram::<account>:user/<name> or \
                 acs:ram::<account>:role/<name>"
            )
        })
    }
}

impl RamName {
    fn read(text: &str) -> Option<Self> {
        let (account, whom) = text.strip_prefix("acs:ram::")?.split_once(':')?;
        let is_account = |c: char| c.is_ascii_digit() || "*?".contains(c);
        if account.is_empty() || !account.chars().all(is_account) {
            return None;
        }
        let named = |kind| whom.strip_prefix(kind).filter(|name: &&str| !name.is_empty()).map(Pattern::new);
        let whom = match whom {
            "root" | "*" => Whom::Account,
            _ => named("user/")
                .map(Whom::User)
                .or_else(|| named("role/").map(Whom::Role))
                .or_else(|| named("assumed-role/").map(Whom::Session))?,
        };
        Some(Self { account: Pattern::new(account), whom })
    }

    /// How it names them, if it does.
    pub(super) fn mentions(&self, principal: &Principal) -> Option<Mention> {
        if !self.account.matches(principal.account.as_ref()) {
            return None;
        }
        let in_person = match (&self.whom, &principal.identity) {
            (Whom::Account, _) => return Some(Mention::OfAccount),
            (Whom::User(pattern), Identity::User(name)) => pattern.matches(name.as_ref()),
            (Whom::Role(pattern), Identity::AssumedRole(role, _)) => pattern.matches(role.as_ref()),
            (Whom::Session(pattern), Identity::AssumedRole(role, session)) => {
                pattern.matches(&format!("{role}/{session}"))
            }
            (Whom::User(_) | Whom::Role(_) | Whom::Session(_), _) => false,
        };
        in_person.then_some(Mention::InPerson)
    }
}

/// How the list names a caller with a signature, if it does.
pub(super) fn mention(list: &[Named], principal: &Principal) -> Option<Mention> {
    let mentions = list.iter().filter_map(|named| match named {
        Named::Ram(name) => name.mentions(principal),
        Named::Service(_) | Named::Federated(_) => None,
    });
    mentions.max()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn principal(identity: Identity) -> Principal {
        Principal { account: "123".parse().expect("an id"), identity }
    }

    fn user() -> Principal {
        principal(Identity::User("alice".parse().expect("a name")))
    }

    fn session() -> Principal {
        principal(Identity::AssumedRole("reader".parse().expect("a name"), "s1".parse().expect("a name")))
    }

    #[rstest]
    #[case("acs:ram::123:root", principal(Identity::Root), Some(Mention::OfAccount))]
    #[case("acs:ram::123:root", user(), Some(Mention::OfAccount))]
    #[case("acs:ram::123:*", session(), Some(Mention::OfAccount))]
    #[case("acs:ram::*:root", user(), Some(Mention::OfAccount))]
    #[case("acs:ram::124:root", user(), None)]
    #[case("acs:ram::123:user/alice", user(), Some(Mention::InPerson))]
    #[case("acs:ram::123:user/al*", user(), Some(Mention::InPerson))]
    #[case("acs:ram::123:user/*", session(), None)]
    #[case("acs:ram::123:user/*", principal(Identity::Root), None)]
    #[case("acs:ram::123:user/Alice", user(), None)]
    #[case("acs:ram::123:role/reader", session(), Some(Mention::InPerson))]
    #[case("acs:ram::123:role/reader", user(), None)]
    #[case("acs:ram::123:assumed-role/reader/s?", session(), Some(Mention::InPerson))]
    #[case("acs:ram::123:assumed-role/reader/t", session(), None)]
    fn a_name_means_the_account_or_an_identity(
        #[case] text: &str,
        #[case] principal: Principal,
        #[case] expected: Option<Mention>,
    ) {
        let named = Named::read_ram(text).expect("a name");
        assert_eq!(mention(&[named], &principal), expected);
    }

    #[rstest]
    #[case("*")]
    #[case("acs:ram::123")]
    #[case("acs:ram:::root")]
    #[case("acs:ram::abc:root")]
    #[case("acs:ram::123:alice")]
    #[case("acs:ram::123:user/")]
    #[case("acs:ram:cn-hangzhou:123:root")]
    fn anything_else_is_no_name(#[case] text: &str) {
        assert!(Named::read_ram(text).is_err());
    }
}
