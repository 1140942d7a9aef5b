//! Policies, read at the door: the text as it came, and what it says.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    Context,
    principal::{Mention, Named, mention},
    statement::{Addressed, Resources, Statement},
    text::{DocumentText, Effect, StatementText},
};
use crate::{pattern::Pattern, state::account::Principal};

/// A text that is no policy, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a policy: {problem}")]
pub(crate) struct PolicyError {
    pub(crate) problem: String,
}

/// What a policy says about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No statement covers it.
    Silent,
    Allowed,
    /// One statement suffices, whatever others say.
    Denied,
}

/// A text and the statements in it. Cheap to clone.
#[derive(Clone)]
struct Document<S>(Arc<(String, Vec<S>)>);

impl<S> Document<S> {
    fn read(text: String, read: impl Fn(StatementText) -> Result<S, String>) -> Result<Self, PolicyError> {
        let document: DocumentText =
            serde_json::from_str(&text).map_err(|error| PolicyError { problem: error.to_string() })?;
        if document.version != "1" {
            return Err(PolicyError { problem: "its Version must be \"1\"".to_owned() });
        }
        if document.statement.is_empty() {
            return Err(PolicyError { problem: "it has no statement".to_owned() });
        }
        let numbered = document.statement.into_iter().zip(1..);
        let statements = numbered.map(|(statement, number)| {
            read(statement)
                .map_err(|problem| PolicyError { problem: format!("statement {number}: {problem}") })
        });
        let statements = statements.collect::<Result<_, _>>()?;
        Ok(Self(Arc::new((text, statements))))
    }

    fn text(&self) -> &str {
        &self.0.0
    }

    fn statements(&self) -> &[S] {
        &self.0.1
    }
}

macro_rules! policy {
    ($(#[$doc:meta])* $type:ident, $statement:ident, $read:path) => {
        $(#[$doc])*
        #[derive(Clone, Deserialize, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub(crate) struct $type(Document<$statement>);

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                self.0.text()
            }
        }

        impl TryFrom<String> for $type {
            type Error = PolicyError;

            fn try_from(text: String) -> Result<Self, PolicyError> {
                Document::read(text, $read).map(Self)
            }
        }

        impl From<$type> for String {
            fn from(policy: $type) -> Self {
                policy.as_ref().to_owned()
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_tuple(stringify!($type)).field(&self.as_ref()).finish()
            }
        }

        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.as_ref() == other.as_ref()
            }
        }

        impl Eq for $type {}
    };
}

policy!(
    /// What the identity that has it may do: a system or custom policy, or that of a session. No statement has a principal.
    IdentityPolicy,
    Statement,
    Statement::of_identity
);
policy!(
    /// Who may do what with the resource that has it, such as a secret.
    ResourcePolicy,
    Addressed,
    Addressed::of_resource
);
policy!(
    /// Who may become the role that has it.
    TrustPolicy,
    Addressed,
    Addressed::of_trust
);

/// Who wants to become a role.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Assumer<'a> {
    /// A caller with a signature.
    Ram(&'a Principal),
    /// The bearer of a token of an OIDC provider, by the provider's ARN.
    Federated(&'a str),
    /// A service of the cloud, such as `ecs.aliyuncs.com`.
    Service(&'a str),
}

impl IdentityPolicy {
    pub(super) fn verdict(&self, action: &str, resource: &str, context: &Context) -> Verdict {
        let covering = self.0.statements().iter().filter(|one| one.covers(action, resource, context));
        verdict(covering.map(|statement| statement.effect))
    }
}

impl ResourcePolicy {
    /// What it says, and how exactly it named those whom it allows.
    pub(super) fn verdict(
        &self,
        principal: &Principal,
        action: &str,
        resource: &str,
        context: &Context,
    ) -> (Verdict, Option<Mention>) {
        let mut allowed = None;
        for Addressed { principals, statement, .. } in self.0.statements() {
            let Some(mention) = mention(principals, principal) else { continue };
            if !statement.covers(action, resource, context) {
                continue;
            }
            match statement.effect {
                Effect::Deny => return (Verdict::Denied, None),
                Effect::Allow => allowed = allowed.max(Some(mention)),
            }
        }
        (if allowed.is_some() { Verdict::Allowed } else { Verdict::Silent }, allowed)
    }

    /// The statements, as a product with rules of its own wants to see them.
    pub(crate) fn statements(&self) -> impl Iterator<Item = ResourceStatement<'_>> {
        self.0.statements().iter().map(ResourceStatement)
    }
}

/// A statement of a resource's policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResourceStatement<'a>(&'a Addressed);

impl<'a> ResourceStatement<'a> {
    /// Its name; empty if it has none.
    pub(crate) fn sid(self) -> &'a str {
        &self.0.sid
    }

    /// Whether it speaks to RAM's identities only.
    pub(crate) fn is_for_ram(self) -> bool {
        self.0.principals.iter().all(|named| matches!(named, Named::Ram(_)))
    }

    /// The operations it names, in lower case.
    pub(crate) fn actions(self) -> impl Iterator<Item = &'a str> {
        self.0.statement.actions.patterns().iter().map(Pattern::as_str)
    }

    /// The resources it names.
    pub(crate) fn resources(self) -> impl Iterator<Item = &'a str> {
        let patterns = match &self.0.statement.resources {
            Resources::These(patterns) => patterns.as_slice(),
            Resources::Itself => &[],
        };
        patterns.iter().map(Pattern::as_str)
    }
}

impl TrustPolicy {
    /// Whether the role lets them, as far as it is asked: a caller with a signature must be allowed by their own policies too.
    pub(crate) fn admits(&self, assumer: Assumer<'_>, context: &Context) -> bool {
        self.verdict(assumer, context) == Verdict::Allowed
    }

    /// Whether the role shuts them out by a statement of its own, rather than by having none for them.
    pub(crate) fn shuts_out(&self, assumer: Assumer<'_>, context: &Context) -> bool {
        self.verdict(assumer, context) == Verdict::Denied
    }

    fn verdict(&self, assumer: Assumer<'_>, context: &Context) -> Verdict {
        let meant = |principals: &[Named]| match assumer {
            Assumer::Ram(principal) => mention(principals, principal).is_some(),
            Assumer::Federated(arn) => {
                principals.iter().any(|named| matches!(named, Named::Federated(name) if name == arn))
            }
            Assumer::Service(host) => {
                principals.iter().any(|named| matches!(named, Named::Service(name) if name == host))
            }
        };
        let covering = self
            .0
            .statements()
            .iter()
            .filter(|one| meant(&one.principals) && one.statement.covers("sts:AssumeRole", "", context));
        verdict(covering.map(|one| one.statement.effect))
    }
}

/// What several policies or statements come to together.
pub(super) fn join(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    verdicts.fold(Verdict::Silent, |joined, verdict| match (joined, verdict) {
        (Verdict::Denied, _) | (_, Verdict::Denied) => Verdict::Denied,
        (Verdict::Allowed, _) | (_, Verdict::Allowed) => Verdict::Allowed,
        (Verdict::Silent, Verdict::Silent) => Verdict::Silent,
    })
}

fn verdict(effects: impl Iterator<Item = Effect>) -> Verdict {
    join(effects.map(|effect| match effect {
        Effect::Allow => Verdict::Allowed,
        Effect::Deny => Verdict::Denied,
    }))
}
